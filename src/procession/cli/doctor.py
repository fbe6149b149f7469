"""``procession doctor``: is this machine ready to run Procession, and if not, what to do.

Exit codes: 0 all is well or only warnings, 1 something will not work.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from alembic.script import ScriptDirectory
from rich.console import Console
from rich.table import Table

from procession.blobs.local import LocalBlobs
from procession.digitize import tessdata
from procession.domain.errors import EXIT_INTERNAL, EXIT_OK, InvalidRequest, ProcessionError
from procession.sandbox import confine
from procession.settings import MIB, Settings, load
from procession.store import schema
from procession.store.sqlite import SqliteStore

PYTHON_LEAST = (3, 11)


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It runs, with less than it could have."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    verdict: Verdict
    detail: str
    """What was found and, when not well, what to do."""


def doctor(
    data: Annotated[Path | None, typer.Option("--data", help="Data folder to look at.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port the server is to listen on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check Python, sandbox, languages, data, database, keys, queue, objects, AI, port. Exit code 1 when one fails."""
    findings = list(examine(data, port))
    if as_json:
        told = {"ok": _well(findings), "checks": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(told, indent=2))
    else:
        table = Table("", "check", "finding", box=None, pad_edge=False)
        for finding in findings:
            style = {"ok": "green", "warning": "yellow", "failed": "red"}[finding.verdict]
            table.add_row(f"[{style}]{finding.verdict}[/]", finding.check, finding.detail)
        Console(highlight=False).print(table)
    raise typer.Exit(EXIT_OK if _well(findings) else EXIT_INTERNAL)


def _well(findings: list[Finding]) -> bool:
    return all(finding.verdict is not Verdict.FAILED for finding in findings)


def examine(data: Path | None = None, port: int | None = None) -> Iterator[Finding]:
    """All findings in order. Settings that cannot be read end it early. Changes nothing that is there."""
    yield python(sys.version_info[:3])
    try:
        settings = load(**({} if data is None else {"data": data}))
    except InvalidRequest as error:
        yield Finding("settings", Verdict.FAILED, error.message)
        return
    yield Finding("settings", Verdict.OK, f"{len(settings.api_keys)} keys configured")
    checks: tuple[Callable[[], Finding], ...] = (
        sandbox,
        lambda: languages(settings),
        lambda: folder(settings.data),
        lambda: disk(settings),
        lambda: database(settings),
        lambda: keys(settings),
        lambda: queue(settings),
        lambda: objects(settings),
        lambda: ai(settings),
        lambda: listening(settings.http.host, settings.http.port if port is None else port),
    )
    for check in checks:
        yield check()


def python(version: tuple[int, ...]) -> Finding:
    told = ".".join(map(str, version))
    if version[:2] < PYTHON_LEAST:
        return Finding("python", Verdict.FAILED, f"{told}; install Python {'.'.join(map(str, PYTHON_LEAST))} or newer")
    return Finding("python", Verdict.OK, told)


def sandbox() -> Finding:
    if missing := confine.missing():
        return Finding("sandbox", Verdict.WARNING, f"this platform lacks {', '.join(missing)}; run servers on Linux")
    return Finding("sandbox", Verdict.OK, "all protections")


def languages(settings: Settings) -> Finding:
    try:
        at = tessdata.find(["eng"], settings.ocr.tessdata)
    except InvalidRequest as error:
        return Finding("languages", Verdict.FAILED, error.message)
    there = sorted(file.name.removesuffix(".traineddata") for file in at.glob("*.traineddata"))
    return Finding("languages", Verdict.OK, f"{', '.join(there)} in {at}")


