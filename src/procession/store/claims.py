"""Claims: what a running step may write, each write checked by (id, fence, state) in its own transaction.

Invariant: at most one claim of an analysis can write at any time. The fence rises on every claim and never falls; a
write under an older fence, or after the analysis left ``processing``, matches no row and is dropped as ``LostClaim``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, insert, literal_column, select, update

from procession.domain.analysis import Analysis, Progress, Stage, State, Trigger
from procession.domain.errors import LostClaim
from procession.store import controls, rows
from procession.store.dialects import is_postgresql
from procession.store.tables import analyses, attempts


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a claim ended for good. ``state`` is one of requires_review, completed, failed, cancelled."""

    state: State
    result_ref: str | None = None
    result_digest: str | None = None
    """SHA-256 (hex) of the result's JSON."""
    fields_found: int | None = None
    fields_flagged: int | None = None
    confidence: float | None = None
    pages_total: int | None = None
    degraded: bool = False
    usage: dict[str, Any] = field(default_factory=dict)
    template_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    """Plain words for the uploader; never personal data."""


ENDS = {
    State.REQUIRES_REVIEW: Trigger.REVIEW_REQUIRED,
    State.COMPLETED: Trigger.COMPLETED,
    State.FAILED: Trigger.FAILED,
    State.CANCELLED: Trigger.CANCELLED,
}
_FENCED = analyses.c.fence == bindparam("fence_")
_RUNNING = analyses.c.state == State.PROCESSING.value
_NO_LEASE = {"lease_owner": None, "lease_expires_at": None}

