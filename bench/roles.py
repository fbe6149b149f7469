"""The roles with the real engine, as processes on servers of the benchmark's own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import servers
from bench.report import NotMeasured
from procession.store.postgres import PostgresStore

STOP_SECONDS_MAX = 40.0


@dataclass(frozen=True)
class Process:
    role: str
    pid: int
    port: int


@contextlib.contextmanager
def environment(folder: Path, *, objects: dict[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Settings of a new installation: PostgreSQL, Redis, and objects in a folder or as given."""
    with servers.durable_postgres() as postgres, servers.redis() as redis_url:
        database, keys = postgres.empty(), postgres.empty()
        PostgresStore(database).migrate()
        yield {
            "PROCESSION_DATA": str(folder / "data"),
            "PROCESSION_DATABASE_URL": database.render_as_string(hide_password=False),
            "PROCESSION_KEYS_URL": keys.render_as_string(hide_password=False),
            "PROCESSION_KEYS__MASTER": "ab" * 32,
            "PROCESSION_REDIS_URL": redis_url,
            **(objects or {}),
        }


@contextlib.contextmanager
def running(folder: Path, settings: dict[str, str], commands: list[list[str]]) -> Iterator[list[Process]]:
    """``commands``: a role and its options each. Ready when this returns; drained afterwards."""
    beside = Path(sys.executable).parent / "procession"
    folder.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSION_")}
    started: list[subprocess.Popen[str]] = []
    with (folder / "log").open("w") as log:
        try:
            started += [
                subprocess.Popen(
                    [str(beside), *command, "--port", "0", "--json"],
                    env={**inherited, **settings},
                    cwd=folder,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
                for command in commands
            ]
            yield [_ready(process, folder / "log") for process in started]
            for process in started:
                if process.poll() is not None:
                    raise NotMeasured(f"a role ended with {process.returncode}: {tail(folder / 'log')}")
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                try:
                    process.wait(STOP_SECONDS_MAX)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                if process.stdout is not None:
                    process.stdout.close()


def _ready(process: subprocess.Popen[str], log: Path) -> Process:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise NotMeasured(f"a role did not start: {tail(log)}")
    told = json.loads(line)
    port = urlsplit(told["url"]).port
    assert port is not None
    return Process(told["role"], told["pid"], port)


def tail(log: Path) -> str:
    return log.read_text(errors="replace")[-1500:]
