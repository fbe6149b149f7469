"""A really started server: the whole application on a free port over a folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from procession import wiring
from procession.client import Client
from procession.http.app import create_app
from procession.http.serve import Server
from procession.http.uploads import InFlight
from procession.sandbox.client import Sandbox
from procession.settings import Settings
from procession.telemetry import logs

T = TypeVar("T")
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


@dataclass(frozen=True)
class RunningServer:
    """``application`` lives on ``loop``, in the server's own thread: reach it through ``call``."""

    base_url: str
    application: wiring.Application
    loop: asyncio.AbstractEventLoop
    server: Server

    @property
    def in_flight(self) -> InFlight:
        """The upload bytes it holds in memory."""
        held: InFlight = self.server.config.app.state.in_flight  # type: ignore[union-attr]
        return held

    def stop(self) -> None:
        """Tell it to drain; leaving ``running`` waits until it has."""
        self.server.should_exit = True

    def client(self, key: str | None = None, **options: Any) -> Client:
        return Client(self.base_url, key, **options)

    def call(self, make: Callable[[], Any]) -> Any:
        """Run the coroutine that ``make`` returns on the server's loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(make(), self.loop).result(START_SECONDS_MAX)


@contextlib.contextmanager
def running(settings: Settings, *, working: bool = True, sandbox: Sandbox | None = None) -> Iterator[RunningServer]:
    """Start everything ``procession up`` starts. Without ``working``, uploads stay pending.

    ``sandbox`` may hold another engine, where documents are not what is tested.
    """
    logs.configure("text", "warning")  # to stderr: commands under test own stdout
    listener = socket.create_server((settings.http.host, 0))
    port = listener.getsockname()[1]
    ready: Future[tuple[wiring.Application, asyncio.AbstractEventLoop, Server]] = Future()
    thread = threading.Thread(
        target=_run, args=(settings, listener, working, sandbox, ready), name="server", daemon=True
    )
    thread.start()
    application, loop, server = ready.result(START_SECONDS_MAX)
    try:
        yield RunningServer(f"http://{settings.http.host}:{port}", application, loop, server)
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS_MAX)
        listener.close()
        assert not thread.is_alive(), "the server did not stop"


def _run(
    settings: Settings, listener: socket.socket, working: bool, sandbox: Sandbox | None, ready: Future[Any]
) -> None:
    async def serve() -> None:
        application = wiring.build(settings, sandbox=sandbox, working=working)
        await application.start()
        try:
            server = Server(create_app(application), settings)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:
                await asyncio.sleep(0.01)
                if serving.done():
                    await serving
            ready.set_result((application, asyncio.get_running_loop(), server))
            await serving
        finally:
            await application.stop()

    try:
        asyncio.run(serve())
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error)
