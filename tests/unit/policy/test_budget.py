"""Budgets decide by exact amounts, the strictest first; a spike is what neither the alert nor the past explains."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.domain.billing import EVERYONE, Action, Budget, Period, Window, window_end, window_start
from procession.policy.budget import HISTORY_HOURS_MIN, SEVERITY, decide, dollars, spike

NOW = datetime(2030, 5, 4, 12, 34, 56, tzinfo=UTC)
DOLLAR = 10**12
YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC))
PERIODS = st.sampled_from(list(Period))
PERCENT = st.one_of(st.none(), st.integers(1, 300))


def budget(limit: int = 100, period: Period = Period.DAY, tenant: str = "acme", **percents: int | None) -> Budget:
    return Budget(tenant, period, limit, **percents)


def used(of: Budget, spent: int, reserved: int = 0) -> Window:
    return Window(of.tenant, of.period, window_start(of.period, NOW), reserved, spent)


@pytest.mark.parametrize(
    ("spent", "reserved", "cost", "action"),
    [
        (0, 0, 80, None),
        (0, 0, 81, Action.WARN),
        (50, 30, 20, Action.WARN),
        (50, 30, 21, Action.STOP),
        (101, 0, 0, Action.STOP),
        (100, 0, 0, Action.WARN),
    ],
)
def test_each_action_begins_past_its_part_of_the_limit(
    spent: int, reserved: int, cost: int, action: Action | None
) -> None:
    one = budget()
    assert decide([(one, used(one, spent, reserved))], cost, NOW).action is action


def test_a_budget_of_nothing_stops_the_first_picodollar_and_lets_what_is_free_through() -> None:
    one = budget(limit=0)
    assert decide([(one, used(one, 0))], 0, NOW).action is None
    assert decide([(one, used(one, 0))], 1, NOW).action is Action.STOP


def test_the_strictest_budget_decides_and_the_last_of_those_windows_says_until_when() -> None:
    hour, month = budget(10, Period.HOUR), budget(10, Period.MONTH, EVERYONE)
    mild = budget(1_000, Period.DAY, warn_percent=1)
    decided = decide([(one, used(one, 20)) for one in (hour, mild, month)], 1, NOW)
    assert decided.action is Action.STOP
    assert decided.until == datetime(2030, 6, 1, tzinfo=UTC)
    assert "of acme per hour" in decided.reason
    assert "for all tenants per month" in decided.reason
    assert "per day" not in decided.reason
    assert len(decided.crossings) == 3


def test_without_a_budget_everything_is_allowed() -> None:
    assert decide([], 10**18, NOW).action is None


def test_amounts_in_words_are_exact_to_a_hundredth_of_a_cent() -> None:
    assert [dollars(one) for one in (0, DOLLAR // 2, 123 * DOLLAR // 10_000, 1)] == [
        *("$0.00", "$0.50", "$0.0123", "$0.00"),
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), PERCENT, PERCENT, PERCENT, PERIODS)
def test_more_spent_never_makes_it_milder_and_stop_means_the_limit_would_be_passed(
    limit: int, spent: int, cost: int, warn: int | None, degrade: int | None, stop: int | None, period: Period
) -> None:
    one = budget(limit, period, warn_percent=warn, degrade_percent=degrade, stop_percent=stop)
    first = decide([(one, used(one, spent))], cost, NOW)
    more = decide([(one, used(one, spent + 1))], cost, NOW)
    assert SEVERITY.index(more.action) >= SEVERITY.index(first.action)
    assert (first.action is Action.STOP) == (stop is not None and (spent + cost) * 100 > limit * stop)
    assert (first.until is None) == (first.action is None)


@given(st.datetimes(*(one.replace(tzinfo=None) for one in YEARS), timezones=st.just(UTC)), PERIODS)
def test_windows_follow_each_other_without_gap(moment: datetime, period: Period) -> None:
    start = window_start(period, moment)
    end = window_end(period, start)
    assert start <= moment < end
    assert window_start(period, end) == end


# --- spikes -----------------------------------------------------------------------------------------------------------

USUAL = [10, 11, 9, 10, 12, 10, 9]


def test_an_hour_past_the_alert_is_a_spike_and_one_at_it_is_not() -> None:
    assert spike(50 * DOLLAR, [], 50 * DOLLAR) is None
    found = spike(50 * DOLLAR + DOLLAR, [], 50 * DOLLAR)
    assert found is not None
    assert found.reason == "this hour cost $51.00, past the alert at $50.00"


def test_an_hour_far_above_the_same_hours_of_other_days_is_a_spike() -> None:
    assert spike(20, USUAL, None) is None
    assert spike(21, USUAL, None) is not None


def test_one_past_day_of_any_height_hides_no_spike_and_makes_none() -> None:
    assert spike(21, [*USUAL, 10**9], None) is not None
    assert spike(20, [*USUAL, 0], None) is None


def test_few_or_empty_days_say_nothing() -> None:
    assert spike(10**6, USUAL[: HISTORY_HOURS_MIN - 1], None) is None
    assert spike(10**6, [0] * 7, None) is None


@given(st.lists(st.integers(0, 10**15), max_size=30), st.integers(0, 10**15))
def test_what_is_no_more_than_twice_the_middle_is_never_a_spike_by_the_past(usual: list[int], hour: int) -> None:
    ordered = sorted(usual)
    if usual and hour <= 2 * ordered[(len(ordered) - 1) // 2]:
        assert spike(hour, usual, None) is None
