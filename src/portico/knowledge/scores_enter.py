"""Entering the value of a score that was worked out elsewhere.

A model whose coefficients are not public is never re-invented: its value comes with its source.
"""

from __future__ import annotations

from portico.errors import QuantityRefused, UsageError
from portico.knowledge.scores_compute import ScoreResult, classes_of, dress_entered
from portico.knowledge.scores_model import Score
from portico.reading import did_you_mean

__all__ = ["enter_value"]


def enter_value(score: Score, *, source: str, total: int | None = None, class_id: str | None = None) -> ScoreResult:
    """Take over a total or a class with the source that gave it.

    >>> from portico.knowledge.scores import load_scores
    >>> enter_value(load_scores()["metsss"], class_id="high_risk", source="web page, 2024-05-02").class_label
    'High risk'

    Parameters
    ----------
    score : a score of the library
    source : who or what gave the value, and when; it may not be empty
    total : the total, when the score has a published range
    class_id : the class, when there is no total

    Raises
    ------
    UsageError : no source, neither or both of total and class, or a class that the score does not have
    QuantityRefused : a total outside the published range
    """
    if not source.strip():
        raise UsageError("An entered value needs its source.", code="source-missing", path=score.id)
    if (total is None) == (class_id is None):
        raise UsageError("Give a total or a class.", code="value-missing", path=score.id)
    if total is not None:
        if score.range is None:
            raise UsageError("This score has no published range of totals.", code="no-range", path=score.id)
        if isinstance(total, bool) or not score.range.low <= total <= score.range.high:
            raise QuantityRefused(
                "The total lies outside the published range.",
                code="out-of-range",
                path=score.id,
                fix=f"Give {score.range.low} to {score.range.high}.",
            )
        return dress_entered(score, frozenset({total}), classes_of(score, [total]), source.strip())
    ids = [found.id for found in score.classes]
    if class_id not in ids:
        guess = did_you_mean(str(class_id), ids)
        listed = f"Classes: {', '.join(ids) or 'none are published'}."
        raise UsageError(
            f"{score.id} has no such class.",
            code="unknown-class",
            path=score.id,
            fix=f"Did you mean {guess}? {listed}" if guess else listed,
        )
    return dress_entered(score, frozenset(), (class_id,), source.strip())
