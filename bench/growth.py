"""Cost of growth: what list, claim, submit and the relay cost with millions of finished jobs, against ten thousand.

Both databases of a kind stand side by side in the same run and are asked in turn, through the stores the service uses;
what is compared is the median of one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench import growth_blobs, growth_rows
from bench.report import NotMeasured, say
from procession.domain.analysis import Analysis, AnalysisOptions, State
from procession.store import analyses, claims, documents, journal, queue_depth
from procession.store.claims import Outcome
from procession.store.postgres import PostgresStore
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore
from tests.records import a_document, an_analysis
from tests.support import postgres

LENGTH = "about 40 minutes, and 15 GB of disk for a while"
ROWS_SMALL = 10_000
ROWS_LARGE, ROWS_LARGE_QUICK = 10_000_000, 100_000
ROUNDS, ROUNDS_QUICK = 400, 120
WARM_UP = 20
PAGE = 51
DISK_BYTES_NEEDED = 16 * 10**9
SERVER = {
    "shared_buffers": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
}


@dataclass
class _Side:
    """One database. ``seconds``: operation -> samples."""

    store: Store
    rows: int
    chance: random.Random
    seconds: dict[str, list[float]] = field(default_factory=dict)

    async def timed(self, name: str, doing: Awaitable[Any]) -> Any:
        started = time.perf_counter()
        result = await doing
        self.seconds.setdefault(name, []).append(time.perf_counter() - started)
        return result

    def tenant(self) -> str:
        return f"tenant-{self.chance.randrange(growth_rows.TENANTS)}"

    def id_of(self, number: int) -> str:
        return f"an_00{number:024d}"


def run(quick: bool) -> dict[str, Any]:
    """``ratio``: the worst operation's, of both kinds of database (``rows_ratio``) and of objects in both stores."""
    large, rounds = (ROWS_LARGE_QUICK, ROUNDS_QUICK) if quick else (ROWS_LARGE, ROUNDS)
    if postgres.programs() is None:
        raise NotMeasured("PostgreSQL 15 or newer is not installed")
    if not quick and shutil.disk_usage(tempfile.gettempdir()).free < DISK_BYTES_NEEDED:
        raise NotMeasured(f"less than {DISK_BYTES_NEEDED / 1e9:.0f} GB of disk are free")
    measured: dict[str, Any] = {}
    for name, made in (("postgresql", _on_postgresql), ("sqlite", _on_sqlite)):
        with made(large) as sides:
            measured[name] = asyncio.run(_compare(name, sides, rounds))
    ratio = max(one["ratio"] for kind in measured.values() for one in kind.values())
    objects = growth_blobs.run_blobs(quick)
    return {
        "ratio": max(ratio, objects["ratio"]),
        "rows_ratio": ratio,
        "rows": [ROWS_SMALL, large],
        **measured,
        "objects": objects,
    }


# --- databases --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _on_postgresql(large: int) -> Iterator[tuple[_Side, _Side]]:
    with postgres.running(SERVER) as server:
        sides = []
        for rows in (ROWS_SMALL, large):
            url = server.empty()
            store = PostgresStore(url)
            store.migrate()
            started = time.monotonic()
            with server.superuser(str(url.database)) as conn:
                growth_rows.fill_postgres(conn, rows)
            say(f"postgresql: {rows:,} finished jobs in {time.monotonic() - started:.0f} s")
            sides.append(_Side(store, rows, random.Random(rows)))
        yield sides[0], sides[1]


@contextlib.contextmanager
def _on_sqlite(large: int) -> Iterator[tuple[_Side, _Side]]:
    with tempfile.TemporaryDirectory(prefix="procession-growth-") as folder:
        sides = []
        for rows in (ROWS_SMALL, large):
            path = Path(folder) / f"{rows}.db"
            asyncio.run(_made(path))
            started = time.monotonic()
            growth_rows.fill_sqlite(path, rows)
            size = path.stat().st_size / 1e9
            say(f"sqlite: {rows:,} finished jobs in {time.monotonic() - started:.0f} s, {size:.2f} GB")
            sides.append(_Side(SqliteStore(path), rows, random.Random(rows)))
        yield sides[0], sides[1]


