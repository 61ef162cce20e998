"""What the physician names for one draft of a spine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from portico.targets.margins import StatedMargin
from portico.targets.spine_rules import Involvement

__all__ = ["SpineWishes"]


@dataclass(frozen=True, slots=True)
class SpineWishes:
    """What the physician names for this draft.

    Parameters
    ----------
    involved : disease before surgery, by level
    chosen : rows of ``knowledge/data/volumes``; ``ID+PART`` takes an optional part, too
    ptv, prv : margins; None when not named
    gap_mm : between boost and PRV; None when not named
    epidural_reach_mm : beyond the vertebra, above and below; None for none
    setting : ``post_operative``, or ``intact`` for the rules of the unoperated spine
    """

    involved: tuple[Involvement, ...]
    chosen: tuple[str, ...] = ()
    ptv: StatedMargin | None = None
    prv: StatedMargin | None = None
    gap_mm: float | None = None
    epidural_reach_mm: float | None = None
    setting: Literal["post_operative", "intact"] = "post_operative"
