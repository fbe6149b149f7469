"""Journal, documents, erasure, reviews, forms, idempotency keys, page pictures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from procession.domain.analysis import Analysis, State
from procession.domain.clock import new_id
from procession.domain.errors import Conflict, IdempotencyMismatch, NotFound, PreconditionFailed
from procession.store import (
    analyses,
    claims,
    documents,
    erasure,
    forms,
    idempotency,
    journal,
    page_images,
    reviews,
    tables,
    workers,
)
from procession.store.claims import Outcome
from procession.store.forms import ResponseRow
from procession.store.idempotency import Holder, Replay, Reserved
from procession.store.page_images import PageImageRow
from procession.store.protocol import Store
from procession.store.reviews import ReviewCounts
from tests.records import a_document, a_worker, at, give_form, submit


def finished(conn: Connection, content: str = "", flagged: int = 2, ref: str = "results/r@k") -> Analysis:
    claimed = claims.claim(conn, submit(conn, content).id, "worker-a", 15, at(1))
    assert claimed is not None
    state = State.REQUIRES_REVIEW if flagged else State.COMPLETED
    done = Outcome(state, result_ref=ref, result_digest="d" * 64, fields_found=9, fields_flagged=flagged)
    return claims.finish(conn, claimed.id, claimed.fence, done, at(2))


# --- journal ----------------------------------------------------------------------------------------------------------


async def test_every_change_is_journaled_with_the_whole_state_and_no_name(store: Store) -> None:
    made = await store.write(finished)
    events = await store.read(lambda conn: journal.of_aggregate(conn, made.id, 0, 100))
    assert [(event.version, event.type) for event in events] == [
        (1, "analysis.submitted"),
        (2, "analysis.claimed"),
        (3, "analysis.review_required"),
    ]
    last = events[-1].data
    assert (last["state"], last["result_ref"], last["fence"]) == ("requires_review", "results/r@k", 1)
    assert set(last) == {c.name for c in tables.analyses.c} - {"file_name_sealed", "rung_at"}
    assert [event.version for event in await store.read(lambda c: journal.of_aggregate(c, made.id, 2, 100))] == [3]


async def test_the_stored_digest_is_the_event_s_own(store: Store) -> None:
    await store.write(finished)
    stored = await store.read(
        lambda conn: conn.execute(select(tables.events.c.id, tables.events.c.digest).order_by("sequence")).all()
    )
    read = await store.read(lambda conn: journal.after(conn, "acme", 0, 100))
    assert [(event.id, event.digest()) for event in read] == [tuple(row) for row in stored]


async def test_a_tenant_s_journal_is_read_on_from_a_sequence(store: Store) -> None:
    await store.write(finished)
    await store.write(lambda conn: submit(conn, tenant="other"))
    every = await store.read(lambda conn: journal.after(conn, "acme", 0, 100))
    assert [event.type for event in every][:2] == ["document.stored", "analysis.submitted"]
    assert every[1].sequence is not None
    rest = await store.read(lambda conn: journal.after(conn, "acme", every[1].sequence or 0, 1))
    assert rest == every[2:3]
    assert await store.read(lambda conn: journal.last_sequence(conn, "acme")) == every[-1].sequence
    assert await store.read(lambda conn: journal.last_sequence(conn, "nobody")) == 0


# --- documents and erasure --------------------------------------------------------------------------------------------


async def test_equal_bytes_of_one_tenant_are_one_document(store: Store) -> None:
    first = await store.write(lambda conn: documents.insert(conn, a_document("x"), "local", "key:test", None))
    again = await store.write(lambda conn: documents.insert(conn, a_document("x"), "local", "key:test", None))
    other = await store.write(lambda conn: documents.insert(conn, a_document("x", "other"), "local", "key:test", None))
    assert again == first
    assert other.id != first.id
    await store.write(lambda conn: documents.set_page_counts(conn, {first.id: 4}))
    found = await store.read(lambda conn: documents.find_live(conn, "acme", first.fingerprint))
    assert found == replace(first, page_count=4)


async def test_the_last_reference_gives_up_the_key(store: Store) -> None:
    one, two = [await store.write(lambda conn: finished(conn, "same")) for _ in range(2)]
    document = await store.read(lambda conn: documents.get(conn, one.document_id))
    assert document is not None
    picture = PageImageRow(document.id, 1, "pages/p@k", "e" * 64, at(0))
    await store.write(lambda conn: page_images.insert_if_absent(conn, picture))
    first = await store.write(lambda conn: erasure.erase(conn, "acme", one.id, "key:test", at(5)))
    assert first == erasure.Erased((), ())  # the other analysis answers with the same result
    assert await store.read(lambda conn: analyses.get(conn, "acme", one.id)) is None
    last = await store.write(lambda conn: erasure.erase(conn, "acme", two.id, "key:test", at(6)))
    assert set(last.blob_refs) == {"results/r@k", document.blob_ref, "pages/p@k"}
    assert last.key_ids == (document.key_id,)
    assert await store.read(lambda conn: documents.find_live(conn, "acme", document.fingerprint)) is None
    ledger = await store.read(lambda conn: documents.erased(conn, at(0), "", 10))
    assert [gone.key_id for gone in ledger] == [document.key_id]
    fresh = await store.write(lambda conn: submit(conn, "same"))
    assert fresh.document_id != document.id


async def test_erasing_takes_the_form_and_its_answers_along(store: Store) -> None:
    made = await store.write(finished)
    form = await store.write(lambda conn: give_form(conn, made))
    answer = ResponseRow(new_id("resp"), "acme", form.id, 1, "responses/a@k", at(4))
    await store.write(lambda conn: forms.add_response(conn, answer, 10, "local", "public"))
    gone = await store.write(lambda conn: erasure.erase(conn, "acme", made.id, "key:test", at(5)))
    assert {form.definition_ref, "responses/a@k"} < set(gone.blob_refs)
    assert await store.read(lambda conn: forms.by_share(conn, form.share_hash)) is None
    assert await store.read(lambda conn: forms.responses(conn, form.id)) == []


async def test_erasing_spares_what_an_equal_form_of_the_same_document_shows(store: Store) -> None:
    one, two = [await store.write(lambda conn: finished(conn, "same")) for _ in range(2)]
    document = await store.read(lambda conn: documents.get(conn, one.document_id))
    made = [await store.write(lambda conn, of=of: give_form(conn, of)) for of in (one, two)]
    assert made[0].definition_ref == made[1].definition_ref
    for form, ref in ((made[0], "responses/a@k"), (made[0], "responses/b@k"), (made[1], "responses/a@k")):
        answer = ResponseRow(new_id("resp"), "acme", form.id, 1, ref, at(4))
        await store.write(lambda conn, answer=answer: forms.add_response(conn, answer, 10, "local", "public"))
    first = await store.write(lambda conn: erasure.erase(conn, "acme", one.id, "key:test", at(5)))
    assert first == erasure.Erased(("responses/b@k",), ())
    last = await store.write(lambda conn: erasure.erase(conn, "acme", two.id, "key:test", at(6)))
    assert document is not None
    assert set(last.blob_refs) == {"results/r@k", "responses/a@k", made[1].definition_ref, document.blob_ref}


async def test_what_waits_can_be_erased_and_what_runs_cannot(store: Store) -> None:
    waiting, running = [await store.write(submit) for _ in range(2)]
    await store.write(lambda conn: claims.claim(conn, running.id, "worker-a", 15, at(1)))
    await store.write(lambda conn: erasure.erase(conn, "acme", waiting.id, "key:test", at(2)))
    events = await store.read(lambda conn: journal.of_aggregate(conn, waiting.id, 0, 9))
    assert [event.type for event in events] == ["analysis.submitted", "analysis.cancelled", "analysis.erased"]
    with pytest.raises(Conflict):
        await store.write(lambda conn: erasure.erase(conn, "acme", running.id, "key:test", at(2)))
    with pytest.raises(NotFound):
        await store.write(lambda conn: erasure.erase(conn, "other", running.id, "key:test", at(2)))


async def test_an_upload_that_meets_an_erasure_is_told_so(store: Store) -> None:
    made = await store.write(finished)
    await store.write(lambda conn: erasure.erase(conn, "acme", made.id, "key:test", at(5)))
    late = replace(made, id=new_id("an"), state=State.PENDING, version=1)
    with pytest.raises(Conflict):
        await store.write(lambda conn: analyses.insert(conn, late, "key:test", None))


# --- reviews ----------------------------------------------------------------------------------------------------------


async def test_a_review_is_kept_and_finishing_completes(store: Store) -> None:
    made = await store.write(finished)

    def review(version: int | None, finish: bool, flagged: int, form_id: str | None = None) -> object:
        return lambda conn: reviews.apply_review(
            conn, "acme", made.id, version, f"reviews/{flagged}", ReviewCounts(9, flagged), finish, form_id, "me", at(5)
        )

    kept = await store.write(review(made.version, False, 1))  # type: ignore[arg-type]
    assert (kept.state, kept.fields_flagged, kept.review_ref) == (State.REQUIRES_REVIEW, 1, "reviews/1")
    with pytest.raises(PreconditionFailed):
        await store.write(review(made.version, True, 0, "form_1"))  # type: ignore[arg-type]
    done = await store.write(review(None, True, 0, "form_1"))  # type: ignore[arg-type]
    assert (done.state, done.form_id, done.version) == (State.COMPLETED, "form_1", made.version + 2)
    with pytest.raises(Conflict):
        await store.write(review(None, False, 0))  # type: ignore[arg-type]


async def test_what_the_machine_completed_can_still_become_a_form(store: Store) -> None:
    made = await store.write(lambda conn: finished(conn, flagged=0))
    done = await store.write(
        lambda conn: reviews.apply_review(
            conn, "acme", made.id, made.version, "reviews/r", ReviewCounts(9, 0), True, "form_1", "me", at(5)
        )
    )
    assert (done.state, done.form_id) == (State.COMPLETED, "form_1")


async def test_unfinished_work_cannot_be_reviewed(store: Store) -> None:
    made = await store.write(submit)
    with pytest.raises(Conflict):
        await store.write(
            lambda conn: reviews.apply_review(
                conn, "acme", made.id, None, "reviews/r", ReviewCounts(9, 0), True, "form_1", "me", at(5)
            )
        )


# --- forms ------------------------------------------------------------------------------------------------------------


async def test_a_form_takes_answers_while_it_is_open_and_not_full(store: Store) -> None:
    form = await store.write(lambda conn: give_form(conn, finished(conn)))

    async def answer() -> ResponseRow:
        response = ResponseRow(new_id("resp"), "acme", form.id, form.version, "responses/a@k", at(4))
        await store.write(lambda conn: forms.add_response(conn, response, 2, "local", "public"))
        return response

    sent = [await answer(), await answer()]
    with pytest.raises(Conflict):
        await answer()
    now = await store.read(lambda conn: forms.get(conn, "acme", form.id))
    assert now is not None
    assert (now.responses_count, now.version) == (2, 3)
    kept = await store.read(lambda conn: forms.responses(conn, form.id, limit=1))
    kept += await store.read(lambda conn: forms.responses(conn, form.id, after_id=kept[0].id))
    assert {response.id for response in kept} == {response.id for response in sent}
    closed = await store.write(lambda conn: forms.set_open(conn, "acme", form.id, False, "local", "me", at(6)))
    again = await store.write(lambda conn: forms.set_open(conn, "acme", form.id, False, "local", "me", at(7)))
    assert again == closed
    with pytest.raises(Conflict):
        await answer()
    types = [e.type for e in await store.read(lambda conn: journal.of_aggregate(conn, form.id, 0, 9, "form"))]
    assert types == ["form.created", "form.answered", "form.answered", "form.closed"]
    assert [f.id for f in await store.read(lambda conn: forms.page(conn, "acme"))] == [form.id]


async def test_a_form_s_journal_holds_neither_title_nor_link(store: Store) -> None:
    form = await store.write(lambda conn: give_form(conn, finished(conn)))
    (event,) = await store.read(lambda conn: journal.of_aggregate(conn, form.id, 0, 9, "form"))
    assert not {"title_sealed", "share_sealed", "share_hash"} & set(event.data)


# --- idempotency keys -------------------------------------------------------------------------------------------------

HERE, THERE = Holder("here", 30, gone_seconds=5), Holder("there", 30, gone_seconds=5)


async def test_a_key_is_reserved_then_replayed(store: Store) -> None:
    async def reserve(fingerprint: str = "f", now: float = 0) -> Reserved | Replay:
        return await store.write(
            lambda conn: idempotency.reserve(conn, "acme", "POST /v1/analyses", "k", fingerprint, at(now), HERE)
        )

    async def complete(resource: str) -> None:
        await store.write(lambda conn: idempotency.complete(conn, "acme", "POST /v1/analyses", "k", resource))

    assert await reserve() == Reserved()
    with pytest.raises(Conflict):
        await reserve(now=29)
    with pytest.raises(IdempotencyMismatch):
        await reserve("another payload")
    assert await reserve(now=31) == Reserved()  # the first request died: its lock ran out
    with pytest.raises(Conflict):
        await reserve(now=60)
    await complete("an_1")
    assert await reserve(now=61) == Replay("an_1")
    with pytest.raises(Conflict):
        await complete("an_2")  # the first request was only slow: it must not make a second resource
    with pytest.raises(IdempotencyMismatch):
        await reserve("another payload", now=62)
    await store.write(lambda conn: idempotency.release(conn, "acme", "POST /v1/analyses", "k", "here"))
    assert await reserve(now=63) == Replay("an_1")
    assert await store.write(lambda conn: idempotency.prune(conn, at(100), 10)) == 1
    assert await reserve("another payload", now=101) == Reserved()


async def test_a_reservation_ends_with_its_process_and_holds_while_that_is_seen(store: Store) -> None:
    async def reserve(holder: Holder, now: float) -> Reserved | Replay:
        return await store.write(lambda conn: idempotency.reserve(conn, "acme", "r", "k", "f", at(now), holder))

    await store.write(lambda conn: workers.beat(conn, a_worker("here", seen_at=at(0))))
    assert await reserve(HERE, 0) == Reserved()
    with pytest.raises(Conflict):
        await reserve(THERE, 5)
    with pytest.raises(Conflict):  # its own process knows best, seen or not
        await reserve(HERE, 6)
    assert await reserve(THERE, 6) == Reserved()
    await store.write(lambda conn: idempotency.release(conn, "acme", "r", "k", "here"))  # it was only slow
    await store.write(lambda conn: workers.beat(conn, a_worker("there", seen_at=at(7))))
    with pytest.raises(Conflict):
        await reserve(HERE, 8)
    await store.write(lambda conn: workers.leave(conn, "there"))
    assert await reserve(HERE, 9) == Reserved()


async def test_old_keys_are_forgotten_a_limited_number_at_a_time(store: Store) -> None:
    def fill(conn: Connection) -> None:
        for n in range(5):
            idempotency.reserve(conn, "acme", "POST /v1/analyses", f"k{n}", "f", at(n), HERE)

    await store.write(fill)
    forgotten = [await store.write(lambda conn: idempotency.prune(conn, at(4), 3)) for _ in range(3)]
    assert forgotten == [3, 1, 0]


async def test_a_released_key_is_free_again(store: Store) -> None:
    for fingerprint in ("f", "g"):
        reserved = await store.write(
            lambda conn, print_=fingerprint: idempotency.reserve(conn, "acme", "r", "k", print_, at(0), HERE)
        )
        assert reserved == Reserved()
        await store.write(lambda conn: idempotency.release(conn, "acme", "r", "k", "here"))


# --- page pictures ----------------------------------------------------------------------------------------------------


async def test_of_two_pictures_of_a_page_the_first_stands(store: Store) -> None:
    made = await store.write(submit)
    first = PageImageRow(made.document_id, 1, "pages/a@k", "a" * 64, at(0))
    second = replace(first, blob_ref="pages/b@k", digest="b" * 64)
    assert await store.write(lambda conn: page_images.insert_if_absent(conn, first)) == first
    assert await store.write(lambda conn: page_images.insert_if_absent(conn, second)) == first
    assert await store.read(lambda conn: page_images.find(conn, made.document_id, 2)) is None
