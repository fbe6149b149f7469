"""Uploads, read from the wire part by part within limits, held in memory only: a document never touches disk in clear.

The framework's own multipart reader spools to temporary files; couples' contracts must not lie there unencrypted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from procession.domain.errors import InvalidRequest, OverCapacity, TooLarge, UnsupportedMediaType
from procession.domain.media import DECLARED, PICTURES, PICTURES_MAX, Media, bundle, media_of
from procession.settings import MIB, Upload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # exists for type checkers only

PART_TEXT_BYTES_MAX = 4096
"""A form value beside the file."""
PARTS_BESIDE_FILES_MAX = 32
ENVELOPE_BYTES_MAX = 64 * 1024
"""What multipart may add around one file: boundaries, headers and the values beside it."""
UNTYPED = frozenset({"", "application/octet-stream"})
"""What senders say when they do not know; the bytes decide then."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a request: a file when ``file_name`` is not None, else a value."""

    name: str
    file_name: str | None
    content_type: str
    content: bytes

    def text(self) -> str:
        """Raises InvalidRequest when a value is not UTF-8."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"{self.name}: not UTF-8 text.") from None


class InFlight:
    """Upload bytes this process holds at once; past ``most``, the next chunk is refused with 429."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def change(self, by: int) -> None:
        if by > 0 and self.held + by > self.most:
            raise OverCapacity("Too many uploads are arriving at once. Try again shortly.", retry_after=2)
        self.held += by


class Body:
    """The bytes of one request: counted, limited, given up when they stall. Use as a context manager."""

    def __init__(
        self, request: Request, limits: Upload, in_flight: InFlight, bytes_max: int, refusal: TooLarge | None = None
    ) -> None:
        """``refusal``: what to raise past ``bytes_max``; default: that this file is too large."""
        self.limits = limits
        self._refusal = refusal or too_large(limits)
        self._request = request
        self._in_flight = in_flight
        self._bytes_max = bytes_max
        self._held = 0

    def __enter__(self) -> Body:
        declared = self._request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self._bytes_max:
            raise self._refusal  # nothing was read: a client that sent `Expect: 100-continue` keeps its upload
        return self

    def __exit__(self, *_: object) -> None:
        self.hold(0)

    def hold(self, size: int) -> None:
        """``size`` bytes of this request are in memory now. Raises OverCapacity when all requests hold too much."""
        self._in_flight.change(size - self._held)
        self._held = size

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises TooLarge past the limit and InvalidRequest when the sender stalls."""
        total = 0
        stream = self._request.stream()
        while True:
            try:
                async with asyncio.timeout(self.limits.idle_seconds_max):
                    chunk = await anext(stream, None)
            except TimeoutError:
                raise InvalidRequest("The upload stalled. Send it again.") from None
            if chunk is None:
                return
            total += len(chunk)
            if total > self._bytes_max:
                raise self._refusal
            if chunk:
                yield chunk

    async def whole(self) -> bytes:
        """All of it: a document sent as the raw body."""
        read: list[bytes] = []
        held = 0
        async for chunk in self.chunks():
            held += len(chunk)
            self.hold(held)
            read.append(chunk)
        return b"".join(read)


def media_type(request: Request) -> tuple[str, dict[bytes, bytes]]:
    """The lower-case media type and its options (the multipart boundary)."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    return kind.decode("latin-1").lower(), options


async def parts(body: Body, options: dict[bytes, bytes]) -> AsyncIterator[Part]:
    """The parts of a multipart body in order, each complete; the caller keeps them, so all count as held.

    A file past the limit comes cut one byte past it, so that a batch can refuse it and go on.
    Raises InvalidRequest for a body that is not multipart.
    """
    assembly = _Assembly(body.limits.upload_bytes_max)
    try:
        parser = MultipartParser(options[b"boundary"], assembly.callbacks())
    except (KeyError, FormParserError):
        raise InvalidRequest("The multipart body has no usable boundary.") from None
    async for chunk in body.chunks():
        body.hold(assembly.buffered + len(chunk))
        try:
            parser.write(chunk)
        except FormParserError:
            raise InvalidRequest("The multipart body is malformed.") from None
        for part in assembly.finished:
            yield part
        assembly.finished.clear()
    if not assembly.ended:
        raise InvalidRequest("The multipart body ended before its closing boundary.")


