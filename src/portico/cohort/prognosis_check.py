"""Do the library's prognostic scores predict survival here? Observed against expected deaths, slope, and a correction for this place.

A score is computed for each patient from the answers that the registry holds, by the library's own calculator; a patient with an
answer unknown is left out and counted, even where the others settle the class, since those would be the extreme classes only. A
score whose inputs the registry cannot answer says which. The share dead
by a horizon is the one published for the class. Nothing is filled in: a class without a published share at that horizon leaves its
patients out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from portico.cohort.outcomes import Calibration, calibration
from portico.errors import PorticoError

if TYPE_CHECKING:
    from portico.knowledge.scores import Score

__all__ = ["ClassShare", "PrognosisCheck", "ScoreCheck", "prognosis_check"]

_DAYS_A_MONTH: Final = 365.25 / 12
_FEWEST: Final = 50
_FEWEST_DEATHS: Final = 20
Row = Mapping[str, Any]
Answers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One class of a score: patients here, share dead as published, and as corrected for this place."""

    label: str
    patients: int
    published: float
    corrected: float


@dataclass(frozen=True, slots=True)
class ScoreCheck:
    """One score at one horizon.

    Parameters
    ----------
    score, name, verified : id, name and level of its record
    months : horizon
    patients : that could be scored
    left_out : reason and patients
    calibration : observed against expected; None when it cannot be told
    classes : with their shares; the correction is fitted on these very patients, and is optimistic for them
    why : a sentence when there is no calibration; else empty
    """

    score: str
    name: str
    verified: str
    months: float
    patients: int
    left_out: tuple[tuple[str, int], ...]
    calibration: Calibration | None
    classes: tuple[ClassShare, ...]
    why: str


@dataclass(frozen=True, slots=True)
class PrognosisCheck:
    """Scores that could be computed, and a sentence for each that the registry cannot answer."""

    scores: tuple[ScoreCheck, ...]
    missing: tuple[str, ...]


def _van_der_linden(row: Row) -> Answers:
    primary = {"breast": "breast", "prostate": "prostate", "lung_nsclc": "lung", "lung_sclc": "lung"}
    return {
        "kps": row["kps"],
        "primary": primary.get(row["histology"], "other"),
        "visceral_mets": "yes" if row["visceral_metastases"] else "no",
    }


#: Score, columns it reads, patients it is for, and its answers from a row.
_READ: Final[tuple[tuple[str, tuple[str, ...], str | None, Callable[[Row], Answers]], ...]] = (
    ("van_der_linden", ("kps", "histology", "visceral_metastases"), "spine", _van_der_linden),
)
#: Scores with a published share alive whose inputs no column of a registry holds.
_UNREAD: Final = {
    "katagiri_2014": "laboratory values, earlier chemotherapy, how the primary responds, number of bone metastases"
}


def prognosis_check(rows: pl.DataFrame | pl.LazyFrame) -> PrognosisCheck:
    """Check every score that the registry can answer; by patient, the first course by its key.

    Parameters
    ----------
    rows : rows that can be used, with their keys
    """
    from portico.knowledge.scores import load_scores

    scores = load_scores()
    missing = [
        f"{scores[key].name}: a registry does not hold {what}." for key, what in _UNREAD.items() if key in scores
    ]
    made: list[ScoreCheck] = []
    lazy = rows.lazy()
    present = lazy.collect_schema().names()
    for key, columns, site, answers in _READ:
        needed = ["patient_key", "course_key", "follow_up_day", "dead", *columns, *(["site_region"] if site else [])]
        lacking = [name for name in needed if name not in present]
        if lacking:
            missing.append(f"{scores[key].name}: the file has no {', '.join(lacking)}.")
            continue
        frame = (
            lazy.select(needed)
            .collect(engine="streaming")
            .sort("course_key")
            .unique("patient_key", keep="first", maintain_order=True)
        )
        if site is not None:
            frame = frame.filter(pl.col("site_region").cast(pl.String) == site)
        made.extend(_checked(scores[key], frame, columns, answers))
    return PrognosisCheck(tuple(made), tuple(missing))


def _checked(
    score: Score, frame: pl.DataFrame, columns: tuple[str, ...], answers: Callable[[Row], Answers]
) -> Iterator[ScoreCheck]:
    followed = frame.filter(
        pl.col("follow_up_day").is_not_null() & pl.col("dead").is_not_null() & (pl.col("follow_up_day") > 0)
    )
    left = [("last day or death not known", frame.height - followed.height)]
    combos = followed.select(columns).unique(maintain_order=True)
    settled = [None if None in row.values() else _class_of(score, answers(row)) for row in combos.iter_rows(named=True)]
    known = combos.with_columns(pl.Series("class", settled, dtype=pl.String))
    classed = followed.join(known, on=list(columns), how="left", nulls_equal=True).filter(pl.col("class").is_not_null())
    left.append(("an answer is missing, or lies outside the score", followed.height - classed.height))
    labels = {one.id: one.label for one in score.classes}
    for months in sorted(
        {o.at_months for c in score.classes for o in c.outcomes if o.measure == "survival" and o.at_months}
    ):
        dead = _published(score, months)
        used = classed.filter(pl.col("class").is_in(list(dead)))
        out = [*left, ("no share is published for the class at this time", classed.height - used.height)]
        counts = dict(used["class"].value_counts().iter_rows())
        found, why = _calibrated(used, dead, months)
        shares = () if found is None else tuple(
            ClassShare(labels[name], counts[name], share, float(found.recalibrate([share])[0]))
            for name, share in dead.items() if counts.get(name)
        )  # fmt: skip
        yield ScoreCheck(
            score.id, score.name, score.verified, months, used.height, tuple(one for one in out if one[1]), found, shares, why
        )  # fmt: skip


def _class_of(score: Score, answers: Answers) -> str | None:
    """The class; None where the answers lie outside the published table."""
    from portico.knowledge.scores import compute

    try:
        possible = compute(score, answers).classes_possible
    except PorticoError:
        return None
    return possible[0] if len(possible) == 1 else None


def _published(score: Score, months: float) -> dict[str, float]:
    """Class to the share dead by then, from the record; the first of several, as the record has it."""
    found: dict[str, float] = {}
    for one in score.classes:
        for outcome in one.outcomes:
            if (
                outcome.measure == "survival"
                and outcome.at_months == months
                and outcome.value is not None
                and outcome.unit == "percent"
            ):
                found.setdefault(one.id, 1.0 - outcome.value / 100.0)
    return {name: share for name, share in found.items() if 0.0 < share < 1.0}


def _calibrated(used: pl.DataFrame, dead: Mapping[str, float], months: float) -> tuple[Calibration | None, str]:
    at = months * _DAYS_A_MONTH
    died = used.filter(pl.col("dead") & (pl.col("follow_up_day") <= at)).height
    if used.height < _FEWEST or died < _FEWEST_DEATHS:
        return (
            None,
            f"Fewer than {_FEWEST} patients can be scored, or fewer than {_FEWEST_DEATHS} of them died by then.",
        )
    predicted = [dead[name] for name in used["class"]]
    time = used["follow_up_day"].cast(pl.Float64).to_numpy()
    try:
        return calibration(predicted, time, used["dead"].to_numpy().astype(np.int64), at=at), ""
    except PorticoError as error:
        return None, error.problem.message
