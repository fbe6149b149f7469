"""Documents: one live row per tenant and content; the analyses that are not erased are its references.

Two events in a document's life: ``document.stored`` (version 1) and ``document.erased`` (version 2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from procession.store import journal
from procession.store.dialects import Hold, any_of, hold, insert_if_absent, is_postgresql, recordset
from procession.store.tables import analyses, documents


@dataclass(frozen=True, slots=True)
class Document:
    """``fingerprint`` is the keyed hash of the bytes; the key ``key_id`` seals them and everything made of them."""

    id: str
    tenant: str
    fingerprint: str
    key_id: str
    blob_ref: str
    size_bytes: int
    content_type: str
    created_at: datetime
    page_count: int | None = None
    erased_at: datetime | None = None


_COLUMNS = tuple(documents.c[name] for name in Document.__slots__)
_STORED = (
    select(documents.c.tenant, func.sum(documents.c.size_bytes).label("stored"))
    .where(documents.c.erased_at.is_(None))
    .group_by(documents.c.tenant)
    .order_by(documents.c.tenant)
)
_LIVE = documents.c.erased_at.is_(None)
_FIND = select(*_COLUMNS).where(
    documents.c.tenant == bindparam("tenant_"), documents.c.fingerprint == bindparam("fingerprint_"), _LIVE
)
_GET = select(*_COLUMNS).where(documents.c.id == bindparam("id_"))
_BY_ID = select(*_COLUMNS).where(documents.c.id.in_(bindparam("ids_", expanding=True)))
_BY_ID_POSTGRESQL = select(*_COLUMNS).where(any_of(documents.c.id, "ids_"))  # one text for any number, read once
_KEYS = select(documents.c.id, documents.c.key_id).where(documents.c.id.in_(bindparam("ids_", expanding=True)), _LIVE)
_PAGES = update(documents).where(documents.c.id == bindparam("id_"), _LIVE).values(page_count=bindparam("pages_"))
_HOLD_ALL = (  # in one order, whoever counts
    select(documents.c.id)
    .where(any_of(documents.c.id, "ids_"))
    .order_by(documents.c.id)
    .with_for_update(key_share=True)
)
_COUNTED = recordset("counted", documents.c.id, documents.c.page_count)
_PAGES_OF_ALL = (
    update(documents)
    .where(any_of(documents.c.id, "ids_"), documents.c.id == _COUNTED.c.id, _LIVE)
    .values(page_count=_COUNTED.c.page_count)
)
_ERASE = update(documents).where(documents.c.id == bindparam("id_"), _LIVE).values(erased_at=bindparam("now_"))
_REFERENCES = (
    select(func.count())
    .select_from(analyses)
    .where(analyses.c.document_id == bindparam("id_"), analyses.c.erased_at.is_(None))
)
_RECORDED_KEYS = select(documents.c.key_id).where(documents.c.key_id.in_(bindparam("keys_", expanding=True)))
_ERASED = (
    select(*_COLUMNS)
    .where(documents.c.erased_at >= bindparam("since_"), documents.c.id > bindparam("after_"))
    .order_by(documents.c.id)
    .limit(bindparam("limit_"))
)


def find_live(conn: Connection, tenant: str, fingerprint: str) -> Document | None:
    """The tenant's live document with these bytes."""
    row = conn.execute(_FIND, {"tenant_": tenant, "fingerprint_": fingerprint}).first()
    return None if row is None else _document(row)


def keep(conn: Connection, document_id: str) -> Document | None:
    """The live document, which nobody can erase before this transaction ends. None when it was erased."""
    hold(conn, documents, document_id, Hold.SHARED)
    document = get(conn, document_id)
    return None if document is None or document.erased_at is not None else document


def hold_alone(conn: Connection, document_id: str) -> None:
    """Until this transaction ends nobody else adds a reference to the document, nor erases it."""
    hold(conn, documents, document_id, Hold.ALONE)


def key_ids(conn: Connection, document_ids: Collection[str]) -> dict[str, str]:
    """Document id -> key id, of live documents."""
    rows = conn.execute(_KEYS, {"ids_": sorted(document_ids)})
    return {row.id: row.key_id for row in rows}


def get(conn: Connection, document_id: str) -> Document | None:
    """Any document, erased ones too."""
    row = conn.execute(_GET, {"id_": document_id}).first()
    return None if row is None else _document(row)


