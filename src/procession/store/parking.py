"""Parking: a claim ends with its analysis read here and waiting for an AI provider, under no lease.

Invariant: what is parked belongs to its question (``ai_requests``), which has a fence of its own. The fence rises when
it is parked, so nothing the worker that parked it still writes can match; it is not claimed, released or rescued,
for it is neither pending nor leased; and whoever ends it does so by the question's fence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from procession.domain.ai import AiRequest
from procession.domain.analysis import Analysis, Stage, State, Trigger
from procession.domain.errors import LostClaim
from procession.store import ai_requests, documents, intents, rows
from procession.store.claims import Outcome, finish
from procession.store.tables import analyses, attempts

_NO_LEASE = {"lease_owner": None, "lease_expires_at": None}
_PARK = rows.move(
    State.PROCESSING,
    Trigger.PARKED,
    analyses.c.fence == bindparam("fence_"),
    analyses.c.lease_owner.is_not(None),
    analyses.c.cancel_requested.is_(False),
).values(
    fence=analyses.c.fence + 1,
    stage=Stage.AWAITING_AI.value,
    pages_done=bindparam("pages_"),
    pages_total=bindparam("pages_"),
    **_NO_LEASE,
)
_ATTEMPT_ENDS = (
    update(attempts)
    .where(attempts.c.analysis_id == bindparam("id_"), attempts.c.fence == bindparam("fence_"))
    .values(ended_at=bindparam("now_"), outcome=Trigger.PARKED.value)
)
_REPROCESS = {
    state: rows.move(
        state,
        Trigger.REPROCESSED,
        analyses.c.fence == bindparam("fence_"),
        analyses.c.review_ref.is_(None),
        analyses.c.form_id.is_(None),
        analyses.c.erased_at.is_(None),
    ).values(fence=analyses.c.fence + 1, pass_number=analyses.c.pass_number + 1, stage=Stage.EXTRACTION.value)
    for state in (State.REQUIRES_REVIEW, State.COMPLETED)
}
"""A person's review, an erasure or a newer pass comes before a second pass: then none of these matches."""


def park(conn: Connection, request: AiRequest, fence: int, pages: int, names: Sequence[str], now: datetime) -> Analysis:
    """End the claim ``fence`` of the request's analysis; the request waits from now on. ``names``: its objects, which
    were intended. Raises LostClaim, also when the cancellation was asked for; Conflict when an object was given up.
    """
    values = {"id_": request.analysis_id, "fence_": fence, "pages_": pages, "now_": now}
    row = conn.execute(_PARK, values).first()
    if row is None:
        raise LostClaim
    documents.set_page_counts(conn, {request.document_id: pages})
    conn.execute(_ATTEMPT_ENDS, {"id_": request.analysis_id, "fence_": fence, "now_": now})
    intents.fulfil(conn, names)
    parked = rows.journaled(conn, row, "analysis.parked", "system:worker", now)
    ai_requests.insert_new(conn, replace(request, fence=parked.fence))
    return parked


def finish_parked(conn: Connection, request: AiRequest, outcome: Outcome, now: datetime) -> Analysis:
    """The first result, with or without an answer. Raises LostClaim."""
    ended = finish(conn, request.analysis_id, request.fence, outcome, now, "system:ai_dispatcher")
    if outcome.pages_total:
        documents.set_page_counts(conn, {request.document_id: outcome.pages_total})
    return ended


def second_pass(conn: Connection, request: AiRequest, outcome: Outcome, now: datetime) -> Analysis | None:
    """A better result in place of the local one, in one step. None when a person, or a newer pass, came first."""
    values = {"id_": request.analysis_id, "fence_": request.fence, "now_": now}
    for statement in _REPROCESS.values():
        if (row := conn.execute(statement, values).first()) is not None:
            rows.journaled(conn, row, "analysis.reprocessed", "system:ai_dispatcher", now)
            return finish(conn, request.analysis_id, row.fence, outcome, now, "system:ai_dispatcher")
    return None
