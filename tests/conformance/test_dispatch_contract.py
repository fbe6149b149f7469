"""What every bell promises."""

from __future__ import annotations

import asyncio

from procession.dispatch.protocol import Dispatcher
from procession.domain.analysis import Priority

LONG = 60.0
PATIENCE = 20.0  # seconds; a ring that takes this long was lost, and only the end of LONG found it
SHORT = 0.01


async def test_urgent_goes_first_then_the_order_of_ringing(dispatcher: Dispatcher) -> None:
    await dispatcher.ring(["l1", "l2"], Priority.LOW)
    await dispatcher.ring(["s1"], Priority.STANDARD)
    await dispatcher.ring(["u1", "u2"], Priority.URGENT)
    assert await dispatcher.wait(3, LONG) == ["u1", "u2", "s1"]
    assert await dispatcher.wait(9, LONG) == ["l1", "l2"]


async def test_waiting_ends_empty_when_nothing_rings(dispatcher: Dispatcher) -> None:
    assert await dispatcher.wait(4, SHORT) == []


async def test_no_capacity_takes_nothing(dispatcher: Dispatcher) -> None:
    await dispatcher.ring(["a"], Priority.URGENT)
    assert await dispatcher.wait(0, SHORT) == []
    assert await dispatcher.wait(1, LONG) == ["a"]


async def test_a_ring_that_was_not_taken_is_not_doubled(dispatcher: Dispatcher) -> None:
    for _ in range(3):
        await dispatcher.ring(["a", "b"], Priority.URGENT)
    assert (await dispatcher.depth())[Priority.URGENT] == 2
    taken = await dispatcher.wait(9, LONG)
    await dispatcher.acknowledge(taken)
    assert taken == ["a", "b"]
    assert await dispatcher.wait(9, SHORT) == []


async def test_an_acknowledged_id_can_be_rung_again(dispatcher: Dispatcher) -> None:
    for _ in range(2):
        await dispatcher.ring(["a"], Priority.STANDARD)
        assert await dispatcher.wait(1, LONG) == ["a"]
        await dispatcher.acknowledge(["a"])


async def test_each_ring_goes_to_one_waiter(dispatcher: Dispatcher) -> None:
    waiters = [asyncio.create_task(dispatcher.wait(1, LONG)) for _ in range(5)]
    await asyncio.sleep(0)
    await dispatcher.ring([str(n) for n in range(5)], Priority.URGENT)
    async with asyncio.timeout(PATIENCE):
        taken = await asyncio.gather(*waiters)
    assert sorted(taken) == [[str(n)] for n in range(5)]
    assert set((await dispatcher.depth()).values()) == {0}


async def test_a_cancelled_waiter_loses_no_ring(dispatcher: Dispatcher) -> None:
    leaving, staying = [asyncio.create_task(dispatcher.wait(1, LONG)) for _ in range(2)]
    await asyncio.sleep(0)
    await dispatcher.ring(["a"], Priority.URGENT)
    leaving.cancel()
    async with asyncio.timeout(PATIENCE):
        assert await staying == ["a"]


async def test_depth_counts_by_class(dispatcher: Dispatcher) -> None:
    await dispatcher.ring(["a", "b"], Priority.LOW)
    await dispatcher.ring(["c"], Priority.URGENT)
    assert await dispatcher.depth() == {Priority.URGENT: 1, Priority.STANDARD: 0, Priority.LOW: 2}
