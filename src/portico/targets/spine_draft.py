"""The draft of a spine: parts, CTV by rule, cord and PRV, PTV, evaluation and boost volumes.

Nothing is drawn by a rule that was read in no paper unless the physician names it for this draft, and no margin is a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from portico.directive import Directive
from portico.errors import CannotTell, InputRefused
from portico.knowledge import Volume
from portico.targets.canal import CanalLine, canal_from_bone, canal_line
from portico.targets.cropping import box_of, cropped, pasted
from portico.targets.draft import Draft, Kind
from portico.targets.spine_ctv import disease_before, draw_ctv, epidural_ring
from portico.targets.spine_inputs import SpineInputs, check_anatomy, check_cord
from portico.targets.spine_margins import draw_involved_boost, draw_neural, draw_ptv, draw_residual_boost
from portico.targets.spine_rules import adjacent_parts
from portico.targets.spine_sheet import Sheet
from portico.targets.spine_wishes import SpineWishes
from portico.targets.vertebral_parts import VertebralParts, divide_vertebra

__all__ = ["spine_draft"]

Mask = NDArray[np.bool_]
_STEREOTACTIC: Final = ("sbrt", "sib")
#: Recipe of a boost in the Directive; every other one is the CTV's.
_BOOST: Final = "involved_parts"
#: Kinds in the order in which they are shown.
_ORDER: Final = get_args(Kind)
#: Rows that the draft knows how to run when they are named, beside the table of parts.
_NAMED: Final = ("redmond-hardware-scar", "ptv-evaluation", "sib-boost-volume", "epidural-craniocaudal")


def spine_draft(inputs: SpineInputs, wishes: SpineWishes, directive: Directive, rows: Mapping[str, Volume]) -> Draft:
    """Draft the volumes of a Directive for the spine.

    Parameters
    ----------
    inputs : masks; involvement that is not stated is read from ``gtv_before``
    wishes : what the physician names
    directive : its levels, technique and volumes
    rows : ``library.volumes``

    Raises
    ------
    CannotTell : ``no-preoperative-extent``, ``cord-source-missing``, ``cord-incomplete``, ``no-canal``, the codes of
        :func:`check_anatomy` and :func:`divide_vertebra`
    InputRefused : ``not-spine``, ``no-such-row``, ``row-does-not-fit``, ``level-not-in-directive``, ``level-twice``
    """
    if directive.site.region != "spine":
        raise InputRefused("This Directive is not for the spine.", code="not-spine")
    targets = _levels(wishes, directive)
    _check_rows(wishes, rows)
    notes = list(check_anatomy(inputs, targets))
    box = box_of(inputs)
    own = cropped(inputs, box)
    sheet = Sheet(own.grid, rows, notes=notes)
    divided = _drawn(own, wishes, directive, targets, sheet)
    _check_used(wishes, sheet)
    volumes = tuple(sorted(sheet.volumes, key=lambda one: _ORDER.index(one.kind)))
    small = Draft(own.grid, volumes, divided, tuple(sheet.choices), tuple(dict.fromkeys(sheet.notes)), inputs.frame_uid)
    return pasted(small, inputs.grid, inputs.hu, box)


def _drawn(
    inputs: SpineInputs, wishes: SpineWishes, directive: Directive, targets: list[str], sheet: Sheet
) -> dict[str, VertebralParts]:
    """Everything drawn on the sheet; the division of each vertebra comes back."""
    canal, line = _canal(inputs, sheet)
    divided = {}
    for level in targets:
        divided[level] = divide_vertebra(inputs.vertebrae[level], canal, line, inputs.grid, body=inputs.bodies)
        sheet.notes.extend(f"{level}: {note}" for note in divided[level].notes)
    _check_neural(inputs, directive, line, targets, sheet)
    rings = {level: epidural_ring(divided[level], canal, line, inputs, wishes) for level in targets}
    involved = [disease_before(level, divided[level], rings[level], inputs, wishes, sheet) for level in targets]
    table = [row for row in sheet.rows.values() if row.about == "ctv" and row.site == "spine"]
    decisions = [adjacent_parts(one, table, wishes.chosen) for one in involved]
    for decision in decisions:
        sheet.choices.extend(decision.choices)
        sheet.notes.extend(f"Another way: {one}" for one in decision.conflicts)
        sheet.used |= {row.id for row in decision.rows}
    chosen = [one for one in directive.volumes if one.chosen]
    boost = next((one for one in chosen if one.recipe == _BOOST), None)
    roi = next((one.roi for one in chosen if one.recipe != _BOOST), "CTV")
    draw_ctv(roi, involved, decisions, divided, rings, inputs, wishes, sheet)
    draw_involved_boost(boost, involved, divided, wishes, sheet)
    prv = draw_neural(inputs, wishes, sheet)
    draw_residual_boost(boost, prv, inputs, wishes, sheet)
    draw_ptv(prv, inputs, wishes, sheet)
    _draw_given(inputs, sheet)
    return divided


def _levels(wishes: SpineWishes, directive: Directive) -> list[str]:
    wanted = list(directive.site.levels)
    named = [one.level for one in wishes.involved]
    if len(set(named)) < len(named):
        raise InputRefused("The disease of one level was given twice.", code="level-twice")
    if beyond := [one for one in named if one not in wanted]:
        raise InputRefused(
            "A level is not one of the Directive's.", code="level-not-in-directive", path=", ".join(beyond),
            fix=f"The Directive treats {', '.join(wanted)}.",
        )  # fmt: skip
    if not wanted:
        raise InputRefused("The Directive names no level.", code="level-not-in-directive")
    return wanted


def _check_rows(wishes: SpineWishes, rows: Mapping[str, Volume]) -> None:
    for one in wishes.chosen:
        name, _, part = one.partition("+")
        row = rows.get(name)
        if row is None or not (row.gtv or name in _NAMED) or (part and part not in row.optional):
            raise InputRefused("There is no such rule that can be run.", code="no-such-row", path=one)


def _check_used(wishes: SpineWishes, sheet: Sheet) -> None:
    """Refuse a named row that took no part and can take none."""
    unused = {one.split("+")[0] for one in wishes.chosen} - sheet.used
    if unused:
        sided = [one for one in unused if any(token.startswith("vertebral_body_") for token in sheet.rows[one].gtv)]
        raise InputRefused(
            "A row was named that fits nothing in this draft.",
            code="row-does-not-fit",
            path=", ".join(sorted(unused)),
            fix="A row about one side of the body, or all of it, needs --body-side LEVEL=left, right or diffuse."
            if sided
            else "Leave it out, or state the involvement that it speaks of.",
        )


def _canal(inputs: SpineInputs, sheet: Sheet) -> tuple[Mask, CanalLine]:
    canal = inputs.canal
    if canal is None or not canal.any():
        bone = np.logical_or.reduce(list(inputs.vertebrae.values()))
        canal = canal_from_bone(bone, inputs.grid)
        sheet.notes.append("No canal was given: it is what the bone encloses, and missing where the ring is open.")
    return canal, canal_line(canal, inputs.grid)


def _check_neural(inputs: SpineInputs, directive: Directive, line: CanalLine, targets: list[str], sheet: Sheet) -> None:
    wrong = check_cord(inputs, line, targets)
    stereotactic = directive.technique in _STEREOTACTIC
    if wrong and stereotactic:
        raise CannotTell(
            wrong, code="cord-incomplete", fix="Draw it, and draft again. No stereotactic draft without it."
        )
    if wrong:
        sheet.notes.append(wrong)
    if inputs.cord is not None and inputs.cord_source is None:
        if stereotactic:
            raise CannotTell(
                "Nobody says which image the cord was drawn on: no stereotactic draft (row cord-true).",
                code="cord-source-missing", fix="Give --cord-source t2_mri or ct_myelogram.",
            )  # fmt: skip
        sheet.notes.append("Nobody says which image the cord was drawn on.")


def _draw_given(inputs: SpineInputs, sheet: Sheet) -> None:
    for roi, mask, words in (
        ("GTV_Preop", inputs.gtv_before, "Disease before surgery as given."),
        ("GTV_Residual", inputs.gtv_residual, "Tumour that is left as given."),
    ):
        if mask is not None:
            sheet.add(roi, "GTV", mask, words, (), role="input")
