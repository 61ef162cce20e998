"""What is asked for a check, a draft of volumes and a plan: fields, and the request that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from portico.errors import UsageError
from portico.service import api_models as shapes

__all__ = ["FORMS", "Ask", "WorkForm", "request_of"]

_CORD: Final = (("t2_mri", "T2 MRI"), ("ct_myelogram", "CT myelogram"))


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a form.

    Parameters
    ----------
    name : of the field of the request
    label, hint : what the page says
    kind : ``text``, ``number``, ``pairs`` (lines of NAME=VALUE), ``words`` (one a line), ``table`` (lines of HU,density),
        ``choice`` or ``flag``
    choices : of a ``choice``, value and words
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkForm:
    """A kind of work on a Directive that the pages offer."""

    kind: str
    title: str
    file: str
    button: str
    shape: type[shapes.Asked]
    asks: tuple[Ask, ...]


_MATCH: Final = Ask(
    "match", "Structures under other names", "one a line, as SpinalCord=myelon", kind="pairs"
)  # fmt: skip
FORMS: Final[Mapping[str, WorkForm]] = {
    "check": WorkForm(
        "check", "Check a plan against the Directive", "Zip file with RTPLAN, RTDOSE, RTSTRUCT and, if there is one, the CT",
        "Check", shapes.CheckAsked,
        (Ask("plan", "Number of the plan, when there are several", kind="number"), _MATCH),
    ),
    "targets": WorkForm(
        "targets", "Draft the volumes of the Directive", "Zip file with the CT and RTSTRUCT", "Draft", shapes.TargetsAsked,
        (
            Ask("involved", "Parts involved before surgery", "one vertebra a line, as T8=vertebral_body,pedicle_left", "pairs"),
            Ask("epidural", "Epidural disease before surgery", "one vertebra a line, as T8=anterior,left_anterior or T8=none", "pairs"),
            Ask("choose", "Contouring rules that are chosen", "ids of the library, one a line", "words"),
            Ask("cord_source", "Image on which the cord was drawn", kind="choice", choices=_CORD),
            Ask("ptv", "Margin of the PTV", "a row of the library, or with its unit, as 5mm; none is assumed"),
            Ask("prv", "Margin of the cord", "a row of the library, or with its unit, as 2mm; none is assumed"),
            Ask("gtv_before", "Structure of the tumour before surgery"),
            Ask("gtv_residual", "Structure of the tumour that is left"),
            Ask("bone", "Structure of the bone, for a long bone"),
            Ask("bed", "Structure of the tumour bed, for a long bone"),
            Ask("bone_margin", "Margin along the bone", "with its unit, as 20mm"),
            _MATCH,
        ),
    ),
    "audit": WorkForm(
        "audit", "Audit a registry", "Registry as CSV or Parquet, a row a course", "Audit", shapes.AuditAsked,
        (
            Ask("threshold", "Smallest count that is shown", "5 when left empty", "number"),
            Ask("table_by", "Groups of the first table", "a column of the registry; centre when left empty"),
            Ask("adjusted", "With weighted comparisons and scores held against deaths", kind="flag"),
        ),
    ),
    "plan": WorkForm(
        "plan", "How far can the dose be raised", "Zip file with the CT and RTSTRUCT", "Plan", shapes.PlanAsked,
        (
            Ask("density", "Density table of the scanner", "lines of HU and density against water, as 0,1; none is assumed", "table"),
            Ask("density_belongs_to", "Scanner and energy of that table"),
            Ask("cord_source", "Image on which the cord was drawn", kind="choice", choices=_CORD),
            Ask("frontier", "Sweep the limit of the cord (a plan for each; takes long)", kind="flag"),
            Ask("organ", "Organ whose limit is swept", "SpinalCord when left empty"),
            Ask("points", "Number of limits in the sweep", "10 when left empty", "number"),
            Ask("beams", "Number of beams", "nine when left empty", "number"),
            Ask("bixel_mm", "Width of the bixels in mm", kind="number"),
            Ask("grid_mm", "Dose grid in mm", kind="number"),
            _MATCH,
        ),
    ),
}  # fmt: skip
"""By kind."""


def request_of(form: WorkForm, seal: str | None, fields: Mapping[str, str]) -> dict[str, Any]:
    """The request of a job, checked as the REST interface checks it; the upload is named by the caller.

    Raises
    ------
    UsageError : ``wrong-form``, ``unknown-field``, with the label of the field and without what was typed
    """
    labels = {one.name: one.label for one in form.asks}
    asked: dict[str, Any] = {} if seal is None else {"directive": seal}
    for one in form.asks:
        text = fields.get(one.name, "")
        if text:
            asked[one.name] = _value(one, text)
    if not set(fields) <= set(labels):
        raise UsageError("The form has a field that is not known here.", code="unknown-field")
    try:
        found = form.shape.model_validate(asked)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise UsageError(f"{labels.get(name, 'A field')}: this does not have the form that is asked for.",
                         code="wrong-form", path=name) from None  # fmt: skip
    return found.model_dump(mode="json")


def _value(ask: Ask, text: str) -> Any:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if ask.kind == "flag":
        return text == "yes"
    if ask.kind == "number":
        if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text):
            raise _wrong(ask)
        return float(text) if "." in text else int(text)
    if ask.kind == "words":
        return lines
    if ask.kind == "pairs":
        pairs = [line.partition("=") for line in lines]
        if not all(cut for _, cut, _ in pairs) or len({name for name, _, _ in pairs}) < len(pairs):
            raise _wrong(ask)
        return {name.strip(): value.strip() for name, _, value in pairs}
    if ask.kind == "table":
        rows = [
            re.fullmatch(r"(-?[0-9]{1,6}(?:\.[0-9]{1,4})?)\s*[,;\t ]\s*([0-9]{1,3}(?:\.[0-9]{1,5})?)", one)
            for one in lines
        ]
        if not all(rows):
            raise _wrong(ask)
        return [(float(one[1]), float(one[2])) for one in rows if one]
    return text


def _wrong(ask: Ask) -> UsageError:
    return UsageError(
        f"{ask.label}: this does not have the form that is asked for.", code="wrong-form", path=ask.name, fix=ask.hint
    )
