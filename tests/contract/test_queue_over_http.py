"""Operating the queue over HTTP: rights, bad input, and what each operation answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from procession.domain.analysis import State
from procession.settings import ApiKey, Queue, Settings
from procession.store import claims
from procession.store.claims import Outcome
from tests.support import documents
from tests.support.server import RunningServer, running

OPERATOR, TENANT = "key-of-the-operator", "key-of-flora"


@pytest.fixture(scope="module")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Uploads stay pending; an operator's key and a tenant's."""
    keys = tuple(
        ApiKey(sha256=hashlib.sha256(key.encode()).hexdigest(), tenant=tenant, name=tenant, operator=operator)
        for key, tenant, operator in ((OPERATOR, "ops", True), (TENANT, "flora", False))
    )
    settings = Settings(data=tmp_path_factory.mktemp("operated"), api_keys=keys, queue=Queue(waiting_max=50))
    with running(settings, working=False) as started:
        yield started


@pytest.fixture
def operator(resting: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=resting.base_url, timeout=60, headers={"Authorization": f"Bearer {OPERATOR}"}) as made:
        yield made


@pytest.fixture
def tenant(resting: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=resting.base_url, timeout=60, headers={"Authorization": f"Bearer {TENANT}"}) as made:
        yield made


def upload(http: httpx.Client, **query: str) -> dict[str, Any]:
    body = documents.form() + query.pop("salt", "").encode()
    answer = http.post("/v1/analyses", params=query, content=body, headers={"content-type": "application/pdf"})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fail(server: RunningServer, analysis_id: str, code: str = "timeout") -> None:
    """As a worker does whose last attempt failed."""
    on = server.application.foundation

    def unit(conn: Any) -> None:
        claimed = claims.claim(conn, analysis_id, "test", 60, on.clock())
        assert claimed is not None
        outcome = Outcome(State.FAILED, error_code=code, error_message="It took too long.")
        claims.finish(conn, analysis_id, claimed.fence, outcome, on.clock())

    server.call(lambda: on.store.write(unit))


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("pause", {"priority": "low"}),
    ("resume", {"tenant": "flora"}),
    ("cap", {"tenant": "flora", "running_max": 2}),
    ("drain", {"worker": "somebody"}),
    ("prioritize", {"ids": ["an_none"], "priority": "low"}),
    ("dead-letters/revive", {"filter": {}}),
    ("dead-letters/bury", {"ids": ["an_none"]}),
]


