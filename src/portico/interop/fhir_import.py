"""A patient bundle (mCODE 4.0.0, CodeX radiation therapy 2.0.0, the German oncology module) as the draft of a case.

What the bundle does not say stays unknown, what is doubtful stays unknown too, and the report names each element with what was made
of it. The draft is for a person to look through: nothing is decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from portico.case import Case, case_problems, load_columns
from portico.case.answers import put, put_answer, read_answer
from portico.case.questions import QUESTIONS, Question, Steps, value_at
from portico.errors import PorticoError
from portico.interop.fhir_codes import CodeTable, load_codes
from portico.interop.fhir_import_bundle import Bundle, Item, day_of, read_bundle
from portico.interop.fhir_import_courses import Course, courses
from portico.interop.fhir_import_facts import (
    Lesion,
    Operation,
    Site,
    agents,
    answers,
    cancers,
    lesions,
    operations,
    performances,
    spread,
)
from portico.interop.fhir_import_report import ImportReport, State
from portico.reading import format_path

__all__ = ["FURTHER_COURSE", "Imported", "import_bundle"]

#: Stands in the case after the courses of a record: a list that names one does not say that there is no other. Agents are
#: followed by one without a name for the same reason.
FURTHER_COURSE: Final = "whether there was a further course is unknown"
_READ: Final = frozenset(
    {
        "Patient",
        "Condition",
        "Procedure",
        "Observation",
        "MedicationRequest",
        "MedicationStatement",
        "Device",
        "BodyStructure",
    }
)


@dataclass(frozen=True, slots=True)
class Imported:
    """The draft of a case, and the report of what was used, ignored and doubtful."""

    case: Case
    draft: dict[str, Any]
    report: ImportReport

    def to_dict(self) -> dict[str, Any]:
        """Plain data, schema ``fhir-import/1``."""
        return {"schema": "fhir-import/1", "case": self.draft, **self.report.to_dict()}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something to be put into the draft, with the line that the report gets for it."""

    steps: Steps
    value: Any
    item: Item
    place: str
    says: str
    told: Any = None


def import_bundle(
    source: str | bytes | Mapping[str, Any],
    *,
    as_of: dt.date | None = None,
    codes: CodeTable | None = None,
    name: str = "<bundle>",
) -> Imported:
    """Read a bundle of one patient into the draft of a case.

    Example
    -------
    >>> bundle = {"resourceType": "Bundle", "entry": [
    ...     {"resource": {"resourceType": "Patient", "id": "p", "gender": "female"}}]}
    >>> import_bundle(bundle).draft["patient"]
    {'sex': 'female'}

    Parameters
    ----------
    source : JSON text, or plain data that was read with the same bounds
    as_of : the day of the decision; None leaves it, the age and every interval unknown
    codes : the table of codes; the shipped one when None
    name : of the file, for errors

    Raises
    ------
    ReadingRefused : the text cannot be read safely, is no bundle, or holds more than one patient

    Source: HL7 mCODE 4.0.0; HL7 CodeX Radiation Therapy 2.0.0; Kerndatensatz-Modul Onkologie 2026.0.3.
    """
    bundle = read_bundle(source, codes or load_codes(), name=name)
    draft: dict[str, Any] = {"schema": "case/1"}
    if as_of is not None:
        draft["as_of"] = as_of.isoformat()
    draft, case = _assembled(draft, list(_pieces(bundle, as_of)), bundle)
    draft, case = _answered(draft, case, bundle)
    for item in bundle.items:
        if item.kind not in _READ:
            bundle.report.add("ignored", item.at(), item.kind, "No question asks for a resource of this type.")
    if "prior_radiotherapy" not in draft:
        bundle.report.add(
            "doubtful", "entry", "Procedure", "No earlier radiotherapy is recorded; whether there was any stays unknown.",
            "prior_radiotherapy.status",
        )  # fmt: skip
    if bundle.patient is None:
        bundle.report.add("doubtful", "entry", "Patient", "The bundle holds no patient: age and sex stay unknown.")
    return Imported(case, draft, bundle.report)


def _checked(draft: dict[str, Any]) -> Case | None:
    case, problems = case_problems(draft)
    return None if problems else case


