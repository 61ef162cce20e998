"""The data dictionary of a registry: which columns a file holds, as CSV and as a data dictionary that REDCap takes in.

>>> dictionary_csv().splitlines()[0]
'column,type,unit,low,high,values,meaning,question'

The columns are those of ``case/columns.yaml`` and ``case/registry.yaml``, after three keys of text; no list of them is kept here.
The JSON Schema of the same columns is :func:`portico.case.schemas.registry_schema`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from portico.case.columns import Column, load_columns
from portico.case.schemas import load_registry_columns
from portico.errors import KnowledgeRefused

__all__ = ["KEYS", "dictionary_csv", "redcap_csv", "registry_columns"]

#: Keys of a row with what they say. The first is the record's identifier in REDCap.
KEYS: Final = {
    "course_key": "Key of the course, different in every row; never a name or a number of the health system",
    "patient_key": "Key of the patient, the same in all rows of one patient; never a name or a number of the health system",
    "centre": "Key of the centre",
}

_HEAD: Final = ("column", "type", "unit", "low", "high", "values", "meaning", "question")
#: Headings of a REDCap data dictionary, in REDCap's own words and order.
_REDCAP: Final = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
_FORM: Final = "course"
_CODE: Final = re.compile(r"[A-Za-z0-9_.+-]+")


def registry_columns() -> tuple[Column, ...]:
    """Columns of a registry's row after its keys: those of the case, then what was prescribed, delivered and seen.

    Raises
    ------
    KnowledgeRefused : see :func:`portico.case.columns.columns_from`
    """
    return (*load_columns(), *load_registry_columns())


def dictionary_csv() -> str:
    """The dictionary as CSV, one line a column; allowed values are parted by ``|``; an empty cell says that there is no bound or unit.

    Raises
    ------
    KnowledgeRefused : see :func:`registry_columns`
    """
    keys = [(name, "text", "", "", "", "", meaning, "") for name, meaning in KEYS.items()]
    rows = [
        (
            column.name,
            column.type,
            column.unit or "",
            _bound(column.low),
            _bound(column.high),
            "|".join(column.values),
            column.meaning,
            column.ask,
        )
        for column in registry_columns()
    ]
    return _csv([_HEAD, *keys, *rows])


def redcap_csv() -> str:
    """The dictionary as a REDCap data dictionary: one form, coded values the same words as in the registry.

    An answer is left empty when it is unknown; no field is required but the keys.

    Raises
    ------
    KnowledgeRefused : ``redcap-code`` when a value of a column cannot be a code in REDCap
    """
    keys = [_field(name, "text", meaning, required=True) for name, meaning in KEYS.items()]
    return _csv([_REDCAP, *keys, *(_column(column) for column in registry_columns())])


def _column(column: Column) -> tuple[str, ...]:
    note = column.meaning + (f" ({column.unit})" if column.unit else "")
    if column.type == "bool":
        return _field(column.name, "radio", column.ask, choices="true, yes | false, no", note=note)
    if column.type == "enum":
        return _field(column.name, "radio", column.ask, choices=_choices(column), note=note)
    check = "integer" if column.type == "int" else "number"
    bounds = (_bound(column.low), _bound(column.high))
    return _field(column.name, "text", column.ask, note=note, check=check, bounds=bounds)


def _choices(column: Column) -> str:
    for value in column.values:
        if not _CODE.fullmatch(value):
            raise KnowledgeRefused(
                f"A value of {column.name} cannot be a code in REDCap.",
                code="redcap-code",
                path=column.name,
                fix="Write values of letters, digits, and _ . + - only.",
            )
    return " | ".join(f"{value}, {value.replace('_', ' ')}" for value in column.values)


def _field(
    name: str,
    kind: str,
    label: str,
    *,
    choices: str = "",
    note: str = "",
    check: str = "",
    bounds: tuple[str, str] = ("", ""),
    required: bool = False,
) -> tuple[str, ...]:
    return (
        *(name, _FORM, "", kind, label, choices, note, check, *bounds),
        *("", "", "y" if required else "", "", "", "", "", ""),
    )


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 1e6 else str(int(value))


def _csv(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
