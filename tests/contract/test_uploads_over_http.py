"""Handing in documents: answers, limits, idempotency, batches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from procession.client import Client, ProblemError
from procession.client import errors as client_errors
from procession.http.problems import MEDIA_TYPE
from procession.settings import Http, Settings
from tests.contract.conftest import UPLOAD_BYTES_MAX
from tests.support import documents
from tests.support.server import RunningServer, running


def pdf_of(size: int) -> bytes:
    content = documents.form()
    return content + b"\n%" + b" " * (size - len(content) - 2)


def send(http: httpx.Client, content: bytes, name: str = "form.pdf", **options: object) -> httpx.Response:
    return http.post("/v1/analyses", files={"file": (name, content, "application/pdf")}, **options)  # type: ignore[arg-type]


def code(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["trace_id"] == answer.headers["x-trace-id"]
    return answer.status_code, body["code"]


def test_an_upload_is_accepted_with_where_to_look_and_when(http: httpx.Client) -> None:
    answer = send(http, documents.form(), "menü für ana.pdf", data={"priority": "low", "ocr": "false"})
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/analyses/{body['id']}"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["etag"] == f'"{body["version"]}"'
    assert (body["file"], body["priority"]) == ("menü für ana.pdf", "low")


def test_waiting_gives_the_finished_analysis_with_200(http: httpx.Client) -> None:
    answer = send(http, documents.form(), params={"wait": 60})
    assert answer.status_code == 200
    assert answer.json()["status"] in {"completed", "requires_review"}
    assert "retry-after" not in answer.headers


def test_waiting_gives_a_failed_analysis_with_200_too(http: httpx.Client) -> None:
    answer = send(http, documents.locked(), params={"wait": 60})
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert answer.json()["error"]["code"] == "password_protected"


def test_a_wait_that_runs_out_is_202(resting: RunningServer) -> None:
    with httpx.Client(base_url=resting.base_url, timeout=60) as http:
        answer = send(http, documents.form(), params={"wait": 1})
        assert answer.status_code == 202
        again = http.get(answer.headers["location"], params={"wait": 1})
    assert again.status_code == 202
    assert again.json()["status"] == "pending"


def test_a_raw_pdf_body_is_an_upload_too(http: httpx.Client) -> None:
    answer = http.post(
        "/v1/analyses",
        content=documents.form(),
        params={"priority": "standard", "file_name": "raw.pdf"},
        headers={"content-type": "application/pdf"},
    )
    assert answer.status_code == 202
    assert (answer.json()["file"], answer.json()["priority"]) == ("raw.pdf", "standard")


@pytest.mark.parametrize(("size", "expected"), [(UPLOAD_BYTES_MAX, 202), (UPLOAD_BYTES_MAX + 1, 413)])
def test_a_file_at_the_limit_is_taken_and_past_it_is_not(http: httpx.Client, size: int, expected: int) -> None:
    answer = send(http, pdf_of(size))
    assert answer.status_code == expected
    if expected == 413:
        assert code(answer) == (413, "too_large")


def test_too_large_is_noticed_without_a_declared_length(http: httpx.Client) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(20_000):  # 1.3 GB, were all of it read
            sent += 65_536
            yield b"x" * 65_536

    answer = http.post("/v1/analyses", content=endless(), headers={"content-type": "application/pdf"})
    assert code(answer) == (413, "too_large")
    assert sent < 200 * UPLOAD_BYTES_MAX


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", (422, "empty_file")), (b"hello, not a PDF at all", (422, "not_a_pdf"))],
)
def test_what_cannot_be_a_pdf_is_refused_at_once(http: httpx.Client, content: bytes, expected: tuple[int, str]) -> None:
    assert code(send(http, content)) == expected


def test_a_damaged_document_fails_with_its_own_code_and_the_next_one_is_fine(client: Client) -> None:
    failed = client.wait(client.submit(documents.truncated()).id, 60)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == "damaged_pdf"
    assert client.result(failed.id)["error"]["code"] == "damaged_pdf"
    assert client.wait(client.submit(documents.form()).id, 60).status in {"completed", "requires_review"}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"files": {"file": ("a.gif", b"GIF89a", "image/gif")}}, (415, "unsupported_media_type")),
        ({"files": {"file": ("a.png", b"x", "image/png")}}, (422, "not_a_pdf")),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, (415, "unsupported_media_type")),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, (422, "invalid_request")),
        (
            {"content": b"--b\r\nxx", "headers": {"content-type": "multipart/form-data; boundary=b"}},
            (422, "invalid_request"),
        ),
        ({"files": {"document": ("a.pdf", b"%PDF-1.4", "application/pdf")}}, (422, "invalid_request")),
        ({"data": {"x": "1"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"data": {"priority": "now"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"data": {"languages": "../eng"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"data": {"ocr": "maybe"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"params": {"wait": "61"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"params": {"wait": "-1"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        ({"headers": {"idempotency-key": ""}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (422, "invalid_request")),
        (
            {"headers": {"idempotency-key": "k" * 256}, "files": {"file": ("a.pdf", b"%PDF-1.4")}},
            (422, "invalid_request"),
        ),
        ({"data": {"batch_id": "ba_none"}, "files": {"file": ("a.pdf", b"%PDF-1.4")}}, (404, "not_found")),
    ],
)
def test_a_wrong_upload_says_what_is_wrong(
    http: httpx.Client, request_: dict[str, object], expected: tuple[int, str]
) -> None:
    assert code(http.post("/v1/analyses", **request_)) == expected  # type: ignore[arg-type]


def test_several_documents_in_one_upload_are_pointed_to_batches(http: httpx.Client) -> None:
    pair = [("file", (name, documents.form(), "application/pdf")) for name in ("a.pdf", "b.pdf")]
    answer = http.post("/v1/analyses", files=pair)
    assert code(answer) == (422, "invalid_request")
    assert "/v1/batches" in answer.json()["detail"]


def test_the_same_idempotency_key_returns_the_first_analysis(http: httpx.Client) -> None:
    content, key = documents.form(), {"idempotency-key": "k" * 255}
    first = send(http, content, headers=key)
    again = send(http, content, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"


def test_equal_requests_at_the_same_moment_make_one_analysis(server: RunningServer, client: Client) -> None:
    content, key = documents.form(), {"idempotency-key": "all-at-once"}

    def once(_: int) -> httpx.Response:
        with httpx.Client(base_url=server.base_url, timeout=60) as http:
            return send(http, content, headers=key)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(once, range(16)))
    taken = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(taken) == 1
    assert {code(answer) for answer in answers if answer.status_code != 202} <= {(409, "conflict")}


def test_a_key_whose_first_request_is_still_served_is_a_conflict(
    resting: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request is held where it would write its document."""
    held, go_on = threading.Event(), threading.Event()
    put = resting.application.blobs.put

    async def slow(name: str, data: bytes) -> None:
        held.set()
        await asyncio.to_thread(go_on.wait, 30)
        await put(name, data)

    monkeypatch.setattr(resting.application.blobs, "put", slow)
    content, key = documents.form(), {"idempotency-key": "slow"}
    with httpx.Client(base_url=resting.base_url, timeout=60) as http, ThreadPoolExecutor(1) as threads:
        first = threads.submit(lambda: send(http, content, headers=key))
        assert held.wait(30)
        with httpx.Client(base_url=resting.base_url, timeout=60) as other:
            assert code(send(other, content, headers=key)) == (409, "conflict")
        go_on.set()
        assert first.result().status_code == 202
        assert send(http, content, headers=key).json()["id"] == first.result().json()["id"]


