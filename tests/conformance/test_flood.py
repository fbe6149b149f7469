"""A tenant with ten thousand waiting, and another who uploads one file: each store, the real relay and worker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from procession import wiring
from procession.domain.analysis import AnalysisOptions, Progress, State
from procession.domain.clock import new_id
from procession.domain.form import DigitizedDocument
from procession.domain.principal import Principal
from procession.maintenance.relay import Relay
from procession.settings import Settings
from procession.store import analyses, rows, tables
from procession.worker.executor import Executor
from procession.worker.loop import CLAIMED_PER_SLOT, WorkerLoop
from tests.unit.services.acting import FIELDS, House, a_document

WAITING = 10_000
SLOTS = 2
SECONDS_MAX = 60.0
"""A hang, not a figure: what is judged is how many went before."""


@dataclass
class Engine:
    """Answers at once; counts what it was given."""

    read: list[bytes] = field(default_factory=list)
    flooded: asyncio.Event = field(default_factory=asyncio.Event)

    async def analyze(
        self, data: bytes, options: AnalysisOptions, on_progress: Callable[[Progress], None], lookup: object
    ) -> DigitizedDocument:
        self.read.append(data)
        if len(self.read) >= 20:
            self.flooded.set()
        await asyncio.sleep(0.005)  # others get a turn
        return a_document(FIELDS[:1])


def flood(conn: Connection, like_id: str) -> None:
    """Ten thousand more analyses of the same document, which came before anybody else's."""
    like = analyses.get_any(conn, like_id)
    assert like is not None
    made = [rows.to_values(replace(like, id=new_id("an"), file_name_sealed=b"")) for _ in range(WAITING - 1)]
    conn.execute(insert(tables.analyses), made)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_ten_thousand_waiting_delay_another_tenants_first_file_by_a_few_analyses(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = Settings(data=tmp_path / "data")
    if kind == "postgres":
        url = request.getfixturevalue("postgres_server").migrated()
        settings = Settings(data=tmp_path / "data", database_url=url.render_as_string(hide_password=False))
    app = wiring.build(settings, working=False)
    await app.store.start()
    on = app.foundation
    on.capacity.slots = SLOTS
    big, small = House(app, Principal("big", "key:big")), House(app, Principal("small", "key:small"))
    engine = Engine()
    relay, worker = Relay(on), WorkerLoop(on, Executor(on, engine.analyze, random.Random(1)))
    first = await big.upload()
    await app.store.write(lambda conn: flood(conn, first.id))
    await worker.start()
    await relay.start()
    try:
        async with asyncio.timeout(SECONDS_MAX):
            await engine.flooded.wait()  # it is well on its way
            before = len(engine.read)
            made = await small.upload(b"%PDF-1.7\nthe first file of another\n")
            while (await app.analyses.get(small.owner, made.id)).status is not State.COMPLETED:
                await on.changes.wait(f"analysis:{made.id}", 0.05)
        position = engine.read.index(b"%PDF-1.7\nthe first file of another\n") - before
        rung_ahead = settings.queue.ring_ahead_per_tenant
        assert position <= 2 * (SLOTS * CLAIMED_PER_SLOT + rung_ahead)  # claimed, or rung, before it came
    finally:
        await relay.stop()
        await worker.stop()
        await app.store.stop()
        app.keys.close()  # type: ignore[attr-defined] # LocalKeys
