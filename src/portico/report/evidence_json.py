"""Answers of the library about its studies as plain data: figures, one study, a pooled answer, gaps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portico.errors import CannotTell, UsageError
from portico.knowledge import Arm, Library, Question, Result, Study
from portico.knowledge.pools import Answer, built_from
from portico.knowledge.shapes import DESIGNS, DIRECTNESS, OUTCOMES, VERIFIED
from portico.reading import did_you_mean
from portico.report.record_json import record_plain
from portico.synthesis import (
    FIRM_LEVELS,
    Beside,
    GapMap,
    Selection,
    answer,
    beside_published,
    build_pools,
    effects_of,
    gap_map,
    meta_regression,
    natural,
    select,
    selection_for,
    subgroups,
)

__all__ = [
    "GROUPS", "Asked", "Figures", "Pooled", "figures_json", "figures_of", "gap_map_of", "gaps_json", "levels_of",
    "places_of", "pool_json", "pool_of", "pools_json", "study_json",
]  # fmt: skip

GROUPS: Final = ("year", "design", "directness", "site")
"""What an answer can be divided by."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are wanted; None asks for any.

    Parameters
    ----------
    question : id of a question: only figures of its kind, with their place in it
    setting, directness, design, endpoint, level : words of the library
    regimen : dose in Gy and fractions of the arm, such as ``24/2``
    """

    question: str | None = None
    setting: str | None = None
    directness: str | None = None
    design: str | None = None
    regimen: str | None = None
    endpoint: str | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures that fit: each with its study and arm; and the place of each study in the question, if one was asked."""

    rows: tuple[tuple[Study, Arm, Result], ...]
    places: Mapping[str, str] | None


def figures_of(library: Library, asked: Asked) -> Figures:
    """Published figures that fit.

    Raises
    ------
    UsageError : ``unknown-word``, ``regimen-form``, ``unknown-question``
    """
    _known(asked.setting, asked.directness, asked.design, asked.endpoint, asked.level)
    dose = _regimen(asked.regimen)
    places = _places(library, asked.question)
    found = []
    for study in library.studies.values():
        if (
            (asked.setting is not None and study.site != asked.setting)
            or (asked.directness is not None and study.directness != asked.directness)
            or (asked.design is not None and study.design != asked.design)
            or (asked.level is not None and study.verified != asked.level)
            or (places is not None and study.id not in places)
        ):
            continue
        arms = {arm.id: arm for arm in study.arms}
        for result in study.results:
            arm = arms[result.arm]
            if asked.endpoint is not None and result.outcome != asked.endpoint:
                continue
            if places is not None and not _asked(library.questions[str(asked.question)], result):
                continue
            if dose is not None and (arm.dose_gy, arm.fractions) != dose:
                continue
            found.append((study, arm, result))
    return Figures(tuple(found), places)


def figures_json(found: Figures) -> dict[str, Any]:
    """The document ``evidence-table/1``."""
    rows = [
        {**_plain(*one), **({"place": found.places[one[0].id]} if found.places is not None else {})}
        for one in found.rows
    ]
    return {"schema": "evidence-table/1", "figures": rows}


def places_of(library: Library, study: Study) -> list[tuple[str, str, str]]:
    """Questions that look at a study: the question, ``counts`` or the code why not, and why not."""
    places = []
    for question in library.questions:
        chosen = selection_for(library, question)
        out = next((one for one in chosen.left_out if one.study == study.id), None)
        if any(one.study.id == study.id for one in chosen.figures):
            places.append((question, "counts", ""))
        elif out is not None:
            places.append((question, out.code, out.why))
    return places


def study_json(library: Library, study_id: str) -> dict[str, Any]:
    """The document ``evidence-study/1``.

    Raises
    ------
    UsageError : ``unknown-record``
    """
    found = study_of(library, study_id)
    rows = [{"question": question, "place": code, "why": why} for question, code, why in places_of(library, found)]
    return {"schema": "evidence-study/1", "study": record_plain(found), "questions": rows}


