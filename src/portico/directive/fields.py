"""Field types shared by the parts of a Directive and of a check result.

Numbers stay numbers in the unit that the field's name or its ``unit`` field gives. Text is never turned into a
number, true is not 1, and NaN, infinity and a number beyond its range are refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from portico.directive.metric import parse_metric
from portico.errors import DirectiveRefused
from portico.units import DOSE_CEILING_GY, FRACTIONS_CEILING

__all__ = [
    "Amount",
    "Contour",
    "FractionCount",
    "LevelGy",
    "MetricText",
    "Number",
    "Part",
    "RecordId",
    "Roi",
    "Sha256",
    "Text",
    "Unit",
    "Verified",
    "refusal",
]

#: Largest number in any field: a bound against damage, not a clinical limit.
_LARGEST = 1e6
_LONGEST_TEXT = 4000


class Part(BaseModel):
    """Base of every part: closed (unknown keys are refused) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refusal(code: str, message: str) -> PydanticCustomError:
    """An error of form with our own code and sentence."""
    kind: Any = code  # pydantic types the code as a literal string
    return PydanticCustomError(kind, "{message}", {"message": message})


def _bounded(low: float, high: float, *, above: bool = False) -> Callable[[Any], float]:
    def validate(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refusal("bad-number", "this is a number without quotes")
        try:
            number = float(value) + 0.0  # turns -0.0 into 0.0
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise refusal("bad-number", "this number is not finite")
        if number < low or number > high or (above and number == low):
            raise refusal("out-of-range", f"this number must be {'above' if above else 'from'} {low:g} to {high:g}")
        return number

    return validate


def _words(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refusal("bad-text", "this is text and not empty; write null when it is unknown")
    if len(value) > _LONGEST_TEXT:
        raise refusal("bad-text", f"this text is longer than {_LONGEST_TEXT} characters")
    # category C holds control, format (which can reverse what is read), private and half characters
    if not value.isprintable() and (
        any(not char.isprintable() and not char.isspace() for char in value)
        or re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", value)
    ):
        raise refusal("bad-text", "this text holds characters that cannot be shown")
    return value


def _matching(pattern: str, message: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def validate(value: Any) -> str:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise refusal("bad-name", message)
        return value

    return validate


def _shape(pattern: str, message: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^(?:{pattern})$", "description": message})


def _metric(value: Any) -> str:
    try:
        return str(parse_metric(value))
    except DirectiveRefused as error:
        message = f"{error.problem.message} {error.problem.fix}"
        raise refusal(error.code, message[0].lower() + message[1:].rstrip(".")) from None


#: Total dose of a level in Gy: above 0 and at most :data:`portico.units.DOSE_CEILING_GY`.
LevelGy = Annotated[
    float,
    BeforeValidator(_bounded(0, DOSE_CEILING_GY, above=True)),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": DOSE_CEILING_GY}),
]
#: A value that is not negative, in the unit beside it.
Amount = Annotated[
    float,
    BeforeValidator(_bounded(0, _LARGEST)),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _LARGEST}),
]
#: Any finite number, in the unit beside it.
Number = Annotated[
    float,
    BeforeValidator(_bounded(-_LARGEST, _LARGEST)),
    WithJsonSchema({"type": "number", "minimum": -_LARGEST, "maximum": _LARGEST}),
]
FractionCount = Annotated[StrictInt, Field(ge=1, le=FRACTIONS_CEILING)]
Text = Annotated[
    str,
    BeforeValidator(_words),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT, "pattern": r"\S"}),
]
MetricText = Annotated[
    str,
    BeforeValidator(_metric),
    WithJsonSchema({"type": "string", "description": "plan metric, e.g. Dmax, D0.03cc, V20Gy, EQD2_2:Dmax"}),
]
Unit = Literal["Gy", "%", "cm3"]
Verified = Literal["full_text", "abstract", "secondary", "derived", "memory"]

_ID = (r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", "an id of letters, digits, point, plus, hyphen and underscore")
_ROI = (r"[A-Za-z0-9_][A-Za-z0-9_+^~!.\-]{0,15}", "a structure name by TG-263, at most 16 characters")
_SHA256 = (r"[0-9a-f]{64}", "64 lower-case hexadecimal digits")
_CONTOUR = (
    r"true_cord|prv(?:\+(?:0\.[1-9]|[1-9][0-9]?(?:\.[1-9])?))?|thecal_sac|cauda_equina|canal|organ",
    "true_cord, prv, prv+2 (margin in mm), thecal_sac, cauda_equina, canal or organ",
)

#: Id of a record, rule, limit or option.
RecordId = Annotated[str, BeforeValidator(_matching(*_ID)), _shape(*_ID)]
#: Name of a structure; characters and length as AAPM TG-263 recommends.
Roi = Annotated[str, BeforeValidator(_matching(*_ROI)), _shape(*_ROI)]
Sha256 = Annotated[str, BeforeValidator(_matching(*_SHA256)), _shape(*_SHA256)]
#: What a dose to an organ is read on; ``prv+2`` is the organ with a margin of 2 mm, ``prv`` one of unstated margin.
Contour = Annotated[str, BeforeValidator(_matching(*_CONTOUR)), _shape(*_CONTOUR)]
