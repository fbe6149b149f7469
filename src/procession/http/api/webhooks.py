"""``/v1/webhooks``: receivers that are told of changes, and what was sent to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from procession.domain.webhook import EVENT_TYPES, DeliveryState
from procession.http import etag
from procession.http.context import App, Asker
from procession.http.pagination import Paged
from procession.policy.webhook_addresses import URL_CHARACTERS_MAX
from procession.services.webhooks import OVERLAP_HOURS, OVERLAP_HOURS_MAX

WebhookId = Annotated[str, Path(max_length=64)]
DeliveryId = Annotated[str, Path(max_length=64)]
Url = Annotated[str, Field(min_length=1, max_length=URL_CHARACTERS_MAX)]
Types = Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=len(EVENT_TYPES))]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewWebhook(_Body):
    """`events`: what it is told of; left out or empty: everything."""

    url: Url
    events: Types = ()


class WebhookChange(_Body):
    """What is left out stays. Enabling starts with what happens from then on."""

    url: Url | None = None
    events: Types | None = None
    enabled: bool | None = None


class NewSecret(_Body):
    """`overlap_hours`: how long the secret of before signs too."""

    overlap_hours: Annotated[float, Field(ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS


def _json(view: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(view.model_dump_json(), status, headers=headers, media_type="application/json")


async def create_webhook(application: App, asker: Asker, body: NewWebhook) -> Response:
    """Let an address be told of what happens from now on. The answer holds its `secret`, once."""
    made = await application.webhooks.create(asker, body.url, body.events)
    return _json(made, 201, {"Location": f"/v1/webhooks/{made.id}", "ETag": etag.of_version(made.version)})


async def list_webhooks(application: App, asker: Asker, paged: Paged) -> Response:
    """Webhooks, newest first, and how each fares."""
    return _json(await application.webhooks.list(asker, cursor=paged.cursor, limit=paged.limit))


async def webhook(application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    """One webhook. How it fares changes without its version."""
    view = await application.webhooks.get(asker, webhook_id)
    return _json(view, headers={"ETag": etag.of_version(view.version)})


async def change_webhook(
    request: Request, application: App, asker: Asker, webhook_id: WebhookId, body: WebhookChange
) -> Response:
    """Another address, other events, or nothing more until it is enabled again. `If-Match` is required."""
    view = await application.webhooks.change(
        asker,
        webhook_id,
        url=body.url,
        events=body.events,
        enabled=body.enabled,
        expected_version=etag.expected_version(request),
    )
    return _json(view, headers={"ETag": etag.of_version(view.version)})


async def delete_webhook(application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    """Delete a webhook, its secret and what was sent to it."""
    await application.webhooks.delete(asker, webhook_id)
    return Response(status_code=204)


async def rotate_webhook_secret(application: App, asker: Asker, webhook_id: WebhookId, body: NewSecret) -> Response:
    """A new `secret`, told once. For `overlap_hours` both sign, so that no receiver misses one."""
    made = await application.webhooks.rotate(asker, webhook_id, body.overlap_hours)
    return _json(made, headers={"ETag": etag.of_version(made.version)})


async def test_webhook(application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    """Send it a `webhook.test`; the delivery in the answer tells what became of it when it is read again."""
    made = await application.webhooks.test(asker, webhook_id)
    return _json(made, 202, {"Location": f"/v1/webhooks/{webhook_id}/deliveries/{made.id}"})


async def list_webhook_deliveries(
    application: App,
    asker: Asker,
    webhook_id: WebhookId,
    paged: Paged,
    status: Annotated[list[DeliveryState] | None, Query(description="only these; repeatable")] = None,
    event_type: Annotated[str | None, Query(max_length=60, description="only this type")] = None,
) -> Response:
    """What was sent, newest first, and why it failed."""
    page = await application.webhooks.deliveries(
        asker, webhook_id, states=status or (), event_type=event_type, cursor=paged.cursor, limit=paged.limit
    )
    return _json(page)


async def webhook_delivery(application: App, asker: Asker, webhook_id: WebhookId, delivery_id: DeliveryId) -> Response:
    """One delivery."""
    return _json(await application.webhooks.delivery(asker, webhook_id, delivery_id))


async def retry_webhook_delivery(
    application: App, asker: Asker, webhook_id: WebhookId, delivery_id: DeliveryId
) -> Response:
    """Send it again now, with the same `webhook-id`; attempts are counted anew."""
    return _json(await application.webhooks.retry(asker, webhook_id, delivery_id), 202)
