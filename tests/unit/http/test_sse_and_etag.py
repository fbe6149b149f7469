"""Event streams and entity tags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request

from procession.domain.errors import InvalidRequest, NotFound, OverCapacity
from procession.http import etag, problems, sse


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw, "query_string": b"", "path": "/"})


async def sent(response: Any, until: int = 1000) -> bytes:
    """What a client that never leaves by itself gets of ``response``, or its first ``until`` chunks."""
    chunks: list[bytes] = []
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if body := message.get("body"):
            chunks.append(body)
            if len(chunks) >= until:
                left.set()

    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    return b"".join(chunks)


async def three() -> AsyncIterator[bytes]:
    for number in range(3):
        yield sse.frame("state", {"n": number}, number)


async def forever() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def test_events_go_out_in_order_and_the_stream_ends_with_its_source() -> None:
    streams = sse.Streams(1, 60)
    got = await sent(streams.answer(three()))
    assert got.count(b"event: state") == 3
    assert got.endswith(b'data: {"n":2}\nid: 2\n\n')
    assert streams.open == 0


async def test_a_quiet_stream_is_kept_alive_by_comments_and_freed_when_the_client_leaves() -> None:
    streams = sse.Streams(1, 0.005)
    assert await sent(streams.answer(forever()), until=4) == sse.HEARTBEAT * 4
    assert streams.open == 0


async def test_streams_are_bounded() -> None:
    streams = sse.Streams(2, 60)
    first, second = (asyncio.create_task(sent(streams.answer(forever()))) for _ in range(2))
    await asyncio.sleep(0)
    assert streams.open == 2
    with pytest.raises(OverCapacity):
        streams.answer(three())
    streams.close()
    await asyncio.gather(first, second)
    assert streams.open == 0


async def test_a_closed_server_opens_no_stream() -> None:
    streams = sse.Streams(2, 60)
    streams.close()
    with pytest.raises(OverCapacity):
        streams.answer(three())


async def test_a_stream_whose_subject_is_erased_just_ends() -> None:
    async def erased() -> AsyncIterator[bytes]:
        yield sse.frame("state", {}, 1)
        raise NotFound()

    assert (await sent(sse.Streams(1, 60).answer(erased()))).endswith(b"id: 1\n\n")


async def test_a_defect_in_a_source_is_not_swallowed() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield sse.frame("state", {}, 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await sent(sse.Streams(1, 60).answer(broken()))


def test_data_cannot_break_out_of_its_line() -> None:
    assert sse.frame("state", {"a": "x\n\nevent: result\n"}).count(b"\n") == 3


@pytest.mark.parametrize(("header", "after", "expected"), [("7", 3, 7), (None, 3, 3), ("", 3, 3), (None, None, None)])
def test_last_event_id_goes_before_the_query(header: str | None, after: int | None, expected: int | None) -> None:
    asked = request() if header is None else request(last_event_id=header)
    assert sse.resume_after(asked, after) == expected


@pytest.mark.parametrize("header", ["x", "-1", "1.5", "9" * 30, "²"])
def test_an_id_that_is_none_of_ours_is_refused(header: str) -> None:
    raw = [(b"last-event-id", header.encode())]
    asked = Request({"type": "http", "method": "GET", "headers": raw, "query_string": b"", "path": "/"})
    with pytest.raises(InvalidRequest):
        sse.resume_after(asked, None)


@pytest.mark.parametrize(
    ("header", "matches"),
    [(None, False), ('"7"', True), ('W/"7"', True), ('"6", "7"', True), ("*", True), ('"77"', False), ("7", False)],
)
def test_a_reader_s_tags_are_compared_weakly(header: str | None, matches: bool) -> None:
    assert etag.matches(header, etag.of_version(7)) is matches


def test_a_change_names_the_version_it_saw() -> None:
    assert etag.expected_version(request(if_match='"12"')) == 12
    assert etag.expected_version(request(if_match="*")) is None
    with pytest.raises(problems.PreconditionRequired) as caught:
        etag.expected_version(request())
    assert caught.value.status == 428
    for wrong in ("12", '""', 'W/"12"', '"x"', '"1", "2"', '"' + "9" * 30 + '"'):
        with pytest.raises(InvalidRequest):
            etag.expected_version(request(if_match=wrong))
