"""Live updates as server-sent events, read from the journal: an analysis's own stream, and a tenant's changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from procession.dispatch.changes import WATCH_SECONDS_MAX
from procession.domain.analysis import TERMINAL
from procession.domain.event import Event
from procession.domain.principal import Principal
from procession.http import sse
from procession.http.api.analyses import AnalysisId
from procession.http.context import App, Asker
from procession.services.views import AnalysisView

COALESCE_SECONDS = 1.0
"""A tenant's stream says `changed` at most this often."""
TENANT_EVENTS_READ = 1000
RETRY_MILLISECONDS = 2000
After = Annotated[int | None, Query(ge=0, description="resume after this event id; `Last-Event-ID` goes before")]


async def analysis_events(
    request: Request, application: App, asker: Asker, analysis_id: AnalysisId, after: After = None
) -> Response:
    """`state`, `progress` and `result` events; ids are the analysis's version. Ends after `result`.

    204 when the `result` of a finished analysis was received already: a browser stops reconnecting then.
    """
    seen = sse.resume_after(request, after) or 0
    view = await application.analyses.get(asker, analysis_id)
    if view.status in TERMINAL and seen == view.version:
        return Response(status_code=204)
    seen = seen if seen <= view.version else 0  # an id from another life of this server: start over
    streams: sse.Streams = request.app.state.streams
    return streams.answer(_of_analysis(application, asker, analysis_id, seen))


async def _of_analysis(application: App, asker: Principal, analysis_id: str, seen: int) -> AsyncIterator[bytes]:
    last_progress: Any = None
    while True:
        async with _watching(application, f"analysis:{analysis_id}", WATCH_SECONDS_MAX) as changed:
            view = await application.analyses.get(asker, analysis_id)
            finished = view.status in TERMINAL
            for event in await application.analyses.events(asker, analysis_id, seen):
                # the last state of a finished analysis carries no id: whoever resumes before `result` gets it again
                last = finished and event.version == view.version
                yield sse.frame("state", _state(event), None if last else event.version, RETRY_MILLISECONDS)
                seen = event.version
            if seen > view.version:
                continue
            if finished:
                yield sse.frame("result", view.model_dump(mode="json"), view.version)
                return
            progress = _progress(view)
            if progress != last_progress:
                yield sse.frame("progress", progress)
                last_progress = progress
            await changed


@asynccontextmanager
async def _watching(application: App, key: str, seconds: float) -> AsyncIterator[asyncio.Task[bool]]:
    """Listening starts before reading, so a change between reading and waiting wakes the reader at once."""
    changed = asyncio.create_task(application.analyses.changes.wait(key, seconds))
    await asyncio.sleep(0)  # let the task register itself
    try:
        yield changed
    finally:
        changed.cancel()
        await asyncio.gather(changed, return_exceptions=True)


def _state(event: Event) -> dict[str, Any]:
    return {
        "id": event.aggregate_id,
        "type": event.type,
        "version": event.version,
        "status": event.data.get("state"),
        "stage": event.data.get("stage"),
        "at": event.occurred_at.isoformat(),
    }


def _progress(view: AnalysisView) -> dict[str, Any]:
    return {
        "id": view.id,
        "status": view.status,
        "stage": view.stage,
        "progress": view.progress.model_dump(mode="json"),
        "seconds_left": view.seconds_left,
    }


async def tenant_events(request: Request, application: App, asker: Asker, after: After = None) -> Response:
    """`changed` events, at most one a second, naming the analyses, forms and batches that changed. Never ends.

    Without an id to resume from, it starts with what happens next.
    """
    seen = sse.resume_after(request, after)
    if seen is None:
        seen = await application.analyses.latest_sequence(asker)
    streams: sse.Streams = request.app.state.streams
    return streams.answer(_of_tenant(application, asker, seen))


async def _of_tenant(application: App, asker: Principal, seen: int) -> AsyncIterator[bytes]:
    yield sse.frame("ready", {}, seen, RETRY_MILLISECONDS)
    while True:
        async with _watching(application, f"tenant:{asker.tenant}", WATCH_SECONDS_MAX) as changed:
            events = await application.analyses.tenant_events(asker, seen, TENANT_EVENTS_READ)
            if not events:
                await changed
                continue
        seen = events[-1].sequence or seen
        yield sse.frame("changed", _changed(events), seen)
        await asyncio.sleep(COALESCE_SECONDS)


def _changed(events: list[Event]) -> dict[str, list[str]]:
    """Ids by kind, each once, in order of their last change."""
    named: dict[str, dict[str, None]] = {}
    for event in events:
        ids = named.setdefault(event.aggregate_type, {})
        ids.pop(event.aggregate_id, None)
        ids[event.aggregate_id] = None
    return {kind: list(ids) for kind, ids in named.items()}
