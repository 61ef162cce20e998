"""The answer to a question: the figures of a selection, pooled by several named models side by side.

The main model is random effects on the logit (or log ratio) scale, REML, with the Knapp–Hartung interval that is never
narrower than the normal one. Where a counted study
has no event, or only events, it is the binomial mixed model, which needs no added halves; where no study has any event
the counts are added and the exact interval is given.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from scipy import stats

from portico.errors import CannotTell, PorticoError
from portico.knowledge import Question, Study
from portico.knowledge.pools import Answer, Estimate, PoolRow
from portico.synthesis.beta_binomial import beta_binomial
from portico.synthesis.certainty import judge
from portico.synthesis.effects import Effects, Measure
from portico.synthesis.glmm import pool_proportions
from portico.synthesis.inference import INTERVALS, IntervalMethod
from portico.synthesis.pooling import Pooled, pool
from portico.synthesis.proportions import proportion_effects, proportion_from_interval
from portico.synthesis.ratios import ratio_from_interval
from portico.synthesis.selection import Figure, Selection
from portico.synthesis.sensitivity import leave_one_out
from portico.synthesis.small_study import egger_test

__all__ = ["answer", "effects_of", "exact_interval", "wilson_interval"]

_MEASURES: Final[dict[str, Measure]] = {"proportion": "PLO", "hr": "HR", "or": "OR", "rr": "RR"}
LEAST_FOR_EGGER: Final = 10
#: Never narrower than the normal interval: series that agree by chance must not look surer than they are.
MAIN_INTERVAL: Final[IntervalMethod] = "knapp-hartung-truncated"


def wilson_interval(events: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion; events need not be whole.

    >>> [round(end, 3) for end in wilson_interval(0, 20)]
    [0.0, 0.161]
    """
    z = float(stats.norm.ppf(0.975))
    p, size = events / n, n + z * z
    middle, half = (events + z * z / 2) / size, z * math.sqrt(n * p * (1 - p) + z * z / 4) / size
    return max(0.0, middle - half), min(1.0, middle + half)


