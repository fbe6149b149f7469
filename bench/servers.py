"""PostgreSQL and Redis for benchmarks: as durable as in production, on free ports, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis as redis_client

from bench.report import NotMeasured
from procession.store.postgres import PostgresStore
from tests.support import postgres as servers
from tests.support.processes import die_with_parent, free_ports

DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
}
"""What the tests turn off for speed is on here."""
START_SECONDS_MAX = 30.0


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database at the newest schema."""
    with servers.running(DURABLE) as server:
        url = server.empty()
        PostgresStore(url).migrate()
        yield url.render_as_string(hide_password=False)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The URL of one server without persistence: the same for every engine."""
    program = shutil.which("redis-server")
    if program is None:
        raise NotMeasured("redis-server is missing (Debian: apt install redis-server)")
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            _until_answers(port)
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _until_answers(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    with redis_client.Redis("127.0.0.1", port) as client:
        while True:
            try:
                client.ping()
            except redis_client.RedisError as error:
                if time.monotonic() > deadline:
                    raise NotMeasured(f"redis-server does not answer: {error}") from None
                time.sleep(0.05)
            else:
                return
