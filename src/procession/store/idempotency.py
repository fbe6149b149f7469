"""Idempotency keys per (tenant, route, key): the first request reserves, the others replay its answer.

Invariant: while a reservation holds, no second request with the same key goes on. It holds until its lock runs out or
its process is not seen any more (the request died with it); then it may be taken over, and should the first request
live after all, only one of the two can complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, tuple_, update

from procession.domain.errors import Conflict, IdempotencyMismatch
from procession.store.tables import idempotency_keys, workers


@dataclass(frozen=True, slots=True)
class Reserved:
    """Go on, then ``complete`` in the transaction that creates the resource, or ``release`` when it fails."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The key was used before with the same payload: answer with this resource."""

    resource_id: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who reserves: the process ``owner`` (its row in ``workers``, refreshed by its heartbeat), for ``lock_seconds`` at
    most. ``gone_seconds``: a process not seen for this long holds nothing.
    """

    owner: str
    lock_seconds: float
    gone_seconds: float


_KEY = idempotency_keys.c
_THIS = (_KEY.tenant == bindparam("tenant_"), _KEY.route == bindparam("route_"), _KEY.key == bindparam("key_"))
_GET = select(_KEY.fingerprint, _KEY.resource_id, _KEY.locked_until, _KEY.owner).where(*_THIS)
_SEEN = select(workers.c.id).where(workers.c.id == bindparam("owner_"), workers.c.seen_at >= bindparam("since_"))
_INSERT = insert(idempotency_keys)
# Taken over from one holder only: of two that find it lapsed, the second finds it held.
_LOCK = (
    update(idempotency_keys)
    .where(*_THIS, _KEY.resource_id.is_(None), _KEY.locked_until == bindparam("lapsed_"))
    .values(locked_until=bindparam("until_"), owner=bindparam("owner_"))
)
_COMPLETE = (
    update(idempotency_keys).where(*_THIS, _KEY.resource_id.is_(None)).values(resource_id=bindparam("resource_"))
)
_RELEASE = delete(idempotency_keys).where(
    *_THIS, _KEY.resource_id.is_(None), or_(_KEY.owner.is_(None), _KEY.owner == bindparam("owner_"))
)
_RELEASE_ALL = delete(idempotency_keys).where(_KEY.resource_id.is_(None))
_OLD = (
    select(_KEY.tenant, _KEY.route, _KEY.key)
    .where(_KEY.created_at < bindparam("before_"))
    .order_by(_KEY.created_at)
    .limit(bindparam("limit_"))
)
_PRUNE = delete(idempotency_keys).where(tuple_(_KEY.tenant, _KEY.route, _KEY.key).in_(_OLD))


def reserve(
    conn: Connection, tenant: str, route: str, key: str, fingerprint: str, now: datetime, holder: Holder
) -> Reserved | Replay:
    """Reserve the key for this payload (``fingerprint``: SHA-256 hex of digest and options) or replay.

    Raises IdempotencyMismatch when the key was used with another payload, Conflict while the first is in flight.
    """
    found = conn.execute(_GET, {"tenant_": tenant, "route_": route, "key_": key}).first()
    until = now + timedelta(seconds=holder.lock_seconds)
    if found is None:
        conn.execute(
            _INSERT,
            {
                "tenant": tenant,
                "route": route,
                "key": key,
                "fingerprint": fingerprint,
                "resource_id": None,
                "created_at": now,
                "locked_until": until,
                "owner": holder.owner,
            },
        )
        return Reserved()
    if found.fingerprint != fingerprint:
        raise IdempotencyMismatch
    if found.resource_id is not None:
        return Replay(found.resource_id)
    taken = {"tenant_": tenant, "route_": route, "key_": key, "until_": until, "owner_": holder.owner}
    if (found.locked_until > now and not _gone(conn, found.owner, now, holder)) or (
        conn.execute(_LOCK, taken | {"lapsed_": found.locked_until}).rowcount == 0
    ):
        raise Conflict("A request with this Idempotency-Key is still being served. Wait for its answer.")
    return Reserved()


def _gone(conn: Connection, owner: str | None, now: datetime, holder: Holder) -> bool:
    """Whether the process that reserved is not there any more; who reserves is, whatever its row says."""
    if owner is None or owner == holder.owner:
        return False
    since = now - timedelta(seconds=holder.gone_seconds)
    return conn.execute(_SEEN, {"owner_": owner, "since_": since}).first() is None


def completed(conn: Connection, tenant: str, route: str, key: str) -> str | None:
    """The resource that the key made, if it did."""
    found = conn.execute(_GET, {"tenant_": tenant, "route_": route, "key_": key}).first()
    return None if found is None else found.resource_id


def complete(conn: Connection, tenant: str, route: str, key: str, resource_id: str) -> None:
    """Bind the key to what the request made, in the same transaction.

    Raises Conflict when another request completed it or released it: roll back and look at the key again.
    """
    values = {"tenant_": tenant, "route_": route, "key_": key, "resource_": resource_id}
    if conn.execute(_COMPLETE, values).rowcount == 0:
        raise Conflict("Another request with this Idempotency-Key was faster. Send it again to get its answer.")


def release(conn: Connection, tenant: str, route: str, key: str, owner: str) -> None:
    """The request failed before it made anything: the key is free again. A completed key stays, and another's."""
    conn.execute(_RELEASE, {"tenant_": tenant, "route_": route, "key_": key, "owner_": owner})


def release_all(conn: Connection) -> int:
    """Forget every reservation. For the start of a single-machine server: the requests died with its last life."""
    return conn.execute(_RELEASE_ALL).rowcount


def prune(conn: Connection, before: datetime, limit: int) -> int:
    """Forget keys created before, at most ``limit``; returns how many."""
    return conn.execute(_PRUNE, {"before_": before, "limit_": limit}).rowcount
