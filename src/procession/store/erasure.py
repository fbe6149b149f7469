"""Erasure: the record forgets what it pointed at, and says which objects and keys are to be destroyed after COMMIT.

The objects' names are kept in ``deletions`` by the same transaction until they are deleted, so a crash forgets none.
What was written and never recorded is known by the claims that may have written it, or by its intent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, or_, select

from procession.domain.ai import RequestState
from procession.domain.analysis import State
from procession.domain.errors import Conflict
from procession.store import ai_requests, documents, forms, page_images, rows, templates
from procession.store.analyses import request_cancel, require
from procession.store.dialects import Hold, hold, insert_if_absent, one_at_a_time
from procession.store.tables import analyses, deletions


@dataclass(frozen=True, slots=True)
class Erased:
    """Destroy the keys first, then delete the objects; both are idempotent, and a key destroyed is enough."""

    blob_refs: tuple[str, ...]
    key_ids: tuple[str, ...]
    """Keys of documents that nothing refers to any more."""


ResultName = Callable[[str, int, str], str]
"""(analysis id, fence, key id) -> the object that this claim may have written."""

_ERASE = rows.change(
    analyses.c.tenant == bindparam("tenant_"),
    analyses.c.state != State.PROCESSING.value,
    analyses.c.erased_at.is_(None),
).values(erased_at=bindparam("now_"), file_name_sealed=b"", result_ref=None, review_ref=None)
_STILL_USED = select(analyses.c.result_ref, analyses.c.review_ref).where(
    analyses.c.document_id == bindparam("document_"),
    analyses.c.erased_at.is_(None),
    or_(
        analyses.c.result_ref.in_(bindparam("refs_", expanding=True)),
        analyses.c.review_ref.in_(bindparam("refs_", expanding=True)),
    ),
)

_DUE = (
    select(deletions.c.name)
    .where(deletions.c.name > bindparam("after_"))
    .order_by(deletions.c.name)
    .limit(bindparam("limit_"))
)
_DONE = delete(deletions).where(deletions.c.name.in_(bindparam("names_", expanding=True)))


def erase(
    conn: Connection,
    tenant: str,
    analysis_id: str,
    actor: str,
    now: datetime,
    trace_id: str | None = None,
    *,
    result_name: ResultName | None = None,
) -> Erased:
    """Erase an analysis, its form and answers, and its document when this was the last reference.

    A pending one is cancelled first. With ``result_name``, results of claims that were never recorded go too. Raises
    NotFound; Conflict while it runs (cancel it, then erase).
    """
    found = _erase(conn, tenant, analysis_id, actor, now, trace_id, result_name)
    erased = replace(found, blob_refs=tuple(dict.fromkeys(found.blob_refs)))
    note(conn, erased.blob_refs)
    return erased


def note(conn: Connection, names: Sequence[str]) -> None:
    """Remember that these objects are to be deleted, whatever happens."""
    if names:
        insert_if_absent(conn, deletions, [{"name": name} for name in sorted(names)])


def due(conn: Connection, limit: int, after: str = "") -> list[str]:
    """Objects of erased records that were not deleted yet, or whose deletion was not noted, by name."""
    return list(conn.execute(_DUE, {"limit_": limit, "after_": after}).scalars())


def deleted(conn: Connection, names: Sequence[str]) -> None:
    """Forget ``names``: the objects are gone."""
    conn.execute(_DONE, {"names_": list(names)})


def _erase(
    conn: Connection,
    tenant: str,
    analysis_id: str,
    actor: str,
    now: datetime,
    trace_id: str | None,
    result_name: ResultName | None,
) -> Erased:
    hold(conn, analyses, analysis_id, Hold.ALONE)
    analysis = require(conn, tenant, analysis_id)
    documents.hold_alone(conn, analysis.document_id)  # so that what is counted below stays as it is
    if analysis.state is State.PROCESSING:
        raise Conflict("This analysis is running. Cancel it first, then erase it.")
    if analysis.state is State.PENDING:
        request_cancel(conn, tenant, analysis_id, actor, now, trace_id)
    row = conn.execute(_ERASE, {"id_": analysis_id, "tenant_": tenant, "now_": now}).first()
    if row is None:
        raise Conflict
    rows.append(conn, row, "analysis.erased", actor, now, trace_id)
    refs = [ref for ref in (analysis.result_ref, analysis.review_ref) if ref is not None]
    if result_name is not None and (sealed := documents.get(conn, analysis.document_id)) is not None:
        refs += [
            result_name(analysis_id, fence, sealed.key_id) for fence in range(1, analysis.fence + 2)
        ]  # a second pass writes before it has its fence
    for request in ai_requests.end_of_analysis(conn, analysis_id, RequestState.ABANDONED, "erased", now):
        refs += request.objects
    one_at_a_time(conn, templates.CHANGES, tenant)
    refs += templates.erase_source(conn, analysis_id, actor, now, trace_id)
    refs += forms.erase_of_analysis(conn, analysis_id, analysis.region, actor, now, trace_id)
    if documents.references(conn, analysis.document_id):
        return Erased(_unshared(conn, analysis.document_id, refs), ())
    document = documents.erase(conn, analysis.document_id, analysis.region, actor, trace_id, now)
    if document is None:
        return Erased(_unshared(conn, analysis.document_id, refs), ())
    refs += [document.blob_ref, *page_images.remove(conn, document.id)]
    return Erased(tuple(refs), (document.key_id,))


def _unshared(conn: Connection, document_id: str, refs: list[str]) -> tuple[str, ...]:
    """Without the objects that other analyses of the same document, or their forms, answer with too."""
    if not refs:
        return ()
    used = {ref for row in conn.execute(_STILL_USED, {"document_": document_id, "refs_": refs}) for ref in row}
    used |= forms.refs_of_document(conn, document_id)
    return tuple(ref for ref in dict.fromkeys(refs) if ref not in used)
