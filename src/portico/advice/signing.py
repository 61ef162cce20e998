"""Signing: a named person takes a proposed Directive as decided, with a reason; the result is sealed."""

from __future__ import annotations

import datetime as dt

from portico.advice.model import Advice, Option
from portico.advice.proposal import with_records
from portico.directive import Decision, Directive, Disagreement, check_directive, seal
from portico.errors import Blocked, DirectiveRefused, UsageError

__all__ = ["sign"]


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
    signed = seal(with_records(directive.model_copy(update={"status": "signed", "decision": decision})))
    problems = check_directive(signed)
    if problems:
        raise DirectiveRefused.from_problems(problems)
    return signed


def _refuse_blocked(advice: Advice, option: Option, override: bool, directive: Directive) -> None:
    stops = advice.stops
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


def _label(directive: Directive) -> str:
    doses = " / ".join(f"{level.dose_gy:g} Gy" for level in directive.levels if level.dose_gy is not None)
    return f"{doses} in {directive.fractions} ({directive.technique})" if doses else "no radiotherapy"
