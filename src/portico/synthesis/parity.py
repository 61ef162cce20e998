"""The calls of this room that answer the frozen calls of R, key by key; verify and the tests compare both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from portico.synthesis.beta_binomial import beta_binomial
from portico.synthesis.dose_response import DoseArms, dose_response
from portico.synthesis.effects import Effects
from portico.synthesis.glmm import pool_proportions, pool_rate_ratios, pool_rates, pool_tables
from portico.synthesis.heterogeneity import Method
from portico.synthesis.inference import IntervalMethod
from portico.synthesis.mantel_haenszel import mantel_haenszel, peto
from portico.synthesis.means import mean_difference_effects, mean_effects
from portico.synthesis.meta_regression import MetaRegression, meta_regression
from portico.synthesis.parity_values import (
    Values,
    asymmetry_values,
    filled_values,
    mixed_values,
    pooled_values,
    rank_values,
    regression_values,
    series_values,
    table_values,
)
from portico.synthesis.pooling import pool
from portico.synthesis.proportions import proportion_effects, rate_effects
from portico.synthesis.ratios import observed_minus_expected, ratio_from_interval
from portico.synthesis.reference.proportions import DEBRUIN, PRITZ
from portico.synthesis.reference.ratios import HACKSHAW, PIGNON
from portico.synthesis.reference.trials import BCG, HINE, NIELWEISE, NIELWEISE_RATES, NORMAND
from portico.synthesis.sample_size import two_proportions
from portico.synthesis.sensitivity import cumulative, leave_one_out
from portico.synthesis.small_study import Predictor, begg_rank_test, egger_test
from portico.synthesis.subgroups import subgroups
from portico.synthesis.trim_fill import trim_and_fill
from portico.synthesis.two_by_two import TableMeasure, TwoByTwo, rate_ratio_effects, table_effects

__all__ = ["ANSWERS", "answers"]


def _column(table: Sequence[Sequence[Any]], *places: int) -> Any:
    """Columns of a table as arrays, in the order of ``places``."""
    return [np.array([row[place] for row in table], dtype=np.float64) for place in places]


@cache
def _bcg(measure: TableMeasure = "RR") -> Effects:
    return table_effects(_bcg_tables(), measure=measure)


def _bcg_tables() -> TwoByTwo:
    a, b, c, d = _column(BCG, 2, 3, 4, 5)
    return TwoByTwo.of(a, a + b, c, c + d, [row[0] for row in BCG])


def _bcg_pool(method: Method, interval: IntervalMethod = "wald", measure: TableMeasure = "RR") -> Values:
    return pooled_values(pool(_bcg(measure), method=method, interval=interval))


def _latitude(method: Method, interval: IntervalMethod = "wald") -> MetaRegression:
    return meta_regression(_bcg(), {"ablat": _column(BCG, 6)[0]}, method=method, interval=interval)


def _latitude_at_30() -> Values:
    found = _latitude("REML")
    near, far, mean = found.predict({"ablat": 30.0})
    values = regression_values(found) | {"at30": mean, "at30_lo": near.lo, "at30_hi": near.hi}
    return values if far is None else values | {"at30_new_lo": far.lo, "at30_new_hi": far.hi}


def _latitude_year() -> Values:
    latitude, year = _column(BCG, 6, 1)
    return regression_values(meta_regression(_bcg(), {"ablat": latitude, "year": year}))


def _latitude_r2() -> Values:
    r2 = _latitude("REML").r2
    return {} if r2 is None else {"r2": r2}


def _allocation(interval: IntervalMethod) -> Values:
    found = subgroups(_bcg(), [row[7] for row in BCG], tau2="common", interval=interval)
    values = {} if found.q_between is None or found.p is None else {"qm": found.q_between, "qm_p": found.p}
    return values if found.shared_tau2 is None else values | {"tau2": found.shared_tau2}


def _allocation_means() -> Values:
    found = subgroups(_bcg(), [row[7] for row in BCG], tau2="common", interval="wald").means
    values: Values = {}
    for i, name in enumerate(("alternate", "random", "systematic")):
        values |= {f"b.{i}": found[name].estimate, f"se.{i}": found[name].se}
    return values


def _bcg_random() -> Values:
    return pooled_values(subgroups(_bcg(), [row[7] for row in BCG], interval="wald").pooled["random"])


def _bcg_cumulative() -> Values:
    steps = cumulative(_bcg(), np.arange(len(BCG)), interval="wald")
    return series_values([step.pooled for step in steps], _bcg())


def _egger(model: str, predictor: Predictor = "sei", effects: Effects | None = None) -> Values:
    given = _bcg() if effects is None else effects
    return asymmetry_values(
        egger_test(given, model="multiplicative" if model == "lm" else "mixed-effects", predictor=predictor)
    )


def _trimmed(estimator: str, method: Method, effects: Effects | None = None) -> Values:
    given = _bcg() if effects is None else effects
    return filled_values(trim_and_fill(given, estimator="L0" if estimator == "L0" else "R0", method=method))


def _pignon(timing: int | None) -> Effects:
    excess, variance, group = _column(PIGNON, 1, 2, 3)
    inside = np.ones(len(group), dtype=bool) if timing is None else group == timing
    return observed_minus_expected(excess[inside], variance[inside])


def _pignon_common(timing: int | None) -> Values:
    return pooled_values(pool(_pignon(timing), method="common", interval="wald"))


def _pritz(measure: Any) -> Values:
    events, n = _column(PRITZ, 1, 2)
    return pooled_values(pool(proportion_effects(events, n, measure=measure), interval="wald"))


@cache
def _hackshaw() -> Effects:
    return ratio_from_interval(*_column(HACKSHAW, 3, 4, 5), measure="OR", asymmetric="note")


def _hackshaw_pool(method: Method, interval: IntervalMethod = "wald") -> Values:
    return pooled_values(pool(_hackshaw(), method=method, interval=interval))


def _normand(measure: Any) -> Values:
    n1, m1, s1, n2, m2, s2 = _column(NORMAND, 1, 2, 3, 4, 5, 6)
    return pooled_values(pool(mean_difference_effects((m1, s1, n1), (m2, s2, n2), measure=measure), interval="wald"))


def _normand_mean() -> Values:
    n2, m2, s2 = _column(NORMAND, 4, 5, 6)
    return pooled_values(pool(mean_effects(m2, s2, n2), method="DL", interval="wald"))


def _hine() -> TwoByTwo:
    return TwoByTwo.of(*_column(HINE, 1, 2, 3, 4))


def _hine_rd(method: Method) -> Values:
    return pooled_values(pool(table_effects(_hine(), measure="RD"), method=method, interval="wald"))


def _debruin() -> Effects:
    n, events = _column(DEBRUIN, 3, 4)
    return proportion_effects(events, n, measure="PR")


def _debruin_regression() -> Values:
    moderators: dict[str, Any] = {
        "scq": _column(DEBRUIN, 2)[0],
        "ethnicity": [float(row[5] == "other") for row in DEBRUIN],
    }
    return regression_values(meta_regression(_debruin(), moderators, interval="wald"))


def _catheters() -> TwoByTwo:
    return TwoByTwo.of(*_column(NIELWEISE, 2, 3, 4, 5))


def _catheter_odds(both_zero: Any) -> Values:
    return pooled_values(pool(table_effects(_catheters(), both_zero=both_zero), interval="wald"))


def _catheter_rates(measure: Any) -> Values:
    return pooled_values(pool(rate_effects(*_column(NIELWEISE_RATES, 4, 5), measure=measure), interval="wald"))


def _beta(events: Any, n: Any) -> Values:
    found = beta_binomial(events, n)
    return {
        "estimate": found.logit_estimate,
        "se": found.logit_se,
        "rho": found.rho,
        "height": found.log_likelihood,
    }


def _dose() -> Values:
    found = dose_response(
        DoseArms.of(
            [28, 39, 48, 51.3, 52.8, 60, 72, 81.6],
            [14, 21, 3, 20, 6, 10, 6, 1],
            [31, 88, 40, 75, 52, 44, 37, 24],
            study=[str(i) for i in (1, 2, 2, 3, 4, 5, 5, 6)],
        )
    )
    intercept, slope = found.intercept, found.slope
    return {
        "b0": intercept.estimate,
        "b1": slope.estimate,
        "se0": intercept.se,
        "se1": slope.se,
        "tau": found.tau,
    }


ANSWERS: Final[dict[str, Callable[[], Values]]] = {
    "bcg RR common": lambda: _bcg_pool("common"),
    "bcg RR DL": lambda: _bcg_pool("DL"),
    "bcg RR PM": lambda: _bcg_pool("PM"),
    "bcg RR REML": lambda: _bcg_pool("REML"),
    "bcg RR ML": lambda: _bcg_pool("ML"),
    "bcg RR DL KH": lambda: _bcg_pool("DL", "knapp-hartung"),
    "bcg RR PM KH": lambda: _bcg_pool("PM", "knapp-hartung"),
    "bcg RR REML KH": lambda: _bcg_pool("REML", "knapp-hartung"),
    "bcg RR REML adhoc": lambda: _bcg_pool("REML", "knapp-hartung-truncated"),
    "bcg OR REML": lambda: _bcg_pool("REML", measure="OR"),
    "bcg RD DL": lambda: _bcg_pool("DL", measure="RD"),
    "bcg MH OR": lambda: table_values(mantel_haenszel(_bcg_tables(), measure="OR")),
    "bcg MH RR": lambda: table_values(mantel_haenszel(_bcg_tables(), measure="RR")),
    "bcg MH RD": lambda: table_values(mantel_haenszel(_bcg_tables(), measure="RD")),
    "bcg Peto": lambda: table_values(peto(_bcg_tables())),
    "bcg trim and fill L0": lambda: _trimmed("L0", "REML"),
    "bcg trim and fill R0": lambda: _trimmed("R0", "REML"),
    "bcg trim and fill L0 DL": lambda: _trimmed("L0", "DL"),
    "bcg trim and fill L0 common": lambda: _trimmed("L0", "common"),
    "bcg Egger lm": lambda: _egger("lm"),
    "bcg Egger rma": lambda: _egger("rma"),
    "bcg Egger rma vi": lambda: _egger("rma", "vi"),
    "bcg Egger lm ni": lambda: _egger("lm", "ni"),
    "bcg Egger lm ninv": lambda: _egger("lm", "ninv"),
    "bcg Egger rma sqrtni": lambda: _egger("rma", "sqrtni"),
    "bcg Egger rma sqrtninv": lambda: _egger("rma", "sqrtninv"),
    "bcg Begg": lambda: rank_values(begg_rank_test(_bcg())),
    "bcg latitude REML": _latitude_at_30,
    "bcg latitude REML KH": lambda: regression_values(_latitude("REML", "knapp-hartung")),
    "bcg latitude DL": lambda: regression_values(_latitude("DL")),
    "bcg latitude PM": lambda: regression_values(_latitude("PM")),
    "bcg latitude ML": lambda: regression_values(_latitude("ML")),
    "bcg latitude common": lambda: regression_values(_latitude("common")),
    "bcg latitude year REML KH": _latitude_year,
    "bcg latitude R2": _latitude_r2,
    "bcg allocation common tau2": lambda: _allocation("wald"),
    "bcg allocation KH": lambda: _allocation("knapp-hartung"),
    "bcg allocation means": _allocation_means,
    "bcg random only": _bcg_random,
    "bcg leave one out": lambda: series_values([one.pooled for one in leave_one_out(_bcg(), interval="wald")], _bcg()),
    "bcg cumulative": _bcg_cumulative,
    "pignon all": lambda: _pignon_common(None),
    "pignon adjuvant": lambda: _pignon_common(1),
    "pignon neoadjuvant": lambda: _pignon_common(2),
    "pignon concomitant": lambda: _pignon_common(3),
    "pignon all REML KH": lambda: pooled_values(pool(_pignon(None))),
    "pignon Begg": lambda: rank_values(begg_rank_test(_pignon(None))),
    "pritz PR": lambda: _pritz("PR"),
    "pritz PLO": lambda: _pritz("PLO"),
    "pritz PAS": lambda: _pritz("PAS"),
    "pritz PFT": lambda: _pritz("PFT"),
    "pritz GLMM": lambda: mixed_values(pool_proportions(*_column(PRITZ, 1, 2))),
    "pritz GLMM common": lambda: mixed_values(pool_proportions(*_column(PRITZ, 1, 2), common=True)),
    "hackshaw DL": lambda: _hackshaw_pool("DL"),
    "hackshaw REML KH": lambda: _hackshaw_pool("REML", "knapp-hartung"),
    "hackshaw PM": lambda: _hackshaw_pool("PM"),
    "hackshaw Egger lm": lambda: _egger("lm", effects=_hackshaw()),
    "hackshaw Begg": lambda: rank_values(begg_rank_test(_hackshaw())),
    "hackshaw trim and fill L0": lambda: _trimmed("L0", "common", _hackshaw()),
    "hackshaw trim and fill R0": lambda: _trimmed("R0", "common", _hackshaw()),
    "normand MD REML": lambda: _normand("MD"),
    "normand SMD REML": lambda: _normand("SMD"),
    "normand mean DL": _normand_mean,
    "hine RD REML": lambda: _hine_rd("REML"),
    "hine RD common": lambda: _hine_rd("common"),
    "hine MH OR": lambda: table_values(mantel_haenszel(_hine())),
    "hine Peto": lambda: table_values(peto(_hine())),
    "debruin PR REML": lambda: pooled_values(pool(_debruin(), interval="wald")),
    "debruin PR scq ethnicity": _debruin_regression,
    "debruin GLMM": lambda: mixed_values(pool_proportions(*_column(DEBRUIN, 4, 3))),
    "nielweise OR REML": lambda: _catheter_odds("leave-out"),
    "nielweise OR REML corrected": lambda: _catheter_odds("correct"),
    "nielweise MH OR": lambda: table_values(mantel_haenszel(_catheters())),
    "nielweise Peto": lambda: table_values(peto(_catheters())),
    "nielweise GLMM conditional": lambda: mixed_values(pool_tables(_catheters())),
    "nielweise GLMM study effects": lambda: mixed_values(pool_tables(_catheters(), model="study-effects")),
    "nielweise 2008 IRR REML": lambda: pooled_values(
        pool(rate_ratio_effects(*_column(NIELWEISE_RATES, 2, 3, 4, 5)), interval="wald")
    ),
    "nielweise 2008 IRR GLMM": lambda: mixed_values(pool_rate_ratios(*_column(NIELWEISE_RATES, 2, 3, 4, 5))),
    "nielweise 2008 IRLN REML": lambda: _catheter_rates("IRLN"),
    "nielweise 2008 IR REML": lambda: _catheter_rates("IR"),
    "nielweise 2008 IRLN GLMM": lambda: mixed_values(pool_rates(*_column(NIELWEISE_RATES, 4, 5))),
    "pritz beta-binomial": lambda: _beta(*_column(PRITZ, 1, 2)),
    "debruin beta-binomial": lambda: _beta(*_column(DEBRUIN, 4, 3)),
    "two proportions": lambda: {"n": two_proportions(0.108, 0.046).per_arm},
    "dose response logistic": _dose,
}
"""What this room answers to each key of the frozen values."""


def answers(key: str) -> Mapping[str, float]:
    """Values of this room for one key; more values than were frozen are no harm.

    Raises
    ------
    KeyError : there is no such key
    """
    return ANSWERS[key]()
