"""Shared by every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.support import postgres, postgres_around, redis, s3
from tests.support.postgres import PostgresServer
from tests.support.postgres_around import Cluster
from tests.support.redis import RedisServer
from tests.support.s3 import S3Server

os.environ.pop("OPENAI_API_KEY", None)  # a developer's own: no test spends money or sends a document away

_configure = structlog.configure


def _configure_uncached(**given: Any) -> None:
    """A logger that is kept at its first use would write as one test set it up in all later ones."""
    _configure(**given | {"cache_logger_on_first_use": False})


def _as_for_every_test() -> None:
    """Made and read by whoever captures them; a server in this process writes none between the lines of a command."""
    structlog.reset_defaults()
    _configure(logger_factory=structlog.ReturnLoggerFactory())


structlog.configure = _configure_uncached
_as_for_every_test()


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that a test runs in this process sets logs up; for the next test they are as for every test."""
    yield
    _as_for_every_test()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the run; each test takes a database of its own from it."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_pooled(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The same server, with PgBouncer before it."""
    with postgres_around.pooler(postgres_server) as port:
        postgres_server.pooler = port
        yield postgres_server


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """A primary that speaks TLS, and a streaming replica."""
    with postgres_around.cluster() as made:
        yield made


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """TLS and users; each test takes keys of its own."""
    with redis.standalone() as server:
        yield server


@pytest.fixture(scope="session")
def redis_sentinel() -> Iterator[RedisServer]:
    """A master, its replica, three Sentinels."""
    with redis.sentinel() as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisServer]:
    """Three masters, three replicas."""
    with redis.cluster() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server for the run; each test takes a bucket of its own from it."""
    with s3.running() as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With ``-n 2 --dist loadgroup``, fault and browser tests follow one another on one worker, never side by side.

    They kill processes, fill disks and measure deadlines: two at a time on two cores would disturb each other.
    """
    for item in items:
        if item.get_closest_marker("faults") or item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.xdist_group("alone"))