def _assembled(draft: dict[str, Any], pieces: list[_Piece], bundle: Bundle) -> tuple[dict[str, Any], Case]:
    """The draft with every piece that holds; checked as a whole, and piece by piece only when the whole does not hold."""
    whole = deepcopy(draft)
    for piece in pieces:
        put(whole, piece.steps, piece.value)
    case = _checked(whole)
    if case is not None:
        for piece in pieces:
            _use(bundle, piece)
        return whole, case
    case = _checked(draft)
    assert case is not None
    for piece in pieces:
        tried = deepcopy(draft)
        _put_next(tried, piece)
        made = _checked(tried)
        if made is None:
            _, problems = case_problems(tried)
            why = problems[0].message if problems else "it does not hold"
            bundle.report.add(
                "doubtful", piece.place, piece.item.kind, f"It contradicts the rest: {why}", format_path(piece.steps)
            )
            continue
        draft, case = tried, made
        _use(bundle, piece)
    return draft, case


def _put_next(draft: dict[str, Any], piece: _Piece) -> None:
    """Put a piece at its place; in a list where an earlier one was refused, at the end."""
    steps = list(piece.steps)
    for i, step in enumerate(steps):
        if isinstance(step, int):
            steps[i] = min(step, len(value_at(draft, tuple(steps[:i])) or []))
    put(draft, tuple(steps), piece.value)


def _use(bundle: Bundle, piece: _Piece) -> None:
    told = piece.value if piece.told is None else piece.told
    bundle.report.add("used", piece.place, piece.item.kind, piece.says, format_path(piece.steps), told)


def _pieces(bundle: Bundle, as_of: dt.date | None) -> Iterable[_Piece]:
    yield from _patient(bundle, as_of)
    yield from _performance(bundle)
    found = lesions(bundle)
    done = operations(bundle)
    index = _index(bundle, found, done)
    yield from _lesions(bundle, found, index)
    yield from _operations(bundle, done, found, index)
    yield from _cancer(bundle, index)
    yield from _courses(bundle, index)


def _patient(bundle: Bundle, as_of: dt.date | None) -> Iterable[_Piece]:
    item = bundle.patient
    if item is None:
        return
    gender = item.resource.get("gender")
    if gender in ("female", "male", "other"):
        yield _Piece(("patient", "sex"), gender, item, item.at("gender"), "Administrative gender as recorded.")
    if item.resource.get("deceasedBoolean") is True or item.resource.get("deceasedDateTime") is not None:
        bundle.report.add("doubtful", item.at("deceased"), item.kind, "The patient is recorded as deceased.")
    birth = item.resource.get("birthDate")
    day = day_of(birth)
    if birth is None:
        return
    if day is None:
        bundle.report.add("doubtful", item.at("birthDate"), item.kind, "The day of birth is not given in full.")
    elif as_of is None:
        bundle.report.add(
            "ignored", item.at("birthDate"), item.kind, "Without the day of the decision there is no age."
        )
    elif not 0 <= (age := as_of.year - day.year - ((as_of.month, as_of.day) < (day.month, day.day))) <= 120:
        bundle.report.add("doubtful", item.at("birthDate"), item.kind, "No patient has this age.")
    else:
        yield _Piece(
            ("patient", "age_years"), age, item, item.at("birthDate"), "Whole years at the day of the decision."
        )


def _performance(bundle: Bundle) -> Iterable[_Piece]:
    for i, one in enumerate(performances(bundle)):
        value = {"scale": one.scale, "value": one.value} | ({"date": one.date.isoformat()} if one.date else {})
        yield _Piece(
            ("patient", "performance", i), value, one.item, one.item.at("valueInteger"),
            f"{one.scale} as recorded; never converted into the other scale.",
        )  # fmt: skip


def _index(bundle: Bundle, found: list[Lesion], done: list[Operation]) -> int | None:
    """Position of the lesion that was operated on: the only one, or the only one that an operation names or meets."""
    if len(found) <= 1:
        return 0 if found else None
    hit = {i for i, lesion in enumerate(found) if any(_belongs(one, lesion) for one in done)}
    if len(hit) == 1:
        return hit.pop()
    for lesion in found:
        bundle.report.add(
            "doubtful", lesion.item.at("code"), lesion.item.kind,
            "Several bone metastases, and no operation tells which one is to be treated: none is taken.", "lesions",
        )  # fmt: skip
    return None


def _belongs(operation: Operation, lesion: Lesion) -> bool:
    if operation.reasons:
        return any(lesion.is_meant_by(reason) for reason in operation.reasons)
    return operation.site.meets(lesion.site)


