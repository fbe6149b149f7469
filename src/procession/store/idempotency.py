"""Idempotency keys per (tenant, route, key): the first request reserves, the others replay its answer.

Invariant: while a reservation's lock holds, no second request with the same key goes on; a lock that ran out (its
request died) may be taken over, and then only one of the two can complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from procession.domain.errors import Conflict, IdempotencyMismatch
from procession.store.tables import idempotency_keys


@dataclass(frozen=True, slots=True)
class Reserved:
    """Go on, then ``complete`` in the transaction that creates the resource, or ``release`` when it fails."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The key was used before with the same payload: answer with this resource."""

    resource_id: str


_KEY = idempotency_keys.c
_THIS = (_KEY.tenant == bindparam("tenant_"), _KEY.route == bindparam("route_"), _KEY.key == bindparam("key_"))
_GET = select(_KEY.fingerprint, _KEY.resource_id, _KEY.locked_until).where(*_THIS)
_INSERT = insert(idempotency_keys)
_LOCK = update(idempotency_keys).where(*_THIS).values(locked_until=bindparam("until_"))
_COMPLETE = (
    update(idempotency_keys).where(*_THIS, _KEY.resource_id.is_(None)).values(resource_id=bindparam("resource_"))
)
_RELEASE = delete(idempotency_keys).where(*_THIS, _KEY.resource_id.is_(None))
_RELEASE_ALL = delete(idempotency_keys).where(_KEY.resource_id.is_(None))
_OLD = (
    select(_KEY.tenant, _KEY.route, _KEY.key).where(_KEY.created_at < bindparam("before_")).limit(bindparam("limit_"))
)
_PRUNE = delete(idempotency_keys).where(tuple_(_KEY.tenant, _KEY.route, _KEY.key).in_(_OLD))


def reserve(
    conn: Connection, tenant: str, route: str, key: str, fingerprint: str, now: datetime, lock_seconds: float
) -> Reserved | Replay:
    """Reserve the key for this payload (``fingerprint``: SHA-256 hex of digest and options) or replay.

    Raises IdempotencyMismatch when the key was used with another payload, Conflict while the first is in flight.
    """
    found = conn.execute(_GET, {"tenant_": tenant, "route_": route, "key_": key}).first()
    until = now + timedelta(seconds=lock_seconds)
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
            },
        )
        return Reserved()
    if found.fingerprint != fingerprint:
        raise IdempotencyMismatch
    if found.resource_id is not None:
        return Replay(found.resource_id)
    if found.locked_until > now:
        raise Conflict("A request with this Idempotency-Key is still being served. Wait for its answer.")
    conn.execute(_LOCK, {"tenant_": tenant, "route_": route, "key_": key, "until_": until})
    return Reserved()


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


def release(conn: Connection, tenant: str, route: str, key: str) -> None:
    """The request failed before it made anything: the key is free again. A completed key stays."""
    conn.execute(_RELEASE, {"tenant_": tenant, "route_": route, "key_": key})


def release_all(conn: Connection) -> int:
    """Forget every reservation. For the start of a single-machine server: the requests died with its last life."""
    return conn.execute(_RELEASE_ALL).rowcount


def prune(conn: Connection, before: datetime, limit: int) -> int:
    """Forget keys created before, at most ``limit``; returns how many."""
    return conn.execute(_PRUNE, {"before_": before, "limit_": limit}).rowcount
