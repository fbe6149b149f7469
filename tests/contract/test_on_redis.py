"""Processes that hear of each other's work through Redis: one takes uploads, another one does them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from procession.sandbox.client import Sandbox
from procession.services.foundation import QUEUE_KEY
from procession.settings import Http, Settings
from procession.store.postgres import PostgresStore
from procession.wiring import Application, build
from tests.faults.engine import a_pdf
from tests.records import submit
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer, wait_until
from tests.support.server import RunningServer, running


@pytest.fixture(scope="module")
def settings(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=postgres_server.migrated().render_as_string(),
        http=Http(event_poll_seconds=0.2),
        **redis_server.settings(redis_server.prefix(), command_seconds_max=1.0),
    )


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[RunningServer]:
    with running(settings, working=False, sandbox=_quick()) as started:
        yield started


@pytest.fixture(scope="module")
def worker(settings: Settings, api: RunningServer) -> Iterator[RunningServer]:
    with running(settings, sandbox=_quick()) as started:
        yield started


def _quick() -> Sandbox:
    """The real sandbox with an engine that loads no libraries."""
    return Sandbox(verbs="tests.faults.engine", import_paths=[Path(__file__).parents[2]])


def test_what_one_process_takes_another_one_does(api: RunningServer, worker: RunningServer) -> None:
    with api.client() as client:
        made = client.submit(a_pdf("through redis"))
        assert client.wait(made.id, 60).status in ("requires_review", "completed")
    depth = api.call(api.application.dispatcher.depth)
    assert set(depth.values()) == {0}
    assert api.application.dispatcher.trouble is None


def test_while_redis_is_away_uploads_are_taken_and_done_and_it_comes_back_without_a_restart(
    api: RunningServer, worker: RunningServer, redis_server: RedisServer
) -> None:
    (node,) = redis_server.nodes
    with api.client() as client, httpx.Client(base_url=api.base_url, timeout=60) as http:
        node.kill()
        try:
            made = client.submit(a_pdf("while away"))
            assert client.wait(made.id, 60).status in ("requires_review", "completed")
            told = http.get("/readyz")
            assert (told.status_code, told.json()["status"]) == (200, "degraded")
            assert told.json()["checks"]["redis"]["ok"] is False
        finally:
            node.start()
            redis_server.wait_healthy()
        wait_until(lambda: api.application.dispatcher.trouble is None and worker.application.dispatcher.trouble is None)
        assert http.get("/readyz").json()["status"] == "ok"
        made = client.submit(a_pdf("back again"))
        assert client.wait(made.id, 60).status in ("requires_review", "completed")


async def test_what_was_rung_before_a_wipe_is_rung_again(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Nobody works here: what waits stays rung, and the relay alone finds that it is not any more."""
    prefix = redis_server.prefix()
    url = postgres_server.empty()
    PostgresStore(url).migrate()
    settings = Settings(data=tmp_path, database_url=url.render_as_string(), **redis_server.settings(prefix))
    application = build(settings, working=False, sandbox=_quick())
    await application.start()
    try:
        for _ in range(3):
            await application.store.write(lambda conn: submit(conn, run_at=application.foundation.clock()))
        application.changes.announce(QUEUE_KEY)
        await _rung(application, 3)
        redis_server.admin(redis_server.nodes[0]).flushall()
        assert sum((await application.dispatcher.depth()).values()) == 0
        await _rung(application, 3)
    finally:
        await application.stop()


async def _rung(application: Application, count: int) -> None:
    async with asyncio.timeout(30):
        while sum((await application.dispatcher.depth()).values()) != count:  # noqa: ASYNC110 # Redis sets no event
            await asyncio.sleep(0.02)
