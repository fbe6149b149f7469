"""Errors of endpoints become the closed set of failures, and nothing of what they write is repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from procession.ai.fake import prefixes
from procession.ai.fake.prefixes import Prefixes
from procession.ai.openai_failures import RETRY_AFTER_SECONDS_MAX, of_status, retry_after
from procession.ai.openai_wire import completion_of
from procession.ai.protocol import ProviderError
from procession.domain.provider import Failure
from procession.domain.usage import Tier, Tokens

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (400, {"code": "context_length_exceeded"}, Failure.CONTEXT_TOO_LONG),
        (400, {"message": "This model's maximum context length is 8192 tokens"}, Failure.CONTEXT_TOO_LONG),
        (400, {"error": {"code": "content_filter"}}, Failure.REFUSED),
        (400, None, Failure.REJECTED),
        (401, {}, Failure.UNAUTHORISED),
        (403, {}, Failure.UNAUTHORISED),
        (404, {}, Failure.REJECTED),
        (408, {}, Failure.TIMEOUT_UNKNOWN),
        (413, {}, Failure.CONTEXT_TOO_LONG),
        (422, {}, Failure.REJECTED),
        (429, {"code": "rate_limit_exceeded"}, Failure.RATE_LIMITED),
        (429, {"code": "insufficient_quota"}, Failure.UNAUTHORISED),
        (429, {"code": "resource_unavailable"}, Failure.OVERLOADED),
        (500, "<html>", Failure.UNAVAILABLE),
        (502, None, Failure.UNAVAILABLE),
        (503, {}, Failure.OVERLOADED),
        (504, {}, Failure.TIMEOUT_UNKNOWN),
        (307, {}, Failure.REJECTED),
    ],
)
def test_every_status_is_one_failure(status: int, body: object, failure: Failure) -> None:
    assert of_status("own", status, {}, body).failure is failure


def test_what_an_endpoint_writes_is_not_repeated() -> None:
    error = of_status("own", 400, {}, {"message": "Anna Berg, 14 June", "code": "Anna Berg <a@b.c>"})
    assert error.message == "own answered 400."


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        (str(RETRY_AFTER_SECONDS_MAX), RETRY_AFTER_SECONDS_MAX),
        (str(RETRY_AFTER_SECONDS_MAX * 9), RETRY_AFTER_SECONDS_MAX),
        ("inf", RETRY_AFTER_SECONDS_MAX),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_a_number_or_a_date_and_a_day_at_most(text: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": text}, NOW) == seconds


def test_an_answer_without_its_usage_may_have_been_charged() -> None:
    body = {"id": "x", "model": "m", "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}]}
    for told in (body, {"choices": []}, "text", {**body, "usage": {"prompt_tokens": -1, "completion_tokens": 1}}):
        with pytest.raises(ProviderError) as caught:
            completion_of("own", "r1", {}, told, asked=Tier.STANDARD, provider_request_id="req", answer_bytes_max=100)
        assert caught.value.failure is Failure.TIMEOUT_UNKNOWN


def test_an_endpoint_that_tells_totals_only_is_counted_by_them() -> None:
    body = {
        "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34},
    }
    done = completion_of("own", "r1", {}, body, asked=Tier.FLEX, provider_request_id="", answer_bytes_max=100)
    assert (done.charge.tokens, done.charge.tier) == (Tokens(input=30, output=4), Tier.FLEX)


def test_the_prefixes_longest_unused_are_gone_past_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefixes, "PREFIXES_MAX", 2)
    kept = Prefixes()
    prompts = [[str(number)] * prefixes.PREFIX_TOKENS_MIN for number in range(3)]
    for now, prompt in enumerate(prompts):
        kept.keep("m", "", prompt, now)
    assert [kept.had("m", "", prompt, 3) for prompt in prompts] == [0, 1024, 1024]
