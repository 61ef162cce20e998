"""One patient's FHIR resources as rows of a registry: a row for each course after an operation, seen from its first day; and one
for a patient who was operated on and has no course, seen from the last entry within six weeks of the operation.

What was known on that day is read by the same import that makes a case; resources dated later are left out of it. What the
resources do not say stays unknown: no code tells a stereotactic course, a summary tells what was delivered and not what was
prescribed, and a patient who is not recorded as dead is not therefore alive.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portico.interop.fhir_codes import CodeTable
from portico.interop.fhir_directive import prescribed
from portico.interop.fhir_import import import_bundle
from portico.interop.fhir_import_bundle import Bundle, Item, day_of, listed, read_bundle
from portico.interop.fhir_import_courses import Course, courses
from portico.interop.fhir_import_facts import operations

__all__ = ["PatientRows", "patient_rows"]

#: Where a resource keeps its day, in the order in which it is looked for.
_DAYS: Final = ("effectiveDateTime", "performedDateTime", "onsetDateTime", "recordedDate", "authoredOn", "dateAsserted")
#: The decision on radiotherapy falls into this time after an operation, for patients of whom no course is recorded.
_SIX_WEEKS: Final = dt.timedelta(days=42)
_PERIODS: Final = ("effectivePeriod", "performedPeriod", "occurrencePeriod", "onsetPeriod")


@dataclass(frozen=True, slots=True)
class PatientRows:
    """Rows of one patient.

    Parameters
    ----------
    rows : values by column of the registry, without keys; None is unknown
    left_out : courses that give no row, by reason: ``no-start``, ``not-after-operation``
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


def patient_rows(resources: Sequence[Mapping[str, Any]], codes: CodeTable) -> PatientRows:
    """The rows of one patient.

    Parameters
    ----------
    resources : everything that names the patient, and the Patient itself
    codes : the table of codes

    Raises
    ------
    ReadingRefused : ``several-patients``
    """
    whole = _bundle(resources)
    bundle = read_bundle(whole, codes)
    given = courses(bundle)
    dated = sorted((one for one in given if one.start is not None), key=lambda one: (one.start, one.item.index))
    found = PatientRows()
    if len(dated) < len(given):
        found.left_out["no-start"] = len(given) - len(dated)
    decisions: list[tuple[dt.date, Course | None]] = [(one.start, one) for one in dated if one.start is not None]
    if not given:
        days = [one.date for one in operations(bundle) if one.date is not None]
        decisions = [(_known_until(bundle, max(days)), None)] if days else []
    for as_of, course in decisions:
        row = _row(resources, bundle, codes, as_of, course, dated)
        if row is None:
            found.left_out["not-after-operation"] = found.left_out.get("not-after-operation", 0) + 1
            continue
        if row["prior_rt_at_site"] is True and found.rows and found.rows[-1]["surgery"] == row["surgery"]:
            before = found.rows[-1]
            before["reirradiation_day"] = (as_of - row["surgery"]).days
        found.rows.append(row)
    for row in found.rows:
        del row["surgery"]
    return found


def _known_until(bundle: Bundle, surgery: dt.date) -> dt.date:
    """Where no radiotherapy is recorded: the last day within six weeks of the operation on which something was."""
    days = [day for item in bundle.items if (day := _day(item.resource)) is not None]
    return max(day for day in (surgery, *days) if day <= surgery + _SIX_WEEKS)


def _bundle(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _row(
    resources: Sequence[Mapping[str, Any]], bundle: Bundle, codes: CodeTable, as_of: dt.date, course: Course | None,
    every: Sequence[Course],
) -> dict[str, Any] | None:  # fmt: skip
    """The row of one course; None when no operation came before it."""
    later = {one.item.index for one in every if one.start is not None and one.start >= as_of}
    known = [
        one
        for place, one in enumerate(resources)
        if place not in later and ((day := _day(one)) is None or day <= as_of)
    ]
    row = import_bundle(_bundle(known), as_of=as_of, codes=codes).case.row()
    days = row["days_since_surgery"]
    if row["surgery_done"] is not True or days is None:
        return None
    surgery = as_of - dt.timedelta(days=days)
    row |= {
        "surgery": surgery,
        "surgery_year": surgery.year,
        "surgery_quarter": (surgery.month + 2) // 3,
        "reirradiation_day": None,
    }
    row |= _end(bundle, surgery)
    if course is not None:
        row |= {
            "start_day": days,
            "end_day": None if course.end is None else (course.end - surgery).days,
            "delivered_dose_gy": _gy(course.dose),
            "delivered_fractions": course.fractions,
            "prescribed_option": "other" if course.technique in ("particle", "brachytherapy") else None,
            **_prescription(bundle, course, len(every) == 1),
        }
    return row


def _end(bundle: Bundle, surgery: dt.date) -> dict[str, Any]:
    """Last day and whether dead: the day of death, or the last day of any resource of somebody recorded as alive."""
    unknown: dict[str, Any] = {"follow_up_day": None, "dead": None}
    if bundle.patient is None:
        return unknown
    resource = bundle.patient.resource
    death = day_of(resource.get("deceasedDateTime"))
    if death is not None:
        return {"follow_up_day": (death - surgery).days, "dead": True}
    if resource.get("deceasedBoolean") is not False:
        return unknown
    days = [day for item in bundle.items if (day := _last(item)) is not None]
    return {"follow_up_day": (max(days) - surgery).days, "dead": False} if days else unknown


def _last(item: Item) -> dt.date | None:
    ends = [day_of(item.resource[key].get("end")) for key in _PERIODS if isinstance(item.resource.get(key), Mapping)]
    days = [day for day in (*ends, _day(item.resource)) if day is not None]
    return max(days) if days else None


def _day(resource: Mapping[str, Any]) -> dt.date | None:
    """When a resource became true; None where it does not say a day."""
    for key in _PERIODS:
        period = resource.get(key)
        if isinstance(period, Mapping) and (day := day_of(period.get("start"))) is not None:
            return day
    return next((day for key in _DAYS if (day := day_of(resource.get(key))) is not None), None)


def _gy(dose: str | None) -> float | None:
    """Gray from the text of a dose with its unit."""
    if dose is None:
        return None
    amount, unit = dose.split()
    return round(float(amount) / (100.0 if unit == "cGy" else 1.0), 6)


def _prescription(bundle: Bundle, course: Course, alone: bool) -> dict[str, Any]:
    """Highest prescribed level and its fractions, from the request that the course is based on, or from the only one."""
    named = [bundle.resolve(one) for one in listed(course.item.resource.get("basedOn"))]
    requests = [one for one in named if one is not None and one.kind == "ServiceRequest" and prescribed(one.resource)]
    if not requests and alone:
        requests = [one for one in bundle.of("ServiceRequest") if prescribed(one.resource)]
    if len(requests) != 1:
        return {}
    dose, fractions = max(prescribed(requests[0].resource), key=lambda one: one[0])
    return {"prescribed_dose_gy": dose, "prescribed_fractions": fractions}
