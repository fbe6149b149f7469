"""A finished review tells of the version that read the document: values kept and corrected, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from procession.domain.ai import RequestState, Route
from procession.domain.form import Form
from procession.domain.usage import Tier
from procession.services.model_reviews import judged
from procession.services.results import Decision
from procession.services.review import FieldAction
from procession.store import ai_requests, analyses, documents, model_outcomes
from tests.records import a_request
from tests.unit.services.acting import House, a_document, a_field

NOW = datetime(2030, 5, 4, tzinfo=UTC)
READ = (
    a_field(1, source="ai", value="2027-04-03", type="date"),
    a_field(2, source="ai", value="The Old Granary"),
    a_field(3, source="ai", value="85", type="number"),
    a_field(4, source="graphics", value="mine"),
)


def decision(action: str, **changes: object) -> Decision:
    return Decision(action, changes, NOW)


@pytest.mark.parametrize(
    ("decisions", "right"),
    [
        ({}, 3),
        ({"f1": decision("approve")}, 3),
        ({"f1": decision("modify", label="The day")}, 3),
        ({"f1": decision("modify", value="2027-04-03")}, 3),
        ({"f1": decision("modify", value="2027-03-04"), "f2": decision("reject")}, 1),
        ({"f4": decision("reject")}, 3),
    ],
)
def test_only_values_that_were_changed_or_refused_count_against_it(decisions: dict[str, Decision], right: int) -> None:
    assert judged(Form(fields=READ), decisions) == (3, right)


@pytest.mark.parametrize("version", ["mver_a", None])
async def test_a_finished_review_counts_once_for_the_version_that_was_asked(house: House, version: str | None) -> None:
    made = await house.upload()
    done = await house.work(made.id, a_document(READ))
    store = house.app.store

    def asked(conn: Connection) -> None:
        analysis = analyses.require(conn, house.owner.tenant, done.id)
        document = documents.get(conn, analysis.document_id)
        assert document is not None
        request = a_request(analysis, document.key_id)
        route = Route("fake", "m", Tier.STANDARD, version)
        ai_requests.insert_new(conn, replace(request, state=RequestState.FINISHED, route=route))

    await store.write(asked)
    actions = [FieldAction("f2", "modify", {"value": "The New Granary"})]
    await house.app.reviews.apply(house.owner, done.id, actions)
    assert await store.read(model_outcomes.totals) == {}  # not finished yet
    await house.app.reviews.apply(house.owner, done.id, [], finish=True)
    totals = await store.read(model_outcomes.totals)
    if version is None:
        assert totals == {}
    else:
        review = totals[version].arm.review
        assert (review.documents, review.fields, review.right) == (1, 3, 2)
