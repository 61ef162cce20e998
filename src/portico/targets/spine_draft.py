"""The draft of a spine: parts, CTV by rule, cord and PRV, PTV, evaluation and boost volumes.

Nothing is drawn by a rule that was read in no paper unless the physician names it for this draft, and no margin is a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from portico.directive import Directive
from portico.errors import CannotTell, InputRefused
from portico.geometry import grown_from_surface
from portico.knowledge import Volume
from portico.targets.canal import CanalLine, canal_from_bone, canal_line
from portico.targets.cropping import box_of, cropped, pasted
from portico.targets.draft import Choice, Draft, DraftVolume, Fact, Kind, Verified, weakest
from portico.targets.margins import StatedMargin, margin_choice
from portico.targets.sectors import EPIDURAL_SECTORS, epidural_sectors
from portico.targets.spine_inputs import SpineInputs, check_anatomy, check_cord
from portico.targets.spine_rules import Involvement, PartsDecision, adjacent_parts
from portico.targets.vertebral_parts import PARTS, VertebralParts, divide_vertebra

__all__ = ["SpineWishes", "involvement_of", "spine_draft"]

Mask = NDArray[np.bool_]
_STEREOTACTIC: Final = ("sbrt", "sib")
#: Rows that the draft knows how to run when they are named, beside the table of parts.
_NAMED: Final = ("redmond-hardware-scar", "ptv-evaluation", "sib-boost-volume", "epidural-craniocaudal")


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
    box = box_of(inputs)
    return pasted(_Drafting(inputs, cropped(inputs, box), wishes, directive, rows).draft(), inputs, box)


def involvement_of(level: str, parts: VertebralParts, gtv: Mask, epidural: NDArray[np.uint8]) -> Involvement:
    """Parts and epidural sectors that a structure touches, with the side of the body when it stays on one."""
    touched = set(np.unique(parts.labels[gtv])) - {0}
    found = tuple(part for number, part in enumerate(PARTS, 1) if number in touched)
    sectors = set(np.unique(epidural[gtv])) - {0}
    ring = tuple(name for number, name in enumerate(EPIDURAL_SECTORS, 1) if number in sectors)
    return Involvement(level, found, epidural=ring)


class _Drafting:
    def __init__(
        self,
        whole: SpineInputs,
        inputs: SpineInputs,
        wishes: SpineWishes,
        directive: Directive,
        rows: Mapping[str, Volume],
    ) -> None:
        self.whole = whole
        self.inputs, self.wishes, self.directive, self.rows = inputs, wishes, directive, rows
        self.grid = inputs.grid
        self.choices: list[Choice] = []
        self.notes: list[str] = []
        self.volumes: list[DraftVolume] = []
        self.parts: dict[str, VertebralParts] = {}
        self.used: set[str] = set()

    # ---- the whole
    def draft(self) -> Draft:
        targets = self._levels()
        self._check_rows()
        self.notes.extend(check_anatomy(self.whole, targets))
        canal, line = self._canal()
        for level in targets:
            self.parts[level] = divide_vertebra(
                self.inputs.vertebrae[level], canal, line, self.grid, body=self.inputs.bodies
            )
            self.notes.extend(f"{level}: {note}" for note in self.parts[level].notes)
        self._cord(line, targets)
        rings = {level: self._ring(level, canal, line) for level in targets}
        involved = [self._before(level, rings[level]) for level in targets]
        decisions = [adjacent_parts(one, self._table(), self.wishes.chosen) for one in involved]
        for decision in decisions:
            self.choices.extend(decision.choices)
            self.notes.extend(f"Another way: {one}" for one in decision.conflicts)
            self.used |= {row.id for row in decision.rows}
        self._ctv(involved, decisions, rings)
        self._boost(involved)
        prv = self._prv()
        self._ptv(prv)
        self._given()
        waiting = {one.split("+")[0] for one in self.wishes.chosen} - self.used
        if waiting and not self.choices:
            raise InputRefused(
                "A row was named that fits nothing in this draft.",
                code="row-does-not-fit",
                path=", ".join(sorted(waiting)),
            )
        order = {"GTV": 0, "CTV": 1, "PTV": 2, "ORGAN": 3, "AVOIDANCE": 4, "CONTROL": 5}
        volumes = tuple(sorted(self.volumes, key=lambda one: order[one.kind]))
        return Draft(
            self.grid, volumes, self.parts, tuple(self.choices), tuple(dict.fromkeys(self.notes)), self.inputs.frame_uid,
            self.inputs.hu,
        )  # fmt: skip

    def _levels(self) -> list[str]:
        wanted = list(self.directive.site.levels)
        named = [one.level for one in self.wishes.involved]
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

    def _check_rows(self) -> None:
        for one in self.wishes.chosen:
            name, _, part = one.partition("+")
            row = self.rows.get(name)
            if row is None or not (row.gtv or name in _NAMED) or (part and part not in row.optional):
                raise InputRefused("There is no such rule that can be run.", code="no-such-row", path=one)

    def _table(self) -> Iterable[Volume]:
        return [row for row in self.rows.values() if row.about == "ctv" and row.site == "spine"]

    def _canal(self) -> tuple[Mask, CanalLine]:
        canal = self.inputs.canal
        if canal is None or not canal.any():
            bone = np.logical_or.reduce(list(self.inputs.vertebrae.values()))
            canal = canal_from_bone(bone, self.grid)
            self.notes.append("No canal was given: it is what the bone encloses, and missing where the ring is open.")
        return canal, canal_line(canal, self.grid)

    # ---- cord
    def _cord(self, line: CanalLine, targets: list[str]) -> None:
        wrong = check_cord(self.inputs, line, targets)
        stereotactic = self.directive.technique in _STEREOTACTIC
        if wrong and stereotactic:
            raise CannotTell(
                wrong, code="cord-incomplete", fix="Draw it, and draft again. No stereotactic draft without it."
            )
        if wrong:
            self.notes.append(wrong)
        if self.inputs.cord is not None and self.inputs.cord_source is None:
            if stereotactic:
                raise CannotTell(
                    "Nobody says which image the cord was drawn on: no stereotactic draft (row cord-true).",
                    code="cord-source-missing", fix="Give --cord-source t2_mri or ct_myelogram.",
                )  # fmt: skip
            self.notes.append("Nobody says which image the cord was drawn on.")

    def _prv(self) -> Mask | None:
        cord, sac, stated = self.inputs.cord, self.inputs.sac, self.wishes.prv
        if cord is not None:
            source = (self.inputs.cord_source or "image not stated").replace("_", " ")
            self._add(
                "SpinalCord", "ORGAN", cord, f"True cord as given, drawn on: {source}.", ("cord-true",), role="input"
            )
        if sac is not None:
            self._add(
                "ThecalSac", "ORGAN", sac, "Thecal sac as given; no margin round it.", ("sac-no-prv",), role="input"
            )
        if cord is None:
            return sac
        if stated is None:
            self.choices.append(margin_choice("SpinalCord_PRV", self.rows.values(), "prv_margin", "--prv"))
            return None
        prv = self._grown(cord, stated.mm, "SpinalCord_PRV")
        whole = float(stated.mm).is_integer()
        name = f"SpinalCord_PRV{int(stated.mm):02d}" if whole else "SpinalCord_PRV"
        rows = () if stated.row is None else (stated.row.id,)
        self._add(name, "AVOIDANCE", prv, f"True cord with {stated.says} all round.", rows)
        return prv if sac is None else prv | sac

    # ---- targets
    def _ring(self, level: str, canal: Mask, line: CanalLine) -> NDArray[np.uint8]:
        parts = self.parts[level]
        points = self.grid.points(np.argwhere(parts.mask("vertebral_body"))[:, ::-1])
        if not len(points):
            points = self.grid.points(np.argwhere(parts.labels > 0)[:, ::-1])
        height = (points - parts.frame.centre) @ parts.frame.head
        more = self.wishes.epidural_reach_mm if "epidural-craniocaudal" in self.wishes.chosen else None
        extra = more or 0.0
        neural = self.inputs.neural
        room = canal if neural is None else canal & ~neural
        return epidural_sectors(
            room, line, parts.frame, self.grid,
            reach_mm=(-float(np.percentile(height, 2)) + extra, float(np.percentile(height, 98)) + extra),
        )  # fmt: skip

    def _before(self, level: str, ring: NDArray[np.uint8]) -> Involvement:
        stated = next((one for one in self.wishes.involved if one.level == level), None)
        if stated is not None and (stated.parts or stated.epidural):
            return stated
        if self.inputs.gtv_before is not None:
            found = involvement_of(level, self.parts[level], self.inputs.gtv_before, ring)
            if found.parts or found.epidural:
                if stated is not None:
                    found = replace(found, add=stated.add, extensive=stated.extensive)
                self.notes.append(f"{level}: parts and sectors read from the structure of the disease before surgery.")
                return found
        raise CannotTell(
            f"Nothing says what was involved at {level} before surgery, and what is left does not tell.",
            code="no-preoperative-extent", path=level,
            fix="Give --involved LEVEL=PART,... and --epidural LEVEL=SECTOR,..., or a structure of it by --gtv-before.",
        )  # fmt: skip

    def _ctv(
        self,
        involved: Sequence[Involvement],
        decisions: Sequence[PartsDecision],
        rings: Mapping[str, NDArray[np.uint8]],
    ) -> None:
        mask = np.zeros(self.grid.shape, bool)
        words, rows = [], []
        intact = self.wishes.setting == "intact"
        rows += ["isrc-adjacent-bone"] if intact else ["redmond-preoperative-extent", "redmond-adjacent-compartments"]
        waiting = any(one.parts is None for one in decisions)
        for before, decision in zip(involved, decisions, strict=True):
            if before.epidural is None:
                waiting = True
                self.choices.append(_epidural_question(before.level))
                continue
            parts = self.parts[before.level]
            for part in decision.parts or ():
                if not parts.mask(part).any():
                    self.notes.append(
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
                self.notes.append(
                    f"{before.level}: the canal is not seen here, so the epidural CTV is missing. Draw it."
                )
            mask |= here
            words.append(
                f"{before.level}: epidural extent before surgery {', '.join(before.epidural)}, without cord or sac."
            )
            if "epidural-craniocaudal" in self.wishes.chosen:
                self.used.add("epidural-craniocaudal")
                if self.wishes.epidural_reach_mm is None:
                    waiting = True
                    self.choices.append(
                        Choice(
                            "CTV",
                            "How far does the epidural CTV reach beyond the vertebra?",
                            (),
                            "Give --epidural-reach 5mm.",
                        )
                    )
                else:
                    rows.append("epidural-craniocaudal")
                    words.append(f"Epidural CTV {self.wishes.epidural_reach_mm:g} mm beyond the vertebra, as stated.")
        mask = self._hardware(mask, words, rows)
        if waiting or not mask.any():
            if not waiting:
                raise CannotTell("The rules leave no volume.", code="ctv-empty")
            return
        roi = next((one.roi for one in self.directive.volumes if one.chosen and one.recipe != "involved_parts"), "CTV")
        self._add(roi, "CTV", mask, " ".join(words), tuple(dict.fromkeys(rows)))

    def _hardware(self, mask: Mask, words: list[str], rows: list[str]) -> Mask:
        metal = self.inputs.hardware
        named = "redmond-hardware-scar" in self.wishes.chosen
        if metal is None or not metal.any():
            return mask
        inside = float((mask & metal).sum()) * self.grid.voxel_cm3
        if not named and not inside:
            return mask
        if not named:
            self.notes.append(
                f"{inside:.1f} cm3 of hardware lie in the CTV: the rule on leaving it out is from memory and was not named."
            )
            return mask
        self.used.add("redmond-hardware-scar")
        rows.append("redmond-hardware-scar")
        words.append(f"Hardware left out ({inside:.1f} cm3); the scar was never in it.")
        return mask & ~metal

    def _boost(self, involved: Sequence[Involvement]) -> None:
        wanted = next((one for one in self.directive.volumes if one.chosen and one.recipe == "involved_parts"), None)
        if wanted is None or "sib-boost-volume" in self.wishes.chosen:
            return
        mask = np.zeros(self.grid.shape, bool)
        for before in involved:
            mask |= self.parts[before.level].mask(*before.parts)
        if mask.any():
            listed = "; ".join(f"{one.level} {', '.join(one.parts).replace('_', ' ')}" for one in involved)
            self._add(wanted.roi, "CTV", mask, f"{wanted.says} Involved: {listed}.", ("sib-elective-volume",))

    def _residual_boost(self, prv: Mask | None) -> None:
        wanted = next((one for one in self.directive.volumes if one.chosen and one.recipe == "involved_parts"), None)
        if "sib-boost-volume" not in self.wishes.chosen:
            return
        self.used.add("sib-boost-volume")
        residual, gap = self.inputs.gtv_residual, self.wishes.gap_mm
        if wanted is None or residual is None:
            raise CannotTell(
                "A boost to what is left needs a structure of it and a Directive with a boost.", code="no-residual"
            )
        if gap is None or prv is None:
            self.choices.append(
                Choice(wanted.roi, "Which gap to the cord's PRV, and which PRV?", (), "Give --boost-gap 2mm and --prv.")
            )
            return
        mask = residual & ~self._grown(prv, gap, wanted.roi)
        says = f"Tumour that is left, without the PRV and a gap of {gap:g} mm (stated by the physician)."
        self._add(wanted.roi, "CTV", mask, says, ("sib-boost-volume",))

    def _ptv(self, prv: Mask | None) -> None:
        self._residual_boost(prv)
        targets = [one for one in self.volumes if one.kind == "CTV"]
        stated = self.wishes.ptv
        evaluate = "ptv-evaluation" in self.wishes.chosen
        if evaluate:
            self.used.add("ptv-evaluation")
        for ctv in targets:
            roi = ctv.roi.replace("CTV", "PTV")
            if stated is None:
                self.choices.append(margin_choice(roi, self.rows.values(), "ptv_margin", "--ptv"))
                continue
            mask = self._grown(ctv.mask, stated.mm, roi)
            rows = () if stated.row is None else (stated.row.id,)
            self._add(roi, "PTV", mask, f"{ctv.roi} with {stated.says} all round.", (*rows, *ctv.rows))
            if not evaluate:
                self.notes.append(
                    f"{roi} without the cord's PRV is not drawn: row ptv-evaluation (memory) was not named."
                )
            elif prv is not None:
                lost = 100.0 * float((mask & prv).sum()) / float(mask.sum())
                self._add(
                    f"{roi}_Eval", "PTV", mask & ~prv, f"{roi} without the cord's PRV and the sac.", ("ptv-evaluation", *rows, *ctv.rows),
                    facts=(Fact("part of the PTV inside the PRV", lost, "%"),),
                )  # fmt: skip

    def _grown(self, mask: Mask, mm: float, roi: str) -> Mask:
        made = grown_from_surface(mask, self.grid, mm)
        if mm > 0.0 and mask.any() and (made == mask).all():
            raise CannotTell(
                f"A margin of {mm:g} mm is less than half a voxel: {roi} would be the same without it.", code="margin-below-voxel",
                fix="Draft on a finer CT.",
            )  # fmt: skip
        coarse = float(self.grid.spacing.max())
        if mm < coarse:
            self.notes.append(
                f"The margin of {roi} is met to half a voxel: {mm:g} mm on voxels of up to {coarse:.3g} mm."
            )
        return made

    def _given(self) -> None:
        for roi, mask, words in (
            ("GTV_Preop", self.inputs.gtv_before, "Disease before surgery as given."),
            ("GTV_Residual", self.inputs.gtv_residual, "Tumour that is left as given."),
        ):
            if mask is not None:
                self._add(roi, "GTV", mask, words, (), role="input")

    def _add(
        self, roi: str, kind: Kind, mask: Mask, says: str, rows: tuple[str, ...], *,
        role: Literal["drawn", "alternative", "input"] = "drawn", facts: tuple[Fact, ...] = (),
    ) -> None:  # fmt: skip
        found = [self.rows[one] for one in rows]
        self.volumes.append(
            DraftVolume(
                roi, kind, mask, says, rows, tuple(dict.fromkeys(one for row in found for one in row.source_ids)),
                weakest(cast("Verified", row.verified) for row in found), role, facts=facts,
            )
        )  # fmt: skip


def _epidural_question(level: str) -> Choice:
    options = tuple((name, f"Sector {name.replace('_', ' ')}.", "derived") for name in EPIDURAL_SECTORS)
    return Choice(
        "CTV", f"{level}: which epidural sectors held disease before surgery?", (*options, ("none", "No epidural disease.", "derived")),
        f"Give --epidural {level}=SECTOR,... or {level}=none or {level}=all.",
    )  # fmt: skip
