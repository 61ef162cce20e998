"""`advise`: everything Portico says about one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico import __version__
from portico.advice.engine import Engine
from portico.advice.kleene import Truth
from portico.advice.limits import limit_rows
from portico.advice.model import (
    Advice,
    Missing,
    Notice,
    Option,
    Outcome,
    Settle,
    Statement,
    Timing,
    VolumeChoice,
)
from portico.advice.order import Candidate, find_band, order_keys, rank
from portico.advice.reirradiation import review
from portico.advice.settle import Found, settle_option
from portico.advice.survival import estimates_of, survival_flag
from portico.advice.timing import clock_state, dated_marks, state_text, wound_condition
from portico.advice.why_order import would_change
from portico.case import Case, latest_surgery
from portico.directive import sha256_of
from portico.knowledge import Library, Regimen

__all__ = ["advise"]

NO_TRIAL = (
    "No step of radiotherapy after surgery for a non-spine bone metastasis rests on randomised evidence: the one randomised trial "
    "found was withdrawn before it enrolled anyone."
)
ONE_TRIAL = (
    "In the spine one randomised trial compared surgery with radiotherapy against radiotherapy alone; the choice of dose, technique "
    "and timing after surgery has not been randomised in any study of this library."
)


def advise(case: Case, library: Library | Engine) -> Advice:
    """Options, notices, timing and volumes for one case.

    Example
    -------
    >>> from portico.case import case_from
    >>> from portico.knowledge import load_library
    >>> advice = advise(case_from({"schema": "case/1"}), load_library())
    >>> advice.exit_status  # nothing is known, so nothing urgent is excluded
    1

    Parameters
    ----------
    case : a case that has passed its checks; unknown fields stay unknown
    library : the loaded library, or an engine built from one (warm)

    Returns
    -------
    Advice; its ``exit_status`` is 1 while an urgent state holds or is not excluded
    """
    engine = library if isinstance(library, Engine) else Engine(library)
    row = case.row()
    truth = engine.truths(row)
    status = engine.statuses(truth)
    site = row["site_region"]
    band = find_band(engine.order, row)
    candidates: dict[str, Candidate] = {}
    reasons: dict[str, tuple[tuple[Statement, ...], tuple[Statement, ...]]] = {}
    for key, regimen in engine.regimens.items():
        reasons[key] = (_reasons(engine, truth, key, "prefer"), _reasons(engine, truth, key, "caution"))
        if status[key] == "eligible":
            candidates[key] = Candidate(regimen, *reasons[key])
    keys = {key: order_keys(engine.order, candidate, row, band) for key, candidate in candidates.items()}
    ranks = rank(keys)
    settled: Found = {}
    options = [
        _option(
            engine, case, row, truth, regimen, status[key], reasons[key], keys.get(key, ()), ranks.get(key), settled
        )
        for key, regimen in engine.regimens.items()
    ]
    place = {"eligible": 0, "undetermined": 1, "not eligible": 2}
    options.sort(key=lambda o: (place[o.status], o.rank or 0))
    notices = _notices(engine, truth, row)
    return Advice(
        label=case.label,
        as_of=case.as_of,
        case_sha256=sha256_of(case.to_dict()),
        knowledge_version=engine.library.version,
        software_version=__version__,
        watermark=engine.library.watermark,
        row=row,
        notices=notices,
        options=tuple(options),
        order_steps=tuple(says for _, says in engine.order.steps),
        band=band,
        why_this_order=_why(band.label, band.id is not None, engine),
        would_change=would_change(engine, candidates, row, band, keys),
        timing=_timing(engine, case, row, truth),
        volumes=_volumes(engine, truth, row),
        volume_notes=_statements(engine, truth, "volume", named=False),
        alongside=_statements(engine, truth, "alongside", named=None),
        reirradiation=review(engine, case, row),
        missing=_missing(engine, row, truth, status),
        evidence_note=_evidence_note(site),
        survival=estimates_of(case),
        survival_flag=survival_flag(case),
        levels=(case.index_lesion.levels or ()) if case.index_lesion else (),
        rules=truth,
    )


def _why(label: str, told: bool, engine: Engine) -> str:
    steps = "; then ".join(says for _, says in engine.order.steps)
    band = f"Intent band: {label}." if told else "The intent band cannot be told, so options are not ordered by intent."
    return (
        f"{band} Steps, one after the other: {steps}. What is equal after the last step is a tie. Dose is not a step."
    )


def _evidence_note(site: str | None) -> Statement:
    spine = Statement(ONE_TRIAL, ("patchell-2005",), "low", "post_operative", "evidence")
    other = Statement(NO_TRIAL, ("nct04109937-explore", "keit-2025"), "low", "post_operative", "evidence")
    if site is None:  # both may be meant
        return Statement(
            f"{NO_TRIAL} {ONE_TRIAL}", (*other.records, *spine.records), "low", "post_operative", "evidence"
        )
    return spine if site == "spine" else other


def _reasons(engine: Engine, truth: Mapping[str, Truth], regimen: str, kind: str) -> tuple[Statement, ...]:
    return tuple(engine.statements[key] for key in engine.pointing[kind].get(regimen, ()) if truth[key])


def _statements(engine: Engine, truth: Mapping[str, Truth], kind: str, *, named: bool | None) -> tuple[Statement, ...]:
    """True statements of a kind; ``named`` picks volume rules with (True) or without (False) a recipe."""
    return tuple(
        engine.statements[key]
        for key, rule in engine.rules.items()
        if rule.kind == kind and truth[key] and (named is None or (rule.volume is not None) == named)
    )


def _notices(engine: Engine, truth: Mapping[str, Truth], row: Mapping[str, Any]) -> tuple[Notice, ...]:
    found: list[Notice] = []
    for kind in ("urgent", "gate"):
        for state in (True, None):
            for key, rule in engine.rules.items():
                if rule.kind != kind or truth[key] is not state:
                    continue
                unknown = [name for name in sorted(engine.columns_of[key]) if row.get(name) is None]
                found.append(
                    Notice(
                        rule=key,
                        kind=kind,
                        state="true" if state else "unknown",
                        title=rule.title or rule.id,
                        text=rule.says,
                        ask=tuple(engine.columns[name].ask for name in unknown) if state is None else (),
                        records=engine.statements[key].records,
                    )
                )
    return tuple(found)


def _option(
    engine: Engine,
    case: Case,
    row: Mapping[str, Any],
    truth: Mapping[str, Truth],
    regimen: Regimen,
    status: str,
    reasons: tuple[tuple[Statement, ...], tuple[Statement, ...]],
    keys: tuple[Any, ...],
    ranked: tuple[int, bool] | None,
    settled: Found,
) -> Option:
    formula = engine.formulas[regimen.id]
    settle: tuple[Settle, ...] = ()
    if status == "eligible":
        why = [r for r in formula.indications if truth[r]]
    elif status == "undetermined":
        why = [r for r in (*formula.stops, *formula.indications) if truth[r] is None]
        settle = settle_option(engine, formula, row, settled)
    else:
        why = [r for r in formula.stops if truth[r]] or [r for r in formula.indications if truth[r] is False]
    shown = status != "not eligible"
    site = row["site_region"]
    outcomes: tuple[Outcome, ...] = engine.outcomes(regimen.id, site) if shown and site else ()
    indicating = [engine.rules[r] for r in formula.indications if truth[r]]
    certainty = max(
        (r.certainty for r in indicating), key=engine.order.certainty_rank.__getitem__, default="not_graded"
    )
    return Option(
        id=regimen.id,
        label=regimen.label,
        technique=regimen.technique,
        course=regimen.course,
        intent=regimen.intent,
        status=status,  # type: ignore[arg-type]  # one of the three literals of STATUS
        signable=regimen.signable,
        rank=ranked[0] if ranked else None,
        tied=ranked[1] if ranked else False,
        why=tuple(engine.statements[r] for r in why),
        settle=settle,
        reasons_for=reasons[0] if shown else (),
        reasons_against=reasons[1] if shown else (),
        certainty=certainty,
        directness=regimen.directness,
        verified=regimen.verified,
        outcomes=outcomes,
        levels=engine.levels[regimen.id],
        visits=regimen.visits,
        limits=limit_rows(engine, regimen, case, row) if shown and regimen.technique != "none" else (),
        order=keys,
        note=regimen.note,
        records=(regimen.id, *(source.id for source in regimen.sources)),
        pooled=engine.pooled(regimen.id, site) if shown and site else (),
    )


def _timing(engine: Engine, case: Case, row: Mapping[str, Any], truth: Mapping[str, Truth]) -> Timing | None:
    region = row["site_region"]
    clock = next(
        (rule for key, rule in engine.rules.items() if rule.kind == "timing" and rule.marks and truth[key]),
        None,
    )
    if region is None or clock is None:
        return None
    surgery = latest_surgery(case)
    date = surgery.date if surgery else None
    ready, wound = wound_condition(row)
    marks = {str(mark["name"]): int(mark["day"]) for mark in clock.marks}
    state = clock_state(region, row["days_since_surgery"], marks, wound_ready=ready)
    notes = (
        engine.statements[key]
        for key, rule in engine.rules.items()
        if rule.kind == "timing" and truth[key] and not rule.marks
    )
    return Timing(
        region=region,
        state=state,
        text=state_text(state),
        days_since_surgery=row["days_since_surgery"],
        surgery_date=date,
        wound=wound,
        marks=dated_marks(clock, date),
        statements=(engine.statements[clock.id], *notes),
    )


def _volumes(engine: Engine, truth: Mapping[str, Truth], row: Mapping[str, Any]) -> tuple[VolumeChoice, ...]:
    rules = [
        r for k, r in engine.rules.items() if r.kind == "volume" and truth[k] and r.volume and not engine.targets[k]
    ]
    offered = [str(rule.volume) for rule in rules]
    default = engine.directive_policy["volume_default"]
    site = row["site_region"]
    wanted = default.get(site)
    if wanted not in offered:
        wanted = default.get(f"{site}_without_hardware")
    return tuple(
        VolumeChoice(recipe=str(rule.volume), proposed=rule.volume == wanted, statement=engine.statements[rule.id])
        for rule in rules
    )


def _missing(
    engine: Engine, row: Mapping[str, Any], truth: Mapping[str, Truth], status: Mapping[str, str]
) -> tuple[Missing, ...]:
    """Unknown inputs that something shown waits for: notices, options, reasons of options still open, statements."""
    waits: dict[str, set[str]] = {}
    blocking: set[str] = set()
    options: dict[str, int] = {}
    alive = {key for key, state in status.items() if state != "not eligible"}
    undetermined = {key for key, state in status.items() if state == "undetermined"}
    for key, rule in engine.rules.items():
        if truth[key] is not None:
            continue
        targets = engine.targets[key]
        decides = rule.kind in ("indication", "contraindication") and targets & undetermined
        reasons = rule.kind in ("prefer", "caution") and targets & alive
        if not (decides or reasons or rule.kind in ("urgent", "gate", "timing", "volume", "alongside")):
            continue
        for name in engine.columns_of[key]:
            if row.get(name) is None:
                waits.setdefault(name, set()).add(key)
                if rule.kind in ("urgent", "gate"):
                    blocking.add(name)
    for key in undetermined:
        formula = engine.formulas[key]
        unknown = (r for r in (*formula.stops, *formula.indications) if truth[r] is None)
        for name in {name for rule_id in unknown for name in engine.columns_of[rule_id] if row.get(name) is None}:
            options[name] = options.get(name, 0) + 1
    found = [
        Missing(name, engine.columns[name].ask, len(rules), options.get(name, 0), name in blocking)
        for name, rules in waits.items()
    ]
    return tuple(sorted(found, key=lambda m: (not m.blocks_signing, -m.options, -m.rules, m.column)))
