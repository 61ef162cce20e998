"""Feedback on cards, stored: what was accepted, what was overridden and why, each with its entry in the audit log."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.engine import Row

from portico.directive import canonical_json
from portico.errors import InputRefused, Problem
from portico.service import tables
from portico.service.audit import append, digest_of, now
from portico.service.cds_hooks_ids import CardNames
from portico.service.storage import Store, guarded

__all__ = ["as_plain", "feedback_of", "save_feedback"]

MOST: Final = 100
LONGEST_COMMENT: Final = 2_000


def save_feedback(store: Store, names: CardNames, service: str, body: Mapping[str, Any], *, client: str) -> int:
    """Store feedback that holds; all of it or nothing. The same feedback twice is stored once.

    Parameters
    ----------
    names : tell which card a name was given to
    service : id of the service
    body : as sent, checked against the rules
    client : who sent it

    Returns
    -------
    how many elements were new

    Raises
    ------
    InputRefused : ``unknown-card``, ``too-many``, ``too-long``
    Unavailable : nothing was stored
    """
    elements = body["feedback"]
    if len(elements) > MOST:
        raise InputRefused(f"At most {MOST} elements of feedback are taken at once.", code="too-many")
    rows = [_row(names, service, one, f"feedback[{i}]", client) for i, one in enumerate(elements)]
    table, added = tables.cds_feedback, 0
    with guarded(), store.engine.begin() as connection:
        for row in rows:
            known = select(table.c.id).where(table.c.digest == row["digest"])
            if connection.execute(known).first() is not None:
                continue
            connection.execute(insert(table).values(row))
            subject = f"cds-feedback/{row['id']}"
            append(connection, by=client[:200], action="cds-feedback", subject=subject, digest=row["digest"])
            added += 1
    return added


def _row(names: CardNames, service: str, one: Mapping[str, Any], at: str, client: str) -> dict[str, Any]:
    topic = names.topic(one["card"])
    suggestions = [names.topic(s["id"]) for s in one.get("acceptedSuggestions", ())]
    if topic is None or any(name is None for name in suggestions):
        raise InputRefused.from_problems((Problem("unknown-card", "This card or suggestion was not given here.", at),))
    reason = one.get("overrideReason", {})
    coding, comment = reason.get("reason", {}), reason.get("userComment")
    texts = (comment or "", coding.get("code", ""), coding.get("system", ""))
    if any(len(text) > most for text, most in zip(texts, (LONGEST_COMMENT, 200, 400), strict=True)):
        raise InputRefused.from_problems((Problem("too-long", "A reason or comment is too long.", at),))
    row = {
        "service": service,
        "card": one["card"].lower(),
        "topic": topic,
        "outcome": one["outcome"],
        "suggestions": canonical_json(suggestions).decode("utf-8"),
        "reason_code": coding.get("code"),
        "reason_system": coding.get("system"),
        "comment": comment,
        "outcome_at": one["outcomeTimestamp"],
        "client": client[:200],
    }
    return {"id": secrets.token_hex(8), **row, "at": now(), "digest": stored_digest(row)}


def stored_digest(row: Mapping[str, Any]) -> str:
    """Digest of one element as it stands in the table."""
    return digest_of(
        *(row[key] for key in (
            "service", "card", "topic", "outcome", "suggestions", "reason_code", "reason_system", "comment", "outcome_at", "client",
        ))
    )  # fmt: skip


def feedback_of(store: Store, *, most: int = 1000) -> Sequence[Row[Any]]:
    """Feedback, newest first."""
    table = tables.cds_feedback
    with guarded(), store.reader.connect() as connection:
        return connection.execute(select(table).order_by(table.c.at.desc(), table.c.id).limit(most)).all()


def as_plain(row: Row[Any]) -> dict[str, Any]:
    """One element of feedback as plain data; what the user typed stays text."""
    return {
        "id": row.id, "service": row.service, "card": row.card, "topic": row.topic, "outcome": row.outcome,
        "suggestions": json.loads(row.suggestions), "reason": row.reason_code, "reason_system": row.reason_system,
        "comment": row.comment, "outcome_at": row.outcome_at, "client": row.client, "at": row.at,
    }  # fmt: skip
