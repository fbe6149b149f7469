"""Admission: at every edge and one past it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from procession.policy.admission import RETRY_AFTER_SECONDS_MAX, Admit, Refuse, Snapshot, decide

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
