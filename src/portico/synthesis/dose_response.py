"""Events against dose over studies: a mixed logistic model with a random intercept for each study.

>>> arms = DoseArms.of([28, 39, 48, 60], [14, 21, 3, 6], [31, 88, 40, 44], study=("a", "b", "b", "c"))
>>> curve = dose_response(arms)
>>> curve.slope.estimate < 0
True

Dose was not randomised: studies that gave more dose also chose other patients, other technique and other follow-up. The
curve describes what was reported together; it does not say what more dose would do for one patient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from portico.errors import CannotTell
from portico.synthesis.glmm import checked_counts, edge_p
from portico.synthesis.heterogeneity import Bounds
from portico.synthesis.inference import INTERVALS, Reference
from portico.synthesis.inputs import Index, Vector, chosen, positive, probability, same_length
from portico.synthesis.meta_regression import Coefficient
from portico.synthesis.mixed_fit import NODES, MixedFit, fit_mixed, hermite
from portico.synthesis.mixed_likelihood import MixedData, Tensor
from portico.synthesis.outcome_families import Binomial

__all__ = ["NOT_RANDOMISED", "Band", "DoseArms", "DoseResponse", "DoseScale", "dose_response"]

NOT_RANDOMISED: Final = (
    "Dose was not randomised: studies that gave more dose also differ in patients, technique and follow-up."
)

DoseScale = Literal["logistic", "log-logistic"]


@dataclass(frozen=True, slots=True, eq=False)
class DoseArms:
    """Arms with one dose each, sorted so that arms of one study stand together.

    Parameters
    ----------
    dose : (arms,) in Gy, e.g. BED10; one kind of dose in one analysis
    events, n : (arms,) people with the event (local failure), people
    study : (arms,) study of each arm
    """

    dose: Vector
    events: Vector
    n: Vector
    study: tuple[str, ...]

    @classmethod
    def of(cls, dose: ArrayLike, events: ArrayLike, n: ArrayLike, *, study: Sequence[str]) -> DoseArms:
        """Checked arms in any order.

        Raises
        ------
        InputRefused : ``not-positive`` (dose), ``bad-count``, ``events-exceed-people``, ``lengths-differ``
        """
        gray = positive(dose, "dose")
        x, size = checked_counts(events, n)
        same_length(dose=gray, events=x, study=study)
        place = {name: i for i, name in enumerate(dict.fromkeys(study))}
        order = np.argsort([place[name] for name in study], kind="stable")
        return cls(gray[order], x[order], size[order], tuple(study[i] for i in order))

    @property
    def starts(self) -> Index:
        """(studies,) first arm of each study."""
        return np.array([i for i, name in enumerate(self.study) if i == 0 or name != self.study[i - 1]])


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """Probability of the event along a grid of doses.

    Parameters
    ----------
    dose : (g,) in Gy
    probability : (g,) in a typical study, from 0 to 1
    lo, hi : (g,) ends of the band
    level : e.g. 0.95, at each dose by itself
    method : in words
    """

    dose: Vector
    probability: Vector
    lo: Vector
    hi: Vector
    level: float
    method: str


@dataclass(frozen=True, slots=True, eq=False)
class DoseResponse:
    """Fitted curve.

    Parameters
    ----------
    scale : ``logistic`` (logit linear in dose) or ``log-logistic`` (linear in the logarithm of dose)
    arms : what it was fitted to
    intercept, slope : on the logit scale; the slope is per Gy, or per natural logarithm of Gy
    covariance : (2, 2) of both
    tau, tau_se : standard deviation between studies on the logit scale, and its standard error (None at zero)
    lr_tau, lr_tau_p : likelihood-ratio test of no difference between studies (half a chi-squared)
    log_likelihood, aic : of the fit, for the choice between both scales
    studies, centre : number of studies; centre of the dose scale that the fit used inside
    low_gy, high_gy : range of the doses: the curve says nothing beyond it
    """

    scale: DoseScale
    arms: DoseArms
    intercept: Coefficient
    slope: Coefficient
    covariance: Tensor
    tau: float
    tau_se: float | None
    lr_tau: float
    lr_tau_p: float
    log_likelihood: float
    aic: float
    studies: int
    centre: float
    low_gy: float
    high_gy: float

    @property
    def said(self) -> str:
        """Model and caveat in two sentences."""
        return f"Mixed {self.scale} model, random intercept for each study, maximum likelihood. {NOT_RANDOMISED}"

    def _rows(self, dose: ArrayLike) -> tuple[Vector, Tensor]:
        gray = positive(dose, "dose")
        if (gray < self.low_gy * (1 - 1e-12)).any() or (gray > self.high_gy * (1 + 1e-12)).any():
            raise CannotTell(
                f"The studies gave {self.low_gy:g} to {self.high_gy:g} Gy; the curve says nothing beyond.",
                code="model-out-of-range",
            )
        return gray, np.column_stack([np.ones(len(gray)), on_scale(gray, self.scale)])

    def band(self, dose: ArrayLike, *, level: float = 0.95, new_study: bool = False) -> Band:
        """Probability with a band from the delta method on the logit scale.

        Parameters
        ----------
        dose : (g,) in Gy, within the range of the studies
        level : at each dose by itself
        new_study : True for where a new study would lie: adds the variance between studies

        Raises
        ------
        CannotTell : ``model-out-of-range``
        InputRefused : ``not-positive``, ``not-a-probability``
        """
        gray, rows = self._rows(dose)
        middle = rows @ [self.intercept.estimate, self.slope.estimate]
        variance = np.einsum("gi,ij,gj->g", rows, self.covariance, rows) + (self.tau**2 if new_study else 0.0)
        half = Reference(None).quantile(level) * np.sqrt(variance)
        method = "delta method on the logit, new study" if new_study else "delta method on the logit"
        return Band(gray, expit(middle), expit(middle - half), expit(middle + half), level, method)

    def mean_over_studies(self, dose: ArrayLike) -> Vector:
        """(g,) probability averaged over studies; flatter than the typical study's where they differ.

        Raises
        ------
        CannotTell, InputRefused : as :meth:`band`
        """
        _, rows = self._rows(dose)
        z, w = hermite(NODES)
        middle = rows @ [self.intercept.estimate, self.slope.estimate]
        return np.asarray(expit(middle[:, None] + math.sqrt(2.0) * self.tau * z) @ w / math.sqrt(math.pi))

    def dose_for(self, share: float, *, level: float = 0.95) -> tuple[float, Bounds]:
        """Dose in Gy at which a typical study has this share of events, with a delta interval.

        Parameters
        ----------
        share : strictly between 0 and 1
        level : of the interval

        Raises
        ------
        CannotTell : ``model-out-of-range`` when that dose was not given by the studies; ``flat-curve``
        InputRefused : ``not-a-probability``
        """
        slope = self.slope.estimate
        if slope == 0:
            raise CannotTell("The curve is flat.", code="flat-curve")
        at = (float(logit(probability(share, "share"))) - self.intercept.estimate) / slope
        gradient = np.array([-1.0 / slope, -at / slope])
        half = Reference(None).quantile(level) * math.sqrt(gradient @ self.covariance @ gradient)
        with np.errstate(over="ignore"):
            ends = [float(np.exp(e)) if self.scale == "log-logistic" else e for e in (at, at - half, at + half)]
        if not self.low_gy <= ends[0] <= self.high_gy:
            raise CannotTell(
                f"The studies gave {self.low_gy:g} to {self.high_gy:g} Gy; the dose asked for lies beyond.",
                code="model-out-of-range",
            )
        return ends[0], Bounds(ends[1], ends[2], level, "delta method on the dose scale of the model")


def on_scale(dose: Vector, scale: DoseScale) -> Vector:
    """Dose as the model takes it."""
    return np.log(dose) if scale == "log-logistic" else dose


def model_data(arms: DoseArms, scale: DoseScale, centre: float) -> MixedData:
    """Counts and design with the dose scale centred and shrunk to about one, which steadies the climb."""
    column = on_scale(arms.dose, scale) - centre
    return MixedData(
        Binomial(arms.events, arms.n),
        np.column_stack([np.ones(len(column)), column / unit_of(arms, scale)]),
        np.ones(len(column)),
        np.zeros(len(column)),
        arms.starts,
    )


def unit_of(arms: DoseArms, scale: DoseScale) -> float:
    """Spread of the dose scale."""
    return float(np.std(on_scale(arms.dose, scale)))


def fit_curve(arms: DoseArms, scale: DoseScale, nodes: int) -> tuple[MixedFit, MixedData, float]:
    """Fit on the centred scale; also the data and the centre."""
    centre = float(np.average(on_scale(arms.dose, scale), weights=arms.n))
    data = model_data(arms, scale, centre)
    share = (arms.events.sum() + 0.5) / (arms.n.sum() + 1.0)
    return fit_mixed(data, np.array([float(logit(share)), 0.0]), nodes=nodes), data, centre


def check_arms(arms: DoseArms) -> None:
    """Refuse arms that cannot carry a curve.

    Raises
    ------
    CannotTell : ``too-few-studies`` (fewer than three studies or three doses), ``no-events``
    """
    if len(set(arms.study)) < 3 or len(np.unique(arms.dose)) < 3:
        raise CannotTell("A curve needs three studies and three doses at least.", code="too-few-studies")
    if arms.events.sum() in (0.0, arms.n.sum()):
        raise CannotTell("All arms together have no event, or nothing but events.", code="no-events")


def dose_response(
    arms: DoseArms, *, scale: DoseScale = "logistic", level: float = 0.95, nodes: int = NODES
) -> DoseResponse:
    """Fit the curve.

    Parameters
    ----------
    arms : see :class:`DoseArms`
    scale : ``logistic`` or ``log-logistic``
    level : of the coefficients' intervals
    nodes : quadrature points a study

    Raises
    ------
    CannotTell : ``too-few-studies``, ``no-events``, ``no-maximum`` (separation)
    UsageError : ``unknown-option``

    Source: Stijnen, Hamza, Ozdemir, Stat Med 2010;29:3046 (model).
    """
    chosen(scale, ("logistic", "log-logistic"), "scale")
    check_arms(arms)
    fit, _, centre = fit_curve(arms, scale, nodes)
    back = np.array([[1.0, -centre / unit_of(arms, scale)], [0.0, 1.0 / unit_of(arms, scale)]])
    beta, covariance = back @ fit.beta, back @ fit.covariance @ back.T
    normal = Reference(None)
    z = normal.quantile(level)
    found = []
    for i, name in enumerate(("intercept", "slope")):
        estimate, se = float(beta[i]), math.sqrt(float(covariance[i, i]))
        bounds = Bounds(estimate - z * se, estimate + z * se, level, INTERVALS["wald"])
        found.append(Coefficient(name, estimate, se, estimate / se, normal.two_sided_p(estimate / se), bounds))
    return DoseResponse(
        scale=scale,
        arms=arms,
        intercept=found[0],
        slope=found[1],
        covariance=covariance,
        tau=fit.tau,
        tau_se=fit.tau_se,
        lr_tau=fit.lr_tau,
        lr_tau_p=edge_p(fit.lr_tau),
        log_likelihood=fit.height,
        aic=2.0 * 3 - 2.0 * fit.height,
        studies=len(arms.starts),
        centre=centre,
        low_gy=float(arms.dose.min()),
        high_gy=float(arms.dose.max()),
    )
