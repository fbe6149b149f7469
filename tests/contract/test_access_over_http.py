"""Who may see what: keys, tenants, sessions, other sites, hosts, headers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

import httpx
import pytest

from procession.client import Analysis, Client
from procession.client import errors as client_errors
from procession.http.app import ROUTES
from tests.contract.conftest import KEYS
from tests.contract.test_uploads_over_http import code
from tests.support import documents
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def of_flora(keyed: RunningServer) -> Analysis:
    with keyed.client(KEYS["flora"]) as client:
        analysis = client.wait(client.submit(documents.acroform()).id, 60)
        return client.review(analysis, finish=True)


@pytest.fixture
def anonymous(keyed: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=keyed.base_url, timeout=60) as made:
        yield made


def filled(path: str, analysis: Analysis, batch_id: str = "ba_none") -> str:
    values = {"analysis_id": analysis.id, "form_id": str(analysis.form_id), "number": "1", "batch_id": batch_id}
    values["response_id"] = "resp_1"  # whose form is none of one's own is told first
    return path.format_map(defaultdict(lambda: "none", values))


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if not route.open], ids=lambda one: f"{one.method}{one.path}"
)
def test_every_route_that_is_not_open_needs_a_key(anonymous: httpx.Client, of_flora: Analysis, route: object) -> None:
    method, path = route.method, route.path  # type: ignore[attr-defined]
    answer = anonymous.request(method, filled(path, of_flora), json={"open": True} if method == "PATCH" else {})
    assert code(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    wrong = anonymous.request(method, filled(path, of_flora), headers={"authorization": "Bearer wrong"})
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if "{analysis_id}" in route.path or "{form_id}" in route.path],
    ids=lambda one: f"{one.method}{one.path}",
)
def test_another_tenant_s_things_are_not_there(keyed: RunningServer, of_flora: Analysis, route: object) -> None:
    method, path = route.method, route.path  # type: ignore[attr-defined]
    body = {"open": False} if method == "PATCH" else {"fields": [], "finish": False}
    headers = {"authorization": f"Bearer {KEYS['venue']}", "if-match": "*"}
    with httpx.Client(base_url=keyed.base_url, headers=headers, timeout=60) as venue:
        answer = venue.request(method, filled(path, of_flora), json=body if method in {"POST", "PATCH"} else None)
    assert code(answer) == (404, "not_found")


def test_another_tenant_s_things_are_in_no_list(keyed: RunningServer, of_flora: Analysis) -> None:
    with keyed.client(KEYS["venue"]) as venue, keyed.client(KEYS["flora"]) as flora:
        assert of_flora.id in {one.id for one in flora.list()}
        assert of_flora.id not in {one.id for one in venue.list()}
        assert of_flora.form_id in {one.id for one in flora.forms()}
        assert list(venue.forms()) == []
        batch, _ = flora.submit_many([documents.form()])
        with pytest.raises(client_errors.NotFound):
            venue.batch(batch.id)
        with pytest.raises(client_errors.NotFound):
            venue.submit(documents.form(), batch_id=batch.id)


def test_equal_bytes_and_equal_idempotency_keys_of_two_tenants_have_nothing_in_common(keyed: RunningServer) -> None:
    content = documents.form()
    with keyed.client(KEYS["venue"]) as venue, keyed.client(KEYS["flora"]) as flora:
        first = flora.wait(flora.submit(content, idempotency_key="k").id, 60)
        second = venue.wait(venue.submit(content, idempotency_key="k").id, 60)
    assert first.id != second.id
    assert second.reused_from is None


def test_a_tenant_s_stream_tells_nothing_of_others(keyed: RunningServer) -> None:
    headers = {"authorization": f"Bearer {KEYS['venue']}"}
    with (
        httpx.Client(base_url=keyed.base_url, headers=headers, timeout=60) as http,
        keyed.client(KEYS["venue"]) as venue,
        keyed.client(KEYS["flora"]) as flora,
        http.stream("GET", "/v1/events") as answer,
    ):
        lines = answer.iter_lines()
        next(line for line in lines if line == "event: ready")
        theirs = flora.submit(documents.form())
        ours = venue.submit(documents.form())
        seen: set[str] = set()
        for line in lines:
            if line.startswith("data: {"):
                for ids in json.loads(line[6:]).values():
                    seen.update(ids)
            if ours.id in seen:
                break
    assert theirs.id not in seen


def test_a_browser_signs_in_with_a_key_and_out_again(anonymous: httpx.Client) -> None:
    assert code(anonymous.post("/session", data={"key": "wrong"})) == (401, "unauthenticated")
    page = {"accept": "text/html"}
    wrong = anonymous.post("/session", data={"key": "wrong", "next": "/forms"}, headers=page)
    assert wrong.headers["location"] == "/sign-in?wrong=true&next=/forms"
    answer = anonymous.post("/session", data={"key": KEYS["flora"], "next": "/forms"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/forms")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert KEYS["flora"] not in cookie
    assert anonymous.get("/v1/analyses").status_code == 200
    foreign = anonymous.post("/v1/batches", json={"files_expected": 1}, headers={"sec-fetch-site": "cross-site"})
    assert code(foreign) == (403, "forbidden")
    anonymous.post("/session/end")
    assert code(anonymous.get("/v1/analyses")) == (401, "unauthenticated")


@pytest.mark.parametrize("to", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:x"])
def test_signing_in_never_leads_to_another_site(anonymous: httpx.Client, to: str) -> None:
    assert anonymous.post("/session", data={"key": KEYS["flora"], "next": to}).headers["location"] == "/"


def test_a_browser_without_a_session_is_led_to_the_sign_in_page(anonymous: httpx.Client) -> None:
    answer = anonymous.get("/", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/")
    assert anonymous.get("/sign-in").status_code == 200


def test_without_keys_other_hosts_and_other_sites_are_refused(http: httpx.Client) -> None:
    assert code(http.get("/v1/analyses", headers={"host": "rebound.test"})) == (403, "forbidden")
    foreign = http.post("/v1/batches", json={"files_expected": 1}, headers={"origin": "http://evil.test"})
    assert code(foreign) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/livez", "/v1/analyses", "/v1/openapi.json", "/nothing-here", "/metrics"])
def test_every_answer_carries_the_security_headers(http: httpx.Client, path: str) -> None:
    headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers


def test_a_caller_s_trace_is_continued(http: httpx.Client) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = http.get("/v1/analyses/an_none", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.json()["trace_id"] == trace
    for wrong in ("", "00-xyz", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"ff-{trace}-00f067aa0ba902b7-01"):
        assert http.get("/v1/analyses/an_none", headers={"traceparent": wrong}).json()["trace_id"] != trace


def test_what_is_not_there_is_a_problem_and_not_a_page(http: httpx.Client) -> None:
    assert code(http.get("/nothing")) == (404, "not_found")
    assert code(http.get("/v1/analyses/an_none")) == (404, "not_found")
    refused = http.put("/v1/analyses")
    assert code(refused) == (405, "invalid_request")
    assert refused.headers["allow"] == "GET, POST"


def test_a_body_past_its_limit_is_refused_declared_or_not(http: httpx.Client) -> None:
    path, kind = "/v1/analyses/an_none/review", {"content-type": "application/json", "if-match": "*"}
    assert code(http.post(path, content=b" " * 2_097_153, headers=kind)) == (413, "too_large")
    undeclared = iter([b" " * 65_536] * 33)
    assert code(http.post(path, content=undeclared, headers=kind)) == (413, "too_large")


def test_a_defect_of_ours_is_a_problem_without_its_words(
    server: RunningServer, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ana@example.test wrote this")

    monkeypatch.setattr(server.application.queue, "view", broken)
    answer = http.get("/v1/queue")
    assert code(answer) == (500, "internal")
    assert "example" not in answer.text
    assert "Traceback" not in answer.text


def test_a_client_without_a_key_gets_its_own_error(keyed: RunningServer) -> None:
    with Client(keyed.base_url) as client, pytest.raises(client_errors.Unauthenticated):
        client.get("an_none")
