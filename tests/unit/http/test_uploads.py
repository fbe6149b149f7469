"""Reading uploads off the wire: limits at the edge and past it, malformed bodies, names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from starlette.requests import Request

from procession.domain.errors import InvalidRequest, OverCapacity, TooLarge, UnsupportedMediaType
from procession.http import uploads
from procession.http.uploads import Body, InFlight
from procession.settings import Upload

LIMITS = Upload(upload_bytes_max=100, file_name_characters_max=12)
BOUNDARY = {b"boundary": b"XX"}


def request(pieces: Iterable[bytes], **headers: str) -> Request:
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw, "query_string": b"", "path": "/"}, receive)


def body(pieces: Iterable[bytes], bytes_max: int = 10_000, held: InFlight | None = None, **headers: str) -> Body:
    return Body(request(pieces, **headers), LIMITS, held or InFlight(10_000), bytes_max)


def part(name: str, content: bytes, file_name: str | None = None, kind: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
    lines = [f"--XX\r\nContent-Disposition: {disposition}"] + ([f"Content-Type: {kind}"] if kind else [])
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


END = b"--XX--\r\n"


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 4096])
async def test_a_document_comes_whole_however_it_was_cut(size: int) -> None:
    content = b"%PDF-1.7\r\n--X\r\n--XY" + bytes(range(60))
    sent = part("priority", b"low") + part("file", content, "menü.pdf", "application/PDF; x=1") + END
    values: dict[str, str] = {}
    with body(in_pieces(sent, size)) as ours:
        document = await uploads.one_document(ours, BOUNDARY, values)
    assert document.content == content
    assert (document.file_name, document.content_type, values) == ("menü.pdf", "application/pdf", {"priority": "low"})


@pytest.mark.parametrize(("size", "kept"), [(100, 100), (101, 101), (5000, 101)])
async def test_a_file_past_the_limit_is_kept_to_one_byte_past_it(size: int, kept: int) -> None:
    with body([part("file", b"x" * size, "a.pdf") + END]) as ours:
        assert len((await uploads.one_document(ours, BOUNDARY, {})).content) == kept


async def test_a_declared_length_past_the_limit_is_refused_before_anything_is_read() -> None:
    with pytest.raises(TooLarge), body([b"never read"], bytes_max=100, content_length="101"):
        raise AssertionError("entered")
    with body([b"x" * 100], bytes_max=100, content_length="100") as ours:
        assert len(await ours.whole()) == 100


async def test_an_undeclared_length_past_the_limit_stops_reading_there() -> None:
    pieces = [b"x" * 60] * 5
    ours = body(pieces, bytes_max=100)
    with ours, pytest.raises(TooLarge):
        await ours.whole()


async def test_memory_for_uploads_is_bounded_and_given_back() -> None:
    held = InFlight(100)
    first = body([b"x" * 80], held=held)
    with first:
        await first.whole()
        assert held.held == 80
        with body([b"x" * 30], held=held) as second, pytest.raises(OverCapacity):
            await second.whole()
    assert held.held == 0


async def test_an_upload_that_stalls_is_given_up() -> None:
    import asyncio

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    stalled = Request({"type": "http", "method": "POST", "headers": [], "query_string": b"", "path": "/"}, never)
    with Body(stalled, Upload(idle_seconds_max=0.01), InFlight(10), 10) as ours, pytest.raises(InvalidRequest):
        await ours.whole()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"hello",
        part("file", b"x", "a.pdf"),  # no closing boundary
        part("other", b"x", "a.pdf") + END,
        part("priority", b"low") + END,
        part("file", b"x", "a.pdf") + part("file", b"y", "b.pdf") + END,
        part("priority", b"x" * 5000) + END,
        part("priority", b"\xff\xfe") + part("file", b"x", "a.pdf") + END,
        b"--XX\r\nContent-Disposition: attachment\r\n\r\nx\r\n" + END,
        b"".join(part(f"v{number}", b"x") for number in range(40)) + part("file", b"x", "a.pdf") + END,
    ],
)
async def test_what_is_not_one_document_is_an_invalid_request(sent: bytes) -> None:
    with body([sent]) as ours, pytest.raises(InvalidRequest):
        await uploads.one_document(ours, BOUNDARY, {})


async def test_a_missing_boundary_is_an_invalid_request() -> None:
    with body([b"x"]) as ours, pytest.raises(InvalidRequest):
        await uploads.one_document(ours, {}, {})


@pytest.mark.parametrize("kind", ["application/pdf", "application/octet-stream", ""])
def test_pdfs_and_files_of_unstated_type_are_looked_at(kind: str) -> None:
    uploads.check_type(kind)


@pytest.mark.parametrize("kind", ["image/gif", "text/html", "application/msword"])
def test_a_file_that_says_it_is_something_else_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        uploads.check_type(kind)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("menu.pdf", "menu.pdf"),
        ("C:\\forms\\menu.pdf", "menu.pdf"),
        ("../../etc/menu.pdf", "menu.pdf"),
        ("me\r\nnu\x00.pdf", "menu.pdf"),
        ("a-very-long-name.pdf", "ong-name.pdf"),
        ("", "document.pdf"),
        (None, "document.pdf"),
        ("/", "document.pdf"),
    ],
)
def test_a_file_s_name_is_its_last_part_printable_and_short(sent: str | None, kept: str) -> None:
    assert uploads.file_name(sent, LIMITS) == kept
