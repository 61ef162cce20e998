"""Two comparisons of an audit, adjusted for what the registry holds: technique, and radiotherapy within six weeks.

Each says how many more or fewer fail locally by a year with death competing, under overlap weights with their balance table; the
hazard ratio of a model with the same covariates; and the E-value, how strong something unrecorded would have to be. The interval
from surgery is compared from a landmark, so that nobody is credited with days he had to survive. Covariates that are not known in
all rows are imputed several times and pooled by Rubin's rules. What cannot be compared says what is missing.

A registry shows who got what, not why: a difference that is left is a question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from portico.cohort.outcomes import (
    Balance,
    EValue,
    cause_specific,
    cumulative_hazard,
    e_value,
    imputations,
    landmark,
    rubin,
    weighted_difference,
)
from portico.cohort.outcomes.events import Index, Mask, Vector
from portico.cohort.outcomes.imputation import ColumnKind
from portico.errors import PorticoError

__all__ = ["HORIZON_DAYS", "LANDMARK_DAYS", "Comparison", "EffectTables", "effect_tables"]

HORIZON_DAYS: Final = 365
#: Six weeks, the limit of the rule on referral and start.
LANDMARK_DAYS: Final = 42
#: Courses in each group, and events in all, below which nothing is estimated.
_FEWEST: Final = 20
_FEWEST_EVENTS: Final = 20
#: Share of rows in which a covariate must be known.
_KNOWN: Final = 0.6
_COPIES: Final = 10
#: Share with the event above which a hazard ratio is not near a risk ratio (VanderWeele & Ding 2017).
_COMMON: Final = 0.15
_NEEDED: Final = ("patient_key", "prescribed_option", "local_failure_day", "follow_up_day", "dead")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison.

    Parameters
    ----------
    name : what is compared, the first with the second
    first, second : courses in each group
    events : local failures in both
    from_day, to_day : time in which they are counted, days from surgery
    covariates, imputed : what is adjusted for, and which of them were imputed in some rows
    first_share, second_share : weighted cumulative incidence in each group
    difference, lo, hi : first minus second with its 95 % interval
    hazard_ratio, hr_lo, hr_hi : cause-specific, adjusted for the same
    e : E-values of the hazard ratio
    balance : standardised differences before and after weighting, the mean of the copies
    effective : effective numbers of courses after weighting
    left_out : reason and courses; with the two groups they make all courses
    copies : imputed copies, 1 when nothing was imputed
    notes : what must hold for the comparison to mean anything
    """

    name: str
    first: int
    second: int
    events: int
    from_day: int
    to_day: int
    covariates: tuple[str, ...]
    imputed: tuple[str, ...]
    first_share: float
    second_share: float
    difference: float
    lo: float
    hi: float
    hazard_ratio: float
    hr_lo: float
    hr_hi: float
    e: EValue
    balance: tuple[Balance, ...]
    effective: tuple[float, float]
    left_out: tuple[tuple[str, int], ...]
    copies: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EffectTables:
    """What could be compared, and a sentence for each comparison that could not."""

    comparisons: tuple[Comparison, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Data:
    time: Vector
    cause: Index
    exposed: Mask
    x: Vector
    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]
    patient: Index


def effect_tables(rows: pl.DataFrame | pl.LazyFrame, *, seed: int = 1) -> EffectTables:
    """The comparisons that a registry allows.

    Parameters
    ----------
    rows : rows that can be used, with their keys; the columns needed are held in memory
    seed : of the imputation; the same seed gives the same figures
    """
    lazy = rows.lazy()
    present = lazy.collect_schema().names()
    lacking = [name for name in _NEEDED if name not in present]
    if lacking:
        return EffectTables((), (f"The registry has no {', '.join(lacking)}.",))
    frame = lazy.collect(engine="streaming")
    made: list[Comparison] = []
    missing: list[str] = []
    for name, build in _COMPARISONS:
        try:
            made.append(build(frame, name, seed))
        except _Lacking as lack:
            missing.append(f"{name[:1].upper()}{name[1:]}: {lack}")
        except PorticoError as error:
            missing.append(f"{name[:1].upper()}{name[1:]}: {error.problem.message}")
    return EffectTables(tuple(made), tuple(missing))


class _Lacking(Exception):
    """What a comparison lacks, in words."""


