"""The root command: help, version, usage errors, and how much a start loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from portico import __version__
from portico.cli import app, main

VERBS = [
    ["advise"], ["audit"], ["check"], ["dvh"], ["explain"], ["sign"], ["score"], ["bed"], ["targets"], ["plan"], ["synthetic-registry"], ["verify"], ["serve"], ["audit-log", "verify"], ["backup"], ["restore"], ["retain"], ["export"],
    ["case", "check"], ["case", "new"], ["case", "schema"], ["case", "row"],
    ["directive", "show"], ["directive", "check"],
    ["evidence", "table"], ["evidence", "show"], ["evidence", "pool"], ["evidence", "dose"], ["evidence", "gaps"],
    ["evidence", "timeline"], ["evidence", "report"], ["evidence", "build"], ["evidence", "diff"],
    ["evidence", "intake"], ["evidence", "screen"], ["evidence", "draft"], ["evidence", "promote"], ["evidence", "confirm"], ["evidence", "publish"],
    ["fhir", "import"], ["fhir", "export"], ["fhir", "options"], ["fhir", "apply"], ["fhir", "registry"],
    ["knowledge", "check"], ["knowledge", "show"], ["knowledge", "list"], ["knowledge", "version"], ["knowledge", "timeline"],
]  # fmt: skip


def _leaves(command, words=()):
    inner = getattr(command, "commands", None)
    if inner is None:
        return [list(words)]
    return [leaf for name, part in inner.items() for leaf in _leaves(part, (*words, name))]


def test_the_list_of_verbs_is_complete() -> None:
    assert sorted(_leaves(typer.main.get_command(app))) == sorted(VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_help_has_examples_and_exit_codes(run, verb) -> None:
    ended = run(*verb, "--help")
    assert ended.status == 0
    assert f"portico {' '.join(verb)}" in ended.out.split("Examples:")[1].split("Exit codes:")[0]
    codes = ended.out.split("Exit codes:")[1]
    for code in ("0 ", "2 ", "70 ", "130 "):
        assert f"\n    {code}" in codes


def test_root_help_says_what_it_is_and_lists_the_exit_codes(run) -> None:
    ended = run("--help")
    assert ended.status == 0
    assert "No CE mark" in ended.out
    assert all(f"    {code}" in ended.out for code in (0, 1, 2, 3, 4, 70, 130))


def test_version(run) -> None:
    ended = run("--version")
    assert (ended.status, ended.out) == (0, f"portico {__version__}\n")


def test_no_verb_prints_the_help_and_is_a_usage_error(run) -> None:
    ended = run()
    assert ended.status == 2
    assert "Commands:" in ended.out


@pytest.mark.parametrize(
    "words", [["advize"], ["case"], ["case", "chek"], ["--bogus"], ["bed"], ["advise"], ["advise", "x.yaml", "--nope"],
              ["knowledge", "list", "--kind", "cats"], ["verify", "--html"]]
)  # fmt: skip
def test_a_wrong_command_line_is_status_2_and_points_to_the_help(run, words) -> None:
    ended = run(*words)
    assert ended.status == 2
    assert ended.out == ""
    assert "--help`" in ended.err


def test_a_wrong_verb_names_the_near_one(run) -> None:
    assert "'advise'" in run("advize").err


def test_usage_errors_are_json_when_json_was_asked_for(run) -> None:
    ended = run("bed", "--json")
    assert ended.status == 2
    assert ended.err == ""
    assert ended.json["exit_status"] == 2
    assert ended.json["error"]["code"] == "usage"


def test_json_after_two_dashes_is_no_option(run) -> None:
    ended = run("bed", "--", "--json")
    assert ended.status == 2
    assert ended.out == ""


def test_main_returns_the_status(capsys) -> None:
    assert main(["--version"]) == 0
    assert main(["bogus"]) == 2
    assert capsys.readouterr().out.startswith("portico ")


def test_main_without_arguments_ends_the_process(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["portico", "bogus"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_python_dash_m() -> None:
    ended = subprocess.run([sys.executable, "-m", "portico", "--version"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"portico {__version__}\n", "")


def test_a_start_loads_no_room() -> None:
    code = (
        "import sys, portico.cli\n"
        "heavy = {'pydantic', 'yaml', 'polars', 'sqlglot', 'numpy', 'matplotlib', 'typst', 'jinja2', 'rich.console',\n"
        "         'portico.case', 'portico.biology', 'portico.knowledge', 'portico.advice', 'portico.report'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
