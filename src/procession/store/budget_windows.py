"""What was spent and set aside in each hour, day and month, of each tenant and of all together.

Every call moves six rows: its tenant's and everyone's, of three periods, those of the moment it was reserved. They are
always taken in one order, everyone's month first, so that no two transactions hold each other up, and whoever holds
them decides alone. Sums are kept whether there is a budget or not: one that is made later finds what was spent before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from procession.domain.billing import EVERYONE, Period, Window, window_start
from procession.store.cost_tables import budget_windows
from procession.store.dialects import is_postgresql, recordset

_C = budget_windows.c
_COLUMNS = tuple(_C[name] for name in Window.__slots__)
_ORDER = (Period.MONTH, Period.DAY, Period.HOUR)


def add(conn: Connection, tenant: str, moment: datetime, reserved_pico: int, spent_pico: int) -> list[Window]:
    """Add to the windows of ``moment``, less where negative. Returns them as they are now, held until the end.

    System scope only: everyone's rows are no tenant's to see.
    """
    rows = [
        {
            "tenant": whose,
            "period": period.value,
            "starts_at": window_start(period, moment),
            "reserved_pico": reserved_pico,
            "spent_pico": spent_pico,
        }
        for whose in (EVERYONE, tenant)
        for period in _ORDER
    ]
    if is_postgresql(conn):
        found = conn.execute(_on_postgresql(), {"moved_": rows}).all()
    else:
        found = [conn.execute(_on_sqlite(), row).one() for row in rows]
    return [_window(row) for row in found]


def current(conn: Connection, tenants: Sequence[str], now: datetime) -> list[Window]:
    """The windows ``now`` is in; one in which nothing happened is there, empty."""
    starts = {period: window_start(period, now) for period in Period}
    asked = {"tenants_": list(tenants), "periods_": list(Period), "starts_": list(set(starts.values()))}
    rows = [_window(row) for row in conn.execute(_those(), asked)]
    found = {(row.tenant, row.period): row for row in rows if row.starts_at == starts[row.period]}
    return [
        found.get((tenant, period)) or Window(tenant, period, starts[period])
        for tenant in dict.fromkeys(tenants)
        for period in Period
    ]


def _window(row: Row[Any]) -> Window:
    return Window(row.tenant, Period(row.period), row.starts_at, row.reserved_pico, row.spent_pico)


@cache
def _those() -> Select[Any]:
    return select(*_COLUMNS).where(
        _C.tenant.in_(bindparam("tenants_", expanding=True)),
        _C.period.in_(bindparam("periods_", expanding=True)),
        _C.starts_at.in_(bindparam("starts_", expanding=True)),
    )


@cache
def _on_sqlite() -> Any:
    made = sqlite.insert(budget_windows)
    return made.on_conflict_do_update(
        index_elements=list(budget_windows.primary_key),
        set_={name: _C[name] + made.excluded[name] for name in ("reserved_pico", "spent_pico")},
    ).returning(*_COLUMNS)


@cache
def _on_postgresql() -> Any:
    rows = recordset("moved", *_COLUMNS)
    made = postgresql.insert(budget_windows).from_select(
        [column.name for column in _COLUMNS], select(*(rows.c[column.name] for column in _COLUMNS))
    )
    return made.on_conflict_do_update(
        index_elements=list(budget_windows.primary_key),
        set_={name: _C[name] + made.excluded[name] for name in ("reserved_pico", "spent_pico")},
    ).returning(*_COLUMNS)
