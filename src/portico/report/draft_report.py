"""A draft of target volumes as one HTML page that asks nothing of any network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portico.report.html import environment

if TYPE_CHECKING:
    from portico.directive import Directive
    from portico.targets import Draft, DraftVolume

__all__ = ["draft_html"]

_ROLES: Final = {"drawn": "drawn", "alternative": "alternative", "input": "given"}


def draft_html(draft: Draft, *, title: str, directive: Directive | None = None) -> str:
    """The page; the same draft gives the same text.

    Parameters
    ----------
    draft : on an aligned grid
    title : head of the page
    directive : for the site and the hash; None leaves them out
    """
    from markupsafe import Markup

    from portico import __version__
    from portico.intended_use import ANALYSIS_USE
    from portico.report.draft_figures import draft_drawings

    figures = [
        {
            "svg": Markup(one.svg),
            "alt": one.alt,
            "caption": one.caption,
            "columns": one.columns,
            "rows": one.rows,
            "table": one.table,
        }
        for one in draft_drawings(draft)
    ]  # made by matplotlib, text drawn as outlines
    place = "" if directive is None else f"{directive.site.description}; {directive.technique}"
    stamp = f"Portico {__version__}" + (
        "" if directive is None or directive.hash is None else f" · Directive {directive.hash[:12]}"
    )
    view = {
        "title": title,
        "place": place,
        "use": ANALYSIS_USE,
        "notes": draft.notes,
        "choices": draft.choices,
        "figures": figures,
        "volumes": [_row(draft, one) for one in draft.volumes],
        "stamp": stamp,
    }
    return environment().get_template("draft.html.j2").render(v=view)


def _row(draft: Draft, volume: DraftVolume) -> dict[str, Any]:
    facts = [
        f"{one.name}: {'not measured' if one.value is None else f'{one.value:.1f} {one.unit}'}" for one in volume.facts
    ]
    return {
        "roi": volume.roi,
        "kind": volume.kind,
        "role": _ROLES[volume.role],
        "cm3": f"{draft.cm3(volume):.1f}",
        "says": volume.says,
        "rows": ", ".join(volume.rows),
        "studies": ", ".join(volume.source_ids),
        "verified": volume.verified or "no record",
        "unverified": volume.unverified,
        "facts": facts,
        "notes": volume.notes,
    }
