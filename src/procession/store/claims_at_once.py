"""Several claims begun or ended in one transaction: on PostgreSQL with one statement each, whatever their number.

The rules are those of ``claims``, row by row: the fence rises on every claim, and a write under another fence matches
no row. Rows are locked in one order (analyses, then documents, by id; caps by tenant), so that two transactions never
wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, bindparam, select, update

from procession.domain.analysis import Analysis, Stage, State, Trigger
from procession.domain.errors import LostClaim
from procession.store import claims, controls, documents, rows
from procession.store.claims import ENDS, RESULT_COLUMNS, Outcome
from procession.store.dialects import any_of, insert_all, is_postgresql, recordset
from procession.store.tables import analyses, attempts


@dataclass(frozen=True, slots=True)
class Ending:
    """How one claim ends for good."""

    analysis_id: str
    fence: int
    document_id: str
    outcome: Outcome


# Held by primary key alone, and looked at here: asked for the state too, PostgreSQL may walk all that waits.
_HOLD = (
    select(analyses.c.id, analyses.c.state, analyses.c.fence, analyses.c.run_at, analyses.c.erased_at)
    .where(any_of(analyses.c.id, "ids_"))
    .order_by(analyses.c.id)
)
_HOLD_FREE = _HOLD.add_columns(
    analyses.c.tenant,
    controls.resumed(analyses.c.priority, analyses.c.tenant).label("resumed"),
    controls.running_max(analyses.c.tenant).label("running_max"),
).with_for_update(skip_locked=True)
_HOLD_ALL = _HOLD.with_for_update()

# --- begin ------------------------------------------------------------------------------------------------------------

_CLAIM = rows.move_held(State.PENDING, Trigger.CLAIMED).values(
    fence=analyses.c.fence + 1,
    stage=Stage.UPLOADED.value,
    pages_done=0,
    lease_owner=bindparam("owner_"),
    lease_expires_at=bindparam("expires_"),
    started_at=bindparam("now_"),
)


def claim(conn: Connection, ids: Sequence[str], owner: str, lease_seconds: float, now: datetime) -> list[Analysis]:
    """Make those of ``ids`` that are ready ``owner``'s, in that order. See ``claims.claim``."""
    ids = list(dict.fromkeys(ids))
    if not is_postgresql(conn) or len(ids) == 1:
        found = (claims.claim(conn, one, owner, lease_seconds, now) for one in ids)
        return [analysis for analysis in found if analysis is not None]
    ready = [
        row
        for row in conn.execute(_HOLD_FREE, {"ids_": ids})
        if row.state == State.PENDING.value and row.run_at <= now and row.erased_at is None and row.resumed
    ]
    claimed = _together_begun(conn, [row.id for row in ready if row.running_max is None], owner, lease_seconds, now)
    capped = sorted((row for row in ready if row.running_max is not None), key=lambda row: (row.tenant, row.id))
    for row in capped:  # each counts the ones before it
        if (one := claims.claim(conn, row.id, owner, lease_seconds, now)) is not None:
            claimed[one.id] = one
    return [claimed[one] for one in ids if one in claimed]


def _together_begun(
    conn: Connection, free: Sequence[str], owner: str, lease_seconds: float, now: datetime
) -> dict[str, Analysis]:
    if not free:
        return {}
    expires = now + timedelta(seconds=lease_seconds)
    got = conn.execute(_CLAIM, {"ids_": free, "owner_": owner, "expires_": expires, "now_": now}).all()
    claimed = {one.id: one for one in rows.journaled_all(conn, got, "analysis.claimed", f"worker:{owner}", now)}
    insert_all(
        conn,
        attempts,
        [{"analysis_id": one.id, "fence": one.fence, "worker": owner, "started_at": now} for one in claimed.values()],
    )
    return claimed


# --- end --------------------------------------------------------------------------------------------------------------

