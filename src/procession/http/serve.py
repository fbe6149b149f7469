"""The web server around the application: uvicorn with our limits, and a drain that ends event streams first."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette

from procession.http.sse import Streams
from procession.settings import Settings

HEADER_BYTES_MAX = 32 * 1024
KEEP_ALIVE_SECONDS = 30
LISTEN_BACKLOG = 2048


class Server(uvicorn.Server):
    """Run with ``await server.serve()``; stop by setting ``should_exit``. Signals are the caller's business."""

    def __init__(self, app: Starlette, settings: Settings) -> None:
        self._streams: Streams | None = getattr(app.state, "streams", None)
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.http.host,
                port=settings.http.port,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",  # the services start before the port opens and stop after it closed
                log_config=None,
                access_log=False,  # the edge logs requests, without ids and tokens
                server_header=False,
                proxy_headers=False,  # no forwarded address is believed
                h11_max_incomplete_event_size=HEADER_BYTES_MAX,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                backlog=LISTEN_BACKLOG,
                timeout_graceful_shutdown=max(1, round(settings.worker.drain_seconds)),
            )
        )

    async def run_until_stopped(self, sockets: list[socket.socket]) -> None:
        """``serve`` without signal handlers, which are the caller's."""
        await self._serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._streams is not None:
            self._streams.close()  # they never end by themselves, and uvicorn waits for every answer
        await super().shutdown(sockets)
