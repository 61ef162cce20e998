"""A draft of target volumes as plain data, schema ``draft/1``; no mask and no identifier is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portico import __version__
from portico.intended_use import ANALYSIS_USE

if TYPE_CHECKING:
    from portico.targets import Draft

__all__ = ["draft_json"]


def draft_json(draft: Draft) -> dict[str, Any]:
    """The draft in the order in which it is shown.

    Parameters
    ----------
    draft : volumes in cm3, facts in the unit beside them; None is not measured
    """
    return {
        "schema": "draft/1",
        "volumes": [
            {
                "roi": one.roi,
                "kind": one.kind,
                "role": one.role,
                "level": one.level,
                "cm3": round(draft.cm3(one), 3),
                "says": one.says,
                "rows": list(one.rows),
                "source_ids": list(one.source_ids),
                "verified": one.verified,
                "unverified": one.unverified,
                "facts": [
                    {
                        "name": fact.name,
                        "value": None if fact.value is None else round(fact.value, 3),
                        "unit": fact.unit,
                    }
                    for fact in one.facts
                ],
                "notes": list(one.notes),
            }
            for one in draft.volumes
        ],
        "choices": [
            {
                "about": one.about,
                "question": one.question,
                "options": [{"name": name, "says": says, "verified": level} for name, says, level in one.options],
                "fix": one.fix,
            }
            for one in draft.choices
        ],
        "levels": list(draft.parts),
        "notes": list(draft.notes),
        "intended_use": ANALYSIS_USE,
        "software_version": __version__,
    }
