"""The columns of the flat row: what a rule may name, of which type, in which unit, with which values.

`columns.yaml` is the table; this module is its typed loader. A literal in a rule is in the unit of its column, so a
rule can hold no unit mismatch, and no unit is ever written into a rule.

    bool     true, false or unknown
    int      whole number between ``low`` and ``high``, both included
    number   decimal number between ``low`` and ``high``, both included
    enum     one of ``values``; a grade is an enum, and an enum has no order
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from portico.case.predicate_reserved import RESERVED
from portico.errors import KnowledgeRefused
from portico.reading import Document, did_you_mean, parse_yaml

__all__ = ["Column", "ColumnType", "Columns", "Value", "columns_from", "load_columns"]

ColumnType = Literal["bool", "int", "number", "enum"]
#: One value of a row; None is unknown.
Value = bool | int | float | str | None

SCHEMA: Final = "columns/1"
TYPES: Final = ("bool", "int", "number", "enum")
#: Whole numbers up to here are exact in every engine.
LARGEST_INT: Final = 2**53

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TEXTS: Final = {"meaning": "meaning", "from": "source", "ask": "ask"}
_KEYS: Final = (
    "name",
    "type",
    "values",
    "unit",
    "low",
    "high",
    "rules",
    "meaning",
    "from",
    "aggregate",
    "ask",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row.

    >>> load_columns()["ecog"].type
    'int'

    Parameters
    ----------
    name : lower-case name, used in rules without quotes
    type : bool, int, number or enum
    values : allowed values of an enum, in the order of the table; empty for other types
    unit : unit of the values and of every literal compared with them; None when the column has no unit
    low, high : smallest and largest allowed value, both included; None when there is no bound
    for_rules : False when the value is stored and shown but no rule may read it
    meaning : what the column says
    source : place in the case from which it comes
    aggregate : how several records become one value; None when there is one only
    ask : question that settles it when unknown
    """

    name: str
    type: ColumnType
    values: tuple[str, ...] = ()
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    for_rules: bool = True
    meaning: str = ""
    source: str = ""
    aggregate: str | None = None
    ask: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in ("int", "number")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns in the order of the table.

    >>> columns = Columns((Column("cement", "bool"),))
    >>> [column.name for column in columns], "cement" in columns, columns["cement"].type
    (['cement'], True, 'bool')

    Parameters
    ----------
    ordered : the columns; names must differ
    """

    ordered: tuple[Column, ...]
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.ordered}
        if len(by_name) != len(self.ordered):
            raise KnowledgeRefused("Two columns have the same name.", code="columns-duplicate-name")
        object.__setattr__(self, "_by_name", by_name)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.ordered)

    def __len__(self) -> int:
        return len(self.ordered)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    def get(self, name: str) -> Column | None:
        """The column of this name; None when there is none."""
        return self._by_name.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the table."""
        return tuple(self._by_name)

    def nearest(self, word: str) -> str | None:
        """The name that was probably meant; None when none is near."""
        return did_you_mean(word, self._by_name)


def columns_from(document: Document) -> Columns:
    """Check a document of schema ``columns/1``.

    Parameters
    ----------
    document : as read by :func:`portico.reading.parse_yaml`

    Raises
    ------
    KnowledgeRefused
        ``columns-schema``, ``columns-shape``, ``columns-unknown-key``, ``columns-name``, ``columns-duplicate-name``,
        ``columns-type``, ``columns-values``, ``columns-range``, ``columns-text``
    """
    value = document.value
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise _refused(document, (), "columns-schema", f"The document is not of schema {SCHEMA}.")
    rows = value.get("columns")
    if not isinstance(rows, list) or not rows or set(value) != {"schema", "columns"}:
        raise _refused(document, (), "columns-shape", "The document must hold schema and a non-empty list, columns.")
    seen: set[str] = set()
    found: list[Column] = []
    for index, row in enumerate(rows):
        place = ("columns", index)
        if not isinstance(row, dict):
            raise _refused(document, place, "columns-shape", "A column must be a mapping.")
        _known_keys(document, place, row)
        column = _column(document, place, row)
        if column.name in seen:
            raise _refused(
                document,
                (*place, "name"),
                "columns-duplicate-name",
                f"The column {column.name} stands here a second time.",
            )
        seen.add(column.name)
        found.append(column)
    return Columns(tuple(found))


