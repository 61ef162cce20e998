"""Sign-in: sessions, attempts to sign in, and the moment at which a case was closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of sign-in."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(190), nullable=False),
        sa.Column("name", sa.String(190), nullable=True),
        sa.Column("roles", sa.String(200), nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("to", sa.String(400), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
    op.add_column("cases", sa.Column("closed_at", sa.String(32), nullable=True))


def downgrade() -> None:
    """Remove them; everybody is signed out, and every case is open."""
    op.drop_column("cases", "closed_at")
    op.drop_table("sign_ins")
    op.drop_table("sessions")
