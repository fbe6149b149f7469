"""Questions to AI providers wait, are sent and answered, under no lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

code_from = "0010"
"""Older code counts what is parked as running; it neither claims nor rescues it, for it has no lease."""


def upgrade() -> None:
    op.create_table(
        "ai_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("analysis_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("input_ref", sa.String(length=200), nullable=False),
        sa.Column("picture_refs", sa.JSON(), nullable=False),
        sa.Column("prefix_key", sa.String(length=64), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("output_tokens_max", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=48)),
        sa.Column("owner", sa.String(length=80)),
        sa.Column("provider", sa.String(length=64)),
        sa.Column("model", sa.String(length=120)),
        sa.Column("tier", sa.String(length=16)),
        sa.Column("version_id", sa.String(length=60)),
        sa.Column("tried", sa.JSON(), nullable=False),
        sa.Column("answer_ref", sa.String(length=200)),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.String(length=200)),
        sa.Column("deferred_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.id"], name=op.f("fk_ai_requests_analysis_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_requests")),
    )
    still_open = sa.text("state IN ('waiting', 'sent', 'answered', 'deferred')")
    op.create_index(
        "ix_ai_requests_open",
        "ai_requests",
        ["state", "prefix_key", "ready_at", "priority"],
        unique=False,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_ai_requests_analysis_id", "ai_requests", ["analysis_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ai_requests")
