"""Screening: which records a person should read next, learned from what that person has decided so far.

One small interface, :class:`Screener`; scikit-learn stands behind it by default, ASReview's engine as an extra. No rule
can promise that nothing relevant is left: what is said when to stop is how many were read without a find.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused, UsageError

__all__ = ["ENGINES", "Engine", "Ranked", "Screener", "Simulation", "rank", "screener", "simulate", "when_to_stop"]

Engine = Literal["scikit-learn", "asreview"]
ENGINES: Final[tuple[Engine, ...]] = ("scikit-learn", "asreview")
#: Records shown to the person between two rounds of learning.
BATCH: Final = 10


class Screener(Protocol):
    """Gives each text a score; higher is more likely relevant. Features may be made once for all texts."""

    def fit_features(self, texts: Sequence[str]) -> None:
        """Make features of all texts, once."""

    def scores(self, labels: Mapping[int, bool]) -> NDArray[np.float64]:
        """(n,) scores learned from labels by position; both kinds must be there."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One record in the order to be read: its position and its score."""

    position: int
    score: float


@dataclass(frozen=True, slots=True)
class Simulation:
    """What screening of a labelled set would have cost.

    Parameters
    ----------
    screened : records read until the recall was reached
    total, relevant : records, and relevant ones among them
    recall : reached, from 0 to 1
    saved : work saved over reading at random at this recall (WSS), from 0 to 1
    curve : found after each round as ``(read, found)``
    """

    screened: int
    total: int
    relevant: int
    recall: float
    saved: float
    curve: tuple[tuple[int, int], ...]


def screener(engine: Engine = "scikit-learn", *, seed: int = 1) -> Screener:
    """A screener by its engine.

    Raises
    ------
    UsageError : ``unknown-engine``; ``extra-missing`` when ASReview is not installed
    """
    if engine == "scikit-learn":
        from portico.intake.screening_sklearn import SklearnScreener

        return SklearnScreener(seed)
    if engine == "asreview":
        from portico.intake.screening_asreview import AsreviewScreener

        return AsreviewScreener(seed)
    raise UsageError("There is no such engine.", code="unknown-engine", fix=f"One of {', '.join(ENGINES)}.")


def rank(
    texts: Sequence[str], labels: Mapping[int, bool], *, engine: Engine = "scikit-learn", seed: int = 1
) -> list[Ranked]:
    """The records without a label, the most promising first.

    Parameters
    ----------
    texts : title and abstract of each record
    labels : position to whether a person found it relevant; a relevant one is needed

    Raises
    ------
    InputRefused : ``labels-missing``, ``label-unknown``, ``no-records``
    """
    _check(texts, labels, engine)
    learner = screener(engine, seed=seed)
    learner.fit_features(texts)
    found = learner.scores(labels)
    order = np.argsort(-found, kind="stable")
    return [Ranked(int(at), float(found[at])) for at in order if int(at) not in labels]


def _check(texts: Sequence[str], labels: Mapping[int, bool], engine: Engine) -> None:
    if not texts:
        raise InputRefused("There is nothing to rank.", code="no-records")
    if any(not 0 <= at < len(texts) for at in labels):
        raise InputRefused("A label belongs to no record.", code="label-unknown")
    kinds = set(labels.values())
    if True not in kinds or (engine == "asreview" and False not in kinds):
        raise InputRefused(
            "A relevant record is needed to start; ASReview's engine needs an irrelevant one too.",
            code="labels-missing",
            fix="Decide on a few records first; studies of the library count as relevant.",
        )


def simulate(
    texts: Sequence[str],
    relevant: Sequence[bool],
    first: Mapping[int, bool],
    *,
    recall: float = 0.95,
    engine: Engine = "scikit-learn",
    seed: int = 1,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Screen a set whose answers are known, in rounds, until the recall is reached.

    Parameters
    ----------
    texts, relevant : records and the right answers
    first : labels known before the first round; they count as read
    recall : from 0 to 1
    batch : records read between two rounds of learning; it doubles while nothing is found, so that a long tail does
        not cost a round for every few records
    progress : called with relevant records found and how many there are

    Raises
    ------
    InputRefused : as :func:`rank`
    """
    _check(texts, first, engine)
    learner = screener(engine, seed=seed)
    learner.fit_features(texts)
    labels = dict(first)
    total, there = len(texts), sum(relevant)
    wanted = int(np.ceil(recall * there - 1e-9))
    found = sum(labels.values())
    curve = [(len(labels), found)]
    size = batch
    while found < wanted and len(labels) < total:
        scores = learner.scores(labels)
        order = [int(at) for at in np.argsort(-scores, kind="stable") if int(at) not in labels]
        before = found
        for at in order[:size]:
            labels[at] = relevant[at]
            found += relevant[at]
            if found >= wanted:
                break
        size = batch if found > before else min(2 * size, 20 * batch)
        curve.append((len(labels), found))
        if progress is not None:
            progress(found, there)
    reached = found / there if there else 1.0
    return Simulation(len(labels), total, there, reached, (total - len(labels)) / total - (1.0 - recall), tuple(curve))


def when_to_stop(labels_in_order: Sequence[bool], total: int) -> str:
    """What can honestly be said about stopping, in one or two sentences.

    Parameters
    ----------
    labels_in_order : decisions in the order in which they were made
    total : records in all
    """
    since = next((i for i, one in enumerate(reversed(labels_in_order)) if one), len(labels_in_order))
    left = total - len(labels_in_order)
    found = sum(labels_in_order)
    text = f"{len(labels_in_order)} of {total} read, {found} relevant, none in the last {since}; {left} unread."
    return f"{text} No rule can promise that nothing relevant is among the unread."
