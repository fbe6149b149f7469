"""Frames survive any cutting, and never take more than agreed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.sandbox.frames import HEADER, Decoder, Frame, FrameError, Kind, TooMuch, decode_json, encode


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=300))), st.integers(1, 64))
def test_frames_arrive_whole_however_the_bytes_are_cut(sent: list[tuple[Kind, bytes]], step: int) -> None:
    wire = b"".join(encode(kind, payload) for kind, payload in sent)
    decoder = Decoder(len(wire))
    got = [frame for at in range(0, len(wire), step) for frame in decoder.feed(wire[at : at + step])]
    assert got == [Frame(kind, payload) for kind, payload in sent]


def test_the_last_allowed_byte_is_taken_and_the_next_is_not() -> None:
    wire = encode(Kind.BINARY, b"12345")
    assert list(Decoder(len(wire)).feed(wire)) == [Frame(Kind.BINARY, b"12345")]
    with pytest.raises(TooMuch):
        list(Decoder(len(wire) - 1).feed(wire))


def test_an_announcement_past_the_limit_is_refused_before_it_comes() -> None:
    with pytest.raises(TooMuch):
        list(Decoder(1000).feed(HEADER.pack(2**32 - 1, Kind.JSON)))


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b"\xff", b"", b"[" * 100_000])
def test_only_strict_json_is_json(text: bytes) -> None:
    with pytest.raises(FrameError):
        decode_json(text)
