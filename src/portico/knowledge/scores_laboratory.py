"""The laboratory tier of the Katagiri score from measured values.

The limits are data in the score file. They were read in a secondary source, so the tier is marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portico.errors import QuantityRefused
from portico.knowledge.scores_model import Cutoff, Input

__all__ = ["LaboratoryTier", "read_laboratory"]


@dataclass(frozen=True, slots=True)
class LaboratoryTier:
    """The tier, or the tiers still possible.

    Parameters
    ----------
    tier : id of the tier; None while a missing value could change it
    possible : ids of the tiers still possible, in the order of the score file
    missing : analytes that were not given and could change the tier
    notes : what a reader should know, one sentence each
    """

    tier: str | None
    possible: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def read_laboratory(question: Input, values: Mapping[str, float]) -> LaboratoryTier:
    """Place measured values in a tier.

    >>> from portico.knowledge.scores import load_scores
    >>> question = load_scores()["katagiri_2014"].input("laboratory")
    >>> read_laboratory(question, {"platelets_per_ul": 80000.0}).tier
    'critical'
    >>> read_laboratory(question, {"crp_mg_dl": 0.4}).possible
    ('abnormal', 'critical')

    Parameters
    ----------
    question : the input that carries the limits (``laboratory`` of ``katagiri_2014``)
    values : by analyte, in the unit that its name says; a missing analyte is unknown and never normal

    Raises
    ------
    QuantityRefused : a value that cannot be in the unit of its name

    Source: the limits and their level stand in ``katagiri_2014.yaml``.
    """
    for cutoff in question.cutoffs:
        if cutoff.analyte in values:
            _plausible(cutoff, values[cutoff.analyte])
    order = [choice.id for choice in question.choices]
    met = {c.tier for c in question.cutoffs if c.analyte in values and c.met(values[c.analyte])}
    floor = max((order.index(tier) for tier in met), default=0)
    open_cutoffs = [c for c in question.cutoffs if c.analyte not in values and order.index(c.tier) > floor]
    reachable = {order[floor]} | {c.tier for c in open_cutoffs}
    possible = tuple(tier for tier in order if tier in reachable)
    missing = tuple(c.analyte for c in open_cutoffs)
    notes = ["The laboratory limits were read in a secondary source."]
    if missing:
        notes.append(f"These values would settle the laboratory tier: {', '.join(missing)}.")
    notes += [
        f"The source prints no unit for the limit of {c.label.lower()}; it is read as {c.unit}."
        for c in question.cutoffs
        if not c.unit_printed and c.analyte in values
    ]
    return LaboratoryTier(possible[0] if len(possible) == 1 else None, possible, missing, tuple(notes))


def _plausible(cutoff: Cutoff, value: float) -> None:
    if not cutoff.plausible_low <= value <= cutoff.plausible_high:
        raise QuantityRefused(
            f"{cutoff.label} cannot be this value in {cutoff.unit}.",
            code="laboratory-implausible",
            path=cutoff.analyte,
            fix=f"{cutoff.suspect} Give it in {cutoff.unit}.",
        )
