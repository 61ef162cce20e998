"""Which published figures answer a question, and why the others do not.

Every study that has a figure on the question's outcome in its population either gives a row or is named with the
reason that keeps it out: nothing disappears.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from portico.errors import CannotTell
from portico.knowledge import Arm, Question, Result, Study
from portico.knowledge.pools import LeftOutStudy

__all__ = ["SECONDARY_LITERATURE", "Figure", "Selection", "select"]

#: Designs whose figures come from other studies, or are nobody's outcome.
SECONDARY_LITERATURE: Final = (
    "meta_analysis",
    "systematic_review",
    "guideline",
    "consensus",
    "survey",
    "narrative_review",
    "registry_record",
    "protocol",
    "dose_response_model",
    "laboratory",
)
_PROPORTIONS: Final = ("proportion", "cumulative_incidence", "km_probability")
_COMPLEMENT: Final = {"local_control": "local_failure"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One study's figure on a question.

    Parameters
    ----------
    study : the study
    arm : id of the arm; several are joined with ``+``
    events, n : of the (first) arm; events of a rate are rate times number and need not be whole
    second_events, second_n : of the second arm of a counted comparison; None otherwise
    est, lo, hi : the published figure with its 95 % interval; None where not published
    basis : ``counts``, ``rate x n`` or ``interval``
    note : what was done to the published figure; empty when nothing
    """

    study: Study
    arm: str
    events: float | None
    n: float | None
    est: float | None
    lo: float | None
    hi: float | None
    basis: str
    note: str = ""
    second_events: float | None = None
    second_n: float | None = None

    @property
    def published(self) -> tuple[float, float, float]:
        """Estimate and interval as published.

        Raises
        ------
        CannotTell : ``no-interval``
        """
        if self.est is None or self.lo is None or self.hi is None:
            raise CannotTell("The figure stands without its interval.", code="no-interval")
        return self.est, self.lo, self.hi

    @property
    def size(self) -> float:
        """Number behind the figure, for choosing between overlapping studies; 0 when unknown."""
        return (self.n or 0.0) + (self.second_n or 0.0) or float(self.study.n_lesions or self.study.n_patients or 0)


@dataclass(frozen=True, slots=True)
class Selection:
    """What counts for a question, ordered by year and id, and what does not."""

    question: Question
    figures: tuple[Figure, ...]
    left_out: tuple[LeftOutStudy, ...]


class _Out(Exception):
    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


def select(question: Question, studies: Mapping[str, Study], *, levels: Iterable[str]) -> Selection:
    """Sort the studies of a library for one question.

    Parameters
    ----------
    question : the question
    studies : by id
    levels : verification levels that count, ``full_text`` and ``abstract`` unless a curator asks for more
    """
    allowed = frozenset(levels)
    figures: list[Figure] = []
    left: list[LeftOutStudy] = []
    for study in studies.values():
        if not _about(question, study):
            continue
        try:
            _may(question, study, allowed)
            figures.append(_figure(question, study))
        except _Out as out:
            if out.code != "not-asked":
                left.append(LeftOutStudy(study.id, out.code, out.why))
    kept, apart = _without_overlap(question, figures)
    kept.sort(key=lambda one: (one.study.year is None, one.study.year or 0, one.study.id))
    return Selection(question, tuple(kept), tuple(sorted((*left, *apart), key=lambda one: one.study)))


def _about(question: Question, study: Study) -> bool:
    """Whether the study has any figure on the outcome in the population of the question."""
    if study.site not in question.site or study.directness not in question.directness:
        return False
    counted = question.measure == "proportion" or bool(question.pairs)
    kind = _PROPORTIONS if counted else (question.measure, "p_only")
    wanted = {*question.versus}
    return any(
        result.outcome in question.outcomes and result.measure in kind and (counted or result.versus in wanted)
        for result in study.results
    )


def _may(question: Question, study: Study, allowed: frozenset[str]) -> None:
    if question.only and study.id not in question.only:
        raise _Out("not-asked", "The question names the studies it is about, and this is none of them.")
    if study.id in question.left_out:
        raise _Out("curator", question.left_out[study.id])
    if study.verified not in allowed:
        raise _Out("level", f"Its figures are known at level {study.verified} only.")
    if study.design in SECONDARY_LITERATURE and not (question.published_pools and study.design == "meta_analysis"):
        raise _Out("design", "Its figures come from other studies, or from no patients.")