def folder(data: Path) -> Finding:
    """The data folder, or the folder it will be made in, is writable and open to its owner only."""
    if not data.exists():
        parent = next(one for one in data.absolute().parents if one.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            return Finding("data folder", Verdict.OK, f"{data} will be made")
        return Finding("data folder", Verdict.FAILED, f"{parent} is not writable; choose another with PROCESSION_DATA")
    if not data.is_dir() or not os.access(data, os.W_OK | os.X_OK):
        return Finding("data folder", Verdict.FAILED, f"{data} is not a writable folder")
    key = data / "keys" / "master.key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        return Finding("data folder", Verdict.FAILED, f"others can read {key}; run: chmod 600 {key}")
    return Finding("data folder", Verdict.OK, str(data))


def disk(settings: Settings) -> Finding:
    at = next(one for one in (settings.data.absolute(), *settings.data.absolute().parents) if one.exists())
    free = shutil.disk_usage(at).free
    told = f"{free / MIB:,.0f} MB free"
    if free < settings.http.disk_free_bytes_min:
        least = settings.http.disk_free_bytes_min / MIB
        return Finding("disk", Verdict.FAILED, f"{told}; uploads are refused below {least:,.0f} MB")
    return Finding("disk", Verdict.OK, told)


def database(settings: Settings) -> Finding:
    path = settings.data / "procession.db"
    if settings.database_url is not None:
        return _named_database(settings)
    if not path.exists():
        return Finding("database", Verdict.OK, f"{path} will be made")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        return Finding("database", Verdict.FAILED, f"{path}: {error}")
    if verdict != "ok":
        return Finding("database", Verdict.FAILED, f"{path} is damaged ({verdict}); restore it from a backup")
    if found is None:
        return Finding("database", Verdict.FAILED, f"{path} has no schema; move it away, or restore a backup")
    if found[0] not in known_revisions():
        return Finding("database", Verdict.FAILED, f"{path} is of a newer version; install that version of Procession")
    return Finding("database", Verdict.OK, f"{path} at schema {found[0]}")


def _named_database(settings: Settings) -> Finding:
    from procession import wiring  # only here: it loads the whole server

    try:
        store = wiring.database(settings)
        store.inspect(schema.check)
        at = store.inspect(schema.current)
        pool = None if isinstance(store, SqliteStore) else store.pool()
    except ProcessionError as error:
        return Finding("database", Verdict.FAILED, error.message)
    told = f"the database of PROCESSION_DATABASE_URL at schema {at}"
    if pool is None:
        return Finding("database", Verdict.OK, told)
    return Finding("database", Verdict.OK if pool.fits else Verdict.WARNING, f"{told}; {pool.reason}")


def keys(settings: Settings) -> Finding:
    """Where documents' keys are, that this master key is theirs, and that the records' backups do not hold them."""
    from procession import wiring  # only here: it loads the whole server

    if settings.keys_url is None:
        at = settings.data / "keys"
        if settings.database_url is not None:
            told = f"in {at}, for one process; several need PROCESSION_KEYS_URL"
            return Finding("keys", Verdict.OK, told)
        return Finding("keys", Verdict.OK, f"in {at}; copy it apart from the rest")
    try:
        store = wiring.key_store(settings)
        try:
            store.start()
            beside = wiring.require_apart(store, wiring.database(settings))
        finally:
            store.close()
    except ProcessionError as error:
        return Finding("keys", Verdict.FAILED, error.message)
    if beside:
        return Finding("keys", Verdict.WARNING, wiring.KEYS_BESIDE_RECORDS)
    return Finding("keys", Verdict.OK, "in the database of PROCESSION_KEYS_URL, under this master key")


def queue(settings: Settings) -> Finding:
    """Everything the queue asks of Redis, on keys of its own."""
    if settings.redis_url is None:
        return Finding("queue", Verdict.OK, "within this process; other processes' work is found in SQL")
    from procession import wiring  # only here: it loads the whole server
    from procession.dispatch import redis, redis_address

    try:
        address = redis_address.parse(settings.redis_url)
        prefix = settings.redis.key_prefix
        trouble = asyncio.run(redis.examine(address, wiring.redis_options(settings), prefix, secrets.token_hex(8)))
    except ProcessionError as error:
        return Finding("queue", Verdict.FAILED, error.message)
    if trouble is not None:
        return Finding("queue", Verdict.FAILED, trouble)
    return Finding("queue", Verdict.OK, f"rung, taken and acknowledged at {address}")


def known_revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(schema.config()).walk_revisions()}


def objects(settings: Settings) -> Finding:
    """A probe object beside the others, or in a passing folder on the same disk while there are none."""
    if settings.blobs_url is not None:
        return _named_objects(settings)

    async def probe(at: Path) -> None:
        await LocalBlobs(at).probe()

    data = settings.data.absolute()
    at = next(one for one in (data, *data.parents) if one.exists())
    try:
        with tempfile.TemporaryDirectory(dir=at, prefix=".procession-doctor-") as passing:
            asyncio.run(probe(Path(passing)))
    except (ProcessionError, OSError) as error:
        return Finding("objects", Verdict.FAILED, f"{at}: {error}")
    return Finding("objects", Verdict.OK, "written, synced and read back")


def _named_objects(settings: Settings) -> Finding:
    from procession import wiring  # only here: it loads the whole server

    async def probe() -> None:
        await wiring.objects(settings).probe()

    try:
        asyncio.run(probe())
    except ProcessionError as error:
        return Finding("objects", Verdict.FAILED, error.message)
    return Finding("objects", Verdict.OK, f"{settings.blobs_url}: created only when absent, read back and deleted")


def ai(settings: Settings) -> Finding:
    """Every provider has its key and prices, is reached, and lists the models it is asked for. Nothing is paid for."""
    endpoints = settings.ai.endpoints
    if not endpoints:
        return Finding("ai", Verdict.OK, "no provider; everything is read locally")
    from procession import wiring  # only here: it loads the whole server
    from procession.ai.protocol import ProviderError

    async def missing() -> list[str]:
        found = []
        for provider in wiring.ai_providers(settings).values():
            known = next(one for one in endpoints if one.name == provider.name)
            try:
                listed = await provider.models()
                found += [f"{provider.name} lists no {one.name}" for one in known.models if one.name not in listed]
            except ProviderError as error:
                found.append(error.message.rstrip("."))
            finally:
                await provider.close()
        return found

    try:
        wiring.ai_prices(settings)
        trouble = asyncio.run(missing())
    except ProcessionError as error:
        return Finding("ai", Verdict.FAILED, error.message)
    if trouble:
        return Finding("ai", Verdict.WARNING, "; ".join(trouble))
    return Finding("ai", Verdict.OK, ", ".join(one.name for one in endpoints))


def listening(host: str, port: int) -> Finding:
    try:
        with socket.create_server((host, port)):
            return Finding("port", Verdict.OK, f"{host}:{port} is free")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            told = f"{host}:{port} is taken, perhaps by a running server; choose another with --port"
            return Finding("port", Verdict.WARNING, told)
        return Finding("port", Verdict.FAILED, f"{host}:{port}: {error.strerror}")


def register(app: typer.Typer) -> None:
    app.command()(doctor)
