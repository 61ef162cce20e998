"""Checks of a score file that go across its keys; each failure names file, line and place.

A points table whose range disagrees with the published range, classes that leave a gap, figures that run
against the stated direction, an example that no longer comes out: each stops the file from loading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from portico.errors import KnowledgeRefused, PorticoError, Problem
from portico.knowledge.scores_compute import compute
from portico.knowledge.scores_consistency import contradictions
from portico.knowledge.scores_model import Example, Score
from portico.reading import Document

__all__ = ["check_score"]

SCHEMA: Final = "score/1"
_Found = Iterator[tuple[str, tuple[str | int, ...], str]]


def check_score(document: Document) -> Score:
    """Turn a score file into a :class:`Score`, or refuse it.

    Parameters
    ----------
    document : the file as read by :func:`portico.reading.parse_yaml`

    Raises
    ------
    KnowledgeRefused : with every problem found, each with code, file, line and place
    """
    score = _model(document)
    problems = [_problem(document, *found) for found in contradictions(score)]
    problems = problems or [_problem(document, *found) for found in _examples(score)]
    if problems:
        raise KnowledgeRefused.from_problems(problems)
    return score


def _model(document: Document) -> Score:
    value = document.value
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise KnowledgeRefused.from_problems(
            [_problem(document, "score-schema", ("schema",), f"This file is not {SCHEMA}.")]
        )
    try:
        score = Score.model_validate({key: part for key, part in value.items() if key != "schema"})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise KnowledgeRefused.from_problems(
            [_problem(document, "score-schema", one["loc"], f"{one['msg']}.") for one in found]
        ) from None
    if document.name.rsplit("/", 1)[-1] != f"{score.id}.yaml":
        raise KnowledgeRefused.from_problems(
            [_problem(document, "score-id", ("id",), "The id differs from the name of the file.")]
        )
    return score


def _problem(document: Document, code: str, path: tuple[str | int, ...], message: str) -> Problem:
    return Problem(code, message, document.place(path), document.name, document.line(path))


def _examples(score: Score) -> _Found:
    for at, example in enumerate(score.examples):
        wrong = _example_fails(score, example)
        if wrong:
            yield "score-example", ("examples", at), wrong


def _example_fails(score: Score, example: Example) -> str | None:
    try:
        result = compute(score, example.answers)
    except PorticoError as error:
        if error.code == example.refused_as:
            return None
        return f"An example is refused ({error.code}) that should not be."
    if example.refused_as is not None:
        return f"An example should be refused ({example.refused_as}) and is not."
    if result.total != example.total:
        return f"An example gives the total {result.total} instead of {example.total}."
    if example.low is not None and (result.low, result.high) != (example.low, example.high):
        return f"An example gives {result.low}-{result.high} instead of {example.low}-{example.high}."
    if result.class_id != example.gives:
        return f"An example gives the class {result.class_id} instead of {example.gives}."
    return None