def _figure(question: Question, study: Study) -> Figure:
    if question.pairs:
        return _pair(question, study)
    return _ratio(question, study) if question.measure != "proportion" else _proportion(question, study)


def _timed(question: Question, results: Iterable[Result]) -> list[Result]:
    found = [one for one in results if one.months == question.months]
    if not found:
        when = "without a time" if question.months is None else f"at {question.months:g} months"
        raise _Out("time", f"No figure {when}.")
    return found


def _shown(results: Iterable[Result]) -> list[Result]:
    found = list(results)
    usable = [one for one in found if not one.display_only]
    if found and not usable:
        raise _Out("display-only", "Its figure cannot be mapped without guessing.")
    return usable


def _one(question: Question, study: Study, results: list[Result]) -> Result:
    label = question.picks.get(study.id)
    if label is not None:
        results = [one for one in results if one.label == label]
    if len(results) != 1:
        raise _Out("ambiguous", f"{len(results)} figures of one arm fit, and none is named.")
    return results[0]


def _proportion(question: Question, study: Study) -> Figure:
    """The preferred outcome's figure; the next outcome's where that has no time or denominator that fits."""
    last: _Out | None = None
    for outcome in question.outcomes:
        own = [one for one in study.results if one.outcome == outcome and one.measure in _PROPORTIONS]
        if not own:
            continue
        try:
            return _share(question, study, outcome, own)
        except _Out as out:
            last = last or out
            if out.code not in ("time", "no-denominator"):
                break
    assert last is not None  # the study is about the question
    raise last


def _share(question: Question, study: Study, outcome: str, own: list[Result]) -> Figure:
    arms = {arm.id: arm for arm in study.arms}
    fitting = [one for one in own if _arm_fits(question, arms.get(one.arm))]
    if not fitting:
        raise _Out("technique", "Its figures are of another technique, or of patients not operated on.")
    timed = _shown(_timed(question, fitting))
    by_arm: dict[str, list[Result]] = {}
    for one in timed:
        if one.unit == "proportion":
            by_arm.setdefault(one.arm, []).append(one)
    flip = outcome in _COMPLEMENT and _COMPLEMENT[outcome] in question.outcomes
    whole = [name for name in by_arm if name == "all"]
    if whole:
        made = _read(study, arms["all"], _one(question, study, by_arm["all"]), flip=flip)
        if made is not None:
            return made
    parts = [
        _read(study, arms[name], _one(question, study, found), flip=flip)
        for name, found in by_arm.items()
        if name != "all"
    ]
    counted = [one for one in parts if one is not None and one.n is not None and one.events is not None]
    if not parts or len(counted) < len(parts):
        raise _Out("no-denominator", "Neither a denominator nor an interval is in the record.")
    taken = {one.arm for one in counted}
    if any(name != "all" and name not in taken and _arm_fits(question, arm) for name, arm in arms.items()):
        raise _Out("arms-missing", "Some of its arms have no figure, so the arms do not make up the study.")
    if len(counted) == 1:
        return counted[0]
    basis = "counts" if all(one.basis == "counts" for one in counted) else "rate x n"
    return Figure(
        study=study,
        arm="+".join(one.arm for one in counted),
        events=sum(one.events or 0.0 for one in counted),
        n=sum(one.n or 0.0 for one in counted),
        est=None,
        lo=None,
        hi=None,
        basis=basis,
        note="arms of the study counted together",
    )


def _arm_fits(question: Question, arm: Arm | None) -> bool:
    if arm is None or (arm.operated is False and "post_operative" in question.directness):
        return False
    return not question.techniques or arm.technique in question.techniques


