"""A network that can be cut: a TCP relay on loopback between one process and one service."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK_BYTES = 65_536


class Proxy:
    """While ``cut``, nothing passes and nothing is closed, as when packets are lost; new connections wait too.

    ``delay_seconds``: how long everything is on its way, each way; opening a connection takes two ways.
    """

    def __init__(self, target_port: int, delay_seconds: float = 0.0) -> None:
        self._target = target_port
        self._delay = delay_seconds
        self.port = 0
        self._passes = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"proxy-{target_port}")
        self._stop = asyncio.Event()
        self._relays: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._passes.clear)

    def heal(self) -> None:
        self._loop.call_soon_threadsafe(self._passes.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._passes.set()
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for relay in list(self._relays):
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            await asyncio.sleep(2 * self._delay)
            await self._passes.wait()
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            with contextlib.suppress(OSError):
                await asyncio.gather(self._relay(reader, back), self._relay(there, writer))
        except OSError:
            pass  # the service is down: so is this connection
        except asyncio.CancelledError:
            pass
        finally:
            self._relays.discard(task)
            writer.close()

    async def _relay(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(on_its_way, sink))
        try:
            while data := await source.read(CHUNK_BYTES):
                on_its_way.put_nowait((self._loop.time() + self._delay, data))
        finally:
            on_its_way.put_nowait((self._loop.time() + self._delay, b""))
            await arriving

    async def _arrive(self, on_its_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        try:
            while True:
                due, data = await on_its_way.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                await self._passes.wait()  # that one side ended is not heard through a cut either
                if not data:
                    return
                sink.write(data)
                await sink.drain()
        finally:
            sink.close()


@contextmanager
def proxied(target_port: int, delay_seconds: float = 0.0) -> Iterator[Proxy]:
    proxy = Proxy(target_port, delay_seconds)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.heal()
        proxy.stop()
