"""Following and reading an analysis: states, lists, results, pages, events, cancel, retry, erase."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import jsonschema
import pytest

from procession.client import Analysis, Client
from procession.client import errors as client_errors
from procession.settings import Settings
from tests.contract.test_uploads_over_http import code, send
from tests.support import documents
from tests.support.server import RunningServer, running

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "result.schema.json"


@pytest.fixture(scope="module")
def done(server: RunningServer) -> Analysis:
    with server.client() as client:
        return client.wait(client.submit(documents.form(), name="my form.pdf").id, 60)


def events_of(http: httpx.Client, path: str, **options: object) -> list[tuple[str, int | None]]:
    """(kind, id) of every event until the stream ends."""
    found: list[tuple[str, int | None]] = []
    with http.stream("GET", path, **options) as answer:  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind, at = "", None
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("id: "):
                at = int(line[4:])
            elif line == "" and kind:
                found.append((kind, at))
                kind, at = "", None
    return found


def test_a_reader_with_this_version_gets_304(http: httpx.Client, done: Analysis) -> None:
    answer = http.get(f"/v1/analyses/{done.id}")
    assert answer.headers["etag"] == done.etag
    again = http.get(f"/v1/analyses/{done.id}", headers={"if-none-match": done.etag})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(f"/v1/analyses/{done.id}", headers={"if-none-match": '"999"'}).status_code == 200


def test_the_result_follows_its_published_schema(http: httpx.Client, done: Analysis) -> None:
    result = http.get(f"/v1/analyses/{done.id}/result").json()
    served = http.get("/v1/result.schema.json").json()
    jsonschema.validate(result, served)
    assert served == json.loads(SCHEMA.read_text())
    assert (result["id"], result["file"]) == (done.id, "my form.pdf")
    assert len(result["form"]["fields"]) == done.fields_found


def test_the_document_comes_back_as_it_was_and_only_as_a_download(http: httpx.Client, client: Client) -> None:
    content = documents.form()
    analysis = client.submit(content, name='menü "x".pdf')
    answer = http.get(f"/v1/analyses/{analysis.id}/document")
    assert answer.content == content
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''men%C3%BC%20%22x%22.pdf" in answer.headers["content-disposition"]
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_page_s_picture_is_a_png_that_never_changes(http: httpx.Client, done: Analysis) -> None:
    path = f"/v1/analyses/{done.id}/pages/1.png"
    answer = http.get(path)
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert http.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert code(http.get(f"/v1/analyses/{done.id}/pages/2.png")) == (404, "not_found")
    assert code(http.get(f"/v1/analyses/{done.id}/pages/0.png")) == (422, "invalid_request")


def test_lists_go_page_by_page_and_miss_nothing(client: Client) -> None:
    sent = [client.submit(documents.form()).id for _ in range(7)]
    listed = [one.id for one in client.list(page_size=3)]
    assert set(sent) <= set(listed)
    assert len(listed) == len(set(listed))
    assert listed == sorted(listed, reverse=True)


def test_lists_are_filtered(client: Client, done: Analysis) -> None:
    failed = client.wait(client.submit(documents.locked(), priority="low").id, 60)
    assert failed.id in {one.id for one in client.list(status=["failed"], page_size=5)}
    assert {one.status for one in client.list(status=["failed"], page_size=5)} == {"failed"}
    assert {one.status for one in client.list(status=["failed", done.status], page_size=5)} == {"failed", done.status}
    assert {one.priority for one in client.list(priority="low", page_size=5)} == {"low"}
    for flagged in (True, False):
        assert {one.needs_review for one in client.list(needs_review=flagged, page_size=5)} <= {flagged}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=6", "limit=x", "status=done", "priority=now", "cursor=no-cursor", "needs_review=x"]
)
def test_a_wrong_list_query_is_refused(http: httpx.Client, query: str) -> None:
    assert code(http.get(f"/v1/analyses?{query}")) == (422, "invalid_request")


def test_the_largest_page_is_allowed(http: httpx.Client) -> None:
    assert http.get("/v1/analyses?limit=5").status_code == 200


def test_events_tell_every_state_and_end_with_the_result(http: httpx.Client, client: Client) -> None:
    analysis = client.submit(documents.form(pages=2))
    events = events_of(http, f"/v1/analyses/{analysis.id}/events")
    kinds = [kind for kind, _ in events]
    ids = [at for _, at in events if at is not None]
    final = client.get(analysis.id)
    assert kinds[0] == "state"
    assert kinds[-1] == "result"
    assert kinds.count("result") == 1
    assert ids == list(range(1, final.version + 1))


def test_events_go_on_after_the_last_one_received(http: httpx.Client, done: Analysis) -> None:
    path = f"/v1/analyses/{done.id}/events"
    whole = [at for _, at in events_of(http, path) if at is not None]
    for cut in whole[:-1]:
        rest = [at for _, at in events_of(http, path, headers={"last-event-id": str(cut)}) if at is not None]
        assert rest == [at for at in whole if at > cut]
        assert rest == [at for _, at in events_of(http, path, params={"after": cut}) if at is not None]
    assert http.get(path, headers={"last-event-id": str(whole[-1])}).status_code == 204
    assert [at for _, at in events_of(http, path, headers={"last-event-id": "99999"}) if at is not None] == whole
    assert code(http.get(path, headers={"last-event-id": "x"})) == (422, "invalid_request")


def test_the_client_follows_events_to_the_result(client: Client) -> None:
    analysis = client.submit(documents.form())
    *_, last = client.events(analysis.id)
    assert last.kind == "result"
    assert last.data["id"] == analysis.id


def test_event_streams_are_bounded_kept_alive_and_freed(resting: RunningServer) -> None:
    with resting.client() as client, httpx.Client(base_url=resting.base_url, timeout=60) as http:
        path = f"/v1/analyses/{client.submit(documents.form()).id}/events"
        opened = [http.stream("GET", path) for _ in range(4)]
        answers = [stream.__enter__() for stream in opened]
        assert code(http.get(path)) == (429, "over_capacity")
        lines = answers[0].iter_lines()
        comments = 0
        for line in lines:
            comments += line.startswith(":")
            if comments == 3:
                break
        for stream in opened:
            stream.__exit__(None, None, None)
        answer = _until(lambda: http.send(http.build_request("GET", path), stream=True))
        assert answer.status_code == 200
        answer.close()


def test_a_server_that_stops_ends_its_event_streams(tmp_path: Path) -> None:
    with ExitStack() as later:
        server = later.enter_context(running(Settings(data=tmp_path / "data"), working=False))
        http = later.enter_context(httpx.Client(base_url=server.base_url, timeout=60))
        answer = later.enter_context(http.stream("GET", "/v1/events"))
        lines = answer.iter_lines()
        assert "event: ready" in [next(lines) for _ in range(3)]
        with ThreadPoolExecutor(1) as threads:
            rest = threads.submit(list, lines)
            server.stop()
            assert "event: changed" not in rest.result(30)


def _until(make: object) -> httpx.Response:
    """The server notices a closed connection at its next heartbeat at the latest."""
    import time

    ends = time.monotonic() + 30
    while True:
        answer: httpx.Response = make()  # type: ignore[operator]
        if answer.status_code == 200 or time.monotonic() > ends:
            return answer
        answer.close()


def test_the_tenant_s_stream_names_what_changed(http: httpx.Client, client: Client) -> None:
    def data(lines: Iterator[str], kind: str) -> dict[str, list[str]]:
        for line in lines:
            if line == f"event: {kind}":
                found: dict[str, list[str]] = json.loads(next(lines).removeprefix("data: "))
                return found
        raise AssertionError("the stream ended")

    with http.stream("GET", "/v1/events") as answer:
        lines = answer.iter_lines()
        assert data(lines, "ready") == {}
        analysis = client.submit(documents.form())
        assert analysis.id in data(lines, "changed")["analysis"]


def test_a_waiting_analysis_is_cancelled_at_once_and_only_once(resting: RunningServer) -> None:
    with resting.client() as client, httpx.Client(base_url=resting.base_url) as http:
        analysis = client.submit(documents.form())
        assert client.cancel(analysis.id).status == "cancelled"
        with pytest.raises(client_errors.Conflict):
            client.cancel(analysis.id)
        assert code(http.get(f"/v1/analyses/{analysis.id}/result")) == (409, "conflict")


def test_a_result_that_is_not_there_yet_is_a_conflict(resting: RunningServer) -> None:
    with resting.client() as client, pytest.raises(client_errors.Conflict):
        client.result(client.submit(documents.form()).id)


def test_a_failed_analysis_can_be_tried_again_and_a_finished_one_cannot(client: Client, done: Analysis) -> None:
    failed = client.wait(client.submit(documents.locked()).id, 60)
    again = client.retry(failed.id)
    assert again.version > failed.version
    assert client.wait(failed.id, 60).status == "failed"
    with pytest.raises(client_errors.Conflict):
        client.retry(done.id)


def test_an_erased_analysis_is_gone_with_all_that_was_made_of_it(http: httpx.Client, client: Client) -> None:
    analysis = client.wait(client.submit(documents.form()).id, 60)
    assert http.delete(f"/v1/analyses/{analysis.id}").status_code == 204
    for path in ("", "/document", "/result", "/pages/1.png", "/events", "/review"):
        assert code(http.get(f"/v1/analyses/{analysis.id}{path}")) == (404, "not_found")
    assert analysis.id not in {one.id for one in client.list(page_size=5)}
    assert code(http.delete(f"/v1/analyses/{analysis.id}")) == (404, "not_found")


def test_erasing_stops_what_still_waits(resting: RunningServer) -> None:
    with resting.client() as client:
        analysis = client.submit(documents.form())
        client.erase(analysis.id)
        with pytest.raises(client_errors.NotFound):
            client.get(analysis.id)


def test_the_queue_shows_what_waits_against_its_objective(resting: RunningServer) -> None:
    with resting.client() as client:
        client.submit(documents.form(), priority="low")
        queue = client.queue()
    classes = {one.priority: one for one in queue.classes}
    assert {name: one.objective_seconds for name, one in classes.items()} == {
        "urgent": 120,
        "standard": 600,
        "low": 3600,
    }
    assert (classes["low"].ready, queue.waiting) == (1, 1)


@pytest.mark.parametrize("path", ["/health", "/readyz", "/livez"])
def test_a_healthy_server_says_so(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200


def test_metrics_are_in_prometheus_format(http: httpx.Client) -> None:
    send(http, documents.form())
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# HELP" in answer.text
