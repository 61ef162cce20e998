"""The answer to one published condition, and the review that gathers them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Literal

__all__ = ["Factor", "ReirradiationReview", "Verdict"]


class Verdict(StrEnum):
    """Answer to one condition. ``met`` is a fact about a number, never a statement that a dose is safe."""

    MET = "met"
    NOT_MET = "not_met"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Factor:
    """One published condition with its answer.

    Parameters
    ----------
    code : machine name, e.g. ``"cumulative_eqd2"``
    verdict : see :class:`Verdict`
    value : what was computed, in ``unit``; None when it could not be
    limit : the published figure, in ``unit``
    op : ``"<="`` or ``">="``: ``value op limit`` is the condition
    unit : ``"Gy EQD2(2)"``, ``"Gy BED(2)"``, ``"months"``, or ``"1"`` for a ratio
    reason : one sentence: how the value was got, or why it cannot be told
    source_ids : where the condition comes from
    """

    code: str
    verdict: Verdict
    value: float | None
    limit: float
    op: str
    unit: str
    reason: str
    source_ids: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for ``--json``; keys in alphabetical order, an unknown value as None."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            **dict(sorted(row.items())),
            "source_ids": list(self.source_ids),
            "verdict": str(self.verdict),
        }


@dataclass(frozen=True, slots=True)
class ReirradiationReview:
    """Every condition with its answer, in the published order.

    Parameters
    ----------
    factors : one :class:`~portico.biology.Factor` for each condition
    overall : ``"review"`` where a person must judge; ``"display"`` for figures that are shown only
    assumption : the repair assumption, for print
    """

    factors: tuple[Factor, ...]
    overall: Literal["review", "display"]
    assumption: str

    def factor(self, code: str) -> Factor:
        """The factor with that code.

        Raises
        ------
        KeyError : no such factor
        """
        return {factor.code: factor for factor in self.factors}[code]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for ``--json``; keys in alphabetical order."""
        return {
            "assumption": self.assumption,
            "factors": [factor.to_dict() for factor in self.factors],
            "overall": self.overall,
        }
