"""Admission: at every edge and one past it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from procession.domain.analysis import Priority
from procession.policy.admission import RETRY_AFTER_SECONDS_MAX, Admit, Refuse, Snapshot, ahead, decide

ROOM = Snapshot(waiting_of_tenant=0, waiting_max=10, disk_free_bytes=1000, disk_free_bytes_min=100)


def test_every_decision_keeps_the_invariant() -> None:
    for waiting, uploads, disk, slots, seconds, draining in itertools.product(
        range(13), (1, 2, 5), (99, 100, 101), (0, 1, 4), (0.0, 0.1, 30.0, 1e9), (False, True)
    ):
        snapshot = replace(
            ROOM,
            waiting_of_tenant=waiting,
            uploads=uploads,
            disk_free_bytes=disk,
            slots=slots,
            service_seconds=seconds,
            draining=draining,
        )
        decision = decide(snapshot)
        assert isinstance(decision, Admit) is (waiting + uploads <= 10 and disk >= 100 and not draining)
        if isinstance(decision, Refuse):
            assert 1 <= decision.retry_after_seconds <= RETRY_AFTER_SECONDS_MAX
            assert decision.reason
            assert (decision.code == "over_capacity") is (disk >= 100 and not draining)


@pytest.mark.parametrize(("waiting", "admitted"), [(9, True), (10, False)])
def test_the_limit_is_reached_at_waiting_max(waiting: int, admitted: bool) -> None:
    assert isinstance(decide(replace(ROOM, waiting_of_tenant=waiting)), Admit) is admitted


def test_the_time_to_come_back_is_when_there_is_room_at_the_measured_pace() -> None:
    full = replace(ROOM, waiting_of_tenant=19, service_seconds=6.0, slots=2)
    assert decide(full) == Refuse(30, "19 analyses are waiting already, 10 are allowed.")


def test_work_of_the_class_and_of_more_urgent_ones_goes_ahead_and_no_other() -> None:
    waiting = {Priority.URGENT: 1, Priority.STANDARD: 20, Priority.LOW: 300}
    assert [ahead(waiting, one) for one in (Priority.URGENT, Priority.STANDARD, Priority.LOW)] == [1, 21, 321]
    assert ahead({}, Priority.LOW) == 0


def test_an_urgent_upload_is_never_refused_because_less_urgent_work_waits() -> None:
    for standard, low, seconds, slots in itertools.product((0, 1, 10_000), (0, 1, 10_000), (0.1, 30.0, 1e9), (0, 1, 8)):
        waiting = {Priority.STANDARD: standard, Priority.LOW: low}
        snapshot = replace(
            ROOM,
            waiting_of_tenant=standard + low,
            waiting_max=30_000,
            slots=slots,
            service_seconds=seconds,
            ahead_of_class=ahead(waiting, Priority.URGENT),
            wait_seconds_max=120,
        )
        assert decide(snapshot) == Admit()


@pytest.mark.parametrize(
    ("waiting", "slots", "seconds", "retry_after"),
    [
        (0, 1, 1e9, None),  # with nothing ahead it starts at once, however slow the pace
        (120, 1, 1.0, None),  # at the edge: it starts just in time
        (121, 1, 1.0, 1),
        (240, 2, 1.0, None),
        (241, 2, 1.0, 1),
        (300, 2, 1.0, 30),
        (12, 1, 10.5, 6),
        (10_000, 1, 10.0, RETRY_AFTER_SECONDS_MAX),
        (1, 0, 120.0, None),  # no worker known: as one
        (1, 0, 120.1, 1),
    ],
)
def test_an_upload_that_would_start_later_than_its_class_bears_is_told_when_to_come_back(
    waiting: int, slots: int, seconds: float, retry_after: int | None
) -> None:
    snapshot = replace(
        ROOM,
        waiting_of_tenant=waiting,
        waiting_max=30_000,
        ahead_of_class=waiting,
        slots=slots,
        service_seconds=seconds,
        wait_seconds_max=120,
    )
    decision = decide(snapshot)
    if retry_after is None:
        assert decision == Admit()
    else:
        assert isinstance(decision, Refuse)
        assert (decision.retry_after_seconds, decision.code) == (retry_after, "over_capacity")
        later = replace(snapshot, ahead_of_class=waiting - int(retry_after * max(1, slots) / seconds) - 1)
        assert retry_after == RETRY_AFTER_SECONDS_MAX or decide(later) == Admit()


def test_nothing_is_predicted_before_a_pace_was_measured() -> None:
    assert decide(replace(ROOM, ahead_of_class=9, waiting_of_tenant=9, service_seconds=1e9)) == Admit()
