"""What the machine and the groups tell about memory, from files like theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from procession.worker import memory


def machine(root: Path, available_kib: int) -> None:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:   {available_kib} kB\n")


def group(root: Path, path: str, limit: str, current: int, droppable: int = 0) -> None:
    at = root / "sys/fs/cgroup" / path
    at.mkdir(parents=True, exist_ok=True)
    (at / "memory.max").write_text(f"{limit}\n")
    (at / "memory.current").write_text(f"{current}\n")
    (at / "memory.stat").write_text(f"anon 1\ninactive_file {droppable}\n")


def test_a_machine_without_groups_tells_what_is_available(tmp_path: Path) -> None:
    machine(tmp_path, 3)
    assert memory.left(tmp_path).free == 3 * 1024


def test_the_tightest_group_from_ours_up_counts_and_droppable_cache_is_free(tmp_path: Path) -> None:
    machine(tmp_path, 1_000_000)
    (tmp_path / "proc/self/cgroup").write_text("0::/slice/unit\n")
    group(tmp_path, "slice", "1000", 900, droppable=50)
    group(tmp_path, "slice/unit", "max", 5)
    assert memory.left(tmp_path).free == 150
    group(tmp_path, "slice/unit", "500", 450)
    assert memory.left(tmp_path).free == 50


def test_in_a_container_its_own_group_is_the_top(tmp_path: Path) -> None:
    machine(tmp_path, 1_000_000)
    (tmp_path / "proc/self/cgroup").write_text("0::/not/seen/from/here\n")
    group(tmp_path, "", "700", 600)
    assert memory.left(tmp_path).free == 100


@pytest.mark.parametrize("lines", ["", "1:memory:/old\n", "0::/../escape\n"])
def test_what_cannot_be_read_limits_nothing(tmp_path: Path, lines: str) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(lines)
    assert memory.left(tmp_path).free is None
