"""Earlier courses at the site, from a file of schema ``earlier/1``.

    schema: earlier/1
    courses:
    - dose: first/dose.dcm          # RTDOSE, beside this file; with it fractions and one of the three below
      fractions: 10
      same_frame: true              # or registration: FILE, or matrix: [16 numbers] from its frame to this one, in mm
      end: 2025-02-14
    - maximum: 12 Gy                # where only a figure was reported
      defined_on: thecal_sac
      fractions: 1

What is not known is null or left out. A dose needs its unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from portico.errors import InputRefused, Problem

if TYPE_CHECKING:
    from portico.dosimetry import EarlierCourse

__all__ = ["read_earlier"]

_KEYS: Final = {"dose", "fractions", "same_frame", "registration", "matrix", "end", "maximum", "defined_on"}
_TIES: Final = ("same_frame", "registration", "matrix")


def read_earlier(path: Path, frame_uid: str | None) -> tuple[EarlierCourse, ...]:
    """Read earlier courses; doses and registrations are files beside it.

    Parameters
    ----------
    path : YAML or JSON
    frame_uid : frame of reference of the current plan; needed for a registration

    Raises
    ------
    ReadingRefused, InputRefused : with all problems of the file, each with its place and line
    """
    from portico.reading import read_document

    document = read_document(path)
    body = document.value
    if not isinstance(body, Mapping) or body.get("schema") != "earlier/1" or not isinstance(body.get("courses"), list):
        raise InputRefused(
            "This is no list of earlier courses.", code="earlier-form", file=document.name,
            fix="Begin with `schema: earlier/1` and list them under `courses`.",
        )  # fmt: skip
    problems: list[Problem] = []
    found = []
    for number, entry in enumerate(body["courses"]):
        try:
            found.append(_course(entry, path.parent, frame_uid))
        except InputRefused as error:
            place = ("courses", number)
            problems.append(
                Problem(
                    error.code, error.problem.message, document.place(place), document.name, document.line(place),
                    error.problem.fix,
                )
            )  # fmt: skip
    if problems:
        raise InputRefused.from_problems(problems)
    return tuple(found)


def _course(entry: Any, folder: Path, frame_uid: str | None) -> EarlierCourse:
    from portico.biology import Course
    from portico.dosimetry import EarlierCourse, EarlierDose
    from portico.units import parse_dose

    if not isinstance(entry, Mapping) or set(entry) - _KEYS:
        raise InputRefused("A course has the keys of earlier/1 and no others.", code="earlier-form")
    fractions = entry.get("fractions")
    if fractions is not None and (type(fractions) is not int or not 1 <= fractions <= 100):
        raise InputRefused("Fractions are a whole number from 1 to 100, or null.", code="fractions-implausible")
    end = _day(entry.get("end"))
    maximum = entry.get("maximum")
    if maximum is not None and not isinstance(maximum, str):
        raise InputRefused("A maximum is a dose with its unit, such as 31 Gy.", code="dose-without-unit")
    gy = None if maximum is None else parse_dose(maximum).gy
    contour = entry.get("defined_on")
    if contour is not None and contour not in ("true_cord", "prv", "thecal_sac", "cauda_equina", "canal"):
        raise InputRefused("A maximum is read on a known contour, or null.", code="contour-unknown")
    reported = Course(gy, fractions, contour)
    place = entry.get("dose")
    ties = [key for key in _TIES if entry.get(key) not in (None, False)]
    if place is None:
        if ties:
            raise InputRefused("A transform belongs to a dose.", code="earlier-form")
        return EarlierCourse(reported, None, end)
    if not isinstance(place, str) or fractions is None or len(ties) != 1:
        raise InputRefused(
            "A dose needs its file, its fractions and one of same_frame, registration and matrix.", code="earlier-form"
        )
    dose = _dose(folder / place)
    return EarlierCourse(
        reported, EarlierDose(dose, fractions, _matrix(ties[0], entry, folder, dose.frame_uid, frame_uid)), end
    )


def _dose(path: Path) -> Any:
    from portico.rt import read_study

    doses = [one for one in read_study(path).doses if one.summation in ("PLAN", "MULTI_PLAN", "UNKNOWN")]
    if len(doses) != 1:
        raise InputRefused("The file is not one dose of a whole course.", code="not-one-dose")
    return doses[0]


def _matrix(tie: str, entry: Mapping[str, Any], folder: Path, source: str | None, target: str | None) -> Any:
    if tie == "same_frame":
        return None
    if tie == "matrix":
        numbers = entry["matrix"]
        if not isinstance(numbers, list) or len(numbers) != 16 or not all(type(n) in (int, float) for n in numbers):
            raise InputRefused("A matrix is 16 numbers, row by row.", code="not-rigid")
        return np.array(numbers, dtype=np.float64).reshape(4, 4)
    from portico.rt import read_registration

    if not isinstance(entry["registration"], str) or source is None or target is None:
        raise InputRefused("A registration needs a file and known frames of reference.", code="frame-unknown")
    return read_registration(folder / entry["registration"]).between(source, target)


def _day(value: Any) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputRefused("A day is written YYYY-MM-DD, or null.", code="bad-date") from None
