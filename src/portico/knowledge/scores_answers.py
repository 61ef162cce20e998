"""What the answers to a score can mean: for every question, the points and choices still possible.

An answer that is missing, None or ``"unknown"`` leaves every possibility open. Nothing is ever filled in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portico.errors import CannotTell, QuantityRefused, UsageError
from portico.knowledge.scores_laboratory import read_laboratory
from portico.knowledge.scores_model import Choice, Input, Score
from portico.reading import did_you_mean

__all__ = ["Answer", "Item", "read_answers", "read_number"]

Answer = str | int | float | None
"""What a caller may give: a choice id, a number, or None for unknown."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Item:
    """One question with what its answer leaves open.

    Parameters
    ----------
    question : the question as the score file has it
    answered : was anything given for it?
    settled : does the answer leave exactly one possibility?
    value : the number given, in the unit of the question; None when unknown or not a number
    points : the points still possible; empty when the question gives none
    choices : the choice ids still possible; empty when the question is a number
    notes : what a reader should know about this answer
    """

    question: Input
    answered: bool
    settled: bool
    value: float | None
    points: frozenset[int]
    choices: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_answers(score: Score, answers: Mapping[str, Answer]) -> dict[str, Item]:
    """Read every answer against the questions of ``score``.

    >>> from portico.knowledge.scores import load_scores
    >>> items = read_answers(load_scores()["sins"], {"pain": "mechanical"})
    >>> sorted(items["pain"].points), sorted(items["location"].points)
    ([3], [0, 1, 2, 3])

    Parameters
    ----------
    score : the score whose questions are asked
    answers : by input id; a missing key, None and ``"unknown"`` all mean unknown

    Raises
    ------
    UsageError : an input or a choice that the score does not have
    QuantityRefused : a number outside the scale of its question
    CannotTell : an answer that the scale knows but the published table does not
    """
    allowed = [question.id for question in score.inputs]
    allowed += [cutoff.analyte for question in score.inputs for cutoff in question.cutoffs]
    for name in answers:
        if name not in allowed:
            raise UsageError(
                f"{score.id} has no input of this name.",
                code="unknown-input",
                fix=_suggest(str(name), allowed, "Inputs"),
            )
    return {question.id: _read_one(score, question, answers) for question in score.inputs}


def read_number(value: Answer, question: Input, *, path: str) -> float:
    """A finite number within the scale of ``question``; whole where the question counts."""
    if isinstance(value, bool) or value is None:
        raise QuantityRefused("A number is needed here.", code="not-a-number", path=path)
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            raise QuantityRefused(
                "This is not a plain number.",
                code="not-a-number",
                path=path,
                fix=f"Write digits only, in {question.unit}.",
            )
        number = float(text)
    else:
        number = float(value) if abs(value) < 1e15 else math.inf
    if not math.isfinite(number):
        raise QuantityRefused("A finite number is needed here.", code="not-a-number", path=path)
    if question.type == "int" and number != int(number):
        raise QuantityRefused("A whole number is needed here.", code="not-whole", path=path)
    low, high = question.minimum, question.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise QuantityRefused(
            f"The value lies outside the scale of {question.label}.",
            code="out-of-range",
            path=path,
            fix=f"Give {_span(low, high)} in {question.unit}, or leave it unknown.",
        )
    if question.step is not None and int(number) % question.step:
        raise QuantityRefused(
            f"{question.label} goes in steps of {question.step}.",
            code="between-steps",
            path=path,
            fix=f"Give a multiple of {question.step}.",
        )
    return number


def _read_one(score: Score, question: Input, answers: Mapping[str, Answer]) -> Item:
    value = answers.get(question.id)
    known = _known(value)
    measured = {c.analyte: answers[c.analyte] for c in question.cutoffs if _known(answers.get(c.analyte))}
    path = f"{score.id}.{question.id}"
    if known and measured:
        raise UsageError(
            f"{question.label} is given twice, as a tier and as values.",
            code="answered-twice",
            path=path,
            fix="Give the values or the tier, not both.",
        )
    if measured:
        return _from_laboratory(score, question, measured)
    if not known:
        return _open(question)
    if question.type == "choice":
        return _from_choice(question, value, path)
    number = read_number(value, question, path=path)
    return Item(question, True, True, number, _points_of(score, question, number), ())


