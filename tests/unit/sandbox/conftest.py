"""A sandbox whose engine is hostile, with limits small enough to reach."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from procession.sandbox.client import Sandbox
from procession.sandbox.limits import SandboxLimits

ROOT = Path(__file__).parents[3]
TIGHT = SandboxLimits(
    cpu_seconds_base=3,
    cpu_seconds_per_page=0,
    address_space_bytes=128 * 2**20,
    address_space_ocr_bytes=512 * 2**20,
    wall_seconds_base=8,
    wall_seconds_per_page=0,
    output_bytes_max=2**20,
)


@pytest.fixture
async def taken_over() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(TIGHT, verbs="tests.unit.sandbox.hostile", import_paths=[ROOT])
    try:
        yield sandbox
    finally:
        await sandbox.stop()
