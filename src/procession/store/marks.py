"""How far analyses are, in one small row each: for processes that look whether another one moved them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from procession.store.tables import analyses

Mark = tuple[int, datetime]
"""(version, updated_at): every change of state raises the first, progress moves the second."""

_MARKS = select(analyses.c.id, analyses.c.version, analyses.c.updated_at).where(
    analyses.c.id.in_(bindparam("ids_", expanding=True))
)


def marks(conn: Connection, ids: Sequence[str]) -> dict[str, Mark]:
    """By id; those that are gone are left out."""
    if not ids:
        return {}
    return {row.id: (row.version, row.updated_at) for row in conn.execute(_MARKS, {"ids_": list(ids)})}