def study_of(library: Library, study_id: str) -> Study:
    """A study by its id.

    Raises
    ------
    UsageError : ``unknown-record``
    """
    found = library.record(study_id)
    if not isinstance(found, Study):
        raise UsageError(
            "This record is no study.", code="unknown-record", fix="portico knowledge show shows any record."
        )
    return found


@dataclass(frozen=True, slots=True)
class Pooled:
    """An answer: how it is marked, the answer, its groups, published answers beside it."""

    mark: str
    answer: Answer
    groups: dict[str, Any] | None
    beside: tuple[Beside, ...]


def levels_of(word: str) -> tuple[str, ...]:
    """Levels of verification that count: ``firm``, or ``shown`` with secondary and derived ones too."""
    return FIRM_LEVELS if word == "firm" else (*FIRM_LEVELS, "secondary", "derived")


def pool_of(
    library: Library,
    question: str,
    *,
    levels: str = "firm",
    indirect: bool = False,
    by: str | None = None,
    judged: Mapping[str, Any] | None = None,
) -> Pooled:
    """What the studies say together on a question.

    Parameters
    ----------
    levels : see :func:`levels_of`
    indirect : count unoperated and mixed populations too; the answer is marked
    by : one of ``GROUPS``; None for no groups
    judged : a curator's judgements of certainty by question

    Raises
    ------
    UsageError : ``unknown-question``
    CannotTell : ``too-few-studies``
    """
    chosen = selection_for(library, question, levels=levels_of(levels))
    mark = ""
    if indirect:
        asked = chosen.question
        wider = (*asked.directness, *(one for one in ("intact_bone", "mixed") if one not in asked.directness))
        chosen = select(dataclasses.replace(asked, directness=wider), library.studies, levels=levels_of(levels))
        mark = "INDIRECT: patients who were not operated on, or not all, are counted too."
    if levels != "firm":
        mark = f"{mark} SHOWN ONLY: figures known from secondary sources are counted too.".strip()
    found = answer(chosen, library.studies, library.policy["certainty"].body, (judged or {}).get(question, {}))
    groups = None if by is None else _groups(chosen, by)
    return Pooled(mark, found, groups, tuple(beside_published(found)))


def pool_json(found: Pooled) -> dict[str, Any]:
    """The document ``answer/1``."""
    plain = {
        "schema": "answer/1",
        "mark": found.mark or None,
        "answer": found.answer.to_plain(),
        "groups": found.groups,
    }
    return {**plain, "beside": [dataclasses.asdict(one) for one in found.beside]}


def pools_json(library: Library, answers: Sequence[Answer]) -> dict[str, Any]:
    """The document ``pools/1`` of answers to the library's questions."""
    return {"schema": "pools/1", "built_from": built_from(library), "pools": [one.to_plain() for one in answers]}


def gap_map_of(library: Library) -> GapMap:
    """The gap map of the library."""
    return gap_map(library, build_pools(library).answers.values())


def gaps_json(found: GapMap) -> dict[str, Any]:
    """The document ``evidence-gaps/1``."""
    return {
        "schema": "evidence-gaps/1",
        "cells": [{**dataclasses.asdict(one), "gap": one.is_gap} for one in found.cells],
        "asks": [dataclasses.asdict(one) for one in found.asks],
    }


def _known(
    setting: str | None, directness: str | None, design: str | None, endpoint: str | None, level: str | None
) -> None:
    for given, allowed, name in (
        (setting, ("spine", "non_spine", "mixed", "any"), "--setting"),
        (directness, DIRECTNESS, "--directness"),
        (design, DESIGNS, "--design"),
        (endpoint, OUTCOMES, "--endpoint"),
        (level, VERIFIED, "--level"),
    ):
        if given is not None and given not in allowed:
            guess = did_you_mean(given, list(allowed))
            raise UsageError(
                f"{name} has no such word.",
                code="unknown-word",
                path=name,
                fix=f"Did you mean {guess}?" if guess else f"One of {', '.join(allowed)}.",
            )


