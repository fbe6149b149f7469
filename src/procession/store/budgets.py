"""Budgets: who set which limit. Each change raises a version and is journaled with who made it.

A tenant has at most one for each period; `*` is everyone's. Where none was set, the settings' hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from procession.domain.billing import EVERYONE, Budget, Period
from procession.domain.clock import new_id
from procession.domain.errors import PreconditionFailed
from procession.store import journal
from procession.store.controls import By
from procession.store.cost_tables import budgets
from procession.store.dialects import one_at_a_time

LIMIT_PICO_MAX = 9_000_000 * 10**12
"""Nine million dollars: sums of picodollars stay below what 64 bits hold."""


@dataclass(frozen=True, slots=True)
class BudgetRow:
    id: str
    tenant: str
    period: str
    limit_pico: int
    warn_percent: int | None
    degrade_percent: int | None
    stop_percent: int | None
    version: int
    updated_at: datetime
    actor: str
    """Who changed it last."""
    deleted_at: datetime | None = None

    @property
    def budget(self) -> Budget:
        return Budget(
            self.tenant,
            Period(self.period),
            self.limit_pico,
            self.warn_percent,
            self.degrade_percent,
            self.stop_percent,
        )


_C = budgets.c
_COLUMNS = tuple(_C[name] for name in BudgetRow.__slots__)
_LIVE = _C.deleted_at.is_(None)
_ONE = select(*_COLUMNS).where(_C.id == bindparam("id_"), _LIVE)
_OF = select(*_COLUMNS).where(_C.tenant == bindparam("tenant_"), _C.period == bindparam("period_"), _LIVE)
_OF_TENANTS = (
    select(*_COLUMNS).where(_C.tenant.in_(bindparam("tenants_", expanding=True)), _LIVE).order_by(_C.tenant, _C.period)
)
_ALL = select(*_COLUMNS).where(_LIVE).order_by(_C.tenant, _C.period)


def get(conn: Connection, budget_id: str) -> BudgetRow | None:
    row = conn.execute(_ONE, {"id_": budget_id}).first()
    return None if row is None else BudgetRow(*row)


def every(conn: Connection) -> list[BudgetRow]:
    return [BudgetRow(*row) for row in conn.execute(_ALL)]


def of(conn: Connection, tenants: Sequence[str]) -> list[BudgetRow]:
    return [BudgetRow(*row) for row in conn.execute(_OF_TENANTS, {"tenants_": list(tenants)})]


def in_force(conn: Connection, tenant: str, defaults: Sequence[Budget] = ()) -> list[Budget]:
    """The tenant's and everyone's, as set, else as ``defaults`` (of `*` and of every tenant, called ``""``) say."""
    found = {(row.tenant, row.budget.period): row.budget for row in of(conn, (EVERYONE, tenant))}
    for default in defaults:
        whose = default.tenant or tenant
        if whose in (EVERYONE, tenant):
            found.setdefault((whose, default.period), replace(default, tenant=whose))
    return list(found.values())


def put(conn: Connection, wanted: Budget, by: By, version: int | None) -> tuple[BudgetRow, bool]:
    """Set a tenant's budget for a period, new or in place of the one that is there. Returns it, and whether it is new.

    ``version``: the one the caller read, 0: there was none, None: whichever. Raises PreconditionFailed.
    """
    one_at_a_time(conn, "budgets", wanted.tenant)
    row = conn.execute(_OF, {"tenant_": wanted.tenant, "period_": wanted.period.value}).first()
    known = None if row is None else BudgetRow(*row)
    _require(known, version)
    if known is not None and known.budget == wanted:
        return known, False
    changed = BudgetRow(
        id=new_id("bud") if known is None else known.id,
        tenant=wanted.tenant,
        period=wanted.period.value,
        limit_pico=wanted.limit_pico,
        warn_percent=wanted.warn_percent,
        degrade_percent=wanted.degrade_percent,
        stop_percent=wanted.stop_percent,
        version=1 if known is None else known.version + 1,
        updated_at=by.now,
        actor=by.actor,
    )
    if known is None:
        conn.execute(insert(budgets), asdict(changed))
    else:
        conn.execute(update(budgets).where(_C.id == known.id).values(**asdict(changed)))
    _journal(conn, changed, "budget.set", by)
    return changed, known is None


def delete(conn: Connection, budget_id: str, by: By, version: int | None) -> BudgetRow | None:
    """Take a budget away; the settings' hold again. None when there is none. Raises PreconditionFailed."""
    known = get(conn, budget_id)
    if known is None:
        return None
    one_at_a_time(conn, "budgets", known.tenant)
    known = get(conn, budget_id)
    if known is None:
        return None
    _require(known, version)
    gone = replace(known, version=known.version + 1, updated_at=by.now, actor=by.actor, deleted_at=by.now)
    conn.execute(update(budgets).where(_C.id == known.id).values(**asdict(gone)))
    _journal(conn, gone, "budget.removed", by)
    return gone


def _require(known: BudgetRow | None, version: int | None) -> None:
    if version is not None and version != (0 if known is None else known.version):
        raise PreconditionFailed


def _journal(conn: Connection, row: BudgetRow, kind: str, by: By) -> None:
    tenant = by.tenant if row.tenant == EVERYONE else row.tenant
    aggregate = journal.Aggregate("budget", row.id, tenant, by.region, row.version, _told(asdict(row)))
    journal.append(conn, kind, aggregate, by.actor, by.trace_id, by.now)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
