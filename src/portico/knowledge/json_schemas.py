"""The JSON Schemas of the library's formats, made from the same table that the checks use.

>>> study()["title"]
'study/1'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portico.knowledge.shape_types import Field, Shape, json_schema
from portico.knowledge.shapes import LIMIT, OUTCOMES, RULE, SIGNATURE, STUDY

__all__ = ["SCHEMAS", "limit", "pools", "rule", "signature", "study"]

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


def study() -> dict[str, Any]:
    """Schema of a study file."""
    return json_schema(STUDY, title="study/1")


def limit() -> dict[str, Any]:
    """Schema of a file of organ limits."""
    return json_schema(LIMIT, title="limit/1")


def rule() -> dict[str, Any]:
    """Schema of a file of rules."""
    return json_schema(RULE, title="rule/1")


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


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "limit": limit,
    "pools": pools,
    "rule": rule,
    "signature": signature,
    "study": study,
}
