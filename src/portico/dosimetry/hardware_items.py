"""Items of the hardware: how much of each implant is in the field, and what of it cannot be seen.

In the spine all of it is information. Elsewhere the length is judged only where the Directive's chosen volume is the whole hardware.
"""

from __future__ import annotations

from collections.abc import Sequence

from portico.directive import CheckItem, Directive
from portico.dosimetry.hardware import HardwareSearch
from portico.dosimetry.plan_check import Implant, StructureDose
from portico.dosimetry.plan_fact import Verdict, fact
from portico.rt.plan_set import PlanSet
from portico.rt.structures import PhysicalProperty

__all__ = ["coverage_text", "hardware_items", "override_text"]

#: Recipes of a volume that hold the whole implant.
WHOLE = ("whole_hardware",)
#: Share of the length from which an implant counts as whole.
ALL = 1.0 - 1e-9


def hardware_items(
    search: HardwareSearch, directive: Directive, structures: Sequence[StructureDose], plan_set: PlanSet
) -> tuple[CheckItem, ...]:
    """One item for each implant, and what must be known of the search.

    Parameters
    ----------
    search : from :func:`portico.dosimetry.hardware.find_implants`
    """
    items: list[CheckItem] = []
    if search.why_not:
        items.append(fact("hardware", "hardware-search", "cannot_tell", search.why_not))
    elif not any(one.origin == "threshold" for one in search.implants):
        why = "No metal was found in the CT. Carbon-fibre PEEK and cement cannot be found by a threshold: they need a contour."
        items.append(fact("hardware", "hardware-search", "info", why))
    if search.clipped:
        why = "The values of the CT end where metal begins: the edge of metal is blurred. Reconstruct on an extended scale."
        items.append(fact("hardware", "hardware-clipped", "info", why))
    chosen = [one.recipe for one in directive.volumes if one.chosen]
    judged = directive.site.region == "non_spine" and any(recipe in WHOLE for recipe in chosen)
    items += [_coverage(one, directive, judged=judged) for one in search.implants]
    items += _overrides(structures, plan_set)
    return tuple(items)


def coverage_text(implant: Implant) -> str:
    """Length and coverage in one or two sentences."""
    shares = ", ".join(
        f"{percent:g} % around {100.0 * share:.0f} % of it"
        for percent, share in implant.covered.items()
        if share is not None
    )
    words = [f"{'At least ' if implant.at_edge else ''}{implant.length_mm:.0f} mm long."]
    words.append(
        f"Of the prescription, 5 mm outside the metal: {shares}." if shares else "Its coverage cannot be told."
    )
    ends = [
        f"{length:.0f} mm at the {name} end"
        for name, length in (("upper", implant.uncovered_proximal_mm), ("lower", implant.uncovered_distal_mm))
        if length is not None and length >= 0.5
    ]
    least = next(iter(implant.covered), 0.0)
    if implant.covered.get(least) == 0.0:
        words.append(f"Nothing of it gets {least:g} %.")
    elif ends:
        words.append(f"Without {least:g} %: {' and '.join(ends)}.")
    if implant.note:
        words.append(implant.note)
    return " ".join(words)


def _coverage(one: Implant, directive: Directive, *, judged: bool) -> CheckItem:
    share = next(iter(one.covered.values()), None)
    name = f"Implant {one.number}" + ("" if one.origin == "threshold" else " (by contour)")
    why = f"{name}: {coverage_text(one)}"
    verdict: Verdict = "info"
    if judged:
        short = share is not None and share < ALL
        verdict = "not_met" if short else "cannot_tell" if share is None or one.at_edge else "met"
        why += " The Directive's volume is the whole hardware."
    elif directive.site.region == "spine":
        why += " In the spine this is information."
    return fact("hardware", "hardware-coverage", verdict, why)


def override_text(properties: Sequence[PhysicalProperty] | None) -> str:
    """What the file says of the density of a structure.

    >>> override_text((PhysicalProperty("REL_ELEC_DENSITY", 1.1),))
    'its density is overridden: REL_ELEC_DENSITY 1.1'
    >>> override_text(None)
    'whether its density is overridden cannot be told: the file does not say'
    """
    if properties is None:
        return "whether its density is overridden cannot be told: the file does not say"
    if not properties:
        return "its density is not overridden"
    return "its density is overridden: " + ", ".join(f"{one.name} {one.value:g}" for one in properties)


def _overrides(structures: Sequence[StructureDose], plan_set: PlanSet) -> list[CheckItem]:
    made = []
    for one in structures:
        if one.role != "hardware" or plan_set.structure_set is None:
            continue
        found = plan_set.structure_set.structures.get(one.number)
        if found is not None:
            text = override_text(found.properties)
            made.append(fact("hardware", "density-override", "info", f"{text[:1].upper()}{text[1:]}.", structure=one))
    return made
