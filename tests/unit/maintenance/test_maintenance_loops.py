"""One pass of each loop."""

from __future__ import annotations

import random

from procession.domain.analysis import State
from procession.domain.errors import NotFound
from procession.domain.principal import Principal
from procession.maintenance.pruner import Pruner
from procession.maintenance.relay import Relay
from procession.maintenance.rescuer import Rescuer
from procession.store import claims, erasure
from tests.unit.services.acting import FIELDS, PDF, House, a_document


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
    assert len(await _objects(house, key_id)) == 2
    await Pruner(on).once()
    assert await _objects(house, key_id) == []
    assert (await house.app.analyses.result(house.owner, kept.id)).form is not None
    assert (await house.app.analyses.document(house.owner, kept.id))[0] == PDF


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
    left = {name async for names in house.app.blobs.names() for name in names}
    assert not left & set(erased.blob_refs)
    assert (await house.app.analyses.document(house.owner, kept.id))[0] == PDF
    assert await on.store.read(lambda conn: erasure.due(conn, 10)) == []


async def _objects(house: House, key_id: str) -> list[str]:
    return [name async for names in house.app.blobs.names() for name in names if name.endswith(f"@{key_id}")]
