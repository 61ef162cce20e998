"""What would change the order: the policy is run again with one answer changed at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portico.advice.engine import Engine
from portico.advice.model import Band, OrderStep
from portico.advice.order import ANSWERS_IN_STEPS, Candidate, find_band, first, order_keys

__all__ = ["would_change"]

NOTHING = "No single answer would change what comes first."


_Told = Mapping[str, tuple[OrderStep, ...]]


def _firsts(
    engine: Engine, candidates: Mapping[str, Candidate], row: Mapping[str, Any], band: Band, now: _Told
) -> tuple[str, ...]:
    """Labels of what comes first; of the steps told ``now``, those that no answer changes are taken over."""
    keys = {key: order_keys(engine.order, candidate, row, band, told=now[key]) for key, candidate in candidates.items()}
    return tuple(engine.regimens[key].label for key in first(keys))


def _answers(engine: Engine, name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Other answers to one lever, in words and as changes of the row.

    Survival is one question with two columns; the answers are one value inside each band of the policy.
    """
    column = engine.columns[name]
    if name == "survival_months_low":
        return
    if name == "survival_months_high":
        for low, high, words in engine.order.survival_answers:
            yield f"expected survival {words}", {"survival_months_low": low, "survival_months_high": high}
    elif column.type == "enum":
        for value in column.values:
            yield f"{column.meaning}: {value.replace('_', ' ')}", {name: value}
    elif column.type == "bool":
        for flag in (True, False):
            yield f"{column.meaning}: {'yes' if flag else 'no'}", {name: flag}
    else:
        visits = sorted({r.visits for r in engine.regimens.values() if r.visits})
        for limit in visits:
            yield f"at most {limit} visit{'' if limit == 1 else 's'}", {name: limit}


def would_change(
    engine: Engine, candidates: Mapping[str, Candidate], row: Mapping[str, Any], band: Band, keys: _Told
) -> tuple[str, ...]:
    """Sentences "X would put Y first", one per answer that changes what comes first.

    Parameters
    ----------
    engine : compiled library
    candidates : the eligible options with the reasons that hold
    row : the case's row
    band : the band that holds now
    keys : the steps of each candidate as they are now

    Returns
    -------
    sentences in the order of the policy's levers; one sentence that says so when nothing changes the first place; empty
    without an eligible option
    """
    if not candidates:
        return ()
    told = tuple((name, *(step.key for step in keys[name])) for name in candidates)
    return engine.kept_order(
        (told, *(row.get(name) for name in engine.order_reads)),
        lambda: _would_change(engine, candidates, row, band, keys),
    )


def _would_change(
    engine: Engine, candidates: Mapping[str, Candidate], row: Mapping[str, Any], band: Band, keys: _Told
) -> tuple[str, ...]:
    now = tuple(engine.regimens[key].label for key in first(keys))
    known: dict[Any, tuple[str, ...]] = {}
    found: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for name in engine.order.levers:
        for words, changes in _answers(engine, name, row):
            if all(row.get(key) == value for key, value in changes.items()):
                continue
            other = {**row, **changes}
            place = find_band(engine.order, other)
            same = (place, *(other.get(key) for key in ANSWERS_IN_STEPS))
            firsts = known.get(same) or _firsts(engine, candidates, other, place, keys)
            known[same] = firsts
            if firsts != now and firsts not in seen:
                seen.add(firsts)
                shown = "; ".join(firsts[:3]) + (f" and {len(firsts) - 3} more" if len(firsts) > 3 else "")
                found.append(f"{words[0].upper()}{words[1:]} would put first: {shown}.")
    return tuple(found) or (NOTHING,)
