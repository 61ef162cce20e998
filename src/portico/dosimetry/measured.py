"""One metric of one structure as an item of the result, with every way in which it may not be told.

A value is judged only where the structure was found by its name or by a synonym. A guess that fails still fails; a guess that
holds is not called met, since another structure may be the one that was meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from portico.directive import CheckItem, parse_metric
from portico.dosimetry.metrics import Prescription, evaluate_metric
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_fact import named
from portico.errors import CannotTell

__all__ = ["CONFIRM", "Measured", "measure", "sentence"]

Unit = Literal["Gy", "%", "cm3"]
#: What a person must do about a structure that was guessed.
CONFIRM: Final = "The structure was guessed from its name: confirm it with --match ROI=NAME."


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A metric of a structure.

    Parameters
    ----------
    structure : None when there is none
    metric : as text; None for an item without a metric
    value : in ``unit``; None when it cannot be told, and ``why`` says why
    unit : ``Gy``, ``%`` or ``cm3``
    bound : ``exact``; ``at_least`` when part of the structure lies off the dose grid; ``at_most`` when the structure is smaller
        than the volume asked for, and its highest dose stands in
    why : why there is no value, or what must be known of it; empty when nothing
    """

    structure: StructureDose | None
    metric: str | None
    value: float | None = None
    unit: Unit | None = None
    bound: Literal["exact", "at_least", "at_most"] = "exact"
    why: str = ""

    @property
    def guess(self) -> bool:
        """Whether the structure was guessed."""
        return self.structure is not None and self.structure.how == "guessed"

    def item(self, *, kind: str, code: str, verdict: str, why: str, roi: str | None = None, **more: Any) -> CheckItem:
        """An item with this structure, metric and value."""
        return CheckItem.model_validate(
            {
                "kind": kind,
                "code": code,
                "roi": roi,
                **named(self.structure),
                "metric": self.metric,
                "value": None if self.value is None else round(self.value, 6),
                "unit": self.unit,
                "verdict": verdict,
                "why": why,
                **more,
            }
        )

    def judged(
        self,
        *,
        kind: str,
        code: str,
        roi: str,
        op: str,
        limit: float,
        shown_only: bool = False,
        note: str = "",
        **more: Any,
    ) -> CheckItem:
        """An item whose verdict is what the numbers say, or that it cannot be told.

        Parameters
        ----------
        op, limit : ``<=`` or ``>=`` and the figure, in the unit of the value
        shown_only : True when the figure does not bind: the verdict is ``info``
        note : added to the reason
        """
        verdict, why = self._verdict(op, limit)
        if shown_only:
            verdict, why = "info", f"Shown only, it does not bind. {why}"
        return self.item(
            kind=kind, code=code, roi=roi, op=op, limit=limit, verdict=verdict, why=f"{why} {note}".strip(), **more
        )

    def _verdict(self, op: str, limit: float) -> tuple[str, str]:
        if self.value is None:
            return "cannot_tell", self.why
        value = round(self.value, 6)
        holds = value <= limit if op == "<=" else value >= limit
        shown = f"{value:.2f}"
        if not holds and float(shown) == limit:
            shown = f"{value:.6g}"
        label = self.structure.name if self.structure is not None else ""
        said = f"Read on {label}: {shown} {self.unit}, {op} {limit:g} {self.unit} is asked for. {self.why}".strip()
        if self.bound == "at_least" and (holds if op == "<=" else not holds):
            return "cannot_tell", f"{said} The rest of the structure is off the dose grid and may get more."
        if self.bound == "at_most" and (not holds if op == "<=" else holds):
            return "cannot_tell", said
        if holds and self.guess:
            return "cannot_tell", f"{said} {CONFIRM}"
        if self.guess:
            return "not_met", f"{said} {CONFIRM}"
        return ("met" if holds else "not_met"), said


def measure(
    structure: StructureDose | None,
    metric: str,
    unit: Unit,
    prescription: Prescription | None,
    *,
    missing: str = "",
) -> Measured:
    """Measure a metric on a structure.

    Parameters
    ----------
    structure : None when there is none; ``missing`` then says why
    metric : in the metric grammar
    unit : unit of the value
    prescription : for EQD2 and BED; None where the plan's fractions are unknown
    """
    if structure is None:
        return Measured(None, metric, unit=unit, why=sentence(missing or "the structure is missing"))
    if structure.dvh is None:
        reason = structure.problem.message if structure.problem is not None else "It has no histogram."
        return Measured(structure, metric, unit=unit, why=reason)
    parsed = parse_metric(metric)
    try:
        found = evaluate_metric(structure.dvh, parsed, prescription, unit=unit)
    except CannotTell as error:
        if error.code == "volume-beyond-structure":
            prefix = metric.partition(":")[0] + ":" if ":" in metric else ""
            top = evaluate_metric(structure.dvh, parse_metric(f"{prefix}Dmax"), prescription, unit=unit)
            return Measured(
                structure, metric, top.value, unit, "at_most",
                "The structure is smaller than this volume; its highest dose stands in and can only be larger.",
            )  # fmt: skip
        return Measured(structure, metric, unit=unit, why=error.problem.message)
    return Measured(structure, metric, found.value, unit, found.bound)


def sentence(text: str) -> str:
    """The text with a capital and one full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
