"""Processes that hear of each other's work through Redis: one takes uploads, another one does them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from procession.settings import Settings
from tests.support import documents
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import RunningServer, running


@pytest.fixture(scope="module")
def settings(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"),
        database_url=postgres_server.migrated().render_as_string(),
        **redis_server.settings(redis_server.prefix(), command_seconds_max=1.0),
    )


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[RunningServer]:
    with running(settings, working=False) as started:
        yield started


@pytest.fixture(scope="module")
def worker(settings: Settings, api: RunningServer) -> Iterator[RunningServer]:
    with running(settings) as started:
        yield started


def test_what_one_process_takes_another_one_does(api: RunningServer, worker: RunningServer) -> None:
    with api.client() as client:
        made = client.submit(documents.form(mark="through redis"))
        assert client.wait(made.id, 60).status in ("requires_review", "completed")
    depth = api.call(api.application.dispatcher.depth)
    assert set(depth.values()) == {0}
    assert api.application.dispatcher.trouble is None
