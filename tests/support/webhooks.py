"""A receiver of webhooks: a real server on this machine that remembers what came and answers as it is told."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.certificates import Certificates


@dataclass(frozen=True)
class Came:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]


@dataclass
class Receiver:
    """``answer``: status for a request; it may wait, for it has a thread of its own."""

    server: ThreadingHTTPServer
    secure: bool = False
    came: list[Came] = field(default_factory=list)
    answer: Callable[[Came], int] = lambda _: 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    connections: int = 0
    at_once: int = 0
    at_once_max: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, path: str = "/hook") -> str:
        return f"http{'s' if self.secure else ''}://localhost:{self.port}{path}"

    def ids(self) -> list[str]:
        return [one.id for one in list(self.came)]

    def await_count(self, count: int, seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while len(self.came) < count:
            assert time.monotonic() < ends, f"{len(self.came)} of {count} webhooks came"
            time.sleep(0.01)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def setup(self) -> None:
        super().setup()
        self.receiver.connections += 1

    def do_POST(self) -> None:
        on = self.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        one = Came(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        with on.lock:
            on.came.append(one)
            on.at_once += 1
            on.at_once_max = max(on.at_once_max, on.at_once)
        try:
            status = on.answer(one)
        finally:
            with on.lock:
                on.at_once -= 1
        self.send_response(status)
        for name, value in on.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(on.content)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(on.content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """A sender that was killed, or refused our certificate, is no error of ours."""


@contextlib.contextmanager
def receiving(certificates: Certificates | None = None) -> Iterator[Receiver]:
    """With ``certificates``: over TLS."""
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server, certificates.server_key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = handler.receiver = Receiver(server, certificates is not None)  # type: ignore[attr-defined]
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), name="webhook-receiver", daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
