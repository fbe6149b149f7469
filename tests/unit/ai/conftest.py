"""The fake provider in process, over its own routes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from procession.ai.fake.app import create_app
from procession.ai.fake.config import FakeConfig
from procession.ai.fake.provider import FakeProvider


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider(FakeConfig(seed=7))


@pytest.fixture
async def http(provider: FakeProvider) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(provider))
    async with httpx.AsyncClient(transport=transport, base_url="http://fake.test") as client:
        yield client
