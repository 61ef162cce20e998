"""The flat row of a case: how several lesions, levels, courses and operations become one value per column.

`columns.yaml` states the rule of each column in words; this module is the same list in code, in the same order.
A value that cannot be told is None. No value is ever made up: where two records disagree the column says how they
aggregate (worst, latest, any), and where the latest cannot be told the column is None.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from portico.case.history import Course
from portico.case.model import Case
from portico.case.patient import Agent
from portico.case.site import LEVEL_ORDER, Lesion, Spine, Surgery

__all__ = ["course_at_site", "latest_surgery", "prior_courses_at_site", "row_of"]

RECALL_AGENTS = frozenset({"doxorubicin", "gemcitabine"})
COMPRESSED = {"2": True, "3": True, "0": False, "1a": False, "1b": False}
L1_L2 = frozenset({"L1", "L2"})


def any_of(flags: Iterable[bool | None]) -> bool | None:
    """Kleene "any": true when one is true, false when all are known and false, else None."""
    seen = list(flags)
    if any(flag is True for flag in seen):
        return True
    return False if seen and all(flag is False for flag in seen) else None


def latest_surgery(case: Case) -> Surgery | None:
    """The last operation on the index lesion; None when there are several and one has no date."""
    own = case.index_surgeries
    if len(own) > 1 and any(surgery.date is None for surgery in own):
        return None
    return own[-1] if own else None


def course_at_site(course: Course) -> bool | None:
    """Whether an earlier course touches the site; None when it is not recorded."""
    return None if course.site is None else course.site in ("same", "overlapping")


def prior_courses_at_site(case: Case) -> tuple[Course, ...] | None:
    """Earlier courses that touch the site; None when it is unknown whether there were any."""
    prior = case.prior_radiotherapy
    if prior is None or (prior.status is None and not prior.courses):
        return None
    if prior.status == "none":
        return ()
    if not prior.courses:
        return None
    if any(course_at_site(course) is None for course in prior.courses):
        return None
    return tuple(course for course in prior.courses if course_at_site(course))


def _days(start: dt.date | None, end: dt.date | None) -> int | None:
    return (end - start).days if start is not None and end is not None else None


def _below_conus(case: Case, lesion: Lesion) -> bool | None:
    if case.spine is not None and case.spine.below_conus is not None:
        return case.spine.below_conus
    if lesion.bone == "sacrum":
        return True
    levels = lesion.levels
    if not levels:
        return None
    below = [LEVEL_ORDER.index(level) >= LEVEL_ORDER.index("L3") for level in levels]
    if all(below):
        return True
    # one level above L1 puts the cord beside the target; L1 and L2 alone leave the conus open
    return None if all(level in L1_L2 or deep for level, deep in zip(levels, below, strict=True)) else False


def _agents(case: Case) -> tuple[Agent, ...] | None:
    systemic = case.cancer.systemic if case.cancer else None
    if systemic is None or (systemic.status is None and systemic.agents is None):
        return None
    if systemic.status == "none":
        return ()
    return systemic.agents or None


def _agent_flag(agents: tuple[Agent, ...] | None, test: Callable[[Agent], bool | None]) -> bool | None:
    if agents is None:
        return None
    if not agents:
        return False
    flags: list[bool | None] = []
    for agent in agents:
        if agent.status == "stopped":
            flags.append(False)
            continue
        hit = test(agent)
        flags.append(None if agent.status is None and hit is not False else hit)
    return any_of(flags)


def _performance(case: Case, scale: str) -> int | None:
    records = [p for p in (case.patient and case.patient.performance) or () if p.scale == scale]
    if not records or (len(records) > 1 and any(p.date is None for p in records)):
        return None
    return max(records, key=lambda p: p.date or dt.date.min).value


def _survival(case: Case) -> tuple[float | None, float | None]:
    estimates = (case.patient and case.patient.survival) or ()
    lows = [e.months_low for e in estimates]
    highs = [e.months_high for e in estimates]
    low = None if not lows or any(v is None for v in lows) else min(v for v in lows if v is not None)
    high = None if not highs or any(v is None for v in highs) else max(v for v in highs if v is not None)
    return (None if low is None else float(low), None if high is None else float(high))


def _site(case: Case, lesion: Lesion) -> dict[str, Any]:
    spinal = None if lesion.bone is None else lesion.bone in ("vertebra", "sacrum")
    return {
        "site_region": None if spinal is None else ("spine" if spinal else "non_spine"),
        "bone": lesion.bone,
        "bone_part": lesion.part,
        "levels_n": len(lesion.levels) if lesion.levels else None,
        "below_conus": _below_conus(case, lesion) if spinal else None,
        "fracture_state": lesion.fracture,
        "lesion_type": lesion.type,
        "soft_tissue_extension": lesion.soft_tissue_extension,
        "paraspinal_extension": lesion.paraspinal_extension,
        "other_lesions_in_bone": lesion.other_lesions_in_bone,
        "residual_disease": lesion.residual_disease,
        "index_side": lesion.side,
        "mirels_preop": lesion.mirels_preop.total if lesion.mirels_preop else None,
    }


def _cancer(case: Case) -> dict[str, Any]:
    cancer = case.cancer
    agents = _agents(case)
    row: dict[str, Any] = {
        "systemic_therapy": _agent_flag(agents, lambda agent: True),
        "systemic_cytotoxic": _agent_flag(
            agents, lambda agent: None if agent.kind is None else agent.kind == "cytotoxic"
        ),
        "systemic_recall_agent": _agent_flag(
            agents, lambda agent: None if agent.name is None else agent.name.strip().lower() in RECALL_AGENTS
        ),
    }
    if cancer is not None:
        row |= {
            "histology": cancer.histology,
            "pathology_status": cancer.pathology,
            "primary_bone_tumour_suspected": cancer.primary_bone_tumour_suspected,
            "curative_option_excluded": cancer.curative_option_excluded,
            "radiosensitivity": cancer.radiosensitivity,
            "oligometastatic": cancer.oligometastatic,
            "visceral_metastases": cancer.visceral_metastases,
            "brain_metastases": cancer.brain_metastases,
            "bone_modifying_agent": cancer.bone_modifying_agent,
        }
    return row


def _patient(case: Case) -> dict[str, Any]:
    low, high = _survival(case)
    age = case.patient.age_years if case.patient else None
    return {
        "age_years": None if age is None else float(age),
        "ecog": _performance(case, "ECOG"),
        "kps": _performance(case, "KPS"),
        "survival_months_low": low,
        "survival_months_high": high,
    }


def _surgery(case: Case) -> dict[str, Any]:
    own = case.index_surgeries
    done = True if own or case.surgery == "done" else (False if case.surgery == "none" else None)
    latest = latest_surgery(case)
    row: dict[str, Any] = {"surgery_done": done}
    if done is False:
        return row | {"hardware_present": False, "cement": False, "hardware_anterior_cage": False}
    row["hardware_present"] = any_of(s.hardware.present if s.hardware else None for s in own)
    row["hardware_anterior_cage"] = any_of(s.hardware.anterior_cage if s.hardware else None for s in own)
    row["cement"] = any_of(s.cement for s in own)
    if latest is None:
        return row
    hardware, wound = latest.hardware, latest.wound
    return row | {
        "days_since_surgery": _days(latest.date, case.as_of),
        "surgery_indication": latest.indication,
        "procedure": latest.procedure,
        "resection": latest.resection,
        "margin": latest.margin,
        "hardware_material": hardware.material if hardware else None,
        "hardware_length_cm": hardware.length.cm if hardware and hardware.length else None,
        "embolised": latest.embolised,
        "wound_state": wound.state if wound else None,
        "infection": wound.infection if wound else None,
        "csf_leak": wound.csf_leak if wound else None,
        "reoperation_planned": latest.reoperation_planned,
    }


def _epidural_preop(spine: Spine) -> bool | None:
    if spine.epidural_preop is not None:
        return spine.epidural_preop
    grade = spine.escc_preop.grade if spine.escc_preop else None
    return None if grade is None else grade != "0"


def _spine(case: Case) -> dict[str, Any]:
    spine = case.spine
    if spine is None:
        return {}
    postop = spine.escc_postop.grade if spine.escc_postop else None
    compressed = spine.compression_now
    if compressed is None and postop is not None:
        compressed = COMPRESSED.get(postop)
    return {
        "escc_preop": spine.escc_preop.grade if spine.escc_preop else None,
        "escc_postop": postop,
        "epidural_preop": _epidural_preop(spine),
        "epidural_circumferential_preop": spine.epidural_circumferential_preop,
        "preop_mri": spine.preop_mri,
        "postop_mri": spine.postop_mri,
        "cord_imaging": spine.cord_imaging,
        "deficit": spine.neurology.deficit if spine.neurology else None,
        "sphincter_dysfunction": spine.neurology.sphincter_dysfunction if spine.neurology else None,
        "compression_now": compressed,
        "sectors_preop_known": True if spine.sectors_preop else None,
        "sins_preop": spine.sins_preop.total if spine.sins_preop else None,
    }


def _prior(case: Case) -> dict[str, Any]:
    prior = case.prior_radiotherapy
    courses = prior_courses_at_site(case)
    if courses is None:
        listed = (prior.courses or ()) if prior else ()
        return {"prior_rt_at_site": any_of(map(course_at_site, listed)) if listed else None}
    ends = [course.end for course in courses]
    return {
        "prior_rt_at_site": bool(courses),
        "prior_rt_courses_n": len(courses),
        "days_since_prior_rt": (
            _days(max(end for end in ends if end is not None), case.as_of) if ends and all(ends) else None
        ),
        "prior_cord_dose_known": (
            all(c.fractions and c.cord_dmax and c.cord_dmax.dose is not None for c in courses) if courses else None
        ),
        "prior_rt_stereotactic": any_of(
            None if course.technique is None else course.technique == "sbrt" for course in courses
        )
        if courses
        else False,
    }


def _rest(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if case.status is not None:
        row |= {
            "pain_worst": case.status.pain_worst,
            "weight_bearing": case.status.weight_bearing,
            "ambulatory": case.status.walking,
            "unstable_now": case.status.mechanically_unstable,
            "fit_for_surgery": case.status.fit_for_surgery,
        }
    if case.preflight is not None:
        row |= {
            "cied": case.preflight.cied,
            "pregnancy": case.preflight.pregnancy,
            "can_lie_flat": case.preflight.can_lie_flat,
            "contrast_contraindicated": case.preflight.contrast_contraindicated,
            "mri_possible": case.preflight.mri_possible,
        }
    if case.department is not None:
        row |= {
            "dept_sbrt": case.department.sbrt,
            "dept_imrt": case.department.imrt,
            "dept_image_guidance": case.department.image_guidance,
        }
    if case.wishes is not None:
        row |= {
            "declines_radiotherapy": case.wishes.declines_radiotherapy,
            "max_visits": case.wishes.max_visits,
            "goal": case.wishes.goal,
        }
    return row


def row_of(case: Case) -> dict[str, Any]:
    """Flat row of the case, one value per column of ``columns.yaml`` in its order.

    Parameters
    ----------
    case : the case; unknown fields give None in the row

    Returns
    -------
    dict of column name to bool, int, float, str or None
    """
    from portico.case.columns import load_columns  # read once, cached

    lesion = case.index_lesion
    found: dict[str, Any] = {}
    if lesion is not None:
        found |= _site(case, lesion)
    for part in (_cancer, _patient, _surgery, _spine, _prior, _rest):
        found |= part(case)
    return {column.name: found.get(column.name) for column in load_columns()}
