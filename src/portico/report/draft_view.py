"""What the page of a draft shows, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portico import __version__
from portico.intended_use import ANALYSIS_USE, ANALYSIS_USE_SHORT
from portico.report.draft_figures import draft_drawings, hex_colour
from portico.report.draft_space import space_of
from portico.report.wording import verified, verified_sign
from portico.targets import Draft, DraftVolume

if TYPE_CHECKING:
    from portico.directive import Directive

__all__ = ["draft_view"]

_ROLES: Final = {"drawn": "drawn", "alternative": "alternative", "input": "given"}


def draft_view(draft: Draft, *, title: str, directive: Directive | None = None) -> dict[str, Any]:
    """Everything the template needs, as text; the viewer's scene as whole numbers.

    Parameters
    ----------
    draft : on an aligned grid
    title : head of the page
    directive : for the site and the hash; None leaves them out
    """
    stamp, place = f"Portico {__version__}", ""
    if directive is not None:
        place = "; ".join(one for one in (directive.site.description, directive.technique) if one)
        if directive.hash is not None:
            stamp += f" · Directive {directive.hash[:12]}"
    return {
        "title": title,
        "place": place,
        "use": ANALYSIS_USE,
        "mark": f"DRAFT. {ANALYSIS_USE_SHORT}",
        "notes": draft.notes,
        "choices": [
            {
                "about": one.about,
                "question": one.question,
                "fix": one.fix,
                "options": [
                    {"name": name, "says": says, "level": _level_words(level), "sign": verified_sign(level), "code": level}
                    for name, says, level in one.options
                ],
            }
            for one in draft.choices
        ],
        "figures": [one.for_page() for one in draft_drawings(draft)],
        "volumes": [_row(draft, one) for one in draft.volumes],
        "space": _space(draft),
        "stamp": stamp,
    }  # fmt: skip


def _level_words(code: str) -> str:
    return f"unverified, {code}" if code == "memory" else verified(code)


def _space(draft: Draft) -> dict[str, Any] | None:
    import base64

    found = space_of(draft)
    if found is None:
        return None
    return {
        "scene": found.scene,
        "png": base64.b64encode(found.png).decode("ascii"),
        "alt": found.alt,
        "unverified": any(one["unverified"] for one in found.scene["volumes"]),
        "boxes": [
            {
                "roi": one["roi"],
                "colour": "#{:02x}{:02x}{:02x}".format(*one["colour"]),
                "shown": one["shown"],
                "unverified": one["unverified"],
            }
            for one in found.scene["volumes"]
        ],
    }


def _row(draft: Draft, volume: DraftVolume) -> dict[str, Any]:
    code = volume.verified
    return {
        "roi": volume.roi,
        "kind": volume.kind,
        "colour": hex_colour(volume.kind),
        "role": _ROLES[volume.role],
        "level": volume.level or "",
        "cm3": f"{draft.cm3(volume):.1f}",
        "says": volume.says,
        "rows": volume.rows,
        "studies": volume.source_ids,
        "verified": "no record" if code is None else "from memory" if volume.unverified else verified(code),
        "sign": verified_sign(code),
        "code": code or "",
        "unverified": volume.unverified,
        "facts": [str(one) for one in volume.facts],
        "notes": volume.notes,
    }
