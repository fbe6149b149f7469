"""Claims by memory, over every small case."""

from __future__ import annotations

from itertools import product

import pytest

from procession.policy.memory import Memory, Snapshot, decide

NEED, RESERVE = 100, 10


def snapshot(free: int | None, running: int = 0, started: int = 0) -> Snapshot:
    return Snapshot(Memory(free), running, started, NEED, RESERVE)


def test_without_anything_that_tells_there_is_no_limit() -> None:
    assert decide(snapshot(None, running=7)).analyses is None


@pytest.mark.parametrize(("free", "more"), [(109, 0), (110, 1), (209, 1), (210, 2), (0, 0)])
def test_as_many_as_fit_beside_the_reserve(free: int, more: int) -> None:
    assert decide(snapshot(free, running=1, started=1)).analyses == more


def test_what_is_claimed_and_not_yet_started_is_promised_its_memory() -> None:
    assert decide(snapshot(310, running=2, started=0)).analyses == 1
    assert decide(snapshot(310, running=2, started=2)).analyses == 3


def test_one_runs_always_and_never_more_than_fit() -> None:
    for free, running, started in product(range(0, 500, 5), range(5), range(5)):
        if started > running:
            continue
        more = decide(snapshot(free, running, started)).analyses
        assert more is not None
        if running == 0:
            assert more >= 1
        else:
            assert more == 0 or (more + running - started) * NEED + RESERVE <= free
