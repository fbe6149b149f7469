"""Tables of webhooks: receivers, and what is sent to them. Addresses and secrets are sealed, bodies hold ids only."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from procession.store.columns import UtcDateTime, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(40), primary_key=True),  # also names the key that seals its address and secrets
    Column("tenant", String(64), nullable=False),
    Column("url_sealed", LargeBinary, nullable=False),
    Column("secrets_sealed", LargeBinary, nullable=False),
    Column("events", JSON, nullable=False),  # types, sorted
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", String(40)),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # how it fares; never journaled, and the version does not rise
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("rest_until", UtcDateTime),
    # the place in the journal up to which deliveries were made
    Column("read_xid", BigInteger, nullable=False),
    Column("read_sequence", BigInteger, nullable=False),
)
Index("ix_webhooks_tenant_id", webhooks.c.tenant, webhooks.c.id)
Index("ix_webhooks_enabled_id", webhooks.c.enabled, webhooks.c.id)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("webhook_id", String(40), ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", String(40), nullable=False),
    Column("event_type", String(60), nullable=False),
    Column("aggregate_id", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("owner", String(80)),  # the process (`workers.id`) that is sending it
    Column("response_code", Integer),
    Column("error", String(40)),
    Column("tried_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)
Index(
    "uq_webhook_deliveries_webhook_id_event_id",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.event_id,
    unique=True,
)
Index("ix_webhook_deliveries_webhook_id_id", webhook_deliveries.c.webhook_id, webhook_deliveries.c.id)
_OPEN = text("state IN ('waiting', 'failed')")
Index(
    "ix_webhook_deliveries_open",
    webhook_deliveries.c.webhook_id,
    webhook_deliveries.c.next_at,
    webhook_deliveries.c.id,
    webhook_deliveries.c.owner,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
_OWNED = text("owner IS NOT NULL")
Index(
    "ix_webhook_deliveries_owned",
    webhook_deliveries.c.owner,
    webhook_deliveries.c.webhook_id,
    sqlite_where=_OWNED,
    postgresql_where=_OWNED,
)
