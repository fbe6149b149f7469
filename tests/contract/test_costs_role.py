"""`procession costs` as a process of its own: a real scrape tells what the ledger says, before and after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from procession.domain.billing import EVERYONE, Budget, Period
from procession.domain.usage import Tokens
from procession.store import budgets, ledger
from procession.store.controls import By
from procession.store.ledger import Reserved
from procession.store.postgres import PostgresStore
from tests.calls import a_call
from tests.faults.harness import until
from tests.support.postgres import PostgresServer

HANG_SECONDS = 60


@contextlib.contextmanager
def costs(environment: dict[str, str]) -> Iterator[str]:
    """Its address, once it answers."""
    program = "from procession.cli.main import main; main()"
    command = [sys.executable, "-c", program, "costs", "--json", "--port", "0"]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=HANG_SECONDS)
        assert process.returncode == 0


def scraped(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = httpx.get(f"{url}/metrics").raise_for_status().text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_scrape_tells_the_ledger_s_sums_over_a_restart(postgres_server: PostgresServer, tmp_path: Path) -> None:
    database = postgres_server.migrated()
    environment = {
        "PROCESSION_DATABASE_URL": database.render_as_string(),
        "PROCESSION_KEYS_URL": postgres_server.empty().render_as_string(),
        "PROCESSION_KEYS__MASTER": "ab" * 32,
        "PROCESSION_DATA": str(tmp_path / "data"),
    }

    def fill(conn: Connection) -> None:
        now = datetime.now(UTC)
        budgets.put(conn, Budget(EVERYONE, Period.MONTH, 90 * 10**12), By("me", "ops", None, "local", now), 0)
        for tokens, tenant in ((Tokens(input=123_457), "flora"), (Tokens(input=1, output=1), "venue"), (None, "venue")):
            found = ledger.reserve(conn, a_call(tenant=tenant), now)
            assert isinstance(found, Reserved)
            if tokens is None:
                ledger.unknown(conn, found.call_id, "test", now)
            else:
                ledger.settle(conn, found.call_id, tokens, None, None, now)

    async def with_store() -> None:
        store = PostgresStore(database)
        await store.start()
        await store.write(fill)
        await store.stop()

    asyncio.run(with_store())
    labels = frozenset({"region": "local", "provider": "fake", "model": "small", "tier": "standard"}.items())
    cost = ("ai_processing_cost_dollars", labels)
    seen = []
    for _ in range(2):
        with costs(environment) as url:
            assert httpx.get(f"{url}/livez").status_code == 200
            assert httpx.get(f"{url}/readyz").status_code == 200
            until(lambda url=url: cost in scraped(url), HANG_SECONDS, "the ledger was read")  # type: ignore[misc]
            seen.append(scraped(url))
    for metrics in seen:
        assert metrics[cost] == 0.123462
        assert metrics["procession_ai_tokens", labels | {("kind", "input")}] == 123_458
        unknown = frozenset({("status", "unknown")})
        assert (metrics["procession_ai_open_calls", unknown], metrics["procession_ai_set_aside_dollars", unknown]) == (
            1,
            3,
        )
        month = ("period", "month")
        assert metrics["procession_ai_budget_limit_dollars", frozenset({month})] == 90
        used = metrics["procession_ai_budget_used_dollars", frozenset({month, ("state", "spent")})]
        assert used == 0.123462
        assert not any("flora" in str(key) or "venue" in str(key) for key in metrics)
        assert not any(name == "redis_queue_length" for name, _ in metrics)  # another role's to tell
