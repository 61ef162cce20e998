"""Courses, dose levels within one course (SIB), and sums of courses.

Every course is converted with its own number of fractions before anything is added. Physical doses of
different courses are never added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portico.biology.inputs import finite, not_negative, share, whole_number
from portico.biology.lq import bed, eqd2
from portico.errors import CannotTell, QuantityRefused

__all__ = ["Course", "CourseSum", "Repair", "SibLevel", "sib_levels", "sum_bed", "sum_eqd2"]


@dataclass(frozen=True, slots=True)
class Course:
    """Dose to one structure in one course.

    >>> Course(30.0, 10).dose_per_fraction_gy
    3.0

    Parameters
    ----------
    dose_gy : total physical dose of the structure in Gy; None when unknown (0 means that it got none)
    fractions : number of fractions of the course; None when unknown
    contour : what the dose was read on, e.g. ``"thecal_sac"``, ``"true_cord"``; None when not recorded

    Raises
    ------
    QuantityRefused : a known value that is not finite, negative, or no whole count
    """

    dose_gy: float | None
    fractions: int | None
    contour: str | None = None

    def __post_init__(self) -> None:
        if self.dose_gy is not None:
            not_negative(self.dose_gy, "dose_gy")
        if self.fractions is not None:
            whole_number(self.fractions, "fractions")

    @property
    def dose_per_fraction_gy(self) -> float | None:
        """Dose per fraction in Gy; None when dose or fractions are unknown."""
        if self.dose_gy is None or self.fractions is None:
            return None
        return self.dose_gy / self.fractions

    def known(self, place: str) -> tuple[float, int]:
        """Dose in Gy and fractions.

        Raises
        ------
        CannotTell : ``course-unknown``; its path is ``place`` and the missing field
        """
        if self.dose_gy is None:
            raise _unknown(place, "dose_gy")
        if self.fractions is None:
            raise _unknown(place, "fractions")
        return self.dose_gy, self.fractions


def _unknown(place: str, field: str) -> CannotTell:
    path = f"{place}.{field}"
    says = f"{path} is unknown, so the course cannot be converted."
    if place == "new":
        what = "dose" if field == "dose_gy" else "number of fractions"
        says = f"The {what} of the new course is not known before it is planned."
    return CannotTell(
        says,
        code="course-unknown",
        path=path,
        fix="Enter it, or leave the sum open.",
    )


@dataclass(frozen=True, slots=True)
class Repair:
    """The repair between courses that a sum assumes. It is always stated, never implied.

    >>> Repair.none().recovered_fraction
    0.0

    Parameters
    ----------
    name : how the assumption is called in print
    recovered_fraction : share of every earlier course's effect taken as recovered, 0 or above, below 1
    source_id : study that the share comes from; None only for no repair
    display_only : True when a sum under this assumption may be shown but not compared with a limit
    """

    name: str
    recovered_fraction: float
    source_id: str | None
    display_only: bool

    def __post_init__(self) -> None:
        if self.recovered_fraction == 0:
            finite(self.recovered_fraction, "recovered_fraction")
            return
        share(self.recovered_fraction, "recovered_fraction")
        if not self.name.strip() or not (self.source_id or "").strip() or not self.display_only:
            raise QuantityRefused(
                "A repair credit needs a name and a source, and is for display only.",
                code="repair-without-source",
                path="repair",
            )

    @classmethod
    def none(cls) -> Repair:
        """No repair credit: every course counts in full. A limit may be read with this one only."""
        return cls("no repair credit", 0.0, None, False)

    @classmethod
    def fractional(cls, name: str, recovered_fraction: float, source_id: str) -> Repair:
        """A share of each earlier course taken as recovered; named, sourced, for display only.

        Raises
        ------
        QuantityRefused : ``not-a-share``; ``repair-without-source`` when name or source is empty
        """
        share(recovered_fraction, "recovered_fraction")
        return cls(name, recovered_fraction, source_id, True)


@dataclass(frozen=True, slots=True)
class CourseSum:
    """A sum of courses with what it assumes.

    Parameters
    ----------
    total_gy : the sum in Gy (EQD2 or BED, see ``quantity``) under ``repair``
    parts_gy : each course in full, in the order given, before any repair credit
    quantity : ``"EQD2"`` or ``"BED"``
    alpha_beta_gy : α/β in Gy of every part
    repair : the assumption; ``repair.display_only`` holds for the sum too
    """

    total_gy: float
    parts_gy: tuple[float, ...]
    quantity: str
    alpha_beta_gy: float
    repair: Repair


def sum_eqd2(courses: Sequence[Course], alpha_beta_gy: float, *, repair: Repair) -> CourseSum:
    """EQD2 of several courses, each converted with its own fractions, then added.

    >>> sum_eqd2([Course(30.0, 10), Course(9.0, 1)], 2.0, repair=Repair.none()).total_gy
    62.25

    Parameters
    ----------
    courses : in order of time, the newest last; at least one; an unknown field is not guessed
    alpha_beta_gy : α/β in Gy
    repair : the assumption on repair between courses; required. A credit lessens all courses but the last

    Raises
    ------
    CannotTell : ``course-unknown``, naming the course (``courses[1].dose_gy``)
    QuantityRefused : ``no-courses``; α/β not above 0
    """
    return _sum(courses, alpha_beta_gy, repair, "EQD2", eqd2)


def sum_bed(courses: Sequence[Course], alpha_beta_gy: float, *, repair: Repair) -> CourseSum:
    """BED of several courses, each converted with its own fractions, then added.

    >>> sum_bed([Course(30.0, 10), Course(20.0, 5)], 2.0, repair=Repair.none()).total_gy
    135.0

    Parameters and errors are those of :func:`sum_eqd2`.
    """
    return _sum(courses, alpha_beta_gy, repair, "BED", bed)


def _sum(
    courses: Sequence[Course],
    alpha_beta_gy: float,
    repair: Repair,
    quantity: str,
    convert: Callable[[float, int, float], float],
) -> CourseSum:
    if not courses:
        raise QuantityRefused("There is no course to add up.", code="no-courses", path="courses")
    parts = tuple(convert(*course.known(f"courses[{place}]"), alpha_beta_gy) for place, course in enumerate(courses))
    total = sum(parts[:-1]) * (1.0 - repair.recovered_fraction) + parts[-1]
    return CourseSum(finite(total, "total_gy"), parts, quantity, alpha_beta_gy, repair)


@dataclass(frozen=True, slots=True)
class SibLevel:
    """One dose level of a simultaneous integrated boost.

    Parameters
    ----------
    roi : name of the volume
    dose_gy : total dose of the level in Gy; None when no source states it
    fractions : fractions of the course, the same for every level
    dose_per_fraction_gy, bed_gy, eqd2_gy : in Gy; None when ``dose_gy`` is None
    alpha_beta_gy : α/β in Gy of ``bed_gy`` and ``eqd2_gy``
    """

    roi: str
    dose_gy: float | None
    fractions: int
    dose_per_fraction_gy: float | None
    bed_gy: float | None
    eqd2_gy: float | None
    alpha_beta_gy: float


def sib_levels(
    levels: Sequence[tuple[str, float | None]], fractions: int, alpha_beta_gy: float
) -> tuple[SibLevel, ...]:
    """BED and EQD2 of each level at its own dose per fraction, in the order given.

    >>> [round(row.eqd2_gy, 1) for row in sib_levels([("boost", 40.0), ("bed", 30.0)], 10, 10.0)]
    [46.7, 32.5]

    Parameters
    ----------
    levels : volume name and total dose in Gy; a dose of None stays None in the result
    fractions : fractions of the course
    alpha_beta_gy : α/β in Gy

    Raises
    ------
    QuantityRefused : ``no-levels``, ``level-twice``, or a number refused by :func:`portico.biology.bed`
    """
    if not levels:
        raise QuantityRefused("There is no dose level.", code="no-levels", path="levels")
    if len({roi for roi, _ in levels}) != len(levels):
        raise QuantityRefused("A volume has two dose levels.", code="level-twice", path="levels")
    bed(0.0, fractions, alpha_beta_gy)  # refuses bad fractions and α/β even where every dose is unknown
    rows = []
    for roi, dose_gy in levels:
        if dose_gy is None:
            rows.append(SibLevel(roi, None, fractions, None, None, None, alpha_beta_gy))
            continue
        effect = bed(dose_gy, fractions, alpha_beta_gy)
        equivalent = eqd2(dose_gy, fractions, alpha_beta_gy)
        per_fraction = dose_gy / fractions
        rows.append(SibLevel(roi, dose_gy, fractions, per_fraction, effect, equivalent, alpha_beta_gy))
    return tuple(rows)
