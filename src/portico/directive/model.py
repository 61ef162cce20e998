"""The Directive: the physician's intent in data.

A Directive says what is to be given, within which limits, how each volume is made, when, and who decided it why.
Advice proposes it, a person signs it, targets and planning carry it out, the plan check judges against it.

The model holds the form. Whether a Directive holds together is told by :func:`portico.directive.check_directive`;
whether it was changed since it was sealed by :func:`portico.directive.verify_seal`.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, StrictBool

from portico.case.fields import Day
from portico.directive.course import FollowUp, PriorCourse, ReviewField, Site, Timing
from portico.directive.doses import Level, Limit, NoLimit
from portico.directive.fields import Part, RecordId, Roi, Sha256, Text

__all__ = ["Decision", "Directive", "Disagreement", "PlainField", "Stamps", "Volume", "json_schema"]


class Volume(Part):
    """How one volume is to be made.

    Parameters
    ----------
    roi : structure to make, by TG-263
    recipe : machine name of the way, e.g. ``whole_hardware``
    made_from : structures it is made from; ``from`` in the file
    says : the way in one sentence
    rule_id, source_ids : what it rests on
    chosen : True for the one to be made; the others stay shown as alternatives
    """

    roi: Roi
    recipe: RecordId
    made_from: tuple[Roi, ...] = Field(default=(), alias="from")
    says: Text
    rule_id: RecordId | None = None
    source_ids: tuple[RecordId, ...] = ()
    chosen: StrictBool


class PlainField(Part):
    """What the planner of a plain field must be told; None is printed as "to be stated"."""

    prescription_point: Text | None = None
    isodose: Text | None = None
    beam_arrangement: Text | None = None
    energy: Text | None = None
    junctions: Text | None = None
    bolus_and_scar: Text | None = None
    spared_strip: Text | None = None


class Disagreement(Part):
    """A source that says otherwise."""

    source_id: RecordId
    says: Text


class Decision(Part):
    """What was chosen, by whom, when and why.

    Parameters
    ----------
    override : True when the choice lies outside the offered options
    override_of : option that stood first instead; None when there was none
    by, role : who decided
    date : the day of the decision (``as_of`` of the case)
    certainty, directness : of the option as shown; for an override what can be said of it
    """

    option_id: RecordId
    label: Text
    override: StrictBool
    override_of: RecordId | None = None
    reason: Text
    by: Text
    role: Text | None = None
    date: Day
    certainty: Text
    directness: Text
    disagreements: tuple[Disagreement, ...] = ()


class Stamps(Part):
    """What the Directive was made from."""

    case_sha256: Sha256
    knowledge_version: Text
    software_version: Text
    policy_id: Text
    signatures_site: Text | None = None
    watermark: Text | None = None


class Directive(Part):
    """A proposed or signed Directive, schema ``directive/1``.

    Parameters
    ----------
    for_planning : True when it may be planned from; False names what stands against it in
        ``blockers_for_planning``, each neural organ without limit by its structure name
    course : ``first`` or ``reirradiation`` at this site
    no_limit : organs without a binding limit, printed first
    plain_field : for plain fields; None for other techniques
    reirradiation : the published conditions with their answers; None when they do not apply
    decision : None while proposed
    records : ids of every record that the Directive cites, see :func:`portico.directive.cited_records`
    hash : seal over all the rest, see :func:`portico.directive.seal`; None before it is sealed
    """

    schema_: Literal["directive/1"] = Field(alias="schema")
    id: RecordId
    status: Literal["proposed", "signed"]
    for_planning: StrictBool
    blockers_for_planning: tuple[Text, ...] = ()
    site: Site
    technique: Literal["conventional", "sbrt", "sib", "none"]
    course: Literal["first", "reirradiation"]
    levels: tuple[Level, ...]
    no_limit: tuple[NoLimit, ...] = ()
    limits: tuple[Limit, ...] = ()
    volumes: tuple[Volume, ...] = ()
    plain_field: PlainField | None = None
    timing: Timing
    follow_up: tuple[FollowUp, ...] = ()
    prior_courses: tuple[PriorCourse, ...] = ()
    reirradiation: ReviewField | None = None
    decision: Decision | None = None
    records: tuple[RecordId, ...] = ()
    notices: tuple[Text, ...] = ()
    intended_use: Text
    stamps: Stamps
    hash: Sha256 | None = None

    @property
    def fractions(self) -> int | None:
        """Fractions of the course; None when a level lacks them, when levels differ, or without radiotherapy."""
        counts = {level.fractions for level in self.levels}
        return counts.pop() if len(counts) == 1 else None

    @property
    def doses_gy(self) -> tuple[float, ...]:
        """Doses of the levels in Gy, in their order; a level without one is left out."""
        return tuple(level.dose_gy for level in self.levels if level.dose_gy is not None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the order of the schema; unknown fields stand as None; dates as text."""
        return self.model_dump(mode="json", by_alias=True)


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``directive/1`` (draft 2020-12).

    It describes the form; what must hold between the fields is told by ``check_directive``.
    """
    schema = Directive.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "directive/1",
    }
