"""`procession cost …` and both clients against a really started server without keys: whoever sits there operates it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner, Result

from procession.cli import cost, remote
from procession.client import AsyncClient
from procession.domain.usage import Tokens
from procession.settings import Ai, Settings
from procession.settings.ai import AiModel, AiPrices, AiProvider
from procession.store import journal, ledger
from procession.store.ledger import Reserved
from tests.contract.test_costs_over_http import pay, reserve
from tests.support import documents, fake_ai
from tests.support.fake_ai import RunningFake
from tests.support.server import RunningServer, running

program = typer.Typer()
cost.register(program)
remote.register(program)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(Settings(data=tmp_path_factory.mktemp("cost-commands")), working=False) as made:
        yield made


def run(server: RunningServer, *arguments: str) -> Result:
    environment = {"PROCESSION_SERVER": server.base_url, "NO_COLOR": "1", "COLUMNS": "200"}
    return CliRunner(env=environment).invoke(program, ["cost", *arguments])


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def lost(server: RunningServer, **changes: Any) -> str:
    """A call nobody heard of again."""
    on, found = server.application.foundation, reserve(server, **changes)
    assert isinstance(found, Reserved)
    server.call(lambda: on.store.write(lambda conn: ledger.unknown(conn, found.call_id, "no answer", on.clock())))
    return found.call_id


def test_the_report_is_a_table_for_people_and_exact_in_json(started: RunningServer) -> None:
    pay(started, Tokens(input=123_457), model="seen")
    table = run(started, "report", "--by", "model", "--by", "tier")
    assert table.exit_code == 0
    assert "seen" in table.stdout
    assert "$0.1235" in table.stdout
    (found,) = lines(run(started, "report", "--by", "model", "--json"))
    assert {row["model"]: row["cost"] for row in found["rows"]}["seen"] == "0.123457"
    nothing = run(started, "report", "--since", "2020-01-01", "--until", "2020-01-02T06:00")
    assert "No call to an AI provider was settled" in nothing.stdout
    refused = run(started, "report", "--since", "2020-01-02", "--until", "2020-01-01")
    assert (refused.exit_code, "earlier than until" in refused.stderr) == (2, True)


def test_the_cost_of_an_analysis_is_told_line_by_line(started: RunningServer) -> None:
    with started.client() as client:
        made = client.submit(documents.form() + b"costed").id
    assert "Nothing that has a price" in run(started, "report", "--analysis", made).stdout
    pay(started, Tokens(output=1), analysis_id=made, model="line")
    told = run(started, "report", "--analysis", made).stdout
    assert "line of fake, standard" in told
    assert "total $0.000004" in told


def test_budgets_are_shown_set_and_removed(started: RunningServer) -> None:
    assert "No budget is set" in run(started, "budget").stdout
    told = run(started, "budget", "all", "--limit", "12.50", "--period", "day", "--degrade", "90", "--warn", "never")
    assert "all tenants" in told.stdout
    (shown,) = lines(run(started, "budget", "--json"))
    assert (shown["tenant"], shown["limit"], shown["warn_percent"], shown["degrade_percent"]) == ("*", "12.5", None, 90)
    assert run(started, "budget", "all", "--period", "day", "--remove").stdout == "Removed.\n"
    again = run(started, "budget", "all", "--period", "day", "--remove")
    assert (again.exit_code, "No budget is set" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("budget", "--limit", "5"),
        ("budget", "all", "--limit", "five"),
        ("budget", "all", "--limit", "5", "--remove"),
        ("budget", "all", "--limit", "5", "--warn", "0"),
        ("budget", "all", "--limit", "5", "--warn", "1001"),
        ("reconcile", "--not-billed"),
        ("reconcile", "call_none", "--not-billed", "--tokens", "input=1"),
        ("reconcile", "call_none", "--tokens", "words=1"),
        ("reconcile", "call_none", "--tokens", "input=many"),
        ("reconcile", "call_none", "--not-billed"),
        ("report", "--tenant", "nobody", "--by", "colour"),
    ],
)
def test_what_cannot_be_is_refused_in_words(started: RunningServer, arguments: tuple[str, ...]) -> None:
    refused = run(started, *arguments)
    assert refused.exit_code == 2
    assert refused.stderr


def test_decisions_are_told_with_the_reason(started: RunningServer) -> None:
    assert "Nothing was decided" in run(started, "decisions").stdout
    run(started, "budget", "shop", "--limit", "0", "--period", "month")
    reserve(started, tenant="shop")
    told = run(started, "decisions").stdout
    assert "stop, until" in told
    assert "the budget of shop per month is used up" in told
    (found,) = lines(run(started, "decisions", "--json"))
    assert (found["action"], found["tenant"]) == ("stop", "shop")


def test_the_export_is_a_file_or_stdout(started: RunningServer, tmp_path: Path) -> None:
    pay(started, model="exported")
    out = tmp_path / "costs.csv"
    done = run(started, "export", str(out))
    assert (done.exit_code, "lines in" in done.stderr) == (0, True)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert "exported" in {row["ServiceName"] for row in rows}
    assert run(started, "export", "-").stdout.splitlines() == out.read_text().splitlines()
    assert run(started, "export", str(tmp_path / "no" / "folder.csv")).exit_code == 2


def test_an_unknown_call_is_settled_or_released_by_who_knows_and_once(started: RunningServer) -> None:
    billed, free = lost(started, model="lost"), lost(started)
    assert {one["id"] for one in lines(run(started, "reconcile", "--json"))} == {billed, free}
    (settled,) = lines(run(started, "reconcile", billed, "--tokens", "input=1000000", "--tokens", "output=1", "--json"))
    assert (settled["status"], settled["cost"]) == ("settled", "1.000004")
    assert "released" in run(started, "reconcile", free, "--not-billed").stdout
    again = run(started, "reconcile", free, "--not-billed")
    assert (again.exit_code, "only unknown calls" in again.stderr) == (2, True)
    assert "No call is unknown." in run(started, "reconcile").stdout
    store = started.application.foundation.store
    for call_id in (billed, free):
        (event,) = started.call(
            lambda call_id=call_id: store.read(lambda conn: journal.of_aggregate(conn, call_id, 0, 9, "ai_call"))
        )
        assert (event.type, event.actor) == ("cost.reconciled", "local")


def test_the_provider_is_asked_what_became_of_a_call(tmp_path: Path) -> None:
    with fake_ai.running() as fake:
        settings = Settings(data=tmp_path / "data", ai=Ai(providers=(_provider(fake),)))
        with running(settings, working=False) as server:
            known, unheard = (lost(server, provider="fake", client_request_id=name) for name in ("heard", "unheard"))
            _complete(fake, "heard")
            (settled,) = lines(run(server, "reconcile", known, "--json"))
            assert settled["status"] == "settled"
            assert sum(settled["tokens"].values()) > 0
            (released,) = lines(run(server, "reconcile", unheard, "--json"))
            assert released["status"] == "released"
            elsewhere = lost(server, provider="gone")
            refused = run(server, "reconcile", elsewhere)
            assert (refused.exit_code, "not in the settings" in refused.stderr) == (2, True)


def _provider(fake: RunningFake) -> AiProvider:
    prices = {"standard": AiPrices(input="1", output="4")}
    model = AiModel(name="small", prices=prices)  # type: ignore[arg-type]
    return AiProvider(name="fake", base_url=f"{fake.url}/v1", models=(model,), meter_url=f"{fake.url}/meter")


def _complete(fake: RunningFake, request_id: str) -> None:
    asked = fake_ai.chat(fake_ai.document(["Name: Ana"], [("f1", "Name", "text")]))
    headers = {"X-Client-Request-Id": request_id}
    httpx.post(f"{fake.url}/v1/chat/completions", json=asked, headers=headers).raise_for_status()


async def test_the_asynchronous_client_does_the_same(started: RunningServer) -> None:
    call_id = lost(started)
    async with AsyncClient(started.base_url) as client:
        assert (await client.costs(group_by=["tenant"])).group_by == ("tenant",)
        assert (await client.costs_csv()).startswith(b"BilledCost,")
        made = await client.set_budget("cafe", "hour", "3", stop_percent=None)
        assert (made.version, made.stop_percent) == (1, None)
        assert "cafe" in {one.tenant for one in await client.budgets()}
        await client.remove_budget("cafe", "hour", version=made.version)
        assert [one.tenant async for one in client.cost_decisions()] in ([], ["shop"])
        assert call_id in {one.id for one in (await client.unknown_calls()).items}
        assert (await client.reconcile(call_id)).status == "released"
        analysis = await client.submit(documents.form() + b"asynchronous")
        assert (await client.analysis_costs(analysis.id)).total == "0"
