"""What is prescribed and what is limited: dose levels with their goals, organ limits, organs without one."""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool

from portico.directive.fields import (
    Amount,
    Contour,
    FractionCount,
    LevelGy,
    MetricText,
    Part,
    RecordId,
    Roi,
    Text,
    Unit,
    Verified,
)

__all__ = ["BINDING_KINDS", "BINDING_VERIFIED", "Goal", "Level", "Limit", "NoLimit"]

Op = Literal["<=", ">="]
Strength = Literal["hard", "goal", "info"]
Kind = Literal["risk_model", "guideline", "trial_protocol", "observed", "planning_study", "practice_survey"]

#: Kinds of limit that may bind. A survey of practice never does, however well verified.
BINDING_KINDS: frozenset[str] = frozenset({"risk_model", "guideline", "trial_protocol"})
#: Levels of verification at which a limit binds without a site's signature.
BINDING_VERIFIED: frozenset[str] = frozenset({"full_text", "abstract"})


class Goal(Part):
    """What a level should reach, e.g. ``V40Gy >= 95 %``.

    Parameters
    ----------
    metric : in the grammar of :mod:`portico.directive.metric`
    value : in ``unit``
    unit : ``Gy`` for a dose metric, ``%`` or ``cm3`` for a volume metric
    source_id : record it comes from; None when the team states it, and then it cannot be hard
    """

    metric: MetricText
    op: Op
    value: Amount
    unit: Unit
    source_id: RecordId | None = None
    strength: Strength


class Level(Part):
    """One dose level.

    Parameters
    ----------
    name : ``target`` for a single level; ``boost`` and ``elective`` for a simultaneous boost
    roi : structure by TG-263
    dose_gy : total dose in Gy; None when no source gives it, and then the Directive cannot be signed
    fractions : None when no source gives it, and then the Directive cannot be signed
    """

    name: Literal["target", "boost", "elective"]
    roi: Roi
    dose_gy: LevelGy | None
    fractions: FractionCount | None
    goals: tuple[Goal, ...] = ()


class Limit(Part):
    """One limit of one organ, for exactly this number of fractions.

    Parameters
    ----------
    defined_on : contour that the dose is read on; a limit for one contour never judges another
    fractions : fractions of the course it holds for; None only for a cumulative limit
    scope : ``course`` for this course alone, ``cumulative`` for the sum with the earlier ones
    setting : clinical setting the record gives; a reirradiation course takes ``reirradiation`` only
    strength : ``hard`` binds, ``goal`` is aimed at, ``info`` is shown
    limit_id, source_id : record of the limit and the study it comes from
    verified, kind : as in that record; ``memory`` is refused
    signed_by : who bound a ``secondary`` or ``derived`` row for the site; None when nobody did
    why : why this row was picked
    """

    roi: Roi
    defined_on: Contour
    metric: MetricText
    op: Op
    value: Amount
    unit: Unit
    fractions: FractionCount | None
    scope: Literal["course", "cumulative"]
    setting: Literal["de_novo", "postoperative", "palliative_conventional", "reirradiation"]
    strength: Strength
    limit_id: RecordId
    source_id: RecordId
    verified: Verified
    kind: Kind
    signed_by: Text | None = None
    why: Text

    @property
    def neural(self) -> bool:
        """True when the contour is one of the cord, the sac or the cauda equina."""
        return self.defined_on != "organ"


class NoLimit(Part):
    """An organ for which no binding limit exists for this fractionation; listed first, wherever limits are.

    Parameters
    ----------
    defined_on : contour asked for; None when any
    fractions : of the course; None when they are not known
    neural : True for cord, cauda equina, thecal sac and plexus as the policy says: blocks planning
    candidates : ids of limit records that exist but do not bind (unsigned, other kind)
    """

    roi: Roi
    defined_on: Contour | None = None
    fractions: FractionCount | None
    neural: StrictBool
    why: Text
    candidates: tuple[RecordId, ...] = ()
