"""Every example in the README and the documentation runs and prints what the page says.

The format is described in docs/develop.md, "Examples in these pages".
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if path.is_file())
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>```+|~~~+)[ \t]*(?P<info>[^\n`]*)$")
LONGEST = 120
"""Seconds that one command of an example may take."""


@dataclass
class Command:
    """One line after ``$ ``, with what the page says about it."""

    text: str
    line: int
    status: int = 0
    output: list[str] = field(default_factory=list)


def blocks(page: str) -> list[tuple[str, int, str]]:
    """Language, first line and text of each block that is to be run."""
    found, lines, start = [], page.splitlines(), 0
    while start < len(lines):
        fence = FENCE.match(lines[start])
        start += 1
        if not fence:
            continue
        end = start
        while end < len(lines) and lines[end].strip() != fence["mark"]:
            end += 1
        language, *words = fence["info"].split() or [""]
        if language in ("console", "python") and "skip" not in words:
            found.append((language, start + 1, textwrap.dedent("\n".join(lines[start:end]))))
        start = end + 1
    return found


def commands(text: str, first: int) -> list[Command]:
    """Commands of a console block."""
    found: list[Command] = []
    lines = iter(enumerate(text.splitlines(), first))
    for number, line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines)[1].removeprefix("> ").lstrip()
            found.append(Command(command, number))
        elif not found:
            assert not line.strip(), f"line {number}: output before any command"
        elif status := re.fullmatch(r"# exit: (\d+)", line.strip()):
            found[-1].status = int(status[1])
        else:
            found[-1].output.append(line.rstrip())
    for command in found:
        while command.output and not command.output[-1]:
            command.output.pop()
    return found


def matches(expected: list[str], printed: str) -> bool:
    """Whether the output is what the page shows; ``...`` is any text or any number of lines."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append("[^\n]*?".join(re.escape(piece) for piece in line.split("...")) + r"[ \t]*\n")
    return re.fullmatch("".join(parts), printed.rstrip() + "\n") is not None


def environment(folder: Path) -> dict[str, str]:
    """No settings of the machine but the path; `portico` is the one under test."""
    place = folder.parent / "bin"
    place.mkdir(exist_ok=True)
    installed = Path(sys.executable).parent / "portico"
    if not installed.exists():
        code = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from portico.cli import main; main()"
        (place / "portico").write_text(
            f'#!/bin/sh\nexec {sys.executable} -c {shlex.quote(code)} "$@"\n', encoding="utf-8"
        )
        (place / "portico").chmod(0o755)
    path = os.pathsep.join([str(place), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    kept = {key: value for key, value in os.environ.items() if key.startswith(("COVERAGE_", "LANG", "LC_", "PYTHON"))}
    return {**kept, "PATH": path, "HOME": str(folder.parent), "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}


def run_console(text: str, first: int, folder: Path) -> None:
    for command in commands(text, first):
        done = subprocess.run(
            ["bash", "-c", command.text],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        where = f"line {command.line}: $ {command.text}"
        assert done.returncode == command.status, f"{where}\nexit status {done.returncode}\n{done.stdout}"
        if command.output:
            shown = "\n".join(command.output)
            assert matches(command.output, done.stdout), f"{where}\nthe page shows:\n{shown}\nprinted:\n{done.stdout}"


def run_python(text: str, first: int, names: dict[str, Any], page: str) -> None:
    if ">>>" not in text:
        exec(compile("\n" * (first - 1) + text, page, "exec"), names)
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    example = doctest.DocTestParser().get_doctest(text, names, page, page, first - 1)
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    result = runner.run(example, out=told.append, clear_globs=False)
    names.update(example.globs)
    assert result.failed == 0, "".join(told)


def run_page(text: str, folder: Path, page: str) -> int:
    """Run the blocks of a page in order; the number of blocks."""
    names: dict[str, Any] = {"__name__": "__main__"}
    found = blocks(text)
    for language, first, body in found:
        if language == "console":
            run_console(body, first, folder)
        else:
            run_python(body, first, names, page)
    return len(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "portico"
    place.mkdir()
    shutil.copytree(ROOT / "examples", place / "examples")
    for phantom in sorted((ROOT / "tests" / "data").glob("*-[pl]*")):
        shutil.copytree(phantom, place / "tests" / "data" / phantom.name)
    monkeypatch.chdir(place)
    return place


WITH_EXAMPLES = [page for page in PAGES if blocks(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, folder: Path) -> None:
    assert run_page(page.read_text(encoding="utf-8"), folder, page.name) > 0


GOOD = {
    "output": "```console\n$ echo one; echo two\none\ntwo\n```\n",
    "status": "```console\n$ false\n# exit: 1\n```\n",
    "status after output": "```console\n$ echo no; exit 3\nno\n# exit: 3\n```\n",
    "any lines": "```console\n$ seq 1 9\n1\n...\n9\n```\n",
    "any text": "```console\n$ echo took 31 ms\ntook ... ms\n```\n",
    "a word somewhere": "```console\n$ printf 'a\\n\\nis NOT so.\\nb\\n'\n...\n...NOT...\n...\n```\n",
    "two commands, one folder": "```console\n$ echo a > made\n$ cat made\na\n```\n",
    "long command": "```console\n$ echo a \\\n    b\na b\n```\n",
    "within a list": "- so:\n\n    ```console\n    $ echo one\n    one\n    ```\n",
    "examples are there": "```console\n$ ls examples/cases/femur-renal.yaml\n```\n",
    "program": "```python\nassert 1 + 1 == 2\n```\n",
    "doctest": "```python\n>>> 1 + 1\n2\n```\n",
    "names are shared": "```python\na = 2\n```\n\n```python\n>>> a + 1\n3\n```\n",
}
BAD = {
    "other output": "```console\n$ echo one\ntwo\n```\n",
    "more output": "```console\n$ seq 1 3\n1\n2\n```\n",
    "other status": "```console\n$ false\n```\n",
    "status not met": "```console\n$ true\n# exit: 1\n```\n",
    "program": "```python\nassert 1 + 1 == 3\n```\n",
    "doctest": "```python\n>>> 1 + 1\n3\n```\n",
    "output first": "```console\none\n$ echo one\n```\n",
}


@pytest.mark.parametrize("what", GOOD)
def test_a_true_example_passes(what: str, folder: Path) -> None:
    assert run_page(GOOD[what], folder, "page.md") > 0


@pytest.mark.parametrize("what", BAD)
def test_a_false_example_fails(what: str, folder: Path) -> None:
    with pytest.raises(AssertionError):
        run_page(BAD[what], folder, "page.md")


def test_skipped_and_other_blocks_do_not_run(folder: Path) -> None:
    page = "```console skip\n$ touch made\n```\n\n```yaml\na: 1\n```\n\n~~~text\n```console\n$ touch made\n```\n~~~\n"
    assert run_page(page, folder, "page.md") == 0
    assert not (folder / "made").exists()
