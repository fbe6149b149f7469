"""``/v1/queue``: how much is waiting, and who works on it."""

from __future__ import annotations

from starlette.responses import Response

from procession.http.context import App, Asker


async def queue(application: App, asker: Asker) -> Response:
    """Work that is ready, deferred and running by priority, against each class's objective, and the workers."""
    view = await application.queue.view(asker)
    return Response(view.model_dump_json(), media_type="application/json")
