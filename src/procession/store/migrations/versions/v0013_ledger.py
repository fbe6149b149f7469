"""What work costs: a ledger of paid calls, budgets and their windows, usage by hour, what was decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

code_from = "0010"
"""Older code knows none of these tables and misses none."""

_TOKENS = ("input", "cached", "written", "image", "output")


def _counts() -> list[sa.Column[int]]:
    return [sa.Column(f"{kind}_tokens", sa.BigInteger(), nullable=False) for kind in _TOKENS]


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def _money(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    _calls()
    _budgets()
    _rollups()
    _resources()


def _calls() -> None:
    op.create_table(
        "ai_calls",
        _text("id", 40),
        _text("tenant", 64),
        _text("region", 64),
        _text("analysis_id", 40, nullable=True),
        _text("purpose", 20),
        _text("provider", 64),
        _text("model", 200),
        _text("served_model", 200, nullable=True),
        _text("model_version", 60, nullable=True),
        _text("prompt_version", 60, nullable=True),
        _text("tier", 16),
        _text("price_version", 120),
        sa.Column("rates", sa.JSON(), nullable=False),
        _text("status", 10),
        *_counts(),
        _money("reserved_pico"),
        _money("list_pico"),
        _money("effective_pico"),
        _text("client_request_id", 80),
        _text("provider_request_id", 200, nullable=True),
        _text("batch_id", 200, nullable=True),
        _text("reason", 200, nullable=True),
        _moment("reserved_at"),
        _moment("expires_at"),
        _moment("sent_at", nullable=True),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_calls")),
        sa.UniqueConstraint("client_request_id", name=op.f("uq_ai_calls_client_request_id")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_ai_calls_open",
        "ai_calls",
        ["status", "expires_at"],
        unique=False,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_ai_calls_analysis_id", "ai_calls", ["analysis_id"], unique=False)
    op.create_index("ix_ai_calls_reserved_at", "ai_calls", ["reserved_at"], unique=False)


def _budgets() -> None:
    op.create_table(
        "budgets",
        _text("id", 40),
        _text("tenant", 64),
        _text("period", 8),
        _money("limit_pico"),
        sa.Column("warn_percent", sa.Integer()),
        sa.Column("degrade_percent", sa.Integer()),
        sa.Column("stop_percent", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("updated_at"),
        _text("actor", 120),
        _moment("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    live = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_budgets_tenant_period_live",
        "budgets",
        ["tenant", "period"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "budget_windows",
        _text("tenant", 64),
        _text("period", 8),
        _moment("starts_at"),
        _money("reserved_pico"),
        _money("spent_pico"),
        sa.PrimaryKeyConstraint("tenant", "period", "starts_at", name=op.f("pk_budget_windows")),
    )
    op.create_table(
        "cost_decisions",
        _text("id", 40),
        _text("tenant", 64),
        _text("period", 8),
        _moment("starts_at"),
        _text("action", 10),
        _text("cause", 10),
        _text("reason", 300),
        _moment("until", nullable=True),
        _money("limit_pico"),
        _money("used_pico"),
        sa.Column("times", sa.Integer(), nullable=False),
        _moment("decided_at"),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_decisions")),
    )
    op.create_index(
        "uq_cost_decisions_window",
        "cost_decisions",
        ["tenant", "period", "starts_at", "cause", "action"],
        unique=True,
    )


def _rollups() -> None:
    op.create_table(
        "usage_rollups",
        _text("tenant", 64),
        _moment("hour"),
        _text("region", 64),
        _text("provider", 64),
        _text("model", 200),
        _text("tier", 16),
        _text("purpose", 20),
        _money("calls"),
        *_counts(),
        _money("list_pico"),
        _money("effective_pico"),
        sa.PrimaryKeyConstraint(
            *("tenant", "hour", "region", "provider", "model", "tier", "purpose"), name=op.f("pk_usage_rollups")
        ),
    )
    op.create_index("ix_usage_rollups_hour", "usage_rollups", ["hour"], unique=False)
    op.create_table(
        "usage_totals",
        _text("region", 64),
        _text("provider", 64),
        _text("model", 200),
        _text("tier", 16),
        _money("calls"),
        *_counts(),
        _money("list_pico"),
        _money("effective_pico"),
        sa.PrimaryKeyConstraint("region", "provider", "model", "tier", name=op.f("pk_usage_totals")),
    )


def _resources() -> None:
    op.create_table(
        "resource_rollups",
        _text("tenant", 64),
        _moment("hour"),
        _text("region", 64),
        _text("kind", 24),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "hour", "region", "kind", name=op.f("pk_resource_rollups")),
    )
    op.create_index("ix_resource_rollups_hour", "resource_rollups", ["hour"], unique=False)
    op.create_table(
        "meter_marks",
        _text("name", 40),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        _moment("read_at"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meter_marks")),
    )


def downgrade() -> None:
    for table in ("meter_marks", "resource_rollups"):
        op.drop_table(table)
    for table in ("usage_totals", "usage_rollups", "cost_decisions", "budget_windows", "budgets", "ai_calls"):
        op.drop_table(table)
