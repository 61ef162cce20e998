"""What can be proved about the optimum: a lower bound from duals, and that goals exclude each other.

For any duals l >= 0 of the bounds, and for every x with 0 <= x <= upper,

    objective(x) >= -l·bound - Σ q l² / 2 + Σ_j upper_j min(0, g_j),     g = cost + A^T (sign l)

This is weak duality (Fenchel): it holds whatever gave the duals, so an unfinished solve bounds the optimum as well.
Without cost and price, a value above zero proves that no x keeps all bounds (Farkas): the duals are the proof.
"""

from __future__ import annotations

import numpy as np

from portico.planning.product import Floats
from portico.planning.system import System

__all__ = ["lower_bound"]


def lower_bound(system: System, duals: Floats, gradient: Floats) -> float:
    """Value that the objective cannot go below.

    Parameters
    ----------
    system : the problem
    duals : of its terms, 0 or more
    gradient : ``cost + A^T (sign duals)``, shape (columns,)
    """
    terms = system.terms
    kept = float(terms.bound_gy @ duals) + 0.5 * float(terms.softness @ duals**2)
    return float(system.upper @ np.minimum(gradient, 0.0)) - kept
