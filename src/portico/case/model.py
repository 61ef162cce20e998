"""`Case`: the inputs of the decision for one operated patient.

Example
-------
>>> from portico.case import case_from
>>> case = case_from({"schema": "case/1", "as_of": "2026-03-02", "lesions": [{"bone": "femur"}]})
>>> case.row()["site_region"]
'non_spine'
>>> case.row()["escc_postop"] is None  # unknown, and shown as unknown
True
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field

from portico.case.fields import Day, Part, Words
from portico.case.history import Department, Plan, Preflight, PriorRadiotherapy, Status, Wishes
from portico.case.patient import Cancer, Patient
from portico.case.site import Lesion, Spine, Surgery

__all__ = ["Case"]


class Case(Part):
    """One decision: one patient, one index lesion, one day.

    Parameters
    ----------
    label : a name for the case that is not the patient's; printed on reports
    as_of : the day of the decision; the engine has no clock of its own
    surgery : ``none`` says that nothing was operated on; else the operations stand in ``surgeries``

    Notes
    -----
    Every field but ``schema`` may be left out or null, which means unknown.
    """

    schema_: Literal["case/1"] = Field(alias="schema")
    label: Words | None = None
    as_of: Day | None = None
    patient: Patient | None = None
    cancer: Cancer | None = None
    lesions: tuple[Lesion, ...] | None = None
    surgery: Literal["none", "done"] | None = None
    surgeries: tuple[Surgery, ...] | None = None
    spine: Spine | None = None
    prior_radiotherapy: PriorRadiotherapy | None = None
    status: Status | None = None
    preflight: Preflight | None = None
    department: Department | None = None
    wishes: Wishes | None = None
    plan: Plan | None = None
    notes: Words | None = None

    @property
    def index_lesion(self) -> Lesion | None:
        """The lesion marked ``index: true``, else the only one, else None (several and none marked)."""
        lesions = self.lesions or ()
        marked = [lesion for lesion in lesions if lesion.index]
        if marked:
            return marked[0]
        return lesions[0] if len(lesions) == 1 else None

    @property
    def index_surgeries(self) -> tuple[Surgery, ...]:
        """Operations on the index lesion, dated ones first in order of date."""
        index = self.index_lesion
        own = [
            surgery
            for surgery in self.surgeries or ()
            if surgery.lesion is None or (index is not None and surgery.lesion == index.id)
        ]
        return tuple(sorted(own, key=lambda surgery: surgery.date or dt.date.max))

    def row(self) -> dict[str, Any]:
        """Flat row of ``columns.yaml``: one value per column, None where unknown."""
        from portico.case.row import row_of  # the row knows the case, not the other way round

        return row_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the order of the schema, without unknown fields; doses with their unit."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
