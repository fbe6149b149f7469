"""Work can be paused, capped, re-prioritised and buried; deadlines travel with the job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
code_from = "0007"


def upgrade() -> None:
    op.add_column("analyses", sa.Column("deadline_at", sa.DateTime(timezone=True)))
    op.add_column("analyses", sa.Column("buried_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_analyses_failed",
        "analyses",
        ["id", "buried_at"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_table(
        "class_controls",
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("priority", name=op.f("pk_class_controls")),
    )
    op.create_table(
        "tenant_controls",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("running_max", sa.Integer()),
        sa.Column("waiting_max", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_tenant_controls")),
        sa.UniqueConstraint("id", name=op.f("uq_tenant_controls_id")),
    )


def downgrade() -> None:
    op.drop_table("tenant_controls")
    op.drop_table("class_controls")
    op.drop_index("ix_analyses_failed", "analyses")
    op.drop_column("analyses", "buried_at")
    op.drop_column("analyses", "deadline_at")
