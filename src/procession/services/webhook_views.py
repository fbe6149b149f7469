"""What is told of webhooks: receivers, deliveries, and a secret once."""

from __future__ import annotations

from datetime import datetime

from procession.domain.webhook import DeliveryState
from procession.services.views import View


class WebhookView(View):
    """A receiver. `failures`: in a row; `rests_until`: until then nothing is sent to it."""

    id: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    rests_until: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class WebhookWithSecret(WebhookView):
    """`secret` is told this once. `old_secret_until`: until then what is sent bears the old one's signature too."""

    secret: str
    old_secret_until: datetime | None = None


class WebhookDelivery(View):
    """One event for one receiver. `event_id` is its `webhook-id`; `error` says why the last attempt failed.

    `next_attempt_at` is null once nothing more is sent by itself.
    """

    id: str
    webhook_id: str
    event_id: str
    event_type: str
    resource_id: str
    status: DeliveryState
    attempts: int
    response_code: int | None
    error: str | None
    created_at: datetime
    tried_at: datetime | None
    next_attempt_at: datetime | None
    ended_at: datetime | None
