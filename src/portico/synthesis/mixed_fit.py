"""Maximum of the marginal likelihood of counts, for one data set or many replicates at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from portico.errors import CannotTell
from portico.synthesis.inputs import Index, Mask, Vector
from portico.synthesis.mixed_likelihood import MixedData, MixedState, Tensor, evaluate

__all__ = ["MixedFit", "climb", "fit_mixed", "hermite"]

NODES = 25
STARTS = (0.15, 0.8)
"""τ from which the climb begins; the higher summit is taken."""

LONGEST = 2.0
"""No parameter moves further than this in one step."""

FLAT = 50.0
"""A standard error above this, on a logit or logarithm, means that a parameter runs to infinity (separation)."""

ZERO = 1e-5
"""A τ that ends below this is zero: the summit lies on the edge."""


def hermite(count: int) -> tuple[Vector, Vector]:
    """Points and weights of Gauss–Hermite quadrature."""
    z, w = np.polynomial.hermite.hermgauss(count)
    return z, w


@dataclass(frozen=True, slots=True, eq=False)
class MixedFit:
    """Maximum likelihood fit.

    Parameters
    ----------
    beta : (p,) fixed effects
    covariance : (p, p) of the fixed effects, from the second derivatives of all parameters
    tau : standard deviation of the random effect
    tau_se : its standard error; None when ``tau`` is zero
    height, height_without : log-likelihood, and the one of the best fit with τ = 0
    modes : (studies,) most likely random effects, in standard deviations
    """

    beta: Vector
    covariance: Tensor
    tau: float
    tau_se: float | None
    height: float
    height_without: float
    modes: Vector

    @property
    def lr_tau(self) -> float:
        """Likelihood-ratio statistic of τ = 0."""
        return max(0.0, 2.0 * (self.height - self.height_without))


def climb(
    data: MixedData,
    psi: Tensor,
    *,
    nodes: tuple[Vector, Vector],
    free_tau: bool = True,
    rounds: int = 200,
    tolerance: float = 1e-10,
    mode_tolerance: float = 1e-10,
) -> tuple[Tensor, MixedState, Mask]:
    """Climb from ``psi`` by damped Newton steps; a step that goes down is taken back and shortened.

    Returns
    -------
    Parameters, state, and by replicate whether the promised gain fell below ``tolerance``
    """
    studies = len(data.starts)
    state = evaluate(data, psi, np.zeros((len(psi), studies)), nodes=nodes, tolerance=mode_tolerance)
    damping = np.zeros(len(psi))
    settled = np.zeros(len(psi), dtype=bool)
    active = np.arange(len(psi))
    psi = psi.copy()
    for _ in range(rounds):
        step, promised = _step(state, active, damping[active], free_tau)
        done = (promised < tolerance) & (damping[active] == 0.0)
        settled[active[done]] = True
        active, step = active[~done], step[~done]
        if not len(active):
            break
        tried = psi[active] + step
        new = evaluate(_part(data, active), tried, state.modes[active], nodes=nodes, tolerance=mode_tolerance)
        better = np.isfinite(new.height) & (new.height >= state.height[active] - 1e-12 * np.abs(state.height[active]))
        rows, worse = active[better], active[~better]
        psi[rows] = tried[better]
        for old, fresh in zip(_arrays(state), _arrays(new), strict=True):
            old[rows] = fresh[better]
        damping[rows] = np.where(damping[rows] < 1e-3, 0.0, damping[rows] / 10.0)
        damping[worse] = np.maximum(10.0 * damping[worse], 1e-2)
    return psi, state, settled


def _part(data: MixedData, active: Index) -> MixedData:
    """The data of some replicates."""
    family, weights = data.family, data.weights
    x = getattr(family, "x")  # noqa: B009  every family has counts
    if x.ndim == 2:
        family = replace(family, x=x[active])  # type: ignore[type-var]
    return replace(data, family=family, weights=None if weights is None else weights[active])


def _arrays(state: MixedState) -> tuple[Tensor, ...]:
    return state.height, state.gradient, state.curvature, state.modes


def _step(state: MixedState, active: Index, damping: Vector, free_tau: bool) -> tuple[Tensor, Vector]:
    """Newton step with the curvature's sign taken out, so that it always leads uphill; and the gain it promises."""
    down, gradient = -state.curvature[active], state.gradient[active]
    if not free_tau:
        down[:, -1, :] = down[:, :, -1] = 0.0
        down[:, -1, -1] = 1.0
        gradient[:, -1] = 0.0
    size = np.sqrt(np.abs(np.diagonal(down, axis1=1, axis2=2)) + 1e-12)
    values, vectors = np.linalg.eigh(down / (size[:, :, None] * size[:, None, :]))
    bent = np.maximum(np.abs(values), 1e-8) + damping[:, None]
    along = (np.swapaxes(vectors, 1, 2) @ (gradient / size)[..., None])[..., 0]
    step = (vectors @ (along / bent)[..., None])[..., 0] / size
    longest = np.abs(step).max(1)
    return step * np.minimum(1.0, LONGEST / np.maximum(longest, LONGEST))[:, None], (along**2 / bent).sum(1)


def fit_mixed(data: MixedData, start: Vector, *, nodes: int = NODES, random: bool = True) -> MixedFit:
    """Fit one data set.

    Parameters
    ----------
    data : one replicate, no weights
    start : (p,) fixed effects to begin with
    nodes : quadrature points a study
    random : False for τ = 0: a common effect

    Raises
    ------
    CannotTell : ``no-maximum``: the likelihood rises without end (separation) or its summit is flat
    """
    points = hermite(nodes)
    p = data.design.shape[1]
    flat, ground, settled = climb(data, np.append(start, 0.0)[None], nodes=points, free_tau=False)
    _refuse_without_summit(bool(settled[0]))
    constant = float(data.family.constant.sum())
    without = float(ground.height[0]) + constant
    common = MixedFit(flat[0, :p], _inverse(-ground.curvature[0, :p, :p]), 0.0, None, without, without, ground.modes[0])
    if not random:
        return common
    begin = np.column_stack([np.repeat(flat[:, :p], len(STARTS), axis=0), STARTS])
    psi, state, settled = climb(data, begin, nodes=points)
    best = int(np.argmax(np.where(settled, state.height, -np.inf)))
    _refuse_without_summit(bool(settled[best]))
    tau = abs(float(psi[best, p]))
    if tau < ZERO or state.height[best] <= ground.height[0]:
        return common
    covariance = _inverse(-state.curvature[best])
    return MixedFit(
        psi[best, :p],
        covariance[:p, :p],
        tau,
        math.sqrt(covariance[p, p]),
        float(state.height[best]) + constant,
        without,
        state.modes[best],
    )


def _refuse_without_summit(settled: bool) -> None:
    if not settled:
        raise CannotTell("The likelihood has no summit that can be found.", code="no-maximum")


def _inverse(information: Tensor) -> Tensor:
    """Covariance of the parameters.

    Raises
    ------
    CannotTell : ``no-maximum``
    """
    if np.linalg.eigvalsh(information)[0] > 0:
        covariance = np.asarray(np.linalg.inv(information), dtype=np.float64)
        if np.diagonal(covariance).max() < FLAT**2:
            return covariance
    raise CannotTell("The summit of the likelihood is flat: the data cannot tell.", code="no-maximum")
