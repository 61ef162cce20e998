"""Whatever happens becomes a status of the table; nothing of a case leaks and no traceback is printed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
import typer

from portico.cli.exits import INTERNAL_ERROR, OUTPUT_CLOSED, OutputClosed, guarded, printable
from portico.errors import Blocked, CannotTell, CaseRefused, KnowledgeRefused, Problem, UsageError


def _raise(error):
    def run():
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("wrong"), 2),
        (CaseRefused("bad"), 3),
        (KnowledgeRefused("bad"), 3),
        (Blocked("gate"), 1),
        (CannotTell("range"), 4),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (typer.BadParameter("no"), 2),
        (ValueError("Jane Doe"), INTERNAL_ERROR),
        (RecursionError(), INTERNAL_ERROR),
        (MemoryError(), INTERNAL_ERROR),
    ],
)
def test_status_of_each_error(capsys, error, status) -> None:
    assert guarded(_raise(error), as_json=False) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1), (4, 4), ("text", 0)])
def test_status_of_what_a_verb_returns(returned, status) -> None:
    assert guarded(lambda: returned, as_json=False) == status


def test_every_problem_is_a_line(capsys) -> None:
    problems = (Problem("a", "first.", "x", "f.yaml", 3), Problem("b", "second.", "y", "f.yaml", 4, "Do this."))
    guarded(_raise(CaseRefused("first.", problems=problems)), as_json=False)
    assert capsys.readouterr().err == "f.yaml:3: x: first.\nf.yaml:4: y: second. Do this.\n"


def test_every_problem_is_in_the_json(capsys) -> None:
    import json

    problems = (Problem("a", "first."), Problem("b", "second."))
    assert guarded(_raise(CaseRefused("first.", problems=problems)), as_json=True) == 3
    found = json.loads(capsys.readouterr().out)
    assert [problem["code"] for problem in found["problems"]] == ["a", "b"]
    assert found["exit_status"] == 3


def test_an_unexpected_fault_keeps_its_message_to_itself(capsys) -> None:
    assert guarded(_raise(ValueError("Jane Doe 1952-01-01")), as_json=False) == INTERNAL_ERROR
    err = capsys.readouterr().err
    assert "Jane" not in err
    assert "ValueError" in err


def test_an_unexpected_fault_names_the_line_of_the_software(capsys) -> None:
    from portico.units import Regimen

    assert guarded(lambda: Regimen("no dose", 3), as_json=True) == INTERNAL_ERROR  # type: ignore[arg-type]
    out = capsys.readouterr().out
    assert '"internal-error"' in out
    assert "units/regimens.py:" in out
    assert "no dose" not in out


@pytest.mark.parametrize("error", [BrokenPipeError(), OutputClosed()])
def test_a_closed_output_is_no_fault(monkeypatch, error) -> None:
    monkeypatch.setattr("portico.cli.exits._silenced", lambda: OUTPUT_CLOSED)
    assert guarded(_raise(error), as_json=False) == OUTPUT_CLOSED


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x07\u202ec\td\n") == "a\\x1b[2Jb\\x07\\u202ec\td\n"


def test_a_file_name_cannot_steer_the_terminal(run) -> None:
    ended = run("case", "check", "\x1b[2Jno.yaml")
    assert ended.status == 3
    assert "\x1b" not in ended.err


def test_a_reader_that_goes_away_leaves_no_complaint() -> None:
    verb = subprocess.Popen(
        [sys.executable, "-m", "portico", "score", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert verb.stdout is not None and verb.stderr is not None
    verb.stdout.close()
    err = verb.stderr.read()
    verb.stderr.close()
    assert verb.wait(timeout=60) == OUTPUT_CLOSED
    assert err == b""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_is_status_130(tmp_path) -> None:
    out = tmp_path / "case.yaml"
    verb = subprocess.Popen(
        [sys.executable, "-m", "portico", "case", "new", "--out", str(out)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert verb.stderr is not None
    first = verb.stderr.readline()  # the questions have begun
    time.sleep(0.5)
    verb.send_signal(signal.SIGINT)
    _, err = verb.communicate(timeout=60)
    assert verb.returncode == 130
    assert b"Ctrl-C" in first
    assert b"Interrupted" in err and b"Traceback" not in err
    assert not out.exists()


def test_a_terminal_without_utf8_gets_text_and_valid_json() -> None:
    import json

    environment = {**os.environ, "PYTHONIOENCODING": "iso8859-1", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "portico"]
    shown = subprocess.run([*command, "bed", "--help"], capture_output=True, env=environment, check=True)
    assert b"\\u03b1/" in shown.stdout
    found = subprocess.run([*command, "case", "schema"], capture_output=True, env=environment, check=True)
    assert json.loads(found.stdout.decode("ascii"))
