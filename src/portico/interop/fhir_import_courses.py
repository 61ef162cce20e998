"""Earlier radiotherapy in a bundle: courses after mCODE and CodeX, and after the German oncology module.

What a course summary does not say is not concluded: sessions are no fractions, a technique code cannot tell stereotactic treatment
apart, a missing re-irradiation flag is unknown, and a list that names one course does not say that there was no other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portico.interop.fhir_import_bundle import Bundle, Item, day_of, extension, listed, text_of
from portico.interop.fhir_import_facts import Site, numbers, site_of

__all__ = ["Course", "courses", "dose_text", "reirradiation_flag"]

MCODE: Final = "http://hl7.org/fhir/us/mcode/StructureDefinition/"
CODEX: Final = "http://hl7.org/fhir/us/codex-radiation-therapy/StructureDefinition/"
MII: Final = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/StructureDefinition/"
_STELLUNG: Final = (f"{MII}mii-ex-onko-strahlentherapie-stellungzurop", f"{MII}mii-ex-onko-strahlentherapie-stellung")
_TOTAL: Final = f"{MII}mii-ex-onko-strahlentherapie-bestrahlung-gesamtdosis"
_SINGLE: Final = f"{MII}mii-ex-onko-strahlentherapie-bestrahlung-einzeldosis"
_UCUM: Final = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Course:
    """One earlier course; every field but the item may be unknown."""

    item: Item
    site: Site
    dose: str | None
    fractions: int | None
    technique: str | None
    start: dt.date | None
    end: dt.date | None


def dose_text(quantity: object) -> str | None:
    """A dose with its unit as the case takes it; None when number or unit is missing or no dose.

    >>> dose_text({"value": 2500, "system": "http://unitsofmeasure.org", "code": "cGy"})
    '2500 cGy'
    """
    if not isinstance(quantity, Mapping):
        return None
    amount = numbers(quantity.get("value"))
    unit = quantity.get("code") if quantity.get("system") == _UCUM else None
    unit = unit or (quantity.get("unit") if quantity.get("system") is None else None)
    if amount is None or unit not in ("Gy", "cGy") or quantity.get("comparator") is not None:
        return None
    return f"{amount:.10g} {unit}" if amount > 0 else None


def courses(bundle: Bundle) -> list[Course]:
    """Courses that were given or are being given; phases and plans belong to them and are named in the report."""
    found: list[Course] = []
    brackets = _brackets(bundle)
    for item in bundle.of("Procedure"):
        code = bundle.concept(item, item.resource.get("code"), "code", note=False).get("radiotherapy")
        category = bundle.concept(item, item.resource.get("category"), "category", note=False).get("radiotherapy")
        if code is None and category is None:
            continue
        if code in ("phase", "plan"):
            parent = any(bundle.resolve(one) is not None for one in listed(item.resource.get("partOf")))
            state = "ignored" if parent else "doubtful"
            says = (
                "A part of a course; the course itself is read."
                if parent
                else "A part of a course that is not in the bundle: there was radiotherapy, and its total is unknown."
            )
            bundle.report.add(state, item.at(), item.kind, says)  # type: ignore[arg-type]  # one of the two words above
            continue
        if item.resource.get("status") not in ("completed", "in-progress", "stopped"):
            bundle.report.add("ignored", item.at("status"), item.kind, "No radiotherapy that was given.")
            continue
        _timing(bundle, item)
        if item.index in brackets:
            bundle.report.add(
                "ignored", item.at(), item.kind, "The bracket around courses that are read by themselves."
            )
            continue
        found.append(_course(bundle, item))
    return _without_repeats(bundle, found)


def _without_repeats(bundle: Bundle, found: list[Course]) -> list[Course]:
    """Several versions of one course (the same official identifier) count once: the one that ended last."""
    kept: dict[str, Course] = {}
    for i, course in enumerate(found):
        name = _official(course.item) or f"#{i}"
        older = kept.get(name)
        if older is None:
            kept[name] = course
            continue
        first, last = sorted((older, course), key=lambda one: (one.end or dt.date.min, one.item.index))
        kept[name] = last
        bundle.report.add(
            "ignored",
            first.item.at("identifier"),
            first.item.kind,
            "An earlier state of a course that is there in a later one.",
        )
    return list(kept.values())


def _official(item: Item) -> str | None:
    for one in listed(item.resource.get("identifier")):
        if one.get("use") == "official" and text_of(one.get("value")):
            return f"{one.get('system')}|{one['value']}"
    return None


def _brackets(bundle: Bundle) -> set[int]:
    """Procedures that other radiotherapy of the bundle is part of: the bracket of the German module."""
    found = set()
    for item in bundle.of("Procedure"):
        if not (extension(item.resource, _TOTAL) or extension(item.resource, _SINGLE)):
            continue
        for one in listed(item.resource.get("partOf")):
            parent = bundle.resolve(one)
            if parent is not None and parent.kind == "Procedure" and parent.index != item.index:
                found.add(parent.index)
    return found


def _course(bundle: Bundle, item: Item) -> Course:
    period = item.resource.get("performedPeriod")
    start = (
        day_of(period.get("start")) if isinstance(period, Mapping) else day_of(item.resource.get("performedDateTime"))
    )
    end = day_of(period.get("end")) if isinstance(period, Mapping) else None
    if item.resource.get("status") != "completed":
        bundle.report.add("doubtful", item.at("status"), item.kind, "The course is not recorded as completed.")
        end = None
    dose, fractions = _dose(bundle, item)
    for one in extension(item.resource, f"{MCODE}mcode-radiotherapy-sessions"):
        bundle.report.add(
            "ignored", item.at("extension", "sessions"), item.kind,
            "Sessions are not fractions: several fractions may fall on one session, or none.", value=one.get("valueUnsignedInt")
            if isinstance(one.get("valueUnsignedInt"), int) else None,
        )  # fmt: skip
    reirradiation_flag(bundle, item)
    return Course(item, _place(bundle, item), dose, fractions, _technique(bundle, item), start, end)


def _place(bundle: Bundle, item: Item) -> Site:
    site = site_of(bundle, item)
    if site.bone is not None:
        return site
    for one in _volumes(item):
        volume = bundle.resolve(next((e.get("valueReference") for e in extension(one, "volume")), None))
        if volume is not None and volume.kind == "BodyStructure":
            found = site_of(bundle, volume, element="location")
            if found.bone is not None:
                return found
    return site


def _volumes(item: Item) -> list[Mapping[str, Any]]:
    return extension(item.resource, f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume")


def _dose(bundle: Bundle, item: Item) -> tuple[str | None, int | None]:
    volumes = _volumes(item)
    if len(volumes) > 1:
        bundle.report.add(
            "doubtful", item.at("extension", "dose-delivered-to-volume"), item.kind,
            "Several volumes had different doses; which one lay at this site is not told.",
        )  # fmt: skip
        return None, None
    german = extension(item.resource, _TOTAL)
    quantity: object = None
    count: int | None = None
    place = "dose-delivered-to-volume"
    if volumes:
        quantity = next((e.get("valueQuantity") for e in extension(volumes[0], "totalDoseDelivered")), None)
        given = next((e.get("valueUnsignedInt") for e in extension(volumes[0], "fractionsDelivered")), None)
        count = given if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 60 else None
        if count is None:
            bundle.report.add(
                "doubtful",
                item.at("extension", place, "fractionsDelivered"),
                item.kind,
                "The number of fractions is not told.",
            )
    elif german:
        place = "gesamtdosis"
        quantity = german[0].get("valueQuantity")
        if extension(item.resource, _SINGLE):
            bundle.report.add(
                "doubtful", item.at("extension", "einzeldosis"), item.kind,
                "The usual dose of a day is no number of fractions; that number stays unknown.",
            )  # fmt: skip
    text = dose_text(quantity)
    if quantity is not None and text is None:
        bundle.report.add(
            "doubtful",
            item.at("extension", place),
            item.kind,
            "The dose has no unit that is a dose, or no plain value.",
        )
    if text is not None and text.endswith("cGy"):
        bundle.report.add(
            "doubtful", item.at("extension", place), item.kind, "The dose is given in cGy and is kept so; check the number.",
            value=text,
        )  # fmt: skip
    return text, count


def _technique(bundle: Bundle, item: Item) -> str | None:
    """Particle treatment and brachytherapy only: for photons no code tells stereotactic treatment from any other."""
    found = set()
    for one in extension(item.resource, f"{MCODE}mcode-radiotherapy-modality-and-technique"):
        for part, axis in (("mcode-radiotherapy-modality", "modality"), ("mcode-radiotherapy-technique", "technique")):
            for inner in extension(one, f"{MCODE}{part}"):
                told = bundle.concept(item, inner.get("valueCodeableConcept"), f"extension.{part}").get(axis)
                if axis == "modality" and told is not None:
                    found.add(told)
                if axis == "technique" and told is not None:
                    bundle.report.add(
                        "doubtful", item.at("extension", part), item.kind,
                        "The technique is how beams were shaped; whether the course was stereotactic no code says.",
                        "prior_radiotherapy.courses[].technique", told,
                    )  # fmt: skip
    return found.pop() if len(found) == 1 and found <= {"particle", "brachytherapy"} else None


def reirradiation_flag(bundle: Bundle, item: Item) -> bool | None:
    """Whether the course says of itself that it was re-irradiation; None, and doubtful, when it does not say."""
    flags = extension(item.resource, f"{CODEX}codexrt-radiotherapy-course-involves-reirradiation")
    flag = flags[0].get("valueBoolean") if flags else None
    place = item.at("extension", "course-involves-reirradiation")
    if not isinstance(flag, bool):
        bundle.report.add(
            "doubtful", place, item.kind, "Whether this course was re-irradiation is not told: unknown, not no."
        )
        return None
    if flag:
        bundle.report.add("doubtful", place, item.kind, "The course was re-irradiation: at least one came before it.")
    else:
        bundle.report.add("ignored", place, item.kind, "It says that nothing was irradiated before this course.")
    return flag


def _timing(bundle: Bundle, item: Item) -> None:
    for url in _STELLUNG:
        for one in extension(item.resource, url):
            told = bundle.concept(item, one.get("valueCodeableConcept"), "extension.stellungzurop").get("timing")
            if told is None:
                bundle.report.add(
                    "doubtful",
                    item.at("extension", "stellungzurop"),
                    item.kind,
                    "The relation to surgery cannot be read.",
                )
            else:
                bundle.report.add(
                    "ignored", item.at("extension", "stellungzurop"), item.kind,
                    "How the course stood to an operation; no question asks it of an earlier course.", value=told,
                )  # fmt: skip
            if told == "after surgery":
                bundle.report.add(
                    "doubtful", item.at("extension", "stellungzurop"), item.kind,
                    "It followed an operation: make sure that this operation is in the case.",
                )  # fmt: skip
