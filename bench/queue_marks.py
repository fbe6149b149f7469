"""Where the workers of every engine note when a job started and when it was done: one pipe, 49 bytes a mark.

A write of fewer bytes than PIPE_BUF arrives whole, the clock is the machine's, and both cost every engine the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_MARK = struct.Struct("<c40sd")
_PIPE_BYTES = 1024 * 1024
STARTED, DONE, READY = b"s", b"d", b"r"
ENVIRONMENT = "BENCH_QUEUE_MARKS"


class Writer:
    """In a worker. The pipe is named by the environment."""

    def __init__(self) -> None:
        self._pipe: int | None = None

    def __call__(self, kind: bytes, job: str) -> None:
        if self._pipe is None:  # after the fork: an engine's children each open their own
            self._pipe = os.open(os.environ[ENVIRONMENT], os.O_WRONLY)
        os.write(self._pipe, _MARK.pack(kind, job.encode(), time.monotonic()))


class Reader:
    """In the benchmark. Seconds are of ``time.monotonic``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._held = os.open(path, os.O_WRONLY)  # so that it never ends, whoever leaves
        fcntl.fcntl(self._pipe, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE_BYTES)
        self._rest = b""
        self.at: dict[tuple[bytes, str], list[float]] = {}

    def close(self) -> None:
        os.close(self._pipe)
        os.close(self._held)

    def read(self, seconds: float) -> list[tuple[bytes, str]]:
        """Take what is there; wait for something at most ``seconds``. Returns the new marks."""
        if not select.select([self._pipe], [], [], seconds)[0]:
            return []
        with contextlib.suppress(BlockingIOError):
            self._rest += os.read(self._pipe, _PIPE_BYTES)
        whole = len(self._rest) - len(self._rest) % _MARK.size
        new = []
        for kind, job, moment in _MARK.iter_unpack(self._rest[:whole]):
            new.append((kind, job.rstrip(b"\0").decode()))
            self.at.setdefault(new[-1], []).append(moment)
        self._rest = self._rest[whole:]
        return new


@contextlib.contextmanager
def pipe() -> Iterator[Reader]:
    """A reader of a new pipe; workers started inside find it in the environment."""
    with tempfile.TemporaryDirectory(prefix="procession-bench-") as folder:
        path = Path(folder) / "marks"
        os.mkfifo(path, 0o600)
        os.environ[ENVIRONMENT] = str(path)
        reader = Reader(path)
        try:
            yield reader
        finally:
            reader.close()
            del os.environ[ENVIRONMENT]
