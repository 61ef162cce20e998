"""The case form: the guided questions as fields, every one of which may stay unknown, and the case they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from portico.case import Case, case_problems, load_columns
from portico.case.answers import allowed, explanation, put, put_answer, read_answer
from portico.case.questions import AGENT, COURSE, QUESTIONS, Question, Steps, value_at
from portico.errors import PorticoError

__all__ = ["AGENTS", "COURSES", "Field", "Read", "Section", "Wrong", "read_form", "sections", "words"]

AGENTS: Final = 3
"""Agents that the form has room for."""
COURSES: Final = 2
"""Earlier courses that the form has room for."""
ALL_COURSES: Final = "courses_all_named"
_HEADS: Final[Mapping[str, str]] = {
    "case": "The decision",
    "lesions": "The bone",
    "spine": "Spinal cord and nerves",
    "surgery": "The operation",
    "cancer": "The cancer",
    "patient": "The patient",
    "prior_radiotherapy": "Earlier radiotherapy at this site",
    "status": "How the patient is now",
    "preflight": "Before treatment",
    "department": "What the department can do",
    "wishes": "What the patient wants",
}
#: What the terminal says of an empty answer, and what a page says.
_TERMINAL: Final = "An empty line means unknown; ? explains."
_PAGE: Final = "Leave it empty when it is unknown."
_PLACE: Final[Mapping[str, str]] = {"label": "case", "as_of": "case", "surgeries": "surgery"}
_FURTHER: Final = Question(
    None, ("more",), "flag", ask="Are these all the courses at this site?",
    explain="Unless the answer is yes, a further course with unknown dose is kept in mind.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrong:
    """An answer that does not fit: the field, its question and what to do."""

    name: str
    ask: str
    message: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the page shows it."""

    name: str
    ask: str
    kind: str
    hint: str
    explain: str
    choices: tuple[tuple[str, str], ...]
    value: str
    wrong: str
    matters: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading.

    Parameters
    ----------
    fields : those that concern the case as answered so far, are answered, or matter most
    later : the others; shown folded, so that the form stays short, and never left out
    """

    name: str
    head: str
    fields: tuple[Field, ...]
    later: tuple[Field, ...] = ()


#: The case of the answers that fit, the same as plain data, and the answers that do not.
Read = tuple[Case, dict[str, Any], tuple[Wrong, ...]]


def words(value: str) -> str:
    """A closed word as a person reads it.

    >>> words("renal_cell")
    'renal cell'
    """
    return value.replace("_", " ")


def _name(question: Question) -> str:
    return question.column or ".".join(map(str, question.steps))


def _asked() -> Iterator[tuple[str, str, Question, Steps]]:
    """Section, name, question and the place it starts from, in the order in which answers are taken."""
    for question in QUESTIONS:
        first = str(question.steps[0])
        section = _PLACE.get(first, first)
        yield section, _name(question), question, ()
        if question.column == "systemic_therapy":
            for number in range(AGENTS):
                for part in AGENT:
                    place: Steps = ("cancer", "systemic", "agents", number)
                    yield section, f"agent{number + 1}.{'.'.join(map(str, part.steps))}", part, place
        if question.column == "prior_rt_at_site":
            for number in range(COURSES):
                for part in COURSE:
                    place = ("prior_radiotherapy", "courses", number)
                    yield section, f"course{number + 1}.{'.'.join(map(str, part.steps))}", part, place
            yield section, ALL_COURSES, _FURTHER, ()


def _ask(question: Question, name: str) -> str:
    column = load_columns()[question.column] if question.column else None
    text = question.ask or (column.ask if column else "")
    number = next((n for n in name.partition(".")[0] if n.isdigit()), "")
    if name.startswith("agent"):
        return f"Agent {number}: {text}"
    return f"Course {number}: {text}" if name.startswith("course") and number else text


def sections(
    answers: Mapping[str, str], read: Read | None = None, matters: frozenset[str] = frozenset()
) -> list[Section]:
    """The form with what was typed.

    Parameters
    ----------
    answers : by name of field; a missing one is unknown
    read : what :func:`read_form` made of them; read here when None
    matters : names of fields whose answers matter most
    """
    case, draft, wrong = read if read is not None else read_form(answers)
    columns, row = load_columns(), case.row()
    now: dict[str, list[Field]] = {name: [] for name in _HEADS}
    later: dict[str, list[Field]] = {name: [] for name in _HEADS}
    messages = {one.name: one.message for one in wrong}
    for section, name, question, base in _asked():
        column = columns[question.column] if question.column else None
        hint = allowed(question, column)
        choices: tuple[tuple[str, str], ...] = ()
        if question.kind == "enum":
            choices, hint = tuple((word, words(word)) for word in hint.split(", ")), ""
        elif question.kind == "flag":
            choices, hint = (("yes", "yes"), ("no", "no")), ""
        told = explanation(question, column).replace(" An empty line means unknown.", "")
        field = Field(
            name, _ask(question, name), question.kind, hint, told, choices, answers.get(name, ""),
            messages.get(name, ""), name in matters,
        )  # fmt: skip
        first = field.value or field.wrong or field.matters or _concerns(name, question, base, draft, row)
        (now if first else later)[section].append(field)
    return [
        Section(name, head, tuple(now[name]), tuple(later[name]))
        for name, head in _HEADS.items()
        if now[name] or later[name]
    ]


def _concerns(name: str, question: Question, base: Steps, draft: dict[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a question concerns the case so far; of agents and courses, one row more than is filled."""
    if "agents" in base or base[:1] == ("prior_radiotherapy",):
        number = int(base[-1])
        if number > len(value_at(draft, base[:-1]) or ()):
            return False
    if name == ALL_COURSES:
        return bool(value_at(draft, ("prior_radiotherapy", "courses")))
    return not _no_concern(question, base, draft, row)


