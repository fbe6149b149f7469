"""Dead letters: analyses that failed for good. Listed, revived, buried; one by one or all that a filter matches.

A buried one is acknowledged as not to be tried again: hidden from the list, kept in the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select

from procession.domain.analysis import Analysis, Priority, State
from procession.domain.errors import Conflict, NotFound
from procession.store import analyses as records
from procession.store import rows
from procession.store.tables import analyses

COUNTED_MAX = 10_000
"""A count stops here: it is for people."""

# Literal, not bound: SQLite uses a partial index only when the statement itself proves the index's condition.
_FAILED = literal_column("analyses.state") == literal_column("'failed'")
_LIVE = analyses.c.erased_at.is_(None)


@dataclass(frozen=True, slots=True)
class Filter:
    """What all must match; None matches anything. ``failed_before``: it failed no later than then."""

    code: str | None = None
    priority: Priority | None = None
    tenant: str | None = None
    failed_before: datetime | None = None
    buried: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        found = [_FAILED, _LIVE, analyses.c.buried_at.is_not(None) if self.buried else analyses.c.buried_at.is_(None)]
        if self.code is not None:
            found.append(analyses.c.error_code == self.code)
        if self.priority is not None:
            found.append(analyses.c.priority == self.priority.value)
        if self.tenant is not None:
            found.append(analyses.c.tenant == self.tenant)
        if self.failed_before is not None:
            found.append(analyses.c.finished_at <= self.failed_before)
        return found


def page(conn: Connection, wanted: Filter, before_id: str | None, limit: int) -> list[Analysis]:
    """Newest upload first."""
    query = select(*rows.COLUMNS).where(*wanted.conditions())
    if before_id is not None:
        query = query.where(analyses.c.id < before_id)
    return [rows.from_row(row) for row in conn.execute(query.order_by(analyses.c.id.desc()).limit(limit))]


def count(conn: Connection, wanted: Filter) -> int:
    """How many match, at most ``COUNTED_MAX``."""
    some = select(analyses.c.id).where(*wanted.conditions()).limit(COUNTED_MAX).subquery()
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def codes(conn: Connection) -> dict[str, int]:
    """Problem code -> dead letters, those that are not buried."""
    query = select(analyses.c.error_code, func.count().label("number")).where(*Filter().conditions())
    found = conn.execute(query.group_by(analyses.c.error_code)).all()
    return {row.error_code or "internal": row.number for row in sorted(found, key=lambda row: -row.number)}


def matching(conn: Connection, wanted: Filter, after_id: str | None, limit: int) -> list[str]:
    """Ids, oldest upload first: the next ones of a change in bulk."""
    query = select(analyses.c.id).where(*wanted.conditions())
    if after_id is not None:
        query = query.where(analyses.c.id > after_id)
    return [row.id for row in conn.execute(query.order_by(analyses.c.id).limit(limit))]


_TENANTS = select(analyses.c.id, analyses.c.tenant).where(analyses.c.id.in_(bindparam("ids_", expanding=True)), _LIVE)


def named(conn: Connection, ids: Sequence[str]) -> list[tuple[str, str]]:
    """(id, tenant) of those that there are, oldest upload first."""
    return sorted((row.id, row.tenant) for row in conn.execute(_TENANTS, {"ids_": list(ids)})) if ids else []


def revive(
    conn: Connection, which: Sequence[tuple[str, str]], actor: str, now: datetime, trace_id: str | None
) -> list[Analysis]:
    """They wait again, attempts and deadline counted from now, buried ones too; those that have not failed are left."""
    revived: list[Analysis] = []
    for analysis_id, tenant in which:
        try:
            revived.append(records.revive(conn, tenant, analysis_id, actor, now, trace_id))
        except (Conflict, NotFound):
            continue  # somebody was faster
    return revived


_BURY: Any = rows.change(analyses.c.state == State.FAILED.value, analyses.c.buried_at.is_(None), _LIVE).values(
    buried_at=bindparam("now_")
)


def bury(
    conn: Connection, which: Sequence[tuple[str, str]], actor: str, now: datetime, trace_id: str | None
) -> list[Analysis]:
    """Their failure is final; those that have not failed, or are buried, are left."""
    buried: list[Analysis] = []
    for analysis_id, _ in which:
        row = conn.execute(_BURY, {"id_": analysis_id, "now_": now}).first()
        if row is not None:
            buried.append(rows.journaled(conn, row, "analysis.buried", actor, now, trace_id))
    return buried
