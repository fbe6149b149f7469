"""What is the in-process bell's own."""

from __future__ import annotations

from procession.dispatch.inprocess import InProcessDispatcher
from procession.domain.analysis import Priority


async def test_an_id_that_aged_moves_up_and_never_down() -> None:
    bell = InProcessDispatcher()
    await bell.ring(["a", "b"], Priority.LOW)
    await bell.ring(["c"], Priority.STANDARD)
    await bell.ring(["b"], Priority.URGENT)
    await bell.ring(["b"], Priority.LOW)
    assert await bell.depth() == {Priority.URGENT: 1, Priority.STANDARD: 1, Priority.LOW: 1}
    assert await bell.wait(9, 1.0) == ["b", "c", "a"]


async def test_acknowledging_forgets_a_ring_that_was_not_taken() -> None:
    bell = InProcessDispatcher()
    await bell.ring(["a", "b"], Priority.URGENT)
    await bell.acknowledge(["a", "unknown"])
    assert await bell.wait(9, 1.0) == ["b"]
