"""Server-sent events: frames, heartbeats, a bounded number of streams, and an end when the server drains."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from procession.domain.errors import InvalidRequest, OverCapacity, ProcessionError
from procession.telemetry import metrics

HEARTBEAT = b": \n\n"


def frame(event: str, data: Any, event_id: int | None = None, retry_milliseconds: int | None = None) -> bytes:
    """One event. ``data`` becomes one line of JSON, so no line of it can pass for a field of the stream."""
    lines = [f"event: {event}", f"data: {json.dumps(data, separators=(',', ':'))}"]
    if event_id is not None:
        lines.append(f"id: {event_id}")
    if retry_milliseconds is not None:
        lines.append(f"retry: {retry_milliseconds}")
    return ("\n".join(lines) + "\n\n").encode()


def resume_after(request: Request, after: int | None) -> int | None:
    """Where to go on: ``Last-Event-ID`` (a browser's reconnect) before ``?after=``. Raises InvalidRequest."""
    header = request.headers.get("last-event-id")
    if header is None or header == "":
        return after
    if not (header.isascii() and header.isdigit() and len(header) < 19):
        raise InvalidRequest("Last-Event-ID is the `id` of the last event received, a whole number.")
    return int(header)


class Streams:
    """Open event streams of this process. ``close`` ends them all, for a drain."""

    def __init__(self, most: int, heartbeat_seconds: float) -> None:
        self._most = most
        self._heartbeat_seconds = heartbeat_seconds
        self._open: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def open(self) -> int:
        return len(self._open)

    def close(self) -> None:
        self._closed = True
        for task in self._open:
            task.cancel()

    def answer(self, events: AsyncIterator[bytes]) -> StreamingResponse:
        """Raises OverCapacity when too many streams are open."""
        if self._closed or len(self._open) >= self._most:
            raise OverCapacity("Too many live views are open. Reading the page again works meanwhile.", retry_after=5)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=64)
        # a task of its own: heartbeats go out while the source waits, and closing cancels it wherever it stands
        task = asyncio.create_task(_pump(events, queue))
        self._open.add(task)
        task.add_done_callback(self._left)
        metrics.EVENT_STREAMS.inc()
        return _EventResponse(queue, task, self._heartbeat_seconds)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        metrics.EVENT_STREAMS.dec()


async def _pump(events: AsyncIterator[bytes], queue: asyncio.Queue[bytes | None]) -> None:
    """Ends the queue with None, whatever ends the source; a source whose subject is gone just ends."""
    try:
        async for event in events:
            await queue.put(event)
    except ProcessionError:
        return
    finally:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(None)


class _EventResponse(StreamingResponse):
    def __init__(self, queue: asyncio.Queue[bytes | None], task: asyncio.Task[None], heartbeat_seconds: float) -> None:
        self._queue = queue
        self._task = task
        self._heartbeat_seconds = heartbeat_seconds
        super().__init__(self._frames(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _frames(self) -> AsyncIterator[bytes]:
        yield HEARTBEAT  # headers and a first byte at once, through any proxy
        while True:
            try:
                async with asyncio.timeout(self._heartbeat_seconds):
                    event = await self._queue.get()
            except TimeoutError:
                yield HEARTBEAT
                continue
            if event is None:
                break
            yield event
        if self._task.done() and not self._task.cancelled():
            self._task.result()  # a defect in the source is logged like any other
