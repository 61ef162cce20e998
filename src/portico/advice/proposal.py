"""From an option to a Directive: what is proposed, what stands against planning from it, and signing.

`propose` fills a Directive from the option, the case and the policy; `sign` adds who decided, when and why, and seals it. A choice
outside the offered options is possible: it is an override, and its reason is recorded like any other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from portico import __version__
from portico.advice.engine import Engine
from portico.advice.limits import limit_rows, regimen_with
from portico.advice.model import Advice, LimitRow, Option
from portico.case import Case, prior_courses_at_site
from portico.directive import (
    Decision,
    Directive,
    Disagreement,
    FollowUp,
    Level,
    Limit,
    NoLimit,
    PlainField,
    PriorCourse,
    Site,
    Stamps,
    Timing,
    TimingMark,
    Volume,
    check_directive,
    cited_records,
    seal,
)
from portico.errors import Blocked, DirectiveRefused, UsageError
from portico.intended_use import INTENDED_USE
from portico.knowledge import Regimen
from portico.reading import did_you_mean
from portico.units import Regimen as DoseRegimen
from portico.units import SibRegimen

__all__ = ["propose", "sign"]

_TARGET = {"target": "PTV", "boost": "PTV_High", "elective": "PTV_Low"}
_WOUND = "The wound is closed and free of infection on the day of simulation."


def propose(
    case: Case,
    advice: Advice,
    engine: Engine,
    option_id: str,
    *,
    chosen: DoseRegimen | SibRegimen | None = None,
    volume: str | None = None,
    plain_field: Mapping[str, str] | None = None,
    override: bool = False,
) -> Directive:
    """A proposed Directive for one option.

    Parameters
    ----------
    case, advice, engine : the case, its advice and the engine that gave it
    option_id : id of an option; for an override the nearest one, whose technique and organs are taken
    chosen : exact dose and fractions; needed when the option is a range, must equal or lie inside the option unless ``override``
    volume : recipe of the volume to be made; the proposed one when left out
    plain_field : what is stated of a plain field, e.g. ``{"prescription_point": "ICRU point"}``; the rest stays to be stated
    override : True when the choice lies outside the offered options

    Raises
    ------
    UsageError : no such option, volume or dose inside the option; dose missing for a range
    """
    option = advice.option(option_id)
    if option is None:
        guess = did_you_mean(option_id, [o.id for o in advice.options])
        raise UsageError(
            "There is no such option.", code="unknown-option", path=option_id,
            fix=f"Did you mean {guess}?" if guess else "`portico advise` lists the options.",
        )  # fmt: skip
    regimen = _exact(engine.regimens[option_id], chosen, override)
    rows = limit_rows(engine, regimen, case, advice.row) if regimen.technique != "none" else ()
    no_limit = tuple(_no_limit(row) for row in rows if row.state in ("no limit", "cannot tell"))
    limits = tuple(_limit(row, regimen) for row in rows if row.value is not None)
    blockers = _blockers(regimen, rows)
    draft = {
        "schema": "directive/1",
        "id": f"{regimen.id}-{advice.case_sha256[:8]}",
        "status": "proposed",
        "for_planning": not blockers,
        "blockers_for_planning": blockers,
        "site": _site(case),
        "technique": regimen.technique,
        "course": regimen.course,
        "levels": tuple(
            Level(name=level.name, roi=_TARGET[level.name], dose_gy=level.dose_gy, fractions=level.fractions)  # type: ignore[arg-type]
            for level in regimen.levels
        ),
        "no_limit": no_limit,
        "limits": limits,
        "volumes": (*_boost(engine, advice, regimen), *_volumes(advice, regimen, volume)),
        "plain_field": _plain_field(engine, regimen, plain_field or {}),
        "timing": _timing(advice),
        "follow_up": _follow_up(engine),
        "prior_courses": _prior(case),
        "reirradiation": _review(advice),
        "records": _records(option, advice, limits),
        "notices": tuple(f"{n.title}: {n.text}" for n in advice.notices),
        "intended_use": INTENDED_USE,
        "stamps": Stamps(
            case_sha256=advice.case_sha256,
            knowledge_version=advice.knowledge_version,
            software_version=__version__,
            policy_id=engine.order.id,
            signatures_site=engine.library.signatures.site if engine.library.signatures else None,
            watermark=advice.watermark,
        ),
    }
    return _with_records(Directive.model_validate(draft))


def sign(
    directive: Directive,
    advice: Advice,
    option_id: str,
    *,
    by: str,
    reason: str,
    date: dt.date | None = None,
    role: str | None = None,
    override: bool = False,
) -> Directive:
    """The Directive with its decision, signed and sealed.

    Parameters
    ----------
    directive : as proposed
    advice : the advice it came from
    option_id : the option chosen, or the nearest one of an override
    by, role, reason : who decided, as what, and why
    date : day of the decision; the case's ``as_of`` when left out

    Raises
    ------
    Blocked : an urgent rule or gate is unknown, a gate holds, the option is not eligible, or a dose is not sourced
    UsageError : name, reason or date missing
    """
    option = advice.option(option_id)
    if option is None:
        raise UsageError("There is no such option.", code="unknown-option", path=option_id)
    if not by.strip() or not reason.strip():
        raise UsageError("A Directive is signed by a named person with a reason.", code="signature-incomplete")
    day = date or advice.as_of
    if day is None:
        raise UsageError("The day of the decision is not known.", code="no-date", fix="Set as_of in the case.")
    _refuse_blocked(advice, option, override, directive)
    certainty, directness = option.certainty, option.directness
    if override:
        certainty, directness = "not_graded", "general"
    first = next((o for o in advice.options if o.rank == 1), None)
    disagreements = {(d.record, d.says) for s in (*option.why, *option.reasons_for) for d in s.disagrees}
    decision = Decision(
        option_id=option.id,
        label=_label(directive) if override else option.label,
        override=override,
        override_of=first.id if override and first else None,
        reason=reason.strip(),
        by=by.strip(),
        role=role,
        date=day,
        certainty=certainty,
        directness=directness,
        disagreements=tuple(Disagreement(source_id=r, says=s) for r, s in sorted(disagreements)),
    )
    signed = seal(_with_records(directive.model_copy(update={"status": "signed", "decision": decision})))
    problems = check_directive(signed)
    if problems:
        worst = problems[0]
        raise DirectiveRefused(worst.message, code=worst.code, path=worst.path, fix=worst.fix, problems=problems)
    return signed


def _with_records(directive: Directive) -> Directive:
    """The Directive with every record it cites in its list of records."""
    records = tuple(sorted({*directive.records, *cited_records(directive)}))
    return directive.model_copy(update={"records": records})


def _refuse_blocked(advice: Advice, option: Option, override: bool, directive: Directive) -> None:
    stops = [n for n in advice.notices if n.state == "unknown" or n.kind == "gate"]
    if stops and (option.technique != "none" or any(n.state == "unknown" for n in stops)):
        titles = "; ".join(f"{'NOT EXCLUDED: ' if n.state == 'unknown' else ''}{n.title}" for n in stops)
        raise Blocked(
            f"Signing is blocked: {titles}.", code="signing-blocked",
            fix="Answer what is unknown, or settle what holds, and run advise again.",
        )  # fmt: skip
    if option.status != "eligible" and not override:
        why = option.why[0].text if option.why else "nothing indicates it"
        raise Blocked(
            f"The option is {option.status}: {why}", code="not-eligible", path=option.id,
            fix="Choose an eligible option, or record an override with its reason.",
        )  # fmt: skip
    if any(level.dose_gy is None or level.fractions is None for level in directive.levels):
        raise Blocked(
            "A dose level lacks a sourced dose or number of fractions.", code="dose-not-sourced", path=option.id,
            fix="Give the exact dose as an override with its reason, or choose another option.",
        )  # fmt: skip


def _exact(regimen: Regimen, chosen: DoseRegimen | SibRegimen | None, override: bool) -> Regimen:
    if chosen is None:
        return regimen
    doses = tuple(dose.gy for dose in chosen.levels) if isinstance(chosen, SibRegimen) else (chosen.dose.gy,)
    if len(doses) != len(regimen.levels):
        raise UsageError(
            "The number of dose levels differs from the option's.", code="levels-differ", path=regimen.id,
            fix="Choose the option with as many levels.",
        )  # fmt: skip
    if not override:
        for dose, level in zip(doses, regimen.levels, strict=True):
            low = level.dose_gy if level.dose_gy is not None else level.dose_low_gy
            high = level.dose_gy if level.dose_gy is not None else level.dose_high_gy
            few = level.fractions if level.fractions is not None else level.fractions_low
            many = level.fractions if level.fractions is not None else level.fractions_high
            inside = low is not None and high is not None and low <= dose <= high
            if not (inside and few is not None and many is not None and few <= chosen.fractions <= many):
                raise UsageError(
                    "This dose lies outside the option.", code="outside-option", path=regimen.id,
                    fix="Sign it as an override with its reason.",
                )  # fmt: skip
    return regimen_with(regimen, doses, chosen.fractions)


def _plain_field(engine: Engine, regimen: Regimen, stated: Mapping[str, str]) -> PlainField | None:
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


def _label(directive: Directive) -> str:
    doses = " / ".join(f"{level.dose_gy:g} Gy" for level in directive.levels if level.dose_gy is not None)
    return f"{doses} in {directive.fractions} ({directive.technique})" if doses else "no radiotherapy"


def _blockers(regimen: Regimen, rows: tuple[LimitRow, ...]) -> tuple[str, ...]:
    found = [
        f"{row.roi}: {'no binding limit' if row.state != 'cannot tell' else 'limit cannot be told'} ({row.why})"
        for row in rows
        if row.neural and row.state in ("no limit", "cannot tell")
    ]
    if regimen.technique == "none":
        found.append("no radiotherapy is given")
    if any(level.dose_gy is None or level.fractions is None for level in regimen.levels):
        found.append("a dose level lacks a sourced dose or number of fractions")
    return tuple(dict.fromkeys(found))


def _no_limit(row: LimitRow) -> NoLimit:
    return NoLimit(
        roi=row.roi, defined_on=row.defined_on, fractions=row.fractions, neural=row.neural, why=row.why,
        candidates=row.candidates or ((row.limit_id,) if row.limit_id else ()),
    )  # fmt: skip


def _limit(row: LimitRow, regimen: Regimen) -> Limit:
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


def _site(case: Case) -> Site:
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


def _volumes(advice: Advice, regimen: Regimen, volume: str | None) -> tuple[Volume, ...]:
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


def _boost(engine: Engine, advice: Advice, regimen: Regimen) -> tuple[Volume, ...]:
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


def _timing(advice: Advice) -> Timing:
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


def _follow_up(engine: Engine) -> tuple[FollowUp, ...]:
    return tuple(
        FollowUp(
            what=item["what"],
            weeks=item["weeks"],
            says=item["says"],
            source_id=item["source"]["id"] if item["source"] else None,
        )
        for item in engine.directive_policy["follow_up"]
    )


def _prior(case: Case) -> tuple[PriorCourse, ...]:
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


def _review(advice: Advice) -> Mapping[str, Any] | None:
    if advice.reirradiation is None:
        return None
    return {key: advice.reirradiation[key] for key in ("factors", "overall", "assumption")}


def _records(option: Option, advice: Advice, limits: tuple[Limit, ...]) -> tuple[str, ...]:
    found = set(option.records)
    for statement in (*option.why, *option.reasons_for, *option.reasons_against):
        found |= set(statement.records)
    for choice in advice.volumes:
        found |= set(choice.statement.records)
    for limit in limits:
        found |= {limit.limit_id, limit.source_id}
    if advice.timing is not None:
        found |= {mark.record for mark in advice.timing.marks}
    return tuple(sorted(found))
