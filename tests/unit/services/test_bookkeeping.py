"""Stale reservations end, unusual hours are told once, and what work uses is counted where it has a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from procession import wiring
from procession.domain.billing import CallStatus, Period, window_start
from procession.domain.usage import Money, Tokens
from procession.maintenance.meter import TrafficMeter
from procession.services.bookkeeping import EXPIRED_AT_ONCE, USUAL_DAYS, Bookkeeping
from procession.services.foundation import Foundation
from procession.services.metering import GAP_SECONDS_MAX, Metering
from procession.settings import Ai, Settings
from procession.settings.ai import AiModel, AiPrices, AiProvider
from procession.settings.costs import Costs
from procession.store import cost_decisions, ledger, resource_rollups
from procession.store.ledger import Reserved
from procession.store.resource_rollups import Resource
from tests.calls import a_call, agreed
from tests.records import START
from tests.unit.services.acting import FIELDS, PDF, House, a_document, later

PRICED = Costs(version="test", compute_second="1", storage_gib_month="1", egress_gib="1", requests_thousand="1")
DOLLAR = Tokens(input=1_000_000)


def priced(on: Foundation, costs: Costs = PRICED) -> Foundation:
    return replace(on, settings=on.settings.model_copy(update={"costs": costs}))


def still(house: House) -> Foundation:
    """The clock stands, so that no hour ends in the middle of a test."""
    return replace(house.app.foundation, clock=lambda: START)


async def pay(on: Foundation, moment: datetime, dollars: int) -> None:
    def unit(conn: Connection) -> None:
        found = ledger.reserve(conn, a_call(reserve=Money.parse("1")), moment)
        assert isinstance(found, Reserved)
        ledger.settle(conn, found.call_id, Tokens(input=dollars * 1_000_000), None, None, moment)

    await on.store.write(unit)


async def used(on: Foundation, kind: Resource) -> dict[str, int]:
    """By tenant, over all hours."""
    now = on.clock()
    since, until = now - timedelta(days=2), now + timedelta(days=2)
    found = await on.store.read(lambda conn: resource_rollups.sums(conn, since, until, ["tenant"]))
    return {tenant: quantity for (tenant,), one, quantity in found if one is kind}


async def test_every_stale_reservation_ends_however_many_there_are(house: House) -> None:
    on, many = house.app.foundation, EXPIRED_AT_ONCE + 5

    def unit(conn: Connection) -> None:
        for number in range(many):
            found = ledger.reserve(conn, a_call(), on.clock())
            assert isinstance(found, Reserved)
            if number % 2:
                ledger.sent(conn, found.call_id, on.clock())

    await on.store.write(unit)
    assert await Bookkeeping(on).expire() == (0, 0)
    assert await Bookkeeping(later(on, 60)).expire() == (many - many // 2, many // 2)
    spent, aside = await on.store.read(agreed)
    assert (str(spent), str(aside)) == ("0", str(Money.parse("3") * (many // 2)))
    assert set(await on.store.read(ledger.open_sums)) == {CallStatus.UNKNOWN}


async def test_an_hour_past_the_alert_is_told_once(house: House) -> None:
    on = still(house)
    await pay(on, on.clock(), 50)
    assert await Bookkeeping(on).watch() is None
    await pay(on, on.clock(), 1)
    made = await Bookkeeping(on).watch()
    assert made is not None
    assert (made.cause, made.action) == ("spike", "warn")
    assert "$51.00, past the alert at $50.00" in made.reason
    assert await Bookkeeping(on).watch() is None
    (told,) = await on.store.read(lambda conn: cost_decisions.page(conn, None, made.starts_at, None, 10))
    assert told.times == 2


async def test_an_hour_far_above_the_same_hour_of_recent_days_is_told(house: House) -> None:
    on = still(house)
    for day in range(1, 8):
        await pay(on, on.clock() - timedelta(days=day), 2)
        await pay(on, on.clock() - timedelta(days=day, hours=3), 30)  # another hour's: nothing to compare with
    await pay(on, on.clock(), 4)
    assert await Bookkeeping(on).watch() is None
    await pay(on, on.clock(), 1)
    made = await Bookkeeping(on).watch()
    assert made is not None
    assert "the same hour of the last 7 days cost $2.00 in the middle" in made.reason
    assert USUAL_DAYS > 7


async def test_an_analysis_counts_its_time_on_a_core_once_and_only_with_a_price(house: House) -> None:
    on = house.app.foundation
    document = a_document(FIELDS, usage={"cpu_seconds": 1.25})
    await house.work((await house.upload()).id, document)
    assert await used(on, Resource.CPU) == {}
    on.settings = on.settings.model_copy(update={"costs": PRICED})
    made = await house.upload(PDF + b"2")
    await house.work(made.id, document)
    assert await used(on, Resource.CPU) == {"acme": 1250}
    costs = await house.app.costs.of_analysis(house.owner, made.id)
    assert {line.kind: line.cost for line in costs.lines}["compute"] == "1.25"


async def test_storage_is_counted_for_every_hour_once(house: House) -> None:
    on = priced(house.app.foundation)
    hour = window_start(Period.HOUR, on.clock())
    on = replace(on, clock=lambda: hour)
    await house.upload(PDF)
    await Metering(on).look()
    await Metering(on).look()
    assert await used(on, Resource.STORAGE) == {"acme": len(PDF)}
    await Metering(later(on, 180)).look()
    assert await used(on, Resource.STORAGE) == {"acme": 4 * len(PDF)}
    await house.app.analyses.erase(house.owner, (await house.app.analyses.list(house.owner)).items[0].id)
    await Metering(later(on, 300)).look()
    assert await used(on, Resource.STORAGE) == {"acme": 4 * len(PDF)}


@pytest.mark.parametrize(("seconds", "looks"), [(60.0, 1), (GAP_SECONDS_MAX, 1), (GAP_SECONDS_MAX + 1, 0)])
async def test_capacity_is_what_was_there_between_two_looks_and_a_stop_is_none(
    house: House, seconds: float, looks: int
) -> None:
    start = window_start(Period.HOUR, house.app.foundation.clock())
    moment = [start]
    on = replace(priced(house.app.foundation), clock=lambda: moment[0])
    on.capacity.slots = 3
    await Metering(on).look()
    assert await used(on, Resource.CAPACITY) == {}
    moment[0] = start + timedelta(seconds=seconds)
    await Metering(on).look()
    expected: dict[str, int] = {"*": round(3 * seconds * 1000)} if looks else {}
    assert await used(on, Resource.CAPACITY) == expected


async def test_traffic_is_written_down_and_lost_only_with_the_process(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = priced(house.app.foundation)
    on.traffic.give_back(3, 4096)

    async def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no store")

    with monkeypatch.context() as patch:
        patch.setattr(type(on.store), "write", refuse)
        with pytest.raises(OSError, match="no store"):
            await Metering(on).tell_traffic()
    await TrafficMeter(Metering(on)).stop()
    await Metering(on).tell_traffic()
    assert (await used(on, Resource.REQUESTS), await used(on, Resource.EGRESS)) == ({"*": 3}, {"*": 4096})


def test_what_has_no_price_and_no_provider_has_no_loop(tmp_path: Path) -> None:
    def loops(**given: Any) -> set[str]:
        made = wiring.build(Settings(data=tmp_path / str(len(given)), **given), working=False)
        made.keys.close()
        return {one.name for one in made.maintenance} & {"bookkeeper", "cost_gauges", "meter", "traffic"}

    small = AiModel(name="small", prices={"standard": AiPrices(input="0", output="0")})  # type: ignore[dict-item]
    provider = AiProvider(name="own", base_url="http://127.0.0.1:1/v1", models=(small,))
    assert loops() == set()
    assert loops(ai=Ai(providers=(provider,)), costs=PRICED) == {"bookkeeper", "cost_gauges", "meter", "traffic"}


async def test_without_prices_nothing_is_written(house: House) -> None:
    on = house.app.foundation
    on.traffic.give_back(3, 4096)
    await house.upload()
    await Metering(on).look()
    await Metering(on).tell_traffic()
    for kind in Resource:
        assert await used(on, kind) == {}