def _points_of(score: Score, question: Input, number: float) -> frozenset[int]:
    if not question.bands:
        return frozenset({int(number)}) if question.type == "int" else frozenset()
    points = frozenset(band.points for band in question.bands if band.holds(number))
    if not points:
        raise CannotTell(
            f"The published table of {score.id} has no place for this value of {question.label}.",
            code="outside-score-scope",
            path=f"{score.id}.{question.id}",
            fix="The score does not apply; use another.",
        )
    return points


def _from_choice(question: Input, value: Answer, path: str) -> Item:
    chosen = None if isinstance(value, bool) else _find(question.choices, str(value).strip())
    if chosen is None:
        ids = [choice.id for choice in question.choices]
        raise UsageError(
            f"{question.label} has no such answer.",
            code="unknown-choice",
            path=path,
            fix=_suggest(str(value), ids, "Answers"),
        )
    if chosen.out_of_scope is not None:
        raise CannotTell(chosen.out_of_scope, code="outside-score-scope", path=path)
    if chosen.undefined is not None:
        points = frozenset(chosen.possible_points)
        return Item(question, True, False, None, points, (chosen.id,), (chosen.undefined,))
    points = frozenset() if chosen.points is None else frozenset({chosen.points})
    return Item(question, True, True, None, points, (chosen.id,))


def _from_laboratory(score: Score, question: Input, measured: Mapping[str, Answer]) -> Item:
    readings: dict[str, float] = {}
    for analyte, value in measured.items():
        path = f"{score.id}.{analyte}"
        number_question = Input(id=analyte, label=analyte, type="number", unit="the unit of its name")
        readings[analyte] = read_number(value, number_question, path=path)
    tier = read_laboratory(question, readings)
    points = frozenset(
        choice.points for choice in question.choices if choice.id in tier.possible and choice.points is not None
    )
    return Item(question, True, tier.tier is not None, None, points, tier.possible, tier.notes)


def _open(question: Input) -> Item:
    choices = tuple(choice.id for choice in question.choices if choice.out_of_scope is None)
    return Item(question, False, False, None, question.all_points(), choices)


def _find(choices: tuple[Choice, ...], word: str) -> Choice | None:
    return next((choice for choice in choices if choice.id == word), None)


def _known(value: Answer) -> bool:
    return value is not None and value != UNKNOWN


def _span(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low:g} or more"
    return f"{low:g} to {high:g}"


def _suggest(word: str, choices: list[str], what: str) -> str:
    guess = did_you_mean(word, choices)
    listed = f"{what}: {', '.join(choices)}."
    return f"Did you mean {guess}? {listed}" if guess else listed


def selector_branches(score: Score, items: Mapping[str, Item]) -> Iterator[tuple[str | None, tuple[Item, ...]]]:
    """The sets of items that can apply: one, or one for each choice of an open selector.

    Yields the choice of the selector (None when the score has none) with the items that then count.

    Raises
    ------
    UsageError : an answer to an item that no remaining choice of the selector uses
    """
    selectors = [item for item in items.values() if item.question.role == "selector"]
    scored = [item for item in items.values() if item.question.role == "item"]
    if not selectors:
        yield None, tuple(scored)
        return
    selector = selectors[0]
    found = False
    for choice in selector.choices:
        active = tuple(item for item in scored if item.question.only_if.get(selector.question.id, choice) == choice)
        if all(item in active for item in scored if item.answered):
            found = True
            yield choice, active
    if not found:
        raise UsageError(
            "An item is answered that does not belong to the chosen form.",
            code="input-not-applicable",
            path=f"{score.id}.{selector.question.id}",
            fix=f"Answer the items of one {selector.question.label.lower()} only.",
        )
