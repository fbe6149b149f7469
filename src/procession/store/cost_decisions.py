"""What budgets and spikes made us do, once for each window and action; journaled when it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from procession.domain.clock import new_id
from procession.store import journal
from procession.store.cost_tables import cost_decisions
from procession.store.dialects import insert_if_absent

ACTOR = "system:ledger"


@dataclass(frozen=True, slots=True)
class CostDecision:
    """``cause``: `budget` or `spike`. ``used_pico``: spent and set aside when it began."""

    id: str
    tenant: str
    period: str
    starts_at: datetime
    action: str
    cause: str
    reason: str
    until: datetime | None
    limit_pico: int
    used_pico: int
    decided_at: datetime
    last_at: datetime
    times: int = 1
    """Calls it touched so far."""


_C = cost_decisions.c
_COLUMNS = tuple(_C[name] for name in CostDecision.__slots__)
_KEY = ("tenant", "period", "starts_at", "cause", "action")
_AGAIN = (
    update(cost_decisions)
    .where(*(_C[name] == bindparam(f"{name}_") for name in _KEY))
    .values(times=_C.times + 1, last_at=bindparam("now_"))
)


def note(conn: Connection, made: CostDecision, region: str) -> bool:
    """Record it; whether it is new. The same again in the same window is only counted."""
    key = {f"{name}_": getattr(made, name) for name in _KEY}
    if conn.execute(_AGAIN, key | {"now_": made.last_at}).rowcount:
        return False
    if not insert_if_absent(conn, cost_decisions, asdict(made)):
        conn.execute(_AGAIN, key | {"now_": made.last_at})
        return False
    aggregate = journal.Aggregate("cost_decision", made.id, made.tenant, region, 1, _told(asdict(made)))
    journal.append(conn, f"cost.{made.action}", aggregate, ACTOR, None, made.decided_at)
    return True


def page(
    conn: Connection, tenants: Sequence[str] | None, since: datetime, before_id: str | None, limit: int
) -> list[CostDecision]:
    """The newest first. ``tenants`` None: all, everyone's too."""
    asked = select(*_COLUMNS).where(_C.decided_at >= since)
    if tenants is not None:
        asked = asked.where(_C.tenant.in_(list(tenants)))
    if before_id is not None:
        asked = asked.where(_C.id < before_id)
    return [CostDecision(*row) for row in conn.execute(asked.order_by(_C.id.desc()).limit(limit))]


def new_decision_id() -> str:
    return new_id("cdec")


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
