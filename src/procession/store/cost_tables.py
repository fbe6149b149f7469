"""Tables of what work costs. Money is whole picodollars (1e-12 of a dollar), so that every sum is exact.

A call belongs to the hour in which it was reserved, however late it is settled: in its rollup and in every budget's
window. Nothing personal stands here: ids, counts and money. Rows outlive the analyses they name, as a bill does.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, text

from procession.store.columns import UtcDateTime, metadata

_TOKENS = ("input", "cached", "written", "image", "output")


def _counts() -> tuple[Column[int], ...]:
    return tuple(Column(f"{kind}_tokens", BigInteger, nullable=False, default=0) for kind in _TOKENS)


ai_calls = Table(
    "ai_calls",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("analysis_id", String(40)),
    Column("purpose", String(20), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("model", String(200), nullable=False),  # as it was asked for
    Column("served_model", String(200)),  # as the provider says
    Column("model_version", String(60)),  # of the registry
    Column("prompt_version", String(60)),
    Column("tier", String(16), nullable=False),
    Column("price_version", String(120), nullable=False),
    Column("rates", JSON, nullable=False),  # money per million tokens, list and effective, as decimal text
    Column("status", String(10), nullable=False),
    *_counts(),
    Column("reserved_pico", BigInteger, nullable=False),
    Column("list_pico", BigInteger, nullable=False, default=0),
    Column("effective_pico", BigInteger, nullable=False, default=0),
    Column("client_request_id", String(80), nullable=False, unique=True),
    Column("provider_request_id", String(200)),
    Column("batch_id", String(200)),  # the provider's, when it was sent in a file of many
    Column("reason", String(200)),  # why it is unknown or was released
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),  # of the reservation, while it is not settled
    Column("sent_at", UtcDateTime),
    Column("ended_at", UtcDateTime),  # settled or released; null while money is set aside
)
_OPEN = text("ended_at IS NULL")
Index(
    "ix_ai_calls_open",
    ai_calls.c.status,
    ai_calls.c.expires_at,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index("ix_ai_calls_analysis_id", ai_calls.c.analysis_id)
Index("ix_ai_calls_reserved_at", ai_calls.c.reserved_at)

# limits that somebody set; `tenant` is `*` for all tenants together
budgets = Table(
    "budgets",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("period", String(8), nullable=False),
    Column("limit_pico", BigInteger, nullable=False),
    Column("warn_percent", Integer),
    Column("degrade_percent", Integer),
    Column("stop_percent", Integer),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("deleted_at", UtcDateTime),
)
_LIVE = text("deleted_at IS NULL")
Index(
    "uq_budgets_tenant_period_live",
    budgets.c.tenant,
    budgets.c.period,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)

# what each tenant, and `*`, has spent and reserved in each hour, day and month, whether it has a budget or not
budget_windows = Table(
    "budget_windows",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("period", String(8), primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True),
    Column("reserved_pico", BigInteger, nullable=False),
    Column("spent_pico", BigInteger, nullable=False),
)

usage_rollups = Table(
    "usage_rollups",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("hour", UtcDateTime, primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("provider", String(64), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("tier", String(16), primary_key=True),
    Column("purpose", String(20), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    *_counts(),
    Column("list_pico", BigInteger, nullable=False),
    Column("effective_pico", BigInteger, nullable=False),
)
Index("ix_usage_rollups_hour", usage_rollups.c.hour)

# the same since the beginning, for counters that must survive restarts
usage_totals = Table(
    "usage_totals",
    metadata,
    Column("region", String(64), primary_key=True),
    Column("provider", String(64), primary_key=True),
    Column("model", String(200), primary_key=True),
    Column("tier", String(16), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    *_counts(),
    Column("list_pico", BigInteger, nullable=False),
    Column("effective_pico", BigInteger, nullable=False),
)

# one for each window and action: what a budget, or a spike, made us do
cost_decisions = Table(
    "cost_decisions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),  # whose budget it was
    Column("period", String(8), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("action", String(10), nullable=False),
    Column("cause", String(10), nullable=False),  # budget or spike
    Column("reason", String(300), nullable=False),
    Column("until", UtcDateTime),
    Column("limit_pico", BigInteger, nullable=False),
    Column("used_pico", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),  # calls it touched since
    Column("decided_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)
Index(
    "uq_cost_decisions_window",
    cost_decisions.c.tenant,
    cost_decisions.c.period,
    cost_decisions.c.starts_at,
    cost_decisions.c.cause,
    cost_decisions.c.action,
    unique=True,
)

# what work used beside AI, in whole units named by the kind, so that sums are exact; priced when it is shown
resource_rollups = Table(
    "resource_rollups",
    metadata,
    Column("tenant", String(64), primary_key=True),  # `*`: nobody's, such as idle capacity
    Column("hour", UtcDateTime, primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)
Index("ix_resource_rollups_hour", resource_rollups.c.hour)

# how far what happened was counted, by who counts
meter_marks = Table(
    "meter_marks",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)
