"""How a child ended when it did not answer, and whose fault that was."""

from __future__ import annotations

import asyncio
import signal
import socket
from dataclasses import dataclass

from procession.domain.errors import AnalysisTimeout, Internal, TooComplex
from procession.sandbox.frames import Decoder, decode_json
from procession.sandbox.limits import Budget

WATCH_BYTES_MAX = 4096
MEMORY_SIGNALS = frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL})
"""How PDFium and C++ end a process whose allocation failed."""
CRASH_SIGNALS = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE})
NEAR_THE_LIMIT = 0.8
"""Of the memory budget: a crash there is taken for an allocation nobody checked."""


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended, as the fork-server saw it."""

    signal: int
    code: int
    cpu_seconds: float
    memory_bytes: int


class Crashed(Exception):
    """The child was ended by a fault of its own code."""


async def ended(watch: socket.socket) -> End | None:
    """None when the fork-server died with the child, or could not fork."""
    loop = asyncio.get_running_loop()
    decoder = Decoder(WATCH_BYTES_MAX)
    try:
        while data := await loop.sock_recv(watch, WATCH_BYTES_MAX):
            for frame in decoder.feed(data):
                told = decode_json(frame.payload)
                if told["type"] == "ended":
                    return End(told["signal"], told["code"], told["cpu_seconds"], told["memory_bytes"])
    except ConnectionError:
        return None
    return None


def why(end: End | None, budget: Budget) -> Exception:
    """What a death without an answer means."""
    if end is None:
        return Internal("The sandbox's server ended; it is started again.")
    if end.signal == signal.SIGXCPU or (end.signal == signal.SIGKILL and end.cpu_seconds >= budget.cpu_seconds_max):
        return AnalysisTimeout()
    near_limit = end.memory_bytes > NEAR_THE_LIMIT * budget.memory_bytes
    if end.signal in MEMORY_SIGNALS or (end.signal in CRASH_SIGNALS and near_limit):
        return TooComplex()
    if end.signal in CRASH_SIGNALS:
        return Crashed()
    return Internal(f"The engine ended without an answer (signal {end.signal}, code {end.code}).")
