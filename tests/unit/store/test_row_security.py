"""Row-level security: a transaction of one tenant cannot see or touch another's rows, however wrong its query is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from procession.store import claims, row_security
from procession.store.page_images import PageImageRow, insert_if_absent
from procession.store.postgres import PostgresStore
from procession.store.tables import metadata
from tests.records import at, give_form, submit
from tests.support.postgres import PostgresServer

OF_TENANTS = sorted(name for name in metadata.tables if name not in row_security.WITHOUT_TENANT)


@pytest.fixture
async def store(postgres_server: PostgresServer) -> AsyncIterator[PostgresStore]:
    made = PostgresStore(postgres_server.migrated())
    await made.start()

    def rows(conn: Connection, tenant: str) -> None:
        analysis = submit(conn, tenant=tenant)
        claims.claim(conn, analysis.id, "worker-a", 15, at(1))
        give_form(conn, analysis)
        insert_if_absent(conn, PageImageRow(analysis.document_id, 1, "pages/a@k", "a" * 64, at(0)))

    for tenant in ("acme", "other"):
        await made.write(lambda conn, tenant=tenant: rows(conn, tenant))
    yield made
    await made.stop()


FILLED = ("documents", "analyses", "attempts", "events", "forms", "page_images")


@pytest.mark.parametrize("name", FILLED)
async def test_a_query_without_a_tenant_sees_only_its_own(store: PostgresStore, name: str) -> None:
    count = select(func.count()).select_from(metadata.tables[name])
    all_ = await store.read(lambda conn: conn.execute(count).scalar_one())
    own = [await store.read(lambda conn: conn.execute(count).scalar_one(), tenant=t) for t in ("acme", "other")]
    nobody = await store.read(lambda conn: conn.execute(count).scalar_one(), tenant="nobody")
    assert own[0] == own[1] == all_ / 2 > 0
    assert nobody == 0


@pytest.mark.parametrize("name", FILLED)
async def test_a_change_without_a_tenant_touches_only_its_own(store: PostgresStore, name: str) -> None:
    table = metadata.tables[name]
    column = next(c for c in table.c if not c.primary_key)
    changed = await store.write(
        lambda conn: conn.execute(update(table).values({column: column})).rowcount, tenant="acme"
    )
    left = await store.read(lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one())
    assert changed == left / 2


async def test_a_deletion_without_a_tenant_deletes_only_its_own(store: PostgresStore) -> None:
    events = metadata.tables["events"]
    await store.write(lambda conn: conn.execute(delete(events)), tenant="acme")
    left = await store.read(lambda conn: set(conn.execute(select(events.c.tenant)).scalars()))
    assert left == {"other"}


async def test_a_row_cannot_be_written_for_or_moved_to_another_tenant(store: PostgresStore) -> None:
    batches, documents = metadata.tables["batches"], metadata.tables["documents"]
    row = {"id": "batch_1", "tenant": "other", "files_expected": 1, "created_at": at(0), "version": 1}
    for statement in (insert(batches).values(row), update(documents).values(tenant="other")):
        with pytest.raises(DBAPIError, match="row-level security"):
            await store.write(lambda conn, statement=statement: conn.execute(statement), tenant="acme")
    stolen = insert(metadata.tables["attempts"]).from_select(
        ["analysis_id", "fence", "worker", "started_at"],
        select(text("'an_of_other'"), text("9"), text("'w'"), text("now()")),
    )
    with pytest.raises(DBAPIError, match="row-level security"):
        await store.write(lambda conn: conn.execute(stolen), tenant="acme")


async def test_a_transaction_without_a_scope_sees_nothing(store: PostgresStore) -> None:
    with store._engine.connect() as conn:
        for name in FILLED:
            assert conn.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one() == 0


async def test_every_table_is_under_a_policy_that_holds_for_its_owner_too(store: PostgresStore) -> None:
    protected = text(
        "SELECT c.relname FROM pg_class c JOIN pg_policies p ON p.tablename = c.relname AND p.policyname = :policy "
        "WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.cmd = 'ALL' AND p.schemaname = current_schema() "
        "AND p.qual IS NOT NULL AND p.with_check IS NOT NULL"
    )
    found = await store.read(lambda conn: conn.execute(protected, {"policy": row_security.POLICY}).scalars().all())
    assert sorted(found) == OF_TENANTS


def test_every_table_with_a_tenant_is_under_a_policy() -> None:
    with_tenant = {table.name for table in metadata.tables.values() if "tenant" in table.c}
    assert with_tenant & row_security.WITHOUT_TENANT == set()
    assert with_tenant | set(row_security.PARENTS) == set(OF_TENANTS)


async def test_a_new_table_that_does_not_say_whose_it_is_stops_the_migration(store: PostgresStore) -> None:
    def unit(conn: Connection) -> None:
        conn.execute(text("CREATE TABLE nobodys (id integer)"))
        row_security.apply(conn)

    with pytest.raises(LookupError, match="nobodys"):
        await store.write(unit)


async def test_a_new_table_with_a_tenant_is_protected_by_itself(store: PostgresStore) -> None:
    def undone(conn: Connection) -> tuple[bool, bool, str]:
        nested = conn.begin_nested()
        conn.execute(text("CREATE TABLE fresh (tenant varchar(64))"))
        row_security.apply(conn)
        secured = conn.execute(text("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'fresh'"))
        one, two = secured.one()
        asked = text("SELECT collation_name FROM information_schema.columns WHERE table_name = 'fresh'")
        compares = conn.execute(asked).scalar_one()
        nested.rollback()
        return one, two, compares

    assert await store.write(undone) == (True, True, "C")
