"""Processes that share one record: counted together, drained one by one, kept apart when their keys differ."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from procession.domain.errors import Unavailable
from procession.maintenance.duty import Duty
from procession.maintenance.presence import Presence
from procession.maintenance.watcher import Watcher
from procession.services.capacity import Capacity, Other
from procession.services.fleet import FORGET_SECONDS, Fleet, Role
from procession.store import analyses, workers
from procession.store.workers import WorkerRow
from tests.unit.maintenance.counting import Counting
from tests.unit.services.acting import House


async def another(house: House, **changes: object) -> WorkerRow:
    """The row of a process with the same keys that runs beside this one."""
    on = house.app.foundation
    await house.app.fleet.join()
    (mine,) = await on.store.read(lambda conn: workers.seen(conn, on.clock() - timedelta(seconds=60)))
    row = replace(mine, id="another", role="worker", slots=3, busy=1, service_seconds=2.0)
    row = replace(row, **changes)  # type: ignore[arg-type]
    await on.store.write(lambda conn: workers.beat(conn, row))
    return row


def test_all_processes_are_counted_and_their_pace_weighs_by_their_slots() -> None:
    capacity = Capacity(2)
    capacity.busy = 1
    assert not capacity.all_paced
    capacity.paced = True
    capacity.others = (Other(6, 2, 4, 3.0), Other(1, 1, 0, None))
    assert (capacity.all_slots, capacity.all_busy, capacity.all_available) == (9, 4, 5)
    assert capacity.mean_service_seconds == pytest.approx((2 * 1 + 6 * 3) / 8)
    assert Capacity(0).mean_service_seconds == 1.0


async def test_the_queue_s_view_counts_the_workers_of_other_processes(house: House) -> None:
    own = house.app.capacity.slots
    await another(house)
    await house.app.fleet.beat()
    view = await house.app.queue.view(house.owner)
    assert (view.workers.total, view.workers.busy, view.workers.available) == (own + 3, 1, own + 2)


async def test_a_process_that_missed_its_lease_counts_no_more_and_is_forgotten_later(house: House) -> None:
    on = house.app.foundation
    dead = on.clock() - timedelta(seconds=on.settings.worker.lease_seconds + 1)
    await another(house, seen_at=dead)
    await house.app.fleet.beat()
    assert house.app.capacity.others == ()
    assert await house.app.fleet.forget() == 0
    gone = on.clock() - timedelta(seconds=FORGET_SECONDS + 1)
    await on.store.write(lambda conn: workers.leave(conn, "another"))
    await another(house, id="long gone", seen_at=gone)
    await Presence(on, house.app.fleet, forgets=True).once()
    assert await on.store.read(lambda conn: len(workers.seen(conn, gone))) == 1


async def test_a_process_with_other_keys_is_refused_in_words(house: House) -> None:
    await another(house, keys_digest="0" * 64)
    with pytest.raises(Unavailable, match="under other keys"):
        await Fleet(house.app.foundation, "new", Role.WORKER).join()


async def test_another_region_may_have_keys_of_its_own(house: House) -> None:
    await another(house, keys_digest="0" * 64, region="another region")
    await Fleet(house.app.foundation, "new", Role.WORKER).join()


async def test_a_drain_is_obeyed_at_the_next_heartbeat_and_called_off_by_the_one_after(house: House) -> None:
    on, fleet = house.app.foundation, house.app.fleet
    await fleet.join()
    await on.store.write(lambda conn: workers.request_drain(conn, fleet.id, True))
    await fleet.beat()
    assert (on.capacity.claiming, on.capacity.available) == (False, 0)
    await on.store.write(lambda conn: workers.request_drain(conn, fleet.id, False))
    await fleet.beat()
    assert on.capacity.claiming


async def test_who_leaves_leaves_nothing_and_its_duties_to_the_others(house: House) -> None:
    on, fleet = house.app.foundation, house.app.fleet
    await fleet.join()
    mine, theirs = Counting(), Counting()
    await Duty(on, mine, fleet.id, 60).once()
    await Duty(on, theirs, "another", 60).once()
    assert (mine.passes, theirs.passes) == (1, 0)
    await fleet.leave()
    await Duty(on, theirs, "another", 60).once()
    assert theirs.passes == 1
    assert await on.store.read(lambda conn: workers.seen(conn, on.clock() - timedelta(days=1))) == []


async def test_the_watcher_announces_what_another_process_changed_and_nothing_else(house: House) -> None:
    on = house.app.foundation
    moved, still = await house.upload(), await house.upload(b"%PDF-1.7\nanother\n")
    watcher = Watcher(on)
    heard: list[str] = []
    hear = on.changes.hear

    def listening(keys: Sequence[str]) -> None:
        heard.extend(keys)
        hear(keys)

    on.changes.hear = listening  # type: ignore[method-assign]
    waiters = [asyncio.create_task(house.app.analyses.wait(house.owner, one.id, 60)) for one in (moved, still)]
    await asyncio.sleep(0.05)
    await watcher.once()  # the first look: what is watched since may have changed before
    await asyncio.sleep(0.05)
    heard.clear()
    await watcher.once()
    assert heard == []
    now = on.clock()
    await on.store.write(lambda conn: analyses.request_cancel(conn, "acme", moved.id, "key:test", now))
    await watcher.once()
    assert heard == [f"analysis:{moved.id}"]
    assert (await waiters[0]).status == "cancelled"
    waiters[1].cancel()
