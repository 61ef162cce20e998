"""Items of the targets: which structure stands for a level, its goals, its median, and what is reported beside.

Goals are those of the Directive. A level without goals is not judged: its coverage is shown and a person must judge it. For a
simultaneous boost each level is read by itself; the elective level holds the boost, so its highest doses say nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portico.directive import CheckItem, Directive, Level
from portico.dosimetry.isodose import Isodoses
from portico.dosimetry.measured import Measured, measure
from portico.dosimetry.metrics import Prescription
from portico.dosimetry.names import named_dose_gy
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.quality import gradient_index, homogeneity_icru83, icru91, paddick_conformity, r50
from portico.errors import CannotTell
from portico.rt.dose import DoseGrid

__all__ = ["LevelTarget", "level_targets", "target_items"]


@dataclass(frozen=True, slots=True, eq=False)
class LevelTarget:
    """The structure that stands for a level.

    Parameters
    ----------
    level : of the Directive
    structure : with ``how`` as it was found for this level; None when there is none
    why_not : why there is none, or empty
    """

    level: Level
    structure: StructureDose | None
    why_not: str = ""


def level_targets(directive: Directive, structures: Sequence[StructureDose]) -> tuple[LevelTarget, ...]:
    """Find the structure of each level: by its name, by the dose that a target's name states, or the only PTV as a guess."""
    targets = [one for one in structures if one.role == "target" and not _derived(one)]
    ptvs = [one for one in targets if one.name.upper().startswith("PTV")]
    found: list[LevelTarget] = []
    for level in directive.levels:
        own = [one for one in targets if one.name == level.roi]
        dosed = [one for one in ptvs if level.dose_gy is not None and named_dose_gy(one.label) == level.dose_gy]
        if len(own) == 1:
            found.append(LevelTarget(level, own[0]))
        elif len(own) > 1:
            found.append(LevelTarget(level, None, f"more than one structure is matched to {level.roi}"))
        elif len(dosed) == 1:
            found.append(LevelTarget(level, replace(dosed[0], how="synonym")))
        elif len(directive.levels) == 1 and len(ptvs) == 1:
            found.append(LevelTarget(level, replace(ptvs[0], how="guessed")))
        else:
            seen = "none of several PTV is named so" if ptvs else "there is no PTV"
            found.append(LevelTarget(level, None, f"no structure is matched to {level.roi}: {seen}"))
    return tuple(found)


def _derived(one: StructureDose) -> bool:
    rest = one.label[3:].casefold()
    return any(word in rest for word in ("-", "minus", "sub", "opt", "eval", "ring", "crop", "ptv", "ctv"))


def target_items(
    directive: Directive,
    targets: Sequence[LevelTarget],
    structures: Sequence[StructureDose],
    dose: DoseGrid | None,
    fractions: int | None,
    policy: Mapping[str, Any],
) -> tuple[CheckItem, ...]:
    """Goals, median and reported figures of every level.

    Parameters
    ----------
    targets : from :func:`level_targets`
    structures : all of the plan; CTVs and GTVs are reported
    dose : for conformity and gradient; None when there is none
    fractions : of the plan; None when unknown
    policy : body of the policy ``plan-check``
    """
    items: list[CheckItem] = []
    for target in targets:
        items += _goals(target, fractions)
        items += _median(target, policy)
    isodoses = None if dose is None else Isodoses(dose)
    for target in targets:
        items += _reported(target, directive, isodoses, policy)
    items += [item for one in structures for item in _clinical(one, directive, targets)]
    return tuple(items)


def _goals(target: LevelTarget, fractions: int | None) -> list[CheckItem]:
    level = target.level
    given = None if fractions is None or level.dose_gy is None else Prescription(level.dose_gy, fractions)
    made: list[CheckItem] = []
    for goal in level.goals:
        found = measure(target.structure, goal.metric, goal.unit, given, missing=target.why_not)
        made.append(
            found.judged(
                kind="goal", code="goal", roi=level.roi, op=goal.op, limit=goal.value, source_id=goal.source_id,
                shown_only=goal.strength == "info",
            )
        )  # fmt: skip
    if not level.goals:
        found = measure(target.structure, "D95%", "Gy", None, missing=target.why_not)
        share = ""
        if found.value is not None and level.dose_gy:
            share = (
                f" D95% is {found.value:.2f} Gy, {100.0 * found.value / level.dose_gy:.1f} % of {level.dose_gy:g} Gy."
            )
        why = f"The Directive states no goal for the {level.name} level, so a person must judge its coverage.{share}"
        made.append(found.item(kind="goal", code="no-goal", roi=level.roi, verdict="no_limit", why=why))
    return made


