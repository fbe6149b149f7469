"""Really started servers: one without keys, one with two tenants, one whose worker rests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from procession.client import Client
from procession.settings import MIB, ApiKey, Http, Queue, Settings, Upload
from tests.support.server import RunningServer, running

UPLOAD_BYTES_MAX = 200_000
KEYS = {"flora": "key-of-flora", "venue": "key-of-venue"}
_HTTP = Http(page_size_max=5, event_streams_max=4, event_heartbeat_seconds=0.5, event_poll_seconds=0.5)
_UPLOAD = Upload(upload_bytes_max=UPLOAD_BYTES_MAX, files_per_batch_max=4, batch_bytes_max=2 * MIB)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(Settings(data=tmp_path_factory.mktemp("local"), http=_HTTP, upload=_UPLOAD)) as started:
        yield started


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=f"{tenant}-laptop")
        for tenant, key in KEYS.items()
    )
    with running(Settings(data=tmp_path_factory.mktemp("keyed"), api_keys=keys)) as started:
        yield started


@pytest.fixture
def resting(tmp_path: Path) -> Iterator[RunningServer]:
    """Uploads stay pending here, and two of them are as many as may wait."""
    settings = Settings(data=tmp_path / "data", queue=Queue(waiting_max=2), http=_HTTP)
    with running(settings, working=False) as started:
        yield started


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=60) as made:
        yield made


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with server.client() as made:
        yield made
