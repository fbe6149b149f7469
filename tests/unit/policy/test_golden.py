"""The gate before a deployment: one bad measure is enough, and the reason says which."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procession.policy import golden
from procession.policy.golden import Read, judge

BASE = [Read(f"paper {n}", asked=10, right=9, silent=0, seconds=2.0, cost_pico=1_000_000) for n in range(20)]


def but(**changes: float) -> list[Read]:
    return [replace(one, **changes) for one in BASE]  # type: ignore[arg-type]


def test_an_equal_version_passes_and_is_told_beside_the_live_one() -> None:
    gate = judge(BASE, BASE)
    assert gate.passed
    assert gate.reasons == ("90.0% of the fields are right, the live version has 90.0%",)
    assert gate.figures["live_accuracy"] == gate.figures["accuracy"] == 0.9


def test_two_points_less_may_pass_and_more_may_not() -> None:
    four = [replace(one, right=8) if n < 4 else one for n, one in enumerate(BASE)]  # 2 points
    five = [replace(one, right=8) if n < 5 else one for n, one in enumerate(BASE)]
    assert judge(four, BASE).passed
    refused = judge(five, BASE)
    assert not refused.passed
    assert "87.5% of the fields are right, the live version has 90.0%" in refused.reasons[0]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"cost_pico": 1_260_000}, "cost is 1.26 times"),
        ({"seconds": 3.1}, "latency is 1.55 times"),
        ({"silent": 1}, "nobody asked to look"),
        ({"failed": True}, "no usable answer"),
    ],
)
def test_each_measure_alone_refuses(changes: dict[str, float], word: str) -> None:
    gate = judge(but(**changes), BASE)
    assert not gate.passed
    assert len(gate.reasons) == 1
    assert word in gate.reasons[0]


def test_what_is_allowed_passes() -> None:
    assert judge(but(cost_pico=1_250_000, seconds=3.0), BASE).passed


def test_without_a_live_version_a_least_accuracy_is_asked_for() -> None:
    assert judge(BASE, None).passed
    poor = judge(but(right=6), None)
    assert not poor.passed
    assert f"{golden.ACCURACY_MIN:.0%} is asked for" in poor.reasons[0]
    assert judge(but(right=7), None).passed


def test_where_the_live_version_was_free_any_cost_is_too_much() -> None:
    free = but(cost_pico=0)
    assert judge(free, free).passed
    assert not judge(BASE, free).passed


def test_a_set_that_asks_nothing_shows_nothing() -> None:
    assert not judge([], BASE).passed
    assert not judge(but(asked=0, right=0), BASE).passed
