"""Rate limits: no more is sent in a minute than the provider allows, shared between processes."""

from __future__ import annotations

from datetime import timedelta

from procession.policy.rates import Bucket, emptied, level, room_at, shared, taken
from tests.records import START, at


def test_what_is_sent_in_any_minute_stays_below_twice_the_limit_and_in_the_long_run_at_it() -> None:
    bucket, now, sent = Bucket.full(60, START), START, []
    for _ in range(500):
        now = max(now, room_at(bucket, 1, now))
        bucket = taken(bucket, 1, now)
        sent.append(now)
    for start in sent:
        assert sum(start <= one < start + timedelta(seconds=60) for one in sent) <= 120
    assert (sent[-1] - sent[0]).total_seconds() >= (500 - 60 - 1) * 1.0


def test_more_than_the_bucket_holds_goes_when_it_is_full_and_is_paid_back() -> None:
    bucket = Bucket.full(100, START)
    assert room_at(bucket, 250, START) == START
    bucket = taken(bucket, 250, START)
    assert level(bucket, START) == -150
    assert room_at(bucket, 1, START) == at(151 * 0.6)


def test_a_provider_that_names_a_time_is_left_alone_until_then() -> None:
    bucket = emptied(Bucket.full(60, START), at(30), START)
    assert room_at(bucket, 1, START) == at(30)
    assert room_at(bucket, 1, at(31)) == at(31)


def test_processes_share_evenly() -> None:
    assert shared(500, 4) == 125
    assert shared(500, 0) == 500
