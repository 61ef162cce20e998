"""What contradicts itself in a case: impossible dates, the wrong side, levels that do not fit.

Each check yields problems with the path of the field; none of them changes or fills in a value.
"""

from __future__ import annotations

from collections.abc import Iterator

from portico.case.model import Case
from portico.case.row import latest_surgery, row_of
from portico.case.site import LEVEL_ORDER, Lesion
from portico.errors import Problem

__all__ = ["check_case"]

LONGEST_IMPLANT_CM = 80.0
"""Plausibility bound for typing errors (mm written as cm), not a clinical limit."""
SPINAL = ("vertebra", "sacrum")
COURSE_TOTAL_GY = 90.0
"""Plausibility bound for the total of one earlier course at a bone."""


def _problem(code: str, path: str, message: str, fix: str = "") -> Problem:
    return Problem(code, message, path, fix=fix)


def _lesions(case: Case) -> Iterator[Problem]:
    lesions = case.lesions or ()
    if sum(1 for lesion in lesions if lesion.index) > 1:
        yield _problem(
            "several-index-lesions", "lesions", "more than one lesion is marked as the index lesion.",
            "One case is one decision: keep one and make a second case for the other.",
        )  # fmt: skip
    if len(lesions) > 1 and case.index_lesion is None:
        yield _problem(
            "no-index-lesion", "lesions", "several lesions and none is marked as the index lesion.",
            "Set index: true on the lesion that was operated on.",
        )  # fmt: skip
    for i, lesion in enumerate(lesions):
        at = f"lesions[{i}]"
        if lesion.levels and lesion.bone is not None and lesion.bone not in SPINAL:
            yield _problem("level-mismatch", f"{at}.levels", "vertebral levels are given for a bone that is not spine.")
        if lesion.bone == "sacrum" and any(not level.startswith("S") for level in lesion.levels or ()):
            yield _problem("level-mismatch", f"{at}.levels", "a level above S1 is given for the sacrum.")
        if lesion.levels and len(set(lesion.levels)) != len(lesion.levels):
            yield _problem("level-repeated", f"{at}.levels", "the same level is listed twice.")
    ids = [lesion.id for lesion in lesions if lesion.id]
    if len(ids) != len(set(ids)):
        yield _problem("lesion-id-repeated", "lesions", "two lesions have the same id.")


def _surgeries(case: Case) -> Iterator[Problem]:
    index = case.index_lesion
    known = {lesion.id: lesion for lesion in case.lesions or () if lesion.id}
    if case.surgery == "none" and case.surgeries:
        yield _problem("surgery-contradiction", "surgery", "surgery is recorded as none, and operations are listed.")
    for i, surgery in enumerate(case.surgeries or ()):
        at = f"surgeries[{i}]"
        if surgery.lesion is not None and surgery.lesion not in known:
            yield _problem("unknown-lesion", f"{at}.lesion", "this operation names a lesion that is not listed.")
        lesion: Lesion | None = known.get(surgery.lesion) if surgery.lesion else index
        if surgery.date and case.as_of and surgery.date > case.as_of:
            yield _problem(
                "date-order", f"{at}.date", "the operation lies after the day of the decision (as_of).",
                "Check both dates; Portico advises after the operation.",
            )  # fmt: skip
        if surgery.wound and surgery.wound.date and surgery.date and surgery.wound.date < surgery.date:
            yield _problem("date-order", f"{at}.wound.date", "the wound was seen before the operation.")
        if lesion is None:
            continue
        sides = {surgery.side, lesion.side}
        if sides == {"left", "right"}:
            yield _problem(
                "side-mismatch", f"{at}.side", "the operation and the lesion are on different sides.",
                "Check the operation note before anything else: one of the two is wrong.",
            )  # fmt: skip
        levels = set(surgery.hardware.levels or ()) if surgery.hardware else set()
        if levels and lesion.levels:
            numbers = [LEVEL_ORDER.index(level) for level in levels]
            span = range(min(numbers), max(numbers) + 1)
            if not any(LEVEL_ORDER.index(level) in span for level in lesion.levels):
                yield _problem(
                    "level-mismatch",
                    f"{at}.hardware.levels",
                    "the implant does not span any level of the lesion.",
                )
        length = surgery.hardware.length if surgery.hardware else None
        if length is not None and length.cm > LONGEST_IMPLANT_CM:
            yield _problem(
                "implant-implausible", f"{at}.hardware.length", "an implant this long does not exist.",
                "Check the unit: mm and cm are both accepted when written.",
            )  # fmt: skip


