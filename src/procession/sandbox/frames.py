"""What crosses the pipe between parent and child: length-capped frames of JSON or bytes, never pickle.

A frame is 4 bytes of length (big-endian), 1 byte of kind, and that many bytes. A child is not trusted: the parent
counts every byte, and accepts only the messages declared here.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Literal, Never

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from procession.domain.analysis import Stage
from procession.domain.layout import SLOTS

HEADER = struct.Struct("!IB")
READ_BYTES = 256 * 1024


class FrameError(Exception):
    """What came is no frame, too much, or no message we know."""


class TooMuch(FrameError):
    """More bytes than agreed."""


class Kind(IntEnum):
    JSON = 1
    BINARY = 2


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    payload: bytes


def encode(kind: Kind, payload: bytes) -> bytes:
    return HEADER.pack(len(payload), kind) + payload


def prefix(kind: Kind, length: int) -> bytes:
    """What stands before a payload of ``length`` bytes."""
    return HEADER.pack(length, kind)


def encode_json(value: Any) -> bytes:
    return encode(Kind.JSON, json.dumps(value, separators=(",", ":"), allow_nan=False).encode())


def decode_json(payload: bytes) -> Any:
    """Raises FrameError for what is no strict JSON (NaN and Infinity are none)."""
    try:
        return json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise FrameError("not JSON") from None


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


class Decoder:
    """Bytes in, frames out; at most ``bytes_max`` bytes in all."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Raises TooMuch past the limit (also when a header announces more), FrameError for an unknown kind."""
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, kind = HEADER.unpack_from(self._buffer)
            end = HEADER.size + length
            if end - len(self._buffer) > self._left:
                raise TooMuch
            if kind not in (Kind.JSON, Kind.BINARY):
                raise FrameError("unknown kind of frame")
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[HEADER.size : end])
            del self._buffer[:end]
            yield Frame(Kind(kind), payload)


def receive(sock: socket.socket) -> Frame:
    """One frame from a blocking socket; for the child, whose parent is trusted. Raises EOFError."""
    length, kind = HEADER.unpack(_exactly(sock, HEADER.size))
    return Frame(Kind(kind), bytes(_exactly(sock, length)))


def _exactly(sock: socket.socket, length: int) -> bytearray:
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        got = sock.recv_into(view)
        if not got:
            raise EOFError
        view = view[got:]
    return buffer


# --- what a child may say ---------------------------------------------------------------------------------------------


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProgressMessage(_Message):
    type: Literal["progress"]
    stage: Stage
    pages_done: Annotated[int, Field(ge=0)]
    pages_total: Annotated[int, Field(ge=0)]


class LookupMessage(_Message):
    """Which approved forms have a page like this one?"""

    type: Literal["lookup"]
    sketch: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**32)], ...], Field(min_length=SLOTS, max_length=SLOTS)]


class ErrorMessage(_Message):
    type: Literal["error"]
    code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    message: Annotated[str, Field(max_length=1000)]


class ResultMessage(_Message):
    type: Literal["result"]
    body: Any
    attachments: Annotated[int, Field(ge=0, le=1)]
    """How many binary frames follow."""


Message = ProgressMessage | LookupMessage | ErrorMessage | ResultMessage
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


def message(payload: bytes) -> Message:
    """Raises FrameError for anything but a declared message."""
    try:
        return _MESSAGE.validate_python(decode_json(payload))
    except ValidationError:
        raise FrameError("unknown message") from None
