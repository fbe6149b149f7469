"""Objects that are about to be written: named first, so that a crash before their record leaves none unknown.

An intent ends in one of two ways, never both: the transaction that records the object takes it away (``fulfil``), or it
is overdue and becomes a deletion (``expire``). Whoever comes second finds no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from procession.domain.errors import Conflict
from procession.store import erasure
from procession.store.dialects import insert_if_absent
from procession.store.tables import intents

_FULFIL = delete(intents).where(intents.c.name.in_(bindparam("names_", expanding=True)))
_OVERDUE = (
    select(intents.c.name)
    .where(intents.c.due_at <= bindparam("now_"))
    .order_by(intents.c.due_at)
    .limit(bindparam("limit_"))
)
_EXPIRE = delete(intents).where(intents.c.name.in_(bindparam("names_", expanding=True))).returning(intents.c.name)


def intend(conn: Connection, name: str, due_at: datetime) -> None:
    """``name`` is written and recorded before ``due_at``, or deleted. It must be this write's own."""
    insert_if_absent(conn, intents, {"name": name, "due_at": due_at})


def fulfil(conn: Connection, names: Sequence[str]) -> None:
    """This transaction records the objects. Raises Conflict when one was given up: it may be gone by now."""
    if conn.execute(_FULFIL, {"names_": list(names)}).rowcount != len(names):
        raise Conflict("Storing this took too long and was given up. Try again.")


def expire(conn: Connection, now: datetime, limit: int) -> int:
    """Turn overdue intents into deletions; returns how many."""
    overdue = list(conn.execute(_OVERDUE, {"now_": now, "limit_": limit}).scalars())
    expired = list(conn.execute(_EXPIRE, {"names_": overdue}).scalars()) if overdue else []
    erasure.note(conn, expired)
    return len(expired)