def _technique(frame: pl.DataFrame, name: str, seed: int) -> Comparison:
    option = pl.col("prescribed_option").cast(pl.String)
    chosen, left = _kept(
        frame,
        (option.is_in(["sbrt", "conventional"]).fill_null(False), "another technique, or not stated"),
        (_followed(), "last day or death not known"),
    )
    exposed = (chosen["prescribed_option"].cast(pl.String) == "sbrt").to_numpy()
    note = "The technique is taken as decided at surgery: who died or failed before it was decided must be in the registry too."
    return _compared(name, _data(chosen, exposed), 0, HORIZON_DAYS, left, seed, [note])


def _interval(frame: pl.DataFrame, name: str, seed: int) -> Comparison:
    if "start_day" not in frame.columns:
        raise _Lacking("the registry has no start_day.")
    chosen, left = _kept(frame, (_followed(), "last day or death not known"))
    whole = _data(chosen, np.zeros(chosen.height, dtype=bool))
    cut = landmark(chosen["start_day"].cast(pl.Float64).to_list(), whole.time, whole.cause, at=LANDMARK_DAYS)
    left += [(reason, count) for reason, count in cut.left_out.items() if count]
    data = _data(chosen.filter(pl.Series(cut.kept)), cut.exposed, ("prescribed_option",))
    data = _Data(cut.time, cut.cause, cut.exposed, data.x, data.names, data.kinds, data.patient)
    note = (
        "A first fraction without a day is read as not given while the patient was observed; where days are merely not recorded, this "
        "comparison misleads."
    )
    return _compared(name, data, LANDMARK_DAYS, HORIZON_DAYS, left, seed, [note])


_COMPARISONS: Final[tuple[tuple[str, Callable[[pl.DataFrame, str, int], Comparison]], ...]] = (
    ("stereotactic against conventional radiotherapy", _technique),
    (f"radiotherapy started by day {LANDMARK_DAYS}, or not", _interval),
)


def _kept(frame: pl.DataFrame, *tests: tuple[pl.Expr, str]) -> tuple[pl.DataFrame, list[tuple[str, int]]]:
    left = []
    for keep, words in tests:
        after = frame.filter(keep)
        if after.height < frame.height:
            left.append((words, frame.height - after.height))
        frame = after
    if not frame.height:
        raise _Lacking("no course is left.")
    return frame, left


def _followed() -> pl.Expr:
    return pl.col("follow_up_day").is_not_null() & pl.col("dead").is_not_null() & (pl.col("follow_up_day") > 0)


def _data(frame: pl.DataFrame, exposed: Mask, more: Sequence[str] = ()) -> _Data:
    failed = frame["local_failure_day"].cast(pl.Float64).to_numpy()
    happened = ~np.isnan(failed)
    time = np.where(happened, failed, frame["follow_up_day"].cast(pl.Float64).to_numpy())
    cause = np.where(happened, 1, np.where(frame["dead"].to_numpy(), 2, 0)).astype(np.int64)
    found = list(_covariates(frame, more))
    x = np.column_stack([column for _, _, column in found]) if found else np.empty((frame.height, 0))
    patient = frame["patient_key"].rank("dense").to_numpy().astype(np.int64) - 1
    return _Data(time, cause, exposed, x, tuple(n for n, _, _ in found), tuple(k for _, k, _ in found), patient)


def _covariates(frame: pl.DataFrame, more: Sequence[str]) -> Iterator[tuple[str, ColumnKind, Vector]]:
    """Name, kind and values (NaN unknown) of each covariate that is known often enough and varies."""

    def flag(column: str, value: str | None = None) -> pl.Expr:
        cell = pl.col(column)
        return (cell if value is None else cell.cast(pl.String) == value).cast(pl.Float64)

    wanted: list[tuple[str, str, ColumnKind, pl.Expr]] = [
        ("age_years", "age", "number", pl.col("age_years").cast(pl.Float64)),
        ("ecog", "ECOG 2 or more", "yes_no", (pl.col("ecog") >= 2).cast(pl.Float64)),
        ("visceral_metastases", "visceral metastases", "yes_no", flag("visceral_metastases")),
        ("brain_metastases", "brain metastases", "yes_no", flag("brain_metastases")),
        ("oligometastatic", "oligometastatic", "yes_no", flag("oligometastatic")),
        ("radiosensitivity", "radioresistant", "yes_no", flag("radiosensitivity", "radioresistant")),
        ("site_region", "spine", "yes_no", flag("site_region", "spine")),
        ("prior_rt_at_site", "irradiated before", "yes_no", flag("prior_rt_at_site")),
        *((name, "stereotactic", "yes_no", flag(name, "sbrt")) for name in more),
    ]  # fmt: skip
    columns = [
        (name, kind, frame.select(e).to_series().to_numpy()) for col, name, kind, e in wanted if col in frame.columns
    ]
    if "centre" in frame.columns:
        counts = frame["centre"].drop_nulls().value_counts(sort=True)
        large = counts.filter(pl.col("count") >= _FEWEST)["centre"].sort().to_list()[1:9]
        columns += [
            (f"centre {one.removeprefix('SYNTHETIC-')}", "yes_no", (frame["centre"] == one).fill_null(False).cast(pl.Float64).to_numpy())
            for one in large
        ]  # fmt: skip
    for name, kind, column in columns:
        known = column[~np.isnan(column)]
        varies = (
            known.std() > 0 if kind == "number" and len(known) else min((known == 1).sum(), (known == 0).sum()) >= 10
        )
        if len(known) >= _KNOWN * len(column) and varies:
            yield name, kind, column.astype(np.float64)