def _median(target: LevelTarget, policy: Mapping[str, Any]) -> list[CheckItem]:
    level = target.level
    found = measure(target.structure, "D50%", "Gy", None, missing=target.why_not)
    code = "median-dose"
    if level.dose_gy is None:
        return [
            found.item(
                kind="prescription",
                code=code,
                roi=level.roi,
                verdict="cannot_tell",
                why="The level has no stated dose.",
            )
        ]
    if found.value is None or found.guess:
        why = found.why or "The target was guessed: confirm it with --match."
        return [found.item(kind="prescription", code=code, roi=level.roi, verdict="cannot_tell", why=why)]
    share = 100.0 * found.value / level.dose_gy
    floor = float(policy["median_floor_percent"])
    verdict = "met" if share >= floor else "not_met"
    why = (
        f"The median dose is {share:.1f} % of {level.dose_gy:g} Gy; below {floor:g} % (house policy) a level was not planned "
        "as prescribed."
    )
    return [found.item(kind="prescription", code=code, roi=level.roi, verdict=verdict, why=why)]


def _reported(
    target: LevelTarget, directive: Directive, dose: Isodoses | None, policy: Mapping[str, Any]
) -> list[CheckItem]:
    level, one = target.level, target.structure
    if one is None or one.dvh is None:
        return []
    made = []
    for metric in policy["target_metrics"]:
        found = measure(one, metric, "Gy", None)
        why = found.why or f"{level.name} level, for information."
        if level.name == "elective" and metric in ("D2%", "Dmax", "Dmean"):
            why = f"{why} The elective level holds the boost, so this is not a figure of the elective dose alone."
        made.append(found.item(kind="goal", code="target-figure", roi=level.roi, verdict="info", why=why))
    if dose is None or level.dose_gy is None:
        return made
    words = [f"ICRU 83 homogeneity {_figure(lambda: homogeneity_icru83(one.dvh))}"]
    if directive.technique in ("sbrt", "sib"):
        words += [
            f"Paddick conformity {_figure(lambda: paddick_conformity(one.dvh, dose, level.dose_gy))}",
            f"gradient index V50%/V100% {_figure(lambda: gradient_index(dose, level.dose_gy))}",
            f"R50 (V50%/V of the PTV) {_figure(lambda: r50(one.dvh, dose, level.dose_gy))}",
        ]
    if len(directive.levels) > 1 and directive.technique == "sib":
        words.append(
            "the isodoses of one level hold those of the other, so conformity and gradient are of the whole dose"
        )
    made.append(
        Measured(one, None).item(
            kind="goal", code="target-quality", roi=level.roi, verdict="info", why="; ".join(words) + "."
        )
    )
    return made


def _clinical(one: StructureDose, directive: Directive, targets: Sequence[LevelTarget]) -> list[CheckItem]:
    """ICRU 91 figures of CTVs and PTVs in a stereotactic plan."""
    if directive.technique not in ("sbrt", "sib") or one.role != "target" or one.dvh is None or _derived(one):
        return []
    if not one.name.upper().startswith(("CTV", "PTV", "GTV")):
        return []
    try:
        figures = icru91(one.dvh)
    except CannotTell as error:
        why = f"The ICRU 91 figures cannot be told: {error.problem.message}"
    else:
        why = (
            f"ICRU 91: median D50% {figures.median_gy:.2f} Gy, near-maximum {figures.near_max_metric} "
            f"{figures.near_max_gy:.2f} Gy, near-minimum D98% {figures.near_min_gy:.2f} Gy."
        )
    level = next((t.level.roi for t in targets if t.structure is not None and t.structure.number == one.number), None)
    return [Measured(one, None).item(kind="goal", code="icru-91", roi=level, verdict="info", why=why)]


def _figure(compute: Any) -> str:
    try:
        return f"{compute():.2f}"
    except CannotTell as error:
        return f"cannot be told ({error.problem.message.rstrip('.').lower()})"
