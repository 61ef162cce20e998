"""From plain checked values to records; the same for values read from YAML and from the compiled file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from portico.knowledge.records import (
    Arm,
    Disagreement,
    HistoryEntry,
    Limit,
    Model,
    Policy,
    Precedence,
    Question,
    Regimen,
    RegimenLevel,
    Result,
    Rule,
    Source,
    Study,
    Volume,
)
from portico.knowledge.shapes import VERIFIED

__all__ = [
    "history_from",
    "limit_from",
    "model_from",
    "policy_from",
    "precedence_from",
    "question_from",
    "regimen_from",
    "row_sha256",
    "rule_from",
    "study_from",
    "volume_from",
    "weakest",
]

Plain = Mapping[str, Any]


def row_sha256(plain: Plain) -> str:
    """Hash of a row that a signature names: sorted keys, no spaces, UTF-8; keys that are null do not count.

    >>> row_sha256({"id": "a", "note": None}) == row_sha256({"id": "a"})
    True
    """
    known = {key: value for key, value in plain.items() if value is not None}
    text = json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def weakest(levels: Iterable[str]) -> str | None:
    """The weakest verification level; None when there is none.

    >>> weakest(["abstract", "derived", "secondary"])
    'derived'
    """
    return max(levels, key=VERIFIED.index, default=None)


def _texts(plain: Plain, key: str) -> tuple[str, ...]:
    return tuple(plain.get(key) or ())


def _sources(plain: Plain) -> tuple[Source, ...]:
    return tuple(Source(row["id"], row.get("where")) for row in plain["sources"])


def study_from(plain: Plain, file: str, line: int) -> Study:
    """A study from its checked file."""
    return Study(
        id=plain["id"],
        citation=plain["citation"],
        year=plain["year"],
        doi=plain["doi"],
        pmid=plain["pmid"],
        design=plain["design"],
        design_as_recorded=plain["design_as_recorded"],
        site=plain["site"],
        directness=plain["directness"],
        population=plain["population"],
        n_patients=plain["n_patients"],
        n_lesions=plain["n_lesions"],
        years=plain["years"],
        arms=tuple(Arm(**row) for row in plain["arms"]),
        results=tuple(Result(**row) for row in plain["results"]),
        findings=_texts(plain, "findings"),
        limitations=_texts(plain, "limitations"),
        overlaps=_texts(plain, "overlaps"),
        disputes=_texts(plain, "disputes"),
        verified=plain["verified"],
        to_check=_texts(plain, "to_check"),
        curator_note=plain["curator_note"],
        aliases=_texts(plain, "aliases"),
        file=file,
        line=line,
    )


def limit_from(plain: Plain, file: str, line: int) -> Limit:
    """A limit from its checked row."""
    applies = plain.get("applies") or {}
    return Limit(
        id=plain["id"],
        organs=_texts(plain, "organs"),
        organ_as_recorded=plain["organ_as_recorded"],
        defined_on=plain["defined_on"],
        metric=plain["metric"],
        metric_as_recorded=plain["metric_as_recorded"],
        op=plain["op"],
        value=plain["value"],
        value_low=plain.get("value_low"),
        unit=plain["unit"],
        fractions=plain["fractions"],
        fractions_low=plain.get("fractions_low"),
        fractions_high=plain.get("fractions_high"),
        fractions_as_recorded=plain.get("fractions_as_recorded"),
        techniques=_texts(plain, "techniques"),
        setting=plain["setting"],
        applies_dose_gy=applies.get("dose_gy"),
        applies_fractions=applies.get("fractions"),
        scope=plain["scope"],
        prior_course=plain.get("prior_course"),
        endpoint=plain["endpoint"],
        risk=plain["risk"],
        kind=plain["kind"],
        source_id=plain["source_id"],
        where=plain.get("where"),
        verified=plain["verified"],
        display_only=plain["display_only"],
        note=plain.get("note"),
        sha256=row_sha256(plain),
        file=file,
        line=line,
    )


def precedence_from(plain: Plain, file: str, line: int) -> Precedence:
    """The precedence file."""
    preferred: dict[str, tuple[str, ...]] = {}
    for row in plain["preferred_sources"]:
        for organ in row["organs"]:
            preferred[organ] = tuple(row["source_ids"])
    containers: dict[str, tuple[str, str]] = {}
    for row in plain["containers"]:
        for organ in row["holds"]:
            containers[organ] = (row["organ"], row["says"])
    return Precedence(
        neural=_texts(plain, "neural"),
        settings={key: tuple(value) for key, value in plain["settings"].items()},
        kinds={key: tuple(value) for key, value in plain["kinds"].items()},
        verified=_texts(plain, "verified"),
        preferred_sources=preferred,
        containers=containers,
        includes={row["organ"]: tuple(row["also"]) for row in plain["includes"]},
        file=file,
        line=line,
    )


def volume_from(plain: Plain, file: str, line: int) -> Volume:
    """A contouring rule from its checked row."""
    margin = plain.get("margin") or {}
    return Volume(
        id=plain["id"],
        about=plain["about"],
        setting=plain["setting"],
        site=plain["site"],
        says=plain["says"],
        gtv=_texts(plain, "gtv"),
        ctv=_texts(plain, "ctv"),
        optional=_texts(plain, "optional"),
        margin_low_mm=margin.get("low_mm"),
        margin_high_mm=margin.get("high_mm"),
        figures=plain.get("figures"),
        source_ids=_texts(plain, "source_ids"),
        where=plain.get("where"),
        verified=plain["verified"],
        conflict=plain.get("conflict"),
        note=plain.get("note"),
        file=file,
        line=line,
    )


def regimen_from(plain: Plain, file: str, line: int) -> Regimen:
    """A regimen from its checked row."""
    return Regimen(
        id=plain["id"],
        label=plain["label"],
        technique=plain["technique"],
        course=plain["course"],
        groups=_texts(plain, "groups"),
        intent=plain["intent"],
        levels=tuple(RegimenLevel(**row) for row in plain["levels"]),
        visits=plain["visits"],
        sources=_sources(plain),
        directness=plain["directness"],
        verified=plain["verified"],
        signable=plain["signable"],
        needs_signature=bool(plain.get("needs_signature")),
        needs=_texts(plain, "needs"),
        note=plain.get("note") or "",
        sha256=row_sha256(plain),
        file=file,
        line=line,
    )


def rule_from(plain: Plain, levels: Mapping[str, str], file: str, line: int) -> Rule:
    """A rule from its checked row.

    Parameters
    ----------
    levels : verification level of every study and score by id; a source that is not in it counts as memory
    """
    sources = _sources(plain)
    targets = plain.get("targets") or {}
    cited = [levels.get(source.id, "memory") for source in sources]
    cited += [levels.get(mark["source"]["id"], "memory") for mark in plain.get("marks") or ()]
    return Rule(
        id=plain["id"],
        kind=plain["kind"],
        when=plain["when"],
        says=plain["says"],
        sources=sources,
        certainty=plain["certainty"],
        directness=plain["directness"],
        basis=plain["basis"],
        title=plain.get("title"),
        topic=plain.get("topic"),
        region=plain.get("region"),
        volume=plain.get("volume"),
        target_groups=_texts(targets, "groups"),
        target_regimens=_texts(targets, "regimens"),
        marks=tuple(plain.get("marks") or ()),
        comparative=bool(plain.get("comparative")),
        disagrees=tuple(Disagreement(row["id"], row["says"]) for row in plain.get("disagrees") or ()),
        needs_signature=bool(plain.get("needs_signature")),
        verified=weakest(cited),
        note=plain.get("note"),
        sha256=row_sha256(plain),
        file=file,
        line=line,
    )


def policy_from(plain: Plain, file: str, line: int) -> Policy:
    """A policy file."""
    body = {key: value for key, value in plain.items() if key not in ("schema", "id", "title", "basis")}
    return Policy(plain["id"], plain["title"], body, file, line)


def history_from(plain: Plain, file: str, line: int) -> HistoryEntry:
    """A line of the timeline."""
    return HistoryEntry(plain["id"], plain["year"], plain["what"], plain["source_id"], plain["verified"], file, line)


def model_from(plain: Plain, file: str, line: int) -> Model:
    """The parameters of a model."""
    return Model(
        id=plain["id"],
        type=plain["type"],
        about=plain["about"],
        parameters=plain["parameters"],
        unit=plain.get("unit"),
        formula=plain.get("formula"),
        source_ids=_texts(plain, "source_ids"),
        verified=plain["verified"],
        warning=plain.get("warning"),
        note=plain.get("note"),
        file=file,
        line=line,
    )


def question_from(plain: Plain, file: str, line: int) -> Question:
    """A question from its checked row."""
    return Question(
        id=plain["id"],
        asks=plain["asks"],
        population=plain["population"],
        site=_texts(plain, "site"),
        directness=_texts(plain, "directness"),
        techniques=_texts(plain, "techniques"),
        measure=plain["measure"],
        outcomes=_texts(plain, "outcomes"),
        reads=plain["reads"],
        months=plain["months"],
        versus=_texts(plain, "versus"),
        pairs=tuple((row["study"], row["first"], row["second"]) for row in plain.get("pairs") or ()),
        kept_apart=tuple((tuple(row["studies"]), row["why"]) for row in plain.get("kept_apart") or ()),
        left_out={row["study"]: row["why"] for row in plain.get("left_out") or ()},
        picks={row["study"]: row["label"] for row in plain.get("pick") or ()},
        only=_texts(plain, "only"),
        compare=_texts(plain, "compare"),
        published_pools=bool(plain.get("published_pools")),
        note=plain.get("note"),
        file=file,
        line=line,
    )
