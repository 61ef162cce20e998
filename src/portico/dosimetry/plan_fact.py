"""One fact of a plan as an item of the result; what stereotactic means here; lists in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_check import StructureDose

__all__ = ["Stated", "fact", "grid_kind", "is_neural", "listed", "named", "shown_label"]

Kind = Literal["prescription", "integrity", "identity", "hardware"]
Verdict = Literal["met", "not_met", "cannot_tell", "info"]
#: What a person states of something that no file says, by the code of its item.
Stated = dict[str, str]

#: TG-263 names of nerve tissue and of what encloses it.
_NEURAL: Final = frozenset({"SpinalCord", "SpinalCanal", "ThecalSac", "CaudaEquina", "Brainstem"})
_MOST_LISTED: Final = 8


def fact(
    kind: Kind, code: str, verdict: Verdict, why: str, *, structure: StructureDose | None = None, roi: str | None = None
) -> CheckItem:
    """An item without metric and limit.

    >>> fact("integrity", "approval", "met", "The plan is approved.").verdict
    'met'

    Parameters
    ----------
    kind, code, verdict, why : as in :class:`portico.directive.CheckItem`
    structure : structure of the plan that the fact is about; None when it is about none
    roi : structure of the Directive by TG-263; None when the Directive names none
    """
    return CheckItem.model_validate(
        {"kind": kind, "code": code, "verdict": verdict, "why": why, "roi": roi, **named(structure)}
    )


def named(structure: StructureDose | None) -> dict[str, Any]:
    """Fields of an item that name a structure of the plan; empty when there is none, or none that can be shown."""
    label = None if structure is None else shown_label(structure.label)
    if structure is None or label is None:
        return {}
    return {"structure": label, "matched": None if structure.how == "none" else structure.how}


def shown_label(label: str) -> str | None:
    """A label that can be shown: without what cannot be printed; None when nothing is left."""
    return "".join(char for char in label if char.isprintable()).strip() or None


def grid_kind(directive: Directive) -> Literal["stereotactic", "conventional"]:
    """Which tolerance of the house policy holds: a simultaneous boost beside the cord is planned as a stereotactic course."""
    return "stereotactic" if directive.technique in ("sbrt", "sib") else "conventional"


def is_neural(structure: StructureDose, directive: Directive) -> bool:
    """Whether a structure is nerve tissue, what encloses it, or a margin around it."""
    base = structure.name.removesuffix("_PRV")
    named = {limit.roi for limit in directive.limits if limit.neural} | {
        one.roi for one in directive.no_limit if one.neural
    }
    return base in _NEURAL or base in {roi.removesuffix("_PRV") for roi in named}


def listed(words: Iterable[object]) -> str:
    """Words in a row; beyond eight their number.

    >>> listed([1, 2, 3])
    '1, 2 and 3'
    """
    found: Sequence[str] = [str(word) for word in words]
    if len(found) > _MOST_LISTED:
        found = [*found[:_MOST_LISTED], f"{len(found) - _MOST_LISTED} more"]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
