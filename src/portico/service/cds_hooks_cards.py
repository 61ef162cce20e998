"""Cards: what is urgent first, then how an order stands to the options, the options with their prescriptions, and what is in doubt.

Every text of a card is of the library or of this module; nothing that a client sent is repeated but numbers. What comes from the
library is written so that Markdown and HTML in it stay text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from portico.advice import Advice, Engine, propose
from portico.advice.model import Notice, Option
from portico.case import Case
from portico.errors import PorticoError
from portico.intended_use import INTENDED_USE, INTENDED_USE_SHORT
from portico.interop.fhir_directive import course_prescription, prescribed
from portico.interop.fhir_evidence import BASE
from portico.interop.fhir_import import Imported
from portico.interop.fhir_import_bundle import concepts, listed
from portico.service.cds_hooks_ids import CardNames
from portico.service.cds_hooks_rules import SUMMARY_LIMIT

__all__ = ["OVERRIDE_REASONS", "CardMaker", "markdown", "radiotherapy_orders", "summary", "topics_of"]

REASONS_SYSTEM: Final = f"{BASE}/CodeSystem/override-reasons"
OVERRIDE_REASONS: Final[tuple[Mapping[str, str], ...]] = tuple(
    {"system": REASONS_SYSTEM, "code": code, "display": display}
    for code, display in (
        ("known", "Known and acted on already"),
        ("record-wrong", "The record is wrong or out of date"),
        ("other-decision", "The tumour board decided otherwise"),
        ("patient-wish", "The patient wishes otherwise"),
        ("not-relevant", "Not relevant for this order"),
    )
)
"""Reasons that a card offers to whoever overrides it."""
FIXED: Final = ("open", "order", "options", "doubts")
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#|~&!])")
_COURSE: Final = frozenset({"1217123003", "1222565005", "1287742003"})
_OFFERED: Final = 6
_LISTED: Final = 12
_LINKS: Final = 3


@lru_cache(maxsize=8192)  # texts of the library, again and again
def markdown(text: str) -> str:
    """A text as Markdown that shows it and nothing else: no markup, no address made live, one line.

    >>> markdown("<b>x</b> [y](http://z)")
    '\\\\<b\\\\>x\\\\</b\\\\> \\\\[y\\\\](http\\\\://z)'
    """
    plain = "".join(char if char.isprintable() else " " for char in text)
    escaped = _SPECIAL.sub(r"\\\1", " ".join(plain.split()))
    escaped = re.sub(r"(?i)(https?|mailto|ftp|javascript|data)(:)", r"\1\\\2", escaped)
    escaped = re.sub(r"(?i)\bwww\.", r"www\\.", escaped).replace("@", r"\@")
    return re.sub(r"^([-+=]|\d+[.)])", r"\\\1", escaped)


def summary(text: str) -> str:
    """A summary: one line of less than 140 characters, cut between words.

    >>> len(summary("word " * 60)) < 140, summary("short")
    (True, 'short')
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(line) < SUMMARY_LIMIT:
        return line
    return line[: SUMMARY_LIMIT - 2].rsplit(" ", 1)[0] + "…"


def topics_of(engine: Engine) -> list[str]:
    """Everything that a card or a suggestion of this library can be about, in a fixed order."""
    urgent = sorted(key for key, rule in engine.rules.items() if rule.kind in ("urgent", "gate"))
    return [*FIXED, *(f"stop:{key}" for key in urgent), *(f"option:{key}" for key in sorted(engine.regimens))]


def radiotherapy_orders(context: Mapping[str, Any], hook: str) -> list[Mapping[str, Any]]:
    """Draft requests for radiotherapy; for ``order-select`` only those that were just selected."""
    found = []
    chosen = context.get("selections") if hook == "order-select" else None
    for entry in listed(context.get("draftOrders", {}).get("entry")):
        order = entry.get("resource")
        if not isinstance(order, Mapping) or order.get("resourceType") != "ServiceRequest":
            continue
        if chosen is not None and f"ServiceRequest/{order.get('id')}" not in chosen:
            continue
        codes = [c for key in ("code", "category") for c in concepts(order.get(key))]
        if any(c.get("system") == "http://snomed.info/sct" and _is_course(c.get("code")) for c in codes):
            found.append(order)
    return found


