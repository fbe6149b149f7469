"""Maintenance is killed while it sends webhooks: every end is told, under one id, by whichever process is left."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import ENDED, Launcher, answers, call, free_port, kill, until, upload
from tests.support.postgres import PostgresServer
from tests.support.webhooks import Came, Receiver, receiving

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]
HANG_SECONDS = 60
AT_ONCE = 4
KILLS = 5
DOCUMENTS = 60
ENDS = ["analysis.completed", "analysis.review_required", "analysis.failed", "analysis.cancelled"]


@dataclass
class Fleet:
    """``senders``: process id -> port of its probes."""

    launcher: Launcher
    data: Path
    api: int
    senders: dict[int, int] = field(default_factory=dict)

    def start_sender(self) -> int:
        port = free_port()
        pid = self.launcher.start_role("maintenance", self.data, port)
        self.senders[pid] = port
        until(lambda: answers(port), HANG_SECONDS, "maintenance starts")
        return pid

    def kill_sender(self, pid: int) -> None:
        del self.senders[pid]
        kill(pid)

    def webhook(self, receiver: Receiver, events: list[str]) -> str:
        body = json.dumps({"url": receiver.url(), "events": events}).encode()
        status, made = call(self.api, "POST", "/v1/webhooks", body, Content_Type="application/json")
        assert status == 201, made
        return str(made["id"])

    def deliveries(self, webhook_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            _, page = call(self.api, "GET", f"/v1/webhooks/{webhook_id}/deliveries?limit=200{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def ended(self, analysis_id: str) -> bool:
        return call(self.api, "GET", f"/v1/analyses/{analysis_id}")[1]["status"] in ENDED


@pytest.fixture(scope="module")
def fleet(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("hooked")
    launcher = Launcher(
        folder / "log",
        PROCESSION_DATABASE_URL=postgres_server.migrated().render_as_string(),
        PROCESSION_KEYS_URL=postgres_server.empty().render_as_string(),
        PROCESSION_KEYS__MASTER="ab" * 32,
        PROCESSION_WORKER__LEASE_SECONDS="3",
        PROCESSION_WORKER__HEARTBEAT_SECONDS="0.4",
        PROCESSION_QUEUE__RESCUE_SECONDS="0.3",
        PROCESSION_WEBHOOKS__LOOPBACK_HTTP="true",
        PROCESSION_WEBHOOKS__POLL_SECONDS="0.1",
        PROCESSION_WEBHOOKS__AT_ONCE_EACH_MAX=str(AT_ONCE),
        PROCESSION_LOG_FORMAT="json",
        NO_COLOR="1",
    )
    made = Fleet(launcher, folder / "data", free_port())
    worker = free_port()
    others = []
    try:
        others = [
            launcher.start_role("api", made.data, made.api),
            launcher.start_role("worker", made.data, worker, "--slots", "2"),
        ]
        until(lambda: answers(made.api) and answers(worker), HANG_SECONDS, "api and worker start")
        yield made
    finally:
        for pid in (*made.senders, *others):
            kill(pid)
        launcher.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


def test_every_end_is_told_under_one_id_however_often_the_senders_are_killed(fleet: Fleet, receiver: Receiver) -> None:
    chance = random.Random(2030)
    receiver.answer = lambda _: time.sleep(0.05) or 200  # type: ignore[func-returns-value] # long enough to be killed in
    for _ in range(2):
        fleet.start_sender()
    webhook_id = fleet.webhook(receiver, ENDS)
    taken: list[str] = []

    def clients() -> None:
        for number in range(DOCUMENTS):
            status, made = upload(fleet.api, a_pdf(f"told {number}"), f"told-{number}", "standard")
            assert status == 202
            taken.append(made["id"])

    uploading = threading.Thread(target=clients)
    uploading.start()
    for number in range(KILLS):
        receiver.await_count((number + 1) * 6, HANG_SECONDS)
        fleet.kill_sender(chance.choice(list(fleet.senders)))
        fleet.start_sender()
    uploading.join(HANG_SECONDS)
    until(lambda: all(fleet.ended(one) for one in taken), HANG_SECONDS, "all end")
    until(
        lambda: [one["status"] for one in fleet.deliveries(webhook_id)] == ["delivered"] * len(taken),
        HANG_SECONDS,
        "all are told and recorded",
    )
    came = list(receiver.came)
    ids_of: defaultdict[str, set[str]] = defaultdict(set)
    bodies_of: defaultdict[str, set[bytes]] = defaultdict(set)
    for one in came:
        ids_of[one.told["data"]["id"]].add(one.id)
        bodies_of[one.id].add(one.body)
    assert len(taken) == DOCUMENTS
    assert ids_of.keys() == set(taken), "none is lost, and none is told that was not taken"
    assert all(len(ids) == 1 for ids in ids_of.values()), "no end is told under two ids"
    assert all(len(bodies) == 1 for bodies in bodies_of.values())
    assert len(came) - len(ids_of) <= KILLS * AT_ONCE, "sent again is only what was on its way when one was killed"


def test_a_sender_killed_between_the_answer_and_its_record_has_it_sent_again_with_the_same_id(
    fleet: Fleet, receiver: Receiver
) -> None:
    for pid in list(fleet.senders):
        fleet.kill_sender(pid)
    killed = threading.Event()

    def answer(_: Came) -> int:
        assert len(receiver.came) > 1 or killed.wait(HANG_SECONDS)
        return 200

    receiver.answer = answer
    first = fleet.start_sender()
    webhook_id = fleet.webhook(receiver, ENDS)
    _, made = upload(fleet.api, a_pdf("told twice"))
    receiver.await_count(1, HANG_SECONDS)
    fleet.kill_sender(first)
    killed.set()
    fleet.start_sender()
    receiver.await_count(2, HANG_SECONDS)
    until(lambda: fleet.deliveries(webhook_id)[0]["status"] == "delivered", HANG_SECONDS, "it is recorded")
    one, again = receiver.came
    assert (one.id, one.body) == (again.id, again.body)
    assert one.told["data"]["id"] == made["id"]
    assert [found["attempts"] for found in fleet.deliveries(webhook_id)] == [2]