@cache
def load_columns() -> Columns:
    """The columns that ship with the software, read once.

    Raises
    ------
    KnowledgeRefused : see :func:`columns_from`
    """
    text = (resources.files("portico.case") / "columns.yaml").read_bytes()
    return columns_from(parse_yaml(text, name="columns.yaml"))


Place = tuple[str | int, ...]


def _refused(document: Document, place: Place, code: str, message: str, fix: str = "") -> KnowledgeRefused:
    return KnowledgeRefused(
        message,
        code=code,
        path=document.place(place),
        file=document.name,
        line=document.line(place),
        fix=fix,
    )


def _known_keys(document: Document, place: Place, row: dict[str, Any]) -> None:
    for key in row:
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            fix = f"Did you mean {near}?" if near else ""
            raise _refused(document, (*place, key), "columns-unknown-key", f"A column has no key {key!r}.", fix)


def _column(document: Document, place: Place, row: dict[str, Any]) -> Column:
    name, kind = row.get("name"), row.get("type")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED:
        raise _refused(
            document,
            (*place, "name"),
            "columns-name",
            "A column name is lower-case letters, digits and underscores, and no SQL word.",
        )
    if kind not in TYPES:
        raise _refused(
            document,
            (*place, "type"),
            "columns-type",
            f"The type of {name} must be one of {', '.join(TYPES)}.",
        )
    rules = row.get("rules")
    if rules not in (None, "never"):
        raise _refused(document, (*place, "rules"), "columns-text", "The only word for rules is never.")
    unit, aggregate = row.get("unit"), row.get("aggregate")
    for key in ("unit", "aggregate"):
        if row.get(key) is not None and not _is_text(row[key]):
            raise _refused(document, (*place, key), "columns-text", f"{key} must be text or null.")
    texts: dict[str, str] = {}
    for key, attribute in _TEXTS.items():
        if not _is_text(row.get(key)):
            raise _refused(document, (*place, key), "columns-text", f"The column {name} has no text for {key}.")
        texts[attribute] = row[key]
    low, high = _range(document, place, row, name, kind)
    return Column(
        name=name,
        type=kind,
        values=_values(document, place, row, name, kind),
        unit=unit,
        low=low,
        high=high,
        for_rules=rules is None,
        aggregate=aggregate,
        **texts,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _values(document: Document, place: Place, row: dict[str, Any], name: str, kind: str) -> tuple[str, ...]:
    values = row.get("values")
    place = (*place, "values")
    if kind != "enum":
        if "values" in row:
            raise _refused(document, place, "columns-values", f"The column {name} is no enum and takes no values.")
        return ()
    if not isinstance(values, list) or len(values) < 2:
        raise _refused(document, place, "columns-values", f"The enum {name} needs a list of two or more values.")
    for value in values:
        if not _is_text(value) or not value.isprintable() or "'" in value:
            raise _refused(
                document,
                place,
                "columns-values",
                f"The values of {name} must be printable text without apostrophes.",
                "Quote grades such as '2'.",
            )
    if len({*_folded(values)}) != len(values):
        raise _refused(
            document,
            place,
            "columns-values",
            f"Two values of {name} are the same but for upper and lower case.",
        )
    return tuple(values)


def _folded(values: Iterable[str]) -> Iterator[str]:
    return (value.casefold() for value in values)


def _range(
    document: Document, place: Place, row: dict[str, Any], name: str, kind: str
) -> tuple[float | None, float | None]:
    if kind not in ("int", "number"):
        for key in ("low", "high", "unit"):
            if key in row:
                raise _refused(
                    document,
                    (*place, key),
                    "columns-range",
                    f"The column {name} holds no numbers and takes no {key}.",
                )
        return None, None
    if "unit" not in row:
        raise _refused(
            document,
            place,
            "columns-range",
            f"The column {name} states no unit.",
            "Write unit: null for a pure number.",
        )
    for key in ("low", "high"):
        bound = row.get(key)
        if bound is None:
            continue
        right = (int,) if kind == "int" else (int, float)
        if isinstance(bound, bool) or not isinstance(bound, right) or not math.isfinite(bound):
            raise _refused(document, (*place, key), "columns-range", f"{key} of {name} is not a number of its type.")
        if abs(bound) > LARGEST_INT:
            raise _refused(document, (*place, key), "columns-range", f"{key} of {name} is too large.")
    low, high = row.get("low"), row.get("high")
    if low is not None and high is not None and not low < high:
        raise _refused(document, place, "columns-range", f"low of {name} is not less than high.")
    return low, high
