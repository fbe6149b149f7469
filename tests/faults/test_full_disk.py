"""The disk runs full: uploads are refused in words, nothing acknowledged is lost, and space that returns is used.

The data folder lies on a file system of a few megabytes (tmpfs), which only root may mount; elsewhere this is skipped.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.engine import a_pdf
from tests.faults.harness import Launcher, answers, call, every_view, free_port, kill, until, upload

SIZE = "6m"
DOCUMENT_BYTES = 200_000
UPLOADS_MAX = 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _big(name: str) -> bytes:
    return a_pdf(name) + os.urandom(DOCUMENT_BYTES)  # does not compress


@pytest.mark.faults
@pytest.mark.timeout(240)
def test_a_full_disk_refuses_uploads_keeps_what_was_acknowledged_and_recovers(small_disk: Path, tmp_path: Path) -> None:
    port = free_port()
    launcher = Launcher(tmp_path / "log", PROCESSION_HTTP__DISK_FREE_BYTES_MIN="0")
    ballast = small_disk / "ballast"
    try:
        pid = launcher.start(small_disk / "data", port)
        until(lambda: answers(port), 60, "the server starts")
        ballast.write_bytes(bytes(2_000_000))
        acknowledged, refusals = _fill(port)
        assert acknowledged
        assert refusals, "the disk ran full"
        for status, problem in refusals:
            assert (status, problem["code"]) == (503, "unavailable")
        status, _ = call(port, "GET", f"/v1/analyses/{acknowledged[0]}")
        assert status == 200, "reading goes on"
        ballast.unlink()
        until(lambda: upload(port, a_pdf("small again"))[0] == 202, 60, "uploads are taken again")
        until(lambda: set(_states(port).values()) == {"completed"}, 90, "everything acknowledged ends")
        assert set(acknowledged) <= _states(port).keys()
        kill(pid)
        pid = launcher.start(small_disk / "data", port)
        until(lambda: answers(port), 60, "the server starts on what the full disk left")
        assert set(acknowledged) <= _states(port).keys()
        kill(pid)
    finally:
        launcher.close()


@pytest.mark.faults
@pytest.mark.timeout(120)
def test_uploads_are_refused_before_the_disk_is_full(tmp_path: Path) -> None:
    port = free_port()
    launcher = Launcher(tmp_path / "log", PROCESSION_HTTP__DISK_FREE_BYTES_MIN=str(2**60))
    try:
        pid = launcher.start(tmp_path / "data", port)
        until(lambda: answers(port), 60, "the server starts")
        status, problem = upload(port, a_pdf("refused"))
        assert (status, problem["code"]) == (503, "unavailable")
        kill(pid)
    finally:
        launcher.close()


def _fill(port: int) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Upload until ten in a row were refused."""
    acknowledged: list[str] = []
    refusals: list[tuple[int, dict[str, str]]] = []
    in_a_row = 0
    for number in range(UPLOADS_MAX):
        status, answer = upload(port, _big(f"document {number}"), key=f"fill-{number}")
        if status == 202:
            acknowledged.append(answer["id"])
            in_a_row = 0
        else:
            refusals.append((status, answer))
            in_a_row += 1
        if in_a_row == 10:
            break
    return acknowledged, refusals


def _states(port: int) -> dict[str, str]:
    return {view["id"]: view["status"] for view in every_view(port)}
