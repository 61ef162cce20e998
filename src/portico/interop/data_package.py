"""The library as a citable data package: CSV tables with a Frictionless description, and the same as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from portico import __version__
from portico.knowledge import Library
from portico.knowledge.pools import Answer, Pools

__all__ = ["data_package"]

_STUDY: Final = (
    "id",
    "citation",
    "year",
    "doi",
    "pmid",
    "design",
    "site",
    "directness",
    "population",
    "n_patients",
    "n_lesions",
    "years",
    "verified",
)
_ARM: Final = (
    "id",
    "label",
    "n",
    "technique",
    "dose_gy",
    "fractions",
    "dose_low_gy",
    "dose_high_gy",
    "fractions_low",
    "fractions_high",
    "boost_dose_gy",
    "operated",
    "note",
)
_RESULT: Final = (
    "arm",
    "outcome",
    "label",
    "measure",
    "months",
    "events",
    "n",
    "est",
    "lo",
    "hi",
    "interval",
    "unit",
    "p",
    "definition",
    "versus",
    "display_only",
    "note",
)
_ANSWER: Final = (
    "question",
    "asks",
    "population",
    "outcome",
    "measure",
    "months",
    "reads",
    "k",
    "n",
    "events",
    "tau2",
    "i2",
    "q",
    "q_p",
    "certainty",
)
_ROW: Final = (
    "study",
    "arm",
    "est",
    "lo",
    "hi",
    "events",
    "n",
    "basis",
    "weight",
    "verified",
    "directness",
    "design",
    "year",
    "note",
)
_NUMBERS: Final = frozenset(
    (
        "year",
        "n_patients",
        "n_lesions",
        "n",
        "dose_gy",
        "fractions",
        "dose_low_gy",
        "dose_high_gy",
        "fractions_low",
        "fractions_high",
        "boost_dose_gy",
        "months",
        "events",
        "est",
        "lo",
        "hi",
        "k",
        "tau2",
        "i2",
        "q",
        "q_p",
        "weight",
        "prediction_lo",
        "prediction_hi",
    )
)
_UNITS: Final = {
    "dose_gy": "Gy", "dose_low_gy": "Gy", "dose_high_gy": "Gy", "boost_dose_gy": "Gy", "months": "months", "i2": "%",
    "weight": "share of 1",
    "est": "as the column unit or measure says; proportions from 0 to 1", "lo": "as est", "hi": "as est",
}  # fmt: skip


def data_package(library: Library, pools: Pools) -> dict[str, bytes]:
    """Files of the package by name; the same library gives the same bytes.

    Parameters
    ----------
    library : its studies, arms, figures and questions; a study at level ``memory`` stands with its citation alone
    pools : the answers
    """
    studies = list(library.studies.values())
    answers = list(pools.answers.values())
    tables: dict[str, tuple[Sequence[str], list[list[Any]]]] = {
        "studies": (_STUDY, [[getattr(one, key) for key in _STUDY] for one in studies]),
        "arms": (("study", *_ARM), [[one.id, *(getattr(arm, key) for key in _ARM)] for one in studies for arm in one.arms]),
        "figures": (("study", *_RESULT), [[one.id, *(getattr(row, key) for key in _RESULT)] for one in studies for row in one.results]),
        "findings": (("study", "finding"), [[one.id, text] for one in studies for text in one.findings]),
        "answers": ((*_ANSWER, "est", "lo", "hi", "prediction_lo", "prediction_hi", "model"), [_answer(one) for one in answers]),
        "answer_rows": (("question", *_ROW), [[one.question, *(getattr(row, key) for key in _ROW)] for one in answers for row in one.rows]),
        "left_out": (
            ("question", "study", "code", "why"),
            [[one.question, out.study, out.code, out.why] for one in answers for out in one.left_out],
        ),
    }  # fmt: skip
    files = {f"{name}.csv": _csv(columns, rows) for name, (columns, rows) in tables.items()}
    files["studies.json"] = _json(
        [{k: v for k, v in dataclasses.asdict(one).items() if k not in ("file", "line")} for one in studies]
    )
    files["questions.json"] = _json(
        [
            {k: v for k, v in dataclasses.asdict(one).items() if k not in ("file", "line")}
            for one in library.questions.values()
        ]
    )
    files["pools.json"] = pools.to_json().encode()
    files["datapackage.json"] = _json(_description(library, tables))
    files["README.md"] = _readme(library, answers).encode()
    files["CITATION.cff"] = _citation(library).encode()
    return files


def _answer(one: Answer) -> list[Any]:
    main = one.main
    ends = (
        [None] * 6
        if main is None
        else [
            main.est,
            main.lo,
            main.hi,
            main.prediction_lo,
            main.prediction_hi,
            f"{main.model}, {main.method}, {main.interval}",
        ]
    )
    return [*(getattr(one, key) for key in _ANSWER), *ends]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(
            ["" if value is None else f"{value:.6g}" if isinstance(value, float) else value for value in row]
        )
    return out.getvalue().encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False, default=dict) + "\n").encode()


def _description(library: Library, tables: Mapping[str, tuple[Sequence[str], list[list[Any]]]]) -> dict[str, Any]:
    resources = []
    for name, (columns, _) in tables.items():
        fields = []
        for key in columns:
            field: dict[str, Any] = {
                "name": key,
                "type": "number" if key in _NUMBERS else "boolean" if key in ("display_only", "operated") else "string",
            }
            if field["type"] == "boolean":
                field.update(trueValues=["True"], falseValues=["False"])
            if key in _UNITS:
                field["description"] = f"in {_UNITS[key]}" if not _UNITS[key].startswith("as") else _UNITS[key]
            fields.append(field)
        schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
        if "study" in columns:
            schema["foreignKeys"] = [{"fields": "study", "reference": {"resource": "studies", "fields": "id"}}]
        if name == "studies":
            schema["primaryKey"] = "id"
        resources.append(
            {
                "name": name.replace("_", "-"),
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": schema,
            }
        )
    return {
        "profile": "data-package",
        "name": "portico-evidence",
        "title": "Evidence on radiotherapy after surgery for bone metastases",
        "version": library.version[:12],
        "licenses": [{"name": "Apache-2.0", "path": "https://www.apache.org/licenses/LICENSE-2.0"}],
        "resources": resources,
    }


def _readme(library: Library, answers: list[Answer]) -> str:
    pooled = sum(one.k > 1 for one in answers)
    figures = sum(len(one.results) for one in library.studies.values())
    return f"""# Evidence on radiotherapy after surgery for bone metastases

Data package of Portico {__version__}, knowledge {library.version[:12]}: {len(library.studies)} studies, {figures} figures,
{len(answers)} questions, {pooled} of them pooled.

- `studies.csv`, `arms.csv`, `figures.csv`, `findings.csv`: the records. An empty cell means not known. `verified` says how far a record was
  read: `full_text`, `abstract`, `secondary`, `derived`, `memory` (citation only).
- `answers.csv`, `answer_rows.csv`, `left_out.csv`: what the studies say together, which figures count, and why others do not.
- `studies.json`, `questions.json`, `pools.json`: the same with every field. `datapackage.json` describes the tables.

Facts and figures come from the cited publications; sentences are this library's own. For professionals: no CE mark, no FDA clearance.
"""


def _citation(library: Library) -> str:
    return f"""cff-version: 1.2.0
message: "Cite the package with its version, and the studies behind each figure."
title: "Evidence on radiotherapy after surgery for bone metastases"
type: dataset
authors:
- name: "The Portico authors"
version: "{library.version[:12]}"
license: Apache-2.0
"""
