"""Where SQLite and PostgreSQL differ in what a unit of work says; everything else is one statement for both.

On SQLite one writer runs at a time, so a unit that reads and then writes is alone. On PostgreSQL units run side by side
under READ COMMITTED: what must not change between a read and a write is held by ``hold``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Hold(StrEnum):
    """How a row is held until the transaction ends."""

    SHARED = "shared"
    """Nobody changes it; others may hold it so too."""
    ALONE = "alone"
    """Nobody else changes or holds it."""


def is_postgresql(conn: Connection) -> bool:
    return conn.dialect.name == POSTGRESQL


def insert_if_absent(conn: Connection, table: Table, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> int:
    """Insert one row or several, leaving out those that break a unique constraint. Returns rows inserted (of one)."""
    return conn.execute(_insert_if_absent(conn.dialect.name, table), values).rowcount


def insert_all(conn: Connection, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that name the same columns; on PostgreSQL in one statement, whatever their number."""
    if not values:
        return
    if is_postgresql(conn) and len(values) > 1:
        conn.execute(_insert_all(table, tuple(values[0])), {f"{table.name}_": values})
    else:
        conn.execute(_insert(table), values)


def insert_written(conn: Connection, table: Table, names: tuple[str, ...], rows: Sequence[str]) -> None:
    """PostgreSQL: insert ``rows``, each written as a JSON object of the columns ``names``, in one statement."""
    if rows:
        conn.execute(_insert_all(table, names), {f"{table.name}_": f"[{','.join(rows)}]"})


def recordset(name: str, *columns: Column[Any]) -> TableValuedAlias:
    """PostgreSQL: the rows of the parameter ``NAME_``, a list of mappings with these columns, as a table ``name``."""
    rows = func.json_to_recordset(bindparam(f"{name}_", type_=_Records()))
    return rows.table_valued(*(column(one.name, one.type) for one in columns), name=name).render_derived(
        with_types=True
    )


def any_of(one: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """PostgreSQL: ``one`` is in the parameter ``name``, a list of texts. The statement is the same for any number."""
    return one == func.any(bindparam(name, type_=postgresql.ARRAY(Text)))


class _Records(TypeDecorator[Any]):
    """A list of mappings as one JSON text, times in ISO 8601; or such a text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        if isinstance(value, str):
            return value
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=datetime.isoformat)

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        return cast(bindvalue, postgresql.JSON)


def hold(conn: Connection, table: Table, row_id: str, how: Hold) -> None:
    """Hold the row until the transaction ends; on SQLite the writer holds everything already."""
    if is_postgresql(conn):
        conn.execute(_hold(table, how), {"id_": row_id})


def one_at_a_time(conn: Connection, what: str, tenant: str) -> None:
    """Units that change ``what`` of one tenant run one after the other, for rules over several rows; rare work only.

    Ask before reading what the change depends on. The lock ends with the transaction.
    """
    if is_postgresql(conn):
        conn.execute(_LOCK, {"name_": f"{what}:{tenant}"})


def in_index_order(conn: Connection) -> None:
    """What is asked next in this transaction has an index in its order, and reads a page of it.

    PostgreSQL takes the tenant and the tenant's policy for two conditions that thin out rows, and so a large tenant for
    a small one: it would rather read and sort all of its rows. On SQLite nothing needs saying.
    """
    if is_postgresql(conn):
        conn.execute(_NO_SORT)


def by_steps_of_index(conn: Connection) -> None:
    """What is asked next in this transaction takes a few entries of an index again and again, already in order.

    Of work that waits PostgreSQL's statistics know little, for it is gone when they are made: it would rather gather
    all of it in a bitmap and sort that for each step.
    """
    if is_postgresql(conn):
        conn.execute(_NO_BITMAP)


_NO_BITMAP = text("SET LOCAL enable_bitmapscan = off")
_NO_SORT = text("SET LOCAL enable_sort = off")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name_, 0))")


@cache
def _insert_if_absent(dialect: str, table: Table) -> Insert:
    if dialect == POSTGRESQL:
        return postgresql.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sqlite.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _insert(table: Table) -> Insert:
    return insert(table)


@cache
def _insert_all(table: Table, names: tuple[str, ...]) -> Insert:
    rows = recordset(table.name, *(table.c[name] for name in names))
    return insert(table).from_select(names, select(*(rows.c[name] for name in names)), include_defaults=False)


@cache
def _hold(table: Table, how: Hold) -> Select[Any]:
    return select(table.c.id).where(table.c.id == bindparam("id_")).with_for_update(read=how is Hold.SHARED)
