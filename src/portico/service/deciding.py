"""A decision: an option of the advice, chosen by a named person with a reason, becomes a sealed Directive."""

from __future__ import annotations

from collections.abc import Mapping

from portico.advice import Advice, Engine, propose, sign
from portico.case import Case
from portico.directive import Directive
from portico.errors import UsageError
from portico.service.people import Person
from portico.units import parse_regimen, parse_sib

__all__ = ["decided"]


def decided(
    case: Case,
    advice: Advice,
    engine: Engine,
    person: Person,
    *,
    option: str | None,
    by: str | None,
    reason: str | None,
    role: str | None = None,
    dose: str | None = None,
    override: bool = False,
    volume: str | None = None,
    plain_field: Mapping[str, str] | None = None,
) -> Directive:
    """The signed Directive.

    Parameters
    ----------
    person : who is signed in; nobody signs for another. Where nobody signs in, ``by`` counts
    option, volume, plain_field : see :func:`portico.advice.propose`
    dose : exact dose of an option that is a range, or of an override; None takes the option's own
    override : the dose lies outside the option

    Raises
    ------
    UsageError : ``no-option``, ``empty-text``, and what proposing and signing refuse
    QuantityRefused : a dose that is none
    Blocked : what stands against signing
    """
    named = person.signature if person.signed_in else by
    if not option:
        raise UsageError("Choose an option.", code="no-option", path="option")
    for name, text, ask in (("by", named, "Say who decides."), ("reason", reason, "Give the reason.")):
        if not text or not text.strip():
            raise UsageError(ask, code="empty-text", path=name)
    chosen = None
    if dose:
        chosen = parse_sib(dose, path="dose") if "+" in dose else parse_regimen(dose, path="dose")
    proposed = propose(
        case, advice, engine, option, chosen=chosen, volume=volume, plain_field=plain_field or {}, override=override
    )
    return sign(proposed, advice, option, by=named or "", reason=reason or "", role=role, override=override)
