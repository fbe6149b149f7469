"""One pass of each loop."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from procession.blobs.names import ObjectKind, key_id_of, result_digest
from procession.domain.analysis import Analysis, State
from procession.domain.clock import new_id
from procession.domain.errors import Conflict, NotFound, Unavailable
from procession.domain.principal import Principal
from procession.maintenance import pruner
from procession.maintenance.pruner import DELETIONS_AT_ONCE, IDEMPOTENCY_HOURS, Pruner
from procession.maintenance.relay import Relay
from procession.maintenance.rescuer import Rescuer
from procession.services import intended
from procession.store import analyses, claims, documents, erasure, idempotency, intents, tables
from tests.support.objects import names
from tests.unit.services.acting import FIELDS, PDF, House, a_document, later, prune_twice


async def test_the_relay_offers_few_of_one_tenant_and_someone_of_everyone(house: House) -> None:
    ahead = house.app.settings.queue.ring_ahead_per_tenant
    many = [(await house.upload(PDF + bytes([number]))).id for number in range(ahead + 3)]
    one = (await House(house.app, Principal("other", "key:other")).upload()).id
    await Relay(house.app.foundation).ring()
    rung = await house.app.dispatcher.wait(100, 0)
    assert len(rung) == ahead + 1
    assert one in rung[:2], "a tenant with much waiting puts one before the first of another"
    assert set(rung) <= {one, *many}


async def test_an_expired_lease_is_given_back_with_an_attempt_and_a_live_one_left_alone(house: House) -> None:
    on = house.app.foundation
    dead, alive = (await house.upload(PDF + b"1")).id, (await house.upload(PDF + b"2")).id
    now = on.clock()
    await on.store.write(lambda conn: claims.claim(conn, dead, "gone", -1, now))
    await on.store.write(lambda conn: claims.claim(conn, alive, "here", 60, now))
    await Rescuer(on, random.Random(1)).once()
    rescued = await house.app.analyses.get(house.owner, dead)
    assert (rescued.status, rescued.attempts) == (State.PENDING, 1)
    assert (await house.app.analyses.get(house.owner, alive)).status is State.PROCESSING


async def test_an_expired_lease_that_cannot_be_decided_on_keeps_no_other_from_being_given_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, give_back = house.app.foundation, claims.reschedule
    bad, good = (await house.upload(PDF + b"1")).id, (await house.upload(PDF + b"2")).id
    now = on.clock()
    await on.store.write(lambda conn: claims.claim(conn, bad, "gone", -2, now))
    await on.store.write(lambda conn: claims.claim(conn, good, "gone", -1, now))

    def refusing(conn: Connection, analysis_id: str, *rest: Any) -> Analysis:
        if analysis_id == bad:
            raise LookupError("nobody thought of this")
        return give_back(conn, analysis_id, *rest)

    monkeypatch.setattr(claims, "reschedule", refusing)
    with pytest.raises(LookupError):
        await Rescuer(on, random.Random(1)).once()
    assert (await house.app.analyses.get(house.owner, good)).status is State.PENDING
    assert (await house.app.analyses.get(house.owner, bad)).status is State.PROCESSING


async def test_an_object_that_cannot_be_deleted_keeps_no_other_from_being_deleted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, delete = house.app.foundation, house.app.foundation.vault.delete
    due = [f"results/{number}@key_1" for number in range(DELETIONS_AT_ONCE + 2)]
    locked, tried = min(due), []

    async def refusing(name: str) -> None:
        tried.append(name)
        if name == locked:
            raise Unavailable("The object store does not give these keys the right to do that.")
        await delete(name)

    monkeypatch.setattr(on.vault, "delete", refusing)
    await on.store.write(lambda conn: erasure.note(conn, due))
    await Pruner(on).once()
    assert await on.store.read(lambda conn: erasure.due(conn, 100)) == [locked]
    assert sorted(tried) == sorted(due)
    with pytest.raises(Unavailable):  # nothing could be deleted
        await Pruner(on).once()


async def test_any_number_of_old_idempotency_keys_is_forgotten_in_one_pass_in_small_transactions(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, prune = house.app.foundation, idempotency.prune
    long_ago = on.clock() - timedelta(hours=IDEMPOTENCY_HOURS + 1)
    forgotten = []

    def fill(conn: Connection) -> None:
        for number in range(7):
            idempotency.reserve(conn, "acme", "POST /v1/analyses", f"key {number}", "f", long_ago, on.holder(30))

    def counted(*args: Any, **named: Any) -> int:
        forgotten.append(prune(*args, **named))
        return forgotten[-1]

    await on.store.write(fill)
    monkeypatch.setattr(pruner, "FORGOTTEN_MAX", 3)
    monkeypatch.setattr(idempotency, "prune", counted)
    await Pruner(on).once()
    assert forgotten == [3, 3, 1]


async def test_the_pruner_destroys_a_key_that_a_crash_left_after_an_erasure(house: House) -> None:
    view = await house.upload()
    on = house.app.foundation
    now = on.clock()
    erased = await on.store.write(lambda conn: erasure.erase(conn, "acme", view.id, "key:test", now))
    (key_id,) = erased.key_ids
    house.app.keys.seal(key_id, b"still there", "probe")
    await Pruner(on).once()
    try:
        house.app.keys.seal(key_id, b"gone", "probe")
    except NotFound:
        return
    raise AssertionError("the key survived")


async def test_the_pruner_deletes_objects_that_a_crash_left_after_their_key_was_destroyed(house: House) -> None:
    kept = await house.reviewed_document()
    gone = await house.work((await house.upload(PDF + b"2")).id, a_document(FIELDS))
    on = house.app.foundation
    now = on.clock()
    erased = await on.store.write(lambda conn: erasure.erase(conn, "acme", gone.id, "key:test", now))
    (key_id,) = erased.key_ids
    await on.vault.destroy(key_id)  # and here the process died
    assert len(_objects(house, key_id)) == 2
    await Pruner(on).once()
    assert _objects(house, key_id) == []
    assert (await house.app.analyses.result(house.owner, kept.id)).form is not None
    assert (await house.app.analyses.document(house.owner, kept.id))[0] == PDF


async def test_an_upload_that_died_before_its_record_leaves_neither_key_nor_object(house: House) -> None:
    kept = await house.upload()
    on = house.app.foundation
    key_id = new_id("key")
    await on.vault.create_key("acme", key_id)
    await on.vault.put(ObjectKind.DOCUMENT, key_id, PDF, digest=key_id)  # and here the process died
    await Pruner(on).once()
    assert len(_objects(house, key_id)) == 1, "it may still be recorded"
    await prune_twice(on)
    assert _objects(house, key_id) == []
    with pytest.raises(NotFound):
        house.app.keys.seal(key_id, b"gone", "probe")
    assert (await house.app.analyses.document(house.owner, kept.id))[0] == PDF


async def test_after_a_start_nothing_is_given_up_for_an_hour_so_that_a_restored_record_can_be_completed(
    house: House,
) -> None:
    on, key_id = house.app.foundation, new_id("key")
    await on.vault.create_key("acme", key_id)
    await Pruner(later(on, 600)).once()
    house.app.keys.seal(key_id, b"still there", "probe")
    await prune_twice(on)
    with pytest.raises(NotFound):
        house.app.keys.seal(key_id, b"gone", "probe")


async def test_an_upload_that_was_given_up_and_comes_back_is_taken_under_a_new_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, put = house.app.foundation, house.app.blobs.put
    paused: list[str] = []

    async def slow(name: str, data: bytes) -> None:
        await put(name, data)
        if not paused:
            paused.append(name)
            await prune_twice(on)

    monkeypatch.setattr(house.app.blobs, "put", slow)
    taken = await house.upload()
    assert (await house.app.analyses.document(house.owner, taken.id))[0] == PDF
    (left,) = names(house.app.settings.data / "blobs")
    assert left != paused[0]


async def test_the_pruner_looks_at_a_key_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    abandon = documents.abandon
    monkeypatch.setattr(documents, "abandon", lambda conn, some: looked.append(len(some)) or abandon(conn, some))  # type: ignore[func-returns-value]
    for number in range(3):
        await house.upload(PDF + bytes([number]))
    await prune_twice(house.app.foundation)
    await prune_twice(house.app.foundation)
    assert looked == [3]


async def test_an_object_whose_record_never_came_is_deleted_and_cannot_be_recorded_any_more(house: House) -> None:
    view = await house.reviewed_document()
    on = house.app.foundation
    key_id = key_id_of((await on.store.read(lambda conn: analyses.require(conn, "acme", view.id))).result_ref or "")
    name = await intended.put(on, "acme", ObjectKind.REVIEW, key_id, b"decisions", "0123abcd")
    await Pruner(on).once()
    assert await on.vault.get(name) == b"decisions"
    await Pruner(later(on)).once()
    with pytest.raises(NotFound):
        await on.vault.get(name)
    with pytest.raises(Conflict):
        await on.store.write(lambda conn: intents.fulfil(conn, [name]))


async def test_erasing_deletes_results_that_a_lost_claim_wrote(house: House) -> None:
    """The claim is the only trace of it: it ended without recording what it had written."""
    view = await house.reviewed_document()
    on = house.app.foundation
    analysis = await on.store.read(lambda conn: analyses.require(conn, "acme", view.id))
    key_id = key_id_of(analysis.result_ref or "")
    assert analysis.fence == 1
    await on.store.write(lambda conn: conn.execute(update(tables.analyses).values(fence=2)))
    await on.vault.put(ObjectKind.RESULT, key_id, b"late", result_digest(view.id, 2))
    await house.app.analyses.erase(house.owner, view.id)
    assert names(house.app.settings.data / "blobs") == set()


async def test_the_pruner_finishes_an_erasure_whose_document_lives_on(house: House) -> None:
    """The key stays for the other upload of the same bytes, so it is the objects that must go."""
    gone, kept = await house.upload(), await house.upload()
    await house.work(gone.id, a_document(FIELDS))
    await house.app.reviews.apply(house.owner, gone.id, [], finish=True)
    on = house.app.foundation
    now = on.clock()
    erased = await on.store.write(lambda conn: erasure.erase(conn, "acme", gone.id, "key:test", now))
    assert erased.key_ids == ()
    assert len(erased.blob_refs) == 3, "the result, the corrections and the form"
    await Pruner(on).once()
    left = names(house.app.settings.data / "blobs")
    assert not left & set(erased.blob_refs)
    assert (await house.app.analyses.document(house.owner, kept.id))[0] == PDF
    assert await on.store.read(lambda conn: erasure.due(conn, 10)) == []


def _objects(house: House, key_id: str) -> list[str]:
    return [name for name in names(house.app.settings.data / "blobs") if name.endswith(f"@{key_id}")]
