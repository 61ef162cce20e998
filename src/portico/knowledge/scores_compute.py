"""Computing a score: a total, or the range that missing answers leave open.

A missing answer widens the result and is never replaced. A score known from secondary pages computes
and is marked amber. No score here was made to choose dose or volume after surgery; the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

from portico.errors import CannotTell, UsageError
from portico.knowledge.scores_answers import Answer, Item, read_answers, selector_branches
from portico.knowledge.scores_model import STRENGTH, Input, Level, Outcome, Score, ScoreClass

__all__ = ["AMBER_NOTE", "BEFORE_SURGERY_NOTE", "Part", "ScoreResult", "Variant", "compute"]

BEFORE_SURGERY_NOTE: Final = (
    "This describes the bone before surgery; it does not apply to a bone that carries an implant."
)
AMBER_NOTE: Final = "Known from secondary pages only: shown marked, and drives no rule until a site signs it."
MEMORY_NOTE: Final = "Part of this score was not read in any source; it drives no rule."
PURPOSE_NOTE: Final = "No prognostic score was made to choose dose or volume after surgery."
_OPERATED: Final[dict[str, str]] = {
    "yes": "The cohort that made it was operated.",
    "no": "The cohort that made it was not operated.",
    "mixed": "The cohort that made it was operated only in part.",
    "unknown": "Whether the cohort that made it was operated was not read in a source.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One value beside the total, such as a mean or a percent. ``value`` None means not settled."""

    id: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True, slots=True)
