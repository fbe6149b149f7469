"""Analyses after their upload."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from functools import partial

import pytest

from procession.domain.analysis import State
from procession.domain.errors import Conflict, DamagedPdf, Internal, InvalidRequest, NotFound
from procession.services.batches import status
from procession.store import erasure
from tests.unit.services.acting import FIELDS, PDF, House, a_document


async def test_a_result_says_what_was_found_and_from_what(house: House) -> None:
    view = await house.reviewed_document()
    assert (view.status, view.fields_found, view.fields_flagged, view.progress.fraction) == (
        State.REQUIRES_REVIEW,
        4,
        1,
        1.0,
    )
    result = await house.app.analyses.result(house.owner, view.id)
    assert result.form is not None
    assert [field.name for field in result.form.fields] == ["email", "wedding_date", "meal", "total"]
    assert (result.status, result.file, len(result.sha256 or "")) == ("requires_review", "anna-and-ben.pdf", 64)


async def test_there_is_no_result_before_the_end(house: House) -> None:
    view = await house.upload()
    with pytest.raises(Conflict):
        await house.app.analyses.result(house.owner, view.id)


async def test_an_owner_is_told_that_an_operator_holds_work_back(house: House) -> None:
    waits, done = await house.upload(), await house.reviewed_document()
    operator, queue = replace(house.owner, operator=True), house.app.queue
    for hold in (
        partial(queue.pause_class, operator, waits.priority),
        partial(queue.pause_tenant, operator, house.owner.tenant),
    ):
        await hold(paused=True)
        listed = {one.id: one.paused for one in (await house.app.analyses.list(house.owner)).items}
        assert listed == {waits.id: True, done.id: False}, "what is finished is not held back"
        assert (await house.app.analyses.get(house.owner, waits.id)).paused
        await hold(paused=False)
        assert not (await house.app.analyses.get(house.owner, waits.id)).paused


async def test_a_document_that_cannot_be_read_fails_with_its_own_code_and_can_be_retried(house: House) -> None:
    view = await house.upload()
    failed = await house.work(view.id, DamagedPdf())
    assert failed.status is State.FAILED
    assert failed.error is not None
    assert failed.error.code == "damaged_pdf"
    result = await house.app.analyses.result(house.owner, view.id)
    assert result.error == failed.error
    assert result.sha256
    again = await house.app.analyses.retry(house.owner, view.id)
    assert (again.status, again.attempts) == (State.PENDING, 0)


async def test_a_passing_failure_is_tried_again_later(house: House) -> None:
    view = await house.upload()
    after = await house.work(view.id, Internal())
    assert (after.status, after.attempts) == (State.PENDING, 1)


async def test_waiting_ends_when_the_analysis_does(house: House) -> None:
    view = await house.upload()
    waiting = asyncio.create_task(house.app.analyses.wait(house.owner, view.id, 60))
    await asyncio.sleep(0)
    await house.work(view.id, a_document(FIELDS[:1]))
    assert (await waiting).status is State.COMPLETED
    assert (await house.app.analyses.wait(house.owner, (await house.upload(PDF + b"2")).id, 0)).status is State.PENDING


async def test_cancelling_what_waits_ends_it_and_what_ended_cannot_be_cancelled(house: House) -> None:
    view = await house.upload()
    assert (await house.app.analyses.cancel(house.owner, view.id)).status is State.CANCELLED
    with pytest.raises(Conflict):
        await house.app.analyses.cancel(house.owner, view.id)


async def test_lists_come_newest_first_in_pages(house: House) -> None:
    made = [(await house.upload(PDF + bytes([number]))).id for number in range(5)]
    first = await house.app.analyses.list(house.owner, limit=3)
    second = await house.app.analyses.list(house.owner, limit=3, cursor=first.next_cursor)
    assert [view.id for view in (*first.items, *second.items)] == made[::-1]
    assert second.next_cursor is None
    with pytest.raises(InvalidRequest):
        await house.app.analyses.list(house.owner, cursor="made-up")


async def test_erasing_leaves_nothing_to_read_and_no_object(house: House) -> None:
    view = await house.reviewed_document()
    await house.app.reviews.apply(house.owner, view.id, [], finish=True)
    await house.app.analyses.erase(house.owner, view.id)
    for ask in (house.app.analyses.get, house.app.analyses.result, house.app.analyses.erase):
        with pytest.raises(NotFound):
            await ask(house.owner, view.id)
    assert [name for _, _, files in os.walk(house.app.settings.data / "blobs") for name in files] == []
    assert (await house.app.forms.list(house.owner)).items == ()


async def test_erasing_one_of_two_uploads_of_the_same_bytes_keeps_the_other(house: House) -> None:
    first = await house.upload()
    await house.work(first.id, a_document(FIELDS[:1]))
    second = await house.upload()
    await house.app.analyses.erase(house.owner, first.id)
    assert (await house.app.analyses.document(house.owner, second.id))[0] == PDF
    assert (await house.app.analyses.result(house.owner, second.id)).form is not None


@pytest.mark.parametrize(
    ("counts", "arrived", "refused", "expected"),
    [
        ({}, 0, 0, "processing"),
        ({State.COMPLETED: 1}, 1, 0, "processing"),
        ({State.COMPLETED: 1, State.PENDING: 1}, 2, 0, "processing"),
        ({State.COMPLETED: 1, State.REQUIRES_REVIEW: 1}, 2, 0, "completed"),
        ({State.COMPLETED: 1, State.FAILED: 1}, 2, 0, "completed_with_errors"),
        ({State.COMPLETED: 1}, 1, 1, "completed_with_errors"),
        ({State.COMPLETED: 1}, 2, 0, "completed"),  # the other was erased
    ],
)
def test_a_batch_ends_when_every_expected_file_did(
    counts: dict[State, int], arrived: int, refused: int, expected: str
) -> None:
    assert status(counts, arrived, 2, refused) == expected


async def test_a_batch_counts_its_analyses(house: House) -> None:
    batch = await house.app.batches.create(house.owner, 2)
    made = await house.upload(batch_id=batch.id)
    await house.work(made.id, a_document(FIELDS[:1]))
    await house.app.batches.refuse(house.owner, batch.id, "not_a_pdf")
    view = await house.app.batches.get(house.owner, batch.id)
    assert (view.status, view.counts["completed"], view.files_refused) == ("completed_with_errors", 1, 1)


async def test_the_queue_counts_what_waits_by_class(house: House) -> None:
    await house.upload()
    view = await house.app.queue.view(house.owner)
    assert view.waiting == 1
    assert {one.priority: one.ready for one in view.classes} == {"urgent": 1, "standard": 0, "low": 0}


async def test_erasing_one_of_two_equal_analyses_never_touches_the_other_s_result(house: House) -> None:
    """Equal bytes analysed twice give equal results; the erasure's deletes come after the other one's commit."""
    first, second = await house.upload(), await house.upload()
    assert (await house.work(first.id, a_document(FIELDS))).reused_from is None
    on = house.app.foundation
    now = on.clock()
    erased = await on.store.write(lambda conn: erasure.erase(conn, "acme", first.id, "key:test", now))
    assert erased.key_ids == ()
    await house.work(second.id, a_document(FIELDS))
    for name in erased.blob_refs:
        await on.vault.delete(name)
    assert (await house.app.analyses.result(house.owner, second.id)).form is not None
