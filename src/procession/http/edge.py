"""The outermost layer: trace ids, host and origin checks, body limits, security headers, one log line each, 500s."""

from __future__ import annotations

import os
import re
import time
import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from procession.domain.errors import Internal, ProcessionError, TooLarge
from procession.http import problems
from procession.http.auth import check_host, check_origin
from procession.services.traffic import Traffic
from procession.settings import Settings
from procession.telemetry import metrics

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # not `no-referrer`: browsers would then send `Origin: null` with our own pages' forms
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
UPLOAD_PATHS = frozenset({"/v1/analyses", "/v1/batches"})
"""These count their own bodies (``procession.http.uploads``)."""
GIVES_UP_READING = frozenset({413, 429})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$")

log = structlog.get_logger("procession.http")


def trace_id_of(traceparent: str | None) -> str:
    """The caller's trace id (W3C Trace Context), or a fresh one."""
    found = _TRACEPARENT.match(traceparent or "")
    if found and not traceparent.startswith("ff") and set(found[1]) != {"0"}:  # type: ignore[union-attr]
        return found[1]
    return os.urandom(16).hex()


class Edge:
    """Pure ASGI, so that streams stay streams."""

    def __init__(
        self, app: ASGIApp, settings: Settings, error_page: problems.ErrorPage, traffic: Traffic | None = None
    ) -> None:
        self._app = app
        self._traffic = traffic or Traffic()
        self._error_page = error_page
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.trace_id = trace_id_of(request.headers.get("traceparent"))
        answer = _Answer(scope, send, request.state.trace_id)
        started = time.perf_counter()

        async def noticing() -> Message:
            message = await receive()
            answer.body_is_read = answer.body_is_read or not message.get("more_body", False)
            return message

        try:
            await self._serve(request, answer, noticing)
        finally:
            self._traffic.requests += 1
            self._traffic.bytes_sent += answer.bytes_sent
            _account(scope, answer, time.perf_counter() - started)

    async def _serve(self, request: Request, answer: _Answer, receive: Receive) -> None:
        try:
            check_host(request, self._settings)
            check_origin(request, self._settings)
            limited = receive if request.scope["path"] in UPLOAD_PATHS else self._limited(request, receive)
            await self._app(request.scope, limited, answer.send)
        except Exception as error:
            ours = error if isinstance(error, ProcessionError) else Internal()
            if not isinstance(error, ProcessionError):
                # places only: an exception's own words may hold what a person wrote
                places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
                log.error("request_crashed", error=type(error).__name__, at=places[-8:], trace_id=answer.trace_id)
            if answer.status is None:
                reply = problems.answer(request, ours, self._error_page)
                await reply(request.scope, receive, answer.send)

    def _limited(self, request: Request, receive: Receive) -> Receive:
        """Raises TooLarge for a declared length past the limit, and while reading for one that was not declared."""
        most = self._settings.http.request_bytes_max
        refusal = TooLarge(f"A request's body may have {most} bytes at most.")
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > most:
            raise refusal
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise refusal
            return message

        return counted


class _Answer:
    """Watches the answer go out and completes its headers."""

    def __init__(self, scope: Scope, send: Send, trace_id: str) -> None:
        self.status: int | None = None
        self.is_stream = False
        self.bytes_sent = 0
        """Of the body."""
        self.body_is_read = False
        self.trace_id = trace_id
        self._scope = scope
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            self.is_stream = headers.get("content-type", "").startswith("text/event-stream")
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            if self.status in GIVES_UP_READING and not self.body_is_read:
                headers["Connection"] = "close"  # the server would go on swallowing a body nobody wants
            headers.setdefault("Cache-Control", "no-store")
            headers.setdefault("X-Trace-Id", self.trace_id)
            if self._scope.get("scheme") == "https":
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        elif message["type"] == "http.response.body":
            self.bytes_sent += len(message.get("body", b""))
        await self._send(message)


def _account(scope: Scope, answer: _Answer, seconds: float) -> None:
    """One log line and one measurement."""
    # the route's template, never the path: paths hold ids and the couples' form tokens
    route = getattr(scope.get("route"), "path", "(none)")
    if not answer.is_stream:
        method = scope["method"] if scope["method"] in METHODS else "other"  # anyone may send any word
        metrics.HTTP_SECONDS.labels(method, route, f"{(answer.status or 500) // 100}xx").observe(seconds)
    log.info(
        "request",
        method=scope["method"],
        route=route,
        status=answer.status,
        milliseconds=round(seconds * 1000, 1),
        trace_id=answer.trace_id,
    )
