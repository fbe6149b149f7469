"""A trial of a model's version: what is worse goes back, what is equal stays, and the reason says it in figures."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

from bench.canary import Kind, measured
from procession.policy import canary
from procession.policy.canary import Action, Arm, Counted, Measured, Outcomes, assigned, decide

BEGAN = datetime(2030, 5, 4, 12, tzinfo=UTC)
NOW = BEGAN + timedelta(hours=3)


def counted(documents: int, right: int, fields: int = 20) -> Counted:
    """Documents that are alike but for a field more or less."""
    found = Counted()
    for number in range(documents):
        found = found.with_document(fields, min(fields, max(0, right + (-1 if number % 2 else 1))))
    return found


def measures(calls: int, value: float) -> Measured:
    found = Measured()
    for number in range(calls):
        found = found.with_call(value * (1.1 if number % 2 else 0.9))
    return found


def arm(documents: int = 50, right: int = 18, latency: float = 2.0, cost: float = 1e9) -> Arm:
    return Arm(counted(documents, right), Counted(), measures(documents, latency), measures(documents, cost))


def decided(one: Arm, other: Arm) -> canary.Decision:
    return decide(Outcomes(one, other, BEGAN), NOW)


@pytest.mark.parametrize("fields", [10, 30])
@pytest.mark.parametrize("accuracy", [0.8, 0.97])
def test_ten_points_worse_is_rolled_back_within_fifty_documents(accuracy: float, fields: int) -> None:
    share, _ = measured(Kind(accuracy, fields, 0.05, 0.1), 150)
    assert share >= 0.95


@pytest.mark.parametrize("fields", [5, 20])
def test_an_equal_version_is_seldom_rolled_back(fields: int) -> None:
    share, _ = measured(Kind(0.9, fields, 0.05, 0.0), 400)
    assert share <= 0.05


def test_a_reason_says_by_how_much_it_is_worse() -> None:
    decision = decided(arm(40, right=15), arm(160, right=18))
    assert decision.action is Action.ROLL_BACK
    assert decision.reason == (
        "After 40 documents: accuracy by verified agreement 75.0 % of 800 fields against 90.0 % of 3,200."
    )


def test_reviewers_corrections_alone_can_roll_back() -> None:
    one, other = arm(50), arm(200)
    worse = Arm(one.agreement, counted(20, 14), one.latency, one.cost)
    judged = Arm(other.agreement, counted(80, 18), other.latency, other.cost)
    decision = decided(worse, judged)
    assert decision.action is Action.ROLL_BACK
    assert "reviewers' corrections 70.0 %" in decision.reason


@pytest.mark.parametrize(("latency", "cost", "word"), [(4.0, 1e9, "latency"), (2.0, 2.5e9, "cost")])
def test_a_version_that_is_as_right_but_slow_or_dear_is_rolled_back(latency: float, cost: float, word: str) -> None:
    decision = decided(arm(20, latency=latency, cost=cost), arm(80))
    assert decision.action is Action.ROLL_BACK
    assert word in decision.reason


def test_a_version_whose_answers_cannot_be_used_is_rolled_back_though_nothing_of_it_can_be_judged() -> None:
    silent = Arm(failed=10)
    decision = decided(silent, arm(40))
    assert decision.action is Action.ROLL_BACK
    assert decision.reason == "After 10 documents: 0.0 % of 10 answers could be used against 100.0 % of 40."
    now_and_then = Arm(counted(30, 18), Counted(), measures(30, 2.0), measures(30, 1e9), failed=1)
    assert decided(now_and_then, arm(120)).action is Action.CONTINUE


@pytest.mark.parametrize("times", [1.0, 1.24])
def test_what_is_tolerated_is_no_reason(times: float) -> None:
    assert decided(arm(50, latency=2.0 * times, cost=1e9 * times), arm(200)).action is Action.PROMOTE


def test_an_equal_version_is_promoted_at_fifty_documents_and_not_before() -> None:
    assert decided(arm(canary.DOCUMENTS - 1), arm(200)).action is Action.CONTINUE
    decision = decided(arm(canary.DOCUMENTS), arm(200))
    assert decision.action is Action.PROMOTE
    assert "nothing is worse" in decision.reason


def test_a_better_version_is_never_rolled_back() -> None:
    for documents in range(1, 120):
        assert decided(arm(documents, right=19), arm(4 * documents, right=12)).action is not Action.ROLL_BACK


def test_nothing_is_decided_before_five_documents_of_each() -> None:
    hopeless = arm(canary.DOCUMENTS_MIN - 1, right=0)
    assert decided(hopeless, arm(200)).action is Action.CONTINUE
    assert decided(arm(50, right=0), arm(canary.DOCUMENTS_MIN - 1)).action is Action.CONTINUE
    assert decided(arm(canary.DOCUMENTS_MIN, right=0), arm(canary.DOCUMENTS_MIN)).action is Action.ROLL_BACK


def test_fields_that_fall_together_count_for_less() -> None:
    """The same shares, but of whole documents: all fields of a document right, or none."""
    alike, apart = counted(40, 16), Counted()
    for number in range(40):
        apart = apart.with_document(20, 0 if number % 5 == 0 else 20)
    baseline = counted(160, 18)
    together = Counted()
    for number in range(160):
        together = together.with_document(20, 0 if number % 10 == 0 else 20)
    assert alike.share == pytest.approx(apart.share)
    assert canary.worse(apart, together) < canary.worse(alike, baseline) / 3


def test_too_few_judged_documents_are_no_ground_for_promotion() -> None:
    silent = Arm(Counted(), Counted(), measures(80, 2.0), measures(80, 1e9))
    some = Arm(counted(10, 18), counted(canary.DOCUMENTS, 18), measures(80, 2.0), measures(80, 1e9))
    assert decided(silent, silent).action is Action.CONTINUE
    assert decided(some, Arm(counted(200, 18), counted(10, 18), some.latency, some.cost)).action is Action.CONTINUE


def test_a_trial_that_stays_undecided_says_that_a_person_decides() -> None:
    doubtful = Counted()
    for number in range(canary.DOCUMENTS_MAX):
        doubtful = doubtful.with_document(2, 2 if number % 4 else 0)
    decision = decide(Outcomes(Arm(doubtful), Arm(doubtful), BEGAN), NOW)
    assert decision.action is Action.CONTINUE
    assert "a person decides" in decision.reason


def test_an_analysis_keeps_its_version_and_shares_are_kept() -> None:
    chance = random.Random(7)
    ids = [f"an_{chance.getrandbits(64):x}" for _ in range(5000)]
    taken = [one for one in ids if assigned("dep_a", one, 20.0)]
    assert [one for one in ids if assigned("dep_a", one, 20.0)] == taken
    assert 0.18 < len(taken) / len(ids) < 0.22
    wider = {one for one in ids if assigned("dep_a", one, 50.0)}
    assert set(taken) <= wider  # raising the share moves nobody back
    assert not any(assigned("dep_a", one, 0.0) for one in ids)
    assert all(assigned("dep_a", one, 100.0) for one in ids)
    other = {one for one in ids if assigned("dep_b", one, 20.0)}
    assert 0.02 < len(other & set(taken)) / len(ids) < 0.06  # another trial draws anew


def test_looks_ask_for_more_the_earlier_they_are() -> None:
    asked = [canary.bound(documents, canary.AGREEMENT_BOUND) for documents in range(1, canary.DOCUMENTS + 1)]
    assert asked == sorted(asked, reverse=True)
    assert asked[canary.DOCUMENTS_MIN - 2] == math.inf
    assert asked[-1] == canary.AGREEMENT_BOUND
    assert canary.bound(canary.DOCUMENTS + 1, canary.AGREEMENT_BOUND) == canary.LATE_BOUND


def test_the_interval_of_a_share_is_honest_about_few_documents() -> None:
    assert math.isnan(counted(1, 18).margin)
    perfect = Counted().with_document(5, 5).with_document(5, 5)
    assert perfect.margin > 0.1
    assert counted(400, 18).margin < counted(40, 18).margin < counted(4, 18).margin
