"""The reference page names every verb, every option and every exit code."""

from __future__ import annotations

from pathlib import Path

import typer

from portico.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")


def _leaves(command, words=()):
    inner = getattr(command, "commands", None)
    if inner is None:
        return [(" ".join(words), command)]
    return [leaf for name, part in inner.items() for leaf in _leaves(part, (*words, name))]


def test_every_verb_and_option_is_named() -> None:
    for verb, command in _leaves(typer.main.get_command(app)):
        section = PAGE.split(f"## portico {verb.split()[0]}")[1].split("\n## ")[0]
        assert verb in f"{verb.split()[0]} {section}"
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option not in ("--help", "--json"):
                    assert option in section, f"{verb} {option}"


def test_every_exit_code_is_in_the_table() -> None:
    from portico.cli.exits import INTERNAL_ERROR, OUTPUT_CLOSED
    from portico.errors import Exit

    table = PAGE.split("## Exit codes")[1].split("\n## ")[0]
    for code in (*Exit, INTERNAL_ERROR, OUTPUT_CLOSED):
        assert f"\n| {int(code)} | " in table
