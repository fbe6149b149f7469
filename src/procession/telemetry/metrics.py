"""Every Prometheus metric: name, unit, help. Base units; no tenant and no job is ever a label."""

from __future__ import annotations

import math
from collections.abc import Iterable

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 600, 3600)
_BYTES = (10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000)

QUEUE_LENGTH = Gauge(
    "redis_queue_length",
    "Analyses that could start now, by priority; work deferred by a retry is not counted.",
    ["priority"],
)
OLDEST_READY = Gauge(
    "procession_queue_oldest_ready_seconds", "How long the oldest analysis that could start waits.", ["priority"]
)
JOBS = Counter(
    "pdf_processing_jobs_total",
    "Analyses whose machine work ended, by outcome (completed, requires_review, failed, cancelled).",
    ["region", "status", "priority"],
)
FAILURES = Counter("pdf_processing_failures_total", "Analyses that failed for good, by problem code.", ["reason"])
RETRIES = Counter("procession_retries_total", "Analyses that were scheduled to be tried again, by why.", ["reason"])
WORKERS = Gauge("pdf_processing_workers_total", "Documents that can be analysed at once, all processes together.")
WORKERS_AVAILABLE = Gauge("pdf_processing_workers_available", "Of these, how many are free.")
ACCURACY = Gauge(
    "field_extraction_accuracy",
    "Share of fields, in reviews finished during the last 30 days, whose type, label, options and value the reviewer "
    "left as they were found; fields that were missed count against it. Read from the record, so a restart keeps it.",
)
REVIEW_OUTCOMES = Gauge(
    "procession_review_fields",
    "Fields in reviews finished during the last 30 days, by type and by what became of them (kept, reworded, retyped, "
    "rejected, added).",
    ["type", "outcome"],
)
JOB_SECONDS = Histogram(
    "procession_job_duration_seconds", "Time of one analysis in the sandbox.", ["priority"], buckets=_SECONDS
)
QUEUE_WAIT_SECONDS = Histogram(
    "procession_queue_wait_seconds", "From when an analysis could start until it did.", ["priority"], buckets=_SECONDS
)
PAGES = Counter("procession_pages_total", "Pages analysed, by where their words came from.", ["source"])
KNOWN_FORMS = Counter(
    "procession_known_forms_total",
    "Documents recognised as a copy of an approved form, by whether it was the same or a changed edition.",
    ["verdict"],
)
UPLOAD_BYTES = Histogram("procession_upload_bytes", "Size of accepted documents.", buckets=_BYTES)
UPLOADS_REFUSED = Counter(
    "procession_uploads_refused_total", "Uploads refused by admission, by problem code.", ["reason"]
)
REDIS_UP = Gauge(
    "procession_redis_up",
    "Whether this process reaches Redis (1), or finds its work in SQL meanwhile (0); not a number where none is used.",
)
WORKER_BUSY = Gauge("procession_worker_busy", "Documents in the sandbox of this process now.")
WORKER_SHORT_OF_MEMORY = Gauge(
    "procession_worker_short_of_memory",
    "Whether this worker claims nothing because another analysis might not fit into memory (1), or does (0).",
)
LEASES_EXPIRED = Counter("procession_leases_expired_total", "Claims whose lease ran out.")
LOOP_FAILURES = Counter(
    "procession_maintenance_failures_total", "Passes of a maintenance loop that failed and were tried again.", ["loop"]
)
BLOB_SECONDS = Histogram(
    "procession_blob_request_duration_seconds",
    "Requests to an S3-compatible object store, each attempt, by verb (put, create, get, size, delete) and outcome "
    "(ok, exists, not_found, refused, unavailable).",
    ["verb", "outcome"],
    buckets=_SECONDS,
)
BLOB_RETRIES = Counter(
    "procession_blob_retries_total",
    "Failed requests to the object store that were worth another attempt, by whether the process' retry budget granted "
    "one.",
    ["verb", "granted"],
)
HTTP_SECONDS = Histogram(
    "procession_http_request_duration_seconds",
    "From a request's head to the end of its answer, by the route's template; event streams are left out.",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
EVENT_STREAMS = Gauge("procession_event_streams", "Open event streams of this process.")
WEBHOOKS = Counter(
    "procession_webhook_attempts_total",
    "Attempts to send a webhook, by what came of it (delivered, failed: tried again later, given_up).",
    ["outcome"],
)
WEBHOOK_SECONDS = Histogram(
    "procession_webhook_attempt_duration_seconds",
    "One attempt to send a webhook, from finding the address to the end of the answer.",
    buckets=_SECONDS,
)
WEBHOOKS_IN_FLIGHT = Gauge("procession_webhooks_in_flight", "Webhooks on their way from this process now.")
_MODEL = ["region", "provider", "model", "tier"]
AI_COST = Gauge(
    "ai_processing_cost_dollars",
    "What settled calls to AI providers cost since the beginning; never falls. Read from the ledger, so a restart "
    "keeps it, and every process tells the same.",
    _MODEL,
)
AI_LIST_COST = Gauge(
    "procession_ai_list_cost_dollars",
    "What the same tokens cost at the standard tier's list price; never falls.",
    _MODEL,
)
AI_SETTLED = Gauge("procession_ai_settled_calls", "Calls that were settled since the beginning; never falls.", _MODEL)
AI_TOKENS = Gauge(
    "procession_ai_tokens",
    "Tokens that were charged since the beginning, by kind (input, cached, written, image, output); never falls.",
    [*_MODEL, "kind"],
)
AI_OPEN = Gauge(
    "procession_ai_open_calls",
    "Calls that are not settled: reserved, sent, or unknown, which may have been billed and nobody knows.",
    ["status"],
)
AI_SET_ASIDE = Gauge("procession_ai_set_aside_dollars", "The most that these calls can cost.", ["status"])
AI_UNKNOWN_OLDEST = Gauge(
    "procession_ai_unknown_oldest_seconds", "Age of the oldest call of which nobody knows whether it was billed."
)
BUDGET_LIMIT = Gauge(
    "procession_ai_budget_limit_dollars", "Budget of all tenants together, where there is one.", ["period"]
)
BUDGET_USED = Gauge(
    "procession_ai_budget_used_dollars",
    "What all tenants together have spent and set aside in the current hour, day and month (UTC).",
    ["period", "state"],
)

OF_LEDGER = (
    *(AI_COST, AI_LIST_COST, AI_SETTLED, AI_TOKENS, AI_OPEN, AI_SET_ASIDE, AI_UNKNOWN_OLDEST),
    *(BUDGET_LIMIT, BUDGET_USED),
)
"""Told by `procession costs` and `procession up`, from the ledger."""
OF_ALL = (QUEUE_LENGTH, OLDEST_READY, WORKERS, WORKERS_AVAILABLE, ACCURACY, REVIEW_OUTCOMES)
"""What every process that tells it reads from the same record: take the greatest of them, never the sum."""


def leave_out(metrics: Iterable[MetricWrapperBase]) -> None:
    """For a process that does not read them: it must not tell zeros."""
    for metric in metrics:
        REGISTRY.unregister(metric)


WORKERS.set(math.nan)  # unknown until the record was read
WORKERS_AVAILABLE.set(math.nan)
ACCURACY.set(math.nan)  # unknown until a review was finished
AI_UNKNOWN_OLDEST.set(math.nan)  # unknown until the ledger was read
REDIS_UP.set(math.nan)

AI_REQUESTS = Gauge(
    "procession_ai_requests", "Questions for AI providers something is still to be done about, by state.", ["state"]
)
AI_IN_FLIGHT = Gauge("procession_ai_in_flight", "Questions this process does something about now.")
AI_CALLS = Counter(
    "procession_ai_calls_total",
    "Calls to AI providers that ended, by provider, tier and outcome (answered, or how they failed).",
    ["provider", "tier", "outcome"],
)
AI_CALL_SECONDS = Histogram(
    "procession_ai_call_seconds", "How long answers of AI providers took.", ["provider"], buckets=_SECONDS
)
AI_PROVIDER_UP = Gauge(
    "procession_ai_provider_up", "1 while this process asks a provider, 0 while it leaves it alone.", ["provider"]
)
AI_DEGRADED = Counter(
    "procession_ai_degraded_total", "Analyses whose local result was given because no AI provider could be asked."
)
