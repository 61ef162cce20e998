"""The limits that an option brings: which organs are asked about, and which published row binds for each.

Organs are listed by where the target lies (house policy). The knowledge room picks the row; an organ without one comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from portico.advice.engine import Engine
from portico.advice.model import LimitRow
from portico.case import Case
from portico.knowledge import Course, Regimen, ResolvedLimit

__all__ = ["limit_rows", "organs_of", "regimen_with"]

_SEGMENTS = ("cervical", "thoracic", "thoracolumbar", "lumbar", "sacral")


def _segment(level: str) -> str:
    letter, number = level[0], int(level[1:])
    if letter == "C":
        return "cervical"
    if letter == "S":
        return "sacral"
    if letter == "T":
        return "thoracic" if number <= 10 else "thoracolumbar"
    return "thoracolumbar" if number <= 2 else "lumbar"


def organs_of(engine: Engine, case: Case, row: Mapping[str, Any]) -> tuple[str, ...]:
    """TG-263 names of the organs that are asked about; neural ones first.

    Where the level or the conus is not known both cord and cauda equina are listed.

    Parameters
    ----------
    engine : gives the policy's lists
    case, row : the case and its flat row
    """
    lists: Mapping[str, Sequence[str]] = engine.directive_policy["organs"]
    neural: Sequence[str] = engine.directive_policy["neural"]
    lesion = case.index_lesion
    if row["site_region"] != "spine":
        bone = row["bone"]
        return tuple(lists[bone if bone in lists else "other"])
    levels = (lesion.levels or ()) if lesion else ()
    wanted = {_segment(level) for level in levels} or ({"sacral"} if row["bone"] == "sacrum" else set())
    found = [organ for segment in _SEGMENTS if segment in wanted for organ in lists[segment]]
    below = row["below_conus"]
    if below is not True:
        found.append("SpinalCord")
    if below is not False:
        found.append("CaudaEquina")
    if below is True:
        found = [organ for organ in found if organ != "SpinalCord"]
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda organ: organ not in neural))


def regimen_with(regimen: Regimen, doses: Sequence[float], fractions: int) -> Regimen:
    """The regimen with exact doses (Gy, highest level first) and fractions."""
    levels = tuple(
        replace(level, dose_gy=dose, fractions=fractions) for level, dose in zip(regimen.levels, doses, strict=True)
    )
    return replace(regimen, levels=levels, visits=fractions)


def limit_rows(engine: Engine, regimen: Regimen, case: Case, row: Mapping[str, Any]) -> tuple[LimitRow, ...]:
    """Limits of a regimen for this case, organs without one first.

    Parameters
    ----------
    engine : compiled library
    regimen : with radiotherapy; dose and fractions may be null, and then nothing can be told
    case, row : the case and its flat row; ``prior_rt_at_site`` unknown gives ``cannot tell``
    """
    main = regimen.levels[0]
    course = Course(regimen.technique, main.fractions, main.dose_gy)
    organs = organs_of(engine, case, row)
    key = (course, organs, row["prior_rt_at_site"])
    if key not in engine.limit_cache:
        resolved = engine.library.limits_for(course, organs, prior_rt=row["prior_rt_at_site"])
        engine.limit_cache[key] = tuple(_row(item) for item in resolved)
    return engine.limit_cache[key]


def _row(item: ResolvedLimit) -> LimitRow:
    limit = item.limit
    why = item.why if not item.covers else f"{item.why} The row also stands for {', '.join(item.covers)}."
    if limit is None:
        return LimitRow(
            roi=item.roi, defined_on=None, metric=None, op=None, value=None, unit=None, fractions=item.fractions,
            state=item.state, limit_id=None, source=None, verified=None, kind=None, neural=item.neural,
            scope=item.scope, setting=None, signed_by=None, why=why, candidates=item.candidates,
        )  # fmt: skip
    return LimitRow(
        roi=item.roi,
        defined_on=limit.defined_on,
        metric=limit.metric,
        op=limit.op,
        value=limit.value,
        unit=limit.unit,
        fractions=item.fractions,
        state=item.state,
        limit_id=limit.id,
        source=limit.source_id,
        verified=limit.verified,
        kind=limit.kind,
        neural=item.neural,
        scope=item.scope,
        setting=limit.setting,
        signed_by=item.signed_by,
        why=why,
        candidates=item.candidates,
    )
