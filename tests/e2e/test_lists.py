"""Filters live in the address; a wrong address still leads somewhere; refused requests answer people in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from procession.http.pages import jobs
from tests.support import documents
from tests.support.server import RunningServer

pytestmark = pytest.mark.e2e
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.base_url, timeout=120, headers=BROWSER) as made:
        yield made


def submitted(http: httpx.Client, content: bytes, name: str, priority: str = "urgent") -> str:
    parts = {"file": (name, content, "application/pdf")}
    answer = http.post("/v1/analyses?wait=60", files=parts, data={"priority": priority}).raise_for_status()
    found: str = answer.json()["id"]
    return found


def rows(page: str) -> list[str]:
    return re.findall(r'data-job="([^"]+)"', page)


def test_filters_in_the_address_choose_what_is_listed(http: httpx.Client) -> None:
    failed = submitted(http, documents.truncated(), "cut.pdf")
    low = submitted(http, documents.form(), "calm.pdf", "low")
    assert failed in rows(http.get("/?show=failed").text)
    assert low not in rows(http.get("/?show=failed").text)
    assert rows(http.get("/?priority=low").text) == [low]
    assert "No analysis matches" in http.get("/?show=cancelled&priority=low").text
    assert {failed, low} <= set(rows(http.get("/?show=something-old").text))
    assert rows(http.get("/fragments/jobs?priority=low").text) == [low]


def test_older_analyses_are_on_the_next_page(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        submitted(http, documents.form(), f"paged-{number}.pdf", "standard")
    monkeypatch.setattr(jobs, "ROWS", 2)  # the server runs in this process
    first = http.get("/?priority=standard").text
    older = re.search(r'href="([^"]+)">Older', first)
    assert older is not None
    second = http.get(older[1].replace("&amp;", "&")).text
    assert len(rows(first)) == 2
    assert set(rows(first)).isdisjoint(rows(second))
    assert "Newest" in second


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nothing", 404),
        ("/analyses/an_unknown", 404),
        ("/forms/none", 404),
        ("/f/guessed", 404),
        ("/?cursor=%00", 422),
    ],
)
def test_what_is_not_there_is_said_on_a_page(http: httpx.Client, address: str, status: int) -> None:
    answer = http.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


def test_a_program_that_asks_a_page_for_json_gets_a_problem_document(server: RunningServer) -> None:
    answer = httpx.get(f"{server.base_url}/analyses/an_unknown", headers={"Accept": "application/json"})
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_the_couples_form_is_kept_out_of_indexes_and_other_sites(http: httpx.Client) -> None:
    source = submitted(http, documents.acroform(), "private.pdf")
    finished = http.post(f"/v1/analyses/{source}/review", json={"finish": True}, headers={"If-Match": "*"})
    link = http.get(f"/v1/forms/{finished.json()['form_id']}").json()["share_path"]
    shown = http.get(link)
    assert shown.headers["x-robots-tag"] == "noindex, nofollow"
    assert shown.headers["referrer-policy"] in {"same-origin", "no-referrer"}
    assert "<script" not in shown.text
    email = re.search(r'name="(f\.[^"]+)" type="email"', shown.text)
    assert email is not None
    foreign = http.post(link, data={email[1]: "a@example.com"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    too_long = http.post(link, data={email[1]: "a" * 1_100_000})
    assert too_long.status_code == 413
    again = http.post(link, data={email[1]: "not an address"})
    assert again.status_code == 422
    assert 'value="not an address"' in again.text
