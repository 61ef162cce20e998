"""Synthesis: effect sizes, pooling, meta-regression, small-study tests, dose response, sample size. No input or output."""

from portico.synthesis import claims as _claims  # noqa: F401  importing the room registers its claims
from portico.synthesis import evidence_claims as _evidence_claims  # noqa: F401
from portico.synthesis.answers import answer, effects_of
from portico.synthesis.beta_binomial import BetaBinomial, beta_binomial
from portico.synthesis.certainty import DOMAINS, JUDGEMENTS, judge
from portico.synthesis.comparison import Beside, Pull, beside_published
from portico.synthesis.dose_bootstrap import BOOTSTRAPS, Bootstrap, DoseBootstrap, bootstrap_band
from portico.synthesis.dose_layers import DoseLayer, DosePoint, dose_layers
from portico.synthesis.dose_response import NOT_RANDOMISED, Band, DoseArms, DoseResponse, DoseScale, dose_response
from portico.synthesis.effects import MEASURES, Effects, LeftOut, Measure
from portico.synthesis.gaps import Ask, Cell, GapMap, Size, gap_map
from portico.synthesis.glmm import MixedPool, pool_proportions, pool_rate_ratios, pool_rates, pool_tables
from portico.synthesis.heterogeneity import METHODS, Bounds, Method
from portico.synthesis.inference import INTERVALS, IntervalMethod
from portico.synthesis.mantel_haenszel import PooledTables, mantel_haenszel, peto
from portico.synthesis.means import mean_difference_effects, mean_effects
from portico.synthesis.meta_regression import Coefficient, MetaRegression, meta_regression
from portico.synthesis.pooling import NaturalScale, Pooled, pool
from portico.synthesis.pools import FIRM_LEVELS, answer_question, build_pools, selection_for
from portico.synthesis.proportions import (
    ProportionMeasure,
    RateMeasure,
    proportion_effects,
    proportion_from_interval,
    rate_effects,
)
from portico.synthesis.ratios import Asymmetric, RatioMeasure, observed_minus_expected, ratio_from_interval
from portico.synthesis.sample_size import (
    PROPORTION_FORMULAS,
    ProportionFormula,
    SampleSize,
    log_rank,
    log_rank_with_competing_death,
    noninferior_hazards,
    noninferior_proportions,
    two_proportions,
)
from portico.synthesis.scales import double_arcsine_inverse, harmonic_mean, natural
from portico.synthesis.selection import Figure, Selection, select
from portico.synthesis.sensitivity import CumulativeStep, LeftOneOut, cumulative, leave_one_out
from portico.synthesis.small_study import PREDICTORS, EggerTest, Predictor, RankTest, begg_rank_test, egger_test
from portico.synthesis.subgroups import Subgroups, subgroups
from portico.synthesis.trim_fill import TrimFill, trim_and_fill
from portico.synthesis.two_by_two import BothZero, TableMeasure, TwoByTwo, rate_ratio_effects, table_effects
from portico.synthesis.zero_cells import ZERO_CELLS, ZeroCells

__all__ = [
    "BOOTSTRAPS",
    "DOMAINS",
    "FIRM_LEVELS",
    "INTERVALS",
    "JUDGEMENTS",
    "MEASURES",
    "METHODS",
    "NOT_RANDOMISED",
    "PREDICTORS",
    "PROPORTION_FORMULAS",
    "ZERO_CELLS",
    "Ask",
    "Asymmetric",
    "Band",
    "Beside",
    "BetaBinomial",
    "Bootstrap",
    "BothZero",
    "Bounds",
    "Cell",
    "Coefficient",
    "CumulativeStep",
    "DoseArms",
    "DoseBootstrap",
    "DoseLayer",
    "DosePoint",
    "DoseResponse",
    "DoseScale",
    "Effects",
    "EggerTest",
    "Figure",
    "GapMap",
    "IntervalMethod",
    "LeftOneOut",
    "LeftOut",
    "Measure",
    "MetaRegression",
    "Method",
    "MixedPool",
    "NaturalScale",
    "Pooled",
    "PooledTables",
    "Predictor",
    "ProportionFormula",
    "ProportionMeasure",
    "Pull",
    "RankTest",
    "RateMeasure",
    "RatioMeasure",
    "SampleSize",
    "Selection",
    "Size",
    "Subgroups",
    "TableMeasure",
    "TrimFill",
    "TwoByTwo",
    "ZeroCells",
    "answer",
    "answer_question",
    "begg_rank_test",
    "beside_published",
    "beta_binomial",
    "bootstrap_band",
    "build_pools",
    "cumulative",
    "dose_layers",
    "dose_response",
    "double_arcsine_inverse",
    "effects_of",
    "egger_test",
    "gap_map",
    "harmonic_mean",
    "judge",
    "leave_one_out",
    "log_rank",
    "log_rank_with_competing_death",
    "mantel_haenszel",
    "mean_difference_effects",
    "mean_effects",
    "meta_regression",
    "natural",
    "noninferior_hazards",
    "noninferior_proportions",
    "observed_minus_expected",
    "peto",
    "pool",
    "pool_proportions",
    "pool_rate_ratios",
    "pool_rates",
    "pool_tables",
    "proportion_effects",
    "proportion_from_interval",
    "rate_effects",
    "rate_ratio_effects",
    "ratio_from_interval",
    "select",
    "selection_for",
    "subgroups",
    "table_effects",
    "trim_and_fill",
    "two_proportions",
]
