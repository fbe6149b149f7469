"""Code of an older schema on a newer one that says it fits: what the older version wrote and read still can be.

The tables are taken from the old schema as PostgreSQL describes it, so these are the statements the old code makes: it
names its own columns and knows no others.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Column, Connection, Inspector, MetaData, Table, delete, insert, inspect, select, update

from procession.store.postgres import PostgresStore
from tests.support.postgres import PostgresServer
from tests.unit.store.test_schema_versions import REVISIONS, SCRIPTS, at_revision

OURS = frozenset({"alembic_version", "schema_compatibility"})
"""What migrations write, not the versions that run."""
ALWAYS_UNIQUE = {"documents": frozenset({("key_id",)})}
"""Indexes that forbid what no version ever wrote: a key is made anew for each document."""
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Declared:
    """``old``: the oldest revision whose code is said to run on the schema after ``new``."""

    old: str
    new: str


def declared() -> list[Declared]:
    made = [(getattr(SCRIPTS.get_revision(new).module, "code_from", new), new) for new in REVISIONS]
    return [Declared(old, new) for old, new in made if old != new]


def known_at(store: PostgresStore) -> MetaData:
    metadata = MetaData()
    store.inspect(lambda conn: metadata.reflect(conn))
    return metadata


def value(column: Column[Any]) -> Any:
    """Another one at each call, so that nothing is a duplicate."""
    number = next(_NUMBERS)
    if isinstance(column.type, JSON):
        return {"n": number}
    kind = column.type.python_type
    if kind is str:
        length = getattr(column.type, "length", None) or 40
        return f"{number:x}"[:length]
    return {
        bool: True,
        bytes: b"%d" % number,
        datetime: datetime(2030, 5, 4, tzinfo=UTC),
        float: number / 8,
        int: number,
    }[kind]


def row(table: Table, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All of the table's old columns, pointing to rows that are there."""
    made = {column.name: value(column) for column in table.columns if column.computed is None}
    for reference in table.foreign_keys:
        made[reference.parent.name] = rows[reference.column.table.name][reference.column.name]
    return made


@pytest.mark.parametrize("versions", declared(), ids=lambda one: f"code of {one.old} on {one.new}")
def test_the_old_version_writes_reads_changes_and_deletes_all_it_knows(
    postgres_server: PostgresServer, versions: Declared
) -> None:
    before, after = (at_revision(postgres_server, revision) for revision in (versions.old, versions.new))
    tables = [table for table in known_at(before).sorted_tables if table.name not in OURS]
    assert len(tables) >= 10

    def works(conn: Connection) -> None:
        rows: dict[str, dict[str, Any]] = {}
        for table in tables:
            rows[table.name] = row(table, rows)
            conn.execute(insert(table).values(rows[table.name]))
        for table in tables:
            keys = [column == rows[table.name][column.name] for column in table.primary_key]
            found = conn.execute(select(table).where(*keys)).mappings().one()
            assert dict(found) == rows[table.name], table.name
            free = [column for column in table.columns if not column.primary_key and not column.foreign_keys]
            for column in free:
                changed = conn.execute(update(table).where(*keys).values({column: value(column)}))
                assert changed.rowcount == 1, column
        for table in reversed(tables):
            keys = [column == rows[table.name][column.name] for column in table.primary_key]
            assert conn.execute(delete(table).where(*keys)).rowcount == 1

    after.inspect(works, writing=True)


@pytest.mark.parametrize("versions", declared(), ids=lambda one: f"code of {one.old} on {one.new}")
def test_nothing_the_old_version_relies_on_was_narrowed(postgres_server: PostgresServer, versions: Declared) -> None:
    before, after = (at_revision(postgres_server, revision) for revision in (versions.old, versions.new))
    old, new = before.inspect(inspected), after.inspect(inspected)
    for name in old.keys() - OURS:
        for column, facts in old[name].columns.items():
            assert new[name].columns[column] == facts, f"{name}.{column}"
        added = new[name].columns.keys() - old[name].columns.keys()
        assert [one for one in added if new[name].required(one)] == [], f"{name}: the old version does not fill these"
        assert new[name].unique - ALWAYS_UNIQUE.get(name, frozenset()) <= old[name].unique, (
            f"{name}: the old version may write what is alike"
        )


def test_a_migration_says_no_more_than_the_one_before_it_allows() -> None:
    """Code of 0008 runs on 0010 only if it ran on 0009: declarations must not reach past a break."""
    for earlier, later in itertools.pairwise(REVISIONS):
        least = getattr(SCRIPTS.get_revision(later).module, "code_from", later)
        assert least == later or least >= getattr(SCRIPTS.get_revision(earlier).module, "code_from", earlier), later


@dataclass(frozen=True)
class Described:
    columns: dict[str, tuple[str, bool]]
    """Name -> type, and whether it may be null."""
    defaults: frozenset[str]
    unique: frozenset[tuple[str, ...]]

    def required(self, column: str) -> bool:
        return not self.columns[column][1] and column not in self.defaults


def inspected(conn: Connection) -> dict[str, Described]:
    found: Inspector = inspect(conn)
    return {name: described(found, name) for name in found.get_table_names()}


def described(found: Inspector, name: str) -> Described:
    columns = found.get_columns(name)
    unique = [tuple(str(one) for one in index["column_names"]) for index in found.get_indexes(name) if index["unique"]]
    return Described(
        {column["name"]: (str(column["type"]), bool(column["nullable"])) for column in columns},
        frozenset(column["name"] for column in columns if column.get("default") is not None),
        frozenset(unique),
    )