def _compared(
    name: str, data: _Data, start: int, end: int, left: list[tuple[str, int]], seed: int, notes: Sequence[str]
) -> Comparison:
    first, second = int(data.exposed.sum()), int((~data.exposed).sum())
    at, events = float(end - start), int(((data.cause == 1) & (data.time <= end - start)).sum())
    if min(first, second) < _FEWEST or events < _FEWEST_EVENTS:
        raise _Lacking(f"fewer than {_FEWEST} courses in a group, or fewer than {_FEWEST_EVENTS} local failures.")
    if not data.names:
        raise _Lacking(f"no covariate is known in {_KNOWN:.0%} of the courses.")
    copies = list(_copies(data, seed))
    effects = [
        weighted_difference(data.time, data.cause, data.exposed, x, names=data.names, at=at, cluster=data.patient) for x in copies
    ]  # fmt: skip
    group = data.exposed.astype(np.float64)
    models = [
        cause_specific(
            data.time, data.cause, np.column_stack([group, x]), names=("exposed", *data.names), cluster=data.patient
        )
        for x in copies
    ]
    gap = _pooled([one.difference for one in effects], [one.se**2 for one in effects])
    log = _pooled([float(one.coefficients[0]) for one in models], [float(one.se[0]) ** 2 for one in models])
    ratio = [float(np.exp(one)) for one in log]
    shares = [float(np.mean([one.treated for one in effects])), float(np.mean([one.others for one in effects]))]
    common = max(shares) > _COMMON
    balance = tuple(
        Balance(row[0].name, float(np.mean([b.before for b in row])), float(np.mean([b.after for b in row])))
        for row in zip(*(one.balance for one in effects), strict=True)
    )
    effective = [float(np.mean([one.effective[side] for one in effects])) for side in (0, 1)]
    unknown = np.asarray(np.isnan(data.x).any(axis=0))
    return Comparison(
        name=name,
        first=first,
        second=second,
        events=events,
        from_day=start,
        to_day=end,
        covariates=data.names,
        imputed=tuple(n for n, u in zip(data.names, unknown, strict=True) if u),
        first_share=shares[0],
        second_share=shares[1],
        difference=gap[0],
        lo=gap[1],
        hi=gap[2],
        hazard_ratio=ratio[0],
        hr_lo=ratio[1],
        hr_hi=ratio[2],
        e=e_value(ratio[0], ratio[1], ratio[2], hazard_of_common_event=common),
        balance=balance,
        effective=(effective[0], effective[1]),
        left_out=tuple(left),
        copies=len(copies),
        notes=tuple(notes),
    )


def _copies(data: _Data, seed: int) -> Iterator[Vector]:
    """The covariates, completed; one copy when nothing is unknown."""
    if not np.isnan(data.x).any():
        yield data.x
        return
    hazards = [np.interp(data.time, one.time, one.hazard) for one in cumulative_hazard(data.time, data.cause)]
    table = np.column_stack([data.x, data.exposed, data.cause == 1, data.cause == 2, *hazards])
    kinds: list[ColumnKind] = [*data.kinds, "yes_no", "yes_no", "yes_no"]
    for _ in hazards:
        kinds.append("number")
    for copy in imputations(table, kinds, copies=_COPIES, rounds=5, seed=seed):
        yield copy[:, : data.x.shape[1]]


def _pooled(values: Sequence[float], variances: Sequence[float]) -> tuple[float, float, float]:
    """Estimate and 95 % interval over the copies."""
    if len(values) > 1:
        found = rubin(values, variances)
        return found.estimate, found.lo, found.hi
    half = 1.959963984540054 * variances[0] ** 0.5
    return values[0], values[0] - half, values[0] + half
