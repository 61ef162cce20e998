"""Which parts of a vertebra a CTV takes: the involved ones, and the neighbours that a named rule adds.

>>> before = Involvement("L3", ("pedicle_left",), epidural=())
>>> adjacent_parts(before, (), chosen=()).parts is None  # no rule was named, so nothing is drawn
True

A row that is read from an abstract or a full text runs by itself; any other row runs only when the physician names it for this
draft. A part that no named row speaks of needs the physician's own word on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from portico.errors import InputRefused
from portico.knowledge import Volume
from portico.targets.draft import Choice, Verified, weakest
from portico.targets.sectors import EPIDURAL_SECTORS
from portico.targets.vertebral_parts import PARTS, Part

__all__ = ["Involvement", "PartsDecision", "adjacent_parts", "is_closed"]

Side = Literal["left", "right"]
_SELF: Final = ("full_text", "abstract")
_PAIRS: Final = {"pedicle": "pedicles", "transverse_process": "transverse_processes", "lamina": "laminae"}
_SIDES: Final[tuple[Side, ...]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Involvement:
    """What one vertebra had of disease before surgery.

    Parameters
    ----------
    level : e.g. ``T8``
    parts : of :data:`PARTS` that were involved; empty when only the epidural space was, or a structure tells
    body_side : ``left``, ``right`` or ``diffuse`` when the body was involved and this is known; None when not stated; may stand
        without parts when these are read from a structure
    epidural : of :data:`EPIDURAL_SECTORS`; empty when there was no epidural disease; None when nobody said
    add : neighbours in the physician's own words; None when none were named, empty for "none"
    extensive : the physician states extensive disease at this level

    Raises
    ------
    InputRefused : ``no-such-part``, ``no-such-sector``, ``body-side``
    """

    level: str
    parts: tuple[Part, ...]
    body_side: Literal["left", "right", "diffuse"] | None = None
    epidural: tuple[str, ...] | None = None
    add: tuple[Part, ...] | None = None
    extensive: bool = False

    def __post_init__(self) -> None:
        for part in (*self.parts, *(self.add or ())):
            if part not in PARTS:
                raise InputRefused(
                    "A vertebra has no such part.",
                    code="no-such-part",
                    path=self.level,
                    fix=f"Parts: {', '.join(PARTS)}.",
                )
        for sector in self.epidural or ():
            if sector not in EPIDURAL_SECTORS:
                raise InputRefused(
                    "The ring has no such sector.", code="no-such-sector", path=self.level,
                    fix=f"Sectors: {', '.join(EPIDURAL_SECTORS)}, all, none.",
                )  # fmt: skip
        if self.body_side not in (None, "left", "right", "diffuse"):
            raise InputRefused("A body is involved left, right or diffuse.", code="body-side", path=self.level)
        if self.body_side is not None and self.parts and "vertebral_body" not in self.parts:
            raise InputRefused("A side of a body that is not involved.", code="body-side", path=self.level)


@dataclass(frozen=True, slots=True)
class PartsDecision:
    """Parts of the CTV at one level.

    Parameters
    ----------
    parts : in the order of :data:`PARTS`; None when something has to be named first
    rows : rows that ran, also when something is still open
    says : what was taken and why
    choices : what has to be named; empty when ``parts`` is there
    conflicts : other ways that sources give, in words
    """

    parts: tuple[Part, ...] | None
    rows: tuple[Volume, ...] = ()
    says: str = ""
    choices: tuple[Choice, ...] = ()
    conflicts: tuple[str, ...] = ()

    @property
    def verified(self) -> Verified | None:
        """Weakest level of the rows."""
        return weakest(cast("Verified", row.verified) for row in self.rows)


def adjacent_parts(before: Involvement, rows: Iterable[Volume], chosen: Sequence[str]) -> PartsDecision:
    """Involved parts and their neighbours.

    Parameters
    ----------
    before : the vertebra before surgery
    rows : of the library; those with ``gtv`` and ``ctv`` make the table, the others are passed over
    chosen : rows that the physician named for this draft; ``ID+PART`` takes an optional part of the row, too
    """
    if not before.parts:
        return PartsDecision((), says=f"{before.level}: no part of the bone was involved.")
    table = [(row, found) for row in rows if row.gtv and row.ctv and (found := _matched(before, row)) is not None]
    named = {one.split("+", 1)[0] for one in chosen}
    used = [(row, found) for row, found in table if row.verified in _SELF or row.id in named]
    taken = set(before.parts) | set(before.add or ())
    covered: set[Part] = set()
    for row, (about, sides) in used:
        covered |= about
        taken |= _named_parts(row.ctv, sides)
        taken |= _named_parts(tuple(one for one in row.optional if f"{row.id}+{one}" in chosen), sides)
    open_parts = [part for part in before.parts if part not in covered]
    parts = tuple(part for part in PARTS if part in taken)
    conflicts = tuple(f"{row.id}: {row.says}" for row, _ in table if row.id not in {one.id for one, _ in used})
    if open_parts and before.add is None:
        ran = tuple(row for row, _ in used)
        return PartsDecision(None, ran, choices=(_question(before, open_parts, [row for row, _ in table]),))
    if is_closed(parts) and not _ring_allowed(before):
        return PartsDecision(None, tuple(row for row, _ in used), choices=(_ring(before),), conflicts=conflicts)
    words = [f"{before.level}: involved before surgery {_listed(before.parts)}"]
    words += [f"{row.id} ({row.verified}) takes {_listed(row.ctv)}" for row, _ in used]
    if before.add is not None:
        words.append(f"the physician adds {_listed(before.add)}")
    return PartsDecision(parts, tuple(row for row, _ in used), "; ".join(words) + ".", conflicts=conflicts)


def is_closed(parts: Iterable[Part]) -> bool:
    """Whether the parts make a ring of bone round the canal."""
    ring = {"vertebral_body", "pedicle_left", "pedicle_right", "lamina_left", "lamina_right", "spinous_process"}
    return ring <= set(parts)


def _ring_allowed(before: Involvement) -> bool:
    """Row ``isrc-circumferential``: body, both pedicles or both laminae, and spinous process, or extensive disease."""
    own = set(before.parts)
    pair = {"pedicle_left", "pedicle_right"} <= own or {"lamina_left", "lamina_right"} <= own
    return before.extensive or (pair and {"vertebral_body", "spinous_process"} <= own)


def _matched(before: Involvement, row: Volume) -> tuple[set[Part], set[Side]] | None:
    """Involved parts that a row speaks of, and its sides; None when it does not fit."""
    about: set[Part] = set()
    sides: set[Side] = set()
    for token in row.gtv:
        found = _token(before, token)
        if found is None:
            return None
        about |= found[0]
        sides |= found[1]
    return about, sides


def _token(before: Involvement, token: str) -> tuple[set[Part], set[Side]] | None:
    own = set(before.parts)
    if token.startswith("vertebral_body"):
        wanted = {"vertebral_body": True, "vertebral_body_diffuse": before.body_side == "diffuse"}.get(
            token, before.body_side in _SIDES
        )
        if "vertebral_body" not in own or not wanted:
            return None
        return {"vertebral_body"}, {before.body_side} if before.body_side in ("left", "right") else set()
    if token == "pedicles_or_transverse_processes":
        both = {part for name in ("pedicle", "transverse_process") for part in _pair(name) if _pair(name) <= own}
        return (both, set(_SIDES)) if both else None
    name = token.removesuffix("_one_side")
    if name in _PAIRS:
        here: set[Side] = {side for side in _SIDES if f"{name}_{side}" in own}
        return ({cast("Part", f"{name}_{side}") for side in here}, here) if len(here) == 1 else None
    return ({token}, set()) if token in own else None


def _pair(name: str) -> set[Part]:
    return {cast("Part", f"{name}_{side}") for side in _SIDES}


def _named_parts(tokens: Iterable[str], sides: set[Side]) -> set[Part]:
    found: set[Part] = set()
    for token in tokens:
        one_side = token.removesuffix("_same_side")
        pair = next((name for name, both in _PAIRS.items() if both == token), None)
        if pair is not None:
            found |= _pair(pair)
        elif one_side in _PAIRS:
            found |= {cast("Part", f"{one_side}_{side}") for side in sides}
        else:
            found.add(cast("Part", token))
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(one.replace("_", " ") for one in names) or "nothing"


def _question(before: Involvement, open_parts: Sequence[str], rows: Iterable[Volume]) -> Choice:
    options = [(row.id, row.says, row.verified) for row in rows]
    options += [
        (f"{row.id}+{one}", f"The same, with the {one.replace('_', ' ')}. {row.conflict or ''}".strip(), row.verified)
        for row in rows
        for one in row.optional
    ]
    side = before.body_side is None and "vertebral_body" in open_parts
    more = (
        f" Rows about one side of the body, or all of it, are offered after --body-side {before.level}=SIDE."
        if side
        else ""
    )
    return Choice(
        "CTV", f"{before.level}: which neighbours of {_listed(open_parts)} are taken in?", tuple(options),
        f"Name a row by --choose, or the parts by --add {before.level}=PART,... (none for no neighbour).{more}",
    )  # fmt: skip


def _ring(before: Involvement) -> Choice:
    return Choice(
        "CTV",
        f"{before.level}: these parts close a ring round the cord, which needs body, both pedicles or laminae and spinous process "
        "involved, or extensive disease (isrc-circumferential, abstract).",
        (("extensive", "The physician states extensive disease at this level.", "abstract"),),
        f"Give --extensive {before.level}, or name fewer parts.",
    )  # fmt: skip
