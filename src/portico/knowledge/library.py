"""The loaded library: every record by id, checked, with the predicates parsed and a site's signatures applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from portico.errors import KnowledgeRefused, Problem, UsageError
from portico.knowledge.building import (
    history_from,
    limit_from,
    model_from,
    policy_from,
    precedence_from,
    question_from,
    regimen_from,
    row_sha256,
    rule_from,
    study_from,
    volume_from,
)
from portico.knowledge.compiled_file import read_compiled
from portico.knowledge.files import DataFiles, Row, Tables, read_data_files, read_tables
from portico.knowledge.limits_for import ResolvedLimit, resolve
from portico.knowledge.precedence import Course, can_bind
from portico.knowledge.predicates import parse_all
from portico.knowledge.records import (
    HistoryEntry,
    Limit,
    Model,
    Policy,
    Precedence,
    Question,
    Record,
    Regimen,
    Rule,
    Study,
    Volume,
)
from portico.knowledge.shapes import FIRM, SIGNED_LEVELS
from portico.knowledge.signatures import Signable, Signatures, check_signatures, read_signatures
from portico.reading import did_you_mean

if TYPE_CHECKING:
    from portico.case.predicate import Node
    from portico.knowledge.scores import Score

__all__ = ["Library", "library_of", "load_library", "parse_library"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Library:
    """Everything that is known, read-only.

    Parameters
    ----------
    version : SHA-256 over names and bytes of all data files; outputs carry it
    studies : by id; an older name of a study is found by :meth:`study`
    rules, regimens : those that may act; rows that wait for a site's signature stand in ``waiting``
    waiting : rules and regimens that rest on a ``secondary`` or ``derived`` source nobody has signed
    score_levels : id of every score to its verification level and hash
    predicates : text of every predicate to its checked tree
    signatures : the site's signatures; None when none were given
    """

    version: str
    studies: Mapping[str, Study]
    limits: Mapping[str, Limit]
    precedence: Precedence
    volumes: Mapping[str, Volume]
    regimens: Mapping[str, Regimen]
    rules: Mapping[str, Rule]
    waiting: Mapping[str, Rule | Regimen]
    policy: Mapping[str, Policy]
    history: tuple[HistoryEntry, ...]
    models: Mapping[str, Model]
    questions: Mapping[str, Question]
    score_levels: Mapping[str, Signable]
    predicates: Mapping[str, Node] = field(repr=False)
    signatures: Signatures | None = None

    @cached_property
    def scores(self) -> Mapping[str, Score]:
        """The scores by id, read when first asked for."""
        from portico.knowledge.scores import load_scores

        return load_scores()

    @property
    def watermark(self) -> str | None:
        """What every output prints across the page; None without a teaching site's signatures."""
        return self.signatures.watermark_text if self.signatures else None

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Older study ids to the id in use."""
        return {alias: study.id for study in self.studies.values() for alias in study.aliases}

    def study(self, study_id: str) -> Study | None:
        """A study by its id or an older one; None when there is none."""
        return self.studies.get(self.aliases.get(study_id, study_id))

    def predicate(self, text: str) -> Node:
        """The checked tree of a predicate that stands in the library.

        Raises
        ------
        KeyError : the text stands nowhere in the library
        """
        return self.predicates[text]

    @cached_property
    def _records(self) -> Mapping[str, Record]:
        found: dict[str, Record] = {}
        for entry in self.history:
            found[entry.id] = entry
        for table in (
            self.models, self.volumes, self.limits, self.policy, self.regimens, self.rules, self.waiting,
            self.studies, self.questions,
        ):  # fmt: skip
            found.update(table)
        return found

    def record(self, record_id: str) -> Record | Score:
        """Any record by id: study, limit, regimen, rule, volume, policy, model, question, timeline entry or score.

        Raises
        ------
        UsageError : ``unknown-record``
        """
        found = self._records.get(self.aliases.get(record_id, record_id))
        if found is not None:
            return found
        if record_id in self.score_levels:
            return self.scores[record_id]
        guess = did_you_mean(record_id, [*self._records, *self.score_levels])
        raise UsageError(
            "The library has no record of this id.",
            code="unknown-record",
            fix=f"Did you mean {guess}?" if guess else "",
        )

    def verified_of(self, record_id: str) -> str | None:
        """Verification level of a record; None when there is no such record or it has no level (a policy)."""
        if record_id in self.score_levels:
            return self.score_levels[record_id].verified
        found = self._records.get(self.aliases.get(record_id, record_id))
        return getattr(found, "verified", None)

    @cached_property
    def signable(self) -> Mapping[str, Signable]:
        """Every row a site can sign: id to level and hash."""
        found = {row.id: Signable(row.verified, row.sha256, can_bind(row)) for row in self.limits.values()}
        for row in (*self.regimens.values(), *self.rules.values(), *self.waiting.values()):
            found[row.id] = Signable(row.verified, row.sha256)
        return {**found, **self.score_levels}

    def signed_by(self, record_id: str) -> str | None:
        """Name, role and date of the person who signed a row; None when nobody did."""
        row = self.signatures.rows.get(record_id) if self.signatures else None
        return row.signed_by if row else None

    def limits_for(self, course: Course, organs: Sequence[str], *, prior_rt: bool | None) -> tuple[ResolvedLimit, ...]:
        """Which limits hold for a course, organ by organ; organs without one come first.

        See :func:`portico.knowledge.limits_for.resolve`.
        """
        return resolve(
            self.limits.values(), self.precedence, course, organs, prior_rt=prior_rt, signed_by=self.signed_by
        )

    def with_signatures(self, signatures: Signatures) -> Library:
        """The same library with a site's signatures applied.

        Raises
        ------
        KnowledgeRefused : a signature that does not hold
        """
        check_signatures(signatures, self.signable)
        every = sorted(
            (*self.rules.values(), *self.regimens.values(), *self.waiting.values()),
            key=lambda row: (row.file, row.line),
        )
        rules = {row.id: row for row in every if isinstance(row, Rule)}
        regimens = {row.id: row for row in every if isinstance(row, Regimen)}
        return replace(self, signatures=signatures, **_sorted_by_signature(rules, regimens, signatures))


def load_library(
    root: Path | None = None, *, signatures: str | Path | Signatures | None = None, check: bool = True
) -> Library:
    """Load the library.

    >>> load_library().limits["hytec-cord-2fx-dmax"].value
    17.0

    Parameters
    ----------
    root : folder of the data files; the shipped data when left out
    signatures : a site's signature file; without one, ``secondary`` and ``derived`` rows do not bind
    check : false skips the checks between records, for a curator in the middle of an edit; shapes and predicates
        are checked always, and a compiled file was checked when it was built

    Raises
    ------
    KnowledgeRefused : with every problem found, each with file and line
    """
    library = library_of(read_data_files(root), check=check)
    if signatures is None:
        return library
    given = signatures if isinstance(signatures, Signatures) else read_signatures(signatures)
    return library.with_signatures(given)


def library_of(files: DataFiles, *, check: bool = True) -> Library:
    """The library of data files that were read, or put together, before.

    Raises
    ------
    KnowledgeRefused : with every problem found
    """
    compiled = read_compiled(files)
    tables, nodes = compiled if compiled is not None else parse_library(files, check=check)
    return _library(files.sha256, tables, nodes)


def parse_library(files: DataFiles, *, check: bool = True) -> tuple[Tables, dict[str, Node]]:
    """Parse the YAML files, check them, and give their rows and predicates.

    Raises
    ------
    KnowledgeRefused : with every problem found
    """
    tables, documents, problems = read_tables(files)
    found = list(problems)
    nodes: dict[str, Node] = {}
    if not found:
        nodes, refused = parse_all(tables)
        found.extend(refused)
    if check and not problems:
        from portico.knowledge.checks import check_tables

        found.extend(check_tables(tables, documents))
    if found:
        raise refusal(found)
    tables["scores"] = [
        Row(
            {"id": row.plain["id"], "verified": row.plain["verified"], "sha256": row_sha256(row.plain)},
            row.file,
            row.line,
        )
        for row in tables["scores"]
    ]
    return tables, nodes


def refusal(problems: Sequence[Problem]) -> KnowledgeRefused:
    """One error that carries every problem, and says how many there are."""
    count = len(problems)
    message = None if count == 1 else f"{problems[0].message} ({count} problems in all)"
    return KnowledgeRefused.from_problems(problems, message)


def _library(version: str, tables: Tables, nodes: dict[str, Node]) -> Library:
    studies = {row.plain["id"]: study_from(row.plain, row.file, row.line) for row in tables["studies"]}
    scores = {r.plain["id"]: Signable(r.plain["verified"], r.plain["sha256"]) for r in tables["scores"]}
    levels: dict[str, str] = {key: str(score.verified) for key, score in scores.items()}
    for study in studies.values():
        levels.update(dict.fromkeys((study.id, *study.aliases), study.verified))
    rules = {
        row.plain["id"]: replace(rule_from(row.plain, levels, row.file, row.line), node=nodes.get(row.plain["when"]))
        for row in tables["rules"]
    }
    regimens = {row.plain["id"]: regimen_from(row.plain, row.file, row.line) for row in tables["regimens"]}
    if not tables["precedence"]:
        raise KnowledgeRefused("The precedence file is missing.", code="precedence-missing")
    first = tables["precedence"][0]
    return Library(
        version=version,
        studies=MappingProxyType(studies),
        limits=_table(tables, "limits", limit_from),
        precedence=precedence_from(first.plain, first.file, first.line),
        volumes=_table(tables, "volumes", volume_from),
        policy=_table(tables, "policy", policy_from),
        history=tuple(history_from(row.plain, row.file, row.line) for row in tables["history"]),
        models=_table(tables, "models", model_from),
        questions=_table(tables, "questions", question_from),
        score_levels=MappingProxyType(scores),
        predicates=MappingProxyType(nodes),
        **_sorted_by_signature(rules, regimens, None),
    )


def _table(tables: Tables, kind: str, build: Any) -> Mapping[str, Any]:
    return MappingProxyType({row.plain["id"]: build(row.plain, row.file, row.line) for row in tables[kind]})


def _may_act(row: Rule | Regimen, signatures: Signatures | None) -> bool:
    if row.verified is None or row.verified in FIRM:
        return True
    return row.verified in SIGNED_LEVELS and signatures is not None and row.id in signatures.rows


def _sorted_by_signature(
    rules: Mapping[str, Rule], regimens: Mapping[str, Regimen], signatures: Signatures | None
) -> dict[str, Any]:
    """Rules and regimens that may act, and those that wait."""
    waiting: dict[str, Rule | Regimen] = {}
    acting: dict[str, dict[str, Any]] = {"rules": {}, "regimens": {}}
    for kind, table in (("rules", rules), ("regimens", regimens)):
        for key, row in table.items():
            if _may_act(row, signatures):
                acting[kind][key] = row
            else:
                waiting[key] = row
    return {
        "rules": MappingProxyType(acting["rules"]),
        "regimens": MappingProxyType(acting["regimens"]),
        "waiting": MappingProxyType(waiting),
    }
