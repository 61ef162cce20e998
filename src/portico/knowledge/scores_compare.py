"""Several prognostic scores side by side, with a flag where their statements cannot both hold.

How the flag is made, in full:

1. A class says something about median survival. A printed median is taken with its printed interval when
   there is one. "S % alive at t months" says that the median is at least t when S is above 50, and at most t
   when S is below 50. A printed bound ("less than 6 months") is taken as it stands.
2. Only figures of the cohort that made the score count; later cohorts are shown but do not vote.
3. When several classes are still possible, the statement is wide enough for all of them. A class without a
   figure leaves no statement.
4. The lines are 3, 6 and 12 months. Two scores disagree at a line when one puts the median at or beyond it
   and the other at or before it, and not both exactly on it.

The flag never says which score is right, and no average is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from portico.knowledge.scores_compute import ScoreResult
from portico.knowledge.scores_model import Score, ScoreClass

__all__ = ["LINES_MONTHS", "SurvivalBounds", "class_bounds", "disagreement", "result_bounds"]

LINES_MONTHS: Final = (3, 6, 12)
"""Lines in months at which statements are compared; a convention of this software and from no study."""

_EVEN: Final = 50.0  # percent alive at the median, by its definition


@dataclass(frozen=True, slots=True)
class SurvivalBounds:
    """Median survival in months lies between ``low`` and ``high``; infinity means no upper bound stated."""

    low: float
    high: float

    def beyond(self, line: float) -> bool:
        """At or beyond ``line`` months."""
        return self.low >= line

    def before(self, line: float) -> bool:
        """At or before ``line`` months."""
        return self.high <= line


def class_bounds(found: ScoreClass) -> SurvivalBounds | None:
    """What the published figures of a class say about median survival; None when they say nothing.

    >>> from portico.knowledge.scores import load_scores
    >>> class_bounds(load_scores()["katagiri_2014"].find_class("score_7_10"))
    SurvivalBounds(low=0.0, high=6.0)
    """
    low, high, said = 0.0, math.inf, False
    for outcome in found.outcomes:
        if outcome.role != "derivation":
            continue
        if outcome.measure == "predicted_survival":
            low, high, said = max(low, outcome.low or 0.0), min(high, _top(outcome.high)), True
        elif outcome.measure == "median_survival" and outcome.value is not None:
            least = outcome.value if outcome.low is None else outcome.low
            most = outcome.value if outcome.high is None else outcome.high
            low, high, said = max(low, least), min(high, most), True
        elif outcome.measure == "survival" and outcome.value is not None and outcome.at_months is not None:
            if outcome.value > _EVEN:
                low, said = max(low, outcome.at_months), True
            elif outcome.value < _EVEN:
                high, said = min(high, outcome.at_months), True
    return SurvivalBounds(low, high) if said else None


def result_bounds(result: ScoreResult, score: Score) -> SurvivalBounds | None:
    """The statement of a result, wide enough for every class still possible; None when one says nothing."""
    bounds = [class_bounds(score.find_class(name)) for name in result.classes_possible]
    stated = [bound for bound in bounds if bound is not None]
    if not bounds or len(stated) < len(bounds):
        return None
    return SurvivalBounds(min(b.low for b in stated), max(b.high for b in stated))


def disagreement(results: Iterable[ScoreResult], scores: Mapping[str, Score]) -> str | None:
    """A sentence for each line at which prognostic scores cannot both hold; None when they can.

    Parameters
    ----------
    results : results of any scores; those that are not prognostic or state no survival have no vote
    scores : the library, by id

    Source: the outcomes of the score files.
    """
    stated = []
    for result in results:
        if result.describes != "prognosis":
            continue
        bounds = result_bounds(result, scores[result.score_id])
        if bounds is not None:
            stated.append((result.name, bounds))
    sentences = []
    for line in LINES_MONTHS:
        longer = [name for name, b in stated if b.beyond(line) and not b.before(line)]
        shorter = [name for name, b in stated if b.before(line) and not b.beyond(line)]
        if longer and shorter:
            sentences.append(
                f"At {line} months: half or more alive by {_join(longer)}; half or fewer by {_join(shorter)}."
            )
    return f"The scores disagree. {' '.join(sentences)}" if sentences else None


def _top(high: float | None) -> float:
    return math.inf if high is None else high


def _join(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))