def test_a_disk_that_is_nearly_full_refuses_uploads_and_says_when(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", http=Http(disk_free_bytes_min=2**62))
    with running(settings, working=False) as full, httpx.Client(base_url=full.base_url, timeout=60) as http:
        answer = send(http, documents.form())
        assert code(answer) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        ready = http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["disk"]["ok"]) == (503, False)
        assert http.get("/livez").status_code == 200


@pytest.mark.parametrize("change", ["document", "options"])
def test_the_same_key_for_something_else_is_a_mismatch(http: httpx.Client, change: str) -> None:
    content, key = documents.form(), {"idempotency-key": f"once-{change}"}
    send(http, content, headers=key)
    other = documents.form() if change == "document" else content
    data = {"ocr": "false"} if change == "options" else {}
    assert code(send(http, other, headers=key, data=data)) == (422, "idempotency_mismatch")


def test_past_the_waiting_limit_uploads_are_told_when_to_come_back(resting: RunningServer) -> None:
    with httpx.Client(base_url=resting.base_url, timeout=60) as http:
        assert [send(http, documents.form()).status_code for _ in range(2)] == [202, 202]
        answer = send(http, documents.form())
    assert code(answer) == (429, "over_capacity")
    assert int(answer.headers["retry-after"]) >= 1


