"""SIGKILL at random moments: what was acknowledged is there, and the file needs no repair."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from procession.store import analyses
from procession.store.sqlite import SqliteStore

KILLS = 6
WRITER = """
import asyncio, sys
from pathlib import Path
from procession.store.sqlite import SqliteStore
from tests.records import submit

async def forever(store):
    while True:
        print((await store.write(submit)).id, flush=True)

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.start()
    await asyncio.gather(*(forever(store) for _ in range(16)))

asyncio.run(main())
"""


@pytest.mark.faults
async def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(20300504)
    path = tmp_path / "procession.db"
    acknowledged: set[str] = set()
    for _ in range(KILLS):
        acknowledged |= _write_until_killed(path, acknowledgements=chance.randrange(1, 400))
        store = SqliteStore(path)
        await store.start()
        found = await store.read(lambda conn: analyses.page(conn, "acme", limit=1_000_000))
        checked = await store.read(lambda conn: conn.exec_driver_sql("PRAGMA integrity_check").scalar())
        await store.stop()
        assert acknowledged <= {analysis.id for analysis in found}
        assert checked == "ok"
    assert len(acknowledged) >= KILLS


def _write_until_killed(path: Path, acknowledgements: int) -> set[str]:
    """Ids a writing process acknowledged before it was killed in mid-flight, right after the given number of them."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    watchdog = threading.Timer(60, child.kill)
    watchdog.start()
    assert child.stdout is not None
    seen = set()
    for line in child.stdout:
        if line.endswith("\n"):
            seen.add(line.strip())
        if len(seen) == acknowledgements:
            child.kill()
    child.stdout.close()
    child.wait()
    watchdog.cancel()
    assert len(seen) >= acknowledgements, "the writer died by itself or hung"
    return seen
