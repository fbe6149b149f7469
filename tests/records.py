"""Rows to put into a store: small, made up, each test changes what it is about."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain.analysis import Analysis, AnalysisOptions, Priority, Stage, State, deadline
from procession.domain.clock import new_id
from procession.store import analyses, documents, forms
from procession.store.documents import Document
from procession.store.forms import FormRow

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
