"""Fixtures that give each test each implementation, started and empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from procession.blobs.protocol import BlobStore
from procession.dispatch.protocol import Dispatcher
from procession.keys.protocol import KeyStore
from procession.store.protocol import Store
from tests.conformance.implementations import BLOBS, DISPATCHERS, KEYS, STORES
from tests.support.postgres import PostgresServer


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = STORES[request.param](tmp_path, lambda: _server(request))
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(params=DISPATCHERS)
async def dispatcher(request: pytest.FixtureRequest) -> AsyncIterator[Dispatcher]:
    made = DISPATCHERS[request.param](request.getfixturevalue)
    await made.start()
    assert made.trouble is None
    yield made
    await made.stop()


@pytest.fixture(params=BLOBS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return BLOBS[request.param](tmp_path, lambda: request.getfixturevalue("s3_server"))


@pytest.fixture(params=KEYS)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyStore]:
    made = KEYS[request.param](tmp_path, lambda: _server(request))
    made.start()
    yield made
    made.close()


def _server(request: pytest.FixtureRequest) -> PostgresServer:
    found: PostgresServer = request.getfixturevalue(
        "postgres_pooled" if request.param.endswith("pooled") else "postgres_server"
    )
    return found
