"""Claims of Table 1, small counts and study records for ``portico verify``: chapter ``cohort``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.cohort.suppressed_table import suppress_table
from portico.cohort.table_one import table_one
from portico.knowledge.own_data import OWN, signature_holds, signed_off

__all__ = ["tables_and_records"]


@chapter("cohort")
def tables_and_records() -> Iterator[Claim]:
    """A standardised difference worked by hand, a hidden count that does not follow, a signature that a change breaks."""
    grades = ["0"] * 5 + ["1a"] * 3 + ["2"] * 2 + ["0"] * 2 + ["1a"] * 2 + ["2"] * 6
    rows = pl.DataFrame({"centre": ["a"] * 10 + ["b"] * 10, "escc_postop": grades})
    found = table_one(rows, columns=["escc_postop"], threshold=1).variables[0]
    yield claim_number(
        "cohort", "standardised difference of three categories: root of 0.0244 / 0.0289", source="Yang & Dalton 2012, by hand",
        expected=(0.0244 / 0.0289) ** 0.5, got=found.difference, tolerance=1e-12,
    )  # fmt: skip
    # Two cycles of hidden counts with one between them, which would follow although its row and column hide another.
    shown = suppress_table(
        [[2, 3, 30, 30], [3, 2, 30, 30], [30, 30, 30, 30], [30, 30, 2, 4], [30, 4, 3, 2]], threshold=5
    )
    hidden = None if shown is None else sum(count is None for row in shown for count in row)
    yield claim_equal(
        "cohort", "small counts: further places hidden so that a bridge is on a cycle", source="by design", expected="10", got=str(hidden)
    )  # fmt: skip
    record: dict[str, Any] = {
        "design_as_recorded": OWN,
        "arms": [],
        "results": [],
        "verified": "derived",
        "curator_note": None,
    }
    signed = signed_off(record, name="A. Physician", role="head of department", date="2026-11-27")
    yield claim_equal(
        "cohort", "a department's figures: signed, and no longer so when one is changed", source="by design", expected="True, False",
        got=f"{signature_holds(signed)}, {signature_holds({**signed, 'results': [1]})}",
    )  # fmt: skip
