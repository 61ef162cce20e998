"""The CTV of a spine: parts by rule, epidural sectors as they were before surgery, hardware as its rule says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell, InputRefused
from portico.targets.canal import CanalLine
from portico.targets.draft import Choice
from portico.targets.sectors import EPIDURAL_SECTORS, epidural_sectors
from portico.targets.spine_inputs import SpineInputs
from portico.targets.spine_rules import Involvement, PartsDecision
from portico.targets.spine_sheet import Sheet
from portico.targets.spine_wishes import SpineWishes
from portico.targets.vertebral_parts import PARTS, VertebralParts

__all__ = ["disease_before", "draw_ctv", "epidural_ring", "involvement_of"]

Mask = NDArray[np.bool_]


def involvement_of(level: str, parts: VertebralParts, gtv: Mask, epidural: NDArray[np.uint8]) -> Involvement:
    """Parts and epidural sectors that a structure touches by a voxel or more; its side of the body is the physician's to say."""
    touched = set(np.unique(parts.labels[gtv])) - {0}
    found = tuple(part for number, part in enumerate(PARTS, 1) if number in touched)
    sectors = set(np.unique(epidural[gtv])) - {0}
    ring = tuple(name for number, name in enumerate(EPIDURAL_SECTORS, 1) if number in sectors)
    return Involvement(level, found, epidural=ring)


def epidural_ring(
    parts: VertebralParts, canal: Mask, line: CanalLine, inputs: SpineInputs, wishes: SpineWishes
) -> NDArray[np.uint8]:
    """Epidural sectors over the height of a vertebra, without cord and sac."""
    grid = inputs.grid
    points = grid.points(np.argwhere(parts.mask("vertebral_body"))[:, ::-1])
    if not len(points):
        points = grid.points(np.argwhere(parts.labels > 0)[:, ::-1])
    height = (points - parts.frame.centre) @ parts.frame.head
    more = wishes.epidural_reach_mm if "epidural-craniocaudal" in wishes.chosen else None
    extra = more or 0.0
    neural = inputs.neural
    room = canal if neural is None else canal & ~neural
    return epidural_sectors(
        room, line, parts.frame, grid,
        reach_mm=(-float(np.percentile(height, 2)) + extra, float(np.percentile(height, 98)) + extra),
    )  # fmt: skip


def disease_before(
    level: str, parts: VertebralParts, ring: NDArray[np.uint8], inputs: SpineInputs, wishes: SpineWishes, sheet: Sheet
) -> Involvement:
    """What is stated of a level before surgery, or what the structure of the disease touches.

    Raises
    ------
    CannotTell : ``no-preoperative-extent``
    InputRefused : ``body-side``
    """
    stated = next((one for one in wishes.involved if one.level == level), None) or Involvement(level, ())
    before = stated
    if inputs.gtv_before is not None and (not stated.parts or stated.epidural is None):
        found = involvement_of(level, parts, inputs.gtv_before, ring)
        read = []
        if not stated.parts and found.parts:
            before, read = replace(before, parts=found.parts), ["parts"]
        if stated.epidural is None and (found.parts or found.epidural):
            before, read = replace(before, epidural=found.epidural), [*read, "epidural sectors"]
        if read:
            sheet.notes.append(f"{level}: {' and '.join(read)} read from the structure of the disease before surgery.")
        if not stated.parts and "vertebral_body" in found.parts:
            sheet.notes.append(_sides_of_body(level, parts, inputs))
    if before.parts or before.epidural:
        if before.body_side is not None and "vertebral_body" not in before.parts:
            raise InputRefused("A side of a body that is not involved.", code="body-side", path=level)
        return before
    raise CannotTell(
        f"Nothing says what was involved at {level} before surgery, and what is left does not tell.",
        code="no-preoperative-extent", path=level,
        fix="Give --involved LEVEL=PART,... and --epidural LEVEL=SECTOR,..., or a structure of it by --gtv-before.",
    )  # fmt: skip


def _sides_of_body(level: str, parts: VertebralParts, inputs: SpineInputs) -> str:
    """Share of the diseased body on each side of the canal's middle: what is one side is for the physician to say."""
    assert inputs.gtv_before is not None
    points = inputs.grid.points(np.argwhere(parts.mask("vertebral_body") & inputs.gtv_before)[:, ::-1])
    left = 100.0 * float(((points - parts.frame.centre) @ parts.frame.left > 0.0).mean())
    return f"{level}: {left:.0f} % of the disease in the body lies left of the middle, {100.0 - left:.0f} % right."


