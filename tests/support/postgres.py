"""A PostgreSQL server of the tests' own: made in a passing folder, on a free port, and gone with the process."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from procession.store.postgres import PostgresStore
from procession.store.tables import metadata, schema_compatibility
from tests.support.needs import missing

MAJOR_LEAST = 15
START_SECONDS_MAX = 60
ROLE = "procession"
"""An ordinary role that owns its databases, as in production: policies do not hold for superusers."""
_MIGRATED = "migrated"
_RECORDS = [table for table in metadata.tables.values() if table is not schema_compatibility]
_PR_SET_PDEATHSIG = 1


def programs() -> Path | None:
    """The folder of the newest ``initdb`` and ``postgres`` of version 15 or later."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda at: int(at.parts[-3]))
    if found and int(found[-1].parts[-3]) >= MAJOR_LEAST:
        return found[-1].parent
    if (on_path := shutil.which("postgres")) and shutil.which("initdb"):
        told = subprocess.run([on_path, "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
        if int(told.split(".")[0]) >= MAJOR_LEAST:
            return Path(on_path).resolve().parent
    return None


@dataclass
class PostgresServer:
    """``url`` of its role's database ``postgres``; ``superuser`` stands above every policy."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    pooler: int | None = None
    """Port of the pooler before it, in a test that asked for one."""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def url(self, database: str, role: str = ROLE) -> URL:
        return make_url(f"postgresql://{role}@127.0.0.1:{self.port}/{database}")

    def pooled(self, url: URL) -> URL:
        """The same database through the pooler."""
        assert self.pooler is not None
        return url.set(port=self.pooler)

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """A connection that stands above every policy; close it."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=10
        )

    def empty(self) -> URL:
        """A new database without a schema."""
        name = f"test_{next(self._numbers)}"
        with self.superuser() as conn:
            conn.execute(f"CREATE DATABASE {name} OWNER {ROLE}")  # type: ignore[call-overload]
        return self.url(name)

    def migrated(self) -> URL:
        """The database at the newest schema, emptied: one for all tests, which run one after the other."""
        with self.superuser(_MIGRATED) as conn:
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])
            conn.execute(f"TRUNCATE {', '.join(table.name for table in _RECORDS)}")  # type: ignore[call-overload]
        return self.url(_MIGRATED)


@contextlib.contextmanager
def running(changes: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A started server. Its databases sort as English does, which must not matter to anything.

    ``changes``: other settings than the tests', who value speed above durability.
    """
    at = programs()
    if at is None:
        missing("PostgreSQL 15 or newer (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="procession-postgres-"))
    account = _account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        port = _free_port()
        data = folder / "data"
        _run_as(
            account,
            [
                *(str(at / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
            ],
        )
        with _served(at, folder, port, changes or {}) as server:
            _prepare(server)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def following(primary: PostgresServer) -> Iterator[PostgresServer]:
    """A streaming replica of it."""
    at = programs()
    assert at is not None
    folder = Path(tempfile.mkdtemp(prefix="procession-postgres-"))
    try:
        own(folder)
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        _run_as(
            _account(),
            [str(at / "pg_basebackup"), "-D", str(folder / "data"), "-d", source, "-R", "-c", "fast", "-X", "stream"],
        )
        with _served(at, folder, _free_port(), {}) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _served(at: Path, folder: Path, port: int, changes: Mapping[str, str]) -> Iterator[PostgresServer]:
    settings: dict[str, object] = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": 200,
        "shared_buffers": "32MB",
        "autovacuum": "off",
        **changes,
    }
    command = [
        *(str(at / "postgres"), "-D", str(folder / "data")),
        *(f"--{name}={value}" for name, value in settings.items()),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, preexec_fn=_die_with_parent, **_identity(_account())
        )
    server = PostgresServer(port, folder, process)
    try:
        _wait(server)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs these files again
        process.wait(30)


def own(*paths: Path) -> dict[str, Any]:
    """Give the files to whom servers run as; returns what makes a process run as them."""
    account = _account()
    if account is not None:
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)
    return _identity(account)


def _prepare(server: PostgresServer) -> None:
    with server.superuser() as conn:
        conn.execute(f"CREATE ROLE {ROLE} LOGIN")  # type: ignore[call-overload]
        conn.execute(f"CREATE DATABASE {_MIGRATED} OWNER {ROLE}")  # type: ignore[call-overload]
    PostgresStore(server.url(_MIGRATED)).migrate()


def _wait(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            server.superuser().close()
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.folder / "log").read_text(errors="replace")) from None
            time.sleep(0.05)
        else:
            return


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    return {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _run_as(account: pwd.struct_passwd | None, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd="/", **_identity(account))  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr


def _die_with_parent() -> None:
    """A killed test run leaves no server behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