# what is paused is refused here too, so that a ring from before cannot start it
_CLAIM_ANY = rows.move(
    State.PENDING,
    Trigger.CLAIMED,
    analyses.c.run_at <= bindparam("now_"),
    analyses.c.erased_at.is_(None),
    controls.resumed(analyses.c.priority, analyses.c.tenant),
).values(
    fence=analyses.c.fence + 1,
    stage=Stage.UPLOADED.value,
    pages_done=0,
    lease_owner=bindparam("owner_"),
    lease_expires_at=bindparam("expires_"),
    started_at=bindparam("now_"),
)
_CLAIM = _CLAIM_ANY.where(controls.UNCAPPED)
_CLAIM_CAPPED = _CLAIM_ANY.where(controls.BELOW_CAP)
# On PostgreSQL a row that another worker is claiming is left to it at once, instead of waited for and lost.
_UNLOCKED = analyses.c.id.in_(
    select(analyses.c.id)
    .where(analyses.c.id == bindparam("id_"), analyses.c.state == State.PENDING.value)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_CLAIM_UNLOCKED, _CLAIM_CAPPED_UNLOCKED = _CLAIM.where(_UNLOCKED), _CLAIM_CAPPED.where(_UNLOCKED)
_ATTEMPT = insert(attempts)
_ATTEMPT_ENDS = (
    update(attempts)
    .where(attempts.c.analysis_id == bindparam("id_"), attempts.c.fence == bindparam("fence_"))
    .values(
        ended_at=bindparam("now_"),
        outcome=bindparam("outcome_"),
        error_code=bindparam("error_"),
        reason=bindparam("reason_"),
    )
)
_HOLD_CLAIMS = (
    select(analyses.c.id)
    .where(analyses.c.id.in_(bindparam("ids_", expanding=True)))
    .order_by(analyses.c.id)
    .with_for_update()
)
_HEARTBEAT = (
    update(analyses)
    .where(
        analyses.c.id.in_(bindparam("ids_", expanding=True)), _RUNNING, analyses.c.lease_owner == bindparam("owner_")
    )
    .values(lease_expires_at=bindparam("expires_"))
    .returning(analyses.c.id, analyses.c.fence, analyses.c.cancel_requested)
)
_PROGRESS = (
    update(analyses)
    .where(analyses.c.id == bindparam("id_"), _FENCED, _RUNNING)
    .values(
        stage=bindparam("stage_"),
        pages_done=bindparam("done_"),
        pages_total=bindparam("total_"),
        updated_at=bindparam("now_"),
    )
)


def claim(
    conn: Connection,
    analysis_id: str,
    owner: str,
    lease_seconds: float,
    now: datetime,
    trace_id: str | None = None,
) -> Analysis | None:
    """Make a ready analysis ``owner``'s until the lease runs out. None when it is not ready (any more), or paused, or
    its tenant has as many running as it may.

    ``owner`` is unique per process start. ``started_at`` is the start of this claim.
    """
    values = {"id_": analysis_id, "owner_": owner, "expires_": now + timedelta(seconds=lease_seconds), "now_": now}
    row = conn.execute(_CLAIM_UNLOCKED if is_postgresql(conn) else _CLAIM, values).first()
    if row is None and controls.hold_cap(conn, analysis_id):
        row = conn.execute(_CLAIM_CAPPED_UNLOCKED if is_postgresql(conn) else _CLAIM_CAPPED, values).first()
    if row is None:
        return None
    claimed = rows.journaled(conn, row, "analysis.claimed", f"worker:{owner}", now, trace_id)
    conn.execute(_ATTEMPT, {"analysis_id": claimed.id, "fence": claimed.fence, "worker": owner, "started_at": now})
    return claimed


def heartbeat(
    conn: Connection, claims: Sequence[tuple[str, int]], owner: str, lease_seconds: float, now: datetime
) -> tuple[set[str], set[str]]:
    """Extend the leases of ``claims`` (id, fence). Returns the ids still owned, and of these the ones asked to stop.

    An id that is missing from the first set was lost: stop its step and write nothing more.
    """
    if not claims:
        return set(), set()
    fences = dict(claims)
    expires = now + timedelta(seconds=lease_seconds)
    if is_postgresql(conn) and len(fences) > 1:  # in the order in which ends of several claims hold them
        conn.execute(_HOLD_CLAIMS, {"ids_": list(fences)})
    found = conn.execute(_HEARTBEAT, {"ids_": list(fences), "owner_": owner, "expires_": expires}).all()
    owned = {row.id for row in found if row.fence == fences[row.id]}
    return owned, {row.id for row in found if row.id in owned and row.cancel_requested}


def progress(conn: Connection, analysis_id: str, fence: int, at: Progress, now: datetime) -> bool:
    """Note where the step is; coalesced columns, not journaled. False when the claim was lost."""
    result = conn.execute(
        _PROGRESS,
        {
            "id_": analysis_id,
            "fence_": fence,
            "stage_": at.stage.value,
            "done_": at.pages_done,
            "total_": at.pages_total,
            "now_": now,
        },
    )
    return result.rowcount == 1


def _finish(trigger: Trigger) -> Update:
    statement = rows.move(State.PROCESSING, trigger, _FENCED).values(finished_at=bindparam("now_"), **_NO_LEASE)
    if trigger is Trigger.CANCELLED:
        return statement
    if trigger is Trigger.FAILED:
        return statement.values(
            attempts=analyses.c.attempts + 1,
            usage=bindparam("usage_"),
            error_code=bindparam("error_code_"),
            error_message=bindparam("error_message_"),
            cancel_requested=False,
        )
    # The result was committed before the cancellation took hold: the request is answered, not pending.
    return statement.values(
        stage=Stage.DONE.value,
        cancel_requested=False,
        pages_done=bindparam("pages_total_"),
        error_code=None,
        error_message=None,
        **{name: bindparam(f"{name}_") for name in RESULT_COLUMNS},
    )


RESULT_COLUMNS = (
    *("result_ref", "result_digest", "fields_found", "fields_flagged", "confidence"),
    *("pages_total", "degraded", "usage", "template_id"),
)
_FINISH = {trigger: _finish(trigger) for trigger in ENDS.values()}
_FAIL_EXPIRED = _FINISH[Trigger.FAILED].where(analyses.c.lease_expires_at <= bindparam("now_"))


def finish(
    conn: Connection,
    analysis_id: str,
    fence: int,
    outcome: Outcome,
    now: datetime,
    actor: str = "system:worker",
    trace_id: str | None = None,
    *,
    only_expired: bool = False,
) -> Analysis:
    """End the claim with ``outcome``; failed counts an attempt. Raises LostClaim when (id, fence, state) do not match.

    Between a result and a cancellation the first commit wins. ``only_expired``: the rescuer gives up; an owner who
    extended the lease meanwhile keeps it (LostClaim).
    """
    trigger = ENDS[outcome.state]
    values: dict[str, Any] = {"id_": analysis_id, "fence_": fence, "now_": now}
    if trigger is Trigger.FAILED:
        values |= {
            "usage_": outcome.usage,
            "error_code_": outcome.error_code,
            "error_message_": (outcome.error_message or "")[:500] or None,
        }
    elif trigger is not Trigger.CANCELLED:
        values |= {f"{name}_": getattr(outcome, name) for name in RESULT_COLUMNS}
        values["pages_total_"] = outcome.pages_total or 0
    expired_failure = only_expired and trigger is Trigger.FAILED
    row = conn.execute(_FAIL_EXPIRED if expired_failure else _FINISH[trigger], values).first()
    if row is None:
        raise LostClaim
    _end_attempt(conn, analysis_id, fence, trigger, now, outcome.error_code, outcome.error_message)
    return rows.journaled(conn, row, f"analysis.{trigger.value}", actor, now, trace_id)


_GIVES_BACK = (Trigger.RELEASED, Trigger.RETRY_SCHEDULED, Trigger.EXPIRED)


def _guards(trigger: Trigger) -> tuple[ColumnElement[bool], ...]:
    """A lease that its owner extended since the rescuer looked is not expired any more."""
    return (_FENCED, analyses.c.lease_expires_at <= bindparam("now_")) if trigger is Trigger.EXPIRED else (_FENCED,)


def _back(trigger: Trigger) -> Update:
    return rows.move(State.PROCESSING, trigger, *_guards(trigger), analyses.c.cancel_requested.is_(False)).values(
        attempts=analyses.c.attempts + bindparam("burned_"),
        stage=Stage.UPLOADED.value,
        pages_done=0,
        run_at=bindparam("run_at_"),
        rung_at=None,
        error_code=bindparam("error_code_"),
        **_NO_LEASE,
    )


def _cancelled_instead(trigger: Trigger) -> Update:
    guards = (*_guards(trigger), analyses.c.cancel_requested.is_(True))
    statement = rows.move(State.PROCESSING, Trigger.CANCELLED, *guards)
    return statement.values(finished_at=bindparam("now_"), **_NO_LEASE)


_BACK = {trigger: _back(trigger) for trigger in _GIVES_BACK}
_CANCELLED_INSTEAD = {trigger: _cancelled_instead(trigger) for trigger in _GIVES_BACK}


def reschedule(
    conn: Connection,
    analysis_id: str,
    fence: int,
    trigger: Trigger,
    run_at: datetime,
    error_code: str | None,
    reason: str,
    burn_attempt: bool,
    now: datetime,
    actor: str = "system:worker",
    trace_id: str | None = None,
) -> Analysis:
    """Give the analysis back to the queue (RELEASED, RETRY_SCHEDULED, EXPIRED), ready from ``run_at``.

    When its cancellation was requested it is cancelled instead. ``reason`` is kept with the attempt. Raises LostClaim;
    for EXPIRED also when the owner extended the lease meanwhile.
    """
    row = conn.execute(
        _BACK[trigger],
        {
            "id_": analysis_id,
            "fence_": fence,
            "now_": now,
            "run_at_": run_at,
            "burned_": int(burn_attempt),
            "error_code_": error_code,
        },
    ).first()
    if row is None:
        row = conn.execute(_CANCELLED_INSTEAD[trigger], {"id_": analysis_id, "fence_": fence, "now_": now}).first()
        trigger = Trigger.CANCELLED
    if row is None:
        raise LostClaim
    _end_attempt(conn, analysis_id, fence, trigger, now, error_code, reason)
    return rows.journaled(conn, row, f"analysis.{trigger.value}", actor, now, trace_id)


def _end_attempt(
    conn: Connection,
    analysis_id: str,
    fence: int,
    trigger: Trigger,
    now: datetime,
    error_code: str | None,
    reason: str | None,
) -> None:
    conn.execute(
        _ATTEMPT_ENDS,
        {
            "id_": analysis_id,
            "fence_": fence,
            "now_": now,
            "outcome_": trigger.value,
            "error_": error_code,
            "reason_": reason[:500] if reason else None,
        },
    )


# --- leases that ran out ----------------------------------------------------------------------------------------------

_LEASED = literal_column("analyses.state") == literal_column(
    "'processing'"
)  # literal: lets SQLite use the partial index
_EXPIRED = (
    select(*rows.COLUMNS)
    .where(_LEASED, analyses.c.lease_expires_at <= bindparam("now_"))
    .order_by(analyses.c.lease_expires_at)
    .limit(bindparam("limit_"))
)
_CLAIMED = select(analyses.c.id, analyses.c.fence).where(_LEASED, analyses.c.lease_expires_at.is_not(None))


def expired(conn: Connection, now: datetime, limit: int) -> list[Analysis]:
    """Running analyses whose lease ran out, longest first. Nothing changes: their owner may still win the race."""
    return [rows.from_row(row) for row in conn.execute(_EXPIRED, {"now_": now, "limit_": limit})]


def release_all(conn: Connection, now: datetime) -> int:
    """Give back every claim; returns how many. For the start of a single-machine server, when nobody owns a lease.

    What is parked for an AI provider is no claim and stays.
    """
    found = conn.execute(_CLAIMED).all()
    for analysis_id, fence in found:
        reschedule(
            conn,
            analysis_id,
            fence,
            Trigger.RELEASED,
            run_at=now,
            error_code=None,
            reason="the server stopped while this ran",
            burn_attempt=False,
            now=now,
            actor="system:start",
        )
    return len(found)
