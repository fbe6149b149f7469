"""What is sent to receivers of webhooks: one row per receiver and event, made from the journal, owned while on its way.

Invariants: a row and the receiver's place in the journal are written in one transaction, so a crash neither loses nor
doubles one. A row is on its way from one process only: it bears that process' id, and is free again when that process
no longer beats. What an attempt came to is written only by the owner of that attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, func, literal_column, or_, select, update

from procession.domain import webhook
from procession.domain.clock import new_id
from procession.domain.event import Event
from procession.domain.webhook import OPEN, DeliveryState
from procession.policy.webhooks import Due, Health
from procession.store import journal, webhooks
from procession.store.dialects import Hold, hold, insert_if_absent
from procession.store.tables import workers
from procession.store.webhook_tables import webhook_deliveries
from procession.store.webhook_tables import webhooks as receivers
from procession.store.webhooks import LAST

OPEN_MAX = 1000
"""Deliveries of one receiver still to be sent; past it the journal keeps the rest, and is read on when some ended."""
READ_MAX = 500
"""Events read for one receiver in one transaction."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """``response_code`` and ``error`` (a class of failure, None for a success) are of the last attempt."""

    id: str
    tenant: str
    webhook_id: str
    event_id: str
    event_type: str
    aggregate_id: str
    body: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime
    owner: str | None = None
    response_code: int | None = None
    error: str | None = None
    tried_at: datetime | None = None
    ended_at: datetime | None = None


_C = webhook_deliveries.c
_COLUMNS = tuple(_C[name] for name in Delivery.__slots__)
_OPEN_STATES = _C.state.in_([literal_column(f"'{state.value}'") for state in OPEN])  # as the indexes say it
_GET = select(*_COLUMNS).where(
    _C.id == bindparam("id_"), _C.webhook_id == bindparam("webhook_"), _C.tenant == bindparam("tenant_")
)
_COUNT_OPEN = select(func.count()).where(_C.webhook_id == bindparam("webhook_"), _OPEN_STATES)


# --- made from the journal --------------------------------------------------------------------------------------------


def make(conn: Connection, tenant: str, webhook_id: str, now: datetime) -> int:
    """Read on in the journal for one receiver and make its deliveries; returns how many events were read.

    0 also when it is gone, disabled, or has ``OPEN_MAX`` deliveries to be sent.
    """
    hold(conn, receivers, webhook_id, Hold.ALONE)  # two processes would read the same events
    receiver = webhooks.get(conn, tenant, webhook_id)
    if receiver is None or not receiver.enabled:
        return 0
    room = OPEN_MAX - conn.execute(_COUNT_OPEN, {"webhook_": webhook_id}).scalar_one()
    if room <= 0:
        return 0
    read = journal.after_place(conn, tenant, receiver.place, min(READ_MAX, room))
    if not read:
        return 0
    told = [event for _, event in read if event.type in receiver.events]
    if told:
        ids = sorted(new_id("whd") for _ in told)  # they sort, and are sent, in the journal's order
        rows = [_row(id_, webhook_id, event, now) for id_, event in zip(ids, told, strict=True)]
        insert_if_absent(conn, webhook_deliveries, rows)
    webhooks.move(conn, webhook_id, read[-1][0])
    return len(read)


def _row(id_: str, webhook_id: str, event: Event, now: datetime) -> dict[str, Any]:
    return _values(
        id_,
        webhook_id,
        event.tenant,
        event.id,
        event.type,
        event.aggregate_id,
        webhook.body(event),
        event.occurred_at,
        now,
    )


def make_trial(conn: Connection, tenant: str, webhook_id: str, now: datetime) -> Delivery:
    """A delivery that says only that it is one."""
    body = webhook.trial_body(webhook_id, now)
    values = _values(new_id("whd"), webhook_id, tenant, new_id("evt"), webhook.TEST_TYPE, webhook_id, body, now, now)
    insert_if_absent(conn, webhook_deliveries, values)
    found = get(conn, tenant, webhook_id, values["id"])
    assert found is not None
    return found


def _values(
    id_: str,
    webhook_id: str,
    tenant: str,
    event_id: str,
    kind: str,
    of: str,
    body: str,
    happened: datetime,
    now: datetime,
) -> dict[str, Any]:
    return {
        "id": id_,
        "tenant": tenant,
        "webhook_id": webhook_id,
        "event_id": event_id,
        "event_type": kind,
        "aggregate_id": of,
        "body": body,
        "state": DeliveryState.WAITING.value,
        "attempts": 0,
        "created_at": happened,
        "next_at": now,
    }


# --- sent -------------------------------------------------------------------------------------------------------------

_MINE = receivers.c.id == _C.webhook_id
_FREE = and_(_C.webhook_id == bindparam("webhook_"), _OPEN_STATES, _C.next_at <= bindparam("now_"), _C.owner.is_(None))
_DUE = (
    select(
        receivers.c.id,
        receivers.c.tenant,
        receivers.c.failures,
        receivers.c.failing_since,
        receivers.c.rest_until,
        select(func.count()).where(_MINE, _C.owner.is_not(None)).correlate(receivers).scalar_subquery(),
    )
    .where(
        receivers.c.enabled,
        or_(receivers.c.rest_until.is_(None), receivers.c.rest_until <= bindparam("now_")),
        exists().where(_MINE, _OPEN_STATES, _C.next_at <= bindparam("now_"), _C.owner.is_(None)),
    )
    .order_by(receivers.c.id)
)
_PICKED = (  # picked once: PostgreSQL may ask a sub-select again for each row, and then takes more than was asked for
    select(_C.id)
    .where(_FREE)
    .order_by(_C.next_at, _C.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
    .cte("picked")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_TAKE = (
    update(webhook_deliveries)
    .where(_C.id.in_(select(_PICKED.c.id)))
    .values(owner=bindparam("owner_"), attempts=_C.attempts + 1, tried_at=bindparam("now_"))
    .returning(*_COLUMNS)
)
_ALIVE = exists().where(workers.c.id == _C.owner, workers.c.seen_at >= bindparam("since_"))
_STUCK = and_(
    _C.owner.is_not(None),
    _C.id.not_in(bindparam("mine_", expanding=True)),
    or_(_C.owner == bindparam("me_"), ~_ALIVE),
)
_ANY_STUCK = select(_C.id).where(_STUCK).limit(1)
_FREE_STUCK = update(webhook_deliveries).where(_STUCK).values(owner=None)
_RECORD = (
    update(webhook_deliveries)
    .where(_C.id == bindparam("id_"), _C.owner == bindparam("owner_"), _C.attempts == bindparam("attempts_"))
    .values(
        state=bindparam("state_"),
        owner=None,
        next_at=bindparam("next_"),
        response_code=bindparam("code_"),
        error=bindparam("error_"),
        ended_at=bindparam("ended_"),
    )
)


def due(conn: Connection, now: datetime) -> list[Due]:
    """Receivers with something to be sent now that do not rest."""
    rows = conn.execute(_DUE, {"now_": now})
    return [Due(row[0], row[1], Health(row[2], row[3], row[4]), row[5]) for row in rows]


def take(conn: Connection, shares: Mapping[str, int], owner: str, now: datetime) -> list[Delivery]:
    """Take up to so many deliveries of each receiver, those due first; an attempt of each begins."""
    taken: list[Delivery] = []
    for webhook_id, share in sorted(shares.items()):
        known = {"webhook_": webhook_id, "now_": now, "owner_": owner, "limit_": share}
        taken += sorted((_delivery(row) for row in conn.execute(_TAKE, known)), key=lambda one: one.id)
    return taken


def record(
    conn: Connection,
    delivery: Delivery,
    owner: str,
    state: DeliveryState,
    *,
    next_at: datetime,
    response_code: int | None,
    error: str | None,
    ended_at: datetime | None,
) -> bool:
    """What the attempt came to; False when it is somebody else's by now."""
    known = {
        "id_": delivery.id,
        "owner_": owner,
        "attempts_": delivery.attempts,
        "state_": state.value,
        "next_": next_at,
        "code_": response_code,
        "error_": error,
        "ended_": ended_at,
    }
    return conn.execute(_RECORD, known).rowcount == 1