def by_id(conn: Connection, document_ids: Collection[str]) -> dict[str, Document]:
    """As ``get``, of several."""
    if not document_ids:
        return {}
    statement = _BY_ID_POSTGRESQL if is_postgresql(conn) else _BY_ID
    return {row.id: _document(row) for row in conn.execute(statement, {"ids_": sorted(document_ids)})}


def insert(conn: Connection, document: Document, region: str, actor: str, trace_id: str | None) -> Document | None:
    """Store a document and journal it, or return the live one that already holds the same bytes.

    When another one comes back (its id differs), the caller's key and object are orphans: destroy that key. None: this
    upload took so long that it was given up (``abandon``) and its key is being destroyed.
    """
    if insert_if_absent(conn, documents, _values(document)) == 0:
        return find_live(conn, document.tenant, document.fingerprint)
    _journal(conn, document, "document.stored", 1, region, actor, trace_id, document.created_at)
    return document


def set_page_counts(conn: Connection, pages: Mapping[str, int]) -> None:
    """What the sandbox counted, by document; derived from the bytes, so not journaled."""
    if not pages:
        return
    if is_postgresql(conn) and len(pages) > 1:
        ids = sorted(pages)
        conn.execute(_HOLD_ALL, {"ids_": ids})
        counted = [{"id": one, "page_count": pages[one]} for one in ids]
        conn.execute(_PAGES_OF_ALL, {"ids_": ids, "counted_": counted})
    else:
        conn.execute(_PAGES, [{"id_": one, "pages_": number} for one, number in sorted(pages.items())])


def stored_bytes(conn: Connection) -> list[tuple[str, int]]:
    """(tenant, bytes of documents that are kept), by tenant. Reads every document's row."""
    return [(row.tenant, int(row.stored)) for row in conn.execute(_STORED)]


def references(conn: Connection, document_id: str) -> int:
    """Live analyses of the document."""
    return int(conn.execute(_REFERENCES, {"id_": document_id}).scalar_one())


def erase(
    conn: Connection, document_id: str, region: str, actor: str, trace_id: str | None, now: datetime
) -> Document | None:
    """Mark the document erased and journal it. Returns it, whose key is to be destroyed; None when erased before."""
    if conn.execute(_ERASE, {"id_": document_id, "now_": now}).rowcount == 0:
        return None
    document = get(conn, document_id)
    assert document is not None
    _journal(conn, document, "document.erased", 2, region, actor, trace_id, now)
    return document


def erased(conn: Connection, since: datetime, after_id: str, limit: int) -> list[Document]:
    """Documents erased at or after ``since``, by id.

    A crash between the erasure's commit and the key's destruction leaves a key behind: the pruner reads these and
    destroys every key again, which is harmless.
    """
    rows = conn.execute(_ERASED, {"since_": since, "after_": after_id, "limit_": limit})
    return [_document(row) for row in rows]


def abandon(conn: Connection, uploads: Collection[Document]) -> list[Document]:
    """Record as erased those of ``uploads`` that nobody recorded under their key; returns them.

    From then on nobody can: whoever still tries finds the key taken, and starts again with a new one. Not journaled:
    to the journal these documents never were.
    """
    recorded = set(conn.execute(_RECORDED_KEYS, {"keys_": sorted(one.key_id for one in uploads)}).scalars())
    lost = [one for one in uploads if one.key_id not in recorded]
    return [one for one in lost if insert_if_absent(conn, documents, _values(one))]


def _values(document: Document) -> dict[str, Any]:
    return {name: getattr(document, name) for name in Document.__slots__}  # asdict copies deeply, at ten times the cost


def _document(row: Row[Any]) -> Document:
    return Document(**row._mapping)


def _journal(
    conn: Connection,
    document: Document,
    event_type: str,
    version: int,
    region: str,
    actor: str,
    trace_id: str | None,
    now: datetime,
) -> None:
    data = _values(document)
    data["created_at"] = document.created_at.isoformat()
    data["erased_at"] = None if document.erased_at is None else document.erased_at.isoformat()
    state = journal.Aggregate("document", document.id, document.tenant, region, version, data)
    journal.append(conn, event_type, state, actor, trace_id, now)
