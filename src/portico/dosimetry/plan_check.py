"""What a plan check holds: the structures with their histograms, the hardware, the earlier dose, and the result.

The result alone is data without identifiers (schema ``check-result/1``). The rest stays in memory for figures and tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from portico.directive import CheckResult, Directive
from portico.dosimetry.dvh import Dvh
from portico.errors import Problem
from portico.rt.grid import Grid
from portico.rt.plan_set import PlanSet

__all__ = ["How", "Implant", "PlanCheck", "Role", "StructureDose"]

#: Kind of a structure.
Role = Literal["target", "organ", "external", "support", "hardware", "point", "other"]
#: How a name was matched.
How = Literal["exact", "synonym", "guessed", "none"]


@dataclass(frozen=True, slots=True, eq=False)
class StructureDose:
    """One structure of the plan.

    Parameters
    ----------
    number : ROI number
    label : name as in the file
    name : TG-263 name it was matched to; the label itself when ``how`` is ``none``
    how : ``exact`` (the label is the TG-263 name), ``synonym`` (a row of the table), ``guessed`` (always shown), ``none``
    role : what kind of structure it is
    dvh : histogram; None when it could not be computed, and ``problem`` says why
    problem : why there is no histogram, or None
    prv_mm : margin in mm that the name of a planning organ at risk states; None when it states none
    """

    number: int
    label: str
    name: str
    how: How
    role: Role
    dvh: Dvh | None
    problem: Problem | None = None
    prv_mm: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Implant:
    """One implant, and how much of it lies in the field.

    Parameters
    ----------
    number : 1, 2, ... by descending volume
    origin : ``threshold`` (metal found in the CT) or ``contour`` (a structure of the user, named in ``label``)
    label : name of that structure; None for ``threshold``
    kind : ``nail``, ``plate``, ``rod``, ``screw``, ``cage``, ``other`` as the shape says; None when it cannot be said
    volume_cm3 : volume
    centre_line_mm : (n, 3) points in mm LPS from one end to the other
    length_mm : length of the centre line
    at_edge : True when it touches the edge of the CT: every length is then a lower bound
    covered : share (0 to 1) of the length whose shell outside the metal receives at least that percentage of the
        prescription, by percentage; None where the dose of the shell is not known. NaN never occurs
    uncovered_proximal_mm, uncovered_distal_mm : length in mm without the first percentage at either end; None when unknown
    mask_grid, mask : where it is: (k, j, i) voxels on a grid; for figures
    note : what a reader must know, e.g. that bounds only are given
    """

    number: int
    origin: Literal["threshold", "contour"]
    label: str | None
    kind: str | None
    volume_cm3: float
    centre_line_mm: NDArray[np.float64]
    length_mm: float
    at_edge: bool
    covered: Mapping[float, float | None]
    uncovered_proximal_mm: float | None
    uncovered_distal_mm: float | None
    mask_grid: Grid
    mask: NDArray[np.bool_]
    note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PlanCheck:
    """A plan checked against a Directive.

    Parameters
    ----------
    plan_set : what was read
    directive : what it was checked against; None for histograms alone
    structures : every structure of the plan in the order of the file
    implants : hardware found, largest first; empty when there is none or it was not looked for
    result : items and verdicts, without identifiers; None for histograms alone
    notes : what a reader must know of the whole run, in whole sentences
    """

    plan_set: PlanSet
    directive: Directive | None
    structures: tuple[StructureDose, ...]
    implants: tuple[Implant, ...]
    result: CheckResult | None
    notes: tuple[str, ...] = ()

    def structure(self, name: str) -> StructureDose | None:
        """The structure matched to a TG-263 name; None when there is none or more than one."""
        found = [one for one in self.structures if one.name == name]
        return found[0] if len(found) == 1 else None
