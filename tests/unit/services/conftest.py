"""A whole application in a folder of its own, without workers: what a worker would do, the tests say themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from procession import wiring
from procession.domain.principal import Principal
from procession.settings import Settings
from tests.unit.services.acting import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    application = wiring.build(Settings(data=tmp_path / "data"), working=False)
    await application.store.start()  # nothing else runs: no relay, no sandbox
    try:
        yield House(application, Principal("acme", "key:test", "trace-1"))
    finally:
        await application.store.stop()
        application.keys.close()  # type: ignore[attr-defined] # LocalKeys
