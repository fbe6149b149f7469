"""AI providers and our own processes die at any moment: every document ends, and the ledger is the provider's meter."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import ENDED, Launcher, answers, call, every_view, free_port, kill, until, upload
from tests.support import fake_ai
from tests.support.fake_ai import RunningFake

KILLS = int(os.environ.get("FAULT_AI_KILLS", "5"))
SEED = int(os.environ.get("FAULT_SEED", "2030"))
DOCUMENTS = 30
SLOW = {"kind": "latency", "distribution": "uniform", "seconds": 1.5}
DEAD = {"kind": "dead"}
URGENT_SECONDS = 120
DRAIN_SECONDS = 2

PROVIDER = """
[[ai.providers]]
name = "{name}"
base_url = "{url}/v1"
meter_url = "{url}/meter"
requests_per_minute = 100000
tokens_per_minute = 100000000
[[ai.providers.models]]
name = "fake-small"
prices.standard = {{ input = "0.25", output = "2", cached = "0.025" }}
"""


@dataclass
class Installation:
    """``procession up`` on one machine, asking the fakes in this order."""

    launcher: Launcher
    data: Path
    port: int
    pid: int = 0

    def start(self) -> None:
        self.pid = self.launcher.start(self.data, self.port)

    def up(self) -> None:
        self.start()
        until(lambda: answers(self.port), 60, "it answers")

    def upload(self, name: str, priority: str = "urgent") -> str:
        status, view = upload(self.port, a_pdf(name, asks=True), name, priority)
        assert status == 202, view
        found: str = view["id"]
        return found

    def views(self) -> dict[str, dict[str, Any]]:
        return {view["id"]: view for view in every_view(self.port)}

    def ended(self) -> bool:
        return all(view["status"] in ENDED for view in self.views().values())

    def view(self, analysis_id: str) -> dict[str, Any]:
        view: dict[str, Any] = call(self.port, "GET", f"/v1/analyses/{analysis_id}")[1]
        return view

    def result(self, analysis_id: str) -> dict[str, Any]:
        result: dict[str, Any] = call(self.port, "GET", f"/v1/analyses/{analysis_id}/result")[1]
        return result

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.data / "procession.db", timeout=10)) as conn:
            return conn.execute(statement).fetchall()

    def open_calls(self) -> int:
        ((count,),) = self.rows("SELECT count(*) FROM ai_calls WHERE status IN ('reserved', 'sent', 'unknown')")
        return int(count)

    def spent(self) -> Decimal:
        ((pico,),) = self.rows("SELECT coalesce(sum(effective_pico), 0) FROM ai_calls")
        return Decimal(pico) / 10**12


@contextlib.contextmanager
def installed(tmp_path: Path, *fakes: RunningFake) -> Iterator[Installation]:
    config = tmp_path / "procession.toml"
    tables = [PROVIDER.format(name=f"fake-{number}", url=fake.url) for number, fake in enumerate(fakes, 1)]
    config.write_text(
        f"[worker]\nslots = 2\ndrain_seconds = {DRAIN_SECONDS}\n[ai]\nsecond_pass_seconds = 1\npatience = 0.02\n"
        + "".join(tables)
    )
    launcher = Launcher(tmp_path / "log", PROCESSION_CONFIG=str(config))
    made = Installation(launcher, tmp_path / "data", free_port())
    try:
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(made.pid, signal.SIGKILL)
        launcher.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningFake]:
    with fake_ai.running() as fake:
        yield fake


@pytest.fixture(scope="module")
def backup() -> Iterator[RunningFake]:
    with fake_ai.running() as fake:
        yield fake


@pytest.fixture(autouse=True)
def _as_new(provider: RunningFake, backup: RunningFake) -> None:
    for fake in (provider, backup):
        fake.reset()
        fake.faults()


def money(*fakes: RunningFake) -> Decimal:
    return sum((Decimal(fake.meter(each="false")["total"]["money"]) for fake in fakes), Decimal(0))


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_sigkill_at_random_moments_asks_every_question_and_the_ledger_is_the_meter(
    tmp_path: Path, provider: RunningFake
) -> None:
    provider.faults(SLOW, {"kind": "cut_stream", "count": 3}, {"kind": "server_error", "count": 3}, seed=SEED)
    chance = random.Random(SEED)
    with installed(tmp_path, provider) as one:
        one.up()
        ids = [one.upload(f"killed-{number}") for number in range(DOCUMENTS)]
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 1.0))  # the moment of the fault, not a wait for anything
            kill(one.pid)
            one.up()
        until(one.ended, 120, "every analysis ends")
        until(lambda: one.open_calls() == 0, 60, "every bill is found out")
        views = one.views()
        done = one.rows("SELECT analysis_id, state FROM ai_requests WHERE state = 'finished'")
        read = one.rows(
            "SELECT aggregate_id, count(*) FROM events "
            "WHERE type IN ('analysis.completed', 'analysis.review_required') GROUP BY aggregate_id HAVING count(*) > 1"
        )
        lost = one.rows("SELECT id FROM ai_calls WHERE status = 'settled' AND provider_request_id IS NULL")
        asked = one.rows("SELECT count(*) FROM ai_calls")[0][0]
        spent, charged = one.spent(), money(provider)
    print(f"{KILLS} kills, {asked} calls for {len(ids)} documents, spent {spent}, meter {charged}")
    assert views.keys() == set(ids)
    assert not any(view["degraded"] for view in views.values())
    assert len({row[0] for row in done}) == len(done) == len(ids), "each question was finished, and once"
    assert read == [], "a result was given twice"
    assert lost == []
    assert asked > len(ids), "a call was in flight when its process was killed"
    assert spent == charged


@pytest.mark.faults
@pytest.mark.timeout(180)
def test_with_a_dead_provider_urgent_documents_are_read_by_the_backup_in_time(
    tmp_path: Path, provider: RunningFake, backup: RunningFake
) -> None:
    provider.faults(DEAD)
    with installed(tmp_path, provider, backup) as one:
        one.up()
        started = time.monotonic()
        ids = [one.upload(f"backup-{number}") for number in range(20)]
        until(one.ended, URGENT_SECONDS, "every analysis ends within its class's objective")
        took = time.monotonic() - started
        results = [one.result(id_) for id_ in ids]
        spent = one.spent()
    print(f"20 urgent documents through the backup in {took:.1f} s")
    assert {result["provider"] for result in results} == {"fake-2"}
    assert not any(result["degraded"] for result in results)
    assert all(Decimal(result["usage"]["ai"]["cost"]) > 0 for result in results)
    assert spent == money(provider, backup)


@pytest.mark.faults
@pytest.mark.timeout(180)
def test_with_no_provider_the_local_result_is_given_and_made_better_when_one_is_back(
    tmp_path: Path, provider: RunningFake, backup: RunningFake
) -> None:
    provider.faults(DEAD)
    backup.faults(DEAD)
    with installed(tmp_path, provider, backup) as one:
        one.up()
        ids = [one.upload(f"degraded-{number}") for number in range(10)]
        until(one.ended, URGENT_SECONDS, "local results")
        assert all(view["degraded"] for view in one.views().values())
        first = one.result(ids[0])
        assert first["provider"] is None
        assert any("No AI read this document" in warning for warning in first["warnings"])
        kill(one.pid)  # what is left to do survives
        provider.faults()
        one.up()
        until(lambda: not any(view["degraded"] for view in one.views().values()), 90, "second passes")
        results = [one.result(id_) for id_ in ids]
        passes = one.rows("SELECT DISTINCT pass_number FROM analyses")
        spent = one.spent()
        kinds = [
            row[0] for row in one.rows(f"SELECT type FROM events WHERE aggregate_id = '{ids[0]}' ORDER BY version")
        ]
    assert {result["provider"] for result in results} == {"fake-1"}
    assert passes == [(2,)]
    assert kinds[-2] == "analysis.reprocessed"
    assert spent == money(provider, backup)


@pytest.mark.faults
@pytest.mark.timeout(120)
def test_a_process_that_stops_hands_its_calls_over_in_time_and_loses_none(
    tmp_path: Path, provider: RunningFake
) -> None:
    provider.faults({"kind": "latency", "seconds": 8})
    with installed(tmp_path, provider) as one:
        one.up()
        ids = [one.upload(f"drained-{number}") for number in range(10)]
        asked = "SELECT count(*) FROM ai_requests WHERE state = 'sent'"
        until(lambda: one.rows(asked) == [(10,)], 30, "all are asked")
        started = time.monotonic()
        os.kill(one.pid, signal.SIGTERM)
        with contextlib.suppress(OSError, http.client.HTTPException):
            kill(one.pid, signal.SIGTERM)
        took = time.monotonic() - started
        assert one.rows("SELECT DISTINCT state FROM ai_requests") == [("waiting",)]
        assert one.rows("SELECT DISTINCT tried FROM ai_requests") == [("[]",)]
        provider.faults()
        one.up()
        until(one.ended, 60, "every analysis ends")
        until(lambda: one.open_calls() == 0, 60, "every bill is found out")
        views, spent = one.views(), one.spent()
    assert views.keys() == set(ids)
    assert took < DRAIN_SECONDS * 2 + 20
    assert spent == money(provider)
