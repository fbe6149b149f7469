"""The roles as processes on one PostgreSQL: work crosses from one to another, and outlives each of them."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import Launcher, answers, call, every_view, free_port, kill, until, upload
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]
HANG_SECONDS = 60
FOREVER = 600.0


@dataclass
class Fleet:
    """``workers``: process id -> port of its probes."""

    launcher: Launcher
    data: Path
    log: Path
    config: Path
    api: int
    database: str = ""
    api_pid: int = 0
    workers: dict[int, int] = field(default_factory=dict)

    def start_worker(self) -> int:
        port = free_port()
        pid = self.launcher.start_role("worker", self.data, port, "--slots", "1")
        self.workers[pid] = port
        until(lambda: answers(port), HANG_SECONDS, "the worker starts")
        return pid

    def end_worker(self, pid: int, how: signal.Signals) -> None:
        del self.workers[pid]
        kill(pid, how)

    def queue(self) -> dict[str, int]:
        return call(self.api, "GET", "/v1/queue")[1]["workers"]  # type: ignore[no-any-return]

    def view(self, analysis_id: str, wait: int = 0) -> dict[str, Any]:
        return call(self.api, "GET", f"/v1/analyses/{analysis_id}?wait={wait}")[1]  # type: ignore[no-any-return]

    def runs(self, analysis_id: str) -> bool:
        return bool(self.view(analysis_id)["status"] == "processing")

    def said(self, words: str) -> bool:
        return words in self.log.read_text()

    def settle(self) -> None:
        """Nothing of the test before is left, and two workers are there."""
        for view in every_view(self.api):
            if view["status"] in ("pending", "processing"):
                call(self.api, "POST", f"/v1/analyses/{view['id']}/cancel")
        while len(self.workers) < 2:
            self.start_worker()
        until(lambda: self.queue() == {"total": 2, "busy": 0, "available": 2}, HANG_SECONDS, "two workers are idle")


@pytest.fixture(scope="module")
def everything(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("roles")
    config = folder / "procession.toml"
    config.write_text("")
    database = postgres_server.migrated()
    launcher = Launcher(
        folder / "log",
        PROCESSION_DATABASE_URL=database.render_as_string(),
        PROCESSION_KEYS_URL=postgres_server.empty().render_as_string(),
        PROCESSION_KEYS__MASTER="ab" * 32,
        PROCESSION_CONFIG=str(config),
        PROCESSION_WORKER__LEASE_SECONDS="3",
        PROCESSION_WORKER__HEARTBEAT_SECONDS="0.4",
        PROCESSION_WORKER__DRAIN_SECONDS="4",
        PROCESSION_WORKER__RETRY_BASE_SECONDS="0.1",
        PROCESSION_QUEUE__RESCUE_SECONDS="0.3",
        PROCESSION_HTTP__EVENT_POLL_SECONDS="0.3",
        PROCESSION_LOG_FORMAT="json",
        NO_COLOR="1",
    )
    made = Fleet(launcher, folder / "data", folder / "log", config, free_port(), str(database.database))
    upkeep = free_port()
    others = []
    try:
        made.api_pid = launcher.start_role("api", made.data, made.api)
        others = [made.api_pid, launcher.start_role("maintenance", made.data, upkeep)]
        until(lambda: answers(made.api) and answers(upkeep), HANG_SECONDS, "api and maintenance start")
        yield made
    finally:
        for pid in (*made.workers, *others):
            kill(pid)
        launcher.close()


@pytest.fixture
def fleet(everything: Fleet) -> Fleet:
    everything.settle()
    return everything


def _cancel(fleet: Fleet, analysis_id: str) -> int:
    return call(fleet.api, "POST", f"/v1/analyses/{analysis_id}/cancel")[0]


def test_a_worker_does_what_the_api_took_and_the_stream_tells_its_end(fleet: Fleet) -> None:
    _, made = upload(fleet.api, a_pdf("streamed", 1.0))
    kinds = []
    with httpx.stream("GET", f"http://127.0.0.1:{fleet.api}/v1/analyses/{made['id']}/events", timeout=30) as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
            if line.startswith("data: ") and kinds[-1] == "result":
                assert json.loads(line.removeprefix("data: "))["status"] == "completed"
                break
    assert kinds[-1] == "result"


def test_who_waits_at_the_api_is_answered_when_the_worker_is_done(fleet: Fleet) -> None:
    _, made = upload(fleet.api, a_pdf("waited for", 0.5))
    assert fleet.view(made["id"], wait=50)["status"] == "completed"


def test_a_cancellation_reaches_the_worker_in_its_process(fleet: Fleet) -> None:
    _, made = upload(fleet.api, a_pdf("to be cancelled", FOREVER))
    until(lambda: fleet.runs(made["id"]), HANG_SECONDS, "it runs")
    assert _cancel(fleet, made["id"]) == 202
    assert fleet.view(made["id"], wait=30)["status"] == "cancelled"


def test_sigterm_lets_a_worker_finish_what_it_runs_and_the_others_take_the_rest(fleet: Fleet) -> None:
    made = [upload(fleet.api, a_pdf(f"drained {number}", 1.0))[1] for number in range(4)]
    until(lambda: any(fleet.runs(one["id"]) for one in made), HANG_SECONDS, "they run")
    fleet.end_worker(next(iter(fleet.workers)), signal.SIGTERM)
    until(lambda: fleet.queue()["total"] == 1, HANG_SECONDS, "it no longer counts")
    views = [fleet.view(one["id"], wait=50) for one in made]
    assert [(view["status"], view["attempts"]) for view in views] == [("completed", 0)] * 4


def test_what_a_drained_worker_cannot_finish_goes_to_another_and_costs_no_attempt(fleet: Fleet) -> None:
    _, made = upload(fleet.api, a_pdf("longer than a drain", FOREVER))
    until(lambda: fleet.runs(made["id"]), HANG_SECONDS, "it runs")
    busy = [pid for pid, port in fleet.workers.items() if _busy(port)]
    started = fleet.view(made["id"])["started_at"]
    for pid in busy:
        fleet.end_worker(pid, signal.SIGTERM)
    until(
        lambda: fleet.runs(made["id"]) and fleet.view(made["id"])["started_at"] != started,
        HANG_SECONDS,
        "another worker runs it",
    )
    assert fleet.view(made["id"])["attempts"] == 0


def _busy(port: int) -> bool:
    """Whether the worker with these probes has somebody in its sandbox."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return "procession_worker_busy 1.0" in text


