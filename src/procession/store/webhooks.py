"""Receivers of webhooks: kept per tenant, changed under their version and journaled, and how they fare beside that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from procession.domain.errors import NotFound, PreconditionFailed
from procession.policy.webhooks import HEALTHY, Health
from procession.store import journal
from procession.store.controls import By
from procession.store.dialects import Hold, hold, is_postgresql, one_at_a_time
from procession.store.journal import Place
from procession.store.webhook_tables import webhooks

_START = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Webhook:
    """``events``: types it is told of. ``version``: of what its owner decided; how it fares does not raise it."""

    id: str
    tenant: str
    url_sealed: bytes
    secrets_sealed: bytes
    events: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    health: Health = HEALTHY
    place: Place = _START


_C = webhooks.c
_COLUMNS = tuple(
    _C[name]
    for name in (
        *("id", "tenant", "url_sealed", "secrets_sealed", "events", "enabled", "disabled_reason", "version"),
        *("created_at", "updated_at", "failures", "failing_since", "rest_until", "read_xid", "read_sequence"),
    )
)
_GET = select(*_COLUMNS).where(_C.id == bindparam("id_"), _C.tenant == bindparam("tenant_"))
_ALL = select(*_COLUMNS).where(_C.tenant == bindparam("tenant_")).order_by(_C.id.desc()).limit(bindparam("limit_"))
_COUNT = select(func.count()).where(_C.tenant == bindparam("tenant_"))
_DELETE = delete(webhooks).where(_C.id == bindparam("id_"), _C.tenant == bindparam("tenant_"))
_ANY = select(_C.id).where(_C.enabled).limit(1)
_HEALTH = (
    update(webhooks)
    .where(_C.id == bindparam("id_"))
    .values(
        failures=bindparam("failures_"),
        failing_since=bindparam("failing_since_"),
        rest_until=bindparam("rest_until_"),
    )
)
_MOVE = (
    update(webhooks)
    .where(_C.id == bindparam("id_"))
    .values(read_xid=bindparam("xid_"), read_sequence=bindparam("sequence_"))
)
_PRIVATE = frozenset({"url_sealed", "secrets_sealed", "health", "place"})
LAST = "\x7f"
"""Behind every id."""


def count(conn: Connection, tenant: str) -> int:
    return conn.execute(_COUNT, {"tenant_": tenant}).scalar_one()


def insert_new(conn: Connection, made: Webhook, at_most: int, by: By) -> Webhook | None:
    """Store and journal ``webhook.created``: it is told of what is committed from now on. None: there are too many."""
    one_at_a_time(conn, "webhooks", made.tenant)
    if count(conn, made.tenant) >= at_most:
        return None
    placed = replace(made, place=journal.place_now(conn))
    conn.execute(insert(webhooks), _values(placed))
    return _journaled(conn, placed, "webhook.created", by)


def get(conn: Connection, tenant: str, webhook_id: str) -> Webhook | None:
    row = conn.execute(_GET, {"id_": webhook_id, "tenant_": tenant}).first()
    return None if row is None else _webhook(row)


def page(conn: Connection, tenant: str, *, before_id: str | None = None, limit: int = 50) -> list[Webhook]:
    """Newest first."""
    query = _ALL.where(_C.id < bindparam("before_"))
    found = conn.execute(query, {"tenant_": tenant, "before_": before_id or LAST, "limit_": limit})
    return [_webhook(row) for row in found]


def change(
    conn: Connection,
    tenant: str,
    webhook_id: str,
    changes: Mapping[str, Any],
    by: By,
    *,
    event_type: str = "webhook.changed",
    expected_version: int | None = None,
) -> Webhook:
    """Nothing is written when it is so already. Enabling starts at what is committed from now on, healthy.

    Raises NotFound, PreconditionFailed.
    """
    hold(conn, webhooks, webhook_id, Hold.ALONE)
    known = get(conn, tenant, webhook_id)
    if known is None:
        raise NotFound
    if expected_version is not None and known.version != expected_version:
        raise PreconditionFailed
    wanted = replace(known, **changes)
    if wanted == known:
        return known
    if wanted.enabled and not known.enabled:
        wanted = replace(wanted, disabled_reason=None, health=HEALTHY, place=journal.place_now(conn))
    changed = replace(wanted, version=known.version + 1, updated_at=by.now)
    conn.execute(update(webhooks).where(_C.id == webhook_id).values(_values(changed)))
    return _journaled(conn, changed, event_type, by)


def remove(conn: Connection, tenant: str, webhook_id: str, by: By) -> Webhook:
    """With all its deliveries; journals ``webhook.deleted``. Raises NotFound."""
    hold(conn, webhooks, webhook_id, Hold.ALONE)
    known = get(conn, tenant, webhook_id)
    if known is None:
        raise NotFound
    conn.execute(_DELETE, {"id_": webhook_id, "tenant_": tenant})
    gone = replace(known, enabled=False, version=known.version + 1, updated_at=by.now)
    return _journaled(conn, gone, "webhook.deleted", by)


# --- for the sender ---------------------------------------------------------------------------------------------------


def any_enabled(conn: Connection) -> bool:
    """Whether there is anything to do at all, whatever the tenant."""
    return conn.execute(_ANY).first() is not None


def set_health(conn: Connection, webhook_id: str, health: Health) -> None:
    """Not journaled; the version stays."""
    conn.execute(
        _HEALTH,
        {
            "id_": webhook_id,
            "failures_": health.failures,
            "failing_since_": health.failing_since,
            "rest_until_": health.rest_until,
        },
    )


def move(conn: Connection, webhook_id: str, place: Place) -> None:
    """Deliveries of everything up to that place were made."""
    conn.execute(_MOVE, {"id_": webhook_id, "xid_": place.xid, "sequence_": place.sequence})


def with_news(settled: bool) -> Any:
    """Selects ``webhooks`` that are enabled and whose tenant's journal goes on behind their place."""
    news = journal.behind(_C.tenant, _C.read_xid, _C.read_sequence, settled)
    return select(_C.id, _C.tenant).where(_C.enabled, news).order_by(_C.id)


def behind(conn: Connection, limit: int) -> list[tuple[str, str]]:
    """(id, tenant) of receivers for which there is something to read in the journal."""
    return [(row.id, row.tenant) for row in conn.execute(with_news(is_postgresql(conn)).limit(limit))]


# --- rows -------------------------------------------------------------------------------------------------------------


def _webhook(row: Row[Any]) -> Webhook:
    values = dict(row._mapping)
    health = Health(values.pop("failures"), values.pop("failing_since"), values.pop("rest_until"))
    place = Place(values.pop("read_xid"), values.pop("read_sequence"))
    return Webhook(**{**values, "events": tuple(values["events"])}, health=health, place=place)


def _values(one: Webhook) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(one, name) for name in Webhook.__slots__ if name not in ("health", "place")}
    return values | {
        "events": list(one.events),
        "failures": one.health.failures,
        "failing_since": one.health.failing_since,
        "rest_until": one.health.rest_until,
        "read_xid": one.place.xid,
        "read_sequence": one.place.sequence,
    }


def _journaled(conn: Connection, one: Webhook, event_type: str, by: By) -> Webhook:
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
        if name not in _PRIVATE
    }
    aggregate = journal.Aggregate("webhook", one.id, one.tenant, by.region, one.version, told)
    journal.append(conn, event_type, aggregate, by.actor, by.trace_id, by.now)
    return one
