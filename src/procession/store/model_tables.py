"""Tables of models: versions, deployments and what came of them, as counts without tenant, document or words."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from procession.store.columns import UtcDateTime, metadata

models = Table(
    "models",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("name", String(80), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("provider", String(64)),
    Column("model", String(120)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    UniqueConstraint("purpose", "name"),
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("model_id", String(40), ForeignKey("models.id"), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("number", Integer, nullable=False),
    Column("prompt_version", String(40)),
    Column("file_ref", String(200)),
    Column("file_digest", String(64)),
    Column("file_bytes", BigInteger),
    Column("status", String(12), nullable=False),
    Column("evaluation", JSON),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),  # who registered it
    Column("version", Integer, nullable=False),
    UniqueConstraint("model_id", "number"),
)
_LIVE = text("status = 'live'")
Index(
    "uq_model_versions_purpose_live",
    model_versions.c.purpose,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)

model_deployments = Table(
    "model_deployments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("version_id", String(40), ForeignKey("model_versions.id"), nullable=False),
    Column("baseline_id", String(40)),
    Column("share_percent", Float, nullable=False),
    Column("promotes", Boolean, nullable=False),
    Column("forced", String(500)),
    Column("state", String(12), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(120)),
    Column("reason", String(500)),
    Column("looks", JSON, nullable=False),  # refreshed with the reason at each look, never journaled
    Column("version", Integer, nullable=False),
)
_RUNNING = text("state = 'running'")
Index(
    "uq_model_deployments_purpose_running",
    model_deployments.c.purpose,
    unique=True,
    sqlite_where=_RUNNING,
    postgresql_where=_RUNNING,
)
Index("ix_model_deployments_purpose_id", model_deployments.c.purpose, model_deployments.c.id)

# counts only, as in review_outcomes; spread over shards, so that many answers at once wait for no one row
model_outcomes = Table(
    "model_outcomes",
    metadata,
    Column("deployment_id", String(40), primary_key=True),  # empty: no trial ran
    Column("version_id", String(40), primary_key=True),
    Column("evidence", String(12), primary_key=True),
    Column("shard", Integer, primary_key=True),
    Column("documents", BigInteger, nullable=False),
    Column("fields", BigInteger, nullable=False),
    Column("fields_right", BigInteger, nullable=False),
    Column("fields_squared", BigInteger, nullable=False),
    Column("right_squared", BigInteger, nullable=False),
    Column("right_by_fields", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("latency_seconds", Float, nullable=False),
    Column("latency_logs", Float, nullable=False),
    Column("latency_logs_squared", Float, nullable=False),
    Column("under_1_s", BigInteger, nullable=False),
    Column("under_3_s", BigInteger, nullable=False),
    Column("under_10_s", BigInteger, nullable=False),
    Column("under_30_s", BigInteger, nullable=False),
    Column("under_120_s", BigInteger, nullable=False),
    Column("billed", BigInteger, nullable=False),
    Column("cost_pico", BigInteger, nullable=False),
    Column("cost_logs", Float, nullable=False),
    Column("cost_logs_squared", Float, nullable=False),
)
