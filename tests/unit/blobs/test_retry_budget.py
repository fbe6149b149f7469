"""The reserve, and what success earns."""

from __future__ import annotations

from procession.blobs.retry_budget import EARNED_BY_SUCCESS, RetryBudget


def test_without_success_there_are_as_many_repeats_as_the_reserve() -> None:
    budget = RetryBudget(3)
    assert [budget.take() for _ in range(5)] == [True, True, True, False, False]


def test_success_earns_repeats_slowly_and_never_more_than_the_reserve() -> None:
    budget = RetryBudget(2)
    assert budget.take()
    assert budget.take()
    for _ in range(round(1 / EARNED_BY_SUCCESS) - 1):
        budget.earn()
    assert not budget.take()
    for _ in range(2):  # one more than needed, for the sum of tenths
        budget.earn()
    assert budget.take()
    for _ in range(1000):
        budget.earn()
    assert budget.left == 2


def test_without_a_reserve_nothing_is_repeated() -> None:
    budget = RetryBudget(0)
    budget.earn()
    assert not budget.take()