def _is_course(code: object) -> bool:
    return isinstance(code, str) and code in _COURSE


@dataclass(frozen=True)
class CardMaker:
    """Makes the cards of one service.

    Parameters
    ----------
    names : gives cards and suggestions their names
    base_url : address of the service
    """

    engine: Engine
    names: CardNames
    base_url: str

    def cards(
        self, imported: Imported, advice: Advice, patient: str, orders: Sequence[Mapping[str, Any]] | None
    ) -> list[dict[str, Any]]:
        """The cards for a case.

        Parameters
        ----------
        patient : id of the patient in the record, for the prescriptions that a suggestion carries
        orders : draft requests for radiotherapy; None for a hook without orders

        Returns
        -------
        empty when the record holds no bone metastasis that was operated on, or an ordering hook has no radiotherapy in it
        """
        row = advice.row
        lesion = imported.case.index_lesion
        if (
            row["surgery_done"] is not True
            or lesion is None
            or (lesion.id is None and lesion.bone is None)
            or orders == []
        ):
            return []
        made = [self._stop(notice) for notice in advice.notices if notice.state == "true"]
        still_open = [notice for notice in advice.notices if notice.state == "unknown"]
        if still_open:
            made.append(self._open(still_open))
        made += [self._order(order, advice) for order in orders or ()]
        options = [one for one in advice.options if one.status == "eligible"]
        if options and not advice.signing_blocked:
            made.append(self._options(options, imported.case, advice, patient))
        doubts = imported.report.of("doubtful")
        if doubts:
            lines = [f"{markdown(line.says)} ({markdown(line.kind)}, {markdown(line.place)})" for line in doubts]
            text = f"{len(doubts)} {'item' if len(doubts) == 1 else 'items'} of the record could not be used"
            made.append(self._card("doubts", "info", text, _items(lines), self._own()))
        return made

    def _card(
        self, topic: str, indicator: str, text: str, detail: str, source: dict[str, str], *, records: Sequence[str] = ()
    ) -> dict[str, Any]:
        links = [{"label": "Open Portico", "url": f"{self.base_url}/", "type": "absolute"}]
        links += [
            {"label": summary(one["label"]), "url": one["url"], "type": "absolute"}
            for one in self._sources(records)[:_LINKS]
        ]
        return {
            "uuid": self.names.name(topic),
            "summary": summary(text),
            "detail": f"{detail}\n\n{markdown(INTENDED_USE_SHORT)}",
            "indicator": indicator,
            "source": source,
            "overrideReasons": [dict(one) for one in OVERRIDE_REASONS],
            "links": links,
        }

    def _own(self) -> dict[str, str]:
        return {"label": f"Portico, library {self.engine.library.version[:12]}", "url": f"{self.base_url}/"}

    def _sources(self, records: Sequence[str]) -> list[dict[str, str]]:
        """The publications among records that have an address."""
        found = []
        for name in dict.fromkeys(records):
            study = self.engine.library.study(name)
            if study is not None and study.doi:
                found.append({"label": study.citation, "url": f"https://doi.org/{study.doi}"})
        return found

    def _source(self, records: Sequence[str]) -> dict[str, str]:
        found = self._sources(records)
        return {"label": summary(found[0]["label"]), "url": found[0]["url"]} if found else self._own()

    def _stop(self, notice: Notice) -> dict[str, Any]:
        return self._card(
            f"stop:{notice.rule}", "critical", notice.title, markdown(notice.text), self._source(notice.records),
            records=notice.records,
        )  # fmt: skip

    def _open(self, notices: Sequence[Notice]) -> dict[str, Any]:
        lines = [f"**NOT EXCLUDED: {markdown(n.title)}** {markdown(' '.join(n.ask))}" for n in notices]
        states = "state is" if len(notices) == 1 else "states are"
        text = f"NOT EXCLUDED: {len(notices)} urgent {states} open; no option is offered before they are answered"
        return self._card("open", "warning", text, _items(lines), self._own())

    def _order(self, order: Mapping[str, Any], advice: Advice) -> dict[str, Any]:
        doses = prescribed(order)
        if not doses or any(count is None for _, count in doses):
            text = "The radiotherapy order states no dose and fractions that can be compared with the options"
            return self._card(
                "order", "warning", text, "Portico reads dose and fractions as CodeX prescribes them.", self._own()
            )
        said = " and ".join(f"{gy:g} Gy in {count}" for gy, count in doses)
        matches = [one for one in advice.options if _doses(one) == sorted(doses, key=repr)]
        if not matches:
            text = f"The order of {said} is none of the options that Portico knows for this site"
            return self._card("order", "warning", text, "Give a reason when it is signed.", self._own())
        fits = [one for one in matches if one.status == "eligible"]
        if fits and not advice.signing_blocked:
            text = f"The order of {said} is one of the options for this case"
            lines = [_told(one) for one in fits]
            return self._card(
                "order", "info", text, _items(lines), self._source(fits[0].records), records=fits[0].records
            )
        if advice.signing_blocked:
            text = f"The order of {said} cannot be held against the options before what is urgent is answered"
            return self._card("order", "warning", text, "See the notices.", self._own())
        unclear = any(one.status == "undetermined" for one in matches)
        text = (
            f"Whether the order of {said} fits cannot be told yet"
            if unclear
            else f"The order of {said} does not fit this case"
        )
        lines = [markdown(f"{one.label}: {statement.text}") for one in matches for statement in one.why]
        lines += [markdown(" ".join(settle.ask)) for one in matches for settle in one.settle if unclear]
        records = [record for one in matches for statement in one.why for record in statement.records]
        detail = _items(lines[:_LISTED]) if lines else "Portico shows the reasons."
        return self._card("order", "warning", text, detail, self._source(records), records=records)

    def _options(self, options: Sequence[Option], case: Case, advice: Advice, patient: str) -> dict[str, Any]:
        first = options[0]
        text = f"{len(options)} options after surgery; first in order: {first.label} (certainty {first.certainty.replace('_', ' ')})"
        detail = [markdown(advice.why_this_order), "", _items([_told(one) for one in options[:_LISTED]])]
        asked = [one.ask for one in advice.missing[:3]]
        if asked:
            detail += ["", f"Answers that matter most: {markdown(' '.join(asked))}"]
        detail += ["", markdown(advice.evidence_note.text), "", markdown(INTENDED_USE)]
        card = self._card(
            "options", "info", text, "\n".join(detail), self._source(first.records), records=first.records
        )
        signable = (one for one in options if one.signable and one.technique != "none")
        drafts = (self._suggestion(one, case, advice, patient) for one in signable)
        suggestions = list(islice((one for one in drafts if one is not None), _OFFERED))
        if suggestions:
            card["suggestions"] = suggestions
            card["selectionBehavior"] = "at-most-one"
        return card

    def _suggestion(self, option: Option, case: Case, advice: Advice, patient: str) -> dict[str, Any] | None:
        try:
            directive = propose(case, advice, self.engine, option.id)
            request = course_prescription(directive, patient=f"Patient/{patient}")
        except PorticoError:  # a range without exact doses has no prescription
            return None
        label = f"Draft prescription: {option.label}"
        return {
            "label": summary(label),
            "uuid": self.names.name(f"option:{option.id}"),
            "actions": [
                {"type": "create", "description": summary(f"{label}; nothing is signed by this"), "resource": request}
            ],
        }


def _doses(option: Option) -> list[tuple[float, int | None]]:
    """Total dose and fractions of each level; empty when one is not exact."""
    if any(level.dose_gy is None or level.fractions is None for level in option.levels) or not option.levels:
        return []
    return sorted(((float(level.dose_gy or 0), level.fractions) for level in option.levels), key=repr)


def _told(option: Option) -> str:
    reasons = [s.text for s in option.reasons_for[:1]] + [f"Against: {s.text}" for s in option.reasons_against[:1]]
    words = f"certainty {option.certainty.replace('_', ' ')}, {option.directness.replace('_', ' ')}"
    return f"**{markdown(option.label)}** ({markdown(words)}) {markdown(' '.join(reasons))}".strip()


def _items(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