def read_form(answers: Mapping[str, str]) -> Read:
    """The case that the answers make, with its plain data, and every answer that does not fit.

    Parameters
    ----------
    answers : by name of field; what is empty or ``unknown`` is unknown. An answer to a question that does not
        concern the case is an error: it is never dropped in silence

    Returns
    -------
    the case of the answers that fit, the same as plain data, and the others
    """
    taken = _Taking(checked=False)
    wrong = taken.all(answers)
    case, problems = case_problems(taken.draft)
    if wrong or problems or case is None:
        # Something does not fit: once more, with the case checked after every answer, so that the answer is found.
        taken = _Taking(checked=True)
        wrong = taken.all(answers)
        case, problems = case_problems(taken.draft)
    assert case is not None and not problems, "every answer was checked when it was taken"
    return case, taken.draft, wrong


class _Taking:
    """Answers taken one after another into a case that grows.

    Parameters
    ----------
    checked : whether the case is checked after every answer; without it the caller checks the whole once
    """

    def __init__(self, *, checked: bool) -> None:
        self._checked = checked
        self.draft: dict[str, Any] = {"schema": "case/1"}
        self._entries: dict[str, int] = {}

    def all(self, answers: Mapping[str, str]) -> tuple[Wrong, ...]:
        """Take them in the order of the questions; gives those that do not fit."""
        found = []
        for _, name, question, base in _asked():
            message = self._take(answers.get(name, ""), name, question, base)
            if message:
                found.append(Wrong(name, _ask(question, name), message))
        return tuple(found)

    def _take(self, text: str, name: str, question: Question, base: Steps) -> str:
        if name == ALL_COURSES:
            _further(self.draft, text)
            return ""
        try:
            value = read_answer(text, question, load_columns()[question.column] if question.column else None)
        except PorticoError as error:
            return f"{error.problem.message} {error.problem.fix}".strip().replace(_TERMINAL, _PAGE)
        if value is None:
            return ""
        blocked = _no_concern(question, base, self.draft, _LazyRow(self.draft))
        if blocked:
            return blocked
        tried = deepcopy(self.draft) if self._checked else self.draft
        put_answer(tried, _entry(tried, base, name.partition(".")[0], self._entries), question, value)
        if self._checked:
            made, problems = case_problems(tried)
            if made is None or problems:
                message = problems[0].message
                return f"{message[0].upper()}{message[1:]} {problems[0].fix}".strip()
            self.draft = tried
        return ""


class _LazyRow(Mapping[str, Any]):
    """The flat row of a case so far, made when a question first looks into it: most look at the case alone."""

    def __init__(self, draft: dict[str, Any]) -> None:
        self._draft = draft

    @cached_property
    def _row(self) -> Mapping[str, Any]:
        case, _ = case_problems(self._draft)
        return {} if case is None else case.row()

    def __getitem__(self, name: str) -> Any:
        return self._row[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row)

    def __len__(self) -> int:
        return len(self._row)


def _no_concern(question: Question, base: Steps, draft: dict[str, Any], row: Mapping[str, Any]) -> str:
    parent = base[:2] if base[:1] == ("prior_radiotherapy",) else ()
    if parent and value_at(draft, ("prior_radiotherapy", "status")) != "given":
        return "This describes an earlier course, and no earlier radiotherapy at this site is stated."
    if question.when(draft, row):
        return ""
    if question.column == "kps":
        return "The performance status is given as ECOG already. Leave one of the two empty."
    return (
        "This question does not concern the case as the other answers describe it. Leave it unknown, or correct those."
    )


def _entry(draft: dict[str, Any], base: Steps, row: str, entries: dict[str, int]) -> Steps:
    """Place of the entry for a row of the form; rows left empty make no entry, so entries stand without gaps."""
    if not base:
        return base
    known = value_at(draft, base[:-1]) or []
    if row not in entries or entries[row] >= len(known):
        entries[row] = len(known)
        put(draft, (*base[:-1], entries[row]), {"status": "current"} if "agents" in base else {"site": "same"})
    return (*base[:-1], entries[row])


def _further(draft: dict[str, Any], text: str) -> None:
    courses = value_at(draft, ("prior_radiotherapy", "courses"))
    if courses and text != "yes":
        # Without this entry one course would count as the only one, which nobody has said.
        courses.append({"id": "whether there was a further course is unknown"})
