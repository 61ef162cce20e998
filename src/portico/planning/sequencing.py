"""Leaf sequencing: the fluence of a beam as segments, each an opening of the leaves with a weight.

The leaves sweep from left to right. Each pair opens where its profile rises and closes where it falls, the first rise with the first
fall; for one direction of travel no sequence needs less total weight. The profile is first rounded to whole steps.

Source: Bortfeld, Kahler, Waldron and Boyer, International Journal of Radiation Oncology 1994 (multileaf fields as a sweep).

>>> profile = np.array([0, 2, 1, 3, 0])
>>> sweep(profile)
([1, 1, 3, 3], [2, 4, 4, 4])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from portico.errors import UsageError
from portico.planning.bixels import Bixels
from portico.planning.leaves import LIKE_MILLENNIUM, Collimator
from portico.planning.making import Prepared
from portico.planning.objectives import Anatomy
from portico.planning.plan import Aims, Plan
from portico.planning.product import CpuProduct

__all__ = ["Segments", "Sequenced", "segments_of", "sequenced", "sweep"]

Floats = NDArray[np.float64]
#: Steps that the highest fluence of a beam may be rounded to.
_LEVELS: Final = (2, 100)


def sweep(profile: NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Columns at which a pair opens and closes, by unit of fluence; both rise.

    Parameters
    ----------
    profile : (n,) whole steps of fluence, 0 or more, by column
    """
    changes = np.diff(np.concatenate([[0], profile, [0]]))
    rises = np.repeat(np.arange(len(changes)), np.maximum(changes, 0))
    falls = np.repeat(np.arange(len(changes)), np.maximum(-changes, 0))
    return rises.tolist(), falls.tolist()


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments of all beams.

    Parameters
    ----------
    beam : (s,) number of the beam
    left_mm, right_mm : (s, pairs) positions of both banks at the isocentre plane, left at most right; equal where a pair is closed
    weight : (s,) of the segment
    collimator : whose leaves they are
    """

    beam: NDArray[np.int32]
    left_mm: Floats
    right_mm: Floats
    weight: Floats
    collimator: Collimator

    def __len__(self) -> int:
        return len(self.beam)

    def fluence(self, bixels: Bixels) -> csr_array:
        """(bixels, segments) share of each bixel that a segment opens, by area."""
        width, edges = bixels.width_mm, self.collimator.edges_mm
        made = np.zeros((len(bixels), len(self)))
        for number in range(len(bixels.beams)):
            own, mine = np.flatnonzero(bixels.beam == number), np.flatnonzero(self.beam == number)
            if not len(own) or not len(mine):
                continue
            low = bixels.z_mm[own, None] - 0.5 * width
            tall = np.minimum(low + width, edges[None, 1:]) - np.maximum(low, edges[None, :-1])
            tall = np.maximum(tall, 0.0) / width  # (bixels, pairs)
            start = bixels.x_mm[own, None] - 0.5 * width
            for segment in mine:
                wide = np.minimum(start + width, self.right_mm[segment]) - np.maximum(start, self.left_mm[segment])
                made[own, segment] = (tall * np.maximum(wide, 0.0)).sum(axis=1) / width
        return csr_array(made)


@dataclass(frozen=True, slots=True, eq=False)
class Sequenced:
    """A plan of segments and what it lost.

    Parameters
    ----------
    segments : with the weights of the plan
    plan : its weights are those of the segments; doses and goals are recomputed from the openings
    fluence_rms, fluence_max : difference of the segments' fluence, as sequenced, from the ideal one, as shares of the highest weight
    """

    segments: Segments
    plan: Plan
    fluence_rms: float
    fluence_max: float


def segments_of(
    bixels: Bixels, weights: Floats, *, levels: int = 10, collimator: Collimator = LIKE_MILLENNIUM
) -> Segments:
    """Segments for bixel weights.

    Parameters
    ----------
    weights : (bixels,) 0 or more
    levels : steps that the highest weight of each beam is rounded to

    Raises
    ------
    UsageError : ``levels`` outside 2 to 100
    CannotTell : ``leaf-limits``
    """
    if not _LEVELS[0] <= levels <= _LEVELS[1]:
        raise UsageError("A beam is rounded to 2 to 100 steps.", code="levels")
    beams, left, right, weight = [], [], [], []
    for number in range(len(bixels.beams)):
        lattice, z0, x0 = bixels.lattice(number)
        fluence = np.nan_to_num(bixels.fluence(number, weights))
        step = float(fluence.max()) / levels
        if step <= 0.0:
            continue
        edges, width = collimator.edges_mm, bixels.width_mm
        low = (np.arange(lattice.shape[0]) + z0 - 0.5) * width
        shared = np.minimum(low[None, :] + width, edges[1:, None]) - np.maximum(low[None, :], edges[:-1, None])
        shared = np.maximum(shared, 0.0)  # (pairs, rows) in mm
        there = shared.sum(axis=1)
        mean = np.divide(
            shared @ fluence,
            there[:, None],
            out=np.zeros((collimator.pairs, fluence.shape[1])),
            where=there[:, None] > 0,
        )
        steps = np.rint(mean / step).astype(np.int64)
        moves = [sweep(row) for row in steps]
        count = max(len(rises) for rises, _ in moves)
        middle = (x0 + 0.5 * lattice.shape[1] - 0.5) * width
        opened, closed = np.full((count, collimator.pairs), middle), np.full((count, collimator.pairs), middle)
        for pair, (rises, falls) in enumerate(moves):
            opened[: len(rises), pair] = (np.array(rises) + x0 - 0.5) * width
            closed[: len(falls), pair] = (np.array(falls) + x0 - 0.5) * width
        same = np.ones(count, bool)
        same[1:] = (opened[1:] != opened[:-1]).any(axis=1) | (closed[1:] != closed[:-1]).any(axis=1)
        first = np.flatnonzero(same)
        beams.append(np.full(len(first), number, np.int32))
        left.append(opened[first])
        right.append(closed[first])
        weight.append(np.diff(np.append(first, count)) * step)
    if not beams:
        none = np.zeros((0, collimator.pairs))
        return Segments(np.zeros(0, np.int32), none, none, np.zeros(0), collimator)
    made = Segments(
        np.concatenate(beams), np.concatenate(left), np.concatenate(right), np.concatenate(weight), collimator
    )
    collimator.check(made.left_mm, made.right_mm)
    return made


def sequenced(
    prepared: Prepared,
    plan: Plan,
    *,
    levels: int = 10,
    collimator: Collimator = LIKE_MILLENNIUM,
    aims: Aims | None = None,
) -> Sequenced:
    """The plan as segments: its fluence sequenced, and the weights of the segments optimised again for the same goals.

    Parameters
    ----------
    prepared : what the plan was made on
    plan : in ideal fluence
    levels, collimator : see :func:`segments_of`

    Raises
    ------
    UsageError : ``levels``, ``no-fluence`` for a plan without dose
    CannotTell : ``leaf-limits``, ``goals-conflict``
    """
    segments = segments_of(prepared.bixels, plan.weights, levels=levels, collimator=collimator)
    if not len(segments):
        raise UsageError("The plan has no fluence to be sequenced.", code="no-fluence")
    opens = segments.fluence(prepared.bixels)
    off = opens @ segments.weight - plan.weights
    top = float(plan.weights.max())
    matrix = csr_array(prepared.influence.matrix @ opens.astype(np.float32), dtype=np.float32)
    own = replace(prepared, anatomy=Anatomy(CpuProduct(matrix), prepared.anatomy.regions, prepared.anatomy.body))
    made = own.plan(aims=aims)
    kept = replace(segments, weight=made.weights)
    return Sequenced(kept, made, float(np.sqrt((off**2).mean())) / top, float(np.abs(off).max()) / top)