def exact_interval(events: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval.

    >>> [round(end, 4) for end in exact_interval(0, 100)]
    [0.0, 0.0362]
    """
    low = 0.0 if events == 0 else float(stats.beta.ppf(0.025, events, n - events + 1))
    return low, 1.0 if events == n else float(stats.beta.ppf(0.975, events + 1, n - events))


def effects_of(selection: Selection) -> Effects:
    """Effect sizes of a selection: logits of proportions or logarithms of ratios, one a study.

    Raises
    ------
    CannotTell : ``no-figures``
    """
    figures = selection.figures
    if not figures:
        raise CannotTell("No study answers this question.", code="no-figures")
    measure = _MEASURES[selection.question.measure]
    pairs = [_effect(figure, selection.question.measure) for figure in figures]
    return Effects(
        np.array([one[0] for one in pairs]),
        np.array([one[1] for one in pairs]),
        measure,
        tuple(figure.study.id for figure in figures),
        n=np.array([figure.size for figure in figures]) if all(figure.size > 0 for figure in figures) else None,
        done=tuple(figure.note for figure in figures),
    )


def _effect(figure: Figure, measure: str) -> tuple[float, float]:
    if measure == "proportion":
        if figure.basis == "interval":
            found = proportion_from_interval(*([one] for one in figure.published))
            return float(found.yi[0]), float(found.vi[0])
        assert figure.events is not None and figure.n is not None
        x, n = figure.events, figure.n
        if x < 0.5 or x > n - 0.5:  # as many halves as metafor adds to a study without events
            x, n = x + 0.5, n + 1.0
        return math.log(x / (n - x)), 1.0 / x + 1.0 / (n - x)
    if figure.second_n is not None:
        assert figure.events is not None and figure.n is not None and figure.second_events is not None
        a, n1, c, n2 = figure.events, figure.n, figure.second_events, figure.second_n
        if min(a, c, n1 - a, n2 - c) < 0.5:
            a, c, n1, n2 = a + 0.5, c + 0.5, n1 + 1.0, n2 + 1.0
        if measure == "or":
            b, d = n1 - a, n2 - c
            return math.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
        return math.log((a / n1) / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    code: Any = measure.upper()
    est, lo, hi = figure.published
    found = ratio_from_interval([est], [lo], [hi], measure=code, asymmetric="note")
    return float(found.yi[0]), float(found.vi[0])


def answer(
    selection: Selection,
    studies: Mapping[str, Study],
    policy: Mapping[str, Any],
    overrides: Mapping[str, tuple[str, str]] | None = None,
) -> Answer:
    """Pool a selection and judge its certainty.

    Parameters
    ----------
    selection : from :func:`portico.synthesis.select`
    studies : of the library, for the published answers beside ours
    policy : rules of certainty, body of the policy ``certainty``
    overrides : domain to ``(judgement, sentence)`` of a named curator
    """
    question = selection.question
    rows = [_row(figure, question.measure) for figure in selection.figures]
    notes: list[str] = []
    estimates: list[Estimate] = []
    pooled: Pooled | None = None
    if len(rows) == 1:
        only = rows[0]
        estimates = [
            Estimate(
                "single study",
                "as published",
                "Wilson" if only.basis != "interval" else "as published",
                only.est,
                only.lo,
                only.hi,
            )
        ]
        notes.append("One study: nothing is pooled.")
    elif rows:
        effects = effects_of(selection)
        pooled = pool(effects, interval=MAIN_INTERVAL)
        estimates = _estimates(selection, effects, pooled, notes)
        rows = [_weighted(row, weight) for row, weight in zip(rows, pooled.weights, strict=True)]
    notes += _notes(question, rows, selection)
    counted = [one for one in selection.figures if one.events is not None and one.n is not None]
    bounds = pooled.tau2_bounds if pooled else None
    small = _small_study(selection)
    made = Answer(
        question=question.id,
        asks=question.asks,
        population=question.population,
        outcome=question.outcomes[0],
        measure=question.measure,
        months=question.months,
        reads=question.reads,
        k=len(rows),
        n=round(sum((one.n or 0) + (one.second_n or 0) for one in counted)) if counted else None,
        events=round(sum((one.events or 0) + (one.second_events or 0) for one in counted)) if counted else None,
        main=estimates[0] if estimates else None,
        estimates=tuple(estimates),
        tau2=pooled.tau2 if pooled else None,
        tau2_lo=bounds.lo if bounds else None,
        tau2_hi=bounds.hi if bounds and math.isfinite(bounds.hi) else None,
        i2=pooled.i2 if pooled else None,
        q=pooled.q if pooled else None,
        q_p=pooled.q_p if pooled else None,
        small_study_p=small,
        rows=tuple(rows),
        left_out=selection.left_out,
        leave_one_out=_leave_one_out(selection),
        cumulative=_cumulative(selection),
        compare=_compare(question, studies),
        certainty=None,
        domains=(),
        notes=tuple(notes),
    )
    return judge(made, policy, overrides or {})


def _row(figure: Figure, measure: str) -> PoolRow:
    study = figure.study
    if figure.second_n is not None:
        y, v = _effect(figure, measure)
        half = float(stats.norm.ppf(0.975)) * math.sqrt(v)
        est, lo, hi = math.exp(y), math.exp(y - half), math.exp(y + half)
    elif figure.basis == "interval":
        est, lo, hi = figure.published
    else:
        assert figure.events is not None and figure.n is not None
        est = figure.events / figure.n
        lo, hi = wilson_interval(figure.events, figure.n)
        lo, hi = min(lo, est), max(hi, est)
    n = figure.n if figure.second_n is None else (figure.n or 0.0) + figure.second_n
    events = figure.events if figure.second_events is None else (figure.events or 0.0) + figure.second_events
    return PoolRow(
        study.id,
        figure.arm,
        est,
        lo,
        hi,
        events,
        n,
        figure.basis,
        None,
        study.verified,
        study.directness,
        study.design,
        study.year,
        figure.note,
    )


def _weighted(row: PoolRow, percent: float) -> PoolRow:
    return dataclasses.replace(row, weight=float(percent) / 100.0)


def _natural(found: Pooled, model: str) -> Estimate:
    shown = found.natural
    return Estimate(
        model,
        str(found.method),
        INTERVALS[found.interval],
        shown.estimate,
        shown.lo,
        shown.hi,
        shown.prediction_lo,
        shown.prediction_hi,
    )


def _estimates(selection: Selection, effects: Effects, pooled: Pooled, notes: list[str]) -> list[Estimate]:
    made = [_natural(pooled, "random effects")]
    for method, interval in (
        ("REML", "knapp-hartung"),
        ("REML", "wald"),
        ("PM", "knapp-hartung-truncated"),
        ("DL", "wald"),
    ):
        made.append(_natural(pool(effects, method=method, interval=interval), "random effects"))  # type: ignore[arg-type]
    made.append(_natural(pool(effects, method="common", interval="wald"), "common effect"))
    if selection.question.measure != "proportion" or any(one.basis == "interval" for one in selection.figures):
        return made
    events = [round(one.events or 0.0) for one in selection.figures]
    sizes = [round(one.n or 0.0) for one in selection.figures]
    if sum(events) == 0:
        low, high = exact_interval(0, sum(sizes))
        notes.append(f"No event in {sum(sizes)}: the counts are added and the exact interval is given.")
        return [Estimate("counts added", "no events", "Clopper–Pearson", 0.0, low, high)]
    made.append(_double_arcsine(events, sizes))
    binomial = _tried(lambda: _binomial(events, sizes), notes)
    beta = _tried(lambda: _beta(events, sizes), notes)
    made += [one for one in (binomial, beta) if one is not None]
    if binomial is not None and any(x == 0 or x == n for x, n in zip(events, sizes, strict=True)):
        made.remove(binomial)
        made.insert(0, binomial)
        notes.append("A study without events is in the pool: the binomial model stands first, it adds no halves.")
    if any(one.basis == "rate x n" for one in selection.figures):
        notes.append("Models on counts round the rate times the number to whole events.")
    return made


def _double_arcsine(events: list[int], sizes: list[int]) -> Estimate:
    """Freeman–Tukey, for readers who know it; turned back at the harmonic mean of the sizes, which can mislead.

    Source: Schwarzer et al., Res Synth Methods 2019;10:476 (the back-transformation).
    """
    found = pool(proportion_effects(events, sizes, measure="PFT"), interval=MAIN_INTERVAL)
    shown = found.natural
    lo, hi = min(max(shown.lo, 0.0), shown.estimate), max(min(shown.hi, 1.0), shown.estimate)
    method = "REML on the Freeman–Tukey double arcsine, turned back at the harmonic mean of the sizes: known to mislead"
    return Estimate("random effects (double arcsine)", method, INTERVALS[found.interval], shown.estimate, lo, hi)


def _binomial(events: list[int], sizes: list[int]) -> Estimate:
    found = pool_proportions(events, sizes)
    new = found.prediction
    return Estimate(
        "random effects (binomial)",
        found.method,
        "Wald",
        _expit(found.estimate),
        _expit(found.bounds.lo),
        _expit(found.bounds.hi),
        _expit(new.lo) if new else None,
        _expit(new.hi) if new else None,
    )


def _beta(events: list[int], sizes: list[int]) -> Estimate:
    found = beta_binomial(events, sizes)
    return Estimate("beta-binomial", "maximum likelihood", "Wald", found.proportion, found.bounds.lo, found.bounds.hi)


def _expit(x: float) -> float:
    return float(1.0 / (1.0 + math.exp(-x)))


def _tried(make: Callable[[], Estimate], notes: list[str]) -> Estimate | None:
    try:
        return make()
    except PorticoError as error:
        notes.append(f"One model could not be fitted: {error}")
        return None


def _small_study(selection: Selection) -> float | None:
    if len(selection.figures) < LEAST_FOR_EGGER:
        return None
    return float(egger_test(effects_of(selection)).p)


def _leave_one_out(selection: Selection) -> tuple[tuple[str, float, float, float], ...]:
    if len(selection.figures) < 3:
        return ()
    found = leave_one_out(effects_of(selection))
    return tuple((one.label, *_three(one.pooled)) for one in found)


def _three(found: Pooled) -> tuple[float, float, float]:
    shown = found.natural
    return shown.estimate, shown.lo, shown.hi


def _cumulative(selection: Selection) -> tuple[tuple[str, int | None, float, float, float], ...]:
    """The pool as each study joined, in the order of years; studies without a year join last."""
    made: list[tuple[str, int | None, float, float, float]] = []
    if len(selection.figures) < 2:
        return ()
    effects = effects_of(selection)
    for count, figure in enumerate(selection.figures, 1):
        if count == 1:
            row = _row(figure, selection.question.measure)
            made.append((figure.study.id, figure.study.year, row.est, row.lo, row.hi))
            continue
        part = Effects(effects.yi[:count], effects.vi[:count], effects.measure, effects.labels[:count])
        # Wald: the interval of Knapp and Hartung for two studies says nothing
        made.append((figure.study.id, figure.study.year, *_three(pool(part, interval="wald"))))
    return tuple(made)


def _compare(
    question: Question, studies: Mapping[str, Study]
) -> tuple[tuple[str, float, float | None, float | None, int | None], ...]:
    made = []
    for name in question.compare:
        for result in studies[name].results:
            fits = result.outcome in question.outcomes and result.months == question.months and result.est is not None
            if fits and result.measure in ("proportion", "hr", "or", "rr") and result.versus is None:
                assert result.est is not None
                made.append((name, result.est, result.lo, result.hi, result.n))
    return tuple(made)


def _notes(question: Question, rows: list[PoolRow], selection: Selection) -> list[str]:
    made = []
    if any(row.basis == "rate x n" for row in rows):
        made.append(
            "Where only a rate at a time was published, events are the rate times the number: patients lost or dead before "
            "then are counted as if seen, so intervals are narrower than the study's own would be."
        )
    if question.measure != "proportion" and not all(row.design == "rct" for row in rows):
        made.append("The comparison was not randomised in every study.")
    if question.months is None and rows:
        made.append("No common time: each study counts to its own end of follow-up.")
    waiting = [one.study for one in selection.left_out if one.code == "level"]
    if waiting:
        made.append(f"Waiting for a reader of the full paper: {', '.join(waiting)}.")
    return made
