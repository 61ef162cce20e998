"""The JSON Schemas of the library's formats, made from the same table that the checks use.

>>> SCHEMAS["study"]()["title"]
'study/1'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portico.knowledge.shape_types import Field, Shape, json_schema
from portico.knowledge.shapes import OUTCOMES, SHAPES, SIGNATURE

__all__ = ["SCHEMAS", "pools", "signature"]

_TEXT = Field("text")
_NUMBER = Field("number", null=True)
_POOL = Shape(
    "pool",
    {
        "id": _TEXT,
        "question": _TEXT,
        "outcome": Field("text", values=OUTCOMES),
        "months": _NUMBER,
        "population": _TEXT,
        "k": Field("integer"),
        "n": Field("integer", null=True),
        "events": Field("integer", null=True),
        "est": _NUMBER,
        "lo": _NUMBER,
        "hi": _NUMBER,
        "method": _TEXT,
        "model": _TEXT,
        "tau2": _NUMBER,
        "i2": _NUMBER,
        "pi_lo": _NUMBER,
        "pi_hi": _NUMBER,
        "studies": Field("list", of=_TEXT, least=1),
        "excluded": Field("list", of=Field("object", shape=Shape("excluded", {"id": _TEXT, "why": _TEXT}))),
    },
)
_POOLS = Shape(
    "pools/1",
    {
        "schema": Field("text", values=("pools/1",)),
        "built_from": _TEXT,
        "pools": Field("list", of=Field("object", shape=_POOL)),
    },
)


def signature() -> dict[str, Any]:
    """Schema of a site's signature file."""
    schema = json_schema(SIGNATURE, title="signature/1")
    row = schema["properties"]["rows"]["items"]["properties"]
    row["sha256"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    row["date"] = {"type": "string", "format": "date"}
    return schema


def pools() -> dict[str, Any]:
    """Schema of ``pools.json``, the results that synthesis builds and advice reads."""
    return json_schema(_POOLS, title="pools/1")


def _of(shape: Shape) -> Callable[[], dict[str, Any]]:
    return lambda: json_schema(shape, title=shape.name)


#: File name without ending to the function that gives the schema; every format of the room.
SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    **{name.removesuffix("/1"): _of(shape) for name, shape in SHAPES.items()},
    "pools": pools,
    "signature": signature,
}
