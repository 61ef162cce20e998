"""Does a score agree with itself? Range against points, classes against range, figures against direction.

Each check yields a machine code, the place in the file and one sentence; nothing is raised here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from portico.knowledge.scores_compare import class_bounds
from portico.knowledge.scores_model import STRENGTH, Band, Outcome, Score

__all__ = ["contradictions", "points_range"]

_Found = Iterator[tuple[str, tuple[str | int, ...], str]]
_BETTER: Final = frozenset({"able_to_walk", "median_survival", "predicted_survival", "survival"})


def contradictions(score: Score) -> _Found:
    """Every contradiction in a score as code, place and sentence; nothing when it agrees with itself."""
    for check in (_range, _choices, _classes, _direction, _levels, _kind, _decisions, _maps):
        yield from check(score)


def points_range(score: Score) -> tuple[int, int] | None:
    """Lowest and highest total that the points tables reach; None for scores that are no sum or mean.

    >>> from portico.knowledge.scores import load_scores
    >>> points_range(load_scores()["sins"])
    (0, 18)
    """
    if score.kind == "mean":
        edges = [(q.minimum, q.maximum) for q in score.inputs]
        if any(low is None or high is None for low, high in edges):
            return None
        return int(min(low for low, _ in edges if low is not None)), int(
            max(high for _, high in edges if high is not None)
        )
    if score.kind != "sum":
        return None
    selectors = [q for q in score.inputs if q.role == "selector"]
    choices = [c.id for c in selectors[0].choices] if selectors else [""]
    spans = set()
    for choice in choices:
        items = [q for q in score.inputs if q.role == "item"]
        items = [q for q in items if not q.only_if or choice in q.only_if.values()]
        points = [q.all_points() for q in items]
        if not all(points):
            return None
        spans.add((sum(min(p) for p in points), sum(max(p) for p in points)))
    return spans.pop() if len(spans) == 1 else None


def _range(score: Score) -> _Found:
    if score.kind not in ("sum", "mean"):
        return
    got = points_range(score)
    if score.range is None or got != (score.range.low, score.range.high):
        published = "none" if score.range is None else f"{score.range.low}-{score.range.high}"
        reached = "no single range" if got is None else f"{got[0]}-{got[1]}"
        yield "score-range", ("range",), f"The points reach {reached}, the published range is {published}."


def _choices(score: Score) -> _Found:
    ids = [q.id for q in score.inputs]
    if len(set(ids)) < len(ids):
        yield "score-choices", ("inputs",), "Two inputs have the same id."
    for at, question in enumerate(score.inputs):
        path = ("inputs", at)
        if (question.type == "choice") == (not question.choices):
            yield "score-choices", path, "A choice needs its answers, and a number has none."
        if question.type != "choice" and not question.unit:
            yield "score-choices", path, "A number needs its unit."
        if len({c.id for c in question.choices}) < len(question.choices):
            yield "score-choices", path, "Two answers have the same id."
        if any(c.id == "unknown" for c in question.choices):
            yield "score-choices", path, "No answer may be called unknown; that word leaves a question open."
        for place, choice in enumerate(question.choices):
            pointless = choice.points is None and choice.out_of_scope is None
            if score.kind == "sum" and question.role == "item" and pointless and not choice.possible_points:
                yield (
                    "score-choices",
                    (*path, "choices", place),
                    "An answer needs points or the points it may have.",
                )
            if bool(choice.possible_points) != (choice.undefined is not None):
                yield (
                    "score-choices",
                    (*path, "choices", place),
                    "Possible points and their reason go together.",
                )
        for bands in (question.bands, *(other.bands for other in question.alternatives)):
            if _overlap(bands):
                yield "score-bands", (*path, "bands"), "Two bands hold the same value."


def _overlap(bands: tuple[Band, ...]) -> bool:
    edges = {e for b in bands for e in (b.low, b.high, b.above, b.below) if e is not None}
    probes = {edge + step for edge in edges for step in (-1, 0, 1)} | {edge + 0.5 for edge in edges}
    return any(sum(band.holds(probe) for band in bands) > 1 for probe in probes)


def _classes(score: Score) -> _Found:
    ids = [c.id for c in score.classes]
    if len(set(ids)) < len(ids):
        yield "score-classes", ("classes",), "Two classes have the same id."
    banded = [c for c in score.classes if c.low is not None or c.high is not None]
    if not banded:
        return
    if score.range is None or len(banded) < len(score.classes):
        yield "score-classes", ("classes",), "Classes with bounds need a range, and all of them bounds."
        return
    expected = score.range.low
    for at, found in enumerate(score.classes):
        if found.low != expected or found.high is None or found.high < found.low:
            yield "score-classes", ("classes", at), f"This class should start at {expected}."
            return
        expected = found.high + 1
    if expected != score.range.high + 1:
        yield "score-classes", ("classes",), "The classes do not end where the published range ends."


def _direction(score: Score) -> _Found:
    for at, found in enumerate(score.classes):
        for place, o in enumerate(found.outcomes):
            inside = (o.low is None or o.value is None or o.low <= o.value) and (
                o.high is None or o.value is None or o.value <= o.high
            )
            if not inside or (o.low is not None and o.high is not None and o.low > o.high):
                yield (
                    "score-interval",
                    ("classes", at, "outcomes", place),
                    "A figure lies outside its own interval.",
                )
            if (o.low is not None or o.high is not None) and o.interval is None:
                yield (
                    "score-interval",
                    ("classes", at, "outcomes", place),
                    "Bounds need the kind of interval.",
                )
        curve = sorted(
            (o.at_months, o.value)
            for o in found.outcomes
            if o.measure == "survival" and o.role == "derivation" and o.at_months is not None and o.value is not None
        )
        if any(later[1] > earlier[1] for earlier, later in pairwise(curve)):
            yield "score-interval", ("classes", at), "More are alive later than earlier."
        bounds = class_bounds(found)
        if bounds is not None and bounds.low > bounds.high:
            yield "score-interval", ("classes", at), "The figures of this class contradict each other."
    if score.direction == "category" or any(c.low is None for c in score.classes):
        return
    rising: dict[tuple[Any, ...], list[Outcome]] = {}
    for found in score.classes:
        for o in found.outcomes:
            rising.setdefault((o.measure, o.at_months, o.role, o.cohort), []).append(o)
    for key, series in rising.items():
        up = (key[0] in _BETTER) == (score.direction == "higher_is_better")
        ordered = series if up else series[::-1]
        if any(not _not_above(a, b) for a, b in pairwise(ordered)):
            yield (
                "score-direction",
                ("classes",),
                f"The figures for {key[0]} run against the stated direction.",
            )


def _not_above(lower: Outcome, upper: Outcome) -> bool:
    if lower.value is not None and upper.value is not None:
        return lower.value <= upper.value
    ends = []
    for o in (lower, upper):
        low = o.value if o.low is None else o.low
        high = o.value if o.high is None else o.high
        ends.append((-math.inf if low is None else low, math.inf if high is None else high))
    return ends[0][0] <= ends[1][0] and ends[0][1] <= ends[1][1]


def _levels(score: Score) -> _Found:
    for at, found in enumerate(score.classes):
        for place, o in enumerate(found.outcomes):
            if o.verified == "memory":
                yield (
                    "score-memory",
                    ("classes", at, "outcomes", place),
                    "A remembered figure may not be carried.",
                )
    carried = {
        "definitions": [part.verified for part in score.definitions],
        "maps": [part.verified for part in score.maps],
        "band_sets": [part.verified for part in score.band_sets],
        "validation": [part.verified for part in score.validation],
        "sources": [part.verified for part in score.sources],
    }
    for key, levels in carried.items():
        if "memory" in levels:
            yield "score-memory", (key, levels.index("memory")), "Nothing remembered may be carried."
    if score.computable and (score.verified == "memory" or "memory" in score.verified_parts.values()):
        yield "score-memory", ("verified",), "A score with a remembered part may not be computed."
    if score.verified == "memory":
        return
    weakest = min((STRENGTH[s.verified] for s in score.sources), default=0)
    if STRENGTH[score.verified] != weakest:
        yield "score-verified", ("verified",), "The level differs from the weakest of the sources."


def _kind(score: Score) -> _Found:
    if score.computable == (score.not_computable_because is not None):
        yield "score-kind", ("computable",), "Say why exactly when the score is not computed."
    if score.computable and not score.usable_as_calculator:
        yield "score-kind", ("computable",), "The record does not allow this score as a calculator."
    if score.kind in ("external", "definition") and (score.inputs or score.computable):
        yield (
            "score-kind",
            ("inputs",),
            "A score without published points has no questions and is not computed.",
        )
    if score.kind not in ("external", "definition") and not score.computable:
        yield "score-kind", ("kind",), "A score that is not computed is external or a definition."
    if score.computable and not (score.inputs and score.examples):
        yield "score-kind", ("examples",), "A computed score needs questions and worked examples."
    for at, source in enumerate(score.sources):
        if not (source.url or source.doi or source.pmid or source.citation):
            yield "score-kind", ("sources", at), "A source needs an address or a citation."
    known = {m.id for m in score.inputs}
    for at, mean in enumerate(score.means):
        if not set(mean.items) <= known:
            yield "score-kind", ("means", at), "A mean names an input that does not exist."


def _decisions(score: Score) -> _Found:
    choices = {q.id: {c.id for c in q.choices} for q in score.inputs}
    classes = {c.id for c in score.classes}
    for at, row in enumerate(score.decisions):
        known = all(name in choices and set(wanted) <= choices[name] for name, wanted in row.when.items())
        if not known or row.gives not in classes:
            yield (
                "score-decisions",
                ("decisions", at),
                "A decision names an input, answer or class that does not exist.",
            )
    for at, question in enumerate(score.inputs):
        for name, wanted in question.only_if.items():
            if wanted not in choices.get(name, set()):
                yield (
                    "score-decisions",
                    ("inputs", at),
                    "The condition of an input names what does not exist.",
                )
    if score.kind != "classification":
        return
    if not score.decisions:
        yield "score-decisions", ("decisions",), "A classification needs decisions."
        return
    deciding = [q.id for q in score.inputs if q.role == "item"]
    last = score.decisions[-1].when
    single = (
        len(deciding) == 1
        and set().union(*(row.when.get(deciding[0], []) for row in score.decisions)) >= choices[deciding[0]]
    )
    if last and not single:
        yield "score-decisions", ("decisions",), "Some answers reach no class."


def _maps(score: Score) -> _Found:
    for at, published in enumerate(score.maps):
        rows = sorted(published.rows, key=lambda row: row.kps_low)
        tangled = any(a.kps_high >= b.kps_low for a, b in pairwise(rows))
        if tangled or any(row.kps_low > row.kps_high for row in rows):
            yield "score-map", ("maps", at), "Two rows of a map hold the same KPS."
