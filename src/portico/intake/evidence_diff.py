"""What new or corrected study files change: in the answers, and in the advice on a set of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portico.advice import Advice, Engine, advise
from portico.advice.model import Option, PooledOutcome
from portico.case import Case
from portico.errors import InputRefused
from portico.knowledge import Library
from portico.knowledge.files import DataFiles, read_data_files, with_files
from portico.knowledge.library import library_of
from portico.knowledge.pools import Answer
from portico.reading import parse_yaml
from portico.synthesis import build_pools

__all__ = ["AdviceChange", "AnswerChange", "EvidenceDiff", "candidate", "evidence_diff"]

_FIGURES: Final = 4


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """One question whose answer, or whose list of studies, is not what it was.

    Parameters
    ----------
    question, asks : of the question
    before, after : the answers; before is None for a new question
    joined, dropped : studies that count now, and no longer
    moved : whether the figure itself changed
    """

    question: str
    asks: str
    before: Answer | None
    after: Answer
    joined: tuple[str, ...]
    dropped: tuple[str, ...]
    moved: bool


@dataclass(frozen=True, slots=True)
class AdviceChange:
    """One case whose advice is not what it was: sentences, first what a person must look at."""

    case: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceDiff:
    """Versions of both libraries, studies put in or replaced, and what changed."""

    before: str
    after: str
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    answers: tuple[AnswerChange, ...]
    cases: tuple[AdviceChange, ...]
    cases_seen: int


def candidate(study_files: Mapping[str, bytes], files: DataFiles | None = None) -> tuple[Library, list[str], list[str]]:
    """The shipped library with study files put in, fully checked.

    Parameters
    ----------
    study_files : name for messages to bytes of a ``study/1`` file
    files : the data files; the shipped ones when left out

    Returns
    -------
    library, ids added, ids replaced

    Raises
    ------
    InputRefused : ``not-a-study``, ``study-twice``
    KnowledgeRefused : every problem of the library with these files
    ReadingRefused : a file that cannot be read safely
    """
    base = read_data_files() if files is None else files
    changed: dict[str, bytes] = {}
    added: list[str] = []
    replaced: list[str] = []
    for name, data in study_files.items():
        value = parse_yaml(data, name=name).value
        if not isinstance(value, Mapping) or value.get("schema") != "study/1" or not isinstance(value.get("id"), str):
            raise InputRefused("The file is no study/1 record with an id.", code="not-a-study", file=name)
        study = value["id"]
        if not study.replace("-", "").isalnum() or not study.isascii():
            raise InputRefused("An id has letters, digits and hyphens.", code="not-a-study", file=name, path="id")
        place = f"studies/{study}.yaml"
        if place in changed:
            raise InputRefused(f"Two files hold the study {study}.", code="study-twice", file=name)
        (replaced if place in base.contents else added).append(study)
        changed[place] = data
    return library_of(with_files(base, changed)), added, replaced


def evidence_diff(
    before: Library,
    after: Library,
    cases: Sequence[tuple[str, Case]],
    *,
    added: Sequence[str] = (),
    replaced: Sequence[str] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> EvidenceDiff:
    """Answers and advice of two libraries side by side.

    Parameters
    ----------
    before, after : libraries
    cases : label and case
    added, replaced : study ids, for the record
    progress : called with what, done, of
    """
    old, new = build_pools(before).answers, build_pools(after).answers
    changes = [change for name in new if (change := _answer_change(old.get(name), new[name])) is not None]
    first, second = Engine(before, old), Engine(after, new)
    touched: list[AdviceChange] = []
    for done, (label, case) in enumerate(cases, 1):
        found = _advice_changes(advise(case, first), advise(case, second))
        if found:
            touched.append(AdviceChange(label, tuple(found)))
        if progress is not None:
            progress("cases", done, len(cases))
    return EvidenceDiff(
        before.version, after.version, tuple(added), tuple(replaced), tuple(changes), tuple(touched), len(cases)
    )


def _answer_change(before: Answer | None, after: Answer) -> AnswerChange | None:
    had = {} if before is None else {row.study: _row(row) for row in before.rows}
    has = {row.study: _row(row) for row in after.rows}
    joined = tuple(name for name in has if name not in had)
    dropped = tuple(name for name in had if name not in has)
    moved = _figure(before) != _figure(after)
    out = () if before is None else tuple((one.study, one.code) for one in before.left_out)
    if (
        before is not None
        and had == has
        and not moved
        and out == tuple((one.study, one.code) for one in after.left_out)
    ):
        return None
    return AnswerChange(after.question, after.asks, before, after, joined, dropped, moved)


def _row(row: Any) -> tuple[Any, ...]:
    return tuple(_shortened(value) for value in (row.arm, row.est, row.lo, row.hi, row.events, row.n, row.basis))


def _figure(answer: Answer | None) -> Any:
    if answer is None or answer.main is None:
        return None
    main = answer.main
    return (*(_shortened(one) for one in (main.est, main.lo, main.hi)), answer.k, answer.certainty)


def _shortened(value: Any) -> Any:
    return float(f"{value:.{_FIGURES}g}") if isinstance(value, float) else value


def _advice_changes(before: Advice, after: Advice) -> list[str]:
    """What a reader of the advice would see change: options, their order, and the figures beside them."""
    changes: dict[str, list[str]] = {}
    old = {one.id: one for one in before.options}
    for option in after.options:
        was = old.pop(option.id, None)
        texts = [f"a new option, {option.status}"] if was is None else _option_changes(was, option)
        for text in texts:
            changes.setdefault(text, []).append(option.label)
    for gone in old.values():
        changes.setdefault("no longer an option", []).append(gone.label)
    return [f"{text} [{'; '.join(labels)}]" for text, labels in changes.items()]


def _option_changes(was: Option, option: Option) -> list[str]:
    made: list[str] = []
    if was.status != option.status:
        made.append(f"{was.status} before, {option.status} now")
    if was.rank != option.rank:
        made.append(f"place {was.rank or 'none'} before, {option.rank or 'none'} now")
    pooled = {one.question: one for one in was.pooled}
    for one in option.pooled:
        then = pooled.pop(one.question, None)
        now = f"{100 * one.estimate:.1f} % ({100 * one.low:.1f} to {100 * one.high:.1f} %), {one.k} studies"
        if then is None:
            made.append(f"pooled {one.family} is new: {now}")
        elif _ends(then) != _ends(one):
            made.append(f"pooled {one.family} {100 * then.estimate:.1f} % before, {now} now")
    made += [f"pooled {one.family} is gone ({name})" for name, one in pooled.items()]
    had, has = _shown(was), _shown(option)
    made += [f"figure of {one[1]} beside it ({one[0]}) is new" for one in sorted(has - had, key=str)]
    made += [f"figure of {one[1]} beside it ({one[0]}) is gone" for one in sorted(had - has, key=str)]
    return made


def _ends(one: PooledOutcome) -> tuple[Any, ...]:
    return tuple(_shortened(x) for x in (one.estimate, one.low, one.high))


def _shown(option: Option) -> set[tuple[Any, ...]]:
    return {(one.family, one.study, one.label, one.estimate, one.months) for one in option.outcomes}
