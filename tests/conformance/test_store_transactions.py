"""What every store promises about transactions."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from procession.domain.errors import Unavailable
from procession.store import analyses, documents, rows, tables
from procession.store.protocol import Store
from tests.records import a_document, an_analysis, submit


async def test_a_read_sees_every_acknowledged_write(store: Store) -> None:
    for _ in range(20):
        made = await store.write(submit)
        assert await store.read(lambda conn, made=made: analyses.get(conn, "acme", made.id)) == made


async def test_a_failing_unit_leaves_nothing_and_harms_no_other(store: Store) -> None:
    def fails_at_the_end(conn: Connection) -> None:
        submit(conn, "half done")
        raise KeyError("changed my mind")

    writes = [
        store.write(fails_at_the_end if n % 2 else lambda conn, n=n: submit(conn, f"file {n}")) for n in range(20)
    ]
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(result, KeyError) for result in results] == [bool(n % 2) for n in range(20)]
    found = await store.read(lambda conn: analyses.page(conn, "acme", limit=100))
    assert {analysis.id for analysis in found} == {result.id for result in results[::2]}


async def test_a_unit_that_fails_alone_leaves_nothing(store: Store) -> None:
    def fails_at_the_end(conn: Connection) -> None:
        submit(conn)
        raise KeyError("changed my mind")

    with pytest.raises(KeyError):
        await store.write(fails_at_the_end)
    await store.write(lambda conn: None)
    assert await store.read(lambda conn: analyses.page(conn, "acme")) == []


async def test_foreign_keys_hold(store: Store) -> None:
    def orphan(conn: Connection) -> None:
        document = documents.insert(conn, a_document(), "local", "key:test", None)
        analyses.insert(conn, an_analysis(document, batch_id="batch_unknown"), "key:test", None)

    with pytest.raises(IntegrityError):
        await store.write(orphan)


async def test_a_stopped_store_refuses_in_words(store: Store) -> None:
    await store.stop()
    with pytest.raises(Unavailable):
        await store.write(submit)
    with pytest.raises(Unavailable):
        await store.read(lambda conn: analyses.page(conn, "acme"))
    await store.stop()  # again: harmless


async def test_many_writers_lose_nothing(store: Store) -> None:
    made = await asyncio.gather(*(store.write(submit) for _ in range(300)))
    found = await store.read(lambda conn: analyses.page(conn, "acme", limit=1000))
    assert {analysis.id for analysis in found} == {analysis.id for analysis in made}


async def test_an_error_tells_the_statement_and_none_of_its_values(store: Store) -> None:
    """It may end up in a log: names, sealed or not, and links' hashes are not for logs."""

    def twice(conn: Connection) -> None:
        made = submit(conn, file_name_sealed=b"a couple's names")
        conn.execute(insert(tables.analyses), rows.to_values(made))

    with pytest.raises(IntegrityError) as caught:
        await store.write(twice)
    assert "INSERT INTO analyses" in str(caught.value)
    assert "a couple's names" not in str(caught.value)
    assert "hidden" in str(caught.value)
