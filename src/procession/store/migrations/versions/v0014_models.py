"""Versions of models, their shares of the work, and what came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

code_from = "0010"
"""Older code knows none of these tables and misses none."""

_COUNTS = (
    "documents",
    "fields",
    "fields_right",
    "fields_squared",
    "right_squared",
    "right_by_fields",
    "failed",
    "calls",
)
_UNDER = ("under_1_s", "under_3_s", "under_10_s", "under_30_s", "under_120_s")


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _sums(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("provider", sa.String(length=64)),
        sa.Column("model", sa.String(length=120)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("purpose", "name", name=op.f("uq_models_purpose_name")),
    )
    op.create_table(
        "model_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("prompt_version", sa.String(length=40)),
        sa.Column("file_ref", sa.String(length=200)),
        sa.Column("file_digest", sa.String(length=64)),
        sa.Column("file_bytes", sa.BigInteger()),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("evaluation", sa.JSON()),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_model_versions_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("model_id", "number", name=op.f("uq_model_versions_model_id_number")),
    )
    live = sa.text("status = 'live'")
    op.create_index(
        "uq_model_versions_purpose_live",
        "model_versions",
        ["purpose"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "model_deployments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("baseline_id", sa.String(length=40)),
        sa.Column("share_percent", sa.Float(), nullable=False),
        sa.Column("promotes", sa.Boolean(), nullable=False),
        sa.Column("forced", sa.String(length=500)),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.String(length=120)),
        sa.Column("reason", sa.String(length=500)),
        sa.Column("looks", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["model_versions.id"], name=op.f("fk_model_deployments_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_deployments")),
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "uq_model_deployments_purpose_running",
        "model_deployments",
        ["purpose"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("ix_model_deployments_purpose_id", "model_deployments", ["purpose", "id"], unique=False)
    op.create_table(
        "model_outcomes",
        sa.Column("deployment_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=12), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        *_counts(*_COUNTS),
        *_sums("latency_seconds", "latency_logs", "latency_logs_squared"),
        *_counts(*_UNDER, "billed", "cost_pico"),
        *_sums("cost_logs", "cost_logs_squared"),
        sa.PrimaryKeyConstraint("deployment_id", "version_id", "evidence", "shard", name=op.f("pk_model_outcomes")),
    )


def downgrade() -> None:
    op.drop_table("model_outcomes")
    op.drop_table("model_deployments")
    op.drop_table("model_versions")
    op.drop_table("models")
