"""The gap map: how many studies stand behind each population and outcome, and what should be asked next, with sizes.

Every number of a proposed trial comes from figures of the library that are named beside it; where a figure is missing
there is no size, and the sentence says what is missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portico.errors import PorticoError
from portico.knowledge import Library
from portico.knowledge.pools import Answer
from portico.synthesis.pools import FIRM_LEVELS
from portico.synthesis.sample_size import (
    SampleSize,
    log_rank_with_competing_death,
    noninferior_proportions,
    two_proportions,
)
from portico.synthesis.selection import SECONDARY_LITERATURE

__all__ = ["Ask", "Cell", "GapMap", "Size", "gap_map"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One population and outcome.

    Parameters
    ----------
    row, column : ids
    studies : with a figure at a firm level, by id
    people : in these studies, patients or segments; a study without a number adds none
    randomised : how many of the studies are randomised
    waiting : studies with a figure that waits for a reader
    certainty : best grade among the library's answers in this cell; None without one
    applies : False where the outcome cannot happen or is nobody's question
    comparison, endpoint : what an empty cell asks
    """

    row: str
    column: str
    studies: tuple[str, ...]
    people: int
    randomised: int
    waiting: tuple[str, ...]
    certainty: str | None
    applies: bool = True
    comparison: str = ""
    endpoint: str = ""

    @property
    def is_gap(self) -> bool:
        """Whether nothing at a firm level is known where something could be."""
        return self.applies and not self.studies


