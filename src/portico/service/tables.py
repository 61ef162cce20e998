"""Tables of the service; each is made and removed by a migration, never by the service itself."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

__all__ = [
    "audit",
    "case_versions",
    "cases",
    "cds_feedback",
    "checks",
    "directives",
    "jobs",
    "metadata",
    "sessions",
    "sign_ins",
]

metadata: Final = MetaData()

cases: Final = Table(
    "cases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_at", String(32), nullable=False),
    Column("closed_at", String(32), nullable=True),
)
"""One row a case: the number of its newest version, by which two people who write at once are told apart; and when it
was closed, None while it is open."""

case_versions: Final = Table(
    "case_versions",
    metadata,
    Column("case_id", String(32), ForeignKey("cases.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Text, nullable=False),
    Column("answers", Text, nullable=True),
    Column("digest", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("by", String(200), nullable=False),
)
"""Every version of a case as canonical JSON; ``answers`` holds those of the form, None for a case from a file."""

directives: Final = Table(
    "directives",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("case_id", String(32), ForeignKey("cases.id"), nullable=False),
    Column("case_version", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", String(32), nullable=False),
)
"""Signed Directives; the hash is their seal."""

checks: Final = Table(
    "checks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("directive_hash", String(64), ForeignKey("directives.hash"), nullable=False),
    Column("status", Integer, nullable=False),
    Column("page", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", String(32), nullable=False),
)
"""Checks of plans: the report as it was made, and the exit status that the command would have ended with."""

audit: Final = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("by", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("hash"),
)
"""The audit log: each entry holds the hash of the one before; the database refuses to change or remove one."""

jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    Column("by", String(200), nullable=False),
    Column("request", Text, nullable=False),
    Column("key", String(64), nullable=True),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cancel", Integer, nullable=False),
    Column("worker", String(64), nullable=True),
    Column("seen_at", String(32), nullable=True),
    Column("result", Text, nullable=True),
    Column("digest", String(64), nullable=True),
    Column("created_at", String(32), nullable=False),
    Column("started_at", String(32), nullable=True),
    Column("ended_at", String(32), nullable=True),
    UniqueConstraint("key"),
    Index("jobs_by_state", "state", "created_at"),
)
"""Long work: what was asked, who works on it and when that worker was seen last, and what it gave or refused."""

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("subject", String(190), nullable=False),
    Column("name", String(190), nullable=True),
    Column("roles", String(200), nullable=False),
    Column("began_at", String(32), nullable=False),
    Column("seen_at", String(32), nullable=False),
)
"""Who is signed in; the id is the SHA-256 of what the browser holds, so that a copy of the table opens no session."""

sign_ins: Final = Table(
    "sign_ins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("to", String(400), nullable=False),
    Column("at", String(32), nullable=False),
)
"""Attempts to sign in that were sent to the provider and have not come back; each can come back once."""

cds_feedback: Final = Table(
    "cds_feedback",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("card", String(36), nullable=False),
    Column("topic", String(100), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("suggestions", Text, nullable=False),
    Column("reason_code", String(200), nullable=True),
    Column("reason_system", String(400), nullable=True),
    Column("comment", Text, nullable=True),
    Column("outcome_at", String(40), nullable=False),
    Column("client", String(200), nullable=False),
    Column("at", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("digest"),
)
"""What became of the cards of CDS Hooks; ``topic`` says what the card was about, for the card itself is not stored."""
