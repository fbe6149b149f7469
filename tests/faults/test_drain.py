"""SIGTERM: what runs may finish, the rest is given back without burning an attempt, and a second start is refused."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import Launcher, answers, every_view, free_port, gone, kill, until, upload


def _running(port: int) -> list[str]:
    return [view["id"] for view in every_view(port) if view["status"] == "processing"]


@pytest.mark.faults
@pytest.mark.timeout(120)
def test_sigterm_lets_a_running_analysis_finish(tmp_path: Path) -> None:
    port = free_port()
    launcher = Launcher(tmp_path / "log")
    try:
        pid = launcher.start(tmp_path / "data", port, "--workers", "1")
        until(lambda: answers(port), 60, "the server starts")
        _, made = upload(port, a_pdf("running", 1.0))
        until(lambda: _running(port) == [made["id"]], 60, "it runs")
        kill(pid, signal.SIGTERM)
    finally:
        launcher.close()
    assert _rows(tmp_path / "data") == {made["id"]: ("completed", 0)}


@pytest.mark.faults
@pytest.mark.timeout(120)
def test_what_does_not_finish_in_time_is_given_back_and_done_after_the_next_start(tmp_path: Path) -> None:
    port = free_port()
    launcher = Launcher(tmp_path / "log", PROCESSION_WORKER__DRAIN_SECONDS="0.2")
    try:
        pid = launcher.start(tmp_path / "data", port, "--workers", "1")
        until(lambda: answers(port), 60, "the server starts")
        _, made = upload(port, a_pdf("slow", 5.0))
        until(lambda: _running(port) == [made["id"]], 60, "it runs")
        kill(pid, signal.SIGTERM)
        assert _rows(tmp_path / "data") == {made["id"]: ("pending", 0)}
        pid = launcher.start(tmp_path / "data", port, "--workers", "1")
        until(lambda: answers(port), 60, "the server starts again")
        until(lambda: [v["status"] for v in every_view(port)] == ["completed"], 60, "it is done after all")
        kill(pid)
    finally:
        launcher.close()


@pytest.mark.faults
@pytest.mark.timeout(120)
def test_a_second_server_on_the_same_folder_says_so_and_ends(tmp_path: Path) -> None:
    port = free_port()
    launcher = Launcher(tmp_path / "log")
    try:
        pid = launcher.start(tmp_path / "data", port)
        until(lambda: answers(port), 60, "the server starts")
        second = launcher.start(tmp_path / "data", free_port())
        until(lambda: gone(second), 60, "the second one ends")
        assert answers(port)
        kill(pid)
    finally:
        launcher.close()
    assert "Another `procession up` runs on" in " ".join((tmp_path / "log").read_text().split())


def _rows(data: Path) -> dict[str, tuple[str, int]]:
    with sqlite3.connect(data / "procession.db") as conn:
        rows = conn.execute("SELECT id, state, attempts FROM analyses").fetchall()
    conn.close()
    return {row[0]: (row[1], row[2]) for row in rows}
