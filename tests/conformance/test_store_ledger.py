"""The ledger: money is set aside before, settled after, and never counted twice or forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from procession.domain.billing import EVERYONE, Action, Budget, CallStatus, Period
from procession.domain.errors import PreconditionFailed
from procession.domain.usage import NOTHING, Money, Rates, Tier, Tokens, to_pico
from procession.store import budget_windows, budgets, cost_decisions, journal, ledger, usage_rollups
from procession.store.controls import By
from procession.store.cost_tables import ai_calls
from procession.store.ledger import Refused, Reserved, Settled
from procession.store.protocol import Store
from tests.calls import RATES, TOKENS, a_call, agreed
from tests.records import START, at

TWO, THREE = Money.parse("2"), Money.parse("3")
DOLLAR = 10**12
HOUR = timedelta(hours=1)


def by(seconds: float = 0) -> By:
    return By("key:boss", "acme", None, "local", at(seconds))


def limit(dollars: int, tenant: str = EVERYONE, period: Period = Period.DAY, **percents: int | None) -> Budget:
    return Budget(tenant, period, dollars * DOLLAR, **percents)


def reserved(conn: Connection, seconds: float = 0, **changes: object) -> str:
    found = ledger.reserve(conn, a_call(**changes), at(seconds))
    assert isinstance(found, Reserved)
    return found.call_id


async def test_a_call_is_set_aside_at_most_and_spent_as_it_was(store: Store) -> None:
    call_id = await store.write(reserved)
    assert await store.read(agreed) == (NOTHING, THREE)
    assert await store.write(lambda conn: ledger.sent(conn, call_id, at(1)))
    assert await store.read(agreed) == (NOTHING, THREE)
    done = await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS, "req-1", "small-2030", at(2)))
    assert done == Settled(call_id, TWO, TWO)
    assert await store.read(agreed) == (TWO, NOTHING)
    row = await store.read(lambda conn: ledger.get(conn, call_id))
    assert row is not None
    assert (row.status, row.tokens, row.served_model, row.provider_request_id) == (
        *("settled", TOKENS, "small-2030", "req-1"),
    )
    assert (row.reserved_at, row.sent_at, row.ended_at) == (at(0), at(1), at(2))


async def test_settled_again_is_the_same_and_costs_nothing_more(store: Store) -> None:
    call_id = await store.write(reserved)
    first = await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS, "a", None, at(1)))
    again = await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS + TOKENS, "b", None, at(2)))
    assert again == first
    for change in (ledger.release, ledger.unknown):
        assert not await store.write(lambda conn, change=change: change(conn, call_id, "late", at(3)))
    assert await store.read(agreed) == (TWO, NOTHING)


async def test_what_was_not_billed_is_free_again_once(store: Store) -> None:
    call_id = await store.write(reserved)
    assert await store.write(lambda conn: ledger.release(conn, call_id, "refused before it was sent", at(1)))
    assert not await store.write(lambda conn: ledger.release(conn, call_id, "again", at(2)))
    assert await store.read(agreed) == (NOTHING, NOTHING)


async def test_a_bill_for_what_was_released_is_still_a_bill(store: Store) -> None:
    call_id = await store.write(reserved)
    await store.write(lambda conn: ledger.release(conn, call_id, "no answer", at(1)))
    await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS, "late", None, at(9)))
    assert await store.read(agreed) == (TWO, NOTHING)


async def test_what_may_have_been_billed_stays_set_aside_until_somebody_found_out(store: Store) -> None:
    one, two = await store.write(reserved), await store.write(reserved)
    for call_id in (one, two):
        assert await store.write(lambda conn, id_=call_id: ledger.unknown(conn, id_, "the line broke", at(1)))
    assert await store.read(agreed) == (NOTHING, THREE + THREE)
    assert await store.write(lambda conn: ledger.expired(conn, at(10**6), 100)) == []
    await store.write(lambda conn: ledger.settle(conn, one, TOKENS, "found", None, at(2)))
    await store.write(lambda conn: ledger.release(conn, two, "the provider knows nothing of it", at(2)))
    assert await store.read(agreed) == (TWO, NOTHING)


async def test_time_releases_what_was_never_sent_and_nothing_else(store: Store) -> None:
    never, gone_out = await store.write(reserved), await store.write(reserved)
    await store.write(lambda conn: ledger.sent(conn, gone_out, at(1)))
    due = at(ledger.RESERVATION_SECONDS)
    assert await store.write(lambda conn: ledger.expired(conn, due - timedelta(seconds=1), 100)) == []
    ended = await store.write(lambda conn: ledger.expired(conn, due, 100))
    assert dict(ended) == {never: CallStatus.RELEASED, gone_out: CallStatus.UNKNOWN}
    assert await store.write(lambda conn: ledger.expired(conn, due, 100)) == []
    assert not await store.write(lambda conn: ledger.sent(conn, never, due))  # nothing may go out any more
    assert await store.read(agreed) == (NOTHING, THREE)


async def test_a_request_id_reserves_once(store: Store) -> None:
    call = a_call()
    first = await store.write(lambda conn: ledger.reserve(conn, call, at(0)))
    again = await store.write(lambda conn: ledger.reserve(conn, call, at(1)))
    assert first == again
    assert await store.read(agreed) == (NOTHING, THREE)


async def test_a_call_nobody_reserved_is_a_defect_and_told(store: Store) -> None:
    with pytest.raises(LookupError, match="call_none"):
        await store.write(lambda conn: ledger.settle(conn, "call_none", TOKENS, None, None, at(0)))


async def test_a_call_belongs_to_the_hour_it_was_reserved_in(store: Store) -> None:
    call_id = await store.write(lambda conn: reserved(conn, -1))
    await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS, None, None, at(7200)))
    windows = await store.read(lambda conn: budget_windows.current(conn, ["acme", "none"], at(-1)))
    spent = {(one.tenant, one.period): one.spent_pico for one in windows}
    assert spent == {
        (tenant, period): 2 * DOLLAR * (tenant == "acme") for tenant in ("acme", "none") for period in Period
    }
    hours = await store.read(lambda conn: usage_rollups.sums(conn, START - HOUR, START + 3 * HOUR, ["hour"]))
    assert [key for key, _ in hours] == [(START - HOUR,)]


async def test_what_was_served_otherwise_is_paid_as_it_was_served(store: Store) -> None:
    half = Rates.parse(input="0.5", output="2")
    call_id = await store.write(lambda conn: reserved(conn, tier=Tier.FLEX, rates=half, list_rates=RATES))
    served = ("2030-02", RATES, RATES)
    done = await store.write(
        lambda conn: ledger.settle(conn, call_id, TOKENS, None, None, at(1), tier=Tier.STANDARD, price=served)
    )
    assert done.effective_cost == TWO
    cheap = await store.write(lambda conn: reserved(conn, tier=Tier.FLEX, rates=half, list_rates=RATES))
    done = await store.write(lambda conn: ledger.settle(conn, cheap, TOKENS, None, None, at(1)))
    assert (done.list_cost, done.effective_cost) == (TWO, Money.parse("1"))
    by_tier = await store.read(lambda conn: usage_rollups.sums(conn, START, START + HOUR, ["tier"]))
    assert {key: (used.list_pico, used.effective_pico) for key, used in by_tier} == {
        ("flex",): (2 * DOLLAR, DOLLAR),
        ("standard",): (2 * DOLLAR, 2 * DOLLAR),
    }
    totals = await store.read(usage_rollups.totals)
    assert sum(used.effective_pico for used in totals.values()) == 3 * DOLLAR


# --- budgets ----------------------------------------------------------------------------------------------------------


async def test_a_budget_stops_what_would_pass_it_and_says_why_and_until_when(store: Store) -> None:
    await store.write(lambda conn: budgets.put(conn, limit(5), by(), 0))
    await store.write(reserved)
    refused = await store.write(lambda conn: ledger.reserve(conn, a_call(), at(0)))
    assert isinstance(refused, Refused)
    assert refused.action is Action.STOP
    assert refused.until == START.replace(hour=0) + timedelta(days=1)
    assert "$3.00 set aside, this call up to $3.00, limit $5.00" in refused.reason
    assert await store.read(agreed) == (NOTHING, THREE)  # a refusal sets nothing aside
    tomorrow = await store.write(lambda conn: ledger.reserve(conn, a_call(), refused.until or START))
    assert isinstance(tomorrow, Reserved)


async def test_a_budget_made_later_knows_what_was_spent_before(store: Store) -> None:
    call_id = await store.write(reserved)
    await store.write(lambda conn: ledger.settle(conn, call_id, TOKENS, None, None, at(1)))
    await store.write(lambda conn: budgets.put(conn, limit(4, "acme"), by(), 0))
    refused = await store.write(lambda conn: ledger.reserve(conn, a_call(), at(2)))
    assert isinstance(refused, Refused)
    other = await store.write(lambda conn: ledger.reserve(conn, a_call(tenant="other"), at(2)))
    assert isinstance(other, Reserved)


async def test_a_budget_that_degrades_lets_only_the_cheapest_route_through(store: Store) -> None:
    await store.write(lambda conn: budgets.put(conn, limit(10, degrade_percent=50), by(), 0))
    await store.write(reserved)
    refused = await store.write(lambda conn: ledger.reserve(conn, a_call(), at(0)))
    assert isinstance(refused, Refused)
    assert refused.action is Action.DEGRADE
    cheap = await store.write(lambda conn: ledger.reserve(conn, a_call(economy=True), at(0)))
    assert isinstance(cheap, Reserved)
    assert "cheaper routes only" in cheap.warning


async def test_where_no_budget_was_set_the_settings_hold(store: Store) -> None:
    defaults = (limit(5, ""), limit(100))
    first = await store.write(lambda conn: ledger.reserve(conn, a_call(), at(0), defaults))
    second = await store.write(lambda conn: ledger.reserve(conn, a_call(), at(0), defaults))
    other = await store.write(lambda conn: ledger.reserve(conn, a_call(tenant="other"), at(0), defaults))
    assert [type(one) for one in (first, second, other)] == [Reserved, Refused, Reserved]
    await store.write(lambda conn: budgets.put(conn, limit(50, "acme"), by(), 0))
    assert isinstance(await store.write(lambda conn: ledger.reserve(conn, a_call(), at(0), defaults)), Reserved)


async def test_a_decision_is_told_once_for_each_window_and_counts_what_it_touched(store: Store) -> None:
    await store.write(lambda conn: budgets.put(conn, limit(2), by(), 0))
    for n in range(3):
        await store.write(lambda conn, n=n: ledger.reserve(conn, a_call(), at(n)))
    (found,) = await store.read(lambda conn: cost_decisions.page(conn, None, START, None, 10))
    assert (found.action, found.cause, found.times, found.tenant) == ("stop", "budget", 3, EVERYONE)
    assert (found.decided_at, found.last_at) == (at(0), at(2))
    (event,) = await store.read(lambda conn: journal.of_aggregate(conn, found.id, 0, 10, "cost_decision"))
    assert (event.type, event.data["reason"]) == ("cost.stop", found.reason)


async def test_changes_of_a_budget_are_guarded_by_its_version_and_journaled(store: Store) -> None:
    made, new = await store.write(lambda conn: budgets.put(conn, limit(5), by(1), 0))
    assert new
    same, new = await store.write(lambda conn: budgets.put(conn, limit(5), by(2), None))
    assert (same, new) == (made, False)
    for version in (0, 2):
        with pytest.raises(PreconditionFailed):
            await store.write(lambda conn, version=version: budgets.put(conn, limit(6), by(3), version))
    changed, _ = await store.write(lambda conn: budgets.put(conn, limit(6), by(3), 1))
    assert (changed.id, changed.version, changed.limit_pico) == (made.id, 2, 6 * DOLLAR)
    with pytest.raises(PreconditionFailed):
        await store.write(lambda conn: budgets.delete(conn, made.id, by(4), 1))
    assert await store.write(lambda conn: budgets.delete(conn, made.id, by(4), 2))
    assert await store.read(budgets.every) == []
    assert await store.write(lambda conn: budgets.delete(conn, made.id, by(5), None)) is None
    events = await store.read(lambda conn: journal.of_aggregate(conn, made.id, 0, 10, "budget"))
    assert [(event.type, event.actor) for event in events] == [
        *(("budget.set", "key:boss"), ("budget.set", "key:boss"), ("budget.removed", "key:boss")),
    ]
    again, new = await store.write(lambda conn: budgets.put(conn, limit(5), by(6), 0))
    assert new
    assert again.id != made.id


# --- at once ----------------------------------------------------------------------------------------------------------


async def test_of_two_hundred_at_once_against_a_budget_for_fifty_exactly_fifty_are_paid(store: Store) -> None:
    await store.write(lambda conn: budgets.put(conn, limit(100), by(), 0))
    going = asyncio.Semaphore(64)

    async def job(number: int) -> bool:
        call = a_call(tenant=f"tenant-{number % 7}", reserve=TWO)
        async with going:
            found = await store.write(lambda conn: ledger.reserve(conn, call, at(0)))
            if isinstance(found, Refused):
                return False
            id_ = found.call_id
            await store.write(lambda conn: ledger.sent(conn, id_, at(0)))
            await store.write(lambda conn: ledger.settle(conn, id_, TOKENS, None, None, at(1)))
            return True

    paid = await asyncio.gather(*(job(number) for number in range(200)))
    assert sum(paid) == 50
    assert await store.read(agreed) == (Money.parse("100"), NOTHING)
    counted = await store.read(lambda conn: conn.execute(select(func.count()).select_from(ai_calls)).scalar_one())
    assert counted == 50
    told = await store.read(lambda conn: cost_decisions.page(conn, None, START, None, 10))
    assert {one.action: one.times for one in told} == {"warn": 10, "stop": 150}


async def test_tokens_of_every_kind_are_priced_and_counted(store: Store) -> None:
    tokens = Tokens(input=7, cached=11, image=13, output=17, written=19)
    call_id = await store.write(reserved)
    done = await store.write(lambda conn: ledger.settle(conn, call_id, tokens, None, None, at(1)))
    assert to_pico(done.effective_cost) == (7 * 10 + 11 * 1 + 13 * 20 + 17 * 40 + 19 * 10) * 10**5
    ((_, used),) = await store.read(lambda conn: usage_rollups.sums(conn, START, START + HOUR, ["model"]))
    assert used.tokens == tokens
