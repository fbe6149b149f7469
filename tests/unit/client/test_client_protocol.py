"""How the client words its calls, and when it tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from procession.client import AsyncClient, Client, ServerUnreachable, errors, protocol
from procession.client.protocol import Retrying
from procession.domain.errors import PROBLEM_CODES

QUICK = Retrying(attempts_max=3, base_seconds=0.0)
ANALYSIS = {
    "id": "an_1",
    "status": "pending",
    "stage": "uploaded",
    "priority": "urgent",
    "created_at": "2026-06-01T10:00:00Z",
    "updated_at": "2026-06-01T10:00:00Z",
    "version": 3,
}


def client(handler: Callable[[httpx.Request], httpx.Response], retrying: Retrying = QUICK) -> Client:
    return Client("http://server.test", transport=httpx.MockTransport(handler), retrying=retrying)


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "No.", "trace_id": "t"}, headers=headers)


def answers(*given: httpx.Response) -> tuple[list[httpx.Request], Callable[[httpx.Request], httpx.Response]]:
    seen: list[httpx.Request] = []
    left: Iterator[httpx.Response] = iter(given)

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return next(left)

    return seen, handle


def test_every_problem_code_of_the_server_has_its_own_class() -> None:
    assert set(errors.BY_CODE) == set(PROBLEM_CODES)


def test_a_busy_server_is_asked_again_with_the_same_idempotency_key() -> None:
    seen, handle = answers(
        refusal(429, "over_capacity", **{"Retry-After": "0"}),
        refusal(503, "unavailable", **{"Retry-After": "0"}),
        httpx.Response(202, json=ANALYSIS),
    )
    with client(handle) as ours:
        assert ours.submit(b"%PDF-1.7").id == "an_1"
    keys = {request.headers["idempotency-key"] for request in seen}
    assert len(seen) == 3
    assert len(keys) == 1
    assert b"%PDF-1.7" in seen[-1].content


def test_it_gives_up_after_its_attempts_with_the_server_s_own_words() -> None:
    seen, handle = answers(*(refusal(429, "over_capacity", **{"Retry-After": "0"}) for _ in range(3)))
    with client(handle) as ours, pytest.raises(errors.OverCapacity) as caught:
        ours.submit(b"%PDF-1.7")
    assert len(seen) == 3
    assert caught.value.retry_after == 0.0
    assert caught.value.trace_id == "t"


def test_a_refused_document_is_not_sent_again() -> None:
    seen, handle = answers(refusal(422, "not_a_pdf"))
    with client(handle) as ours, pytest.raises(errors.NotAPdf) as caught:
        ours.submit(b"hello")
    assert len(seen) == 1
    assert isinstance(caught.value, errors.DocumentRefused)


def test_a_lost_answer_to_a_cancel_is_not_repeated_but_one_to_a_read_is() -> None:
    calls: list[str] = []

    def lose(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        raise httpx.ReadError("gone", request=request)

    with client(lose) as ours:
        with pytest.raises(ServerUnreachable):
            ours.cancel("an_1")
        assert calls == ["POST"]
        with pytest.raises(ServerUnreachable):
            ours.get("an_1")
    assert calls == ["POST", "GET", "GET", "GET"]


def test_a_repeated_upload_waits_for_its_own_first_attempt() -> None:
    seen, handle = answers(refusal(502, "x"), refusal(409, "conflict"), httpx.Response(202, json=ANALYSIS))
    with client(handle) as ours:
        assert ours.submit(b"%PDF-1.7").id == "an_1"
    assert len(seen) == 3
    _, handle = answers(refusal(409, "conflict"))
    with client(handle) as ours, pytest.raises(errors.Conflict):
        ours.submit(b"%PDF-1.7", idempotency_key="mine, and in flight elsewhere")


def test_a_gateway_s_page_becomes_an_error_by_its_status() -> None:
    _, handle = answers(*(httpx.Response(502, text="<html>Bad gateway</html>") for _ in range(3)))
    with client(handle) as ours, pytest.raises(errors.Unavailable):
        ours.queue()


def test_a_list_reads_on_while_there_is_a_cursor() -> None:
    seen, handle = answers(
        httpx.Response(200, json={"items": [ANALYSIS], "next_cursor": "c2"}),
        httpx.Response(200, json={"items": [ANALYSIS | {"id": "an_2"}], "next_cursor": None}),
    )
    with client(handle) as ours:
        assert [one.id for one in ours.list(status=["failed", "completed"], needs_review=True)] == ["an_1", "an_2"]
    assert seen[0].url.params.get_list("status") == ["failed", "completed"]
    assert seen[0].url.params["needs_review"] == "true"
    assert seen[1].url.params["cursor"] == "c2"


def test_events_are_taken_up_where_the_connection_broke() -> None:
    seen, handle = answers(
        httpx.Response(200, text=': \n\nevent: state\ndata: {"version":1}\nid: 1\n\nevent: prog'),
        httpx.Response(200, text='event: result\ndata: {"id":"an_1"}\nid: 2\n\n'),
    )
    with client(handle) as ours:
        kinds = [(event.kind, event.id) for event in ours.events("an_1")]
    assert kinds == [("state", 1), ("result", 2)]
    assert "last-event-id" not in seen[0].headers
    assert seen[1].headers["last-event-id"] == "1"


async def test_the_asynchronous_client_does_the_same() -> None:
    seen, handle = answers(
        refusal(429, "over_capacity", **{"Retry-After": "0"}),
        httpx.Response(202, json=ANALYSIS),
        httpx.Response(200, json={"items": [ANALYSIS], "next_cursor": None}),
        httpx.Response(200, text='event: result\ndata: {"id":"an_1"}\nid: 2\n\n'),
    )
    async with AsyncClient("http://server.test", transport=httpx.MockTransport(handle), retrying=QUICK) as ours:
        assert (await ours.submit(b"%PDF-1.7", name="menu.pdf")).version == 3
        assert [one.id async for one in ours.list()] == ["an_1"]
        assert [event.kind async for event in ours.events("an_1")] == ["result"]
    assert b'filename="menu.pdf"' in seen[1].content


def test_the_delay_grows_to_its_cap_and_the_server_s_wish_goes_before_it() -> None:
    policy = Retrying(attempts_max=9, base_seconds=1.0, cap_seconds=8.0, after_seconds_max=60.0)
    assert [policy.delay(attempt, None, jitter=1.0) for attempt in range(1, 7)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert policy.delay(1, 60.0) == 60.0
    assert policy.delay(1, 60.1) is None
    assert policy.delay(9, None) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("Mon, 01 Jun 2026 10:00:09 GMT", 9.0),
        ("Mon, 01 Jun 2026 09:00:00 GMT", 0.0),
        ("x", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert protocol.retry_after_seconds(header, datetime(2026, 6, 1, 10, tzinfo=UTC)) == seconds


def test_comments_and_unknown_fields_of_a_stream_are_skipped() -> None:
    lines = [": heartbeat", "", "retry: 2000", "event: state", 'data: {"a":', "data: 1}", "id: 7", ""]
    (event,) = protocol.parse_events(lines)
    assert (event.kind, event.data, event.id) == ("state", {"a": 1}, 7)