@dataclass(frozen=True, slots=True)
class Size:
    """One size of a proposed trial: the figures it stands on, and the size or the reason why there is none."""

    stands_on: str
    size: SampleSize | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A research question: comparison, endpoint, design, and its sizes."""

    id: str
    row: str
    column: str
    comparison: str
    endpoint: str
    design: str
    sizes: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class GapMap:
    """Rows and columns as ``(id, label)``, cells row by row, and what should be asked."""

    rows: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    cells: tuple[Cell, ...]
    asks: tuple[Ask, ...]

    def cell(self, row: str, column: str) -> Cell:
        """The cell of a row and column."""
        return next(one for one in self.cells if (one.row, one.column) == (row, column))


def gap_map(library: Library, answers: Iterable[Answer]) -> GapMap:
    """The map of the policy ``evidence-gaps``.

    Parameters
    ----------
    library : the library
    answers : of its questions, for the grades and for pooled figures that trials stand on
    """
    body = library.policy["evidence-gaps"].body
    by_question = {one.question: one for one in answers}
    cells = tuple(
        _cell(library, by_question, row, column, body["not_applicable"])
        for row in body["rows"]
        for column in body["columns"]
    )
    asks = tuple(_ask(library, by_question, one) for one in body["asks"])
    return GapMap(
        tuple((row["id"], row["label"]) for row in body["rows"]),
        tuple((column["id"], column["label"]) for column in body["columns"]),
        cells,
        asks,
    )


def _cell(
    library: Library,
    answers: Mapping[str, Answer],
    row: Mapping[str, Any],
    column: Mapping[str, Any],
    none: Iterable[Mapping[str, str]],
) -> Cell:
    firm: list[str] = []
    waiting: list[str] = []
    people = randomised = 0
    for study in library.studies.values():
        if study.site not in row["site"] or study.directness not in row["directness"]:
            continue
        if study.design in SECONDARY_LITERATURE or not any(one.outcome in column["outcomes"] for one in study.results):
            continue
        if study.verified in FIRM_LEVELS:
            firm.append(study.id)
            people += study.n_lesions or study.n_patients or 0
            randomised += study.design == "rct"
        else:
            waiting.append(study.id)
    order = ("high", "moderate", "low", "very_low")
    grades = [
        one.certainty for one in answers.values() if one.population == row["id"] and one.outcome in column["outcomes"]
    ]
    applies = {"row": row["id"], "column": column["id"]} not in [dict(one) for one in none]
    best = min((grade for grade in grades if grade), key=order.index, default=None)
    return Cell(
        row["id"],
        column["id"],
        tuple(firm),
        people,
        randomised,
        tuple(waiting),
        best,
        applies,
        row["comparison"],
        column["endpoint"],
    )


def _ask(library: Library, answers: Mapping[str, Answer], plain: Mapping[str, Any]) -> Ask:
    try:
        sizes = tuple(_sizes(library, answers, plain))
    except _MissingFigure as missing:
        sizes = (Size(str(missing), None, str(missing)),)
    return Ask(
        plain["id"], plain["row"], plain["column"], plain["comparison"], plain["endpoint"], plain["design"], sizes
    )


class _MissingFigure(Exception):
    pass


def _share(library: Library, answers: Mapping[str, Answer], reference: Any, what: str) -> tuple[float, str]:
    """Share of the event, and which figure it is."""
    if reference is None:
        raise _MissingFigure(f"No size: the library has no figure for {what}.")
    if "question" in reference:
        answer = answers.get(reference["question"])
        if answer is None or answer.main is None:
            raise _MissingFigure(f"No size: the library has no figure for {what}.")
        return _event(answer.main.est, answer.outcome), f"{100 * answer.main.est:.1f} % ({answer.question})"
    study = library.studies[reference["study"]]
    for result in study.results:
        if (result.arm, result.outcome, result.months) == (reference["arm"], reference["outcome"], reference["months"]):
            share = result.est
            if share is None and result.events is not None and result.n:
                share = result.events / result.n
            if share is not None and result.measure in ("proportion", "cumulative_incidence", "km_probability"):
                return _event(
                    share, result.outcome
                ), f"{100 * share:.1f} % {result.outcome.replace('_', ' ')} ({study.id}, {result.arm})"
    raise _MissingFigure(f"No size: the figure of {study.id} for {what} is not in the record.")


def _event(share: float, outcome: str) -> float:
    return 1.0 - share if outcome in ("local_control", "overall_survival") else share


def _sizes(library: Library, answers: Mapping[str, Answer], plain: Mapping[str, Any]) -> Iterable[Size]:
    first, said = _share(library, answers, plain["first"], "the first arm")
    if plain["design"] == "non_inferior":
        for margin in plain["margins"]:
            text = f"{said} in both arms, margin {100 * margin:g} points (a choice to be argued)"
            yield _sized(text, lambda margin=margin: noninferior_proportions(first, first, margin))
        return
    seconds: list[tuple[float, str]]
    if plain.get("relative"):
        seconds = [
            (first * times, f"{100 * first * times:.1f} % if it becomes {times:g} times as frequent (assumed)")
            for times in plain["relative"]
        ]
    else:
        seconds = [_share(library, answers, plain.get("second"), "the second arm")]
    for second, other in seconds:
        if plain["design"] == "two_proportions":
            yield _sized(f"{said} against {other}", lambda second=second: two_proportions(first, second))
        else:
            yield _competing(library, answers, plain, first, second, f"{said} against {other}")


def _competing(
    library: Library, answers: Mapping[str, Answer], plain: Mapping[str, Any], first: float, second: float, said: str
) -> Size:
    dead, source = _share(library, answers, plain["death"], "survival")
    months = float(_months(answers, plain["first"]))
    until = float(_months(answers, plain["death"]))
    hazards = [-math.log(1.0 - share) / months for share in (first, second)]
    death = -math.log(1.0 - dead) / until
    text = f"{said}; deaths from {source}; accrual {plain['accrual_months']} and follow-up {plain['follow_up_months']} months (assumed)"
    return _sized(
        text,
        lambda: log_rank_with_competing_death(
            hazards[1] / hazards[0],
            hazards[0],
            death,
            accrual=float(plain["accrual_months"]),
            follow_up=float(plain["follow_up_months"]),
        ),
    )


def _months(answers: Mapping[str, Answer], reference: Mapping[str, Any]) -> float:
    if "question" in reference:
        months = answers[reference["question"]].months
        if months is None:
            raise _MissingFigure("No size: the figure has no time.")
        return months
    if reference["months"] is None:
        raise _MissingFigure("No size: the figure has no time.")
    return float(reference["months"])


def _sized(said: str, make: Any) -> Size:
    try:
        return Size(said, make())
    except PorticoError as error:
        return Size(said, None, str(error))
