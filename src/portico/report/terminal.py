"""Advice on the terminal: notices first, then the options, why this order, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from portico.advice.model import Advice
from portico.knowledge import Library
from portico.report.board import board_view, frame_view
from portico.report.references import References

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Page", "print_advice"]

#: From this width on, the table of options has a column of its own for certainty.
_WIDE: Final = 110


class Page:
    """Prints plain text to a console: no markup is read from it, and nothing in it can steer a terminal.

    Parameters
    ----------
    console : where to; its width and colours are respected
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._encoding = console.encoding or "utf-8"

    def clean(self, text: str) -> str:
        """Text without control characters, in what the console can print."""
        shown = "".join(char if char.isprintable() or char == "\n" else " " for char in text.replace("\u00a0", " "))
        return shown.encode(self._encoding, "replace").decode(self._encoding, "replace")

    def line(self, text: str = "", *, style: str = "", indent: int = 0, lead: str = "") -> None:
        """One paragraph, wrapped; ``lead`` stands before its first line."""
        from rich.text import Text

        room = max(self.console.width - indent - len(lead), 20)
        for number, piece in enumerate(Text(self.clean(text), style=style).wrap(self.console, room) or [Text()]):
            piece.rstrip()
            start = " " * indent + (lead if number == 0 else " " * len(lead))
            whole = Text.assemble(start, piece) if piece else Text()
            self.console.print(whole, no_wrap=True, overflow="ignore", crop=False)

    def head(self, text: str) -> None:
        """An empty line and a heading."""
        self.line()
        self.line(text, style="bold")

    def items(self, texts: Iterable[str], *, indent: int = 0) -> None:
        """A list."""
        for text in texts:
            self.line(text, indent=indent, lead="- ")

    def table(self, headers: Sequence[tuple[str, int | None]], rows: Iterable[Sequence[str]]) -> None:
        """A table under headers; a column without a number takes what room is left."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, expand=True, show_lines=False)
        for head, width in headers:
            table.add_column(Text(head, style="bold"), width=width, ratio=None if width else 1, overflow="fold")
        for row in rows:
            table.add_row(*(Text(self.clean(cell)) for cell in row))
        self.console.print(table)


def marks(records: Iterable[dict[str, str]]) -> str:
    """Ids of records in brackets; empty text without records."""
    ids = ", ".join(record["id"] for record in records)
    return f" [{ids}]" if ids else ""


def print_advice(advice: Advice, library: Library, console: Console, *, all_options: bool = False) -> None:
    """Print advice.

    Parameters
    ----------
    advice : of one case
    library : the library the advice came from
    console : where to; works at 80 columns, without colour, and into a file
    all_options : also list each option that is not eligible with all that stops it; else these are grouped
    """
    references = References(library)
    board = board_view(advice, references)
    frame = frame_view(advice, library)
    page = Page(console)
    page.line(frame["intended_use"], style="dim")
    if frame["watermark"]:
        page.line(frame["watermark"], style="bold red")
    page.head(f"{frame['title']}, as of {frame['as_of']}")
    page.line(frame["stamp"], style="dim")
    _notices(page, board)
    page.head("What is decided")
    page.line(board["case"])
    if len(board["survival"]) > 1:
        page.items(board["survival"])
    page.line(board["decided"])
    page.line(board["evidence_note"]["text"] + marks(board["evidence_note"]["records"]))
    if board["options"]:
        _options(page, board)
        page.head("Why this order")
        page.line(board["order"])
    if board["would_change"]:
        page.head("What would change it")
        page.items(board["would_change"])
    _undetermined(page, board)
    _stopped(page, board, all_options=all_options)
    _timing(page, board)
    _volumes(page, board)
    _review(page, board)
    if board["alongside"]:
        page.head("Alongside")
        page.items(item["text"] + marks(item["records"]) for item in board["alongside"])
    _missing(page, board)


def _notices(page: Page, board: dict[str, Any]) -> None:
    for notice in board["notices"]:
        page.line()
        page.line(f"{notice['head']}: {notice['title']}", style="bold yellow" if notice["unknown"] else "bold red")
        if notice["unknown"] and notice["ask"]:
            page.items(notice["ask"])
        else:
            page.line(notice["text"] + marks(notice["records"]))


def _options(page: Page, board: dict[str, Any]) -> None:
    page.head("Eligible options, in order (= marks a tie)")
    page.line(
        "BED10 and EQD2(10) of the tumour; EQD2(2) of a cord at full dose. Figures come from different studies and do "
        "not compare options with one another.",
        style="dim",
    )
    wide = page.console.width >= _WIDE
    headers: list[tuple[str, int | None]] = [
        ("#", 3), ("Regimen", 24 if wide else None), ("Visits", 7), ("BED10 / EQD2", 16 if wide else 14),
        ("Cord EQD2", 12 if wide else 10), ("Certainty, directness", 22 if wide else 20),
    ]  # fmt: skip
    if wide:
        headers.insert(5, ("Closest published figure", None))
    rows, figures = [], dict[str, list[str]]()
    for option in board["options"]:
        figure = "no figure in the library"
        if option["outcome"]:
            figure = f"{option['outcome']}; {option['outcome_match']}{marks(option['outcome_source'])}"
        figures.setdefault(figure, []).append(option["label"])
        label = f"{option['label']} ({option['id']})"
        if not option["signable"]:
            label = f"{label}, cannot be signed as it stands"
        if option["no_limit"]:
            label = f"{label} - {option['no_limit']}"
        row = [option["rank"], label, option["visits"], option["bed"], option["cord"]]
        rows.append([*row, *([figure] if wide else []), f"{option['certainty']}; {option['directness']}"])
    page.table(headers, rows)
    if not wide:
        page.line("Closest published figure of each:")
        page.items(f"{'; '.join(labels)}: {figure}" for figure, labels in figures.items())
    for note in board["dose_notes"]:
        page.line(note)


def _undetermined(page: Page, board: dict[str, Any]) -> None:
    if board["undetermined_groups"]:
        page.head("Undetermined options, and what would settle them")
        for group in board["undetermined_groups"]:
            page.line("; ".join(group["labels"]))
            page.items(group["settle"] or ["no one or two answers settle it"], indent=2)


def _stopped(page: Page, board: dict[str, Any], *, all_options: bool) -> None:
    if not board["stopped"]:
        return
    page.head("Not eligible, and why")
    for group in board["stopped"]:
        head = "Stopped" if group["stopped"] else "Not indicated"
        labels = group["labels"] if all_options else ["; ".join(group["labels"])]
        if not group["stopped"] and not all_options:
            page.line(f"{head}: {labels[0]}")
            continue
        for label in labels:
            page.line(f"{head}: {label}")
            page.items(
                (
                    ("" if group["stopped"] else "would need: ") + statement["text"] + marks(statement["records"])
                    for statement in group["why"]
                ),
                indent=2,
            )
    if not all_options and any(not group["stopped"] for group in board["stopped"]):
        page.line("For what those not indicated would need, see --all.", style="dim")


def _timing(page: Page, board: dict[str, Any]) -> None:
    timing = board["timing"]
    if timing is None:
        return
    page.head("Timing")
    day = "" if timing["day"] is None else f" Day {timing['day']} after surgery on {timing['surgery']}."
    page.line(f"{timing['text']} {timing['wound']}{day}")
    page.items(
        f"{mark['name']}: day {mark['day']}, {mark['date']}; {mark['text']}{marks(mark['records'])}"
        for mark in timing["marks"]
    )
    for statement in timing["statements"]:
        _statement(page, statement)


def _statement(page: Page, statement: dict[str, Any]) -> None:
    page.line(statement["text"] + marks(statement["records"]))
    page.items((f"says otherwise: {d['text']}{marks(d['records'])}" for d in statement["disagrees"]), indent=2)


def _volumes(page: Page, board: dict[str, Any]) -> None:
    if not board["volumes"] and not board["volume_notes"]:
        return
    page.head("Volumes")
    for volume in board["volumes"]:
        page.line(f"{volume['name']}{' (proposed)' if volume['proposed'] else ''}", style="bold")
        _statement(page, volume)
    for statement in board["volume_notes"]:
        _statement(page, statement)


def _review(page: Page, board: dict[str, Any]) -> None:
    if board["reirradiation"] is not None:
        print_review(page, board["reirradiation"])


def print_review(page: Page, review: dict[str, Any]) -> None:
    """The conditions on a second course, each by itself, and what they leave."""
    page.head("Second course at this site: a review by people")
    page.line(f"Assumption: {review['assumption']}.")
    page.items(
        f"{factor['name']}: {factor['verdict']}; value {factor['value']}, published {factor['limit']}. "
        f"{factor['reason']}{marks(factor['records'])}"
        for factor in review["factors"]
    )
    if review["budget"]:
        page.line("What the dose conditions leave for the neural maximum, rounded down:")
        page.items(
            f"{row['fractions']} fraction{'' if row['fractions'] == 1 else 's'}: {row['dose']}, "
            f"EQD2(2) {row['eqd2']}; {row['why']}"
            for row in review["budget"]
        )


def _missing(page: Page, board: dict[str, Any]) -> None:
    if not board["missing"]:
        return
    page.head("Missing answers")
    page.items(
        ("BLOCKS SIGNING: " if item["blocks"] else "")
        + f"{item['ask']} ({_count(item['options'], 'option')}, {_count(item['rules'], 'rule')})"
        for item in board["missing"]
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
