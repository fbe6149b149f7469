"""A server to be killed, and the clients that remember what it acknowledged."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.faults.engine import a_pdf

ROOT = Path(__file__).parents[2]
ENDED = {"completed", "requires_review", "failed", "cancelled"}


class Launcher:
    """Starts ``procession up``, or another server command, in milliseconds."""

    def __init__(self, log: Path, **environment: str) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("PROCESSION_")}
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"],
            cwd=ROOT,
            env={**env, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._line()

    def start(self, data: Path, port: int, *more: str) -> int:
        """Process id of a new ``procession up``."""
        return self.start_role("up", data, port, *more)

    def start_role(self, command: str, data: Path, port: int, *more: str) -> int:
        """Process id of a new server."""
        assert self._process.stdin is not None
        arguments = [command, "--data", str(data), "--port", str(port), *more]
        self._process.stdin.write(json.dumps(arguments).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._line())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._log.close()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def call(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """(status, JSON). Raises OSError or HTTPException while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        payload = response.read()
        return response.status, json.loads(payload) if payload else None
    finally:
        connection.close()


def upload(port: int, data: bytes, key: str | None = None, priority: str = "urgent") -> tuple[int, Any]:
    headers = {"Content_Type": "application/pdf", **({"Idempotency_Key": key} if key else {})}
    return call(port, "POST", f"/v1/analyses?file_name=form.pdf&priority={priority}", data, **headers)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return call(port, "GET", "/livez")[0] == 200
    return False


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
    until(lambda: gone(pid), 30, f"process {pid} ends")


def every_view(port: int) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        _, page = call(port, "GET", f"/v1/analyses?limit=200{cursor}")
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


class Client(threading.Thread):
    """Uploads one document after another, each until it is acknowledged, repeating it under the same key."""

    def __init__(self, name: str, port: int, pause_seconds: float, priority: str = "urgent") -> None:
        super().__init__(name=name, daemon=True)
        self._port = port
        self._pause = pause_seconds
        self._priority = priority
        self._stop_asked = threading.Event()
        self.acknowledged: dict[str, str] = {}
        """Key -> analysis id."""
        self.doubled: list[str] = []
        self.refused: list[Any] = []

    def run(self) -> None:
        number = 0
        while not self._stop_asked.wait(self._pause):
            number += 1
            key = f"{self.name}-{number}"
            self._upload(key, a_pdf(key))

    def stop(self) -> None:
        self._stop_asked.set()
        self.join(60)
        assert not self.is_alive()

    def _upload(self, key: str, data: bytes) -> None:
        while True:
            try:
                status, answer = upload(self._port, data, key, self._priority)
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = 0, None
            if status in (200, 202):
                if self.acknowledged.setdefault(key, answer["id"]) != answer["id"]:
                    self.doubled.append(key)
                return
            if status and status not in (409, 429, 503):
                self.refused.append((status, answer))
                return
            if self._stop_asked.wait(0.02):
                return