_ENDED = recordset("ended", analyses.c.id, *(analyses.c[name] for name in RESULT_COLUMNS))


def _finish(trigger: Trigger) -> Update:
    which = (any_of(analyses.c.id, "ids_"), analyses.c.id == _ENDED.c.id)  # told twice: a join alone may walk the table
    return rows.move_held(State.PROCESSING, trigger, *which).values(
        finished_at=bindparam("now_"),
        lease_owner=None,
        lease_expires_at=None,
        stage=Stage.DONE.value,
        cancel_requested=False,
        pages_done=_ENDED.c.pages_total,
        error_code=None,
        error_message=None,
        **{name: _ENDED.c[name] for name in RESULT_COLUMNS},
    )


_FINISH = {trigger: _finish(trigger) for trigger in (Trigger.COMPLETED, Trigger.REVIEW_REQUIRED)}
_CLOSED = recordset("closed", attempts.c.analysis_id, attempts.c.fence)
_ATTEMPTS_END = (
    update(attempts)
    .where(attempts.c.analysis_id == _CLOSED.c.analysis_id, attempts.c.fence == _CLOSED.c.fence)
    .values(ended_at=bindparam("now_"), outcome=bindparam("outcome_"))
)


def finish(conn: Connection, endings: Sequence[Ending], now: datetime) -> dict[str, Analysis]:
    """End claims for good, each as ``claims.finish`` does; the analyses by id, without those whose claim was lost."""
    after: dict[str, Analysis] = {}
    if not is_postgresql(conn) or len(endings) == 1:
        for one in endings:
            after |= _one(conn, one, now)
        _count_pages(conn, [one for one in endings if one.analysis_id in after])
        return after
    owned = _held(conn, endings)
    _count_pages(conn, owned)
    of_trigger: dict[Trigger, list[Ending]] = {}
    for one in owned:
        trigger = ENDS[one.outcome.state]
        if trigger in _FINISH:
            of_trigger.setdefault(trigger, []).append(one)
        else:
            after |= _one(conn, one, now)
    for trigger, some in of_trigger.items():
        after |= _together(conn, trigger, some, now)
    return after


def _held(conn: Connection, endings: Sequence[Ending]) -> list[Ending]:
    """Those whose claim is still theirs; nobody changes that before this transaction ends."""
    by_id = {one.analysis_id: one for one in endings}
    return [
        by_id[row.id]
        for row in conn.execute(_HOLD_ALL, {"ids_": list(by_id)})
        if row.state == State.PROCESSING.value and row.fence == by_id[row.id].fence
    ]


def _count_pages(conn: Connection, endings: Sequence[Ending]) -> None:
    pages = {one.document_id: one.outcome.pages_total for one in endings if one.outcome.pages_total}
    documents.set_page_counts(conn, pages)


def _one(conn: Connection, ending: Ending, now: datetime) -> dict[str, Analysis]:
    try:
        return {ending.analysis_id: claims.finish(conn, ending.analysis_id, ending.fence, ending.outcome, now)}
    except LostClaim:
        return {}


def _together(conn: Connection, trigger: Trigger, endings: Sequence[Ending], now: datetime) -> dict[str, Analysis]:
    told = [_told(one) for one in endings]
    ids = [one.analysis_id for one in endings]
    got = conn.execute(_FINISH[trigger], {"ended_": told, "ids_": ids, "now_": now}).all()
    ended = rows.journaled_all(conn, got, f"analysis.{trigger.value}", "system:worker", now)
    closed = [{"analysis_id": one.id, "fence": one.fence} for one in ended]
    conn.execute(_ATTEMPTS_END, {"closed_": closed, "now_": now, "outcome_": trigger.value})
    return {one.id: one for one in ended}


def _told(ending: Ending) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(ending.outcome, name) for name in RESULT_COLUMNS}
    values["pages_total"] = ending.outcome.pages_total or 0
    return {"id": ending.analysis_id, **values}
