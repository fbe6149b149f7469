"""What reviews teach about confidence: never falling, bounded, slow to move, and silent while reviews are few."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.policy.calibration import (
    DECISIONS_MIN,
    MOVE_MAX,
    SHIPPED,
    Calibration,
    Decided,
    Outcome,
    accuracy,
    refitted,
)

DECIDED = st.lists(
    st.builds(
        Decided,
        confidence=st.integers(0, 100).map(lambda percent: percent / 100),
        outcome=st.sampled_from(list(Outcome)),
        count=st.integers(1, 400),
    ),
    max_size=60,
)


def always(confidence: float, right: int, wrong: int) -> list[Decided]:
    return [Decided(confidence, Outcome.KEPT, right), Decided(confidence, Outcome.REJECTED, wrong)]


@given(DECIDED)
def test_a_surer_field_stays_surer_and_none_moves_far(decided: list[Decided]) -> None:
    made = refitted(decided, "v") or SHIPPED
    shown = [made.confidence(percent / 200) for percent in range(201)]
    assert all(one <= after + 1e-9 for one, after in pairwise(shown))
    assert all(0.0 <= one <= 1.0 for one in shown)
    assert all(abs(one - percent / 200) <= MOVE_MAX + 1e-4 for percent, one in enumerate(shown))


def test_the_shipped_map_changes_nothing() -> None:
    assert [SHIPPED.confidence(x) for x in (0.0, 0.004, 0.3, 0.97, 1.0)] == [0.0, 0.004, 0.3, 0.97, 1.0]


def test_too_few_decisions_fit_nothing_and_enough_do() -> None:
    assert refitted(always(0.7, DECISIONS_MIN - 2, 1), "v") is None
    assert refitted(always(0.7, DECISIONS_MIN - 1, 1), "v") is not None


def test_missed_fields_say_nothing_about_confidence() -> None:
    assert refitted([Decided(0.0, Outcome.ADDED, 10 * DECISIONS_MIN)], "v") is None


def test_a_confidence_that_proves_too_low_rises_and_one_too_high_falls() -> None:
    made = refitted(always(0.8, 1760, 240) + always(0.97, 900, 100), "v")
    assert made is not None
    assert 0.86 < made.confidence(0.8) < 0.89
    assert made.confidence(0.97) < 0.95


def test_the_prior_pulls_what_few_decisions_say_towards_the_shipped_confidence() -> None:
    """Forty wrong ones of one confidence weigh less than the fifty imagined right ones, and move it by no more."""
    made = refitted(always(0.9, 0, 40) + always(0.95, 950, 50), "v")
    assert made is not None
    assert 0.9 - MOVE_MAX <= made.confidence(0.9) < 0.9


def test_a_retyped_field_was_wrong_and_a_reworded_one_in_its_place() -> None:
    def after(outcome: Outcome) -> float:
        made = refitted([Decided(0.9, Outcome.KEPT, 900), Decided(0.9, outcome, 100)], "v")
        assert made is not None
        return made.confidence(0.9)

    assert after(Outcome.RETYPED) < after(Outcome.REWORDED)


def test_it_is_linear_between_its_knots_and_flat_in_its_move_outside() -> None:
    made = Calibration("v", ((0.5, 0.6), (0.7, 0.7)))
    assert made.confidence(0.6) == pytest.approx(0.65)
    assert made.confidence(0.4) == pytest.approx(0.5)
    assert made.confidence(0.8) == pytest.approx(0.8)


def test_accuracy_counts_what_was_changed_rejected_or_missed_against_the_engine() -> None:
    assert accuracy([]) is None
    assert accuracy([(Outcome.KEPT, 90), (Outcome.REWORDED, 4), (Outcome.REJECTED, 3), (Outcome.ADDED, 3)]) == 0.9
