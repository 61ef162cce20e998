"""Records of the library as the evidence browser shows them: a list with filters, and one record with its level and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from portico.knowledge import Library, Study
from portico.report import wording
from portico.report.references import References
from portico.synthesis import selection_for

__all__ = ["KINDS", "LEVELS", "Filters", "Row", "places_of", "record_view", "rows_of"]

KINDS: Final[Mapping[str, str]] = {
    "studies": "studies",
    "limits": "organ limits",
    "rules": "rules",
    "regimens": "regimens",
    "volumes": "contouring rules",
    "scores": "scores",
    "models": "models and constants",
}
"""Kinds of record by their name in the library, with the word that the page has for each."""
LEVELS: Final = ("full_text", "abstract", "secondary", "derived", "memory")
#: Where the text of a row stands, by kind.
_WHAT: Final[Mapping[str, str]] = {
    "studies": "citation", "limits": "organ_as_recorded", "rules": "says", "regimens": "label", "volumes": "says",
    "scores": "name", "models": "about",
}  # fmt: skip
#: Fields that say nothing to a reader, or stand elsewhere on the page.
_HIDDEN: Final = frozenset({"id", "node", "verified", "line", "sha256", "aliases", "arms", "results", "doi", "pmid"})
_LINKS: Final = frozenset({"source_id", "source_ids", "sources", "record", "overlaps", "disputes"})


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for; None takes any.

    Parameters
    ----------
    kind : of :data:`KINDS`
    level : of :data:`LEVELS`
    site, directness : of studies, and of what else has them
    text : words that must all stand in the id or the text of a record, in any case
    """

    kind: str | None = None
    level: str | None = None
    site: str | None = None
    directness: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One record in the list."""

    id: str
    kind: str
    what: str
    year: int | None
    site: str | None
    directness: str | None
    level: str | None
    sign: str
    verified: str


def rows_of(library: Library, filters: Filters) -> list[Row]:
    """The records that fit, by kind and id."""
    wanted = filters.text.lower().split()
    found = []
    for kind in KINDS:
        if filters.kind not in (None, kind):
            continue
        for key, record in sorted(getattr(library, kind).items()):
            row = _row(library, kind, key, record)
            if filters.level not in (None, row.level) or filters.site not in (None, row.site):
                continue
            if filters.directness not in (None, row.directness):
                continue
            hay = f"{row.id} {row.what}".lower()
            if all(word in hay for word in wanted):
                found.append(row)
    return found


def _row(library: Library, kind: str, key: str, record: Any) -> Row:
    level = library.verified_of(key)
    what = str(getattr(record, _WHAT[kind]))
    if kind == "limits":
        value = (
            "value not recorded" if record.value is None else f"{record.op or ''} {record.value:g} {record.unit or ''}"
        )
        count = "" if record.fractions is None else f" in {record.fractions} fractions"
        what = f"{what}: {record.metric_as_recorded} {value}{count}"
    if kind == "rules" and record.title:
        what = f"{record.title}: {what}"
    return Row(
        id=key, kind=kind, what=what, year=getattr(record, "year", None), site=getattr(record, "site", None),
        directness=getattr(record, "directness", None), level=level,
        sign=wording.verified_sign(level), verified=wording.verified(level) if level else "house policy",
    )  # fmt: skip


def record_view(library: Library, record_id: str) -> dict[str, Any]:
    """One record as plain data: what it is, how far it was checked, its source, and every field that it fills.

    Parameters
    ----------
    record_id : an older name of a study is found too

    Raises
    ------
    UsageError : ``unknown-record``
    """
    name = library.aliases.get(record_id, record_id)
    record: Any = library.record(name)
    level = library.verified_of(name)
    references = References(library)
    cited = [one for one in _sources(record) if one != name]
    references.cite(*cited)
    filled: list[tuple[str, list[str]]] = []
    empty: list[str] = []
    for key, value in _fields(record):
        lines = [line for line in _lines(value) if line]
        if lines:
            filled.append((key.replace("_", " "), lines))
        else:
            empty.append(key.replace("_", " "))
    return {
        "id": name,
        "kind": type(record).__name__.lower(),
        "level": level,
        "sign": wording.verified_sign(level),
        "verified": wording.verified(level) if level else "house policy: rests on no study",
        "signed_by": library.signed_by(name) if hasattr(record, "sha256") else None,
        "doi": getattr(record, "doi", None),
        "pmid": getattr(record, "pmid", None),
        "filled": filled,
        "empty": empty,
        "figures": _figures(record) if isinstance(record, Study) else [],
        "sources": references.studies() + references.others(),
    }


def places_of(library: Library, study_id: str) -> list[tuple[str, str, str]]:
    """Questions that look at a study: id, what the question asks, and whether it counts or why not."""
    found = []
    for name, question in library.questions.items():
        chosen = selection_for(library, name)
        out = next((one for one in chosen.left_out if one.study == study_id), None)
        if any(one.study.id == study_id for one in chosen.figures):
            found.append((name, question.asks, "counts"))
        elif out is not None:
            found.append((name, question.asks, f"does not count: {out.why}"))
    return found


def _fields(record: Any) -> Iterator[tuple[str, Any]]:
    if is_dataclass(record):
        for one in fields(record):
            if one.name not in _HIDDEN:
                yield one.name, getattr(record, one.name)
        return
    for key, value in record.model_dump(mode="json").items():
        if key not in _HIDDEN:
            yield key, value


def _sources(record: Any) -> Iterator[str]:
    """Ids that a record names as its source, as overlapping, or as disagreeing."""
    if is_dataclass(record) and not isinstance(record, type):
        for one in fields(record):
            value = getattr(record, one.name)
            yield from _ids(value) if one.name in _LINKS else _inside(value)
    elif hasattr(record, "model_dump"):
        yield from _inside(record.model_dump(mode="json"))


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _ids(item) if key in _LINKS else _inside(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _inside(item)
    elif is_dataclass(value):
        yield from _sources(value)


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, Mapping):
        yield from _ids(value.get("id") or value.get("source_id") or ())
    elif is_dataclass(value):
        for name in ("id", "source_id", "record", "study"):
            if isinstance(found := getattr(value, name, None), str):
                yield found
                return


def _lines(value: Any) -> list[str]:
    """A field as lines of text; none when it is not filled."""
    if value is None or value == "":
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, Mapping):
        return [f"{key}: {'; '.join(_lines(item))}".replace("_", " ") for key, item in value.items() if _lines(item)]
    if isinstance(value, list | tuple):
        return [line for item in value for line in ("; ".join(_lines(item)),) if line]
    if is_dataclass(value):
        return ["; ".join(
            f"{one.name.replace('_', ' ')} {'; '.join(lines)}" for one in fields(value) if (lines := _lines(getattr(value, one.name)))
        )]  # fmt: skip
    return [f"{value:g}" if isinstance(value, float) else str(value)]


def _figures(study: Study) -> list[tuple[str, ...]]:
    """Published figures of a study: arm, outcome, what, time, figure, counts."""
    arms = {arm.id: arm for arm in study.arms}
    found: list[tuple[str, ...]] = []
    for one in study.results:
        share = one.unit == "proportion"

        def text(value: float, share: bool = share) -> str:
            return f"{100 * value:g} %" if share else f"{value:g}"

        figure = (f"p {one.p}" if one.p is not None else "") if one.est is None else text(one.est)
        if one.est is not None and not share and one.unit:
            figure += f" {one.unit}"
        if one.lo is not None and one.hi is not None:
            figure += f" ({text(one.lo)} to {text(one.hi)}, {one.interval})"
        counts = "" if one.n is None else f"{'' if one.events is None else f'{one.events} of '}{one.n}"
        label = f"{one.label}{f' ({one.versus})' if one.versus else ''}{' [shown only]' if one.display_only else ''}"
        months = "" if one.months is None else f"{one.months:g} months"
        found.append((arms[one.arm].label or one.arm, wording.words(one.outcome), label, months, figure, counts))
    return found
