"""What stands around a PostgreSQL server of the tests: a pooler before it, a replica behind it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL

from tests.support import certificates, postgres
from tests.support.certificates import Certificates
from tests.support.needs import missing
from tests.support.postgres import ROLE, PostgresServer
from tests.support.processes import die_with_parent, free_ports

POOLED_CONNECTIONS = 4
"""Server connections of the pooler for each database: fewer than the tests' clients."""
START_SECONDS_MAX = 60


@contextlib.contextmanager
def pooler(server: PostgresServer) -> Iterator[int]:
    """PgBouncer in transaction mode before the server; gives its port."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        missing("PgBouncer (Debian: apt install pgbouncer)")
    (port,) = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="procession-pgbouncer-"))
    try:
        users, settings = folder / "users", folder / "pgbouncer.ini"
        users.write_text(f'"{ROLE}" ""\n')
        settings.write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {POOLED_CONNECTIONS}\nmax_client_conn = 200\n"
        )
        identity = postgres.own(folder, users, settings)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "-q", str(settings)],
                cwd=folder,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
                **identity,
            )
        try:
            _wait(server.url("migrated").set(port=port), process, folder / "log")
            yield port
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Cluster:
    """A primary that speaks TLS, and a streaming replica of it."""

    primary: PostgresServer
    replica: PostgresServer
    certificates: Certificates

    def pause(self) -> None:
        """The replica receives, and replays nothing until ``resume``."""
        with self.replica.superuser() as conn:
            conn.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        with self.replica.superuser() as conn:
            conn.execute("SELECT pg_wal_replay_resume()")

    def caught_up(self) -> None:
        """Returns when the replica has everything that was committed."""
        with self.primary.superuser() as first, self.replica.superuser() as second:
            (place,) = first.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone() or ("",)
            deadline = time.monotonic() + START_SECONDS_MAX
            while second.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [place]).fetchone() != (True,):
                assert time.monotonic() < deadline
                time.sleep(0.02)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="procession-tls-")))
        made = certificates.make(folder)
        postgres.own(folder, made.server, made.server_key)
        made.server_key.chmod(0o600)
        tls = {"ssl": "on", "ssl_cert_file": str(made.server), "ssl_key_file": str(made.server_key)}
        primary = held.enter_context(postgres.running(tls))
        replica = held.enter_context(postgres.following(primary))
        yield Cluster(primary, replica, made)


def _wait(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(url.render_as_string(), connect_timeout=10).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")) from None
            time.sleep(0.05)
        else:
            return
