"""Several processes ask providers on one PostgreSQL: no question is asked twice by two that live, none is left by one
that died."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import ENDED, Launcher, answers, every_view, free_port, kill, until, upload
from tests.faults.test_ai import PROVIDER, money
from tests.support import fake_ai
from tests.support.fake_ai import RunningFake
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]
HANG_SECONDS = 60
DOCUMENTS = 20
ANSWER_SECONDS = 4.0


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningFake]:
    with fake_ai.running() as fake:
        fake.faults({"kind": "latency", "seconds": ANSWER_SECONDS})
        yield fake


def test_calls_of_a_maintenance_process_that_is_killed_are_taken_over_and_paid_for_once(
    tmp_path: Path, provider: RunningFake, postgres_server: PostgresServer
) -> None:
    config = tmp_path / "procession.toml"
    config.write_text(PROVIDER.format(name="fake-1", url=provider.url))
    database = postgres_server.migrated()
    launcher = Launcher(
        tmp_path / "log",
        PROCESSION_DATABASE_URL=database.render_as_string(),
        PROCESSION_KEYS_URL=postgres_server.empty().render_as_string(),
        PROCESSION_KEYS__MASTER="ab" * 32,
        PROCESSION_CONFIG=str(config),
        PROCESSION_WORKER__LEASE_SECONDS="3",
        PROCESSION_WORKER__HEARTBEAT_SECONDS="0.4",
        PROCESSION_QUEUE__RESCUE_SECONDS="0.3",
    )
    pids: dict[int, int] = {}

    def start(role: str) -> int:
        port = free_port()
        pid = launcher.start_role(role, tmp_path / "data", port)
        until(lambda: answers(port), HANG_SECONDS, f"{role} starts")
        pids[pid] = port
        return pid

    def rows(statement: str) -> list[tuple[Any, ...]]:
        with postgres_server.superuser(str(database.database)) as conn:
            return conn.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]

    try:
        api = pids[start("api")]
        start("worker")
        asking = [start("maintenance"), start("maintenance")]
        ids = {upload(api, a_pdf(f"roles-{number}", asks=True))[1]["id"] for number in range(DOCUMENTS)}
        until(
            lambda: rows("SELECT 1 FROM ai_requests WHERE state = 'sent' LIMIT 1") != [], HANG_SECONDS, "some are asked"
        )
        owners = dict(rows("SELECT id, pid FROM workers WHERE role = 'maintenance'"))
        ((owner,),) = rows("SELECT owner FROM ai_requests WHERE state = 'sent' LIMIT 1")
        victim = owners[owner]
        assert victim in asking
        kill(victim)
        until(lambda: {view["status"] for view in every_view(api)} <= ENDED, 90, "every analysis ends")
        unsettled = "SELECT 1 FROM ai_calls WHERE status IN ('reserved', 'sent', 'unknown') LIMIT 1"
        until(lambda: rows(unsettled) == [], HANG_SECONDS, "every bill is found out")
        views = {view["id"]: view for view in every_view(api)}
        ((pico,),) = rows("SELECT sum(effective_pico) FROM ai_calls")
        finished = rows("SELECT count(DISTINCT analysis_id), count(*) FROM ai_requests WHERE state = 'finished'")
        repeated = rows("SELECT count(*) FROM ai_requests WHERE calls > 1")
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        launcher.close()
    assert views.keys() == ids
    assert not any(view["degraded"] for view in views.values())
    assert finished == [(DOCUMENTS, DOCUMENTS)]
    assert repeated != [(0,)], "calls were in flight when their process was killed"
    assert Decimal(int(pico)) / 10**12 == money(provider)