def _spine(case: Case) -> Iterator[Problem]:
    spine, lesion = case.spine, case.index_lesion
    if spine is None:
        return
    if lesion is not None and lesion.bone is not None and lesion.bone not in SPINAL:
        yield _problem("spine-mismatch", "spine", "spine findings are given, but the index lesion is not in the spine.")
    surgery = latest_surgery(case)
    done = surgery.date if surgery else None
    if done and spine.escc_postop and spine.escc_postop.date and spine.escc_postop.date < done:
        yield _problem(
            "date-order", "spine.escc_postop.date", "the post-operative grade was read before the operation.",
            "Grade again on an MRI made after surgery.",
        )  # fmt: skip
    if done and spine.escc_preop and spine.escc_preop.date and spine.escc_preop.date > done:
        yield _problem("date-order", "spine.escc_preop.date", "the pre-operative grade was read after the operation.")
    below = row_of(case).get("below_conus")
    for name in ("escc_preop", "escc_postop"):
        grade = getattr(spine, name)
        if below is True and grade is not None and grade.grade is not None:
            yield _problem(
                "escc-below-conus", f"spine.{name}", "the epidural cord compression grade is undefined below the conus.",
                "Leave the grade out and record epidural_preop and compression_now instead.",
            )  # fmt: skip
    grade = spine.escc_preop.grade if spine.escc_preop else None
    if grade is not None and spine.epidural_preop is not None and spine.epidural_preop != (grade != "0"):
        yield _problem(
            "epidural-contradiction",
            "spine.epidural_preop",
            "epidural_preop and the pre-operative grade disagree.",
        )
    left = spine.escc_postop.grade if spine.escc_postop else None
    if spine.compression_now is False and left in ("2", "3"):
        yield _problem(
            "compression-contradiction",
            "spine.compression_now",
            "no compression is recorded, and the post-operative grade is 2 or 3, which is compression.",
            "Grade again on the latest MRI, or correct compression_now.",
        )
    if spine.postop_mri is False and spine.escc_postop and spine.escc_postop.grade is not None:
        yield _problem(
            "escc-without-mri",
            "spine.escc_postop",
            "a post-operative grade is given, but no post-operative MRI exists.",
        )
    sins = spine.sins_preop
    if sins and sins.total is not None and not 0 <= sins.total <= 18:
        yield _problem("score-range", "spine.sins_preop.total", "SINS runs from 0 to 18.")


def _prior(case: Case) -> Iterator[Problem]:
    prior = case.prior_radiotherapy
    if prior is None:
        return
    if prior.status == "none" and prior.courses:
        yield _problem(
            "prior-contradiction",
            "prior_radiotherapy.status",
            "recorded as none, and earlier courses are listed.",
        )
    for i, course in enumerate(prior.courses or ()):
        at = f"prior_radiotherapy.courses[{i}]"
        if course.start and course.end and course.end < course.start:
            yield _problem("date-order", f"{at}.end", "the course ends before it starts.")
        for name in ("start", "end"):
            day = getattr(course, name)
            if day and case.as_of and day > case.as_of:
                yield _problem("date-order", f"{at}.{name}", "an earlier course lies after the day of the decision.")
        if course.dose is not None and course.dose.gy > COURSE_TOTAL_GY:
            yield _problem("dose-implausible", f"{at}.dose", "no bone metastasis has had this total.", "Was cGy meant?")
        if course.dose is not None and course.fractions and course.dose.gy / course.fractions > 30:
            yield _problem(
                "dose-implausible",
                f"{at}.dose",
                "more than 30 Gy in one fraction.",
                "Check dose and fractions.",
            )
        neural = course.cord_dmax.dose if course.cord_dmax else None
        if course.dose is not None and neural is not None and neural.gy > 1.5 * course.dose.gy:
            yield _problem(
                "dose-implausible", f"{at}.cord_dmax.dose", "the neural maximum is far above the prescription."
            )


def _dates(case: Case) -> Iterator[Problem]:
    surgery = latest_surgery(case)
    start = case.plan.intended_start if case.plan else None
    if start and surgery and surgery.date and start < surgery.date:
        yield _problem(
            "date-order", "plan.intended_start", "post-operative radiotherapy is planned before the operation.",
            "Check both dates.",
        )  # fmt: skip
    courses = (case.prior_radiotherapy.courses or ()) if case.prior_radiotherapy else ()
    if start and any(course.end and course.end > start for course in courses):
        yield _problem(
            "date-order",
            "plan.intended_start",
            "radiotherapy is planned before the end of an earlier course.",
            "Check both dates.",
        )


def _patient(case: Case) -> Iterator[Problem]:
    patient = case.patient
    if patient is None:
        return
    for i, record in enumerate(patient.performance or ()):
        at = f"patient.performance[{i}].value"
        if record.value is None:
            continue
        if record.scale == "ECOG" and not 0 <= record.value <= 4:
            yield _problem("score-range", at, "ECOG runs from 0 to 4.")
        if record.scale == "KPS" and (not 10 <= record.value <= 100 or record.value % 10):
            yield _problem("score-range", at, "Karnofsky runs from 10 to 100 in steps of ten.")
    for i, estimate in enumerate(patient.survival or ()):
        low, high = estimate.months_low, estimate.months_high
        if low is not None and high is not None and low > high:
            yield _problem("range-order", f"patient.survival[{i}]", "months_low is above months_high.")
        if estimate.by == "model" and not estimate.name:
            yield _problem("model-unnamed", f"patient.survival[{i}].name", "a model's estimate needs the model's name.")
    for i, lesion in enumerate(case.lesions or ()):
        score = lesion.mirels_preop
        if score and score.total is not None and not 4 <= score.total <= 12:
            yield _problem("score-range", f"lesions[{i}].mirels_preop.total", "Mirels runs from 4 to 12.")


def check_case(case: Case) -> tuple[Problem, ...]:
    """All contradictions in a case; an empty tuple when there are none.

    Parameters
    ----------
    case : a case that already follows its schema

    Returns
    -------
    problems with code and path; file and line are added by the reader
    """
    parts = (_lesions, _surgeries, _spine, _prior, _dates, _patient)
    return tuple(problem for part in parts for problem in part(case))
