"""What is done with a table or a proportion that holds a zero: named rules, recorded study by study."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.synthesis.inputs import Vector, chosen, vector

__all__ = ["ZERO_CELLS", "ZeroCells", "amounts_to_add"]

ZeroCells = Literal["only-zero", "if-any", "all", "none", "opposite-arm"]

ZERO_CELLS: Final[dict[ZeroCells, str]] = {
    "only-zero": "the constant is added to every cell of the studies that have a zero",
    "if-any": "the constant is added to every cell of all studies as soon as one has a zero",
    "all": "the constant is added to every cell of all studies",
    "none": "nothing is added; a study whose effect cannot be computed is left out",
    "opposite-arm": "in studies with a zero each arm gets a share of twice the constant in proportion to its own "
    "size, so that the correction does not pull an unbalanced study (Sweeting 2004)",
}


def amounts_to_add(
    has_zero: NDArray[np.bool_], rule: ZeroCells, add: float, *, arms: tuple[Vector, Vector] | None = None
) -> tuple[Vector, Vector]:
    """What is added to each cell of the first and of the second arm.

    >>> first, second = amounts_to_add(np.array([True, False]), "only-zero", 0.5)
    >>> first
    array([0.5, 0. ])

    Parameters
    ----------
    has_zero : (k,) whether the study has an empty cell
    rule : see :data:`ZERO_CELLS`
    add : the constant, above zero
    arms : sizes of both arms, for ``"opposite-arm"``; None for a single arm

    Raises
    ------
    UsageError : ``unknown-option``
    InputRefused : ``not-positive``, ``no-second-arm``

    Source: Sweeting, Sutton, Lambert, Stat Med 2004;23:1351, doi 10.1002/sim.1761.
    """
    chosen(rule, ZERO_CELLS, "zero_cells")
    if float(vector([add], "add")[0]) <= 0:
        raise InputRefused("The constant must be above zero.", code="not-positive", path="add")
    where = {
        "all": np.ones_like(has_zero),
        "if-any": np.full_like(has_zero, has_zero.any()),
        "none": np.zeros_like(has_zero),
    }.get(rule, has_zero)
    if rule != "opposite-arm":
        amount = add * where.astype(np.float64)
        return amount, amount
    if arms is None:
        raise InputRefused("This rule needs two arms.", code="no-second-arm", path="zero_cells")
    whole = arms[0] + arms[1]
    return 2.0 * add * where * arms[0] / whole, 2.0 * add * where * arms[1] / whole


def told(first: Vector, second: Vector | None = None) -> tuple[str, ...]:
    """One sentence a study: what was added; empty text for nothing."""
    second = first if second is None else second
    return tuple(
        "" if a == b == 0 else f"{a:g} added to each cell" if a == b else f"{a:.4g} and {b:.4g} added to the arms"
        for a, b in zip(first, second, strict=True)
    )
