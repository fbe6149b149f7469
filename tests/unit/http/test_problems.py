"""Problem documents for whatever goes wrong, and pages for browsers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from procession.domain.errors import (
    PROBLEM_CODES,
    InvalidRequest,
    NotFound,
    OverCapacity,
    ProcessionError,
    TooLarge,
    Unauthenticated,
)
from procession.http import problems


def request(path: str = "/v1/analyses", method: str = "GET", accept: str = "*/*") -> Request:
    headers = [(b"accept", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "state": {}}
    return Request({**scope, "scheme": "http", "server": ("localhost", 80)})


def page(_: Request, error: ProcessionError, *, status: int | None = None) -> Response:
    return PlainTextResponse(error.message, status or error.status)


def body(answer: Response) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(bytes(answer.body))
    return read


def test_a_refusal_for_now_says_when_to_come_back() -> None:
    answer = problems.response(OverCapacity(retry_after=7), "t")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.media_type == "application/problem+json"
    assert body(answer)["code"] == "over_capacity"


def test_errors_of_single_fields_are_listed() -> None:
    error = InvalidRequest("Two things are wrong.")
    error.errors = [{"field": "email", "message": "Not an e-mail address."}]  # type: ignore[attr-defined]
    assert body(problems.response(error, None))["errors"] == [{"field": "email", "message": "Not an e-mail address."}]


@pytest.mark.parametrize(
    ("location", "field"),
    [(("query", "limit"), "limit"), (("body", "fields", 0, "action"), "fields.0.action"), (("body", 17), "body")],
)
def test_what_the_framework_refused_names_its_place(location: tuple[str | int, ...], field: str) -> None:
    error = problems.RequestInvalid([{"loc": location, "msg": "wrong"}])
    assert body(problems.response(error, None))["errors"][0]["field"] == field


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 418, 500, 503, 504])
def test_every_status_of_the_framework_has_a_code_of_ours(status: int) -> None:
    assert problems.of_http(HTTPException(status)).code in PROBLEM_CODES


def test_our_own_refusal_while_the_framework_read_a_body_stays_what_it_was() -> None:
    error = HTTPException(400)
    error.__cause__ = TooLarge()
    assert problems.of_http(error).code == "too_large"


def test_a_browser_gets_a_page_and_a_program_a_problem() -> None:
    for path, accept, is_page in (
        ("/analyses/x", "text/html,*/*", True),
        ("/analyses/x", "*/*", False),
        ("/v1/analyses/x", "text/html,*/*", False),
    ):
        answer = problems.answer(request(path, accept=accept), NotFound(), page)
        assert answer.status_code == 404
        assert (answer.media_type == "text/plain") is is_page


def test_a_browser_that_is_not_signed_in_is_led_there_and_back() -> None:
    answer = problems.answer(request("/forms", accept="text/html"), Unauthenticated(), page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/forms")
    assert problems.answer(request("/forms", "POST", "text/html"), Unauthenticated(), page).status_code == 401
