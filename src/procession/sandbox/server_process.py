"""The fork-server as its parent sees it: exec it clean, hand it requests, notice its end, start it again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from procession.domain.errors import Internal

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 5.0
KEPT_ENVIRONMENT = ("PATH", "TZ", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
"""All that is taken over. Everything else, secrets first, stays here."""
OWN_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    # a fork keeps one thread only: nobody may start others
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # each arena reserves 64 MiB of address space, which is limited
    "MALLOC_ARENA_MAX": "1",
}


class ServerProcess:
    """At most one running fork-server."""

    def __init__(self, verbs: str, import_paths: Sequence[Path], environ: Mapping[str, str] = os.environ) -> None:
        self._verbs = verbs
        package_root = Path(__file__).resolve().parents[2]
        kept = {name: environ[name] for name in KEPT_ENVIRONMENT if name in environ}
        paths = os.pathsep.join(str(path) for path in (package_root, *import_paths))
        self._environment = {**kept, **OWN_ENVIRONMENT, "PYTHONPATH": paths}
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def ensure(self) -> socket.socket:
        """The control socket of a warm server. Raises Internal when none comes up."""
        async with self._starting:
            if self._control is not None and self._process is not None and self._process.poll() is None:
                return self._control
            await self._end()
            return await self._launch()

    async def _launch(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-s", "-m", "procession.sandbox.forkserver", self._verbs, str(theirs.fileno())]
        with theirs:
            # a session of its own: Ctrl-C in the terminal is the parent's to handle
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - our own module; exec is quick
                command,
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        ours.setblocking(False)
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                ready = await asyncio.get_running_loop().sock_recv(ours, 1)
        except (TimeoutError, ConnectionError):
            ready = b""
        except BaseException:
            ours.close()
            await self._end()
            raise
        if not ready:
            ours.close()
            await self._end()
            raise Internal("The sandbox's server did not start. `procession doctor` may say why.")
        ours.setblocking(True)
        self._control = ours
        return ours

    def hand_over(self, control: socket.socket, request: socket.socket, watch: socket.socket) -> None:
        """Gives the server a child's two descriptors. Raises Internal when the server is gone."""
        try:
            socket.send_fds(control, [b"F"], [request.fileno(), watch.fileno()])
        except OSError:
            raise Internal("The sandbox's server ended; it is started again.") from None

    async def stop(self) -> None:
        async with self._starting:
            await self._end()

    async def _end(self) -> None:
        control, process = self._control, self._process
        self._control = self._process = None
        if control is not None:
            control.close()
        if process is None:
            return
        await asyncio.shield(asyncio.to_thread(_wait, process))


def _wait(process: subprocess.Popen[bytes]) -> None:
    """The server ends by itself when its control socket is closed; one that does not is killed."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS_MAX)
        return
    process.kill()
    process.wait()
