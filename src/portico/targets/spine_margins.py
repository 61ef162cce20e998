"""Cord and PRV, boost, PTV and the PTV without the PRV of a spine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from portico.directive import Volume as Wanted
from portico.errors import CannotTell
from portico.targets.draft import Choice, Fact
from portico.targets.margins import margin_choice
from portico.targets.spine_inputs import SpineInputs
from portico.targets.spine_rules import Involvement
from portico.targets.spine_sheet import Sheet
from portico.targets.spine_wishes import SpineWishes
from portico.targets.vertebral_parts import VertebralParts

__all__ = ["draw_involved_boost", "draw_neural", "draw_ptv", "draw_residual_boost"]

Mask = NDArray[np.bool_]


def draw_neural(inputs: SpineInputs, wishes: SpineWishes, sheet: Sheet) -> Mask | None:
    """Cord and sac as given, and the cord's PRV; what a PTV is cut by, None when there is nothing."""
    cord, sac, stated = inputs.cord, inputs.sac, wishes.prv
    if cord is not None:
        source = (inputs.cord_source or "image not stated").replace("_", " ")
        sheet.add("SpinalCord", "ORGAN", cord, f"True cord as given, drawn on: {source}.", ("cord-true",), role="input")
    if sac is not None:
        sheet.add("ThecalSac", "ORGAN", sac, "Thecal sac as given; no margin round it.", ("sac-no-prv",), role="input")
    if cord is None:
        return sac
    if stated is None:
        sheet.choices.append(margin_choice("SpinalCord_PRV", sheet.rows.values(), "prv_margin", "--prv"))
        return None
    prv = sheet.grown(cord, stated.mm, "SpinalCord_PRV")
    whole = float(stated.mm).is_integer()
    name = f"SpinalCord_PRV{int(stated.mm):02d}" if whole else "SpinalCord_PRV"
    rows = () if stated.row is None else (stated.row.id,)
    sheet.add(name, "AVOIDANCE", prv, f"True cord with {stated.says} all round.", rows)
    return prv if sac is None else prv | sac


def draw_involved_boost(
    wanted: Wanted | None,
    involved: Sequence[Involvement],
    divided: Mapping[str, VertebralParts],
    wishes: SpineWishes,
    sheet: Sheet,
) -> None:
    """The involved parts as the boost's CTV, unless the boost is what is left of the tumour."""
    if wanted is None or "sib-boost-volume" in wishes.chosen:
        return
    mask = np.zeros(sheet.grid.shape, bool)
    for before in involved:
        mask |= divided[before.level].mask(*before.parts)
    if mask.any():
        listed = "; ".join(f"{one.level} {', '.join(one.parts).replace('_', ' ')}" for one in involved)
        sheet.add(wanted.roi, "CTV", mask, f"{wanted.says} Involved: {listed}.", ("sib-elective-volume",))


def draw_residual_boost(
    wanted: Wanted | None, prv: Mask | None, inputs: SpineInputs, wishes: SpineWishes, sheet: Sheet
) -> None:
    """What is left of the tumour, without PRV and gap, as the boost's CTV, when that rule was named.

    Raises
    ------
    CannotTell : ``no-residual``, ``margin-below-voxel``
    """
    if "sib-boost-volume" not in wishes.chosen:
        return
    sheet.used.add("sib-boost-volume")
    residual, gap = inputs.gtv_residual, wishes.gap_mm
    if wanted is None or residual is None:
        raise CannotTell(
            "A boost to what is left needs a structure of it and a Directive with a boost.", code="no-residual"
        )
    if gap is None or prv is None:
        sheet.choices.append(
            Choice(wanted.roi, "Which gap to the cord's PRV, and which PRV?", (), "Give --boost-gap 2mm and --prv.")
        )
        return
    mask = residual & ~sheet.grown(prv, gap, wanted.roi)
    says = f"Tumour that is left, without the PRV and a gap of {gap:g} mm (stated by the physician)."
    sheet.add(wanted.roi, "CTV", mask, says, ("sib-boost-volume",))


def draw_ptv(prv: Mask | None, inputs: SpineInputs, wishes: SpineWishes, sheet: Sheet) -> None:
    """A PTV round every CTV, and the PTV without the PRV when that rule was named.

    Raises
    ------
    CannotTell : ``margin-below-voxel``
    """
    targets = [one for one in sheet.volumes if one.kind == "CTV"]
    stated = wishes.ptv
    evaluate = "ptv-evaluation" in wishes.chosen
    if evaluate:
        sheet.used.add("ptv-evaluation")
    for ctv in targets:
        roi = ctv.roi.replace("CTV", "PTV")
        if stated is None:
            sheet.choices.append(margin_choice(roi, sheet.rows.values(), "ptv_margin", "--ptv"))
            continue
        mask = sheet.grown(ctv.mask, stated.mm, roi)
        rows = () if stated.row is None else (stated.row.id,)
        sheet.add(roi, "PTV", mask, f"{ctv.roi} with {stated.says} all round.", (*rows, *ctv.rows))
        if not evaluate:
            sheet.notes.append(f"{roi} without the cord's PRV is not drawn: row ptv-evaluation (memory) was not named.")
        elif prv is not None:
            lost = 100.0 * float((mask & prv).sum()) / float(mask.sum())
            sheet.add(
                f"{roi}_Eval", "PTV", mask & ~prv, f"{roi} without the cord's PRV and the sac.", ("ptv-evaluation", *rows, *ctv.rows),
                facts=(Fact("part of the PTV inside the PRV", lost, "%"),),
            )  # fmt: skip
        elif inputs.neural is None:
            ask = "Which structure is the cord or the thecal sac?"
            sheet.choices.append(Choice(f"{roi}_Eval", ask, (), "Draw SpinalCord or ThecalSac, or name it by --match."))
