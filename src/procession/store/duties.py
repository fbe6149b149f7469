"""Work that one process does for all: a lease by name, kept while its holder says so.

No advisory lock: behind a transaction pooler those end with the transaction. Holding a duty only saves work; what is
done under it must be harmless when two do it, for a holder that was frozen may wake up after its lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, or_, update

from procession.store.dialects import insert_if_absent
from procession.store.tables import duties

_C = duties.c
_TAKE = (
    update(duties)
    .where(_C.name == bindparam("name_"), or_(_C.owner == bindparam("owner_"), _C.expires_at <= bindparam("now_")))
    .values(owner=bindparam("owner_"), expires_at=bindparam("expires_"))
)
_RESIGN = delete(duties).where(_C.owner == bindparam("owner_"))


def take(conn: Connection, name: str, owner: str, seconds: float, now: datetime) -> bool:
    """Whether the duty is ``owner``'s for the next ``seconds``: it was already, or nobody's."""
    expires = now + timedelta(seconds=seconds)
    known = {"name_": name, "owner_": owner, "now_": now, "expires_": expires}
    if conn.execute(_TAKE, known).rowcount:
        return True
    return insert_if_absent(conn, duties, {"name": name, "owner": owner, "expires_at": expires}) == 1


def resign(conn: Connection, owner: str) -> None:
    """Leave every duty of ``owner`` to the others."""
    conn.execute(_RESIGN, {"owner_": owner})
