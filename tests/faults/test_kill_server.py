"""``procession up`` is killed at random moments under load: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.harness import ENDED, Client, Launcher, answers, call, every_view, free_port, kill, until

KILLS = int(os.environ.get("FAULT_KILLS", "200"))
SEED = int(os.environ.get("FAULT_SEED", "2030"))
CLIENTS = 4
ALIVE_SECONDS_MAX = 0.6
"""A life lasts a random time up to this."""
SERVING_SHARE = 0.7
"""Of lives whose time counts from the first answer; the others' counts from the fork: start-up is killed too."""


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_sigkill_at_random_moments_loses_no_acknowledged_upload_and_doubles_no_result(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    data, port = tmp_path / "data", free_port()
    launcher = Launcher(tmp_path / "log")
    clients = [Client(f"client-{number}", port, 0.02) for number in range(CLIENTS)]
    recovery: list[float] = []
    try:
        pid = launcher.start(data, port)
        until(lambda: answers(port), 60, "the first start")
        for client in clients:
            client.start()
        for _ in range(KILLS):
            if chance.random() < SERVING_SHARE:
                started = time.monotonic()
                until(lambda: answers(port), 60, "a restart answers")
                recovery.append(time.monotonic() - started)
            time.sleep(chance.uniform(0.0, ALIVE_SECONDS_MAX))  # the moment of the fault, not a wait for anything
            kill(pid)
            pid = launcher.start(data, port)
        until(lambda: answers(port), 60, "the last start")
        for client in clients:
            client.stop()
        until(lambda: _waiting(port) == 0, 300, "every analysis ends")
        views = {view["id"]: view for view in every_view(port)}
        kill(pid)
    finally:
        launcher.close()
    acknowledged = {key: made for client in clients for key, made in client.acknowledged.items()}
    print(f"kills {KILLS}, acknowledged {len(acknowledged)}, slowest restart {max(recovery, default=0):.2f} s")
    assert [client.refused for client in clients] == [[]] * CLIENTS
    assert [client.doubled for client in clients] == [[]] * CLIENTS
    assert len(acknowledged) > KILLS / 4, "the load was real"
    assert set(acknowledged.values()) <= views.keys(), "an acknowledged upload was lost"
    assert len(set(acknowledged.values())) == len(acknowledged), "two uploads were given one analysis"
    assert {view["status"] for view in views.values()} <= ENDED
    assert Counter(view["status"] for view in views.values()) == {"completed": len(views)}
    _check_journal(data / "procession.db", set(acknowledged.values()))


def _waiting(port: int) -> int:
    _, queue = call(port, "GET", "/v1/queue")
    return sum(one["ready"] + one["deferred"] + one["running"] for one in queue["classes"])


def _check_journal(database: Path, acknowledged: set[str]) -> None:
    """Versions without gaps, one result event per analysis, and the database itself whole."""
    with sqlite3.connect(database) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        events = conn.execute(
            "SELECT aggregate_id, version, type FROM events ORDER BY aggregate_id, version"
        ).fetchall()
        rows = dict(conn.execute("SELECT id, version FROM analyses").fetchall())
    conn.close()
    versions: dict[str, list[int]] = {}
    results: Counter[str] = Counter()
    for aggregate, version, kind in events:
        versions.setdefault(aggregate, []).append(version)
        if kind in ("analysis.completed", "analysis.requires_review", "analysis.failed"):
            results[aggregate] += 1
    assert [one for one, seen in versions.items() if seen != list(range(1, len(seen) + 1))] == []
    assert {one: versions[one][-1] for one in rows} == rows, "row and journal disagree"
    assert acknowledged <= results.keys()
    assert set(results.values()) == {1}, "a result was written twice"
