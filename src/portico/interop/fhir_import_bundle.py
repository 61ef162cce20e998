"""A bundle as an import sees it: entries by position, one patient, references resolved, nothing assumed about its form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from portico.errors import ReadingRefused
from portico.interop.fhir_codes import CodeTable, Found, meanings
from portico.interop.fhir_import_json import quick_json
from portico.interop.fhir_import_report import ImportReport
from portico.reading import Limits

__all__ = [
    "BUNDLE_LIMITS",
    "Bundle",
    "Item",
    "code_words",
    "concepts",
    "day_of",
    "extension",
    "listed",
    "read_bundle",
    "text_of",
]

#: Bounds of a bundle: a long record, and far less than would tire a reader.
BUNDLE_LIMITS: Final = Limits(max_bytes=8 * 1024 * 1024, max_depth=40, max_nodes=400_000)
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[0-9:.]{2,20}(?:Z|[+-]\d{2}:\d{2})?)?")
_GONE: Final = frozenset({"entered-in-error", "cancelled", "revoked", "not-done", "unknown"})

Plain = Mapping[str, Any]


def text_of(value: object) -> str | None:
    """A text, or None when it is none."""
    return value if isinstance(value, str) and value else None


def listed(value: object) -> list[Plain]:
    """The mappings of a list; a single mapping counts as a list of one."""
    if isinstance(value, Mapping):
        return [value]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def extension(resource: Plain, url: str) -> list[Plain]:
    """The extensions with this address."""
    return [one for one in listed(resource.get("extension")) if one.get("url") == url]


def day_of(value: object) -> dt.date | None:
    """The day of a FHIR date or dateTime; None when the day is not given or does not exist.

    >>> day_of("2026-03-02T10:00:00+01:00"), day_of("2026-03"), day_of("2026-02-30")
    (datetime.date(2026, 3, 2), None, None)
    """
    match = _DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        day = dt.date.fromisoformat(match[1])
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


@dataclass(frozen=True, slots=True)
class Item:
    """One resource and its place in the bundle."""

    index: int
    kind: str
    resource: Plain
    url: str | None

    def at(self, *path: str) -> str:
        """The place of an element, by position: ``entry[3].code``."""
        return ".".join((f"entry[{self.index}]", *path))

    @property
    def names(self) -> tuple[str, ...]:
        """What a reference may call it."""
        own = text_of(self.resource.get("id"))
        return tuple(name for name in (self.url, f"{self.kind}/{own}" if own else None) if name)


@dataclass(frozen=True)
class Bundle:
    """The resources of one patient."""

    items: tuple[Item, ...]
    patient: Item | None
    report: ImportReport
    codes: CodeTable
    _named: dict[str, Item | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for item in self.items:
            for name in item.names:
                # a name that two resources share leads nowhere: either could be meant
                self._named[name] = None if name in self._named and self._named[name] is not item else item

    def resolve(self, reference: object) -> Item | None:
        """The resource that a reference names; None when it is not in the bundle or the name is not unique."""
        name = text_of(reference.get("reference")) if isinstance(reference, Mapping) else None
        if name is None:
            return None
        if name in self._named:
            return self._named[name]
        found = self._named.get(_short(name))
        # the same id on another server is another resource
        return None if found is not None and "://" in name and found.url is not None else found

    def concept(self, item: Item, value: object, place: str, *, note: bool = True) -> dict[str, str]:
        """What a CodeableConcept means; a code whose text does not fit, and codes that disagree, are doubtful.

        Parameters
        ----------
        place : of the concept within the resource
        note : whether doubts go into the report
        """
        founds: list[Found] = []
        for coding in concepts(value):
            found = self.codes.find(coding)
            if found.state == "mismatch" and note:
                assert found.entry is not None
                self.report.add(
                    "doubtful", item.at(place), item.kind,
                    "The code and its text do not fit together; which of the two is meant is not known.",
                    value=dict(found.entry.means),
                )  # fmt: skip
            founds.append(found)
        if any(found.state == "mismatch" for found in founds):
            return {}
        told = meanings(iter(founds))
        axes = {axis for found in founds for axis in found.means}
        if note and axes - set(told):
            self.report.add(
                "doubtful", item.at(place), item.kind, f"The codes disagree on: {', '.join(sorted(axes - set(told)))}."
            )
        return told

    def of(self, kind: str) -> Iterator[Item]:
        """Resources of one type."""
        return (item for item in self.items if item.kind == kind)


def concepts(value: object) -> list[Plain]:
    """The codings of a CodeableConcept, or of several."""
    return [coding for one in listed(value) for coding in listed(one.get("coding"))]


def code_words(value: object) -> set[str]:
    """The codes of a CodeableConcept as text, of whatever system."""
    return {code for coding in concepts(value) if (code := text_of(coding.get("code"))) is not None}


def read_bundle(source: str | bytes | Plain, codes: CodeTable, *, name: str = "<bundle>") -> Bundle:
    """A bundle of one patient.

    Parameters
    ----------
    source : JSON text, or plain data that was read with the same bounds

    Raises
    ------
    ReadingRefused
        as :func:`portico.reading.parse_json`; ``not-a-bundle``, ``several-patients``

    Notes
    -----
    Resources of another patient, without a patient, withdrawn, or marked as wrong are ignored and reported.
    """
    value = source if isinstance(source, Mapping) else quick_json(source, name=name, limits=BUNDLE_LIMITS)
    if not isinstance(value, Mapping) or value.get("resourceType") != "Bundle":
        raise ReadingRefused("This is not a FHIR bundle.", code="not-a-bundle", file=name)
    entries = value.get("entry", [])
    if not isinstance(entries, list):
        raise ReadingRefused("The entries of the bundle are no list.", code="not-a-bundle", file=name, path="entry")
    report = ImportReport()
    items: list[Item] = []
    for i, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        kind = text_of(resource.get("resourceType")) if isinstance(resource, Mapping) else None
        if not isinstance(resource, Mapping) or kind is None or not re.fullmatch(r"[A-Z][A-Za-z]{1,40}", kind):
            report.add("ignored", f"entry[{i}]", "unknown", "The entry holds no resource.")
            continue
        items.append(Item(i, kind, resource, text_of(entry.get("fullUrl"))))
    patients = [item for item in items if item.kind == "Patient"]
    if len(patients) > 1:
        raise ReadingRefused(
            "The bundle holds more than one patient.", code="several-patients", file=name,
            fix="Give a bundle of one patient.",
        )  # fmt: skip
    patient = patients[0] if patients else None
    return Bundle(tuple(_own(items, patient, report, name)), patient, report, codes)


def _own(items: list[Item], patient: Item | None, report: ImportReport, name: str) -> Iterator[Item]:
    subjects = {who.split("/_history/")[0] for item in items if (who := _subject(item)) is not None}
    if patient is None and len(subjects) > 1:
        raise ReadingRefused(
            "The resources of the bundle belong to more than one patient.", code="several-patients", file=name,
            fix="Give a bundle of one patient.",
        )  # fmt: skip
    for item in items:
        who = _subject(item)
        modifiers = item.resource.get("modifierExtension") or item.resource.get("implicitRules")
        if modifiers:
            report.add(
                "doubtful", item.at("modifierExtension"), item.kind,
                "An extension changes the meaning of this resource, and it is not known here.",
            )  # fmt: skip
        elif item.kind in ("Patient", "Device", "Practitioner", "Organization", "Location"):
            yield item
        elif who is None:
            report.add("ignored", item.at(), item.kind, "It does not say which patient it belongs to.")
        elif patient is not None and not _is(who, patient):
            report.add("doubtful", item.at("subject"), item.kind, "It belongs to another patient.")
        elif text_of(item.resource.get("status")) in _GONE:
            report.add("ignored", item.at("status"), item.kind, "It was withdrawn, not done, or its state is unknown.")
        else:
            yield item


def _is(who: str, patient: Item) -> bool:
    if who in patient.names:
        return True
    if "://" in who and patient.url is not None and "://" in patient.url:
        return who.split("/_history/")[0] == patient.url
    return _short(who) in patient.names


def _short(reference: str) -> str:
    return "/".join(reference.split("/_history/")[0].split("/")[-2:])


def _subject(item: Item) -> str | None:
    for key in ("subject", "patient"):
        value = item.resource.get(key)
        if isinstance(value, Mapping):
            return text_of(value.get("reference"))
    return None
