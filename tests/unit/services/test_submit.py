"""Taking documents."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from procession import wiring
from procession.domain.analysis import AnalysisOptions, State
from procession.domain.errors import (
    EmptyFile,
    IdempotencyMismatch,
    NotAPdf,
    NotFound,
    OverCapacity,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from procession.domain.principal import Principal
from procession.services.submit import check
from procession.settings import Http, Queue, Settings
from tests.unit.services.acting import FIELDS, PDF, House, a_document


@pytest.mark.parametrize(
    ("content", "content_type", "error"),
    [
        (b"", "application/pdf", EmptyFile),
        (b"hello", "application/pdf", NotAPdf),
        (b" " * 1024 + b"%PDF-", "application/pdf", NotAPdf),
        (PDF + b"0" * 2000, "application/pdf", TooLarge),
        (PDF, "image/gif", UnsupportedMediaType),
    ],
)
def test_what_cannot_be_a_form_is_refused_without_parsing(
    content: bytes, content_type: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        check(content, content_type, bytes_max=2000)


def test_a_header_within_the_first_kilobyte_and_a_file_at_the_limit_pass() -> None:
    check(b" " * 1000 + b"%PDF-", "application/octet-stream", bytes_max=1005)


async def test_an_upload_is_pending_with_its_name_and_event(house: House) -> None:
    view = await house.upload()
    assert (view.status, view.file, view.version) == (State.PENDING, "anna-and-ben.pdf", 1)
    (event,) = await house.app.analyses.events(house.owner, view.id)
    assert (event.type, event.actor) == ("analysis.submitted", "key:test")


async def test_nothing_on_disk_holds_the_document_or_its_name_in_the_clear(house: House) -> None:
    await house.upload(PDF + b"Anna and Ben" * 10, file_name="anna-and-ben.pdf")
    await house.app.store.stop()
    for folder, _, files in os.walk(house.app.settings.data):
        for name in files:
            content = (Path(folder) / name).read_bytes()
            assert b"Anna and Ben" not in content
            assert b"anna-and-ben" not in content


async def test_the_same_key_and_payload_replays_and_another_payload_is_refused(house: House) -> None:
    submit = house.app.submissions.submit
    given = {"file_name": "a.pdf", "content_type": "application/pdf", "options": AnalysisOptions()}
    first = await submit(house.owner, content=PDF, idempotency_key="k", **given)  # type: ignore[arg-type] # one dict
    again = await submit(house.owner, content=PDF, idempotency_key="k", **given)  # type: ignore[arg-type] # one dict
    assert (again.analysis.id, first.replayed, again.replayed) == (first.analysis.id, False, True)
    with pytest.raises(IdempotencyMismatch):
        await house.upload(PDF + b"other", idempotency_key="k")


async def test_a_refused_upload_leaves_its_key_free(house: House) -> None:
    with pytest.raises(NotFound):
        await house.upload(idempotency_key="k", batch_id="batch_none")
    await house.upload(PDF + b"other", idempotency_key="k")


async def test_many_simultaneous_uploads_of_the_same_bytes_share_one_document(house: House) -> None:
    made = await asyncio.gather(*(house.upload() for _ in range(8)))
    assert len({view.id for view in made}) == 8
    blobs = [name for _, _, files in os.walk(house.app.settings.data / "blobs") for name in files]
    assert len(blobs) == 1


async def test_the_same_bytes_again_are_answered_from_the_finished_analysis(house: House) -> None:
    first = await house.upload()
    await house.work(first.id, a_document(FIELDS[:1]))
    again = await house.upload()
    assert (again.status, again.reused_from, again.fields_found) == (State.COMPLETED, first.id, 1)
    result = await house.app.analyses.result(house.owner, again.id)
    assert (result.id, result.reused_from) == (again.id, first.id)
    other = await house.upload(options=AnalysisOptions(ocr=False))
    assert (other.status, other.reused_from) == (State.PENDING, None)


async def test_another_tenant_shares_nothing(house: House) -> None:
    first = await house.upload()
    await house.work(first.id, a_document(FIELDS[:1]))
    stranger = House(house.app, Principal("other", "key:other"))
    assert (await stranger.upload()).status is State.PENDING
    with pytest.raises(NotFound):
        await house.app.analyses.get(stranger.owner, first.id)


async def test_uploads_are_refused_past_the_tenants_limit_and_below_the_free_disk(tmp_path: Path) -> None:
    full = Settings(data=tmp_path / "a", queue=Queue(waiting_max=1))
    low = Settings(data=tmp_path / "b", http=Http(disk_free_bytes_min=2**62))
    for settings, allowed, error in ((full, 1, OverCapacity), (low, 0, Unavailable)):
        app = wiring.build(settings, working=False)
        await app.store.start()
        house = House(app, Principal("acme", "key:test"))
        for number in range(allowed):
            await house.upload(PDF + bytes([number]))
        with pytest.raises(error) as refused:
            await house.upload()
        assert refused.value.retry_after >= 1
        await app.store.stop()
        app.keys.close()  # type: ignore[attr-defined] # LocalKeys


async def test_an_upload_into_an_idle_queue_is_rung_for_without_a_relay(house: House) -> None:
    one = (await house.upload(PDF + b"1")).id
    assert await house.app.dispatcher.wait(10, 5) == [one]


async def test_what_a_tenant_uploads_behind_others_of_its_own_is_left_to_the_relay(house: House) -> None:
    first = (await house.upload(PDF + b"1")).id
    await house.upload(PDF + b"2")
    assert await house.app.dispatcher.wait(10, 5) == [first]
    assert await house.app.dispatcher.wait(10, 0) == []


async def test_of_uploads_that_arrive_together_at_most_one_is_rung_for_out_of_turn(house: House) -> None:
    made = await asyncio.gather(*(house.upload(PDF + bytes([number])) for number in range(8)))
    await asyncio.sleep(0)
    rung = await house.app.dispatcher.depth()
    assert sum(rung.values()) <= 1
    assert len(made) == 8


async def test_a_ring_that_fails_costs_no_upload(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    rung = asyncio.Event()

    async def hangs(*_: object) -> None:
        rung.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(house.app.dispatcher, "ring", hangs)
    assert (await house.upload()).status is State.PENDING
    await asyncio.wait_for(rung.wait(), 5)
