"""Reading one answer of the guided questions: closed words, quantities with their unit, or unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from portico.case.columns import Column
from portico.case.questions import Question, Steps
from portico.errors import QuantityRefused, UsageError
from portico.reading import did_you_mean
from portico.units import parse_dose, parse_length

__all__ = ["UNKNOWN", "allowed", "explanation", "put", "put_answer", "read_answer"]

#: What stands beside an answer because the schema asks for it.
_BESIDE: Final[dict[str, dict[Steps, Any]]] = {
    "ecog": {("patient", "performance", 0, "scale"): "ECOG"},
    "kps": {("patient", "performance", 0, "scale"): "KPS"},
    "survival_months_low": {("patient", "survival", 0, "by"): "clinician"},
    "survival_months_high": {("patient", "survival", 0, "by"): "clinician"},
}

UNKNOWN: Final = ("", "unknown")
"""Answers that mean unknown; an empty line is one of them."""

_YES_NO: Final = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_SEPARATOR = re.compile(r"[,\s]+")
_HINT: Final = {
    "flag": "yes, no",
    "date": "YYYY-MM-DD",
    "dose": "with its unit, as in 30 Gy",
    "length": "with its unit, as in 32 cm",
    "levels": "as in T8 T9",
    "sectors": "numbers 1 to 6, as in 1 2 6",
}


def _values(question: Question, column: Column | None) -> tuple[str, ...]:
    return question.values or (column.values if column else ())


def allowed(question: Question, column: Column | None) -> str:
    """What may be answered, in brackets after the question; empty for free text."""
    values = _values(question, column)
    if question.kind == "enum":
        return ", ".join(values)
    if question.kind in ("int", "number") and column is not None:
        low = "" if column.low is None else f"{column.low:g}"
        high = "" if column.high is None else f"{column.high:g}"
        unit = f" {column.unit}" if column.unit and column.unit != "0-10" else ""
        return f"{low} to {high}{unit}" if low and high else unit.strip()
    return _HINT.get(question.kind, "")


def explanation(question: Question, column: Column | None) -> str:
    """What ``?`` prints."""
    if column is None:
        return question.explain
    told = f" It is taken as: {column.aggregate}." if column.aggregate else ""
    return f"{column.meaning[0].upper()}{column.meaning[1:]}.{told} An empty line means unknown."


def read_answer(text: str, question: Question, column: Column | None) -> Any:
    """The answer as plain data of the case; None when unknown.

    >>> from portico.case.questions import QUESTIONS
    >>> cement = next(q for q in QUESTIONS if q.column == "cement")
    >>> read_answer("yes", cement, None), read_answer("", cement, None)
    (True, None)

    Parameters
    ----------
    text : the line that was typed
    question, column : what was asked; the column gives an enum its words

    Raises
    ------
    UsageError : ``bad-answer``; the answer itself is not repeated
    QuantityRefused : a dose or a length without unit, or implausible
    """
    plain = text.strip()
    if plain.lower() in UNKNOWN:
        return None
    reader = _READERS.get(question.kind)
    return reader(plain, question, column) if reader else plain


def _bad(message: str, fix: str = "") -> UsageError:
    return UsageError(message, code="bad-answer", fix=fix or "An empty line means unknown; ? explains.")


def _enum(text: str, question: Question, column: Column | None) -> str:
    values = _values(question, column)
    word = re.sub(r"[\s-]+", "_", text)
    found = next((value for value in values if value.lower() == word.lower()), None)
    if found is None:
        near = did_you_mean(word, values)
        raise _bad("This is none of the answers.", f"Did you mean {near}?" if near else "")
    return found


def _flag(text: str, question: Question, column: Column | None) -> bool | str:
    flag = _YES_NO.get(text.lower())
    if flag is None:
        raise _bad("Answer yes or no.")
    stored = question.yes if flag else question.no
    return flag if stored is None else stored


def _int(text: str, question: Question, column: Column | None) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise _bad("A whole number is needed here.")
    return int(_bounded(float(text), column))


def _number(text: str, question: Question, column: Column | None) -> int | float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise _bad("A number in digits is needed here.")
    number = _bounded(float(text), column)
    return int(number) if number == int(number) else number


def _bounded(number: float, column: Column | None) -> float:
    if column is not None and not (
        (column.low is None or number >= column.low) and (column.high is None or number <= column.high)
    ):
        raise _bad(f"The number must lie between {column.low:g} and {column.high:g}.")
    return number


def _date(text: str, question: Question, column: Column | None) -> str:
    if text.lower() == "today":
        from datetime import date

        return date.today().isoformat()
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise _bad("A date is written as YYYY-MM-DD.")
    return text


def _quantity(parse: Callable[[str], object]) -> Callable[[str, Question, Column | None], str]:
    def read(text: str, question: Question, column: Column | None) -> str:
        try:
            return str(parse(text))
        except QuantityRefused as error:
            # without the number: an answer is never repeated
            message = "This dose is implausible." if error.code == "dose-implausible" else error.problem.message
            fix = "Check number and unit." if error.code == "dose-implausible" else error.problem.fix
            raise QuantityRefused(message, code=error.code, fix=fix) from None

    return read


def _levels(text: str, question: Question, column: Column | None) -> list[str]:
    return [word.upper() for word in _SEPARATOR.split(text) if word]


def _sectors(text: str, question: Question, column: Column | None) -> list[int]:
    words = [word for word in _SEPARATOR.split(text) if word]
    if not all(re.fullmatch(r"[1-6]", word) for word in words):
        raise _bad("Sectors are numbers from 1 to 6.")
    return [int(word) for word in words]


_READERS: Final[dict[str, Callable[[str, Question, Column | None], Any]]] = {
    "enum": _enum,
    "flag": _flag,
    "int": _int,
    "number": _number,
    "date": _date,
    "dose": _quantity(parse_dose),
    "length": _quantity(parse_length),
    "levels": _levels,
    "sectors": _sectors,
}


def put(draft: dict[str, Any], steps: Steps, value: Any) -> None:
    """Set a place of plain data in place, making mappings and lists on the way."""
    here: Any = draft
    for step, after in pairwise(steps):
        empty: Any = [] if isinstance(after, int) else {}
        if isinstance(step, int):
            while len(here) <= step:
                here.append({} if isinstance(after, str) else [])
            here = here[step]
        else:
            here = here.setdefault(step, empty)
    last = steps[-1]
    if isinstance(last, int):
        here.append(value)
    else:
        here[last] = value


def put_answer(draft: dict[str, Any], base: Steps, question: Question, value: Any) -> None:
    """Set an answer in place, with what the schema asks to stand beside it.

    Parameters
    ----------
    base : where the question's own steps begin: an agent, an earlier course, or the case itself
    """
    put(draft, (*base, *question.steps), value)
    for steps, beside in _BESIDE.get(question.column or "", {}).items():
        put(draft, steps, beside)
