"""Outcome figures beside an option: the closest matching published results, or a blank.

Closeness, from near to far: the same regimen; a range of doses and fractions that holds it; the same technique. An operated
population weighs more: a post-operative study of the same technique comes before an unoperated one of the same regimen. Only the
same part of the skeleton counts. Figures known from secondary sources are shown marked;
figures that cannot be mapped (``display_only``) and memory-level records are never used.
"""

from __future__ import annotations

from collections.abc import Iterable

from portico.advice.model import Outcome
from portico.knowledge import Arm, Regimen, Result, Study

__all__ = ["FAMILIES", "TECHNIQUES_OF", "match_of", "outcomes_for"]

FAMILIES: dict[str, tuple[str, ...]] = {
    "local control": ("local_failure", "local_control"),
    "pain": ("pain_response", "pain_complete_response"),
    "function": ("limb_function", "ambulatory"),
    "re-operation": ("reoperation",),
    "treatment again": ("retreatment",),
    "fracture": ("fracture", "vcf", "skeletal_related_event"),
    "myelopathy": ("myelopathy",),
    "other harm": (
        "wound_complication",
        "hardware_failure",
        "toxicity_g3",
        "oesophageal_toxicity",
        "neuropathy",
    ),
    "quality of life": ("quality_of_life",),
}
"""Outcome families in the order of the report, with the outcome codes of study/1."""

PER_FAMILY = 2
MEASURES = ("proportion", "cumulative_incidence", "km_probability")
_DIRECTNESS = {"post_operative": 0, "re_irradiation": 1, "mixed": 1, "intact_bone": 2}
TECHNIQUES_OF = {
    "sib": ("sib", "sbrt"),
    "sbrt": ("sbrt",),
    "conventional": ("conventional",),
    "none": ("surgery_alone", "none"),
}
"""Technique of a regimen to the techniques of study arms that stand for it."""
_MATCH = ("this regimen", "a range that holds this regimen", "same technique")


def _inside(value: float | None, low: float | None, high: float | None) -> bool:
    return value is not None and low is not None and high is not None and low <= value <= high


def match_of(regimen: Regimen, arm: Arm) -> int | None:
    """How close an arm is to a regimen: index into the list of matches, None when it does not match at all."""
    if arm.technique not in TECHNIQUES_OF[regimen.technique]:
        return None
    if regimen.technique == "none":
        return 0
    main = regimen.levels[0]
    if main.dose_gy is None or main.fractions is None:
        return 2
    elective = regimen.levels[-1].dose_gy if len(regimen.levels) > 1 else None
    if elective is not None:
        same = arm.boost_dose_gy == main.dose_gy and arm.dose_gy == elective and arm.fractions == main.fractions
        return 0 if same else (2 if arm.technique == "sib" else None)
    if arm.boost_dose_gy is not None:
        return None
    if arm.dose_gy == main.dose_gy and arm.fractions == main.fractions:
        return 0
    dose_in = arm.dose_gy == main.dose_gy or _inside(main.dose_gy, arm.dose_low_gy, arm.dose_high_gy)
    fractions_in = arm.fractions == main.fractions or _inside(main.fractions, arm.fractions_low, arm.fractions_high)
    return 1 if dose_in and fractions_in else 2


def _share(result: Result) -> float | None:
    """The published proportion, or the crude one where only counts are published."""
    if result.display_only or result.measure not in MEASURES:
        return None
    if result.est is not None:
        return result.est if result.unit == "proportion" else None
    return result.events / result.n if result.events is not None and result.n else None


def outcomes_for(regimen: Regimen, site: str, studies: Iterable[Study], again: frozenset[str]) -> tuple[Outcome, ...]:
    """Up to two figures per family for a regimen at a site.

    Parameters
    ----------
    regimen : the regimen; re-irradiation regimens only look at re-irradiation studies, others never do
    site : ``spine`` or ``non_spine``
    studies : the library's studies
    again : ids of studies of a second course, beside those whose directness says so

    Returns
    -------
    outcomes in the order of ``FAMILIES``; a family without a match is absent (a blank in the report)
    """
    found: list[tuple[tuple[object, ...], str, Outcome]] = []
    for study in studies:
        if study.verified == "memory" or study.site not in (site, "mixed", "any"):
            continue
        if study.directness not in _DIRECTNESS:
            continue
        second = study.directness == "re_irradiation" or study.id in again
        if second != (regimen.course == "reirradiation"):
            continue
        arms = {arm.id: arm for arm in study.arms}
        for result in study.results:
            arm = arms.get(result.arm)
            share = _share(result)
            if arm is None or arm.operated is False or share is None:
                continue
            closeness = match_of(regimen, arm)
            family = next((name for name, codes in FAMILIES.items() if result.outcome in codes), None)
            if closeness is None or family is None:
                continue
            key = (
                closeness + 2 * _DIRECTNESS[study.directness],
                _DIRECTNESS[study.directness],
                0 if study.site == site else 1,
                0 if study.verified in ("full_text", "abstract") else 1,
                abs((result.months if result.months is not None else 999.0) - 12.0),
                -(result.n or study.n_patients or 0),
                study.id,
                result.label,
            )
            found.append((key, family, _outcome(family, study, result, share, closeness)))
    picked: list[Outcome] = []
    for name in FAMILIES:
        own = sorted((item for item in found if item[1] == name), key=lambda item: item[0])
        seen: set[str] = set()
        for _, _, outcome in own:
            if outcome.study not in seen and len(seen) < PER_FAMILY:
                seen.add(outcome.study)
                picked.append(outcome)
    return tuple(picked)


def _outcome(family: str, study: Study, result: Result, share: float, closeness: int) -> Outcome:
    return Outcome(
        family=family,
        label=result.label,
        estimate=share,
        low=result.lo,
        high=result.hi,
        interval=result.interval,
        months=result.months,
        n=result.n,
        events=result.events,
        measure=result.measure,
        unit=result.unit,
        study=study.id,
        match=_MATCH[closeness],
        directness=study.directness,
        verified=study.verified,
        outcome=result.outcome,
    )
