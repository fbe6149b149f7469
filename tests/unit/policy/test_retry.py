"""Retry: the whole small space, and the shape of the delays."""

from __future__ import annotations

import itertools

import pytest

from procession.domain.errors import DamagedPdf, Internal, NotFound, Unavailable
from procession.policy.retry import FailureKind, GiveUp, Retry, decide, kind_of

SPACE = list(itertools.product(range(8), range(1, 8), FailureKind, (0.0, 0.5, 0.999)))


@pytest.mark.parametrize("kind", FailureKind)
def test_every_decision_keeps_the_invariant(kind: FailureKind) -> None:
    for attempts, attempts_max, error, jitter in SPACE:
        if error is not kind:
            continue
        decision = decide(attempts, attempts_max, error, jitter, 2.0, 300.0)
        assert decision.reason
        if error is FailureKind.RELEASED:
            assert decision == Retry(0.0, decision.reason, burns_attempt=False)
        elif error is FailureKind.AWAY:
            assert decision == Retry(2.0 * (0.5 + jitter / 2), decision.reason, burns_attempt=False)
        elif error is FailureKind.PERMANENT or attempts + 1 >= attempts_max:
            assert isinstance(decision, GiveUp)
        else:
            assert isinstance(decision, Retry)
            assert decision.burns_attempt
            ceiling = min(300.0, 2.0 * 2**attempts)
            assert ceiling / 2 <= decision.delay_seconds < ceiling


def test_a_document_is_tried_exactly_attempts_max_times() -> None:
    for attempts_max in range(1, 8):
        attempts = 0
        while isinstance(decide(attempts, attempts_max, FailureKind.LOST, 0.5, 2.0, 300.0), Retry):
            attempts += 1
        assert attempts + 1 == attempts_max


def test_what_is_away_is_asked_again_when_it_said_within_the_cap() -> None:
    delays = [decide(3, 4, FailureKind.AWAY, 0.0, 2.0, 300.0, away) for away in (0.0, 10.0, 60.0, 3600.0)]
    assert [one.delay_seconds for one in delays if isinstance(one, Retry)] == [1.0, 5.0, 30.0, 150.0]


def test_delays_double_up_to_the_cap_however_many_attempts() -> None:
    delays = [decide(n, 10_000, FailureKind.TRANSIENT, 0.0, 2.0, 300.0) for n in (0, 1, 2, 7, 8, 5000)]
    assert [d.delay_seconds for d in delays if isinstance(d, Retry)] == [1.0, 2.0, 4.0, 128.0, 150.0, 150.0]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DamagedPdf(), FailureKind.PERMANENT),
        (NotFound(), FailureKind.PERMANENT),
        (Internal(), FailureKind.TRANSIENT),
        (Unavailable(), FailureKind.AWAY),
        (ZeroDivisionError(), FailureKind.TRANSIENT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_our_own_permanent_errors_are_final(error: BaseException, kind: FailureKind) -> None:
    assert kind_of(error) is kind
