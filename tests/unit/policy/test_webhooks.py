"""When webhooks are tried again, receivers rested and disabled, and whose turn is next: pure, so all of it is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from procession.policy import webhooks as policy
from procession.policy.webhooks import Again, Answer, Delivered, Due, GivenUp, Health, health_after, of_status, turns
from tests.records import START, at

FAILED = Answer(500, "receiver_failed")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, None) for status in (200, 201, 202, 204, 299)),
        *((status, "redirected") for status in (300, 301, 302, 307, 308)),
        *((status, "refused") for status in (400, 401, 404, 429, 499)),
        *((status, "receiver_failed") for status in (500, 503, 599)),
        (410, "gone"),
    ],
)
def test_only_2xx_is_delivered_and_each_other_answer_has_its_name(status: int, error: str | None) -> None:
    assert of_status(status) == Answer(status, error)


def test_waits_follow_the_schedule_and_end_with_the_last_attempt() -> None:
    waits = []
    for attempts in range(1, policy.ATTEMPTS_MAX):
        shortest = policy.after_attempt(FAILED, attempts, sum(waits), 0.0)
        longest = policy.after_attempt(FAILED, attempts, sum(waits), 0.999)
        assert isinstance(shortest, Again)
        assert isinstance(longest, Again)
        assert shortest.delay_seconds == policy.RETRY_SECONDS[attempts - 1]
        assert shortest.delay_seconds < longest.delay_seconds < shortest.delay_seconds * (1 + policy.JITTER)
        waits.append(longest.delay_seconds)
    assert isinstance(policy.after_attempt(FAILED, policy.ATTEMPTS_MAX, sum(waits), 0.0), GivenUp)
    assert sum(policy.RETRY_SECONDS) > 3 * policy.DAY
    assert sum(waits) < policy.GIVE_UP_SECONDS, "jitter takes no attempt away"


@pytest.mark.parametrize("attempts", range(1, policy.ATTEMPTS_MAX + 2))
@pytest.mark.parametrize("age", [0.0, policy.GIVE_UP_SECONDS - 1, policy.GIVE_UP_SECONDS, 10 * policy.DAY])
@pytest.mark.parametrize("answer", [Answer(204), FAILED, Answer(410, "gone"), Answer(None, "timeout")])
def test_every_delivery_ends(attempts: int, age: float, answer: Answer) -> None:
    decision = policy.after_attempt(answer, attempts, age, 0.5)
    if answer.delivered:
        assert isinstance(decision, Delivered)
    elif answer.status == 410 or attempts >= policy.ATTEMPTS_MAX or age >= policy.GIVE_UP_SECONDS:
        assert isinstance(decision, GivenUp)
    elif isinstance(decision, Again):
        assert decision.delay_seconds > 0
        assert age + decision.delay_seconds <= policy.GIVE_UP_SECONDS


def test_a_receiver_that_keeps_failing_rests_longer_each_time_and_one_success_forgets_it_all() -> None:
    health, rests = policy.HEALTHY, []
    for number in range(30):
        health = health_after(health, FAILED, at(number)).health
        rests.append(0.0 if health.rest_until is None else (health.rest_until - at(number)).total_seconds())
    before = policy.CIRCUIT_FAILURES - 1
    assert rests[:before] == [0.0] * before
    assert rests[before : before + 3] == [policy.CIRCUIT_SECONDS * factor for factor in (1, 2, 4)]
    assert rests[-1] == policy.CIRCUIT_SECONDS_MAX == max(rests)
    assert (health.failures, health.failing_since) == (30, START)
    assert health_after(health, Answer(200), at(31)).health == policy.HEALTHY


def test_a_receiver_is_disabled_when_it_is_gone_or_failed_for_days_and_not_a_moment_before() -> None:
    failing = Health(7, START)
    soon, late = (START + timedelta(seconds=policy.DISABLE_SECONDS + by) for by in (-1, 0))
    assert health_after(failing, FAILED, soon).disable is None
    assert health_after(failing, FAILED, late).disable == "failing"
    assert health_after(failing, Answer(200), late).disable is None
    assert health_after(policy.HEALTHY, Answer(410, "gone"), START).disable == "gone"


def due(name: str, tenant: str, in_flight: int = 0, health: Health = policy.HEALTHY) -> Due:
    return Due(name, tenant, health, in_flight)


def test_tenants_take_turns_whatever_the_number_of_their_receivers() -> None:
    many = [due(f"big-{n}", "big") for n in range(10)]
    assert turns([*many, due("small", "small")], 4, 4, START) == {"big-0": 1, "big-1": 1, "small": 2}


def test_no_receiver_gets_more_at_once_than_it_may_counting_what_is_on_its_way() -> None:
    asked = [due("idle", "a"), due("busy", "b", in_flight=3), due("full", "c", in_flight=4), due("over", "d", 9)]
    assert turns(asked, 100, 4, START) == {"idle": 4, "busy": 1}


def test_one_that_failed_is_asked_by_one_request_and_one_that_rests_by_none() -> None:
    asked = [
        due("failed", "a", health=Health(1, START)),
        due("asked", "b", in_flight=1, health=Health(1, START)),
        due("rests", "c", health=Health(9, START, at(10))),
        due("rested", "d", health=Health(9, START, at(5))),
    ]
    assert turns(asked, 100, 4, at(5)) == {"failed": 1, "rested": 1}


@pytest.mark.parametrize("free", [0, 1, 2, 3, 5, 8, 100])
def test_never_more_begins_than_is_free(free: int) -> None:
    asked = [due(f"{tenant}{n}", tenant) for tenant in "abc" for n in range(2)]
    given = turns(asked, free, 3, START)
    assert sum(given.values()) == min(free, 18)
    of_tenant = [sum(count for name, count in given.items() if name.startswith(tenant)) for tenant in "abc"]
    assert max(of_tenant) - min(of_tenant) <= 1