def any_stuck(conn: Connection, owner: str, mine: Sequence[str], since: datetime) -> bool:
    """Whether something is owned that nobody sends: see ``free_stuck``."""
    return conn.execute(_ANY_STUCK, {"me_": owner, "mine_": list(mine), "since_": since}).first() is not None


def free_stuck(conn: Connection, owner: str, mine: Sequence[str], since: datetime) -> int:
    """Free what processes own that have not beaten since then, and what ``owner`` owns beside ``mine``, which it sends.

    The latter was taken by a transaction whose end it did not hear of. Returns how many.
    """
    return conn.execute(_FREE_STUCK, {"me_": owner, "mine_": list(mine), "since_": since}).rowcount


# --- seen and steered by their owner ----------------------------------------------------------------------------------

_RETRY = (
    update(webhook_deliveries)
    .where(_C.id == bindparam("id_"), _C.owner.is_(None))
    .values(state=DeliveryState.WAITING.value, attempts=0, next_at=bindparam("now_"), ended_at=None)
)


def get(conn: Connection, tenant: str, webhook_id: str, delivery_id: str) -> Delivery | None:
    row = conn.execute(_GET, {"id_": delivery_id, "webhook_": webhook_id, "tenant_": tenant}).first()
    return None if row is None else _delivery(row)


