"""Signatures of webhooks as https://www.standardwebhooks.com says: HMAC-SHA256 over id, time and body, as `v1,…`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32
"""The specification allows 24 to 64."""


def secret_of(key: bytes) -> str:
    """A secret as receivers keep it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def sign(secret: str, message_id: str, seconds: int, body: str) -> str:
    """``secret`` as ``secret_of`` made it; ``seconds``: of this attempt, since 1970."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{message_id}.{seconds}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(secrets: Sequence[str], message_id: str, now: datetime, body: str) -> Mapping[str, str]:
    """The three headers; one signature for each secret that is live."""
    seconds = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(sign(secret, message_id, seconds, body) for secret in secrets),
    }
