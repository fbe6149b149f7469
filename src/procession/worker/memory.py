"""How much memory is left: of the cgroup (version 2) this process is in, its parents, and the machine."""

from __future__ import annotations

import contextlib
from pathlib import Path

from procession.policy.memory import Memory

KIB = 1024


def left(root: Path = Path("/")) -> Memory:
    """The least of all that is told. ``root``: where ``proc`` and ``sys`` are. Reads a few lines, never blocks."""
    found = [*_of_groups(root), *_of_machine(root)]
    return Memory(min(found, default=None))


def _of_groups(root: Path) -> list[int]:
    """Of each group from ours up that has a limit; file cache that can be dropped counts as free."""
    found = []
    top = root / "sys/fs/cgroup"
    group = _own_group(root, top)
    while group is not None:
        with contextlib.suppress(OSError, ValueError):
            limit = (group / "memory.max").read_text().strip()
            if limit != "max":
                used = int((group / "memory.current").read_text())
                found.append(max(0, int(limit) - used + _droppable(group)))
        group = group.parent if group != top else None
    return found


def _own_group(root: Path, top: Path) -> Path | None:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    if path is None or ".." in path:
        return None
    own = top / path
    return own if own.is_dir() else top  # in a container its own group is the top


def _droppable(group: Path) -> int:
    for line in (group / "memory.stat").read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file":
            return int(value)
    return 0


def _of_machine(root: Path) -> list[int]:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return []
    return [int(line.split()[1]) * KIB for line in lines if line.startswith("MemAvailable:")]
