"""Earlier courses at the site, from a file of schema ``earlier/1``.

    schema: earlier/1
    courses:
    - dose: first/dose.dcm          # RTDOSE, beside this file; with it one of the three below
      fractions: 10
      same_frame: true              # or registration: FILE, or matrix: [16 numbers] from its frame to this one, in mm
      end: 2025-02-14
    - maximum: 12 Gy                # where only a figure was reported
      defined_on: thecal_sac
      fractions: 1

What is not known is null or left out. A dose needs its unit.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.errors import InputRefused, PorticoError, Problem

if TYPE_CHECKING:
    from portico.cli.earlier_form import CourseForm
    from portico.dosimetry import EarlierCourse
    from portico.reading import Document
    from portico.rt import DoseGrid

__all__ = ["read_earlier"]


def read_earlier(path: Path, frame_uid: str | None) -> tuple[EarlierCourse, ...]:
    """Read earlier courses; doses and registrations are files beside it.

    Parameters
    ----------
    path : YAML or JSON of at most 2 MiB
    frame_uid : frame of reference of the current plan; needed for a registration

    Raises
    ------
    ReadingRefused : the file itself cannot be read safely
    InputRefused : with all problems of the file and of those it names, each with file, line and path; a dose or registration is named
        by its place in this file, never by its own name
    """
    from pydantic import ValidationError

    from portico.cli.earlier_form import EarlierForm
    from portico.reading import read_document
    from portico.reading.form_problems import form_problems

    document = read_document(path)
    if not isinstance(document.value, dict):
        raise InputRefused(
            "This is no list of earlier courses.",
            code="not-a-mapping",
            file=document.name,
            fix="Begin with `schema: earlier/1` and list them under `courses`.",
        )
    try:
        form = EarlierForm.model_validate(document.value)
    except ValidationError as error:
        problems = list(form_problems(error, EarlierForm, document))
        raise InputRefused.from_problems(problems) from None
    found: list[EarlierCourse] = []
    problems = []
    for number, entry in enumerate(form.courses):
        try:
            found.append(_course(entry, document, number, path.parent, frame_uid))
        except InputRefused as error:
            problems += error.problems
    if problems:
        raise InputRefused.from_problems(problems)
    return tuple(found)


def _course(entry: CourseForm, document: Document, number: int, folder: Path, frame_uid: str | None) -> EarlierCourse:
    from portico.biology import Course
    from portico.dosimetry import EarlierCourse, EarlierDose

    fractions = entry.known_fractions
    maximum = None if entry.maximum is None else entry.maximum.gy
    reported = Course(maximum, fractions, entry.defined_on)
    if entry.dose is None:
        return EarlierCourse(reported, None, entry.end)
    try:
        dose, planned = _dose(folder / entry.dose)
        if planned is not None and fractions is not None and planned != fractions:
            raise InputRefused(
                "The plan beside the dose has another number of fractions.",
                code="fractions-mismatch",
                fix="Give the dose of the fractions that were delivered.",
            )
    except PorticoError as error:
        raise _placed(error, document, number, "dose") from None
    tie = entry.tie or "dose"
    try:
        return EarlierCourse(reported, EarlierDose(dose, fractions, _matrix(entry, folder, dose, frame_uid)), entry.end)
    except PorticoError as error:
        about_dose = error.code in ("not-whole-dose", "dose-not-physical")
        raise _placed(error, document, number, "dose" if about_dose else tie) from None


def _placed(error: PorticoError, document: Document, number: int, field: str) -> InputRefused:
    """The refusal of a file, at the field that names it."""
    steps = ("courses", number, field)
    found = error.problem
    return InputRefused.from_problems(
        [Problem(found.code, found.message, document.place(steps), document.name, document.line(steps), found.fix)]
    )


def _dose(path: Path) -> tuple[DoseGrid, int | None]:
    """The one dose of a file or folder, and the fractions of its plan when that is there too."""
    from portico.rt import read_study

    found = read_study(path).plan_set()
    if found.dose is None:
        raise InputRefused("There is not one dose of a whole course.", code="not-one-dose")
    return found.dose, found.plan.fractions if found.plan is not None else None


def _matrix(entry: CourseForm, folder: Path, dose: DoseGrid, target: str | None) -> Any:
    from portico.rt import read_registration, rigid_matrix

    source = dose.frame_uid
    if entry.matrix is not None:
        return rigid_matrix(entry.matrix)
    if entry.registration is not None:
        if source is None or target is None:
            raise InputRefused(
                "A frame of reference is unknown, of this dose or of the plan.",
                code="frame-unknown",
                fix="State the transform as a matrix.",
            )
        return read_registration(folder / entry.registration).between(source, target)
    if target is not None and source != target:
        raise InputRefused(
            "The dose is not in the frame of reference of the plan.",
            code="frame-differs",
            fix="Give its registration, or state the transform as a matrix.",
        )
    return None
