"""Tables of what is asked of AI providers: ids, counts and states; questions and answers are sealed objects."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, text

from procession.store.columns import UtcDateTime, metadata

ai_requests = Table(
    "ai_requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("analysis_id", String(40), ForeignKey("analyses.id"), nullable=False),
    Column("document_id", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("fence", Integer, nullable=False),  # of the analysis, which the result is written under
    Column("purpose", String(20), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("input_ref", String(200), nullable=False),
    Column("picture_refs", JSON, nullable=False),
    Column("prefix_key", String(64), nullable=False),
    Column("tokens_in", Integer, nullable=False),  # estimate
    Column("output_tokens_max", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("ready_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("call_id", String(48)),
    Column("owner", String(80)),  # of `workers`
    Column("provider", String(64)),
    Column("model", String(120)),
    Column("tier", String(16)),
    Column("version_id", String(60)),
    Column("tried", JSON, nullable=False),
    Column("answer_ref", String(200)),
    Column("sent_at", UtcDateTime),
    Column("reason", String(200)),
    Column("deferred_at", UtcDateTime),
)
_OPEN = text("state IN ('waiting', 'sent', 'answered', 'deferred')")
Index(
    "ix_ai_requests_open",
    ai_requests.c.state,
    ai_requests.c.prefix_key,
    ai_requests.c.ready_at,
    ai_requests.c.priority,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index("ix_ai_requests_analysis_id", ai_requests.c.analysis_id)
