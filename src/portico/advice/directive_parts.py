"""The parts of a Directive that follow from the case, its advice and the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.advice.engine import Engine
from portico.advice.model import Advice, LimitRow
from portico.case import Case, prior_courses_at_site
from portico.directive import FollowUp, Limit, NoLimit, PlainField, PriorCourse, Site, Timing, TimingMark, Volume
from portico.errors import UsageError
from portico.knowledge import Regimen

__all__ = [
    "boost_volumes",
    "follow_up_of",
    "limit_of",
    "no_limit_of",
    "plain_field_of",
    "prior_courses_of",
    "review_of",
    "site_of",
    "timing_of",
    "volumes_of",
]

_WOUND = "The wound is closed and free of infection on the day of simulation."


def no_limit_of(row: LimitRow) -> NoLimit:
    return NoLimit(
        roi=row.roi, defined_on=row.defined_on, fractions=row.fractions, neural=row.neural, why=row.why,
        candidates=row.candidates or ((row.limit_id,) if row.limit_id else ()),
    )  # fmt: skip


def limit_of(row: LimitRow, regimen: Regimen) -> Limit:
    return Limit.model_validate(
        {
            "roi": row.roi,
            "defined_on": row.defined_on,
            "metric": row.metric,
            "op": row.op,
            "value": row.value,
            "unit": row.unit,
            "fractions": row.fractions if row.scope == "course" else None,
            "scope": row.scope,
            "setting": row.setting,
            "strength": "hard" if row.state == "binding" else "info",
            "limit_id": row.limit_id,
            "source_id": row.source,
            "verified": row.verified,
            "kind": row.kind,
            "signed_by": row.signed_by,
            "why": row.why,
        }
    )


def site_of(case: Case) -> Site:
    lesion = case.index_lesion
    if lesion is None:
        return Site()
    region = None if lesion.bone is None else ("spine" if lesion.bone in ("vertebra", "sacrum") else "non_spine")
    return Site(
        region=region,  # type: ignore[arg-type]
        bone=lesion.bone,
        levels=lesion.levels or (),
        side=lesion.side,
        description=case.label,
    )


def plain_field_of(engine: Engine, regimen: Regimen, stated: Mapping[str, str]) -> PlainField | None:
    known = tuple(engine.directive_policy["plain_field_items"])
    unknown = next((name for name in stated if name not in known), None)
    if unknown is not None or (stated and regimen.technique != "conventional"):
        raise UsageError(
            "This is no item of a plain field." if unknown else "Only plain fields have these items.",
            code="unknown-field-item",
            path=(unknown or regimen.id)[:40],
            fix=f"Items of a plain field: {', '.join(known)}.",
        )
    return PlainField(**stated) if regimen.technique == "conventional" else None


def boost_volumes(engine: Engine, advice: Advice, regimen: Regimen) -> tuple[Volume, ...]:
    """The volume of the boost level, from the rules that point at the regimen."""
    if len(regimen.levels) < 2:
        return ()
    rules = (
        rule
        for key, rule in engine.rules.items()
        if rule.kind == "volume" and rule.volume and regimen.id in engine.targets[key] and advice.rules[key]
    )
    return tuple(
        Volume(
            roi="CTV_High",
            recipe=str(rule.volume),
            says=rule.says,
            rule_id=rule.id,
            source_ids=tuple(source.id for source in rule.sources),
            chosen=True,
        )
        for rule in rules
    )


def volumes_of(advice: Advice, regimen: Regimen, volume: str | None) -> tuple[Volume, ...]:
    if regimen.technique == "none":
        if volume is not None:
            raise UsageError("Without radiotherapy there is no volume.", code="unknown-volume", path=volume)
        return ()
    offered = {choice.recipe for choice in advice.volumes}
    if volume is not None and volume not in offered:
        raise UsageError(
            "This volume is not among the choices of the case.", code="unknown-volume", path=volume,
            fix=f"Choose one of: {', '.join(sorted(offered)) or 'none is offered'}.",
        )  # fmt: skip
    target = "CTV_Low" if len(regimen.levels) > 1 else "CTV"
    found = [
        Volume.model_validate(
            {
                "roi": target,
                "recipe": choice.recipe,
                "from": (),
                "says": choice.statement.text,
                "rule_id": choice.statement.records[0],
                "source_ids": choice.statement.records[1:],
                "chosen": choice.recipe == volume if volume is not None else choice.proposed,
            }
        )
        for choice in advice.volumes
    ]
    return tuple(found)


def timing_of(advice: Advice) -> Timing:
    timing = advice.timing
    if timing is None:
        return Timing(wound_condition=_WOUND)
    dates = {mark.name: mark.date for mark in timing.marks}
    return Timing(
        surgery_date=timing.surgery_date,
        earliest=dates.get("earliest"),
        aim_by=dates.get("aim_by", dates.get("usual_to")),
        late_after=dates.get("late_after"),
        marks=tuple(
            TimingMark(name=m.name, date=m.date, day=m.day, says=m.text, source_id=m.record) for m in timing.marks
        ),
        wound_condition=_WOUND,
    )


def follow_up_of(engine: Engine, region: str | None) -> tuple[FollowUp, ...]:
    return tuple(
        FollowUp(
            what=item["what"],
            weeks=item["weeks"],
            says=item["says"],
            source_id=item["source"]["id"] if item["source"] else None,
        )
        for item in engine.directive_policy["follow_up"]
        if item.get("region") in (None, region)
    )


def prior_courses_of(case: Case) -> tuple[PriorCourse, ...]:
    return tuple(
        PriorCourse(
            dose_gy=course.dose.gy if course.dose else None,
            fractions=course.fractions,
            end=course.end,
            cord_dmax_gy=course.cord_dmax.dose.gy if course.cord_dmax and course.cord_dmax.dose else None,
            defined_on=course.cord_dmax.defined_on if course.cord_dmax else None,
        )
        for course in prior_courses_at_site(case) or ()
    )


def review_of(advice: Advice) -> Mapping[str, Any] | None:
    if advice.reirradiation is None:
        return None
    return {key: advice.reirradiation[key] for key in ("factors", "overall", "assumption")}
