"""One line that says what a figure was measured on."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path


def machine_line() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {_memory_gib()}, {_filesystem()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory_gib() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError):
        return "memory unknown"


def _filesystem() -> str:
    """Type of the file system the service's data folder will be on: durability costs what its fsync costs."""
    folder = Path(tempfile.gettempdir()).resolve()
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "file system unknown"
    holding = [(point, kind) for point, kind in mounts if folder == Path(point) or Path(point) in folder.parents]
    return f"data on {max(holding, key=lambda m: len(m[0]))[1]}" if holding else "file system unknown"
