"""The roles as processes, the servers they stand on, and clients that remember what was acknowledged."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.report import NotMeasured
from tests.faults.engine import a_pdf
from tests.faults.harness import Client, Launcher, answers, call, free_port, upload
from tests.support.webhooks import Receiver, receiving

HANG_SECONDS = 120.0
CLIENTS = 4
CLIENT_PAUSE_SECONDS = 0.3
"""Their documents are of the standard class, the probes urgent: what is timed is the fault, not the backlog."""
RESULTS = ("analysis.completed", "analysis.review_required", "analysis.failed")
ENDS = (*RESULTS, "analysis.cancelled")
"""Of these the receiver of webhooks is told."""
ENDED = {"completed", "requires_review", "failed", "cancelled"}


@dataclass
class Role:
    command: str
    launcher: Launcher
    data: Path
    more: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    pid: int = 0

    def start(self) -> None:
        self.pid = self.launcher.start_role(self.command, self.data, self.port, *self.more)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, how)
        until(lambda: not psutil.pid_exists(self.pid), f"{self.command} {self.pid} ends")

    def ready(self) -> bool:
        return bool(answers(self.port))


class Fleet:
    """An api, two workers and maintenance. The first worker reaches every service through what may be cut.

    ``receiver`` is told of every end by webhooks.
    """

    def __init__(
        self, folder: Path, common: dict[str, str], of_first_worker: dict[str, str], receiver: Receiver
    ) -> None:
        self.receiver = receiver
        data, log = folder / "data", folder / "log"
        self.log = log
        self._launchers = [Launcher(log, **common), Launcher(log, **{**common, **of_first_worker})]
        plain, first = self._launchers
        self.api = Role("api", plain, data)
        self.first = Role("worker", first, data, ("--slots", "2"))
        self.second = Role("worker", plain, data, ("--slots", "2"))
        self.maintenance = Role("maintenance", plain, data)
        self.roles = [self.api, self.first, self.second, self.maintenance]
        self.clients: list[Client] = []

    def start(self) -> None:
        for role in self.roles:
            role.start()
        for role in self.roles:
            until(role.ready, f"{role.command} starts; {self.tail()}")
        body = json.dumps({"url": self.receiver.url(), "events": ENDS}).encode()
        status, made = call(self.api.port, "POST", "/v1/webhooks", body, Content_Type="application/json")
        if status != 201:
            raise NotMeasured(f"no webhook could be made: {made}")
        self.clients = [
            Client(f"client-{number}", self.api.port, CLIENT_PAUSE_SECONDS, "standard") for number in range(CLIENTS)
        ]
        for client in self.clients:
            client.start()

    def probe(self, name: str, seconds: float = HANG_SECONDS) -> float:
        """Uploads one more document, insisting, and waits for its end. Returns when (monotonic) it was done."""
        deadline = time.monotonic() + seconds
        made = None
        while True:
            if time.monotonic() > deadline:
                raise NotMeasured(f"after {name} nothing ended within {seconds:.0f} s; {self.tail()}")
            try:
                if made is None:
                    status, answer = upload(self.api.port, a_pdf(name), name)
                    made = answer["id"] if status in (200, 202) else None
                elif call(self.api.port, "GET", f"/v1/analyses/{made}?wait=5")[1].get("status") in ENDED:
                    return time.monotonic()
            except (OSError, http.client.HTTPException, ValueError):
                pass
            time.sleep(0.02)

    def settle(self) -> None:
        """The clients stop, everything that was taken ends and is told, as far as it is told at all."""
        for client in self.clients:
            client.stop()
        until(self._idle, f"everything ends; {self.tail()}", 3 * HANG_SECONDS)
        with contextlib.suppress(NotMeasured):  # then the verdict counts what is missing
            until(lambda: not self.untold(), "everything is told")

    def close(self) -> None:
        for client in self.clients:
            client._stop_asked.set()
        for role in self.roles:
            if role.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(role.pid, signal.SIGCONT)
                    os.kill(role.pid, signal.SIGKILL)
        for launcher in self._launchers:
            launcher.close()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:] if self.log.exists() else ""

    def acknowledged(self) -> dict[str, str]:
        """Key -> analysis id."""
        return {key: made for client in self.clients for key, made in client.acknowledged.items()}

    def told(self) -> dict[str, set[str]]:
        """Analysis id -> ids of the webhooks that told of its end."""
        found: dict[str, set[str]] = {}
        for one in list(self.receiver.came):
            found.setdefault(one.told["data"]["id"], set()).add(one.id)
        return found

    def untold(self) -> set[str]:
        """Acknowledged analyses of whose end no webhook came."""
        return set(self.acknowledged().values()) - self.told().keys()

    def _idle(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            _, queue = call(self.api.port, "GET", "/v1/queue")
            return bool(sum(one["ready"] + one["deferred"] + one["running"] for one in queue["classes"]) == 0)
        return False


@contextlib.contextmanager
def running(folder: Path, common: dict[str, str], of_first_worker: dict[str, str]) -> Iterator[Fleet]:
    folder.mkdir(parents=True, exist_ok=True)
    with receiving() as receiver:
        allowed = {"PROCESSION_WEBHOOKS__LOOPBACK_HTTP": "true"}
        fleet = Fleet(folder, {**common, **allowed}, of_first_worker, receiver)
        try:
            fleet.start()
            yield fleet
        finally:
            fleet.close()


def until(condition: Any, what: str, seconds: float = HANG_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotMeasured(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


@dataclass(frozen=True)
class Verdict:
    """What must be nought, but for ``acknowledged``, ``webhooks`` (that came) and ``webhooks_repeated``.

    ``failed``: analyses whose attempts were used up, or whose documents were refused. ``doubled``: analyses with two
    results, or of whose one end two webhooks told, under two ids. ``untold``: ends no webhook told of.
    ``webhooks_repeated``: sent once more under the same id, as is documented: their sender was killed or cut off
    between the answer and its record.
    """

    acknowledged: int
    lost: int
    doubled: int
    unended: int
    failed: int
    gaps: int
    refused: int
    untold: int
    webhooks: int
    webhooks_repeated: int


def judge(database: psycopg.Connection, fleet: Fleet) -> Verdict:
    """Reads rows and journal past the service, which could be wrong about itself."""
    rows: dict[str, tuple[str, int]] = {
        one: (state, version)
        for one, state, version in database.execute("SELECT id, state, version FROM analyses").fetchall()
    }
    versions: dict[str, list[int]] = {}
    results: dict[str, int] = {}
    for one, version, kind in database.execute(
        "SELECT aggregate_id, version, type FROM events WHERE aggregate_type = 'analysis' "
        "ORDER BY aggregate_id, version"
    ).fetchall():
        versions.setdefault(one, []).append(version)
        results[one] = results.get(one, 0) + (kind in RESULTS)
    acknowledged = fleet.acknowledged()
    shared = len(acknowledged) - len(set(acknowledged.values()))
    told, came = fleet.told(), fleet.receiver.ids()
    return Verdict(
        acknowledged=len(acknowledged),
        lost=len(set(acknowledged.values()) - rows.keys()),
        doubled=sum(times > 1 for times in results.values())
        + shared
        + sum(len(ids) > 1 for ids in told.values())
        + sum(len(client.doubled) for client in fleet.clients),
        unended=sum(state not in ENDED for state, _ in rows.values()),
        failed=sum(state == "failed" for state, _ in rows.values()),
        gaps=sum(versions.get(one, []) != list(range(1, version + 1)) for one, (_, version) in rows.items()),
        refused=sum(len(client.refused) for client in fleet.clients),
        untold=len(fleet.untold()),
        webhooks=len(came),
        webhooks_repeated=len(came) - len(set(came)),
    )