def _lesions(bundle: Bundle, found: list[Lesion], index: int | None) -> Iterable[_Piece]:
    if index is None:
        return
    ordered = [found[index], *(one for i, one in enumerate(found) if i != index)]
    for i, lesion in enumerate(ordered):
        value: dict[str, Any] = {"id": f"lesion-{i + 1}", "index": i == 0, **_site(lesion.site)}
        says = "The bone metastasis that was operated on." if i == 0 else "A further bone metastasis."
        if len(ordered) == 1:
            says = "The only bone metastasis in the bundle."
        if lesion.site.bone is None:
            bundle.report.add(
                "doubtful", lesion.item.at("bodySite"), lesion.item.kind, "Which bone it is in is not told."
            )
        yield _Piece(("lesions", i), value, lesion.item, lesion.item.at("code"), says)


def _site(site: Site) -> dict[str, Any]:
    made = {"bone": site.bone, "part": site.part, "side": site.side, "levels": list(site.levels) or None}
    return {key: value for key, value in made.items() if value is not None}


def _operations(bundle: Bundle, done: list[Operation], found: list[Lesion], index: int | None) -> Iterable[_Piece]:
    place = 0
    for one in done:
        at = None if index is None else next((i for i, lesion in enumerate(found) if _belongs(one, lesion)), None)
        if at is None:
            says = "An operation that no bone metastasis of the case accounts for."
            told: State = "doubtful" if one.site.bone or one.procedure else "ignored"
            bundle.report.add(told, one.item.at("code"), one.item.kind, says)
            continue
        # the index lesion stands first; the others follow in their order
        rank = 0 if at == index else 1 + [i for i in range(len(found)) if i != index].index(at)
        value: dict[str, Any] = {"lesion": f"lesion-{rank + 1}"}
        if one.date is None:
            bundle.report.add(
                "doubtful", one.item.at("performed"), one.item.kind, "The day of the operation is not told."
            )
        else:
            value["date"] = one.date.isoformat()
        if one.site.side is not None:
            value["side"] = one.site.side
        if one.procedure is None:
            bundle.report.add(
                "doubtful", one.item.at("code"), one.item.kind, "Which operation it was is not in the table of codes.",
                "surgeries[].procedure",
            )  # fmt: skip
        else:
            value["procedure"] = one.procedure
        if one.implant:
            value["hardware"] = {"present": True} | ({"material": one.material} if one.material else {})
        if place == 0:
            yield _Piece(
                ("surgery",), "done", one.item, one.item.at("status"), "An operation is recorded as completed."
            )
        yield _Piece(("surgeries", place), value, one.item, one.item.at("code"), "An operation on a bone metastasis.")
        place += 1


def _cancer(bundle: Bundle, index: int | None) -> Iterable[_Piece]:
    found = cancers(bundle)
    named = None
    if index is not None:
        named = spread(bundle, lesions(bundle)[index])
    primaries = [(i, h) for i, h in found.primary if named is None or i.index == named.index]
    if len({histology for _, histology in primaries}) > 1:
        for item, histology in primaries:
            bundle.report.add(
                "doubtful", item.at("code"), item.kind, "Several cancers, and the metastasis does not say whose it is.",
                "cancer.histology", histology,
            )  # fmt: skip
    elif primaries:
        item, histology = primaries[0]
        yield _Piece(("cancer", "histology"), histology, item, item.at("code"), "The primary cancer.")
    for key, items in (("brain_metastases", found.brain), ("visceral_metastases", found.visceral)):
        for item in items[:1]:
            yield _Piece(
                ("cancer", key), True, item, item.at("code"), "Recorded as a condition; absence is never concluded."
            )
    listed = agents(bundle)
    if listed:
        first = listed[0].item
        key = "medicationCodeableConcept"
        yield _Piece(("cancer", "systemic", "status"), "given", first, first.at(key), "An agent is recorded.")
        for i, agent in enumerate(listed):
            value = {"name": agent.name, "kind": agent.kind, "status": agent.status}
            yield _Piece(
                ("cancer", "systemic", "agents", i), {k: v for k, v in value.items() if v is not None}, agent.item,
                agent.item.at(key), "An agent with its state as recorded.",
            )  # fmt: skip
        yield _Piece(
            ("cancer", "systemic", "agents", len(listed)), {}, first, first.at(key),
            "A list of agents does not say that it is complete.",
        )  # fmt: skip