def _read(study: Study, arm: Arm, result: Result, *, flip: bool) -> Figure | None:
    """The figure of one result; None without a denominator and an interval."""
    est = result.est
    n = result.n if result.n is not None else arm.n
    events = float(result.events) if result.events is not None else None
    lo, hi = (result.lo, result.hi) if result.interval == "ci95" else (None, None)
    notes = []
    if flip:
        est = None if est is None else 1.0 - est
        lo, hi = (None if hi is None else 1.0 - hi), (None if lo is None else 1.0 - lo)
        events = None if events is None or n is None else n - events
        notes.append("one minus local control")
    if result.n is None and n is not None:
        notes.append("denominator of the arm")
    whole = Figure(study, result.arm, events, None if n is None else float(n), est, lo, hi, "", "")
    timed = result.measure in ("cumulative_incidence", "km_probability")
    if timed and est is not None and lo is not None and hi is not None and 0.0 < lo <= est <= hi < 1.0:
        return replace(whole, basis="interval", events=None, note="; ".join(notes))
    if events is not None and n and not timed:
        return replace(whole, basis="counts", note="; ".join(notes))
    if est is not None and n:
        return replace(whole, events=est * n, basis="rate x n", note="; ".join(notes))
    if est is not None and lo is not None and hi is not None and 0.0 < lo <= est <= hi < 1.0:
        return replace(whole, basis="interval", note="; ".join(notes))
    return None


def _ratio(question: Question, study: Study) -> Figure:
    own = [
        one
        for one in study.results
        if one.outcome in question.outcomes and one.measure == question.measure and one.versus in question.versus
    ]
    if not own:
        raise _Out("measure", "The comparison is reported by its p-value alone.")
    result = _one(question, study, _shown(own))
    if result.est is None or result.lo is None or result.hi is None or result.interval != "ci95":
        raise _Out("no-interval", "The ratio stands without its interval.")
    return Figure(study, result.arm, None, None, result.est, result.lo, result.hi, "interval")


def _pair(question: Question, study: Study) -> Figure:
    named = next((pair for pair in question.pairs if pair[0] == study.id), None)
    if named is None:
        raise _Out("not-asked", "The question names the arms it compares, and this study has none of them.")
    arms = {arm.id: arm for arm in study.arms}
    sides: list[tuple[float, float, str]] = []
    for name in named[1:]:
        own = [one for one in study.results if one.arm == name and one.outcome in question.outcomes]
        made = _read(study, arms[name], _one(question, study, _shown(_timed(question, _proportional(own)))), flip=False)
        if made is not None and made.basis == "interval" and made.n is not None and made.est is not None:
            made = replace(made, events=made.est * made.n, basis="rate x n")
        if made is None or made.n is None or made.events is None:
            raise _Out("no-denominator", "A counted comparison needs both denominators.")
        sides.append((made.events, made.n, made.basis))
    basis = "counts" if all(one[2] == "counts" for one in sides) else "rate x n"
    return Figure(
        study, "+".join(named[1:]), sides[0][0], sides[0][1], None, None, None, basis, "", sides[1][0], sides[1][1]
    )


def _proportional(results: Iterable[Result]) -> Iterator[Result]:
    return (one for one in results if one.measure in _PROPORTIONS)


def _without_overlap(question: Question, figures: list[Figure]) -> tuple[list[Figure], list[LeftOutStudy]]:
    """Of studies that may hold the same patients only the largest; with equal numbers the later one."""
    why: dict[frozenset[str], str] = {}
    for figure in figures:
        for other in figure.study.overlaps:
            why[frozenset((figure.study.id, other))] = "The record names the overlap."
    for names, reason in question.kept_apart:
        for first in names:
            for second in names:
                if first != second:
                    why.setdefault(frozenset((first, second)), reason)
    ranked = sorted(figures, key=lambda one: (-one.size, -(one.study.year or 0), one.study.id))
    kept: list[Figure] = []
    apart: list[LeftOutStudy] = []
    for figure in ranked:
        clash = next((one for one in kept if frozenset((one.study.id, figure.study.id)) in why), None)
        if clash is None:
            kept.append(figure)
        else:
            reason = why[frozenset((clash.study.id, figure.study.id))]
            apart.append(LeftOutStudy(figure.study.id, "overlap", f"{clash.study.id} is taken instead. {reason}"))
    return kept, apart
