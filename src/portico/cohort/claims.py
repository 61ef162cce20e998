"""Claims of this room for ``portico verify``: chapter ``cohort``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from portico.claims import Claim, chapter, claim_number
from portico.cohort.outcomes import cause_specific, cumulative_hazard, cumulative_incidence, fine_gray, gray_test
from portico.cohort.outcomes.reference import MADE_WITH, R_ANSWERS, Mgus2, mgus2

__all__ = ["competing_risks", "tolerance_of"]


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
