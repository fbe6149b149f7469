"""What is SQLite's own: group commit, the disk that fails, the schema's version, the file on disk."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from procession.domain.errors import Unavailable
from procession.store import analyses
from procession.store.sqlite import SqliteStore
from procession.store.tables import metadata
from tests.records import submit


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(tmp_path / "procession.db")
    await made.start()
    yield made
    await made.stop()


@contextmanager
def disk_full(path: Path) -> Iterator[None]:
    """No file of this process may grow past the database log's present size: writes fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_units_that_wait_share_one_commit(store: SqliteStore, tmp_path: Path) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def holds_the_writer(conn: Connection) -> None:
        entered.set()
        assert go_on.wait(30)

    first = asyncio.create_task(store.write(holds_the_writer))
    await asyncio.to_thread(entered.wait, 30)
    rest = [asyncio.create_task(store.write(submit)) for _ in range(50)]
    await asyncio.sleep(0)
    before = _commits(tmp_path)
    go_on.set()
    await asyncio.gather(first, *rest)
    assert _commits(tmp_path) - before == 1  # the first unit wrote nothing; the fifty share one


def _commits(folder: Path) -> int:
    """Commit frames in the log: those that state the size in pages (sqlite.org/fileformat2.html#walformat)."""
    log = (folder / "procession.db-wal").read_bytes()
    page_size, salt = int.from_bytes(log[8:12], "big"), log[16:24]
    frames = (log[at : at + 24] for at in range(32, len(log), 24 + page_size))
    return sum(frame[4:8] != b"\0\0\0\0" and frame[8:16] == salt for frame in frames)


async def test_a_full_disk_refuses_and_the_writer_recovers(store: SqliteStore, tmp_path: Path) -> None:
    kept = await store.write(submit)
    with disk_full(tmp_path / "procession.db-wal"):
        results = await asyncio.gather(*(store.write(submit) for _ in range(8)), return_exceptions=True)
        assert all(isinstance(result, Unavailable) for result in results)
        found = await store.read(lambda conn: analyses.page(conn, "acme"))
        assert [analysis.id for analysis in found] == [kept.id]
    again = await store.write(submit)
    found = await store.read(lambda conn: analyses.page(conn, "acme"))
    assert {analysis.id for analysis in found} == {kept.id, again.id}


async def test_a_cancelled_caller_that_still_waits_writes_nothing(store: SqliteStore) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def holds_the_writer(conn: Connection) -> None:
        entered.set()
        assert go_on.wait(30)

    first = asyncio.create_task(store.write(holds_the_writer))
    await asyncio.to_thread(entered.wait, 30)
    leaving = asyncio.create_task(store.write(submit))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await first
    await store.write(lambda conn: None)
    assert await store.read(lambda conn: analyses.page(conn, "acme")) == []


async def test_a_full_queue_refuses_before_memory_runs_out(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "procession.db", queue_max=3)
    await store.start()
    results = await asyncio.gather(*(store.write(submit) for _ in range(100)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert refused
    assert len(await store.read(lambda conn: analyses.page(conn, "acme", limit=200))) == 100 - len(refused) >= 3
    await store.stop()


async def test_stopping_commits_what_waits(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "procession.db")
    await store.start()
    writes = [asyncio.create_task(store.write(submit)) for _ in range(50)]
    await asyncio.sleep(0)
    await store.stop()
    made = await asyncio.gather(*writes)
    again = SqliteStore(tmp_path / "procession.db")
    await again.start()
    found = await again.read(lambda conn: analyses.page(conn, "acme", limit=100))
    assert {analysis.id for analysis in found} == {analysis.id for analysis in made}
    await again.stop()


async def test_the_file_is_durable_and_checks_references(store: SqliteStore) -> None:
    def pragmas(conn: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await store.write(pragmas) == ["wal", 2, 1]


async def test_readers_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(Unavailable):
        await store.read(submit)


async def test_the_migrations_make_exactly_the_tables(store: SqliteStore) -> None:
    def difference(conn: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(conn), metadata))

    assert await store.read(difference) == []


async def test_starting_again_keeps_everything(tmp_path: Path) -> None:
    for round_ in range(3):
        store = SqliteStore(tmp_path / "procession.db")
        await store.start()
        assert len(await store.read(lambda conn: analyses.page(conn, "acme"))) == round_
        await store.write(submit)
        await store.stop()


async def test_a_schema_from_the_future_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "procession.db"
    store = SqliteStore(path)
    await store.start()
    await store.stop()
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    conn.close()
    newer = SqliteStore(path)
    with pytest.raises(Unavailable, match=r"9999.*newer Procession"):
        await newer.start()
    await newer.stop()


async def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "procession.db"
    path.write_bytes(b"this is a letter, not a database\n" * 100)
    store = SqliteStore(path)
    with pytest.raises(Unavailable, match=r"procession\.db cannot be used"):
        await store.start()
    await store.stop()
