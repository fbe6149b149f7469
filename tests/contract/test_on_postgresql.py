"""The whole service with its records in PostgreSQL: from the upload to the result, the form, and the erasure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from procession.client import errors
from procession.domain.errors import Unavailable
from procession.settings import ApiKey, Database, Keys, Settings, Worker
from procession.store import claims
from procession.store.postgres import PostgresStore
from procession.wiring import build
from tests.records import submit
from tests.support import documents
from tests.support.postgres import PostgresServer
from tests.support.server import RunningServer, running

KEYS = {"flora": "key-of-flora", "venue": "key-of-venue"}


@pytest.fixture(scope="module")
def server(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=postgres_server.migrated().render_as_string(),
        database=Database(pool_connections_max=4),
        keys_url=postgres_server.empty().render_as_string(),
        keys=Keys(master=SecretStr("5a" * 32)),
        api_keys=tuple(
            ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant) for tenant, key in KEYS.items()
        ),
        worker=Worker(lease_seconds=4.0, heartbeat_seconds=0.5),
    )
    with running(settings) as started:
        yield started


def test_a_document_becomes_a_result_and_a_form_and_is_erased(server: RunningServer) -> None:
    with server.client(KEYS["flora"]) as client:
        done = client.wait(client.submit(documents.form(mark="one"), name="one.pdf").id, 60)
        assert done.status in ("requires_review", "completed")
        assert len(client.result(done.id)["form"]["fields"]) == done.fields_found
        assert client.page_image(done.id, 1).startswith(b"\x89PNG")
        kinds = [event.kind for event in client.events(done.id)]
        assert kinds[-1] == "result"
        client.review(done, finish=True)
        assert len(list(client.forms())) == 1
        again = client.wait(client.submit(documents.form(mark="one"), name="again.pdf").id, 60)
        assert again.id in [analysis.id for analysis in client.list()]
        for analysis in (done, again):
            client.erase(analysis.id)
            with pytest.raises(errors.NotFound):
                client.get(analysis.id)


def test_another_tenant_sees_nothing_of_it(server: RunningServer) -> None:
    with server.client(KEYS["flora"]) as flora, server.client(KEYS["venue"]) as venue:
        made = flora.wait(flora.submit(documents.form(mark="two")).id, 60)
        for ask in (venue.get, venue.result, venue.document):
            with pytest.raises(errors.NotFound):
                ask(made.id)
        assert list(venue.list()) == []


def test_a_tenant_s_stream_tells_of_changes(server: RunningServer) -> None:
    bearer = {"authorization": f"Bearer {KEYS['venue']}"}
    with (
        server.client(KEYS["venue"]) as client,
        httpx.Client(base_url=server.base_url, headers=bearer, timeout=60) as http,
        http.stream("GET", "/v1/events") as answer,
    ):
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("event: ")) == "event: ready"
        made = client.submit(documents.form(mark="three"))
        assert next(line for line in lines if line.startswith("event: ")) == "event: changed"
        assert made.id in next(line for line in lines if line.startswith("data: "))


def test_a_request_sent_twice_with_one_key_is_answered_once(server: RunningServer) -> None:
    with server.client(KEYS["flora"]) as client:
        content = documents.form(mark="four")
        first, second = [client.submit(content, idempotency_key="order-4") for _ in range(2)]
        assert first.id == second.id


def test_what_a_dead_process_claimed_is_done_by_another_after_its_lease(server: RunningServer) -> None:
    """A shared database: nobody gives back at its start what others may be working on."""
    with server.client(KEYS["flora"]) as client:
        made = client.submit(documents.form(mark="five"), name="five.pdf")
        store = server.application.store
        server.call(
            lambda: store.write(
                lambda conn: claims.claim(conn, made.id, "dead-worker", 0.5, server.application.foundation.clock())
            )
        )
        done = client.wait(made.id, 60)
        assert done.status in ("requires_review", "completed")


async def test_a_second_process_leaves_the_first_one_s_claims_alone(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    url = postgres_server.empty()
    store = PostgresStore(url)
    store.migrate()
    await store.start()
    made = await store.write(lambda conn: submit(conn, run_at=store.clock()))
    claimed = await store.write(lambda conn: claims.claim(conn, made.id, "worker-a", 600, store.clock()))
    other = build(Settings(data=tmp_path, database_url=url.render_as_string()), working=False)
    await other.start()
    await other.stop()
    held = await store.write(lambda conn: claims.heartbeat(conn, [(made.id, 1)], "worker-a", 600, store.clock()))
    await store.stop()
    assert claimed is not None
    assert held == ({made.id}, set())


async def test_it_does_not_start_on_a_database_without_a_schema(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    application = build(Settings(data=tmp_path, database_url=postgres_server.empty().render_as_string()))
    with pytest.raises(Unavailable, match="procession migrate"):
        await application.start()
    await application.stop()
