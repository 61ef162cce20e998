"""The JSON Schemas of the library's formats, made from the same table that the checks use.

>>> SCHEMAS["study"]()["title"]
'study/1'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portico.knowledge.shape_types import Field, Shape, json_schema
from portico.knowledge.shapes import (
    CERTAINTIES,
    DESIGNS,
    DIRECTNESS,
    OUTCOMES,
    POPULATIONS,
    QUESTION_MEASURES,
    READS,
    SHAPES,
    SIGNATURE,
    VERIFIED,
)

__all__ = ["SCHEMAS", "pools", "signature"]

_TEXT = Field("text")
_NUMBER = Field("number", null=True)
_INTEGER = Field("integer", null=True)
_ESTIMATE = Shape(
    "estimate",
    {
        "model": _TEXT,
        "method": _TEXT,
        "interval": _TEXT,
        "est": Field("number"),
        "lo": Field("number"),
        "hi": Field("number"),
        "prediction_lo": _NUMBER,
        "prediction_hi": _NUMBER,
    },
)
_POOL_ROW = Shape(
    "pool row",
    {
        "study": _TEXT,
        "arm": _TEXT,
        "est": Field("number"),
        "lo": Field("number"),
        "hi": Field("number"),
        "events": _NUMBER,
        "n": _NUMBER,
        "basis": Field("text", values=("counts", "rate x n", "interval")),
        "weight": _NUMBER,
        "verified": Field("text", values=VERIFIED),
        "directness": Field("text", values=DIRECTNESS),
        "design": Field("text", values=DESIGNS),
        "year": _INTEGER,
        "note": _TEXT,
    },
)
_LEFT_OUT = Shape("left out", {"study": _TEXT, "code": _TEXT, "why": _TEXT})
_ANY_ROW = Field("list", of=Field("any"))
_POOL = Shape(
    "pool",
    {
        "question": _TEXT,
        "asks": _TEXT,
        "population": Field("text", values=POPULATIONS),
        "outcome": Field("text", values=OUTCOMES),
        "measure": Field("text", values=QUESTION_MEASURES),
        "months": _NUMBER,
        "reads": Field("text", values=READS),
        "k": Field("integer"),
        "n": _INTEGER,
        "events": _INTEGER,
        "main": Field("object", shape=_ESTIMATE, null=True),
        "estimates": Field("list", of=Field("object", shape=_ESTIMATE)),
        "tau2": _NUMBER,
        "tau2_lo": _NUMBER,
        "tau2_hi": _NUMBER,
        "i2": _NUMBER,
        "q": _NUMBER,
        "q_p": _NUMBER,
        "small_study_p": _NUMBER,
        "rows": Field("list", of=Field("object", shape=_POOL_ROW)),
        "left_out": Field("list", of=Field("object", shape=_LEFT_OUT)),
        "leave_one_out": Field("list", of=_ANY_ROW),
        "cumulative": Field("list", of=_ANY_ROW),
        "compare": Field("list", of=_ANY_ROW),
        "certainty": Field("text", values=CERTAINTIES, null=True),
        "domains": Field("list", of=_ANY_ROW),
        "notes": Field("list", of=_TEXT),
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
