"""Names of structures, matched to TG-263 by a table that a department may edit.

>>> table = NameTable.of([{"roi": "SpinalCord", "role": "organ", "synonyms": ["cord", "myelon"]}])
>>> table.match("SpinalCord").how, table.match("Cord").how, table.match("cord new 2").how
('exact', 'synonym', 'guessed')
>>> table.match("PTV-Cord").roi  # made for the optimiser: no organ
'PTV-Cord'

A name is exact, a synonym of the table, guessed, or not matched. A guess is made only where what is left over of the name
says nothing, and it is always shown. Margins in the names of planning organs at risk are read, never assumed.

Source: AAPM TG-263 report (standardizing nomenclatures in radiation oncology).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Final

from portico.dosimetry.plan_check import How, Role
from portico.errors import KnowledgeRefused
from portico.rt.structures import Structure

__all__ = ["Match", "NameTable", "named_dose_gy"]

_SEPARATORS: Final = re.compile(r"[\s_\-.,:;^~+/()\[\]]+")
_TARGET: Final = re.compile(r"^[iI]?(PTV|CTV|GTV|ITV)(?![a-z])")
#: What a structure made for the optimiser is called, or what is cut out of another one: no organ is guessed from it.
_DERIVED: Final = re.compile(
    r"ptv|ctv|gtv|itv|minus|without|avoid|ring|opt|sub|not|non|eval|crop|overlap|dose|iso|margin"
)
#: What may stand beside a name without changing what is meant.
_IDLE: Final = re.compile(r"(?:final|new|old|copy|contour|mri|mr|ct|t2|myelo(?:gram)?|v?[0-9]+|[cltsCLTS][0-9]{1,2})*")
_PRV: Final = re.compile(r"^(?P<base>.+)_PRV(?P<mm>[0-9]{1,2})?$")
_PRV_ANY: Final = re.compile(r"(?P<base>.*?)[\s_\-]*prv[\s_\-]*(?P<rest>.*)", re.IGNORECASE)
_MARGIN: Final = re.compile(r"(?P<number>[0-9]{1,2}(?:\.[0-9])?)\s*(?P<unit>mm|cm)?", re.IGNORECASE)
_SHORTEST_GUESS: Final = 4
_TYPO: Final = 0.9
_ROLES: Final = ("target", "organ", "external", "support", "hardware", "other")
_TYPES: Final[Mapping[str, Role]] = {
    "EXTERNAL": "external", "PTV": "target", "CTV": "target", "GTV": "target", "SUPPORT": "support", "ORGAN": "organ",
    "AVOIDANCE": "organ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """What a name in the file stands for.

    Parameters
    ----------
    roi : TG-263 name; the file's own name when ``how`` is ``none``
    role : kind of structure
    how : ``exact``, ``synonym``, ``guessed`` or ``none``
    prv_mm : margin in mm that the name of a planning organ at risk states; None when it states none
    """

    roi: str
    role: Role
    how: How
    prv_mm: float | None = None


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


@dataclass(frozen=True, slots=True, eq=False)
class NameTable:
    """Names and synonyms.

    Parameters
    ----------
    roles : kind of each TG-263 name
    known : plain form of each name and synonym to its TG-263 name
    chosen : name in the file that the user gives for a TG-263 name; goes before everything else
    """

    roles: Mapping[str, Role]
    known: Mapping[str, str]
    chosen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], chosen: Mapping[str, str] | None = None) -> NameTable:
        """A table from rows ``{roi, role, synonyms}``.

        Parameters
        ----------
        rows : of ``knowledge/data/policy/structure-names.yaml`` or of a department's own file
        chosen : TG-263 name to name in the file, as the user says

        Raises
        ------
        KnowledgeRefused : ``names-damaged`` (a row without roi, role or synonyms), ``name-twice`` (one synonym of two names)
        """
        roles: dict[str, Role] = {}
        known: dict[str, str] = {}
        for number, row in enumerate(rows):
            place = f"names[{number}]"
            if not isinstance(row, Mapping) or set(row) != {"roi", "role", "synonyms"}:
                raise _damaged(place, "A row has roi, role and synonyms.")
            roi, role, synonyms = row["roi"], row["role"], row["synonyms"]
            fine = isinstance(roi, str) and role in _ROLES and isinstance(synonyms, Sequence) and roi not in roles
            if not fine or isinstance(synonyms, str) or not all(isinstance(one, str) and one for one in synonyms):
                raise _damaged(place, "A row has a name, a role of the list and synonyms that are text.")
            roles[roi] = role
            for name in (roi, *synonyms):
                if known.setdefault(_plain(name), roi) != roi:
                    raise KnowledgeRefused("One name stands for two structures.", code="name-twice", path=place)
        return cls(roles, known, dict(chosen or {}))

    def match(self, label: str, interpreted_type: str | None = None) -> Match:
        """What a name stands for.

        Parameters
        ----------
        label : name in the file
        interpreted_type : RT ROI Interpreted Type; tells the kind of a name that is in no table, and never the organ
        """
        for roi, name in self.chosen.items():
            if name == label:
                return Match(roi, self._role(roi), "exact", _margin(label))
        if label in self.roles:
            return Match(label, self.roles[label], "exact")
        prv = _PRV.match(label)
        if prv and prv["base"] in self.roles:
            return Match(f"{prv['base']}_PRV", "organ", "exact", float(prv["mm"]) if prv["mm"] else None)
        plain = _plain(label)
        if plain in self.known:
            roi = self.known[plain]
            return Match(roi, self.roles[roi], "synonym")
        if found := self._prv(label):
            return found
        if _TARGET.match(label):
            return Match(label, "target", "none")
        if found := self._guess(plain):
            return found
        return Match(label, _TYPES.get(interpreted_type or "", "other"), "none")

    def _role(self, roi: str) -> Role:
        base = roi.removesuffix("_PRV")
        return self.roles.get(roi) or self.roles.get(base) or ("target" if _TARGET.match(roi) else "organ")

    def _prv(self, label: str) -> Match | None:
        found = _PRV_ANY.fullmatch(label)
        if not found or _DERIVED.search(_plain(found["base"])):
            return None
        words = _MARGIN.sub("", f"{found['base']} {found['rest']}")
        roi = self.known.get(_plain(re.sub(r"\bmm\b|\bcm\b", "", words)))
        if roi is None or self.roles[roi] != "organ":
            return None
        name = roi if roi.endswith("_PRV") else f"{roi}_PRV"
        return Match(name, "organ", "synonym", _margin(found["rest"]) or _margin(found["base"]))

    def _guess(self, plain: str) -> Match | None:
        if _DERIVED.search(plain) or "prv" in plain or plain.startswith("z"):
            return None
        best = ""
        for name, roi in self.known.items():
            if len(name) < _SHORTEST_GUESS or self.roles[roi] not in ("organ", "hardware") or name not in plain:
                continue
            if len(name) > len(best) and _IDLE.fullmatch(plain.replace(name, "", 1)):
                best = name
        if not best:
            near = [
                (SequenceMatcher(None, name, plain).ratio(), name)
                for name, roi in self.known.items()
                if len(name) > _SHORTEST_GUESS and self.roles[roi] == "organ" and name[0] == plain[:1]
            ]
            ratio, name = max(near, default=(0.0, ""))
            best = name if ratio >= _TYPO else ""
        if not best:
            return None
        roi = self.known[best]
        return Match(roi, self.roles[roi], "guessed")

    def match_all(self, structures: Iterable[Structure]) -> dict[int, Match]:
        """Matches by ROI number."""
        return {one.number: self.match(one.name, one.interpreted_type) for one in structures}


def _margin(text: str) -> float | None:
    found = _MARGIN.search(text)
    if not found:
        return None
    return float(found["number"]) * (10.0 if (found["unit"] or "").lower() == "cm" else 1.0)


def named_dose_gy(label: str) -> float | None:
    """Dose in Gy that the name of a target states; None when it states none.

    >>> named_dose_gy("PTV_3000"), named_dose_gy("PTV 24Gy"), named_dose_gy("PTV1"), named_dose_gy("PTV_T8")
    (30.0, 24.0, None, None)

    Source: AAPM TG-263 (a dose in a target's name is in cGy unless Gy is written).
    """
    written = re.search(r"(?<![0-9.])([0-9]{1,5}(?:[.p][0-9]{1,2})?)\s*(c?)Gy", label, re.IGNORECASE)
    if written:
        return float(written[1].replace("p", ".")) / (100.0 if written[2] else 1.0)
    plain = re.search(r"(?<![0-9A-Za-z.])([0-9]{3,5})(?![0-9.A-Za-z])", label.replace("_", " "))
    return float(plain[1]) / 100.0 if plain else None


def _damaged(place: str, message: str) -> KnowledgeRefused:
    return KnowledgeRefused(message, code="names-damaged", path=place, fix=f"Roles: {', '.join(_ROLES)}.")
