"""Webhooks: checking one that came in, and how each call about them looks on the wire. Both clients send these."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from procession.client.errors import ClientError
from procession.client.models import Answer
from procession.client.protocol import Call

TOLERANCE_SECONDS = 300
"""A webhook whose time is further from now is refused: it may be one of long ago, sent again by somebody else."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with


class WebhookRefused(ClientError):
    """This is not a webhook of the server that has the secret, or not one of now. Answer 401 and do nothing."""


class Webhook(Answer):
    """An address that is told of changes. ``secret`` is there once: when it was made, or rotated."""

    id: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None = None
    failures: int = 0
    failing_since: datetime | None = None
    rests_until: datetime | None = None
    created_at: datetime
    updated_at: datetime
    version: int
    secret: str | None = None
    old_secret_until: datetime | None = None

    @property
    def etag(self) -> str:
        return f'"{self.version}"'


class WebhookDelivery(Answer):
    """One event for one webhook: ``status`` is `waiting`, `failed` (tried again later), `delivered` or `given_up`."""

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    resource_id: str = ""
    status: str
    attempts: int
    response_code: int | None = None
    error: str | None = None
    created_at: datetime
    tried_at: datetime | None = None
    next_attempt_at: datetime | None = None
    ended_at: datetime | None = None


def verify_webhook(
    secret: str | Sequence[str],
    headers: Mapping[str, str],
    body: bytes | str,
    *,
    now: float | None = None,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> dict[str, Any]:
    """What a webhook says: ``{"type", "timestamp", "data"}``, once it is certain who sent it. Raises WebhookRefused.

    ``secret``: as the server told it, or several while they are changed. ``headers``: of the request, any case.
    ``body``: exactly the bytes that came. Keep the header ``webhook-id`` and drop a webhook whose id you had before:
    after a lost answer or a crash the same one is sent again. ``now``: seconds since 1970, default: the clock.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        id_, stamp, signatures = (found[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
        seconds = int(stamp)
    except KeyError as error:
        raise WebhookRefused(f"The header {error.args[0]} is missing.") from None
    except ValueError:
        raise WebhookRefused("The header webhook-timestamp is no number.") from None
    if abs((time.time() if now is None else now) - seconds) > tolerance_seconds:
        raise WebhookRefused("It was signed too long ago, or this machine's clock is wrong.")
    data = body.encode() if isinstance(body, str) else body
    given = [one.removeprefix("v1,").encode() for one in signatures.split(" ") if one.startswith("v1,")]
    secrets = [secret] if isinstance(secret, str) else secret
    wanted = [_signature(one, f"{id_}.{seconds}.".encode() + data) for one in secrets]
    if sum(hmac.compare_digest(one, other) for one in wanted for other in given) == 0:  # all: no time tells which
        raise WebhookRefused("No signature fits this secret.")
    told = json.loads(data)
    if not isinstance(told, dict):
        raise WebhookRefused("It is signed, but says nothing.")
    return told


def _signature(secret: str, content: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"A secret is `{SECRET_PREFIX}` and base 64, as the server told it.") from None
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256))


def create(url: str, events: Sequence[str]) -> Call:
    return Call("POST", "/v1/webhooks", json={"url": url, "events": list(events)}, repeatable=False)


def change(webhook: Webhook, changes: Mapping[str, Any]) -> Call:
    headers = {"If-Match": webhook.etag}
    return Call("PATCH", f"/v1/webhooks/{webhook.id}", json=dict(changes), headers=headers, repeatable=False)


def remove(webhook_id: str) -> Call:
    return Call("DELETE", f"/v1/webhooks/{webhook_id}", repeatable=False)


def rotate(webhook_id: str, overlap_hours: float | None) -> Call:
    body = {} if overlap_hours is None else {"overlap_hours": overlap_hours}
    return Call("POST", f"/v1/webhooks/{webhook_id}/secret", json=body, repeatable=False)


def trial(webhook_id: str) -> Call:
    return Call("POST", f"/v1/webhooks/{webhook_id}/test", repeatable=False)


def delivery(webhook_id: str, delivery_id: str) -> Call:
    return Call("GET", f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}")


def retry(webhook_id: str, delivery_id: str) -> Call:
    return Call("POST", f"/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry", repeatable=False)


def filters(status: Sequence[str], event_type: str | None) -> list[tuple[str, str | None]]:
    states: list[tuple[str, str | None]] = [("status", one) for one in status]
    return [*states, ("event_type", event_type)]
