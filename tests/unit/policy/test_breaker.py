"""Providers that fail are left alone, and one probe decides when they are asked again."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

from procession.policy.breaker import (
    FAILURES_MAX,
    OPEN_SECONDS,
    OPEN_SECONDS_MAX,
    PROBE_SECONDS_MAX,
    Breaker,
    Verdict,
    failed,
    sent,
    succeeded,
    verdict,
)
from tests.records import START, at


def opened(seconds: float = 0) -> Breaker:
    breaker = Breaker()
    for number in range(FAILURES_MAX):
        breaker = failed(breaker, f"c{number}", at(seconds))
    return breaker


def test_so_many_failures_in_a_row_open_it_and_one_fewer_does_not() -> None:
    breaker = Breaker()
    for number in range(FAILURES_MAX - 1):
        breaker = failed(breaker, f"c{number}", START)
    assert verdict(breaker, START) is Verdict.CLOSED
    assert verdict(failed(breaker, "last", START), START) is Verdict.OPEN


def test_an_answer_between_failures_counts_from_nothing_again() -> None:
    breaker = Breaker()
    for number in range(FAILURES_MAX * 3):
        breaker = failed(breaker, f"c{number}", START)
        breaker = succeeded(breaker, f"a{number}")
    assert verdict(breaker, START) is Verdict.CLOSED


def test_one_probe_goes_when_its_time_is_over_and_no_second() -> None:
    breaker = opened()
    assert verdict(breaker, at(OPEN_SECONDS - 0.01)) is Verdict.OPEN
    assert verdict(breaker, at(OPEN_SECONDS)) is Verdict.PROBE
    probing = sent(breaker, "probe", at(OPEN_SECONDS))
    assert verdict(probing, at(OPEN_SECONDS + 1)) is Verdict.OPEN
    assert verdict(probing, at(OPEN_SECONDS + PROBE_SECONDS_MAX)) is Verdict.PROBE  # nobody heard of it


def test_the_probe_decides_and_what_was_sent_before_does_not() -> None:
    probing = sent(opened(), "probe", at(OPEN_SECONDS))
    assert succeeded(probing, "earlier") == probing
    assert failed(probing, "earlier", at(6)) == probing
    assert verdict(succeeded(probing, "probe"), at(6)) is Verdict.CLOSED
    again = failed(probing, "probe", at(6))
    assert again.next_at == at(6) + timedelta(seconds=2 * OPEN_SECONDS)


def test_it_stays_open_longer_each_time_up_to_a_limit() -> None:
    breaker, now = opened(), 0.0
    for _ in range(10):
        now += breaker.open_seconds
        breaker = failed(sent(breaker, "probe", at(now)), "probe", at(now))
    assert breaker.open_seconds == OPEN_SECONDS_MAX


def test_a_refused_key_opens_it_at_once_for_the_longest_time() -> None:
    breaker = failed(Breaker(), "c", START, for_good=True)
    assert breaker.next_at == START + timedelta(seconds=OPEN_SECONDS_MAX)


def test_whatever_happens_an_open_one_lets_one_call_through_at_a_time() -> None:
    for steps in product(("fail", "answer", "probe", "wait"), repeat=6):
        _walk(steps)


def _walk(steps: tuple[str, ...]) -> None:
    breaker, now, probing = opened(), 0.0, False
    for number, step in enumerate(steps):
        if step == "wait":
            now += OPEN_SECONDS
        elif step == "probe" and verdict(breaker, at(now)) is Verdict.PROBE:
            assert not probing
            breaker, probing = sent(breaker, "probe", at(now)), True
        elif step in ("fail", "answer"):
            call = "probe" if probing else f"old{number}"
            before = breaker
            breaker = failed(breaker, call, at(now)) if step == "fail" else succeeded(breaker, call)
            assert probing or breaker == before
            assert (breaker.opened_at is None) == (probing and step == "answer")
            if breaker.opened_at is None:
                return
            probing = False
