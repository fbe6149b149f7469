"""From a finished review to the share that was right, and to the confidence of the next result."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from procession.digitize.certainty import NOT_CERTAIN
from procession.maintenance.gauges import Gauges
from procession.policy.calibration import SHIPPED, Calibration, Outcome
from procession.services.calibrating import NEW_DECISIONS_MIN, Calibrations, outcomes
from procession.services.results import Decision
from procession.services.review import FieldAction
from procession.store import review_outcomes
from procession.store.review_outcomes import ReviewedField
from procession.telemetry import metrics
from tests.unit.services.acting import BOX, FIELDS, House, a_document, a_field

NOW = datetime(2026, 5, 4, tzinfo=UTC)
RISEN = Calibration("v", ((0.0, 0.1), (0.9, 0.97), (1.0, 0.99)))


@pytest.mark.parametrize(
    ("action", "changes", "outcome"),
    [
        ("approve", {}, Outcome.KEPT),
        ("modify", {"required": True, "section": None, "help": "Both of you"}, Outcome.KEPT),
        ("modify", {"label": "E-mail"}, Outcome.KEPT),
        ("modify", {"label": "Your e-mail"}, Outcome.REWORDED),
        ("modify", {"value": "us@example.com"}, Outcome.REWORDED),
        ("modify", {"type": "text", "label": "Name"}, Outcome.RETYPED),
        ("reject", {}, Outcome.REJECTED),
    ],
)
def test_a_decision_counts_by_what_it_changed(action: str, changes: dict[str, object], outcome: Outcome) -> None:
    form = a_document(FIELDS[:1]).form
    (found,) = outcomes(form, {"f1": Decision(action, dict(changes), NOW)}, {})
    assert found == ReviewedField("graphics", "email", 0.9, outcome)


def test_the_same_options_in_other_clothes_change_nothing() -> None:
    form = a_document(FIELDS[2:3]).form
    same = Decision("modify", {"options": ["Fish", "Vegetables"]}, NOW)
    other = Decision("modify", {"options": ["Fish"]}, NOW)
    assert [outcomes(form, {"f3": one}, {})[0].outcome for one in (same, other)] == [Outcome.KEPT, Outcome.REWORDED]


def test_a_field_the_engine_missed_counts_without_a_confidence() -> None:
    added = Decision("add", {"label": "Hats", "type": "number", "page": 1, "box": list(BOX)}, NOW)
    assert outcomes(a_document([]).form, {"a1": added}, {}) == [ReviewedField("reviewer", "number", 0.0, Outcome.ADDED)]


async def test_accuracy_is_read_from_the_record_so_a_restart_keeps_it(house: House) -> None:
    await Gauges(house.app.foundation).once()
    assert math.isnan(metrics.ACCURACY._value.get())
    view = await house.reviewed_document()
    actions = [FieldAction("f2", "modify", {"type": "text"}), FieldAction("f3", "reject")]
    await house.app.reviews.apply(house.owner, view.id, actions)
    await Gauges(house.app.foundation).once()
    assert math.isnan(metrics.ACCURACY._value.get()), "a review counts when it is finished"
    await house.app.reviews.apply(house.owner, view.id, [], finish=True)
    await Gauges(house.app.foundation).once()
    assert metrics.ACCURACY._value.get() == 0.5
    assert metrics.REVIEW_OUTCOMES.labels(type="date", outcome="retyped")._value.get() == 1


async def test_enough_reviews_fit_a_calibration_that_the_next_result_goes_through(house: House) -> None:
    on = house.app.foundation
    today = on.clock()
    kept = [ReviewedField("graphics", "text", 0.8, Outcome.KEPT)] * 990
    wrong = [ReviewedField("graphics", "text", 0.8, Outcome.REJECTED)] * 10
    calibrations = house.app.calibrations
    assert await calibrations.refresh() is SHIPPED
    await on.store.write(lambda conn: review_outcomes.record(conn, kept + wrong, on.engine_version, today))
    made = await calibrations.refresh()
    assert made.version.startswith(f"{on.engine_version}+")
    unsure = a_field(1, confidence=0.8, needs_review=True, review_reason=NOT_CERTAIN)
    found, engine = calibrations.apply(a_document([unsure, a_field(2, confidence=0.7, source="text", box=None)]))
    one, text = found.form.fields
    assert one.confidence > 0.9
    assert (one.needs_review, one.review_reason, engine) == (False, None, {"f1": 0.8})
    assert text.confidence == 0.7, "values of the text have a measure of their own"
    assert found.usage["calibration"] == made.version


async def test_another_process_takes_the_calibration_over_and_few_new_decisions_fit_none(house: House) -> None:
    on = house.app.foundation
    today = on.clock()
    await on.store.write(lambda conn: review_outcomes.keep(conn, RISEN, on.engine_version, 1000, today))
    few = [ReviewedField("graphics", "text", 0.7, Outcome.KEPT)] * (1000 + NEW_DECISIONS_MIN - 1)
    await on.store.write(lambda conn: review_outcomes.record(conn, few, on.engine_version, today))
    assert await Calibrations(on).refresh() == RISEN


async def test_reviews_of_calibrated_results_teach_by_the_engines_own_confidence(house: House) -> None:
    on = house.app.foundation
    calibrations = house.app.calibrations
    calibrations.current = RISEN
    made = await house.upload()
    await house.work(made.id, a_document([a_field(1, confidence=0.8, needs_review=True, review_reason="far label")]))
    result = await house.app.analyses.result(house.owner, made.id)
    assert result.form is not None
    assert result.form.fields[0].confidence > 0.8
    assert result.form.fields[0].review_reason == "far label", "a reason of another kind stays"
    await house.app.reviews.apply(house.owner, made.id, [], finish=True)
    decided = await on.store.read(lambda conn: review_outcomes.decided(conn, on.engine_version, on.clock().date(), 30))
    assert [(one.confidence, one.outcome) for one in decided] == [(0.8, Outcome.KEPT)]
