"""The gap map as a section of a page: picture, questions to ask next with the size of a trial, and every empty cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.report.evidence_page import Section, Table
from portico.report.gap_picture import gap_drawing

if TYPE_CHECKING:
    from portico.synthesis import GapMap

__all__ = ["gap_section"]


def gap_section(found: GapMap) -> Section:
    """The map as a section of a page: picture, proposed trials, and every empty cell."""
    rows, columns = dict(found.rows), dict(found.columns)
    asks = []
    for ask in found.asks:
        for size in ask.sizes:
            patients = (
                "no size"
                if size.size is None
                else f"{size.size.per_arm:.0f} evaluable per arm, {size.size.enrol} in all"
            )
            if size.size is not None and size.size.events is not None:
                patients += f", {size.size.events} events"
            how = (
                size.why_not
                if size.size is None
                else f"{size.stands_on}; {size.size.formula}, power {100 * size.size.power:.0f} %"
            )
            asks.append((f"{rows[ask.row]}: {ask.comparison}", ask.endpoint, patients, how))
    asked = {(one.row, one.column) for one in found.asks}
    empty = tuple(
        (
            rows[one.row],
            columns[one.column],
            one.comparison,
            one.endpoint,
            "see the question above"
            if (one.row, one.column) in asked
            else "no size: the library has no figure in this cell",
        )
        for one in found.cells
        if one.is_gap
    )
    return Section(
        "What is not known",
        text=(
            "Sizes are for 80 % power and a two-sided 5 % error (one-sided 2.5 % for non-inferiority), from the figures named; "
            "they do not say that a difference exists.",
        ),
        drawings=(gap_drawing(found),),
        tables=(
            Table("Questions to ask next", ("comparison", "endpoint", "size", "stands on"), tuple(asks)),
            Table("Empty cells", ("population", "outcome", "comparison", "endpoint", "size"), empty),
        ),
        anchor="gaps",
    )
