"""PostgreSQL and Redis for benchmarks: as durable as in production, on free ports, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
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


class Server:
    """A server process that can be killed and started again as it was: same command, folder and account."""

    def __init__(self, pid: int, command: list[str] | None = None) -> None:
        """``command``: for programs that change what the system shows as theirs."""
        process = psutil.Process(pid)
        self._command, self._folder = command or process.cmdline(), process.cwd()
        self._account, self._group = process.uids().real, process.gids().real
        self.running: psutil.Process | psutil.Popen = process

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Returns when it and its children are gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            children = self.running.children(recursive=True)
            self.running.send_signal(how)
            _, alive = psutil.wait_procs([self.running, *children], timeout=30)
            for one in alive:  # what does not notice would keep the next start waiting
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

    def start(self) -> None:
        self.running = psutil.Popen(
            self._command,
            cwd=self._folder,
            user=self._account,
            group=self._group,
            extra_groups=[],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,
        )


@contextlib.contextmanager
def durable_postgres() -> Iterator[servers.PostgresServer]:
    """As in production: what was committed outlives a killed server."""
    with servers.running(DURABLE) as server:
        yield server


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database at the newest schema."""
    with durable_postgres() as server:
        url = server.empty()
        PostgresStore(url).migrate()
        yield url.render_as_string(hide_password=False)


@contextlib.contextmanager
def redis_server() -> Iterator[tuple[str, Server]]:
    """One server without persistence, and its URL."""
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
            server = Server(process.pid, command)
            try:
                yield f"redis://127.0.0.1:{port}", server
            finally:
                server.kill()
        finally:
            process.kill()
            process.wait(30)


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """The URL of one server without persistence: the same for every engine."""
    with redis_server() as (url, _):
        yield url


def wipe(url: str) -> None:
    """All keys of all databases are gone."""
    with redis_client.Redis.from_url(url) as client:
        client.flushall()


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