def test_what_a_killed_worker_ran_is_rescued_and_done_by_another(fleet: Fleet) -> None:
    _, made = upload(fleet.api, a_pdf("of a killed worker", 2.0))
    until(lambda: fleet.runs(made["id"]), HANG_SECONDS, "it runs")
    for pid in [pid for pid, port in fleet.workers.items() if _busy(port)]:
        fleet.end_worker(pid, signal.SIGKILL)
    done = fleet.view(made["id"], wait=50)
    assert (done["status"], done["attempts"]) == ("completed", 1)
    until(lambda: fleet.queue()["total"] == 1, HANG_SECONDS, "it no longer counts")


def test_a_hangup_takes_over_what_may_change_and_names_what_needs_a_restart(fleet: Fleet) -> None:
    assert upload(fleet.api, a_pdf("small enough"))[0] == 202
    fleet.config.write_text("region = 'elsewhere'\n[upload]\nupload_bytes_max = 20\n")
    os.kill(fleet.api_pid, signal.SIGHUP)
    until(lambda: upload(fleet.api, a_pdf("too large now"))[0] == 413, HANG_SECONDS, "the smaller limit holds")
    assert fleet.said('"settings": ["region"]')
    fleet.config.write_text("[upload]\nupload_bytes_max = 'many'\n")
    os.kill(fleet.api_pid, signal.SIGHUP)
    until(lambda: fleet.said("settings.refused"), HANG_SECONDS, "the refusal is logged")
    assert upload(fleet.api, a_pdf("still too large"))[0] == 413
    fleet.config.write_text("")
    os.kill(fleet.api_pid, signal.SIGHUP)
    until(lambda: upload(fleet.api, a_pdf("small enough again"))[0] == 202, HANG_SECONDS, "the limit is as before")


def test_requests_that_are_on_their_way_are_answered_when_the_api_stops(fleet: Fleet) -> None:
    """A second api, so that the others stay."""
    port = free_port()
    pid = fleet.launcher.start_role("api", fleet.data, port)
    until(lambda: answers(port), HANG_SECONDS, "the second api starts")
    _, made = upload(port, a_pdf("asked for at the end", 1.0))
    answered: list[int] = []
    asking = threading.Thread(
        target=lambda: answered.append(call(port, "GET", f"/v1/analyses/{made['id']}?wait=20")[0])
    )
    asking.start()
    until(lambda: fleet.runs(made["id"]), HANG_SECONDS, "it runs")
    kill(pid, signal.SIGTERM)
    asking.join(HANG_SECONDS)
    assert answered == [200]


def test_an_upload_may_be_repeated_soon_after_its_api_was_killed(fleet: Fleet, postgres_server: PostgresServer) -> None:
    """A second api reserves the key and is killed before it recorded anything: its reservation goes with it."""
    port = free_port()
    pid = fleet.launcher.start_role("api", fleet.data, port)
    until(lambda: answers(port), HANG_SECONDS, "the second api starts")
    document = a_pdf("of a killed api")
    with postgres_server.superuser(fleet.database) as held, postgres_server.superuser(fleet.database) as looking:
        held.autocommit = False
        held.execute("LOCK TABLE documents IN EXCLUSIVE MODE")  # the upload waits here
        asking = threading.Thread(target=lambda: _unanswered(port, document))
        asking.start()
        reserved = "SELECT count(*) FROM idempotency_keys WHERE key = 'again' AND resource_id IS NULL"
        until(lambda: looking.execute(reserved).fetchone() == (1,), HANG_SECONDS, "the key is reserved")
        kill(pid)
        asking.join(HANG_SECONDS)
        held.rollback()
    answered: list[int] = []

    def taken() -> bool:
        status, _ = upload(fleet.api, document, key="again")
        answered.append(status)
        return status == 202

    until(taken, HANG_SECONDS, "the key is free")
    assert set(answered) <= {409, 202}
    first, second = (upload(fleet.api, document, key="again")[1]["id"] for _ in range(2))
    assert first == second


def _unanswered(port: int, document: bytes) -> None:
    with pytest.raises((OSError, HTTPException)):
        upload(port, document, key="again")