def _courses(bundle: Bundle, index: int | None) -> Iterable[_Piece]:
    found = courses(bundle)
    if not found:
        return
    treated = lesions(bundle)[index].site if index is not None else Site()
    for i, course in enumerate(found):
        value = _course(bundle, course, treated, i)
        yield _Piece(
            ("prior_radiotherapy", "courses", i), value, course.item, course.item.at("code"), "An earlier course."
        )
    yield _Piece(
        ("prior_radiotherapy", "courses", len(found)), {"id": FURTHER_COURSE}, found[0].item, found[0].item.at("code"),
        "A list of courses does not say that it is complete.",
    )  # fmt: skip


def _course(bundle: Bundle, course: Course, treated: Site, number: int) -> dict[str, Any]:
    same = course.site.is_certainly(treated)
    if not same:
        bundle.report.add(
            "doubtful", course.item.at("bodySite"), course.item.kind,
            "Whether this course touched the site to be treated now is not told.", "prior_radiotherapy.courses[].site",
        )  # fmt: skip
    value: dict[str, Any] = {
        "id": f"course-{number + 1}",
        "site": "same" if same else None,
        "dose": course.dose,
        "fractions": course.fractions,
        "technique": course.technique,
        "start": course.start.isoformat() if course.start else None,
        "end": course.end.isoformat() if course.end else None,
    }
    return {key: one for key, one in value.items() if one is not None}


def _answered(draft: dict[str, Any], case: Case, bundle: Bundle) -> tuple[dict[str, Any], Case]:
    """The draft with the answers that stand in Portico's own columns, in the order of the form."""
    given: dict[str, list[Any]] = {}
    for one in answers(bundle):
        given.setdefault(one.column, []).append(one)
    asked = {question.column: question for question in QUESTIONS if question.column is not None}
    for name in [one for one in given if one not in asked]:
        for answer in given[name]:
            bundle.report.add("ignored", answer.item.at("code"), answer.item.kind, "No question has this name.")
    columns = load_columns()
    taken: list[_Taken] = []
    for name, question in asked.items():
        found = given.get(name, [])
        if not found:
            continue
        answer, place = found[0], found[0].item.at(found[0].place)
        at = format_path(question.steps)
        if answer.item.resource.get("status") not in ("final", "amended", "corrected"):
            bundle.report.add("doubtful", answer.item.at("status"), answer.item.kind, "The answer is not final.", at)
            continue
        if len({one.text for one in found}) > 1:
            bundle.report.add("doubtful", place, answer.item.kind, "Two answers to one question disagree.", at)
            continue
        if question.steps[0] == "surgeries" and len(draft.get("surgeries", ())) > 1:
            bundle.report.add("doubtful", place, answer.item.kind, "It is not told which operation is meant.", at)
            continue
        try:
            value = read_answer(answer.text, question, columns[name])
        except PorticoError:
            bundle.report.add("doubtful", place, answer.item.kind, "This is none of the answers of the question.", at)
            continue
        if value is not None:
            taken.append(_Taken(answer.item, place, question, value))
    whole, told = deepcopy(draft), []
    for fit in taken:
        told.append(_take(whole, fit))
    made = _checked(whole)
    if made is not None:
        for fit, used in zip(taken, told, strict=True):
            _tell(bundle, fit, used=used)
        return whole, made
    for fit in taken:
        tried = deepcopy(draft)
        used = _take(tried, fit)
        made = _checked(tried)
        if made is None:
            at = format_path(fit.question.steps)
            bundle.report.add("doubtful", fit.place, fit.item.kind, "It contradicts the rest of the case.", at)
            continue
        _tell(bundle, fit, used=used)
        draft, case = tried, made
    return draft, case


@dataclass(frozen=True, slots=True)
class _Taken:
    """An answer in Portico's own columns that fits its question."""

    item: Item
    place: str
    question: Question
    value: Any


def _take(draft: dict[str, Any], one: _Taken) -> bool:
    """Put an answer into a draft; where another resource answered differently, take both out and give False."""
    known = value_at(draft, one.question.steps)
    if known is not None and known != one.value:
        _remove(draft, one.question.steps)
        return False
    put_answer(draft, (), one.question, one.value)
    return True


def _tell(bundle: Bundle, one: _Taken, *, used: bool) -> None:
    at = format_path(one.question.steps)
    if used:
        bundle.report.add("used", one.place, one.item.kind, "An answer in Portico's own columns.", at, one.value)
    else:
        says = "Another resource of the bundle answers differently; neither is taken."
        bundle.report.add("doubtful", one.place, one.item.kind, says, at)


def _remove(draft: dict[str, Any], steps: Steps) -> None:
    here: Any = draft
    for step in steps[:-1]:
        here = here[step]
    if isinstance(here, dict):
        here.pop(steps[-1], None)
