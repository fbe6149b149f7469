"""What a process without an API answers: whether it lives, whether it is ready, and its metrics."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from procession.http.api import health, metrics
from procession.wiring import Process

PATHS = ("/livez", "/readyz", "/metrics")


def create_probes(process: Process) -> Starlette:
    """``/livez``, ``/readyz`` and ``/metrics``: nothing of a tenant, so no key is asked for."""

    async def livez(_: Request) -> Response:
        return await health.livez()

    async def readyz(_: Request) -> Response:
        return await health.of_process(process)

    async def scraped(_: Request) -> Response:
        return await metrics.metrics()

    answers = zip(PATHS, (livez, readyz, scraped), strict=True)
    return Starlette(routes=[Route(path, answer, methods=["GET"]) for path, answer in answers])
