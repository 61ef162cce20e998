"""Each course against the rules of one patient's advice: offered, not offered, or undetermined, and why.

A course is compared with the regimens of its technique, dose and fractions. Whether such a regimen is open to the patient is what
:func:`portico.advice.advise` says of it: the same rules, the same three-valued formula (:mod:`portico.advice.eligibility`), here over
whole columns. Truth is a small number: 0 false, 1 unknown, 2 true; then *and* is the lower, *or* the higher, and *not* two less it.

    offered        a regimen that fits is eligible
    undetermined   none is, and for one that fits an answer is missing; or the prescription is not known
    not offered    every regimen that fits is stopped or not indicated; or none fits
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from portico.advice import Engine
from portico.advice.eligibility import Formula
from portico.advice.table import evaluate_table
from portico.knowledge import Regimen

__all__ = ["PARTS", "REASONS", "VERDICTS", "Concordance", "Judged"]

#: By truth: false, unknown, true.
VERDICTS: Final = ("not_offered", "undetermined", "offered")
#: Reasons that are no rule. The others are ids of rules.
REASONS: Final = {
    "prescription-unknown": "technique, dose or fractions are not known",
    "no-sourced-regimen": "no regimen of this technique, dose and fractions stands in the library with a source",
    "not-indicated": "no rule indicates it for this patient",
    "indication-unknown": "an answer is missing without which no indication can be told",
}
#: What is judged apart: whether an eligible regimen has the technique, then also the dose, then also the fractions.
PARTS: Final = ("technique", "dose", "fractions")

Truths = NDArray[np.int8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is said of some courses, in the order of their rows.

    Parameters
    ----------
    courses : ``verdict`` (of :data:`VERDICTS`); ``regimen``, the id of the one that decided, null where none fits; ``reason``, null for
        an offered course, otherwise the rule that stops it or whose answer is missing, or a word of :data:`REASONS`; and each of
        :data:`PARTS` as a verdict
    rules : rule id to the number of courses where it is false, unknown and true
    """

    courses: pl.DataFrame
    rules: Mapping[str, tuple[int, int, int]]


