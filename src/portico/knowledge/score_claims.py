"""Chapter ``scores`` of ``portico verify``: each score against its published range, classes and examples.

The expected values stand in the score files with their sources; what is got is computed here and now.
"""

from __future__ import annotations

from collections.abc import Iterator

from portico.claims import Claim, chapter, claim_equal
from portico.errors import PorticoError
from portico.knowledge.scores import compute, load_scores, points_range, read_score_files, try_traps
from portico.knowledge.scores_compute import classes_of
from portico.knowledge.scores_model import Example, Score

__all__ = ["score_classes", "score_examples", "score_figures", "score_ranges", "score_traps"]

_CHAPTER = "scores"


@chapter(_CHAPTER)
def score_ranges() -> Iterator[Claim]:
    """The points tables reach exactly the published range."""
    for score in load_scores().values():
        if score.range is None or score.kind not in ("sum", "mean"):
            continue
        got = points_range(score)
        yield claim_equal(
            _CHAPTER,
            f"{score.name}: range of the points",
            source=_source(score),
            expected=f"{score.range.low}-{score.range.high}",
            got="none" if got is None else f"{got[0]}-{got[1]}",
        )


@chapter(_CHAPTER)
def score_classes() -> Iterator[Claim]:
    """Every total of the range has exactly one class, and the published bounds are its ends."""
    for score in load_scores().values():
        banded = [found for found in score.classes if found.low is not None and found.high is not None]
        if score.range is None or not banded:
            continue
        got = []
        for total in range(score.range.low, score.range.high + 1):
            got.append("/".join(classes_of(score, [total])) or "none")
        expected = [
            found.id
            for found in banded
            if found.low is not None and found.high is not None
            for _ in range(found.low, found.high + 1)
        ]
        yield claim_equal(
            _CHAPTER,
            f"{score.name}: class of each total from {score.range.low} to {score.range.high}",
            source=_source(score),
            expected=" ".join(expected),
            got=" ".join(got),
        )


@chapter(_CHAPTER)
def score_examples() -> Iterator[Claim]:
    """The worked examples come out."""
    for score in load_scores().values():
        for example in score.examples:
            yield claim_equal(
                _CHAPTER,
                f"{score.name}: {example.note[0].lower()}{example.note[1:]}",
                source=f"worked by hand from {_source(score)}",
                expected=_expected(example),
                got=_got(score, example),
            )


@chapter(_CHAPTER)
def score_traps() -> Iterator[Claim]:
    """Wrong versions in circulation are refused, each for the reason stated."""
    for document in read_score_files().values():
        for outcome in try_traps(document):
            yield claim_equal(
                _CHAPTER,
                f"{outcome.score_id}: wrong version {outcome.trap_id} is refused",
                source=f"{outcome.score_id}, traps",
                expected=outcome.expected,
                got=outcome.got or "accepted",
            )


@chapter(_CHAPTER)
def score_figures() -> Iterator[Claim]:
    """No figure that nobody read is carried."""
    for score in load_scores().values():
        remembered = sum(o.verified == "memory" for found in score.classes for o in found.outcomes)
        yield claim_equal(
            _CHAPTER,
            f"{score.name}: remembered figures carried",
            source="reading rule of the records",
            expected=0,
            got=remembered,
        )


def _expected(example: Example) -> str:
    if example.refused_as is not None:
        return f"refused: {example.refused_as}"
    span = "" if example.low is None else f" {example.low}-{example.high}"
    return f"{_word(example.total)}{span} {_word(example.gives)}"


def _got(score: Score, example: Example) -> str:
    try:
        result = compute(score, example.answers)
    except PorticoError as error:
        return f"refused: {error.code}"
    span = "" if example.low is None else f" {result.low}-{result.high}"
    return f"{_word(result.total)}{span} {_word(result.class_id)}"


def _word(value: str | int | None) -> str:
    return "open" if value is None else str(value)


def _source(score: Score) -> str:
    return f"{score.id}, {score.verified}"
