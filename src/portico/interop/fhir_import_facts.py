"""What the resources of a bundle state: lesions, operations, cancers, agents, performance, answers. Nothing is concluded here.

Each reader takes one type of resource and gives facts with their places; what is left out is said in the report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from portico.interop.fhir_evidence import BASE
from portico.interop.fhir_import_bundle import Bundle, Item, code_words, concepts, day_of, extension, listed

__all__ = [
    "COLUMNS",
    "Agent",
    "Answer",
    "Lesion",
    "Operation",
    "Site",
    "answers",
    "cancers",
    "lesions",
    "operations",
    "site_of",
    "spread",
]

#: Code system of Portico's own columns: an Observation with such a code answers that question of the case form.
COLUMNS: Final = f"{BASE}/CodeSystem/case-columns"
LATERALITY: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-laterality-qualifier"
LOCATION: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-body-location-qualifier"
MII_SIDE: Final = (
    "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/"
    "mii-ex-onko-strahlentherapie-bestrahlung-seitenlokalisation"
)
RELATED: Final = "http://hl7.org/fhir/StructureDefinition/condition-related"
_DOUBTED: Final = frozenset({"unconfirmed", "provisional", "differential"})
_WRONG: Final = frozenset({"refuted", "entered-in-error"})
_GONE: Final = frozenset({"inactive", "remission", "resolved"})
SURGERY: Final = frozenset({"387713003"})
SURGICAL_PROFILE: Final = "mcode-cancer-related-surgical-procedure"


@dataclass(frozen=True, slots=True)
class Site:
    """Where something is; None and empty where the bundle does not say."""

    bone: str | None = None
    part: str | None = None
    side: str | None = None
    levels: tuple[str, ...] = ()

    def meets(self, other: Site) -> bool:
        """Whether both name the same bone, not on different sides, and share a level where both name levels."""
        if self.bone is None or self.bone != other.bone:
            return False
        if {self.side, other.side} == {"left", "right"}:
            return False
        return not self.levels or not other.levels or bool(set(self.levels) & set(other.levels))

    def is_certainly(self, other: Site) -> bool:
        """Whether both are one place beyond doubt: bone, side where there are two, level where there are many, part."""
        if not self.meets(other) or self.bone not in (*_SINGLE, *_PAIRED, "vertebra"):
            return False
        if self.bone in _PAIRED and (self.side is None or self.side != other.side):
            return False
        if self.bone == "vertebra" and not set(self.levels) & set(other.levels):
            return False
        return self.bone == "vertebra" or self.part is None or other.part is None or self.part == other.part


#: Bones of which there is one, and of which there is one on each side; ribs and others are many.
_SINGLE: Final = ("sacrum", "sternum")
_PAIRED: Final = ("femur", "humerus", "tibia", "fibula", "radius", "ulna", "pelvis", "scapula", "clavicle")


@dataclass(frozen=True, slots=True)
class Lesion:
    """A bone metastasis; ``also`` are the positions of further records of the same one."""

    item: Item
    site: Site
    also: tuple[int, ...] = ()

    def is_meant_by(self, item: Item) -> bool:
        """Whether a condition is one of the records of this metastasis."""
        return item.index == self.item.index or item.index in self.also


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on a bone, or one whose place is not said."""

    item: Item
    site: Site
    date: dt.date | None
    procedure: str | None
    implant: bool
    material: str | None
    reasons: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """A systemic agent of the table."""

    item: Item
    name: str
    kind: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question of the case form, as text that the form would take."""

    item: Item
    column: str
    text: str
    place: str


@dataclass(slots=True)
class Cancers:
    """Histologies by the condition that states them, and other spread."""

    primary: list[tuple[Item, str]] = field(default_factory=list)
    brain: list[Item] = field(default_factory=list)
    visceral: list[Item] = field(default_factory=list)


def site_of(bundle: Bundle, item: Item, *, element: str = "bodySite") -> Site:
    """The site of a resource from its codings; what several codings state differently stays open."""
    found: list[dict[str, str]] = []
    for i, place in enumerate(listed(item.resource.get(element))):
        means = bundle.concept(item, place, f"{element}[{i}]")
        for url in (LATERALITY, LOCATION, MII_SIDE):
            for qualifier in extension(place, url):
                told = bundle.concept(item, qualifier.get("valueCodeableConcept"), f"{element}[{i}].extension")
                if "side" in told:
                    means = {**means, "side": told["side"]}
        found.append(means)
    bones = {means["bone"] for means in found if "bone" in means}
    if len(bones) > 1:
        bundle.report.add(
            "doubtful", item.at(element), item.kind, "It names several bones; which one is meant is open."
        )
        return Site()

    def agreed(axis: str) -> str | None:
        values = {means[axis] for means in found if axis in means}
        return values.pop() if len(values) == 1 else None

    levels = tuple(dict.fromkeys(means["level"] for means in found if "level" in means))
    return Site(bones.pop() if bones else None, agreed("part"), agreed("side"), levels)


def _standing(bundle: Bundle, item: Item) -> bool:
    """Whether a condition counts: confirmed or not further qualified."""
    verified = code_words(item.resource.get("verificationStatus"))
    if verified & _WRONG:
        bundle.report.add(
            "ignored", item.at("verificationStatus"), item.kind, "The condition was refuted or is an error."
        )
        return False
    if verified & _DOUBTED:
        bundle.report.add("doubtful", item.at("verificationStatus"), item.kind, "The condition is not confirmed.")
        return False
    return True


def lesions(bundle: Bundle) -> list[Lesion]:
    """Bone metastases that are confirmed; one that is recorded twice counts once."""
    found: list[Lesion] = []
    for item in bundle.of("Condition"):
        if bundle.concept(item, item.resource.get("code"), "code", note=False).get("metastasis") != "bone":
            continue
        if not _standing(bundle, item):
            continue
        if code_words(item.resource.get("clinicalStatus")) & _GONE:
            bundle.report.add(
                "doubtful",
                item.at("clinicalStatus"),
                item.kind,
                "The bone metastasis is no longer active in the record.",
            )
            continue
        site = site_of(bundle, item)
        twin = next((i for i, one in enumerate(found) if site.bone is not None and one.site == site), None)
        if twin is None:
            found.append(Lesion(item, site))
        else:
            found[twin] = replace(found[twin], also=(*found[twin].also, item.index))
            bundle.report.add("ignored", item.at("code"), item.kind, "The same bone metastasis is recorded already.")
    return found


def cancers(bundle: Bundle) -> Cancers:
    """Primaries with their histology, and spread to brain or viscera. What is not recorded is not denied."""
    found = Cancers()
    for item in bundle.of("Condition"):
        means = bundle.concept(item, item.resource.get("code"), "code")
        spread_to = means.get("metastasis")
        if spread_to == "bone":
            continue
        if not means:
            bundle.report.add(
                "ignored", item.at("code"), item.kind, "Its code is not in the table, or its text does not fit."
            )
        elif _standing(bundle, item):
            if "histology" in means:
                found.primary.append((item, means["histology"]))
            elif spread_to == "brain":
                found.brain.append(item)
            elif spread_to == "visceral":
                found.visceral.append(item)
            else:
                bundle.report.add("ignored", item.at("code"), item.kind, "No question asks for this condition.")
    return found


def spread(bundle: Bundle, lesion: Lesion) -> Item | None:
    """The primary that a bone metastasis names as its own."""
    for one in extension(lesion.item.resource, RELATED):
        item = bundle.resolve(one.get("valueReference"))
        if item is not None and item.kind == "Condition":
            return item
    return None


def operations(bundle: Bundle) -> list[Operation]:
    """Completed operations: with a code of the table, the category of surgery, or the mCODE profile."""
    found = []
    for item in bundle.of("Procedure"):
        code = bundle.concept(item, item.resource.get("code"), "code", note=False)
        if "radiotherapy" in code or _is_radiotherapy(bundle, item):
            continue
        if not ("procedure" in code or _is_surgery(item)):
            bundle.report.add("ignored", item.at("code"), item.kind, "It is no operation that Portico asks for.")
            continue
        bundle.concept(item, item.resource.get("code"), "code")
        if item.resource.get("status") != "completed":
            bundle.report.add("doubtful", item.at("status"), item.kind, "The operation is not recorded as completed.")
            continue
        reasons = tuple(
            reason
            for one in listed(item.resource.get("reasonReference"))
            if (reason := bundle.resolve(one)) is not None
        )
        implant, material = _implant(bundle, item)
        found.append(
            Operation(item, site_of(bundle, item), _performed(item), code.get("procedure"), implant, material, reasons)
        )
    return found


def _is_surgery(item: Item) -> bool:
    category = code_words(item.resource.get("category"))
    meta = item.resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, Mapping) else None
    named = any(isinstance(p, str) and SURGICAL_PROFILE in p for p in profiles) if isinstance(profiles, list) else False
    return bool(category & SURGERY) or named


def _is_radiotherapy(bundle: Bundle, item: Item) -> bool:
    return bundle.concept(item, item.resource.get("category"), "category", note=False).get("radiotherapy") == "any"


def _performed(item: Item) -> dt.date | None:
    period = item.resource.get("performedPeriod")
    ended = (period.get("end") or period.get("start")) if isinstance(period, Mapping) else None
    return day_of(item.resource.get("performedDateTime")) or day_of(ended)


def _implant(bundle: Bundle, item: Item) -> tuple[bool, str | None]:
    """Whether an implant is recorded with the operation, and its material; False says only that none is recorded."""
    told: list[dict[str, str]] = []
    for i, used in enumerate(listed(item.resource.get("usedCode"))):
        told.append(bundle.concept(item, used, f"usedCode[{i}]"))
    devices = [one.get("manipulated") for one in listed(item.resource.get("focalDevice"))]
    for reference in (*devices, *listed(item.resource.get("usedReference"))):
        device = bundle.resolve(reference)
        if device is None or device.kind != "Device":
            continue
        told.append(bundle.concept(device, device.resource.get("type"), "type"))
        for i, one in enumerate(listed(device.resource.get("property"))):
            told.append(bundle.concept(device, one.get("valueCode"), f"property[{i}].valueCode"))
    materials = {means["material"] for means in told if "material" in means}
    return any("implant" in means for means in told), materials.pop() if len(materials) == 1 else None


def agents(bundle: Bundle) -> list[Agent]:
    """Systemic agents with a code of the table, from requests and statements."""
    found = []
    for kind, key in (
        ("MedicationRequest", "medicationCodeableConcept"),
        ("MedicationStatement", "medicationCodeableConcept"),
    ):
        for item in bundle.of(kind):
            means = bundle.concept(item, item.resource.get(key), key)
            if "agent" not in means:
                bundle.report.add("ignored", item.at(key), kind, "The agent is not in the table of codes.")
                continue
            status = _AGENT_STATUS.get(str(item.resource.get("status")))
            if item.resource.get("intent") in ("plan", "proposal") and status == "current":
                status = "planned"
            if status is None:
                bundle.report.add(
                    "doubtful", item.at("status"), kind, "Whether the agent is current, planned or stopped is not told."
                )
            found.append(Agent(item, means["agent"], means.get("kind"), status))
    return found


_AGENT_STATUS: Final = {
    "active": "current",
    "completed": "stopped",
    "stopped": "stopped",
    "intended": "planned",
    "draft": "planned",
}
_UNITS: Final = {"a": "years", "mo": "months", "cm": "cm", "mm": "mm", "Gy": "Gy", "cGy": "cGy", "d": "days", "1": ""}


def answers(bundle: Bundle) -> list[Answer]:
    """Observations whose code is a column of Portico, as the text that the case form takes."""
    found = []
    for item in bundle.of("Observation"):
        columns = [c.get("code") for c in concepts(item.resource.get("code")) if c.get("system") == COLUMNS]
        if not columns:
            continue
        place, text = _value(item)
        if text is None or not isinstance(columns[0], str):
            bundle.report.add("doubtful", item.at(place), item.kind, "The answer has no value that can be read.")
            continue
        found.append(Answer(item, columns[0], text, place))
    return found


def _value(item: Item) -> tuple[str, str | None]:
    resource = item.resource
    flag, number = resource.get("valueBoolean"), resource.get("valueInteger")
    if isinstance(flag, bool):
        return "valueBoolean", "yes" if flag else "no"
    if isinstance(number, int) and not isinstance(number, bool):
        return "valueInteger", str(number)
    if isinstance(resource.get("valueDateTime"), str):
        day = day_of(resource["valueDateTime"])
        return "valueDateTime", day.isoformat() if day else None
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, Mapping):
        amount, unit = quantity.get("value"), quantity.get("code")
        known = quantity.get("system") == "http://unitsofmeasure.org" and isinstance(unit, str) and unit in _UNITS
        if not known or isinstance(amount, bool) or not isinstance(amount, int | float):
            return "valueQuantity", None
        return "valueQuantity", f"{amount:.10g} {_UNITS[str(unit)]}".strip()
    values = [c.get("code") for c in concepts(resource.get("valueCodeableConcept")) if c.get("system") == COLUMNS]
    return "valueCodeableConcept", " ".join(v for v in values if isinstance(v, str)) or None


@dataclass(frozen=True, slots=True)
class Performance:
    """A performance status on the scale it was recorded on."""

    item: Item
    scale: str
    value: int
    date: dt.date | None


def performances(bundle: Bundle) -> list[Performance]:
    """ECOG and Karnofsky as recorded; a value that its own interpretation contradicts is doubtful."""
    found = []
    for item in bundle.of("Observation"):
        if any(c.get("system") == COLUMNS for c in concepts(item.resource.get("code"))):
            continue
        scale = bundle.concept(item, item.resource.get("code"), "code").get("scale")
        if scale is None:
            bundle.report.add("ignored", item.at("code"), item.kind, "No question asks for this observation.")
            continue
        value = item.resource.get("valueInteger")
        if item.resource.get("status") not in ("final", "amended", "corrected"):
            bundle.report.add("doubtful", item.at("status"), item.kind, "The observation is not final.")
            continue
        allowed = range(5) if scale == "ECOG" else range(10, 101, 10)
        if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
            bundle.report.add(
                "doubtful",
                item.at("valueInteger"),
                item.kind,
                f"It is no value of the {scale} scale that a patient alive has.",
            )
            continue
        told = bundle.concept(item, item.resource.get("interpretation"), "interpretation").get(scale.lower())
        if told is not None and told != str(value):
            bundle.report.add(
                "doubtful",
                item.at("interpretation"),
                item.kind,
                "The value and its interpretation do not fit together.",
            )
            continue
        period = item.resource.get("effectivePeriod")
        day = day_of(item.resource.get("effectiveDateTime")) or day_of(
            period.get("end") if isinstance(period, Mapping) else None
        )
        found.append(Performance(item, scale, value, day))
    return found


def numbers(value: Any) -> float | None:
    """A finite number that is no truth value."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