class Variant:
    """Another published reading of the same answers, shown beside the first and never mixed with it."""

    label: str
    low: float | None
    high: float | None
    says: str
    verified: Level


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """What a score says about one set of answers.

    Parameters
    ----------
    total : the total; None while answers are missing, and always for scores that are no sum
    low, high : lowest and highest total still possible; None for scores that are no sum
    class_id, class_label : the class when only one is possible; else None
    classes_possible : ids of the classes still possible, in the order of the score file
    missing : input ids whose answer could change the result
    verified : weakest reading that the score rests on
    amber : True below ``abstract``: shown marked and binding only once signed
    outcomes : published figures of the class; empty unless one class is settled
    operated : whether the cohort that made the score was operated: yes, no, mixed, unknown
    applies_to_fixed_bone : False when it describes the bone before surgery; None where that is no question
    entered_from : source of a value that was entered, None when Portico computed it
    """

    score_id: str
    name: str
    direction: str
    describes: str
    total: int | None
    low: int | None
    high: int | None
    class_id: str | None
    class_label: str | None
    classes_possible: tuple[str, ...]
    missing: tuple[str, ...]
    verified: Level
    amber: bool
    notes: tuple[str, ...]
    operated: str
    applies_to_fixed_bone: bool | None
    action_published: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    parts: tuple[Part, ...] = ()
    variants: tuple[Variant, ...] = ()
    entered_from: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for ``--json``, keys in alphabetical order."""
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        plain["outcomes"] = [outcome.model_dump() for outcome in self.outcomes]
        plain["parts"] = [{name: getattr(part, name) for name in part.__slots__} for part in self.parts]
        plain["variants"] = [{name: getattr(v, name) for name in v.__slots__} for v in self.variants]
        for name in ("classes_possible", "missing", "notes"):
            plain[name] = list(plain[name])
        return dict(sorted(plain.items()))


@dataclass(slots=True)
class _Found:
    """What a kind of score works out, before it is dressed as a result."""

    totals: frozenset[int] = frozenset()
    classes: tuple[str, ...] = ()
    class_settled: bool = True
    missing: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    parts: tuple[Part, ...] = ()
    variants: tuple[Variant, ...] = ()


def compute(score: Score, answers: Mapping[str, Answer]) -> ScoreResult:
    """Compute ``score`` from ``answers``.

    >>> from portico.knowledge.scores import load_scores
    >>> sins = load_scores()["sins"]
    >>> result = compute(sins, {"location": "junctional", "pain": "mechanical"})
    >>> result.total, result.low, result.high, result.classes_possible
    (None, 6, 18, ('stable', 'potentially_unstable', 'unstable'))

    Parameters
    ----------
    score : a score of the library, see :func:`portico.knowledge.scores.load_scores`
    answers : by input id: a choice id or a number in the unit of the input. A missing key, None and
        ``"unknown"`` mean unknown; they widen the result and are never replaced.

    Returns
    -------
    ScoreResult
        ``total`` only when every answer that matters is there.

    Raises
    ------
    UsageError : an input or a choice that the score does not have
    QuantityRefused : a number outside its scale, or in the wrong unit
    CannotTell : a score without published points, or an answer outside the published table

    Source: the ``sources`` of the score.
    """
    if not score.computable:
        raise CannotTell(
            f"{score.name} is not computed here. {score.not_computable_because or ''}".strip(),
            code="score-not-computable",
            fix="Run the published tool and enter its value with the source.",
        )
    items = read_answers(score, answers)
    found = _KINDS[score.kind](score, items)
    found.notes = [note for item in items.values() for note in item.notes] + found.notes
    return _dress(score, found)


def dress_entered(score: Score, totals: frozenset[int], classes: tuple[str, ...], source: str) -> ScoreResult:
    """A result for a value that was worked out elsewhere; see :mod:`portico.knowledge.scores_enter`."""
    found = _Found(totals, classes, notes=[f"Entered, not computed here. Source: {source}."])
    return _dress(score, found, entered_from=source)


def classes_of(score: Score, totals: Iterable[int]) -> tuple[str, ...]:
    """Ids of the classes that hold any of ``totals``, in the order of the score file."""
    wanted = frozenset(totals)
    return tuple(
        c.id
        for c in score.classes
        if c.low is not None and c.high is not None and any(c.low <= t <= c.high for t in wanted)
    )


def _sum(score: Score, items: Mapping[str, Item]) -> _Found:
    branches = list(selector_branches(score, items))
    totals = frozenset(t for _, active in branches for t in _totals(active))
    missing = [i.question.id for i in items.values() if i.question.role == "selector" and not i.settled]
    missing += [
        item.question.id
        for item in items.values()
        if not item.settled and any(item in active for _, active in branches)
    ]
    found = _Found(totals, classes_of(score, totals), missing=tuple(missing))
    found.variants = tuple(_alternatives(score, items, found))
    if len(found.variants):
        found.notes.append("Another published table gives another total; both are shown.")
    if score.describes == "function_outcome" and score.range is not None and score.range.high:
        found.parts = (_percent(totals, score.range.high),)
    return found


def _totals(items: Iterable[Item], replaced: Mapping[str, frozenset[int]] | None = None) -> frozenset[int]:
    totals = frozenset({0})
    for item in items:
        points = (replaced or {}).get(item.question.id, item.points)
        totals = frozenset(total + point for total in totals for point in points)
    return totals


def _percent(totals: frozenset[int], highest: int) -> Part:
    low, high = 100 * min(totals) / highest, 100 * max(totals) / highest
    return Part("percent", "Share of the highest sum", low if low == high else None, low, high, "percent")


def _alternatives(score: Score, items: Mapping[str, Item], found: _Found) -> Iterable[Variant]:
    for item in items.values():
        for other in item.question.alternatives:
            if item.value is None:
                points = frozenset(band.points for band in other.bands)
            else:
                points = frozenset(band.points for band in other.bands if band.holds(item.value))
            totals = _totals(items.values(), {item.question.id: points}) if points else frozenset()
            if totals and totals != found.totals:
                labels = ", ".join(score.find_class(c).label for c in classes_of(score, totals))
                yield Variant(f"{item.question.label}: {other.label}", min(totals), max(totals), labels, other.verified)


def _classification(score: Score, items: Mapping[str, Item]) -> _Found:
    deciding = [item for item in items.values() if item.question.role == "item"]
    names = [item.question.id for item in deciding]
    reached = {
        _decide(score, dict(zip(names, picks, strict=True))) for picks in product(*(item.choices for item in deciding))
    }
    classes = tuple(c.id for c in score.classes if c.id in reached)
    scopes = [i.question for i in items.values() if i.question.role == "scope" and not i.settled]
    missing = [q.id for q in scopes]
    if len(classes) > 1:
        missing += [item.question.id for item in deciding if not item.settled]
    notes = [f"Not settled until this is answered: {q.label.lower()}." for q in scopes]
    return _Found(classes=classes, class_settled=not scopes, missing=tuple(missing), notes=notes)


def _decide(score: Score, picks: Mapping[str, str]) -> str:
    for row in score.decisions:
        if all(picks[name] in wanted for name, wanted in row.when.items()):
            return row.gives
    raise AssertionError("the loader proves that every answer reaches a class")


def _mean(score: Score, items: Mapping[str, Item]) -> _Found:
    parts: list[Part] = []
    missing: list[str] = []
    notes: list[str] = []
    for mean in score.means:
        of = [items[name] for name in mean.items]
        given = [item.value for item in of if item.value is not None]
        questions = [item.question for item in of]
        absent = [item.question.id for item in of if item.value is None]
        enough = not absent or (mean.needs is not None and len(given) >= mean.needs)
        low = (sum(given) + sum(_edge(q, "minimum") for q in questions if q.id in absent)) / len(of)
        high = (sum(given) + sum(_edge(q, "maximum") for q in questions if q.id in absent)) / len(of)
        value = sum(given) / len(given) if enough and given else None
        if enough and absent:
            notes.append(f"{mean.label}: mean of the {len(given)} of {len(of)} items that were answered.")
        if not enough:
            missing += absent
        parts.append(Part(mean.id, mean.label, value, low, high, "points 0-10"))
    worst = items["worst"].value if "worst" in items else None
    variants = () if worst is None else tuple(_pain_bands(score, worst))
    return _Found(missing=tuple(missing), notes=notes, parts=tuple(parts), variants=variants)


def _pain_bands(score: Score, worst: float) -> Iterable[Variant]:
    for bands in score.band_sets:
        label = next((b.label for b in bands.bands if b.low <= worst <= b.high), "no place for this value")
        name = f"Worst pain by {bands.label[0].lower()}{bands.label[1:]}"
        yield Variant(name, worst, worst, label, bands.verified)


def _edge(question: Input, side: str) -> float:
    edge = getattr(question, side)
    assert edge is not None, "the loader proves that items of a mean are bounded"
    return float(edge)


def _map(score: Score, items: Mapping[str, Item]) -> _Found:
    ecog, kps = items["ecog"].value, items["kps"].value
    if ecog is not None and kps is not None:
        raise UsageError(
            "Both scales are given, so there is nothing to convert.",
            code="answered-twice",
            path=score.id,
            fix="Give the one that was measured.",
        )
    if ecog is None and kps is None:
        return _Found(missing=("ecog", "kps"))
    variants = []
    for published in score.maps:
        if ecog is not None:
            rows = [(r.kps_low, r.kps_high, f"KPS {r.kps_low}-{r.kps_high}") for r in published.rows if r.ecog == ecog]
        else:
            rows = [
                (r.ecog, r.ecog, f"ECOG {r.ecog}")
                for r in published.rows
                if kps is not None and r.kps_low <= kps <= r.kps_high
            ]
        low, high, says = rows[0] if rows else (None, None, "no place for this value")
        variants.append(Variant(published.label, low, high, says, published.verified))
    agree = len({variant.says for variant in variants}) == 1
    notes = ["The maps agree." if agree else "The maps disagree; none is picked."]
    return _Found(notes=notes, variants=tuple(variants))


_KINDS: Final[dict[str, Callable[[Score, Mapping[str, Item]], _Found]]] = {
    "sum": _sum,
    "classification": _classification,
    "mean": _mean,
    "map": _map,
}


def _dress(score: Score, found: _Found, entered_from: str | None = None) -> ScoreResult:
    chosen: ScoreClass | None = None
    if found.class_settled and len(found.classes) == 1:
        chosen = score.find_class(found.classes[0])
    outcomes = tuple(chosen.outcomes) if chosen else ()
    amber = score.amber or any(STRENGTH[o.verified] < STRENGTH["abstract"] for o in outcomes)
    notes = list(found.notes)
    if score.applies_to_fixed_bone is False:
        notes.insert(0, score.fixed_bone_note or BEFORE_SURGERY_NOTE)
    if amber:
        notes.append(MEMORY_NOTE if score.verified == "memory" else AMBER_NOTE)
    if score.describes == "prognosis":
        notes += [_OPERATED[score.derivation.operated], PURPOSE_NOTE]
    notes += score.rule_notes
    totals = found.totals
    return ScoreResult(
        score_id=score.id,
        name=score.name,
        direction=score.direction,
        describes=score.describes,
        total=min(totals) if len(totals) == 1 else None,
        low=min(totals) if totals else None,
        high=max(totals) if totals else None,
        class_id=chosen.id if chosen else None,
        class_label=chosen.label if chosen else None,
        classes_possible=found.classes,
        missing=found.missing,
        verified=score.verified,
        amber=amber,
        notes=tuple(notes),
        operated=score.derivation.operated,
        applies_to_fixed_bone=score.applies_to_fixed_bone,
        action_published=chosen.action_published if chosen else None,
        outcomes=outcomes,
        parts=found.parts,
        variants=found.variants,
        entered_from=entered_from,
    )