def draw_ctv(
    roi: str,
    involved: Sequence[Involvement],
    decisions: Sequence[PartsDecision],
    divided: Mapping[str, VertebralParts],
    rings: Mapping[str, NDArray[np.uint8]],
    inputs: SpineInputs,
    wishes: SpineWishes,
    sheet: Sheet,
) -> None:
    """Parts and epidural sectors of every level as one CTV; none when something has to be named first.

    Raises
    ------
    CannotTell : ``ctv-empty``
    """
    mask = np.zeros(sheet.grid.shape, bool)
    words, rows = [], []
    intact = wishes.setting == "intact"
    neighbours = any(set(one.parts or ()) - set(before.parts) for before, one in zip(involved, decisions, strict=True))
    rows += [] if intact else ["redmond-preoperative-extent"]
    rows += [] if not neighbours else ["isrc-adjacent-bone"] if intact else ["redmond-adjacent-compartments"]
    waiting = any(one.parts is None for one in decisions)
    for before, decision in zip(involved, decisions, strict=True):
        if before.epidural is None:
            waiting = True
            sheet.choices.append(_epidural_question(before.level))
            sheet.used.add("epidural-craniocaudal")  # the answer may need it
            continue
        parts = divided[before.level]
        for part in decision.parts or ():
            if not parts.mask(part).any():
                sheet.notes.append(
                    f"{before.level}: no bone of the {part.replace('_', ' ')} is here; its bed is not in the CTV."
                )
        mask |= parts.mask(*(decision.parts or ()))
        words.append(decision.says)
        rows += [row.id for row in decision.rows]
        if not before.epidural:
            rows.append("isrc-no-epidural")
            words.append(f"{before.level}: no epidural disease before surgery, so no epidural CTV.")
            continue
        numbers = [EPIDURAL_SECTORS.index(one) + 1 for one in before.epidural]
        here = np.isin(rings[before.level], numbers)
        if not here.any():
            sheet.notes.append(f"{before.level}: the canal is not seen here, so the epidural CTV is missing. Draw it.")
        mask |= here
        words.append(
            f"{before.level}: epidural extent before surgery {', '.join(before.epidural)}, without cord or sac."
        )
        if "epidural-craniocaudal" in wishes.chosen:
            sheet.used.add("epidural-craniocaudal")
            if wishes.epidural_reach_mm is None:
                waiting = True
                sheet.choices.append(
                    Choice(
                        "CTV",
                        "How far does the epidural CTV reach beyond the vertebra?",
                        (),
                        "Give --epidural-reach 5mm.",
                    )
                )
            else:
                rows.append("epidural-craniocaudal")
                words.append(f"Epidural CTV {wishes.epidural_reach_mm:g} mm beyond the vertebra, as stated.")
    mask = _without_hardware(mask, inputs, wishes, words, rows, sheet)
    if waiting or not mask.any():
        if not waiting:
            raise CannotTell("The rules leave no volume.", code="ctv-empty")
        return
    sheet.add(roi, "CTV", mask, " ".join(words), tuple(dict.fromkeys(rows)))


def _without_hardware(
    mask: Mask, inputs: SpineInputs, wishes: SpineWishes, words: list[str], rows: list[str], sheet: Sheet
) -> Mask:
    """The mask without hardware when that rule was named; words and rows of the CTV are added to."""
    metal = inputs.hardware
    named = "redmond-hardware-scar" in wishes.chosen
    if metal is None or not metal.any():
        return mask
    inside = float((mask & metal).sum()) * sheet.grid.voxel_cm3
    if not named and not inside:
        return mask
    if not named:
        sheet.notes.append(
            f"{inside:.1f} cm3 of hardware lie in the CTV: the rule on leaving it out is from memory and was not named."
        )
        return mask
    sheet.used.add("redmond-hardware-scar")
    rows.append("redmond-hardware-scar")
    words.append(f"Hardware left out ({inside:.1f} cm3); the scar was never in it.")
    return mask & ~metal


def _epidural_question(level: str) -> Choice:
    options = tuple((name, f"Sector {name.replace('_', ' ')}.", "derived") for name in EPIDURAL_SECTORS)
    return Choice(
        "CTV", f"{level}: which epidural sectors held disease before surgery?", (*options, ("none", "No epidural disease.", "derived")),
        f"Give --epidural {level}=SECTOR,... or {level}=none or {level}=all.",
    )  # fmt: skip