class Concordance:
    """Judges courses by the rules and regimens of one engine; build it once.

    Parameters
    ----------
    engine : rules and regimens
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sourced = [one for one in engine.regimens.values() if _sourced(one)]
        self._reasons = [*REASONS, *engine.rules]
        self._codes = {name: code for code, name in enumerate(self._reasons)}

    def judge(self, frame: pl.DataFrame) -> Judged:
        """Judge each row.

        Parameters
        ----------
        frame : rows of a registry with the types of :func:`portico.advice.frame_schema`; null is unknown

        Raises
        ------
        CaseRefused : see :func:`portico.advice.table.check_frame`
        """
        found = evaluate_table(frame, self._engine.nodes, self._engine.columns)
        coded = found.lazy().select((pl.all().cast(pl.Int8) * 2).fill_null(1)).collect()
        truth = {name: coded[name].to_numpy() for name in coded.columns}
        eligible = {key: _eligible(one, truth, frame.height) for key, one in self._engine.formulas.items()}
        course = _Prescription(frame)
        verdict, regimen, reason = self._decide(course, eligible, truth)
        names = [one.id for one in self._sourced]
        parts = dict(zip(PARTS, self._parts(course, eligible), strict=True))
        return Judged(
            pl.DataFrame(
                {
                    "verdict": _words(verdict, VERDICTS),
                    "regimen": _words(regimen, names),
                    "reason": _words(reason, self._reasons),
                    **{name: _words(found, VERDICTS) for name, found in parts.items()},
                }
            ),
            _counted(found),
        )

    def _decide(
        self, course: _Prescription, eligible: Mapping[str, Truths], truth: Mapping[str, Truths]
    ) -> tuple[Truths, NDArray[np.int16], NDArray[np.int16]]:
        """Verdict, and the places of regimen and reason; −1 for none. Of regimens that fit, the best for the course decides."""
        best = np.full(course.rows, -1, dtype=np.int8)
        regimen, reason = np.full(course.rows, -1, dtype=np.int16), np.full(course.rows, -1, dtype=np.int16)
        for place, one in enumerate(self._sourced):
            fit = course.fits(one)
            rows = np.flatnonzero(fit)
            open_, why = eligible[one.id][rows], self._why(self._engine.formulas[one.id], eligible[one.id], truth, rows)
            value = np.minimum(open_, fit[rows])
            why[(open_ == 2) & (value == 1)] = self._codes["prescription-unknown"]
            # A rule that stops says more than that nothing indicates.
            rank = value * 2 + ((value == 0) & (why != self._codes["not-indicated"]))
            better = rank > best[rows]
            taken = rows[better]
            best[taken], regimen[taken], reason[taken] = rank[better], place, why[better]
        verdict = np.where(best < 0, 0, best // 2).astype(np.int8)
        reason[best < 0] = self._codes["no-sourced-regimen"]
        verdict[course.unknown], regimen[course.unknown] = 1, -1
        reason[course.unknown] = self._codes["prescription-unknown"]
        return verdict, regimen, reason

    def _why(
        self, one: Formula, eligible: Truths, truth: Mapping[str, Truths], rows: NDArray[np.intp]
    ) -> NDArray[np.int16]:
        """First stop that is true, or for an open formula the first that is unknown; −1 where the regimen is eligible."""
        open_ = eligible[rows]
        why = np.full(len(rows), self._codes["not-indicated"], dtype=np.int16)
        why[open_ == 1] = self._codes["indication-unknown"]
        wanted = np.where(open_ == 1, 1, 2)
        for rule in reversed(one.stops):
            why[truth[rule][rows] == wanted] = self._codes[rule]
        why[open_ == 2] = -1
        return why

    def _parts(self, course: _Prescription, eligible: Mapping[str, Truths]) -> Iterable[Truths]:
        for part in PARTS:
            found = np.zeros(course.rows, dtype=np.int8)
            for one in self._engine.regimens.values():
                np.maximum(found, eligible[one.id] * course.alike(one, part), out=found)
            found[course.lacks(part)] = 1
            yield found


class _Prescription:
    """What was prescribed, by column."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.rows = frame.height
        option = frame["prescribed_option"].cast(pl.String)
        self._techniques = {name: (option == name).fill_null(False).to_numpy() for name in option.unique().drop_nulls()}
        self._known = {
            name: frame[name].is_not_null().to_numpy() for name in frame.columns if name.startswith("prescribed_")
        }
        self._numbers = {
            name: frame[name].cast(pl.Float64).fill_null(-1.0).to_numpy()
            for name in ("prescribed_dose_gy", "prescribed_elective_gy", "prescribed_fractions")
        }
        self._without_dose = self.technique("none") | self.technique("other")
        self.unknown = self.lacks("fractions")

    def technique(self, name: str) -> Mask:
        found = self._techniques.get(name)
        return np.zeros(self.rows, dtype=bool) if found is None else found.copy()

    def lacks(self, part: str) -> Mask:
        """Whether what the part asks for is not known."""
        asked = {"technique": (), "dose": ("prescribed_dose_gy",)}.get(
            part, ("prescribed_dose_gy", "prescribed_fractions")
        )
        figures = [~self._known[name] for name in asked]
        missing: Mask = reduce(np.logical_or, figures, np.zeros(self.rows, dtype=bool)) & ~self._without_dose
        missing |= ~self._known["prescribed_option"]
        return missing

    def alike(self, regimen: Regimen, part: str) -> Mask:
        """Rows with the technique of a regimen, and from ``dose`` on its dose, and for ``fractions`` its fractions."""
        found = self.technique(regimen.technique)
        if regimen.technique == "none" or part == "technique":
            return found
        dose, fractions = _highest(regimen)
        found &= self._is("prescribed_dose_gy", dose)
        return found if part == "dose" else found & self._is("prescribed_fractions", fractions)

    def fits(self, regimen: Regimen) -> Truths:
        """0 no, 1 only the lower level is not known, 2 yes."""
        found = self.alike(regimen, "fractions").astype(np.int8) * 2
        highest = _highest(regimen)[0] if regimen.levels else None
        lower = [one.dose_gy for one in regimen.levels if one.dose_gy is not None and one.dose_gy != highest]
        if lower:
            same = self._is("prescribed_elective_gy", min(lower)).astype(np.int8) * 2
            same[~self._known["prescribed_elective_gy"]] = 1
            found = np.minimum(found, same)
        return found

    def _is(self, name: str, value: float | None) -> Mask:
        same: Mask = self._numbers[name] == (-2.0 if value is None else value)
        return same


def _counted(found: pl.DataFrame) -> dict[str, tuple[int, int, int]]:
    """How often each rule is false, unknown and true."""
    unknown = found.null_count().row(0)
    true = found.select(pl.all().sum()).row(0)
    return {key: (found.height - a - b, a, b) for key, a, b in zip(found.columns, unknown, true, strict=True)}


def _eligible(one: Formula, truth: Mapping[str, Truths], rows: int) -> Truths:
    """The formula of :func:`portico.advice.eligibility.verdict` over columns."""

    def any_of(rules: tuple[str, ...]) -> Truths:
        none: Truths = np.zeros(rows, dtype=np.int8)
        highest: Callable[[Truths, Truths], Truths] = np.maximum
        return reduce(highest, (truth[rule] for rule in rules), none)

    found: Truths = np.minimum(any_of(one.indications), 2 - any_of(one.stops))
    return found


def _sourced(regimen: Regimen) -> bool:
    """Whether dose and fractions of the highest level are known; no radiotherapy has none to know."""
    return regimen.technique == "none" or (bool(regimen.levels) and None not in _highest(regimen))


def _highest(regimen: Regimen) -> tuple[float | None, int | None]:
    top = max(regimen.levels, key=lambda one: -1.0 if one.dose_gy is None else one.dose_gy)
    return top.dose_gy, top.fractions


def _words(places: NDArray[np.int8] | NDArray[np.int16], words: Iterable[str]) -> pl.Series:
    """Words by their place; null for −1."""
    names = tuple(words)
    found = pl.Series(places.astype(np.int32))
    found.scatter((found < 0).arg_true(), None)
    return pl.Series(names, dtype=pl.Enum(names)).gather(found)
