"""A really started ``procession up`` with a data folder of its own, and the plainest client for it.

``http.client`` on one connection: the client shares the machine with the service, so it must cost next to nothing.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from bench.report import NotMeasured

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0
CONNECTIONS = 4
FINISHED = {"completed", "requires_review"}
TERMINAL = FINISHED | {"failed", "cancelled"}


class Client:
    def __init__(self, port: int, *pids: int) -> None:
        """``pids``: the service's processes."""
        self._port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        self._pids = pids

    def close(self) -> None:
        self._connection.close()

    def cpu_seconds(self) -> float:
        """What the service used so far: its processes, their sandboxes' servers, and every child that has ended."""
        parents = [psutil.Process(pid) for pid in self._pids]
        times = [process.cpu_times() for parent in parents for process in (parent, *parent.children())]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """``headers``: a body is a PDF unless they say otherwise."""
        try:
            response = self._exchange(method, path, body, headers)
        except ConnectionError:
            if method != "GET":
                raise
            response = self._exchange(
                method, path, body, headers
            )  # the service closes connections idle for some seconds
        payload = response.read()
        if response.status >= 400:
            raise NotMeasured(f"{method} {path} answered {response.status}: {payload[:300]!r}")
        loaded: dict[str, Any] = json.loads(payload)
        return loaded

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str] | None
    ) -> http.client.HTTPResponse:
        usual = {"Content-Type": "application/pdf"} if body is not None else {}
        self._connection.request(method, path, body, usual | (headers or {}))
        return self._connection.getresponse()

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        return self.call("POST", f"/v1/analyses?file_name={quote(name)}", data)

    def upload_all(self, documents: list[tuple[str, bytes]]) -> set[str]:
        """The analyses' ids. Several connections, as several suppliers have; each sends one file after the other."""

        def send(share: list[tuple[str, bytes]]) -> list[str]:
            client = Client(self._port)
            return [client.upload(name, data)["id"] for name, data in share]

        with ThreadPoolExecutor(CONNECTIONS) as senders:
            sent = list(senders.map(send, (documents[start::CONNECTIONS] for start in range(CONNECTIONS))))
        return {one for share in sent for one in share}

    def wait(self, analysis_id: str) -> dict[str, Any]:
        """Raises NotMeasured when the analysis did not end well."""
        view = self.call("GET", f"/v1/analyses/{analysis_id}?wait=60")
        if view["status"] not in FINISHED:
            raise NotMeasured(f"analysis of an example is {view['status']}: {view.get('error')}")
        return view

    def waiting(self) -> int:
        """Analyses that are ready, deferred or running."""
        classes = self.call("GET", "/v1/queue")["classes"]
        return sum(c["ready"] + c["deferred"] + c["running"] for c in classes)

    def views(self) -> Iterator[dict[str, Any]]:
        """Every analysis, newest first."""
        cursor = None
        while True:
            page = self.call("GET", "/v1/analyses?limit=200" + (f"&cursor={quote(cursor)}" if cursor else ""))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return


@contextmanager
def running(workers: int) -> Iterator[Client]:
    """The service, ready; stopped and its data removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="procession-bench-"))
    port = _free_port()
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [*_command(), "up", "--data", str(folder / "data"), "--port", str(port), "--workers", str(workers)],
        stdout=log,
        stderr=log,
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith("PROCESSION_")},
    )
    try:
        _until_ready(process, port, folder / "log")
        yield Client(port, process.pid)
        if process.poll() is not None:
            raise NotMeasured(f"the service ended with {process.returncode}: {_tail(folder / 'log')}")
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _command() -> list[str]:
    beside = Path(sys.executable).parent / "procession"
    if not beside.exists():
        raise NotMeasured(f"{beside} is missing: run `make setup`")
    return [str(beside)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotMeasured(f"the service did not start: {_tail(log)}")
        try:
            Client(port).call("GET", "/readyz")
        except (OSError, http.client.HTTPException, NotMeasured, ValueError):
            time.sleep(0.1)
        else:
            return
    raise NotMeasured(f"the service was not ready within {START_SECONDS_MAX:.0f} s: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-600:]
