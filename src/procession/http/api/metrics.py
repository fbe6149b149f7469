"""``/metrics`` for Prometheus. Names, units and help stand in ``procession.telemetry.metrics``."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.responses import Response


async def metrics() -> Response:
    """Prometheus text format."""
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})
