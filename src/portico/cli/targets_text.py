"""A draft of target volumes on the terminal: what has to be named first, then the volumes, then how each was made."""

from __future__ import annotations

from portico.cli.output import plain_table, show
from portico.intended_use import ANALYSIS_USE
from portico.targets import Draft, DraftVolume

__all__ = ["show_draft"]

_ROLES = {"drawn": "drawn", "alternative": "alternative, not drawn for treatment", "input": "given"}


def show_draft(draft: Draft) -> None:
    """Print a draft.

    Parameters
    ----------
    draft : volumes in cm3, facts in the unit beside them
    """
    show(ANALYSIS_USE)
    show("DRAFT: every contour is looked at and edited by a physician before anything is planned on it.")
    show()
    for note in draft.notes:
        show(f"Note: {note}")
    for choice in draft.choices:
        show()
        show(f"NOT DRAWN: {choice.about}. {choice.question}")
        if choice.options:
            show(
                plain_table(
                    ["may be named", "verified", "what it says"], [[a, level, b] for a, b, level in choice.options]
                )
            )
        show(choice.fix)
    if draft.volumes:
        show()
        rows = [[one.roi, one.kind, _ROLES[one.role], f"{draft.cm3(one):.1f}", _level(one)] for one in draft.volumes]
        show(plain_table(["volume", "kind", "role", "cm3", "verified"], rows))
    for one in draft.volumes:
        show()
        show(f"{one.roi}: {one.says}")
        if one.rows:
            show(f"  rows: {', '.join(one.rows)}; studies: {', '.join(one.source_ids) or 'none'}")
        for fact in one.facts:
            show(f"  {fact}")
        for note in one.notes:
            show(f"  note: {note}")


def _level(volume: DraftVolume) -> str:
    if volume.unverified:
        return "UNVERIFIED RULE (memory)"
    return volume.verified or "no record"
