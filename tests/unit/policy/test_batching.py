"""Questions that may wait are collected, and none is held past the last moment that keeps its deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import pytest

from procession.domain.analysis import OBJECTIVE_SECONDS, Priority
from procession.policy.batching import GROUP_MAX, WARM_SECONDS, Windows, closed, leads, ready_at
from tests.records import START, at


@dataclass(frozen=True)
class AGroup:
    prefix_key: str
    count: int
    ready_at: datetime


@pytest.mark.parametrize(
    ("priority", "spent", "window", "answer"),
    list(product(Priority, (0, 60, 119, 300, 599, 3000, 3600, 9000), (0, 60, 300, 1800), (30, 60, 900))),
)
def test_nothing_is_held_longer_than_its_window_or_past_what_its_deadline_allows(
    priority: Priority, spent: int, window: int, answer: int
) -> None:
    due = START + timedelta(seconds=OBJECTIVE_SECONDS[priority] - spent)
    opening = ready_at(priority, START, due, Windows(0, window, window), answer)
    held = (opening.at - START).total_seconds()
    assert 0 <= held <= window
    if priority is Priority.URGENT or window == 0:
        assert held == 0
    if held:
        assert opening.at + timedelta(seconds=answer) <= due
    elif priority is not Priority.URGENT and window:
        assert (due - START).total_seconds() <= answer
    assert opening.reason


def test_a_group_goes_when_its_first_is_due_or_it_is_full() -> None:
    groups = [
        AGroup("due", 1, at(-1)),
        AGroup("full", GROUP_MAX, at(100)),
        AGroup("nearly full", GROUP_MAX - 1, at(100)),
        AGroup("later", 3, at(50)),
    ]
    due, following = closed(groups, START)
    assert [one.prefix_key for one in due] == ["due", "full"]
    assert following == at(50)
    assert closed([], START) == ([], None)


def test_one_goes_first_where_nobody_has_the_beginning_yet() -> None:
    assert leads(2, False, None, START)
    assert not leads(1, False, None, START)
    assert not leads(2, True, None, START)
    assert not leads(2, False, at(-WARM_SECONDS + 1), START)
    assert leads(2, False, at(-WARM_SECONDS), START)