def _regimen(text: str | None) -> tuple[float, int] | None:
    if text is None:
        return None
    dose, cut, count = text.removesuffix("fx").partition("/")
    try:
        found = float(dose.lower().removesuffix("gy")), int(count)
    except ValueError:
        found = (0.0, 0)
    if not cut or found[0] <= 0 or found[1] <= 0:
        raise UsageError("A regimen is dose in Gy and fractions.", code="regimen-form", fix="--regimen 24/2")
    return found


def _asked(question: Question, result: Result) -> bool:
    """Whether a figure is of the kind that a question asks for."""
    shares = ("proportion", "cumulative_incidence", "km_probability")
    kinds = shares if question.measure == "proportion" or question.pairs else (question.measure, "p_only")
    return result.outcome in question.outcomes and result.measure in kinds


def _places(library: Library, question: str | None) -> dict[str, str] | None:
    """Study to its place in a question: pooled, or the code why not."""
    if question is None:
        return None
    chosen = selection_for(library, question)
    return {
        **{one.study: f"out: {one.code}" for one in chosen.left_out},
        **{one.study.id: "counts" for one in chosen.figures},
    }


def _plain(study: Study, arm: Arm, result: Result) -> dict[str, Any]:
    head = {
        "study": study.id,
        "year": study.year,
        "design": study.design,
        "site": study.site,
        "directness": study.directness,
        "verified": study.verified,
    }
    return {**head, "arm": record_plain(arm), "result": record_plain(result)}


def _groups(chosen: Selection, by: str) -> dict[str, Any]:
    """Meta-regression on the year, or subgroups, as lines and plain data."""
    effects = effects_of(chosen)
    if by == "year":
        years = [one.study.year for one in chosen.figures]
        known = [i for i, year in enumerate(years) if year is not None]
        if len(known) < 3:
            raise CannotTell("Meta-regression needs three studies with a year.", code="too-few-studies")
        part = dataclasses.replace(
            effects,
            yi=effects.yi[known],
            vi=effects.vi[known],
            labels=tuple(effects.labels[i] for i in known),
            n=None,
            done=(),
        )
        middle = sum(years[i] or 0 for i in known) / len(known)
        fit = meta_regression(part, {"years after the mean": [float(years[i] or 0) - middle for i in known]})
        slope = fit.coefficients[1]
        lines = [
            f"By year: {slope.estimate:+.3f} on the working scale a year ({slope.bounds.lo:+.3f} to {slope.bounds.hi:+.3f}), "
            f"p {slope.p:.2g}, {len(known)} studies."
        ]
        return {
            "by": by,
            "slope": slope.estimate,
            "lo": slope.bounds.lo,
            "hi": slope.bounds.hi,
            "p": slope.p,
            "lines": lines,
        }
    names = [str(getattr(one.study, by)) for one in chosen.figures]
    found = subgroups(effects, names)
    lines, rows = [], []
    for name, one in found.pooled.items():
        shown = one.natural
        rows.append({"group": name, "k": one.k, "est": shown.estimate, "lo": shown.lo, "hi": shown.hi})
        lines.append(f"{by} {name}: {shown.estimate:.3f} ({shown.lo:.3f} to {shown.hi:.3f}), {one.k} studies")
    for name in found.single:
        at = names.index(name)
        value = natural(float(effects.yi[at]), effects.measure)
        rows.append({"group": name, "k": 1, "est": value, "lo": None, "hi": None})
        lines.append(f"{by} {name}: {value:.3f}, one study")
    if found.q_between is not None:
        lines.append(f"Between groups: Q {found.q_between:.2f}, {found.df} degrees of freedom, p {found.p:.2g}")
    return {"by": by, "groups": rows, "q_between": found.q_between, "p": found.p, "lines": lines}
