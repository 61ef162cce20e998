"""The reference list of a report: every record that it names, with its paper and how far it was checked."""

from __future__ import annotations

from typing import Any

from portico.errors import UsageError
from portico.knowledge import Library, Limit, Regimen, Rule, Study, Volume
from portico.report import wording

__all__ = ["References"]


class References:
    """Collects the records that a report names while it is built.

    Parameters
    ----------
    library : the library the advice came from; a record it does not know is listed as unknown
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._seen: dict[str, dict[str, Any]] = {}

    def cite(self, *record_ids: str | None) -> list[dict[str, str]]:
        """Marks for a statement, in the order given; ``None`` and repeats are left out."""
        marks: dict[str, dict[str, str]] = {}
        for record_id in record_ids:
            if record_id is None:
                continue
            entry = self._entry(record_id)
            marks[entry["id"]] = {"id": entry["id"], "sign": entry["sign"], "verified": entry["verified"]}
        return list(marks.values())

    def _entry(self, record_id: str) -> dict[str, Any]:
        record_id = self._library.aliases.get(record_id, record_id)
        if record_id not in self._seen:
            self._seen[record_id] = self._make(record_id)
        return self._seen[record_id]

    def _make(self, record_id: str) -> dict[str, Any]:
        level = self._library.verified_of(record_id)
        entry: dict[str, Any] = {
            "id": record_id,
            "type": "record",
            "text": "",
            "doi": None,
            "pmid": None,
            "level": level,
            "verified": wording.verified(level) if level else "house policy",
            "sign": wording.verified_sign(level),
            "to_check": [],
        }
        try:
            record = self._library.record(record_id)
        except UsageError:
            return {**entry, "type": "unknown", "text": "This record is not in the library.", "verified": "unknown"}
        if isinstance(record, Study):
            return {
                **entry,
                "type": "study",
                "text": record.citation,
                "doi": record.doi,
                "pmid": record.pmid,
                "to_check": list(record.to_check),
            }
        if isinstance(record, Limit):
            return {**entry, "type": "limit", "text": f"{record.organ_as_recorded}: {record.metric_as_recorded}"}
        if isinstance(record, Regimen):
            return {**entry, "type": "regimen", "text": record.label}
        if isinstance(record, Rule):
            return {**entry, "type": "rule", "text": record.title or f"{record.kind}: {record.says}"}
        if isinstance(record, Volume):
            return {**entry, "type": "volume", "text": wording.recipe(record.id)}
        return entry

    def studies(self) -> list[dict[str, Any]]:
        """Cited studies in order of their id."""
        return self._of("study")

    def others(self) -> list[dict[str, Any]]:
        """Cited rules, regimens, limits and other records in order of their id."""
        return sorted((e for e in self._seen.values() if e["type"] != "study"), key=lambda e: (e["type"], e["id"]))

    def unread(self) -> list[dict[str, Any]]:
        """Cited studies of which a reader still has something to check."""
        return [entry for entry in self._of("study") if entry["to_check"] or entry["level"] == "memory"]

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return sorted((e for e in self._seen.values() if e["type"] == kind), key=lambda e: str(e["id"]))
