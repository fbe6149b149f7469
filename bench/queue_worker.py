"""Procession's side of `bench queue`: the worker's own claim loop, leases, bell and store, around an empty job."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from pathlib import Path

from bench.queue_marks import DONE, READY, STARTED, Writer
from procession import wiring
from procession.blobs.local import LocalBlobs
from procession.dispatch.changes import Changes
from procession.domain.analysis import State
from procession.domain.clock import system_clock
from procession.keys.local import LocalKeys
from procession.maintenance.relay import Relay
from procession.services.capacity import Capacity
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.services.vault import Vault
from procession.settings import Settings
from procession.store.claims import Outcome
from procession.worker.job import Job
from procession.worker.loop import WorkerLoop
from procession.worker.outcomes import Outcomes

AT_ONCE = 256
"""Empty jobs in hand, as many as others prefetch."""


class Empty:
    """``worker.loop.Runs``: nothing is done, and that is committed under the claim's fence."""

    def __init__(self, outcomes: Outcomes, mark: Writer) -> None:
        self._outcomes, self._mark = outcomes, mark

    async def run(self, job: Job) -> None:
        self._mark(STARTED, job.id)
        await self._outcomes.finish(job.analysis, Outcome(State.COMPLETED))
        self._mark(DONE, job.id)


def foundation(database_url: str, redis_url: str, folder: Path) -> Foundation:
    """What a role stands on, with the settings' defaults."""
    worker = {"memory_per_analysis_bytes": 1}  # an empty job needs none: AT_ONCE is what holds claims back
    settings = Settings.model_validate(
        {"data": folder, "database_url": database_url, "redis_url": redis_url, "worker": worker}
    )
    changes = Changes()
    store = wiring.database(settings)
    return Foundation(
        settings=settings,
        store=store,
        vault=Vault(LocalKeys(folder / f"keys-{secrets.token_hex(4)}"), LocalBlobs(folder / "blobs")),
        dispatcher=wiring.bell(settings, secrets.token_hex(8), lambda: changes.announce(QUEUE_KEY)),
        changes=changes,
        capacity=Capacity(AT_ONCE // 2),
        clock=getattr(store, "clock", system_clock),
        engine_version="bench",
    )


async def _serve(database_url: str, redis_url: str, folder: Path) -> None:
    on = foundation(database_url, redis_url, folder)
    await asyncio.gather(on.store.start(), on.dispatcher.start())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    mark = Writer()
    outcomes = Outcomes(on)
    worker, relay = WorkerLoop(on, Empty(outcomes, mark)), Relay(on)
    await relay.start()
    await worker.start()
    mark(READY, "worker")
    await stop.wait()
    await worker.stop()
    await relay.stop()
    await on.dispatcher.stop()
    await on.store.stop()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
