"""All tables. One transaction shape on SQLite and PostgreSQL; times are aware UTC, stored as such.

Personal data never stands here: file names are sealed, documents, results, corrections and responses are encrypted
objects named by reference.
"""

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
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from procession.store import (  # noqa: F401 in the same collection of tables
    ai_tables,
    cost_tables,
    model_tables,
    webhook_tables,
)
from procession.store.columns import UtcDateTime as UtcDateTime
from procession.store.columns import metadata as metadata

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),  # keyed hash of the bytes
    Column("key_id", String(40), nullable=False),
    Column("blob_ref", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("page_count", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)
Index(
    "uq_documents_tenant_fingerprint_live",
    documents.c.tenant,
    documents.c.fingerprint,
    unique=True,
    sqlite_where=text("erased_at IS NULL"),
    postgresql_where=text("erased_at IS NULL"),
)
Index(  # one document per key: recording an upload and giving it up for lost cannot both succeed
    "uq_documents_key_id", documents.c.key_id, unique=True
)

# names of objects whose records were erased, until they are deleted: a crash in between forgets none
deletions = Table("deletions", metadata, Column("name", String(200), primary_key=True))

# names of objects that are being written, until what names them for good is recorded; overdue ones become deletions
intents = Table(
    "intents",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
)
Index("ix_intents_due_at", intents.c.due_at)

batches = Table(
    "batches",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("files_expected", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)

Index("ix_batches_tenant_id", batches.c.tenant, batches.c.id)

analyses = Table(
    "analyses",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("document_id", String(40), ForeignKey("documents.id"), nullable=False),
    Column("batch_id", String(40), ForeignKey("batches.id")),
    Column("priority", String(16), nullable=False),
    Column("options", JSON, nullable=False),
    Column("engine_version", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("pages_done", Integer, nullable=False, default=0),
    Column("pages_total", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False),
    Column("fence", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("pass_number", Integer, nullable=False, default=1),
    Column("created_at", UtcDateTime, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),  # ready from then on; start of this wait
    Column("rung_at", UtcDateTime),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("lease_owner", String(80)),
    Column("lease_expires_at", UtcDateTime),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("result_ref", String(200)),
    Column("result_digest", String(64)),
    Column("review_ref", String(200)),
    Column("form_id", String(40)),
    Column("fields_found", Integer),
    Column("fields_flagged", Integer),
    Column("confidence", Float),
    Column("degraded", Boolean, nullable=False, default=False),
    Column("reused_from", String(40)),
    Column("error_code", String(40)),
    Column("error_message", String(500)),
    Column("usage", JSON, nullable=False, default=dict),
    Column("file_name_sealed", LargeBinary, nullable=False),
    Column("erased_at", UtcDateTime),
    Column("template_id", String(40)),  # the approved form it was read by
    Column("deadline_at", UtcDateTime),  # null in rows of before 0008
    Column("buried_at", UtcDateTime),  # a failure an operator has as final
)
Index(
    "ix_analyses_template_id",
    analyses.c.template_id,
    sqlite_where=text("template_id IS NOT NULL"),
    postgresql_where=text("template_id IS NOT NULL"),
)
_READY = text("state = 'pending'")
_LEASED = text("state = 'processing'")
_FAILED = text("state = 'failed'")
Index(
    "ix_analyses_ready",
    analyses.c.priority,
    analyses.c.tenant,
    analyses.c.run_at,
    analyses.c.id,  # this and the state cover what relay and queue view ask, every second or so
    analyses.c.state,
    sqlite_where=_READY,
    postgresql_where=_READY,
)
Index(
    "ix_analyses_leased",
    analyses.c.lease_expires_at,
    analyses.c.tenant,  # covers counting what runs, by tenant and by class
    analyses.c.priority,
    analyses.c.state,
    sqlite_where=_LEASED,
    postgresql_where=_LEASED,
)
Index(
    "ix_analyses_failed",
    analyses.c.id,
    analyses.c.buried_at,
    sqlite_where=_FAILED,
    postgresql_where=_FAILED,
)
Index("ix_analyses_tenant_id", analyses.c.tenant, analyses.c.id)
Index("ix_analyses_tenant_state_id", analyses.c.tenant, analyses.c.state, analyses.c.id)
Index("ix_analyses_batch_id", analyses.c.batch_id, analyses.c.state)
Index("ix_analyses_document_id", analyses.c.document_id)

attempts = Table(
    "attempts",
    metadata,
    Column("analysis_id", String(40), ForeignKey("analyses.id"), primary_key=True),
    Column("fence", Integer, primary_key=True),
    Column("worker", String(80), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(20)),  # the trigger that ended it
    Column("error_code", String(40)),
    Column("reason", String(500)),
)

events = Table(
    "events",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False, unique=True),
    Column("tenant", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("aggregate_type", String(20), nullable=False),
    Column("aggregate_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String(60), nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
    Column("trace_id", String(32)),
    Column("schema_version", Integer, nullable=False),
    Column("data", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("xid", BigInteger),  # PostgreSQL writes it itself: the transaction, for reading behind the horizon
    UniqueConstraint("aggregate_type", "aggregate_id", "version"),
    Index("ix_events_tenant_sequence", "tenant", "sequence"),  # PostgreSQL: (tenant, xid, sequence)
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("route", String(80), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("resource_id", String(40)),  # null while the first request is in flight
    Column("created_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime, nullable=False),
    Column("owner", String(80)),  # of `workers`: who serves the request; null from code of before 0017
)
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)

forms = Table(
    "forms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("analysis_id", String(40), ForeignKey("analyses.id"), nullable=False, unique=True),
    Column("key_id", String(40), nullable=False),  # the document's key: erased with it
    Column("definition_ref", String(200), nullable=False),
    Column("title_sealed", LargeBinary, nullable=False),
    Column("share_hash", String(64), nullable=False, unique=True),  # SHA-256 of the link's token
    Column("share_sealed", LargeBinary, nullable=False),
    Column("open", Boolean, nullable=False, default=True),
    Column("fields_count", Integer, nullable=False),
    Column("responses_count", Integer, nullable=False, default=0),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)
Index("ix_forms_tenant_id", forms.c.tenant, forms.c.id)

form_responses = Table(
    "form_responses",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("form_id", String(40), ForeignKey("forms.id"), nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("response_ref", String(200), nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
)
Index("ix_form_responses_form_id_id", form_responses.c.form_id, form_responses.c.id)

page_images = Table(
    "page_images",
    metadata,
    Column("document_id", String(40), ForeignKey("documents.id"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("blob_ref", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("layout_hash", String(64), nullable=False),  # keyed hash of the blank pages' words and places
    Column("pages", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)
Index(
    "uq_templates_tenant_region_layout_hash_live",
    templates.c.tenant,
    templates.c.region,
    templates.c.layout_hash,
    unique=True,
    sqlite_where=text("erased_at IS NULL"),
    postgresql_where=text("erased_at IS NULL"),
)
Index("ix_templates_tenant_region_updated_at", templates.c.tenant, templates.c.region, templates.c.updated_at)

# one per approved form a template was made of; the newest speaks for it, each is sealed under its document's key
template_sources = Table(
    "template_sources",
    metadata,
    Column("analysis_id", String(40), ForeignKey("analyses.id"), primary_key=True),
    Column("template_id", String(40), ForeignKey("templates.id"), nullable=False),
    Column("form_id", String(40), nullable=False),
    Column("body_ref", String(200), nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
)
Index("ix_template_sources_template_id_approved_at", template_sources.c.template_id, template_sources.c.approved_at)

template_bands = Table(
    "template_bands",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("band", String(32), primary_key=True),  # keyed hash of some numbers of a page's sketch
    Column("analysis_id", String(40), primary_key=True),
)
Index("ix_template_bands_analysis_id", template_bands.c.analysis_id)

# counts only: no tenant, no document, no words, so nothing here is personal and an erasure has nothing to find
review_outcomes = Table(
    "review_outcomes",
    metadata,
    Column("day", String(10), primary_key=True),  # 2026-05-04, UTC
    Column("engine_version", String(40), primary_key=True),
    Column("source", String(20), primary_key=True),
    Column("type", String(20), primary_key=True),
    Column("confidence_percent", Integer, primary_key=True),  # the engine's own
    Column("outcome", String(20), primary_key=True),
    Column("fields", Integer, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    Column("version", String(60), primary_key=True),
    Column("engine_version", String(40), nullable=False),
    Column("knots", JSON, nullable=False),
    Column("decisions", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# what an operator decided about a class of work, and about a tenant's; no row: nothing
class_controls = Table(
    "class_controls",
    metadata,
    Column("priority", String(16), primary_key=True),
    Column("paused", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
)
tenant_controls = Table(
    "tenant_controls",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(40), nullable=False, unique=True),  # the aggregate's, in the journal
    Column("paused", Boolean, nullable=False),
    Column("running_max", Integer),
    Column("waiting_max", Integer),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("actor", String(120), nullable=False),
)

# one per process that runs, or ran a moment ago; refreshed by its heartbeat, never journaled
workers = Table(
    "workers",
    metadata,
    Column("id", String(80), primary_key=True),  # of one start of one process; `analyses.lease_owner` names it
    Column("role", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(40), nullable=False),
    Column("region", String(64), nullable=False),
    Column("keys_digest", String(64), nullable=False),  # the same for all processes that open each other's documents
    Column("slots", Integer, nullable=False),
    Column("busy", Integer, nullable=False),
    Column("service_seconds", Float),  # of one analysis, as it measured
    Column("draining", Boolean, nullable=False),  # it stops
    Column("drain_requested", Boolean, nullable=False),  # somebody wants it to claim no more; it obeys at its next beat
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

# work that one process at a time does for all, until it no longer says so
duties = Table(
    "duties",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# one row: the schema's revision, and the oldest revision whose code still runs on it
schema_compatibility = Table(
    "schema_compatibility",
    metadata,
    Column("revision", String(32), primary_key=True),
    Column("code_from", String(32), nullable=False),
)
