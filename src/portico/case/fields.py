"""Field types shared by the parts of a case: quantities that keep their unit, dates, closed vocabularies.

A dose is written with its unit (``30 Gy``, ``3000 cGy``), a length too (``32 cm``). A bare number is refused.
Every field may be left out or null; that means *unknown* and is never filled in.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from portico.errors import QuantityRefused
from portico.units import Dose, Length, parse_dose, parse_length

__all__ = ["Day", "DoseField", "Flag", "LengthField", "Part", "Words"]

T = TypeVar("T")


class Part(BaseModel):
    """Base of every part of a case: closed (unknown keys are refused) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _quantity(parse: Callable[..., T], kind: type[T]) -> Callable[[Any], T]:
    def validate(value: Any) -> T:
        if isinstance(value, kind):
            return value
        try:
            return parse(value)
        except QuantityRefused as error:
            message = f"{error.problem.message} {error.problem.fix}".strip()
            raise PydanticCustomError(_literal(error.code), "{message}", {"message": message}) from None

    return validate


def _literal(code: str) -> Any:
    """Pydantic types the code of a custom error as a literal string; ours come from the error tree."""
    return code


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date | str):
        raise PydanticCustomError("bad-date", "a date is written as YYYY-MM-DD")
    if isinstance(value, dt.date):
        return value
    if not _ISO_DAY.match(value):
        raise PydanticCustomError("bad-date", "a date is written as YYYY-MM-DD")
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("bad-date", "there is no such day in the calendar") from None
    if not 1900 <= day.year <= 2200:
        raise PydanticCustomError("bad-date", "the year lies outside 1900 to 2200")
    return day


DoseField = Annotated[
    Dose,
    BeforeValidator(_quantity(parse_dose, Dose)),
    PlainSerializer(lambda dose: str(dose), return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(Gy|cGy)$", "description": "dose with its unit"}
    ),
]
LengthField = Annotated[
    Length,
    BeforeValidator(_quantity(parse_length, Length)),
    PlainSerializer(lambda length: str(length), return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(mm|cm)$", "description": "length with its unit"}
    ),
]
Day = Annotated[dt.date, BeforeValidator(_day)]
Flag = StrictBool


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("bad-text", "this is text; put it in quotes")
    if len(value) > 2000:
        raise PydanticCustomError("bad-text", "this text is longer than 2000 characters")
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise PydanticCustomError("bad-text", "this text holds control characters")
    return value


Words = Annotated[str, BeforeValidator(_words)]
