"""A store that says yes to everything, or to nothing: what an S3-compatible server may do to us."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Careless:
    """Keeps objects in memory and ignores conditions. ``failing`` answers are 503; ``silent`` gives none at all."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    failing: int = 0
    """How many of the next requests fail; they may have taken effect (``lossy``)."""
    lossy: bool = False
    conditional: bool = False
    """Whether If-None-Match is honoured after all."""
    silent: threading.Event = field(default_factory=threading.Event)
    """While set, requests wait until it is cleared."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def running() -> Iterator[Careless]:
    store = Careless()
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.send_header("etag", '"0"')
            self.send_header("last-modified", "Wed, 25 Nov 2026 16:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            store.requests.append(f"{self.command} {self.path}")
            if store.silent.is_set():
                released.wait(60)
            fails = store.failing > 0
            store.failing -= fails
            if fails and not store.lossy:
                self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
                return
            there = self.path in store.objects
            status, told = 200, b""
            if self.command == "PUT":
                if store.conditional and there and self.headers.get("if-none-match") == "*":
                    status = 412
                else:
                    store.objects[self.path] = body
            elif self.command == "DELETE":
                store.objects.pop(self.path, None)
                status = 204
            else:
                status, told = (
                    (200, store.objects[self.path]) if there else (404, b"<Error><Code>NoSuchKey</Code></Error>")
                )
            self._answer(503 if fails else status, told)

        do_GET = do_PUT = do_DELETE = do_POST = _handle  # noqa: N815 the base class's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        released.set()
        server.shutdown()
        server.server_close()