def page(
    conn: Connection,
    tenant: str,
    webhook_id: str,
    *,
    states: Sequence[DeliveryState] = (),
    event_type: str | None = None,
    before_id: str | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Newest first."""
    query = select(*_COLUMNS).where(_C.webhook_id == webhook_id, _C.tenant == tenant, _C.id < (before_id or LAST))
    if states:
        query = query.where(_C.state.in_([state.value for state in states]))
    if event_type is not None:
        query = query.where(_C.event_type == event_type)
    return [_delivery(row) for row in conn.execute(query.order_by(_C.id.desc()).limit(limit))]


def retry(conn: Connection, delivery: Delivery, now: datetime) -> bool:
    """Send it once more, attempts counted anew; False while it is on its way."""
    return conn.execute(_RETRY, {"id_": delivery.id, "now_": now}).rowcount == 1


# --- tidied -----------------------------------------------------------------------------------------------------------

_OVERDUE = (
    update(webhook_deliveries)
    .where(
        _C.webhook_id.in_(select(receivers.c.id)),  # by the index of open ones, receiver by receiver
        *(_OPEN_STATES, _C.owner.is_(None), _C.created_at < bindparam("before_"), _C.next_at < bindparam("before_")),
    )
    .values(state=DeliveryState.GIVEN_UP.value, error=func.coalesce(_C.error, "not_tried"), ended_at=bindparam("now_"))
)
_OLD = select(_C.id).where(_C.id < bindparam("before_"), ~_OPEN_STATES).order_by(_C.id).limit(bindparam("limit_"))
_FORGET = delete(webhook_deliveries).where(_C.id.in_(_OLD.scalar_subquery()))


def give_up_overdue(conn: Connection, before: datetime, now: datetime) -> int:
    """What has waited since before then, because its receiver is disabled or rests, is not sent any more."""
    return conn.execute(_OVERDUE, {"before_": before, "now_": now}).rowcount


def forget(conn: Connection, before: datetime, limit: int) -> int:
    """Forget ended deliveries made before then; returns how many."""
    before_id = new_id("whd", int(before.timestamp() * 1000))
    return conn.execute(_FORGET, {"before_": before_id, "limit_": limit}).rowcount


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{**row._mapping, "state": DeliveryState(row.state)})
