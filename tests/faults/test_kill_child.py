"""Children of the sandbox are killed at random: their documents still end, and the server lives."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import ENDED, Launcher, answers, every_view, free_port, kill, until, upload

DOCUMENTS = 40
KILLS = 30
SEED = 2031


def _children(server: int) -> list[psutil.Process]:
    """Processes that read a document: the fork-server's children, not the fork-server."""
    with contextlib.suppress(psutil.Error):
        return [one for one in psutil.Process(server).children(recursive=True) if one.ppid() != server]
    return []


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_killed_children_cost_attempts_never_an_analysis_or_the_server(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    port = free_port()
    launcher = Launcher(tmp_path / "log", PROCESSION_WORKER__RETRY_BASE_SECONDS="0.05")
    try:
        pid = launcher.start(tmp_path / "data", port, "--workers", "2")
        until(lambda: answers(port), 60, "the server starts")
        made = [upload(port, a_pdf(f"document {number}", 0.15))[1]["id"] for number in range(DOCUMENTS)]
        killed = 0
        deadline = time.monotonic() + 60
        while killed < KILLS and time.monotonic() < deadline:
            children = _children(pid)
            if not children:
                if all(view["status"] in ENDED for view in every_view(port)):
                    break
                time.sleep(0.01)
                continue
            time.sleep(chance.uniform(0.0, 0.05))  # the moment of the fault
            with contextlib.suppress(psutil.Error):
                chance.choice(children).kill()
                killed += 1
        until(lambda: all(view["status"] in ENDED for view in every_view(port)), 120, "every analysis ends")
        views = {view["id"]: view for view in every_view(port)}
        assert psutil.pid_exists(pid), "the server lives"
        assert set(made) == views.keys()
        assert killed >= KILLS / 2, "the faults were real"
        failed = [view for view in views.values() if view["status"] == "failed"]
        assert {view["error"]["code"] for view in failed} <= {"internal"}
        assert all(view["attempts"] == 4 for view in failed), "given up only after every attempt was used"
        assert sum(view["attempts"] for view in views.values()) > 0
        _, later = upload(port, a_pdf("afterwards"))
        until(lambda: _status(port, later["id"]) == "completed", 60, "a later document is analysed")
        kill(pid)
    finally:
        launcher.close()


def _status(port: int, analysis_id: str) -> str:
    return next(view["status"] for view in every_view(port) if view["id"] == analysis_id)
