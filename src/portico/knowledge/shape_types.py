"""How a shape is written down, how a value is checked against it, and how it reads as JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portico.reading import did_you_mean

__all__ = [
    "BOOL",
    "INTEGER",
    "NUMBER",
    "TEXT",
    "Fault",
    "Field",
    "Shape",
    "faults",
    "json_schema",
    "list_of",
    "one_of",
]

Path = tuple[str | int, ...]
#: Code, path and sentence of one departure from a shape.
Fault = tuple[str, Path, str]


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand at one key.

    Parameters
    ----------
    kind : ``text``, ``number``, ``integer``, ``bool``, ``text_or_number``, ``list``, ``object`` or ``any``
    null : whether null is allowed; it means "not known"
    required : whether the key must be there
    values : allowed words of a text; empty means any text
    of : what a list holds, a field or the shape of its rows
    shape : shape of an object
    least : fewest entries of a list
    """

    kind: str
    null: bool = False
    required: bool = True
    values: tuple[str, ...] = ()
    of: Field | None = None
    shape: Shape | None = None
    least: int = 0

    def nullable(self) -> Field:
        """The same field, null allowed."""
        return replace(self, null=True)

    def left_out(self) -> Field:
        """The same field, whose key may be missing."""
        return replace(self, required=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """Keys of a mapping; ``open_keys`` allows further ones."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    open_keys: bool = False


TEXT = Field("text")
NUMBER = Field("number")
INTEGER = Field("integer")
BOOL = Field("bool")


def one_of(*values: str) -> Field:
    """A text that must be one of some words."""
    return Field("text", values=values)


def list_of(what: Field | Shape, *, least: int = 0) -> Field:
    """A list of fields or of rows."""
    inner = Field("object", shape=what) if isinstance(what, Shape) else what
    return Field("list", of=inner, least=least)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def faults(value: object, shape: Shape, path: Path = ()) -> Iterator[Fault]:
    """Every departure of a mapping from its shape.

    >>> list(faults({"id": 3}, Shape("sample", {"id": TEXT})))
    [('wrong-type', ('id',), 'Text is expected here.')]
    """
    if not isinstance(value, dict):
        yield "wrong-type", path, "A mapping is expected here."
        return
    for key in value:
        if key not in shape.fields and not shape.open_keys:
            guess = did_you_mean(str(key), list(shape.fields))
            hint = f" Did you mean {guess}?" if guess else ""
            yield "unknown-key", (*path, key), f"{shape.name} has no such key.{hint}"
    for key, wanted in shape.fields.items():
        if key in value:
            yield from _field_faults(value[key], wanted, (*path, key))
        elif wanted.required:
            yield "missing-key", path, f"The key {key} is missing."


def _field_faults(value: object, wanted: Field, path: Path) -> Iterator[Fault]:
    if value is None:
        if not wanted.null:
            yield "null-not-allowed", path, "Null is not allowed here."
    elif wanted.kind == "any":
        return
    elif wanted.kind == "object":
        assert wanted.shape is not None
        yield from faults(value, wanted.shape, path)
    elif wanted.kind == "list":
        yield from _list_faults(value, wanted, path)
    else:
        yield from _scalar_faults(value, wanted, path)


def _list_faults(value: object, wanted: Field, path: Path) -> Iterator[Fault]:
    assert wanted.of is not None
    if not isinstance(value, list):
        yield "wrong-type", path, "A list is expected here."
        return
    if len(value) < wanted.least:
        yield "list-too-short", path, f"At least {wanted.least} entry is expected here."
    for position, item in enumerate(value):
        yield from _field_faults(item, wanted.of, (*path, position))


_SAYS = {
    "text": "Text is expected here.",
    "number": "A number is expected here.",
    "integer": "A whole number is expected here.",
    "bool": "true or false is expected here.",
    "text_or_number": "Text or a number is expected here.",
}


def _scalar_faults(value: object, wanted: Field, path: Path) -> Iterator[Fault]:
    right = {
        "text": isinstance(value, str),
        "number": _is_number(value),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "text_or_number": isinstance(value, str) or _is_number(value),
    }[wanted.kind]
    if not right:
        yield "wrong-type", path, _SAYS[wanted.kind]
    elif wanted.values and value not in wanted.values:
        guess = did_you_mean(str(value), list(wanted.values))
        hint = f" Did you mean {guess}?" if guess else f" Allowed: {', '.join(wanted.values)}."
        yield "unknown-word", path, f"This word is not allowed here.{hint}"


_JSON_TYPES = {
    "text": ["string"],
    "number": ["number"],
    "integer": ["integer"],
    "bool": ["boolean"],
    "text_or_number": ["string", "number"],
    "list": ["array"],
    "object": ["object"],
}


def json_schema(shape: Shape, *, title: str | None = None) -> dict[str, Any]:
    """The shape as JSON Schema 2020-12; with a title it is a whole schema, else a part of one."""
    body: dict[str, Any] = {
        "type": "object",
        "properties": {key: _field_schema(wanted) for key, wanted in shape.fields.items()},
        "required": [key for key, wanted in shape.fields.items() if wanted.required],
        "additionalProperties": shape.open_keys,
    }
    if title is None:
        return body
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **body}


def _field_schema(wanted: Field) -> dict[str, Any]:
    if wanted.kind == "any":
        return {}
    if wanted.shape is not None:
        body = json_schema(wanted.shape)
        if wanted.null:
            body["type"] = ["object", "null"]
        return body
    types = [*_JSON_TYPES[wanted.kind], *(["null"] if wanted.null else [])]
    body = {"type": types[0] if len(types) == 1 else types}
    if wanted.values:
        body["enum"] = [*wanted.values, *([None] if wanted.null else [])]
    if wanted.of is not None:
        body["items"] = _field_schema(wanted.of)
        if wanted.least:
            body["minItems"] = wanted.least
    return body
