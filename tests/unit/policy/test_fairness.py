"""Fairness: its three invariants, for any input."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from procession.domain.analysis import Priority
from procession.policy.fairness import Offer, Ready, order
from tests.records import START, at

AGING = 600.0
CLASSES = [Priority.URGENT, Priority.STANDARD, Priority.LOW]


@st.composite
def queues(draw: st.DrawFn) -> list[Ready]:
    running = {tenant: draw(st.integers(0, 5)) for tenant in "abcd"}
    size = draw(st.integers(0, 40))
    return [
        Ready(
            id=f"an_{n:03}",
            tenant=(tenant := draw(st.sampled_from("abcd"))),
            priority=draw(st.sampled_from(CLASSES)),
            run_at=START - timedelta(seconds=draw(st.integers(-10, 2000))),
            in_flight=running[tenant],
        )
        for n in range(size)
    ]


@given(queues(), st.integers(1, 6))
def test_at_most_ring_ahead_of_a_tenant_and_never_one_twice(ready: list[Ready], ring_ahead: int) -> None:
    offers = order(ready, START, ring_ahead, AGING)
    tenant_of = {item.id: item.tenant for item in ready}
    offered = Counter(tenant_of[offer.id] for offer in offers)
    have = Counter(item.tenant for item in ready)
    assert offered == {tenant: min(ring_ahead, count) for tenant, count in have.items()}
    assert len({offer.id for offer in offers}) == len(offers)


@given(queues(), st.integers(1, 6))
def test_more_urgent_classes_go_first_and_waiting_lifts_by_whole_classes(ready: list[Ready], ring_ahead: int) -> None:
    offers = order(ready, START, ring_ahead, AGING)
    ranks = [CLASSES.index(offer.priority) for offer in offers]
    assert ranks == sorted(ranks)
    by_id = {item.id: item for item in ready}
    for offer in offers:
        item = by_id[offer.id]
        waited = max(0.0, (START - item.run_at).total_seconds())
        assert CLASSES.index(offer.priority) == max(0, CLASSES.index(item.priority) - int(waited // AGING))


@given(queues(), st.integers(1, 6))
def test_nobody_takes_more_turns_before_another_than_that_other_had(ready: list[Ready], ring_ahead: int) -> None:
    by_id = {item.id: item for item in ready}
    turns: Counter[str] = Counter({item.tenant: item.in_flight for item in ready})
    previous: tuple[int, int] = (0, 0)
    for offer in order(ready, START, ring_ahead, AGING):
        tenant = by_id[offer.id].tenant
        turn = (CLASSES.index(offer.priority), turns[tenant])
        assert turn >= previous
        turns[tenant] += 1
        previous = turn


@given(queues())
def test_the_oldest_head_of_a_tenant_with_nothing_running_comes_first_in_its_class(ready: list[Ready]) -> None:
    by_id = {item.id: item for item in ready}
    offers = order(ready, START, 4, AGING)
    urgent_idle = [o for o in offers if o.priority is Priority.URGENT and by_id[o.id].in_flight == 0]
    first_of: dict[str, Offer] = {}
    for offer in urgent_idle:
        first_of.setdefault(by_id[offer.id].tenant, offer)
    heads = [by_id[offer.id] for offer in first_of.values()]
    assert heads == sorted(heads, key=lambda item: (item.run_at, item.id))
    assert [offer.id for offer in offers[: len(heads)]] == [item.id for item in heads]


def test_ten_thousand_waiting_delay_another_tenant_by_one_position() -> None:
    flood = [Ready(f"a{n:05}", "big", Priority.URGENT, at(n / 1000)) for n in range(10_000)]
    late = Ready("late", "small", Priority.URGENT, at(100))
    offers = order([*flood, late], at(101), 4, AGING)
    assert [offer.id for offer in offers] == ["a00000", "late", "a00001", "a00002", "a00003"]
    busy = [Ready(item.id, "big", item.priority, item.run_at, in_flight=2) for item in flood]
    assert order([*busy, late], at(101), 4, AGING)[0].id == "late"


def test_aged_work_is_not_starved_by_a_flood_of_urgent() -> None:
    low = Ready("low", "patient", Priority.LOW, at(0))
    flood = [Ready(f"u{n}", f"tenant-{n}", Priority.URGENT, at(1199)) for n in range(50)]
    assert order([*flood, low], at(1199), 4, AGING)[-1].id == "low"
    first = order([*flood, low], at(1200), 4, AGING)[0]
    assert (first.id, first.priority) == ("low", Priority.URGENT)
    assert "lifted from low" in first.reason


@given(queues(), st.integers(1, 6), st.integers(0, 8))
def test_a_capped_tenant_is_offered_no_more_than_it_may_still_start(
    ready: list[Ready], ring_ahead: int, running_max: int
) -> None:
    capped = [replace(item, running_max=running_max) if item.tenant == "a" else item for item in ready]
    tenant_of = {item.id: item.tenant for item in ready}
    offered = Counter(tenant_of[offer.id] for offer in order(capped, START, ring_ahead, AGING))
    free = Counter(tenant_of[offer.id] for offer in order(ready, START, ring_ahead, AGING))
    room = max(0, running_max - max((item.in_flight for item in ready if item.tenant == "a"), default=0))
    assert offered["a"] == min(free["a"], room)
    assert {tenant: offered[tenant] for tenant in "bcd"} == {tenant: free[tenant] for tenant in "bcd"}


def test_among_equal_turns_the_earlier_deadline_goes_first() -> None:
    fresh = Ready("fresh", "a", Priority.URGENT, at(10), due_at=at(130))
    retried = Ready("retried", "b", Priority.URGENT, at(20), due_at=at(120))  # it waits again, since later
    assert [offer.id for offer in order([fresh, retried], at(21), 4, AGING)] == ["retried", "fresh"]


def test_aged_work_is_due_by_what_the_class_it_aged_into_promises() -> None:
    low = Ready("low", "a", Priority.LOW, at(0), due_at=at(3600))
    urgent = Ready("urgent", "b", Priority.URGENT, at(1), due_at=at(121))
    assert [offer.id for offer in order([urgent, low], at(1200), 4, AGING)] == ["low", "urgent"]
