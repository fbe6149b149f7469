"""Costs and budgets over HTTP: each tenant its own, operators all, to the cent and with reasons."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, delete

from procession.domain.usage import Money, Tokens
from procession.services import budgets as budget_service
from procession.services.cost_export import COLUMNS
from procession.settings import Ai, ApiKey, Settings
from procession.settings.costs import Budgets, Costs
from procession.store import ledger
from procession.store import resource_rollups as resources
from procession.store.cost_tables import (
    ai_calls,
    budget_windows,
    budgets,
    cost_decisions,
    resource_rollups,
    usage_rollups,
    usage_totals,
)
from procession.store.ledger import Refused, Reserved
from procession.store.resource_rollups import Resource
from tests.calls import TOKENS, a_call
from tests.support import documents
from tests.support.server import RunningServer, running

OPERATOR, TENANT, OTHER = "key-of-the-operator", "key-of-flora", "key-of-venue"
PRICES = Costs(version="2030", compute_second="0.00002", storage_gib_month="0.023")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=tenant, operator=operator)
        for key, tenant, operator in ((OPERATOR, "ops", True), (TENANT, "flora", False), (OTHER, "venue", False))
    )
    given = Ai(budgets=Budgets(tenant_day="10", month="500"))
    settings = Settings(data=tmp_path_factory.mktemp("costs"), api_keys=keys, ai=given, costs=PRICES)
    with running(settings, working=False) as made:
        yield made


@pytest.fixture
def server(started: RunningServer) -> RunningServer:
    """The same for all, with an empty ledger."""

    def empty(conn: Connection) -> None:
        for table in (ai_calls, budgets, budget_windows, cost_decisions, usage_rollups, usage_totals, resource_rollups):
            conn.execute(delete(table))

    on = started.application.foundation
    started.call(lambda: on.store.write(empty))
    return started


def asking(server: RunningServer, key: str) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, timeout=60, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def operator(server: RunningServer) -> Iterator[httpx.Client]:
    with asking(server, OPERATOR) as made:
        yield made


@pytest.fixture
def tenant(server: RunningServer) -> Iterator[httpx.Client]:
    with asking(server, TENANT) as made:
        yield made


def reserve(server: RunningServer, **changes: Any) -> Reserved | Refused:
    on = server.application.foundation
    call, given = a_call(**{"tenant": "flora", **changes}), budget_service.defaults(on.settings)
    found: Reserved | Refused = server.call(
        lambda: on.store.write(lambda conn: ledger.reserve(conn, call, on.clock(), given))
    )
    return found


def pay(server: RunningServer, tokens: Tokens = TOKENS, **changes: Any) -> str:
    """A call, settled."""
    on = server.application.foundation
    found = reserve(server, **changes)
    assert isinstance(found, Reserved)
    server.call(
        lambda: on.store.write(lambda conn: ledger.settle(conn, found.call_id, tokens, "req", None, on.clock()))
    )
    return found.call_id


def test_without_a_call_everything_is_nothing(tenant: httpx.Client) -> None:
    report = tenant.get("/v1/costs").json()
    assert (report["rows"], report["total"]["cost"], report["unknown"]) == ([], "0", {"calls": 0, "set_aside": "0"})
    assert report["resources"] == []


def test_a_tenant_sees_its_own_cost_and_an_operator_everybody_s(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    pay(server)
    pay(server, model="large")
    pay(server, tenant="venue")
    reserve(server)
    own = tenant.get("/v1/costs", params={"group_by": "tenant,model"}).json()
    assert [(row["tenant"], row["model"], row["cost"]) for row in own["rows"]] == [
        *(("flora", "large", "2"), ("flora", "small", "2")),
    ]
    assert (own["total"]["cost"], own["total"]["calls"], own["in_flight"]) == ("4", 2, {"calls": 1, "set_aside": "3"})
    every = operator.get("/v1/costs", params={"group_by": "day,tenant"}).json()
    assert [(row["tenant"], row["cost"]) for row in every["rows"]] == [("flora", "4"), ("venue", "2")]
    assert every["total"]["tokens"]["input"] == 3_000_000
    assert operator.get("/v1/costs", params={"tenant": "venue"}).json()["total"]["cost"] == "2"
    refused = tenant.get("/v1/costs", params={"tenant": "venue"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "query",
    [
        {"group_by": "colour"},
        {"since": "2030-01-02T00:00:00Z", "until": "2030-01-01T00:00:00Z"},
        {"since": "2028-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"},
        {"since": "yesterday"},
    ],
)
def test_a_report_that_cannot_be_is_a_problem(tenant: httpx.Client, query: dict[str, str]) -> None:
    for path in ("/v1/costs", "/v1/costs/focus.csv"):
        if path.endswith("csv") and "group_by" in query:
            continue
        refused = tenant.get(path, params=query)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


def test_an_analysis_tells_its_full_cost_line_by_line(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    made = tenant.post("/v1/analyses", content=documents.form(), headers={"content-type": "application/pdf"}).json()
    call_id = pay(server, analysis_id=made["id"])
    reserve(server, analysis_id=made["id"])
    costs = tenant.get(f"/v1/costs/analyses/{made['id']}").json()
    assert [(call["id"] == call_id, call["status"]) for call in costs["calls"]] == [
        *((True, "settled"), (False, "reserved")),
    ]
    lines = {line["kind"]: line for line in costs["lines"]}
    assert lines["ai"]["cost"] == "2"
    assert lines["ai"]["quantity"] == "1250000"
    assert costs["set_aside"] == "3"
    assert Decimal(costs["total"]) == sum(Decimal(line["cost"]) for line in costs["lines"])
    assert operator.get(f"/v1/costs/analyses/{made['id']}").status_code == 200
    with asking(server, OTHER) as other:
        assert other.get(f"/v1/costs/analyses/{made['id']}").status_code == 404
    assert tenant.get("/v1/costs/analyses/an_none").status_code == 404


def test_what_was_used_beside_ai_is_priced_and_idle_capacity_stands_apart(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    on = server.application.foundation

    def used(conn: Any) -> None:
        for whose, kind, quantity in (
            ("flora", Resource.CPU, 1_000_000),
            ("flora", Resource.STORAGE, 720 * 2**30),
            ("venue", Resource.CPU, 500_000),
            ("*", Resource.CAPACITY, 4_500_000),
        ):
            resources.add(conn, whose, on.clock(), "local", kind, quantity)

    server.call(lambda: on.store.write(used))
    own = tenant.get("/v1/costs").json()
    assert [(one["kind"], one["quantity"], one["unit"], one["cost"]) for one in own["resources"]] == [
        ("compute", "1000", "core seconds", "0.02"),
        ("storage", "1", "GiB months", "0.023"),
    ]
    assert own["idle"] is None
    every = operator.get("/v1/costs").json()
    assert (every["resources"][0]["cost"], every["idle"]["cost"]) == ("0.03", "0.06")


def test_the_export_has_focus_columns_and_sums_to_the_report(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    pay(server, Tokens(input=123_457, cached=11, image=3, output=7))
    pay(server, tenant="venue", provider="other")
    answer = operator.get("/v1/costs/focus.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == COLUMNS
    total = operator.get("/v1/costs").json()["total"]
    assert Money.total(Money.parse(row["EffectiveCost"]) for row in rows) == Money.parse(total["cost"])
    assert {row["SubAccountId"] for row in rows} == {"flora", "venue"}
    assert {row["ServiceCategory"] for row in rows} == {"AI and Machine Learning"}
    assert "E" not in "".join(row["BilledCost"] for row in rows)
    mine = list(csv.DictReader(io.StringIO(tenant.get("/v1/costs/focus.csv").text)))
    assert [row["SubAccountId"] for row in mine] == ["flora"]


# --- budgets ----------------------------------------------------------------------------------------------------------


def test_budgets_of_the_settings_hold_until_another_is_set(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    pay(server)
    (own,) = tenant.get("/v1/budgets").json()["items"]
    assert (own["tenant"], own["period"], own["limit"], own["spent"], own["left"]) == (
        *("flora", "day", "10", "2", "8"),
    )
    assert (own["source"], own["version"], own["state"]) == ("settings", 0, "fine")
    everyone = {(one["tenant"], one["period"]) for one in operator.get("/v1/budgets").json()["items"]}
    assert everyone == {("ops", "day"), ("*", "month")}

    body = {"limit": "2.40", "stop_percent": 200, "degrade_percent": 90}
    made = operator.put("/v1/budgets/flora/day", json=body, headers={"If-Match": '"0"'})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert (made.json()["state"], made.json()["changed_by"]) == ("warn", "key:ops")
    assert tenant.get("/v1/budgets/flora/day").headers["etag"] == '"1"'
    stale = operator.put("/v1/budgets/flora/day", json=body, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition_failed")
    assert operator.put("/v1/budgets/flora/day", json=body).status_code == 428
    changed = operator.put("/v1/budgets/flora/day", json={**body, "limit": "1"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["left"]) == (200, '"2"', "0")

    assert operator.delete("/v1/budgets/flora/day").status_code == 428
    assert operator.delete("/v1/budgets/flora/day", headers={"If-Match": '"1"'}).status_code == 412
    assert operator.delete("/v1/budgets/flora/day", headers={"If-Match": "*"}).status_code == 204
    assert operator.delete("/v1/budgets/flora/day", headers={"If-Match": "*"}).status_code == 404
    assert tenant.get("/v1/budgets/flora/day").json()["source"] == "settings"
    assert tenant.get("/v1/budgets/flora/hour").status_code == 404


def test_only_an_operator_sets_budgets_and_sees_others(tenant: httpx.Client) -> None:
    body, any_version = {"limit": "1000000"}, {"If-Match": "*"}
    assert tenant.put("/v1/budgets/flora/day", json=body, headers=any_version).status_code == 403
    assert tenant.delete("/v1/budgets/flora/day", headers=any_version).status_code == 403
    assert tenant.get("/v1/budgets/venue/day").status_code == 403
    assert tenant.get("/v1/budgets/*/month").status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("flora/day", {"limit": "-1"}),
        ("flora/day", {"limit": "9000001"}),
        ("flora/day", {"limit": "0.0000000000001"}),
        ("flora/day", {"limit": "1e400"}),
        ("flora/day", {"limit": "NaN"}),
        ("flora/day", {"limit": 5}),
        ("flora/day", {"limit": "5", "warn_percent": None, "stop_percent": None}),
        ("flora/day", {"limit": "5", "warn_percent": 90, "stop_percent": 80}),
        ("flora/day", {"limit": "5", "warn_percent": 0}),
        ("flora/week", {"limit": "5"}),
        ("No One/day", {"limit": "5"}),
    ],
)
def test_a_budget_that_cannot_be_is_a_problem(operator: httpx.Client, path: str, body: dict[str, Any]) -> None:
    refused = operator.put(f"/v1/budgets/{path}", json=body, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


def test_the_largest_budget_is_taken(operator: httpx.Client) -> None:
    made = operator.put("/v1/budgets/flora/month", json={"limit": "9000000"}, headers={"If-Match": "*"})
    assert (made.status_code, made.json()["limit"]) == (201, "9000000")


def test_decisions_say_what_was_done_why_and_until_when(
    server: RunningServer, tenant: httpx.Client, operator: httpx.Client
) -> None:
    operator.put("/v1/budgets/flora/month", json={"limit": "4"}, headers={"If-Match": "*"}).raise_for_status()
    pay(server)
    refused = [reserve(server), reserve(server)]
    assert all(isinstance(one, Refused) for one in refused)
    (told,) = tenant.get("/v1/costs/decisions").json()["items"]
    assert (told["action"], told["cause"], told["calls"], told["period"]) == ("stop", "budget", 2, "month")
    assert "$2.00 spent, $0.00 set aside, this call up to $3.00, limit $4.00" in told["reason"]
    assert told["until"] is not None
    with asking(server, OTHER) as other:
        assert other.get("/v1/costs/decisions").json()["items"] == []
    operator.put("/v1/budgets/*/month", json={"limit": "0"}, headers={"If-Match": "*"}).raise_for_status()
    reserve(server, tenant="venue")
    first = operator.get("/v1/costs/decisions", params={"limit": 1}).json()
    assert first["items"][0]["tenant"] == "*"
    rest = operator.get("/v1/costs/decisions", params={"cursor": first["next_cursor"]}).json()
    assert [one["tenant"] for one in rest["items"]] == ["flora"]


def test_a_report_of_another_time_is_empty(server: RunningServer, tenant: httpx.Client) -> None:
    pay(server)
    now = server.application.foundation.clock()
    past = {"since": (now - timedelta(days=3)).isoformat(), "until": (now - timedelta(days=2)).isoformat()}
    assert tenant.get("/v1/costs", params=past).json()["rows"] == []
