"""What became of fields in reviews, counted without tenant or document, and the calibrations made of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_outcomes",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("engine_version", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("confidence_percent", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("fields", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "engine_version", "source", "type", "confidence_percent", "outcome", name=op.f("pk_review_outcomes")
        ),
    )
    op.create_table(
        "calibrations",
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("engine_version", sa.String(length=40), nullable=False),
        sa.Column("knots", sa.JSON(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calibrations")),
    )


def downgrade() -> None:
    op.drop_table("calibrations")
    op.drop_table("review_outcomes")
