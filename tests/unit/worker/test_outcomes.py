"""Ends of claims written together: none waits for another, none suffers for another."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from procession.domain.analysis import Analysis, State
from procession.domain.errors import LostClaim
from procession.store import claims
from procession.store.claims import Outcome
from procession.worker.outcomes import TOGETHER_MAX, Outcomes
from tests.records import submit
from tests.unit.services.acting import House

COMPLETED = Outcome(State.COMPLETED, result_ref="results/r", pages_total=1)


async def _claimed(house: House, count: int) -> list[Analysis]:
    now = house.app.foundation.clock()

    def unit(conn: Connection) -> list[Analysis]:
        found = [claims.claim(conn, submit(conn, run_at=now).id, "w", 60, now) for _ in range(count)]
        return [one for one in found if one is not None]

    return await house.app.store.write(unit)


async def _at_once(outcomes: Outcomes, claimed: list[Analysis]) -> list[Analysis | BaseException]:
    ends = (outcomes.finish(one, COMPLETED) for one in claimed)
    return await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), 60)


async def test_more_ends_than_fit_one_transaction_are_all_written(house: House) -> None:
    claimed = await _claimed(house, TOGETHER_MAX + 1)
    ended = await _at_once(Outcomes(house.app.foundation), claimed)
    assert [one.id for one in ended if isinstance(one, Analysis)] == [one.id for one in claimed]
    assert all(isinstance(one, Analysis) and one.state is State.COMPLETED for one in ended)


async def test_a_lost_claim_is_told_to_its_owner_alone(house: House) -> None:
    mine, lost, mine_too = await _claimed(house, 3)
    outcomes = Outcomes(house.app.foundation)
    await outcomes.finish(lost, COMPLETED)
    first, second, third = await _at_once(outcomes, [mine, lost, mine_too])
    assert isinstance(second, LostClaim)
    assert isinstance(first, Analysis)
    assert isinstance(third, Analysis)


async def test_an_end_that_cannot_be_written_keeps_no_other_from_its_end(house: House) -> None:
    good, bad, good_too = await _claimed(house, 3)
    outcomes = Outcomes(house.app.foundation)
    ends = [
        outcomes.finish(good, COMPLETED),
        outcomes.finish(bad, Outcome(State.COMPLETED, usage={"not JSON": object()})),
        outcomes.finish(good_too, COMPLETED),
    ]
    first, second, third = await asyncio.wait_for(asyncio.gather(*ends, return_exceptions=True), 60)
    assert isinstance(first, Analysis)
    assert isinstance(third, Analysis)
    assert isinstance(second, Exception)
    assert not isinstance(second, LostClaim)


async def test_whoever_no_longer_waits_leaves_the_end_written(house: House) -> None:
    (claimed,) = await _claimed(house, 1)
    outcomes = Outcomes(house.app.foundation)
    waiting = asyncio.create_task(outcomes.finish(claimed, COMPLETED))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(LostClaim):  # it is written already
        await asyncio.wait_for(outcomes.finish(claimed, COMPLETED), 60)
