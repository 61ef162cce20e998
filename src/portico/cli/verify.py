"""``portico verify``: the commissioning run; every registered claim, checked on this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text

if TYPE_CHECKING:
    from portico.claims import Claim

__all__ = ["HELP", "verify"]

HELP: Final = help_text(
    "Check on this machine what Portico claims: formulas, scores, rules, clocks and re-irradiation conditions, histograms, "
    "hardware, meta-analysis and competing risks against published or hand-worked figures. A commissioning run for the department's file.",
    [
        "portico verify",
        "portico verify --chapter biology --chapter scores",
        "portico verify --json",
        "portico verify --html out/verify.html",
    ],
    {0: "every claim holds", 1: "a claim fails", 4: "there was nothing to check"},
)

#: Seconds of silence before the progress line appears.
_PATIENCE: Final = 2.0


def verify(
    chapter: Annotated[list[str] | None, typer.Option("--chapter", help="Only this chapter; repeatable.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report to this file.", metavar="FILE")] = None,
) -> None:
    """Run the registered claims.

    Raises
    ------
    UsageError : ``unknown-chapter``, before anything is checked
    """
    import portico.advice.claims
    import portico.biology
    import portico.cohort.claims
    import portico.cohort.table_claims
    import portico.dosimetry
    import portico.interop.fhir_claims
    import portico.knowledge.score_claims
    import portico.planning
    import portico.synthesis
    import portico.targets  # noqa: F401  importing a room registers its claims
    from portico.claims import run
    from portico.cli.output import save, say, show_json_line, shown_path
    from portico.cli.verify_page import verify_page

    claims: list[Claim] = []
    for claim in _watched(run(chapter or None)):
        claims.append(claim)
        if as_json:
            show_json_line(claim.to_dict())
    if not as_json:
        _print(claims)
    if html is not None:
        save(html, verify_page(claims))
        say(f"Report: {shown_path(html)}")
    if not claims:
        raise typer.Exit(4)
    raise typer.Exit(0 if all(claim.ok for claim in claims) else 1)


def _watched(claims: Iterable[Claim]) -> Iterator[Claim]:
    """The same claims, with a line on standard error when a person has waited longer than two seconds."""
    person = sys.stderr.isatty()
    start = time.monotonic()
    shown = False
    for count, claim in enumerate(claims, start=1):
        if person and time.monotonic() - start > _PATIENCE:
            sys.stderr.write(f"\r{claim.chapter}: {count} claims checked")
            sys.stderr.flush()
            shown = True
        yield claim
    if shown:
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value)


def _print(claims: list[Claim]) -> None:
    from portico import __version__
    from portico.cli.output import plain_table, show
    from portico.intended_use import INTENDED_USE_SHORT

    show(f"Portico {__version__}: commissioning run")
    for chapter in dict.fromkeys(claim.chapter for claim in claims):
        own = [claim for claim in claims if claim.chapter == chapter]
        show(f"\n{chapter}: {sum(c.ok for c in own)} of {len(own)} hold")
        rows = [
            [
                "ok" if c.ok else "FAIL",
                _short(_text(c.got)),
                _short(_text(c.expected)),
                "exact" if c.tolerance is None else f"{c.tolerance:g}",
                f"{c.claim} [{c.source}]" + (f" NOTE: {c.note}" if c.note else ""),
            ]
            for c in own
        ]
        show(plain_table(["", "got", "expected", "tolerance", "claim [source]"], rows))
    failed = sum(not claim.ok for claim in claims)
    show(f"\n{len(claims)} claims, {failed} failed." if claims else "Nothing was checked.")
    show(INTENDED_USE_SHORT)


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"
