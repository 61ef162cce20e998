"""From an option to a proposed Directive, and what stands against planning from it.

`propose` fills a Directive from the option, the case and the policy. A choice outside the offered options is possible:
it is an override, and `sign` (in the module beside this one) records its reason like any other.
"""

from __future__ import annotations

from collections.abc import Mapping

from portico import __version__
from portico.advice.directive_parts import (
    boost_volumes,
    follow_up_of,
    limit_of,
    no_limit_of,
    plain_field_of,
    prior_courses_of,
    review_of,
    site_of,
    timing_of,
    volumes_of,
)
from portico.advice.engine import Engine
from portico.advice.limits import limit_rows, regimen_with
from portico.advice.model import Advice, LimitRow, Option
from portico.case import Case
from portico.directive import (
    Directive,
    Level,
    Limit,
    Stamps,
    cited_records,
)
from portico.errors import UsageError
from portico.intended_use import INTENDED_USE
from portico.knowledge import Regimen
from portico.reading import did_you_mean
from portico.units import Regimen as DoseRegimen
from portico.units import SibRegimen

__all__ = ["propose", "with_records"]

_TARGET = {"target": "PTV", "boost": "PTV_High", "elective": "PTV_Low"}


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
    no_limit = tuple(no_limit_of(row) for row in rows if row.state in ("no limit", "cannot tell"))
    limits = tuple(limit_of(row, regimen) for row in rows if row.value is not None)
    blockers = _blockers(regimen, rows)
    draft = {
        "schema": "directive/1",
        "id": f"{regimen.id}-{advice.case_sha256[:8]}",
        "status": "proposed",
        "for_planning": not blockers,
        "blockers_for_planning": blockers,
        "site": site_of(case),
        "technique": regimen.technique,
        "course": regimen.course,
        "levels": tuple(
            Level(name=level.name, roi=_TARGET[level.name], dose_gy=level.dose_gy, fractions=level.fractions)  # type: ignore[arg-type]
            for level in regimen.levels
        ),
        "no_limit": no_limit,
        "limits": limits,
        "volumes": (*boost_volumes(engine, advice, regimen), *volumes_of(advice, regimen, volume)),
        "plain_field": plain_field_of(engine, regimen, plain_field or {}),
        "timing": timing_of(advice),
        "follow_up": follow_up_of(engine, advice.row["site_region"]),
        "prior_courses": prior_courses_of(case),
        "reirradiation": review_of(advice),
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
    return with_records(Directive.model_validate(draft))


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


def with_records(directive: Directive) -> Directive:
    """The Directive with every record it cites in its list of records."""
    records = tuple(sorted({*directive.records, *cited_records(directive)}))
    return directive.model_copy(update={"records": records})