class _Assembly:
    """Collects the parser's callbacks into parts."""

    def __init__(self, file_bytes_max: int) -> None:
        self.finished: list[Part] = []
        self.buffered = 0
        self.ended = False
        self._file_bytes_max = file_bytes_max
        self._begin()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._all,
        }

    def _begin(self) -> None:
        self._headers: dict[str, str] = {}
        self._field = self._value = b""
        self._name = ""
        self._file_name: str | None = None
        self._content: list[bytes] = []
        self._size = 0

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        # browsers send file names as UTF-8 bytes (WHATWG multipart/form-data)
        self._headers[self._field.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        kind, options = parse_options_header(self._headers.get("content-disposition", "").encode())
        if kind != b"form-data" or b"name" not in options:
            raise InvalidRequest("A part of the multipart body has no name.")
        self._name = options[b"name"].decode("utf-8", "replace")
        if b"filename" in options:
            # browsers write a quotation mark as %22 and escape no percent sign (WHATWG multipart/form-data)
            self._file_name = options[b"filename"].decode("utf-8", "replace").replace("%22", '"')

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file_name is None and self._size + end - start > PART_TEXT_BYTES_MAX:
            raise InvalidRequest(f"{self._name}: at most {PART_TEXT_BYTES_MAX} bytes. Was it meant to be a file?")
        room = self._file_bytes_max + 1 - self._size
        piece = data[start : min(end, start + room)]
        self._content.append(piece)
        self._size += len(piece)
        self.buffered += len(piece)

    def _end(self) -> None:
        kind = parse_options_header(self._headers.get("content-type", ""))[0].decode("latin-1").lower()
        self.finished.append(Part(self._name, self._file_name, kind, b"".join(self._content)))
        self._content = []

    def _all(self) -> None:
        self.ended = True


async def one_document(body: Body, options: dict[bytes, bytes], values: dict[str, str]) -> Part:
    """The document of an upload: one part ``file``, or several that are pictures of its pages, in order.

    The values beside it are put into ``values`` as they come. A file past the limit comes cut one byte past it. Raises
    InvalidRequest when there is no file, or several that are not all pictures, and what ``media.bundle`` raises.
    """
    files: list[Part] = []
    async for part in parts(body, options):
        if part.file_name is None:
            values[part.name] = part.text()
            if len(values) > PARTS_BESIDE_FILES_MAX:
                raise InvalidRequest("The multipart body has too many parts.")
            continue
        if part.name != "file":
            raise InvalidRequest(f"Send the document in the part `file`, not `{part.name[:40]}`.")
        if files and not {media_of(files[0].content), media_of(part.content)} <= PICTURES:
            raise InvalidRequest(
                "One document comes in one request; only pictures of its pages may be several. "
                "Send several documents as a batch: POST /v1/batches."
            )
        files.append(part)
        if len(files) > PICTURES_MAX:
            raise InvalidRequest(f"One document may have {PICTURES_MAX} pictures.")
    if not files:
        raise InvalidRequest("The multipart body has no part `file` with a file name.")
    if len(files) == 1:
        return files[0]
    content = bundle([part.content for part in files])
    return Part("file", files[0].file_name, Media.PICTURES, content)


def too_large(limits: Upload) -> TooLarge:
    most = limits.upload_bytes_max / MIB
    return TooLarge(f"This file is larger than {most:.4g} MB. Split it or reduce its pictures and try again.")


def check_type(content_type: str) -> None:
    """Raises UnsupportedMediaType for a file that says it is something other than a PDF or a picture."""
    if content_type not in DECLARED and content_type not in UNTYPED:
        raise UnsupportedMediaType(
            f"Files of type {content_type[:80]} are not supported. Upload a PDF, or JPEG, PNG or HEIC pictures."
        )


def file_name(name: str | None, limits: Upload) -> str:
    """The last part of what the sender called the file, printable, within the limit; else ``document.pdf``."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(character for character in last if character.isprintable()).strip()
    return clean[-limits.file_name_characters_max :] or "document.pdf"
