"""Reviews as counts: each counts once, nothing in them is personal, and calibrations outlive a restart."""

from __future__ import annotations

from datetime import timedelta

from procession.policy.calibration import Calibration, Decided, Outcome
from procession.store import review_outcomes, tables
from procession.store.protocol import Store
from procession.store.review_outcomes import ReviewedField
from tests.records import at

KEPT = ReviewedField("graphics", "text", 0.93, Outcome.KEPT)
WRONG = ReviewedField("graphics", "date", 0.61, Outcome.RETYPED)
MISSED = ReviewedField("reviewer", "text", 0.0, Outcome.ADDED)


async def test_decisions_add_up_over_reviews(store: Store) -> None:
    await store.write(lambda conn: review_outcomes.record(conn, [KEPT, KEPT, WRONG], "1", at(0)))
    await store.write(lambda conn: review_outcomes.record(conn, [KEPT, MISSED], "1", at(5)))
    today = at(0).date()
    assert await store.read(lambda conn: review_outcomes.counts(conn, today, 30)) == {
        ("text", Outcome.KEPT): 3,
        ("date", Outcome.RETYPED): 1,
        ("text", Outcome.ADDED): 1,
    }


async def test_only_drawn_and_read_fields_of_one_engine_teach_its_calibration(store: Store) -> None:
    widget = ReviewedField("widget", "text", 0.99, Outcome.KEPT)
    await store.write(lambda conn: review_outcomes.record(conn, [KEPT, WRONG, MISSED, widget], "1", at(0)))
    await store.write(lambda conn: review_outcomes.record(conn, [KEPT], "2", at(0)))
    decided = await store.read(lambda conn: review_outcomes.decided(conn, "1", at(0).date(), 30))
    assert sorted(decided, key=lambda one: one.confidence) == [
        Decided(0.61, Outcome.RETYPED, 1),
        Decided(0.93, Outcome.KEPT, 1),
    ]


async def test_reviews_before_the_window_no_longer_count(store: Store) -> None:
    await store.write(lambda conn: review_outcomes.record(conn, [KEPT], "1", at(0)))
    for days, count in ((30, 1), (31, 0)):
        today = (at(0) + timedelta(days=days)).date()
        assert len(await store.read(lambda conn, day=today: review_outcomes.counts(conn, day, 30))) == count  # type: ignore[misc]


async def test_the_newest_calibration_of_an_engine_is_found_again(store: Store) -> None:
    one, two = Calibration("1+a", ((0.5, 0.5), (1.0, 0.9))), Calibration("1+b", ((0.5, 0.6), (1.0, 0.95)))
    await store.write(lambda conn: review_outcomes.keep(conn, one, "1", 500, at(0)))
    await store.write(lambda conn: review_outcomes.keep(conn, two, "1", 700, at(9)))
    assert await store.read(lambda conn: review_outcomes.latest(conn, "1")) == (two, 700)
    assert await store.read(lambda conn: review_outcomes.latest(conn, "2")) is None


def test_a_row_names_no_tenant_no_document_and_no_words() -> None:
    names = {column.name for column in tables.review_outcomes.c}
    assert names == {"day", "engine_version", "source", "type", "confidence_percent", "outcome", "fields"}
