"""What the relay repeats and what it does not."""

from __future__ import annotations

from procession.domain.analysis import Trigger
from procession.maintenance.relay import Relay
from procession.store import claims, controls
from procession.store.controls import By
from tests.unit.services.acting import PDF, House


def _seldom(house: House, seconds: float) -> None:
    on = house.app.foundation
    queue = on.settings.queue.model_copy(update={"rescue_seconds": seconds})
    on.settings = on.settings.model_copy(update={"queue": queue})


async def _waiting(house: House, number: int) -> list[str]:
    return [(await house.upload(PDF + bytes([one]))).id for one in range(number)]


async def test_what_was_offered_a_moment_ago_is_not_offered_again(house: House) -> None:
    _seldom(house, 600.0)
    await _waiting(house, 2)
    relay = Relay(house.app.foundation)
    assert await relay.ring() == 2
    assert await relay.ring() == 0
    (new,) = [(await house.upload(PDF + b"new")).id]
    await house.app.dispatcher.wait(100, 0)
    assert await relay.ring() == 1
    assert await house.app.dispatcher.wait(100, 0) == [new]


async def test_a_ring_that_led_to_no_claim_is_repeated_after_a_while(house: House) -> None:
    made = await _waiting(house, 2)
    relay = Relay(house.app.foundation)
    _seldom(house, 0.0)
    await relay.ring()
    await house.app.dispatcher.wait(100, 0)
    assert await relay.ring() == 2
    assert sorted(await house.app.dispatcher.wait(100, 0)) == sorted(made)


async def test_what_was_claimed_and_given_back_is_offered_at_once(house: House) -> None:
    _seldom(house, 600.0)
    (one,) = await _waiting(house, 1)
    on, relay = house.app.foundation, Relay(house.app.foundation)
    await relay.ring()
    now = on.clock()
    claimed = await on.store.write(lambda conn: claims.claim(conn, one, "w", 15, now))
    assert claimed is not None
    back = on.clock()
    await on.store.write(
        lambda conn: claims.reschedule(conn, one, claimed.fence, Trigger.RELEASED, back, None, "drain", False, back)
    )
    assert await relay.ring() == 1


async def test_rings_of_a_capped_tenant_are_repeated_for_a_claim_at_the_cap_uses_one_up(house: House) -> None:
    _seldom(house, 600.0)
    on = house.app.foundation
    by = By("key:operator", "ops", None, "local", on.clock())
    await on.store.write(lambda conn: controls.set_tenant(conn, house.owner.tenant, {"running_max": 1}, by))
    await _waiting(house, 2)
    relay = Relay(on)
    assert await relay.ring() == 1
    assert await relay.ring() == 1
