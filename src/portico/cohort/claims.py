"""Claims of this room for ``portico verify``: chapter ``cohort``."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.cohort.outcomes import (
    cause_specific,
    cumulative_hazard,
    cumulative_incidence,
    e_value,
    fine_gray,
    gray_test,
    propensity,
    rubin,
)
from portico.cohort.outcomes.reference import MADE_WITH, R_ANSWERS, Mgus2, mgus2
from portico.cohort.synthetic_model import World
from portico.errors import CannotTell

__all__ = ["competing_risks", "fair_comparison", "tolerance_of"]


def tolerance_of(value: float) -> float:
    """A millionth of the value, and never more than a millionth: variances of 1e-5 are held to their sixth digit."""
    return 1e-6 * min(1.0, abs(value))


@chapter("cohort")
def competing_risks() -> Iterator[Claim]:
    """Competing risks in survival::mgus2, as R computes them."""
    got = answers(mgus2())
    for name, value in R_ANSWERS.items():
        yield claim_number(
            "cohort",
            f"mgus2: {name}",
            source=MADE_WITH,
            expected=value,
            got=got.get(name),
            tolerance=tolerance_of(value),
        )


@chapter("cohort")
def fair_comparison() -> Iterator[Claim]:
    """Figures that can be worked by hand, the truth of the synthetic world, and a refusal."""
    worked = e_value(3.9, 1.8, 8.7)
    pooled = rubin([1.0, 1.2, 0.8], [0.04, 0.05, 0.03])
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    balance = propensity([1, 0, 0, 0, 1, 1, 1, 0], x[:, None], names=["x"]).balance[0]
    by_hand = (
        ("E-value of a risk ratio of 3.9", 3.9 + math.sqrt(3.9 * 2.9), worked.estimate),
        ("E-value of its bound 1.8", 1.8 + math.sqrt(1.8 * 0.8), worked.bound),
        ("Rubin: variance of three copies, 0.04 + 4/3 of 0.04", 0.04 + 0.04 * 4 / 3, pooled.se**2),
        ("overlap weights: standardised difference left", 0.0, balance.after),
    )
    for what, expected, got in by_hand:
        yield claim_number("cohort", what, source="by hand", expected=expected, got=got, tolerance=1e-9)
    world, day = World(visceral_share=0.0, poor_share=0.0, resistant_share=0.0), 365.0
    fails, dies = world.failure_a_day, world.death_a_day
    yield claim_number(
        "cohort",
        "synthetic world: local failure by a year, conventional, best kind of patient",
        source="constant hazards, by hand",
        expected=fails / (fails + dies) * (1 - math.exp(-(fails + dies) * day)),
        got=world.incidence(day, sbrt=False),
        tolerance=1e-12,
    )
    yield claim_equal(
        "cohort", "an event nobody had has no incidence", source="by design", expected="no-events", got=_refusal()
    )


def _refusal() -> str:
    try:
        cumulative_incidence([1.0, 2.0], [0, 2])
    except CannotTell as error:
        return error.code
    return "answered"


def answers(data: Mgus2) -> dict[str, float]:
    """The same figures, computed here."""
    months, event = data.months, data.event
    malignancy, death = (cumulative_incidence(months, event, of=of) for of in (1, 2))
    found: dict[str, float] = {}
    for at in (60, 120, 240):
        found[f"incidence {at}"] = malignancy.at([at])[0]
        found[f"variance {at}"] = malignancy.variance_at([at])[0]
        found[f"death {at}"] = death.at([at])[0]
        found[f"death variance {at}"] = death.variance_at([at])[0]
    by_sex, thirds = data.male, np.arange(1, len(months) + 1) % 3
    first = gray_test(months, event, by_sex)
    found |= {
        "gray statistic": first.statistic,
        "gray p": first.p,
        "gray death statistic": gray_test(months, event, by_sex, of=2).statistic,
        "gray three groups": gray_test(months, event, thirds).statistic,
        "gray three groups death": gray_test(months, event, thirds, of=2).statistic,
    }
    x, names = np.column_stack([data.age_years, data.male]), ("age", "male")
    model = fine_gray(months, event, x, names=names)
    cox = cause_specific(months, event, x, names=names, of=2, cluster=np.arange(1, len(months) + 1) % 200)
    for place, name in enumerate(names):
        found[f"fine-gray {name}"] = model.coefficients[place]
        found[f"fine-gray se {name}"] = model.se[place]
        found[f"cox death {name}"] = cox.coefficients[place]
        found[f"cox death se {name}"] = cox.standard_se[place]
        found[f"cox death clustered se {name}"] = cox.se[place]
    found["fine-gray log likelihood"] = model.log_likelihood
    for name, curve in zip(("hazard", "death hazard"), cumulative_hazard(months, event), strict=True):
        step = int(np.searchsorted(curve.time, 240, side="right")) - 1
        found[f"{name} 240"] = curve.hazard[step]
        found[f"{name} se 240"] = np.sqrt(curve.variance[step])
    return {name: float(value) for name, value in found.items()}
