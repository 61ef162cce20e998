"""The commissioning report as one page of HTML: no script, no request to anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from portico import __version__
from portico.intended_use import INTENDED_USE

if TYPE_CHECKING:
    from portico.claims import Claim

__all__ = ["verify_page"]

_HEAD = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Portico commissioning run</title>
<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid; }
tr.failed { outline: 2px solid; font-weight: 600; }
</style>
</head>
<body>
<main>
"""


def verify_page(claims: Sequence[Claim]) -> str:
    """The report: a summary, then one table per chapter; the same claims give the same bytes.

    Parameters
    ----------
    claims : in the order in which they were checked

    Returns
    -------
    HTML that needs nothing from outside
    """
    failed = sum(not claim.ok for claim in claims)
    parts = [
        _HEAD,
        "<h1>Portico commissioning run</h1>\n",
        f"<p>{escape(INTENDED_USE)}</p>\n",
        f"<p>Software version {escape(__version__)}. {len(claims)} claims, {failed} failed.</p>\n",
    ]
    for chapter in dict.fromkeys(claim.chapter for claim in claims):
        own = [claim for claim in claims if claim.chapter == chapter]
        parts.append(f"<h2>{escape(chapter)}</h2>\n{_table(own)}")
    parts.append("</main>\n</body>\n</html>\n")
    return "".join(parts)


def _table(claims: Sequence[Claim]) -> str:
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Result", "Claim", "Got", "Expected", "Tolerance", "Source")
    )
    rows = "".join(_row(claim) for claim in claims)
    hold = sum(claim.ok for claim in claims)
    caption = f"<caption>{hold} of {len(claims)} claims hold</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table>\n"


def _row(claim: Claim) -> str:
    plain = claim.to_dict()
    note = f"<br>{escape(claim.note)}" if claim.note else ""
    cells = [
        "holds" if claim.ok else "FAILS",
        escape(claim.claim) + note,
        escape(_text(plain["got"])),
        escape(_text(plain["expected"])),
        "exact" if claim.tolerance is None else escape(_text(plain["tolerance"])),
        escape(claim.source),
    ]
    kind = "" if claim.ok else ' class="failed"'
    return f"<tr{kind}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "none" if value is None else str(value)
