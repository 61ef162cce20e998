"""Every record that a Directive rests on."""

from __future__ import annotations

from collections.abc import Iterator

from portico.directive.model import Directive

__all__ = ["cited_records"]


def cited_records(directive: Directive) -> tuple[str, ...]:
    """Ids of the studies, limits and rules that stand anywhere in the Directive, sorted, each once.

    ``records`` of the Directive must hold at least these. Candidates of an organ without limit are included.
    """
    return tuple(sorted({record for record in _all(directive) if record is not None}))


def _all(directive: Directive) -> Iterator[str | None]:
    for level in directive.levels:
        for goal in level.goals:
            yield goal.source_id
    for limit in directive.limits:
        yield limit.limit_id
        yield limit.source_id
    for entry in directive.no_limit:
        yield from entry.candidates
    for volume in directive.volumes:
        yield volume.rule_id
        yield from volume.source_ids
    for mark in directive.timing.marks:
        yield mark.source_id
    for look in directive.follow_up:
        yield look.source_id
    for factor in directive.reirradiation.factors if directive.reirradiation else ():
        yield from factor.source_ids
    for dissent in directive.decision.disagreements if directive.decision else ():
        yield dissent.source_id
