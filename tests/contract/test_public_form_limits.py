"""What anybody with a form's link can send: at each limit it is taken, past it refused, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from procession.settings import Http, Settings
from tests.support import documents
from tests.support.server import RunningServer, running

RESPONSES_MAX = 2
BYTES_MAX = 600
REQUIRED = "couple_s_e_mail"
"""The only question that must be answered."""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    limits = Http(responses_per_form_max=RESPONSES_MAX, response_bytes_max=BYTES_MAX, request_bytes_max=2_000)
    with running(Settings(data=tmp_path_factory.mktemp("limited"), http=limits)) as started:
        yield started


@pytest.fixture
def link(limited: RunningServer) -> str:
    """Where the couple's form of a fresh document is."""
    with limited.client() as client:
        analysis = client.wait(client.submit(documents.acroform()).id, 60)
        form_id = client.review(analysis, finish=True).form_id
    form = httpx.get(f"{limited.base_url}/v1/forms/{form_id}", timeout=60).json()
    assert REQUIRED in form["json_schema"]["required"]
    return f"{limited.base_url}{form['share_path']}"


def sent(link: str, body: bytes) -> int:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return httpx.post(link, content=body, headers=kind, timeout=60).status_code


def body_of(size: int) -> bytes:
    start = f"f.{REQUIRED}=them%40example.com&unknown=".encode()
    return start + b"x" * (size - len(start))


def test_answers_at_the_size_limit_are_taken_and_past_it_are_not(link: str) -> None:
    assert sent(link, body_of(BYTES_MAX + 1)) == 413
    assert sent(link, body_of(2_001)) == 413
    assert sent(link, body_of(BYTES_MAX)) == 303


def test_a_form_takes_as_many_answers_as_allowed_and_then_says_no(link: str) -> None:
    assert [sent(link, body_of(50)) for _ in range(RESPONSES_MAX + 2)] == [*(303,) * RESPONSES_MAX, 409, 409]
    assert httpx.get(link, timeout=60).status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b"garbage", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"garbage", "headers": {"content-type": "multipart/form-data"}},
        {"files": {"f.email": ("a.pdf", b"%PDF-1.7", "application/pdf")}},
    ],
)
def test_what_is_no_answer_is_refused(link: str, request_: dict[str, object]) -> None:
    answer = httpx.post(link, timeout=60, **request_)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


def test_a_link_that_leads_nowhere_is_not_found(limited: RunningServer) -> None:
    for token in ("nothing", "x" * 128, "%2e%2e"):
        assert httpx.get(f"{limited.base_url}/f/{token}", timeout=60).status_code == 404
