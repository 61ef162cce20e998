"""Organs without a binding limit: those that the Directive lists, and those that the plan shows in or near the dose.

They stand first in every result. An organ without a limit is never an organ that is safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portico.directive import CheckItem, Directive
from portico.dosimetry.limit_items import structures_for
from portico.dosimetry.measured import measure
from portico.dosimetry.plan_check import StructureDose

__all__ = ["organ_items"]


def organ_items(
    directive: Directive, structures: Sequence[StructureDose], policy: Mapping[str, Any]
) -> tuple[CheckItem, ...]:
    """Items of organs without a limit.

    Parameters
    ----------
    structures : of the plan
    policy : ``near_dose_percent``: an organ counts as in or near the dose when its hottest 0.03 cm3 reach this percentage of the
        lowest level
    """
    items: list[CheckItem] = []
    listed: set[str] = set()
    for entry in directive.no_limit:
        listed.add(entry.roi)
        found, why_not = structures_for(entry.roi, structures)
        for one in found or (None,):
            measured = measure(one, "Dmax", "Gy", None, missing=why_not)
            dose = (
                f" Its highest dose is {measured.value:.2f} Gy." if measured.value is not None else f" {measured.why}"
            )
            items.append(
                measured.item(
                    kind="limit", code="no-limit", roi=entry.roi, verdict="no_limit", why=f"{entry.why}{dose}",
                    defined_on=entry.defined_on,
                )
            )  # fmt: skip
            if one is not None:
                listed.add(one.name)
    bound = {limit.roi for limit in directive.limits if limit.strength == "hard"}
    bound |= {one.name for roi in bound for one in structures_for(roi, structures)[0]}
    if not directive.doses_gy:
        return tuple(items)
    near = float(policy["near_dose_percent"]) / 100.0 * min(directive.doses_gy)
    neural = {limit.roi for limit in directive.limits if limit.neural and limit.strength == "hard"}
    for one in structures:
        if one.role != "organ" or one.name in listed or one.name in bound or _stands_for_neural(one, neural):
            continue
        measured = measure(one, "D0.03cc", "Gy", None)
        if measured.value is None:
            why = f"The organ is in the plan and has no limit in the Directive; its dose cannot be told. {measured.why}"
        elif measured.value >= near:
            why = (
                f"The organ lies in or near the dose (D0.03cc {measured.value:.2f} Gy, from {near:g} Gy on) and the Directive "
                "has no limit for it."
            )
        else:
            continue
        items.append(measured.item(kind="limit", code="organ-in-dose", roi=None, verdict="no_limit", why=why))
    return tuple(items)


def _stands_for_neural(one: StructureDose, neural: set[str]) -> bool:
    """A canal, a sac or a planning organ at risk around a cord that has its limit is no organ of its own."""
    base = one.name.removesuffix("_PRV")
    return bool(neural) and (
        base in neural or one.name in ("SpinalCanal", "ThecalSac") or (base != one.name and base in neural)
    )
