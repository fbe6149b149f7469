"""What the server signs the client believes, and nothing else; both as https://www.standardwebhooks.com says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from procession.client import WebhookRefused, verify_webhook
from procession.client.webhooks import TOLERANCE_SECONDS
from procession.domain import webhook_signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = webhook_signature.secret_of(b"k" * 32)
ID, SECONDS, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The example that the specification's libraries are tested with."""
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(SECONDS), "webhook-signature": SIGNATURE}


def check(headers: Mapping[str, str] = HEADERS, body: str = BODY, **more: Any) -> dict[str, Any]:
    given = {"secret": SECRET, "now": float(SECONDS), **more}
    return verify_webhook(given.pop("secret"), headers, body.encode(), **given)


def test_the_specifications_example_is_signed_so_and_believed() -> None:
    assert webhook_signature.sign(SECRET, ID, SECONDS, BODY) == SIGNATURE
    assert check() == {"test": 2432232314}


def test_the_servers_headers_are_believed_with_either_secret_while_both_live() -> None:
    moment = datetime.fromtimestamp(SECONDS, UTC)
    both = webhook_signature.headers([OTHER, SECRET], ID, moment, BODY)
    assert check(both) == check(both, secret=OTHER) == check(both, secret=["whsec_" + "A" * 32, SECRET])
    assert check({name.title(): value for name, value in both.items()}) == check(both)


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"webhook-id": "msg_other"}, BODY),
        ({"webhook-timestamp": str(SECONDS + 1)}, BODY),
        ({"webhook-timestamp": "soon"}, BODY),
        ({"webhook-signature": "v1,AAAA"}, BODY),
        ({"webhook-signature": "v1,ä"}, BODY),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v1a,")}, BODY),
        ({"webhook-signature": ""}, BODY),
        ({}, BODY + " "),
    ],
)
def test_anything_that_was_changed_is_refused(changes: dict[str, str], body: str) -> None:
    with pytest.raises(WebhookRefused):
        check(HEADERS | changes, body)


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_refused(name: str) -> None:
    with pytest.raises(WebhookRefused, match=name):
        check({key: value for key, value in HEADERS.items() if key != name})


def test_one_of_long_ago_or_of_the_future_is_refused_and_one_within_the_tolerance_is_not() -> None:
    for by in (-TOLERANCE_SECONDS, TOLERANCE_SECONDS):
        assert check(now=SECONDS + by)
        with pytest.raises(WebhookRefused):
            check(now=SECONDS + by * 1.01)


def test_another_secret_is_refused_and_one_that_is_none_is_told() -> None:
    with pytest.raises(WebhookRefused):
        check(secret=OTHER)
    with pytest.raises(ValueError, match="whsec_"):
        check(secret="not a secret")


def test_what_is_signed_and_no_object_is_refused() -> None:
    signed = {**HEADERS, "webhook-signature": webhook_signature.sign(SECRET, ID, SECONDS, "[1]")}
    with pytest.raises(WebhookRefused):
        check(signed, "[1]")
