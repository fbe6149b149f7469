"""Usage by hour, and since the beginning: written by the transaction that settles a call, read by every page.

A report costs what its period has hours and kinds of work, however many calls there were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from procession.domain.billing import Period, window_start
from procession.domain.usage import Tokens
from procession.store.cost_tables import usage_rollups, usage_totals

COUNTS = (
    *("calls", "input_tokens", "cached_tokens", "written_tokens", "image_tokens", "output_tokens"),
    *("list_pico", "effective_pico"),
)
GROUPS = ("tenant", "hour", "region", "provider", "model", "tier", "purpose")
"""What a report may be grouped by; a day is made of its hours."""


@dataclass(frozen=True, slots=True)
class Used:
    """Sums over settled calls; money in picodollars."""

    calls: int
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    image_tokens: int
    output_tokens: int
    list_pico: int
    effective_pico: int

    @classmethod
    def of(cls, tokens: Tokens, list_pico: int, effective_pico: int) -> Used:
        """One call."""
        counts = (tokens.input, tokens.cached, tokens.written, tokens.image, tokens.output)
        return cls(1, *counts, list_pico, effective_pico)

    def __add__(self, other: Used) -> Used:
        return Used(*(getattr(self, name) + getattr(other, name) for name in COUNTS))

    @property
    def tokens(self) -> Tokens:
        return Tokens(
            input=self.input_tokens,
            cached=self.cached_tokens,
            written=self.written_tokens,
            image=self.image_tokens,
            output=self.output_tokens,
        )


NONE = Used(0, 0, 0, 0, 0, 0, 0, 0)


def add(conn: Connection, key: Mapping[str, str], reserved_at: datetime, used: Used) -> None:
    """``key``: tenant, region, provider, model, tier, purpose. The totals' row comes last: everybody wants it."""
    counts = {name: getattr(used, name) for name in COUNTS}
    hour = window_start(Period.HOUR, reserved_at)
    for table in (usage_rollups, usage_totals):
        names = [column.name for column in table.primary_key]
        conn.execute(
            _upsert(conn.dialect.name, table), {**{n: hour if n == "hour" else key[n] for n in names}, **counts}
        )


def sums(
    conn: Connection,
    since: datetime,
    until: datetime,
    group: Sequence[str] = (),
    *,
    tenant: str | None = None,
    region: str | None = None,
) -> list[tuple[tuple[Any, ...], Used]]:
    """Sums over the hours from ``since`` to before ``until``, by ``group`` (some of GROUPS), in its order.

    ``tenant`` None: all.
    """
    rows = conn.execute(
        _sums(tuple(group), tenant is not None, region is not None),
        {"since_": since, "until_": until, "tenant_": tenant, "region_": region},
    )
    places = len(group)
    return [(tuple(row[:places]), Used(*(int(one or 0) for one in row[places:]))) for row in rows]


def totals(conn: Connection) -> dict[tuple[str, str, str, str], Used]:
    """(region, provider, model, tier) -> everything settled since the beginning."""
    c = usage_totals.c
    columns = (c.region, c.provider, c.model, c.tier, *(c[name] for name in COUNTS))
    return {(row[0], row[1], row[2], row[3]): Used(*row[4:]) for row in conn.execute(select(*columns))}


@cache
def _upsert(dialect: str, table: Table) -> Any:
    made = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    return made.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + made.excluded[name] for name in COUNTS},
    )


@cache
def _sums(group: tuple[str, ...], of_tenant: bool, of_region: bool) -> Any:
    c = usage_rollups.c
    keys = [c[name] for name in group]
    made = select(*keys, *(func.sum(c[name]).label(name) for name in COUNTS)).where(
        c.hour >= bindparam("since_"), c.hour < bindparam("until_")
    )
    if of_tenant:
        made = made.where(c.tenant == bindparam("tenant_"))
    if of_region:
        made = made.where(c.region == bindparam("region_"))
    return made.group_by(*keys).order_by(*keys) if keys else made