async def _made(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.stop()


# --- operations -------------------------------------------------------------------------------------------------------


async def _compare(name: str, sides: tuple[_Side, _Side], rounds: int) -> dict[str, Any]:
    for side in sides:
        await side.store.start()
    try:
        for number in range(WARM_UP + rounds):
            if number == WARM_UP:
                for side in sides:
                    side.seconds.clear()
            for side in sides if number % 2 else reversed(sides):
                await _one_round(side)
    finally:
        for side in sides:
            await side.store.stop()
    small, large = sides
    compared = {}
    for operation in small.seconds:
        before, after = (statistics.median(side.seconds[operation]) for side in (small, large))
        compared[operation] = {
            "ms_small": round(before * 1000, 3),
            "ms_large": round(after * 1000, 3),
            "ratio": round(after / before, 3),
        }
        say(f"{name:11} {operation:12} {before * 1000:8.3f} ms {after * 1000:8.3f} ms {after / before:6.2f}")
    return compared


async def _one_round(side: _Side) -> None:
    store, tenant = side.store, side.tenant()
    cursor = side.id_of(side.chance.randrange(PAGE * growth_rows.TENANTS, side.rows))  # a whole page is older
    lists: dict[str, Callable[[Connection], Any]] = {
        "list": lambda conn: _named(conn, analyses.page(conn, tenant, limit=PAGE)),
        "list_older": lambda conn: _named(conn, analyses.page(conn, tenant, before_id=cursor, limit=PAGE)),
        "list_failed": lambda conn: _named(conn, analyses.page(conn, tenant, states=[State.FAILED], limit=PAGE)),
    }
    for name, unit in lists.items():
        await side.timed(name, store.read(unit, tenant=tenant))
    made = await side.timed("submit", _submit(store, tenant))
    now = datetime.now(UTC)
    await side.timed("depth", store.read(lambda conn: queue_depth.queue_depth(conn, now)))
    await side.timed("relay", store.read(lambda conn: analyses.ready_heads(conn, now, 4, 100)))
    claimed = await side.timed("claim", store.write(lambda conn: claims.claim(conn, made.id, "bench", 60, now)))
    if claimed is None:
        raise NotMeasured("what was submitted could not be claimed")
    outcome = Outcome(State.COMPLETED, result_ref="results/x", fields_found=1, fields_flagged=0, pages_total=1)
    await side.timed("finish", store.write(lambda conn: claims.finish(conn, made.id, claimed.fence, outcome, now)))
    last = await store.read(lambda conn: journal.last_sequence(conn, tenant), tenant=tenant)
    await side.timed(
        "stream", store.read(lambda conn: journal.after(conn, tenant, max(0, last - 100), 100), tenant=tenant)
    )


def _named(conn: Connection, found: list[Analysis]) -> object:
    return documents.key_ids(conn, {one.document_id for one in found})


async def _submit(store: Store, tenant: str) -> Analysis:
    """The transactions of an upload: what admission asks, then the record."""
    document = a_document(tenant=tenant)
    now = datetime.now(UTC)
    new = an_analysis(document, created_at=now, run_at=now, updated_at=now)

    def look(conn: Connection) -> object:
        return queue_depth.backlog(conn, tenant), documents.find_live(conn, tenant, document.fingerprint)

    def record(conn: Connection) -> Analysis:
        documents.insert(conn, document, "local", "key:bench", None)
        analysis = analyses.insert(conn, new, "key:bench", None)
        analyses.reusable(conn, document.id, "2", AnalysisOptions())
        return analysis

    await store.read(look, tenant=tenant)
    return await store.write(record, tenant=tenant)