@pytest.mark.parametrize(("what", "body"), CHANGES)
def test_only_an_operator_may_change_the_queue(tenant: httpx.Client, what: str, body: dict[str, Any]) -> None:
    refused = tenant.post(f"/v1/queue/{what}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "operator" in refused.json()["detail"]


def test_a_tenant_sees_counts_and_no_other_tenant(tenant: httpx.Client) -> None:
    upload(tenant, salt="seen")
    view = tenant.get("/v1/queue").json()
    assert (view["operator"], view["tenants"], view["dead_letters"]) == (False, [], [])
    assert view["waiting"] >= 1
    assert tenant.get("/v1/queue/dead-letters").status_code == 403


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("pause", {}),
        ("pause", {"priority": "low", "tenant": "flora"}),
        ("pause", {"priority": "later"}),
        ("pause", {"tenant": "no such name!"}),
        ("cap", {"tenant": "flora", "running_max": 0}),
        ("cap", {"tenant": "flora", "waiting_max": 1_000_001}),
        ("prioritize", {"priority": "low"}),
        ("prioritize", {"priority": "low", "ids": []}),
        ("prioritize", {"priority": "low", "ids": ["an_none"] * 501}),
        ("prioritize", {"priority": "low", "batch_id": "batch_none", "cursor": "made up"}),
        ("dead-letters/revive", {}),
        ("dead-letters/revive", {"ids": ["an_none"], "filter": {}}),
        ("dead-letters/bury", {"filter": {"buried": True}}),
        ("dead-letters/bury", {"filter": {"older_seconds": -1}}),
        ("dead-letters/bury", {"filter": {"unknown": 1}}),
    ],
)
def test_bad_input_is_a_problem_and_changes_nothing(operator: httpx.Client, what: str, body: dict[str, Any]) -> None:
    refused = operator.post(f"/v1/queue/{what}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


def test_pausing_a_class_or_tenant_is_shown_with_who_did_it(operator: httpx.Client, tenant: httpx.Client) -> None:
    paused = operator.post("/v1/queue/pause", json={"priority": "standard"}).json()
    assert (paused["priority"], paused["paused"], paused["changed_by"]) == ("standard", True, "key:ops")
    operator.post("/v1/queue/pause", json={"tenant": "flora"}).raise_for_status()
    assert upload(tenant, salt="paused", priority="standard")["status"] == "pending"  # still taken
    view = operator.get("/v1/queue").json()
    assert [one["paused"] for one in view["classes"]] == [False, True, False]
    flora = next(one for one in view["tenants"] if one["controls"]["tenant"] == "flora")
    assert flora["controls"]["paused"]
    assert flora["ready"] >= 1
    assert operator.post("/v1/queue/resume", json={"tenant": "flora"}).json()["paused"] is False
    operator.post("/v1/queue/resume", json={"priority": "standard"}).raise_for_status()
    assert not any(one["paused"] for one in operator.get("/v1/queue").json()["classes"])


def test_caps_are_set_one_by_one_and_lifted_with_null(operator: httpx.Client) -> None:
    def cap(**given: int | None) -> tuple[int | None, int | None]:
        answer = operator.post("/v1/queue/cap", json={"tenant": "venue", **given}).raise_for_status().json()
        return answer["running_max"], answer["waiting_max"]

    assert cap(running_max=1) == (1, None)
    assert cap(waiting_max=1_000_000) == (1, 1_000_000)
    assert cap(running_max=None) == (None, 1_000_000)
    assert cap(waiting_max=None) == (None, None)


def test_an_own_limit_of_waiting_work_goes_before_the_server_s(operator: httpx.Client) -> None:
    operator.post("/v1/queue/cap", json={"tenant": "ops", "waiting_max": 1}).raise_for_status()
    upload(operator, salt="first")
    body = documents.form() + b"second"
    refused = operator.post("/v1/analyses", content=body, headers={"content-type": "application/pdf"})
    assert (refused.status_code, refused.json()["code"]) == (429, "over_capacity")
    assert int(refused.headers["retry-after"]) >= 1
    operator.post("/v1/queue/cap", json={"tenant": "ops", "waiting_max": None}).raise_for_status()
    upload(operator, salt="second")


def test_dead_letters_are_listed_buried_and_revived(
    resting: RunningServer, operator: httpx.Client, tenant: httpx.Client
) -> None:
    made = [upload(tenant, salt=f"dead {n}")["id"] for n in range(3)]
    for one in made:
        fail(resting, one)
    page = operator.get("/v1/queue/dead-letters", params={"code": "timeout", "tenant": "flora", "limit": 2}).json()
    assert [one["id"] for one in page["items"]] == made[:0:-1]
    letter = page["items"][0]
    assert (letter["code"], letter["attempts"], letter["tenant"]) == ("timeout", 1, "flora")
    assert "file" not in letter  # its owner's
    rest = operator.get("/v1/queue/dead-letters", params={"code": "timeout", "cursor": page["next_cursor"]}).json()
    assert [one["id"] for one in rest["items"]] == made[:1]
    assert operator.get("/v1/queue/dead-letters", params={"older_seconds": 3600}).json()["items"] == []
    assert {"code": "timeout", "count": 3} in operator.get("/v1/queue").json()["dead_letters"]

    buried = operator.post("/v1/queue/dead-letters/bury", json={"ids": [made[0], "an_none"]}).json()
    assert buried == {"changed": 1, "ids": [made[0]], "next_cursor": None}
    shown = operator.get("/v1/queue/dead-letters", params={"buried": True}).json()["items"]
    assert [one["id"] for one in shown] == [made[0]]
    assert tenant.get(f"/v1/analyses/{made[0]}").json()["status"] == "failed"  # its owner's history is as it was

    revived = operator.post("/v1/queue/dead-letters/revive", json={"filter": {"code": "timeout"}}).json()
    assert (revived["changed"], sorted(revived["ids"]), revived["next_cursor"]) == (2, made[1:], None)
    assert tenant.get(f"/v1/analyses/{made[1]}").json()["status"] == "pending"
    assert operator.get("/v1/queue/dead-letters").json()["items"] == []


def test_what_waits_moves_to_another_class_and_its_deadline_with_it(
    operator: httpx.Client, tenant: httpx.Client
) -> None:
    batch = tenant.post("/v1/batches", json={"files_expected": 2}).json()["id"]
    made = [upload(tenant, salt=f"moved {n}", priority="low", batch_id=batch) for n in range(2)]
    moved = operator.post("/v1/queue/prioritize", json={"batch_id": batch, "priority": "urgent"}).json()
    assert (moved["changed"], moved["next_cursor"]) == (2, None)
    now = tenant.get(f"/v1/analyses/{made[0]['id']}").json()
    assert (made[0]["priority"], now["priority"]) == ("low", "urgent")
    assert now["deadline"] < made[0]["deadline"]
    again = operator.post("/v1/queue/prioritize", json={"ids": [made[0]["id"]], "priority": "urgent"}).json()
    assert again["changed"] == 0
