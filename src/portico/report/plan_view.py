"""What the report of a plan shows, as plain data for the page and the PDF alike."""

from __future__ import annotations

from typing import Any, Final

from portico import __version__
from portico.directive import CheckItem
from portico.dosimetry import Implant, PlanCheck, StructureDose, evaluate_metric
from portico.errors import CannotTell
from portico.intended_use import ANALYSIS_USE
from portico.knowledge import Library
from portico.report.plan_figures import dvh_drawing, slices_drawing
from portico.report.wording import verified, verified_sign

__all__ = ["plan_view"]

_VERDICTS: Final = {
    "no_limit": ("!", "NO LIMIT"),
    "not_met": ("✗", "NOT MET"),
    "cannot_tell": ("?", "CANNOT TELL"),
    "met": ("✓", "met"),
    "info": ("i", "information"),
}
_ORDER: Final = ("no_limit", "not_met", "cannot_tell", "met", "info")
_GROUPS: Final = (
    ("Organ limits", ("limit",)),
    ("Targets", ("goal",)),
    ("Prescription", ("prescription",)),
    ("Earlier dose", ("earlier_dose",)),
    ("Hardware", ("hardware",)),
    ("Identity", ("identity",)),
    ("Integrity", ("integrity",)),
)
_STATUS: Final = {
    0: "Every item is met.",
    1: "An item is not met.",
    4: "No item fails, and one cannot be told or has no limit.",
}
_METRICS: Final = ("D98%", "D95%", "D50%", "D2%", "D0.03cc")


def plan_view(check: PlanCheck, library: Library) -> dict[str, Any]:
    """Everything the templates need, as text.

    Parameters
    ----------
    check : with a result, or histograms alone
    library : for the version of the knowledge
    """
    result, directive = check.result, check.directive
    found = next((one.dvh for one in check.structures if one.dvh is not None), None)
    drawings = [one for one in (dvh_drawing(check), slices_drawing(check)) if one is not None]
    title = "Histograms of a plan"
    if directive is not None:
        levels = ", ".join(
            f"{one.dose_gy:g} Gy in {one.fractions}" for one in directive.levels if one.dose_gy is not None
        )
        title = f"Plan check: {levels}, {directive.technique}"
    counts = [] if result is None else [f"{getattr(result.summary, key)} {_VERDICTS[key][1].lower()}" for key in _ORDER]
    return {
        "title": title,
        "use": ANALYSIS_USE,
        "watermark": None if result is None else result.watermark,
        "status": "" if result is None else f"{', '.join(counts)}. {_STATUS[result.exit_status]}",
        "place": "" if directive is None or directive.site.description is None else directive.site.description,
        "first": [] if result is None else [_item(one) for one in result.items if one.verdict == "no_limit"],
        "groups": [] if result is None else _groups(result.items),
        "figures": [one.for_page() for one in drawings],
        "implants": [_implant(one) for one in check.implants],
        "structures": [_structure(one) for one in check.structures],
        "metrics": list(_METRICS),
        "end_cap": "" if found is None else f"{found.end_cap or 'masks'}: {found.end_cap_text}",
        "notes": list(check.notes),
        "objects": [] if result is None else [f"{one.kind} {one.sop_uid_sha256[:16]}" for one in result.plan],
        "stamp": f"Portico {__version__} · knowledge {library.version[:12]}"
        + ("" if result is None else f" · Directive {result.directive_hash[:16]}"),
    }


def _groups(items: tuple[CheckItem, ...]) -> list[dict[str, Any]]:
    found = []
    for title, kinds in _GROUPS:
        own = [one for one in items if one.kind in kinds and one.verdict != "no_limit"]
        own.sort(key=lambda one: _ORDER.index(one.verdict))
        if own:
            found.append({"title": title, "items": [_item(one) for one in own]})
    return found


def _item(one: CheckItem) -> dict[str, Any]:
    sign, word = _VERDICTS[one.verdict]
    name = one.roi or one.structure or one.code.replace("-", " ")
    read = "" if one.structure is None or one.structure == name else one.structure
    guessed = one.matched == "guessed"
    return {
        "verdict": one.verdict,
        "sign": sign,
        "word": word,
        "name": name,
        "read": f"{read} (GUESSED)" if guessed else read,
        "what": one.metric or one.code.replace("-", " "),
        "value": "" if one.value is None else f"{one.value:.2f} {one.unit}",
        "limit": "" if one.limit is None else f"{one.op} {one.limit:g} {one.unit}",
        "apart": "" if one.value is None or one.limit is None else f"{one.value - one.limit:+.2f}",
        "source": one.source_id or "",
        "level": "" if one.verified is None else verified(one.verified),
        "level_sign": "" if one.verified is None else verified_sign(one.verified),
        "code": one.verified or "",
        "why": one.why,
    }


def _implant(one: Implant) -> dict[str, Any]:
    shares = [
        f"{percent:g} %: {'not known' if share is None else f'{100 * share:.0f} % of its length'}"
        for percent, share in one.covered.items()
    ]

    def end(length: float | None) -> str:
        return "not known" if length is None else f"{length:.0f} mm"

    return {
        "name": f"{one.number} ({'contour' if one.origin == 'contour' else 'found in CT'})",
        "length": f"{'at least ' if one.at_edge else ''}{one.length_mm:.0f} mm",
        "volume": f"{one.volume_cm3:.1f} cm3",
        "covered": "; ".join(shares),
        "upper": end(one.uncovered_proximal_mm),
        "lower": end(one.uncovered_distal_mm),
        "note": one.note or "",
    }


def _structure(one: StructureDose) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": one.name,
        "label": "" if one.label == one.name else one.label,
        "how": "" if one.how == "exact" else one.how,
        "volume": "",
        "cells": [],
        "problem": one.problem.message if one.problem is not None else "",
    }
    found = one.dvh
    if found is None:
        return made
    made["volume"] = f"{found.volume_cm3:.2f}"
    if not found.complete:
        made["problem"] = "A part lies off the dose grid, where the dose is unknown."
        return made
    made["cells"] = [f"{value:.2f}" for value in (found.min, found.mean, found.max)]
    from portico.directive import parse_metric

    for metric in _METRICS:
        try:
            made["cells"].append(f"{evaluate_metric(found, parse_metric(metric)).value:.2f}")
        except CannotTell:
            made["cells"].append("")
    return made