def test_the_same_bytes_again_are_a_new_analysis_made_of_the_first(client: Client) -> None:
    content = documents.form()
    first = client.wait(client.submit(content).id, 60)
    again = client.wait(client.submit(content).id, 60)
    assert again.id != first.id
    assert again.reused_from == first.id


def test_a_batch_takes_what_can_be_taken_and_lists_the_rest(http: httpx.Client, client: Client) -> None:
    files = [
        ("files", ("a.pdf", documents.form(), "application/pdf")),
        ("files", ("b.txt", b"hello", "text/plain")),
        ("files", ("c.pdf", b"", "application/pdf")),
        ("files", ("d.pdf", pdf_of(UPLOAD_BYTES_MAX + 1), "application/pdf")),
    ]
    answer = http.post("/v1/batches", files=files)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert [(one["file"], one["code"]) for one in body["refused"]] == [
        ("b.txt", "unsupported_media_type"),
        ("c.pdf", "empty_file"),
        ("d.pdf", "too_large"),
    ]
    (taken,) = client.list(batch_id=body["id"])
    assert client.wait(taken.id, 60).finished
    assert http.get(answer.headers["location"]).json()["id"] == body["id"]


def test_a_batch_for_which_there_is_room_in_part_takes_that_part_and_lists_the_rest(resting: RunningServer) -> None:
    """Two analyses may wait here. A batch that waited for files nobody will send would never end."""
    files = [("files", (f"{number}.pdf", documents.form(), "application/pdf")) for number in range(3)]
    with httpx.Client(base_url=resting.base_url, timeout=60) as http:
        answer = http.post("/v1/batches", files=files)
        assert answer.status_code == 202, answer.text
        assert [(one["file"], one["code"]) for one in answer.json()["refused"]] == [("2.pdf", "over_capacity")]
        for taken in http.get("/v1/analyses", params={"batch_id": answer.json()["id"]}).json()["items"]:
            http.post(f"/v1/analyses/{taken['id']}/cancel")
        ended = http.get(answer.headers["location"]).json()
        assert ended["status"] == "completed_with_errors"
        assert [send(http, documents.form()).status_code for _ in range(2)] == [202, 202]
        none = http.post("/v1/batches", files=files)
        assert code(none) == (429, "over_capacity")
        assert int(none.headers["retry-after"]) >= 1


def test_an_upload_counts_as_held_until_it_is_stored(resting: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is slow, uploads that were read must not pile up in memory uncounted."""
    held, go_on = threading.Event(), threading.Event()
    put = resting.application.blobs.put

    async def slow(name: str, data: bytes) -> None:
        held.set()
        await asyncio.to_thread(go_on.wait, 30)
        await put(name, data)

    monkeypatch.setattr(resting.application.blobs, "put", slow)
    in_flight = resting.in_flight
    content = documents.form()
    with httpx.Client(base_url=resting.base_url, timeout=60) as http, ThreadPoolExecutor(1) as threads:
        first = threads.submit(lambda: send(http, content))
        assert held.wait(30)
        assert in_flight.held >= len(content)
        go_on.set()
        assert first.result().status_code == 202
    assert in_flight.held == 0


@pytest.mark.parametrize("count", [0, 5])
def test_a_batch_has_as_many_files_as_allowed(http: httpx.Client, count: int) -> None:
    files = [("files", (f"{number}.pdf", documents.form(), "application/pdf")) for number in range(count)]
    body = {"files": files} if files else {"files": {"x": (None, "1")}}
    assert code(http.post("/v1/batches", **body)) == (422, "invalid_request")  # type: ignore[arg-type]
    assert code(http.post("/v1/batches", json={"files_expected": count})) == (422, "invalid_request")


def test_many_documents_go_into_an_announced_batch_one_by_one(client: Client) -> None:
    batch, outcomes = client.submit_many([documents.form(), b"no pdf", documents.truncated()])
    good, refused, broken = outcomes
    assert isinstance(refused, client_errors.NotAPdf)
    assert not isinstance(good, ProblemError)
    assert not isinstance(broken, ProblemError)
    for one in (good, broken):
        client.wait(one.id, 60)
    assert {one.id for one in client.list(batch_id=batch.id)} == {good.id, broken.id}
