"""What the verbs print and write: JSON, plain columns, and files that are whole or not there."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from portico.cli.exits import printable
from portico.errors import ReadingRefused, UsageError

__all__ = [
    "counting_bar",
    "make_parent",
    "number",
    "plain_table",
    "save",
    "say",
    "show",
    "show_json",
    "show_json_line",
    "shown_path",
]

#: The last column of a table is never squeezed below this many characters.
_LAST_COLUMN: Final = 24
#: Widest text of a table when standard output is no terminal.
_WIDTH: Final = 100


def show(text: str = "") -> None:
    """Print text on standard output, without characters that could steer a terminal."""
    typer.echo(printable(text))


def say(text: str) -> None:
    """Print text on standard error: progress, questions, where files went."""
    typer.echo(printable(text), err=True)


def _ascii_only() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") != "utf8"


def show_json(value: Any) -> None:
    """Print one JSON document, indented; NaN is refused."""
    typer.echo(json.dumps(value, ensure_ascii=_ascii_only(), allow_nan=False, indent=2))


def show_json_line(value: Any) -> None:
    """Print one JSON object on one line; NaN is refused."""
    typer.echo(json.dumps(value, ensure_ascii=_ascii_only(), allow_nan=False))


def counting_bar(what: str) -> Callable[[int, int], None] | None:
    """A bar on the terminal of a person, told what is done and of how much; None elsewhere.

    Parameters
    ----------
    what : is counted, as in ``studies``
    """
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    )
    task = bar.add_task(what, total=None)
    bar.start()

    def step(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)
        if done >= of:
            bar.stop()

    return step


def number(value: float | None, decimals: int = 2) -> str:
    """A number with a fixed number of decimals; ``unknown`` when None.

    >>> number(39.0), number(None)
    ('39.00', 'unknown')
    """
    return "unknown" if value is None else f"{value:.{decimals}f}"


def _width() -> int:
    return shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH


def plain_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None = None) -> str:
    """Rows under headers in aligned columns; only the last column is wrapped.

    >>> print(plain_table(["id", "says"], [["a", "one"], ["bb", "two"]]))
    id  says
    --  ----
    a   one
    bb  two

    Parameters
    ----------
    headers, rows : text of the cells; every row has as many cells as there are headers
    width : characters of a line; the width of the terminal when left out
    """
    body = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    sizes = [max(len(line[i]) for line in [list(headers), *body]) for i in range(len(headers))]
    before = sum(size + 2 for size in sizes[:-1])
    room = max((width or _width()) - before, _LAST_COLUMN)
    lines = [_line(headers, sizes), _line(["-" * min(size, room) for size in sizes], sizes)]
    for row in body:
        first, *more = textwrap.wrap(row[-1], room) or [""]
        lines.append(_line([*row[:-1], first], sizes))
        lines += [" " * before + text for text in more]
    return "\n".join(lines)


def _line(cells: Sequence[str], sizes: Sequence[int]) -> str:
    return "  ".join(cell.ljust(size) for cell, size in zip(cells, sizes, strict=True)).rstrip()


def shown_path(path: Path) -> str:
    """The path as it was given, fit for a terminal."""
    return printable(str(path))


def save(path: Path, content: bytes | str, *, replace: bool = True) -> None:
    """Write a whole file or nothing; missing parent directories are made.

    Parameters
    ----------
    path : file to write
    content : bytes, or text that is written as UTF-8
    replace : whether a file that is there already is replaced; False refuses one with other content

    Raises
    ------
    UsageError : ``file-exists``
    ReadingRefused : ``cannot-write``
    """
    from portico.reading import write_atomic

    data = content.encode("utf-8") if isinstance(content, str) else content
    if not replace and path.exists():
        if path.is_file() and path.read_bytes() == data:
            return
        raise UsageError(
            "This file exists already.", code="file-exists", file=str(path), fix="Give another name with --out."
        )
    make_parent(path)
    write_atomic(path, data)


def make_parent(path: Path) -> None:
    """Make the directory of a file that is to be written.

    Raises
    ------
    ReadingRefused : ``cannot-write``
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the name is not a file name"
        raise ReadingRefused(
            f"The directory cannot be made: {reason}.", code="cannot-write", file=str(path.parent)
        ) from None
