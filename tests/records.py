"""Rows to put into a store: small, made up, each test changes what it is about."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain.ai import AiRequest, RequestState
from procession.domain.analysis import Analysis, AnalysisOptions, Priority, Stage, State, deadline
from procession.domain.clock import new_id
from procession.store import ai_requests, analyses, claims, documents, forms, intents, parking
from procession.store.documents import Document
from procession.store.forms import FormRow
from procession.store.workers import WorkerRow

START = datetime(2030, 5, 4, 12, 0, tzinfo=UTC)
"""When the tests' time starts."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def a_document(content: str = "", tenant: str = "acme", **changes: Any) -> Document:
    key_id = new_id("key")
    fingerprint = hashlib.sha256((content or key_id).encode()).hexdigest()
    made = Document(
        id=new_id("doc"),
        tenant=tenant,
        fingerprint=fingerprint,
        key_id=key_id,
        blob_ref=f"documents/{fingerprint}@{key_id}",
        size_bytes=1000,
        content_type="application/pdf",
        created_at=START,
    )
    return replace(made, **changes)


def an_analysis(document: Document, **changes: Any) -> Analysis:
    made = Analysis(
        id=new_id("an"),
        tenant=document.tenant,
        region="local",
        document_id=document.id,
        batch_id=None,
        priority=Priority.URGENT,
        options=AnalysisOptions(),
        engine_version="1",
        state=State.PENDING,
        stage=Stage.UPLOADED,
        pages_done=0,
        pages_total=0,
        version=1,
        fence=0,
        attempts=0,
        pass_number=1,
        created_at=START,
        run_at=START,
        updated_at=START,
        file_name_sealed=b"sealed name",
    )
    made = replace(made, **changes)
    return replace(made, deadline_at=changes.get("deadline_at", deadline(made.created_at, made.priority)))


def a_form(analysis: Analysis, key_id: str, **changes: Any) -> FormRow:
    form_id = new_id("form")
    made = FormRow(
        id=form_id,
        tenant=analysis.tenant,
        analysis_id=analysis.id,
        key_id=key_id,
        definition_ref=f"forms/{'f' * 64}@{key_id}",
        title_sealed=b"sealed title",
        share_hash=hashlib.sha256(form_id.encode()).hexdigest(),
        share_sealed=b"sealed token",
        fields_count=47,
        created_at=START,
        updated_at=START,
    )
    return replace(made, **changes)


def submit(conn: Connection, content: str = "", tenant: str = "acme", **changes: Any) -> Analysis:
    """Store an analysis of a (new or known) document, as an upload does."""
    document = documents.insert(conn, a_document(content, tenant), "local", "key:test", None)
    return analyses.insert(conn, an_analysis(document, **changes), "key:test", "trace-1")


def give_form(conn: Connection, analysis: Analysis) -> FormRow:
    """A live form for the analysis."""
    document = documents.get(conn, analysis.document_id)
    assert document is not None
    return forms.insert(conn, a_form(analysis, document.key_id), "local", "key:test", None)


def a_request(analysis: Analysis, key_id: str = "key_1", **changes: Any) -> AiRequest:
    """A question about an analysis, as a worker that parks it makes it."""
    made = AiRequest(
        id=new_id("air"),
        tenant=analysis.tenant,
        region=analysis.region,
        analysis_id=analysis.id,
        document_id=analysis.document_id,
        key_id=key_id,
        fence=analysis.fence,
        purpose="extraction",
        priority=analysis.priority,
        state=RequestState.WAITING,
        input_ref=f"ai-inputs/{analysis.id}-{analysis.fence}@{key_id}",
        picture_refs=(f"ai-pictures/{analysis.id}-{analysis.fence}-1@{key_id}",),
        prefix_key="prefix-1",
        tokens_in=1200,
        output_tokens_max=400,
        created_at=START,
        due_at=analysis.due_at,
        ready_at=START,
        updated_at=START,
    )
    return replace(made, **changes)


def park(conn: Connection, now: float = 2, **changes: Any) -> AiRequest:
    """Submit, claim and park an analysis; gives its request as it was kept."""
    of_request = {name: changes.pop(name) for name in list(changes) if name in AiRequest.__dataclass_fields__}
    priority = of_request.get("priority", Priority.URGENT)
    claimed = claims.claim(conn, submit(conn, priority=priority, **changes).id, "worker-a", 15, at(now - 1))
    assert claimed is not None
    request = a_request(claimed, **of_request)
    for name in request.objects:
        intents.intend(conn, name, at(3600))
    parking.park(conn, request, claimed.fence, 4, request.objects, at(now))
    kept = ai_requests.get(conn, request.id)
    assert kept is not None
    return kept


def a_worker(id_: str, **changes: Any) -> WorkerRow:
    made = WorkerRow(
        id=id_,
        role="worker",
        host="host-1",
        pid=1,
        version="1",
        region="local",
        keys_digest="k" * 64,
        slots=2,
        busy=0,
        service_seconds=1.0,
        draining=False,
        drain_requested=False,
        started_at=START,
        seen_at=START,
    )
    return replace(made, **changes)
