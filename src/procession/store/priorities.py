"""Moving waiting analyses to another class. Their deadlines move by what the class's objective differs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from procession.domain.analysis import OBJECTIVE_SECONDS, Analysis, Priority, State
from procession.store import analyses as records
from procession.store import rows
from procession.store.dialects import Hold, hold
from procession.store.tables import analyses

_MOVE = rows.change(analyses.c.state == State.PENDING.value, analyses.c.erased_at.is_(None)).values(
    priority=bindparam("priority_"), deadline_at=bindparam("deadline_"), rung_at=None
)
_OF_BATCH = (
    select(analyses.c.id)
    .where(
        analyses.c.batch_id == bindparam("batch_"),
        analyses.c.state == State.PENDING.value,
        analyses.c.priority != bindparam("priority_"),
        analyses.c.erased_at.is_(None),
        analyses.c.id > bindparam("after_"),
    )
    .order_by(analyses.c.id)
    .limit(bindparam("limit_"))
)


def of_batch(conn: Connection, batch_id: str, priority: Priority, after_id: str | None, limit: int) -> list[str]:
    """Waiting analyses of the batch that are in another class, oldest first."""
    values = {"batch_": batch_id, "priority_": priority.value, "after_": after_id or "", "limit_": limit}
    return [row.id for row in conn.execute(_OF_BATCH, values)]


def move(
    conn: Connection, ids: Sequence[str], priority: Priority, actor: str, now: datetime, trace_id: str | None
) -> list[Analysis]:
    """Returns those that moved: what does not wait, or is in that class already, is left."""
    moved: list[Analysis] = []
    for analysis_id in sorted(ids):  # in one order, so that two such changes do not hold each other up
        hold(conn, analyses, analysis_id, Hold.ALONE)
        known = records.get_any(conn, analysis_id)
        if known is None or known.state is not State.PENDING or known.priority is priority:
            continue
        shift = timedelta(seconds=OBJECTIVE_SECONDS[priority] - OBJECTIVE_SECONDS[known.priority])
        values = {"id_": analysis_id, "now_": now, "priority_": priority.value, "deadline_": known.due_at + shift}
        row = conn.execute(_MOVE, values).first()
        if row is not None:
            moved.append(rows.journaled(conn, row, "analysis.prioritized", actor, now, trace_id))
    return moved
