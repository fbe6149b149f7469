"""The fake provider on a port."""

from __future__ import annotations

import socket

import uvicorn

from procession.ai.fake.app import create_app
from procession.ai.fake.provider import FakeProvider


class Server(uvicorn.Server):
    """Run with ``await server.run_until_stopped([listener])``; stop by setting ``should_exit``."""

    def __init__(self, provider: FakeProvider) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(provider),
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,  # requests that never answer would hold it for ever
            )
        )

    async def run_until_stopped(self, sockets: list[socket.socket]) -> None:
        """``serve`` without signal handlers, which are the caller's."""
        await self._serve(sockets)
