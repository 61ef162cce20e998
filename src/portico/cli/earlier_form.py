"""The form of a file of earlier courses, schema ``earlier/1``. What is not known is null or left out; a dose needs its unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictInt, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from portico.case.fields import Day, DoseField, Flag, Part, Words
from portico.errors import QuantityRefused
from portico.units import FRACTIONS_CEILING, Regimen, parse_regimen

__all__ = ["CourseForm", "EarlierForm", "json_schema"]

_TIES = ("same_frame", "registration", "matrix")


def _error(code: str, message: str) -> PydanticCustomError:
    kind: Any = code  # pydantic types the code as a literal string
    return PydanticCustomError(kind, "{message}", {"message": message})


def _regimen(value: Any) -> Regimen:
    if isinstance(value, Regimen):
        return value
    try:
        return parse_regimen(value)
    except QuantityRefused as error:
        raise _error(error.code, f"{error.problem.message} {error.problem.fix}".strip()) from None


def _matrix(value: Any) -> tuple[float, ...]:
    sound = isinstance(value, list | tuple) and len(value) == 16
    if not sound or not all(type(number) in (int, float) and abs(number) < 1e6 for number in value):
        raise _error("bad-matrix", "a matrix is 16 numbers, row by row, with translations in mm")
    return tuple(float(number) for number in value)


RegimenField = Annotated[
    Regimen, BeforeValidator(_regimen), WithJsonSchema({"type": "string", "description": "e.g. 30Gy/10"})
]
MatrixField = Annotated[
    tuple[float, ...],
    BeforeValidator(_matrix),
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 16, "maxItems": 16}),
]
Fractions = Annotated[StrictInt, Field(ge=1, le=FRACTIONS_CEILING)]


class CourseForm(Part):
    """One earlier course.

    Parameters
    ----------
    dose : RTDOSE file of the whole course, or its folder, beside this file; None when there is none
    same_frame, registration, matrix : how its frame of reference is tied to that of the plan, exactly one with a dose: it is the same;
        a file of a spatial registration; 16 numbers row by row, from the earlier frame to that of the plan, in mm
    maximum : highest dose of the contour as reported, with its unit
    defined_on : contour that the maximum was read on
    fractions : of the course; may be left to the regimen
    regimen : what was prescribed, e.g. ``30Gy/10``
    end : last day
    """

    dose: Words | None = None
    same_frame: Flag | None = None
    registration: Words | None = None
    matrix: MatrixField | None = None
    maximum: DoseField | None = None
    defined_on: Literal["true_cord", "prv", "thecal_sac", "cauda_equina", "canal"] | None = None
    fractions: Fractions | None = None
    regimen: RegimenField | None = None
    end: Day | None = None

    @property
    def tie(self) -> str | None:
        """Which of the three ties the frames; None when none does."""
        named = [name for name in _TIES if getattr(self, name) not in (None, False)]
        return named[0] if len(named) == 1 else None

    @property
    def known_fractions(self) -> int | None:
        """Fractions as stated, or those of the regimen."""
        return self.fractions if self.fractions is not None or self.regimen is None else self.regimen.fractions

    @model_validator(mode="after")
    def _holds_together(self) -> CourseForm:
        named = [name for name in _TIES if getattr(self, name) not in (None, False)]
        if self.dose is None and named:
            raise _error("tie-without-dose", "same_frame, registration and matrix belong to a dose")
        if self.dose is not None and len(named) != 1:
            raise _error("tie-missing", "a dose needs exactly one of same_frame, registration and matrix")
        if self.regimen is not None and self.fractions not in (None, self.regimen.fractions):
            raise _error("fractions-mismatch", "fractions and regimen contradict each other")
        return self


class EarlierForm(Part):
    """All earlier courses at the site."""

    schema_: Literal["earlier/1"] = Field(alias="schema")
    courses: tuple[CourseForm, ...] = Field(min_length=1)


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``earlier/1`` (draft 2020-12)."""
    schema = EarlierForm.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "earlier/1"}
