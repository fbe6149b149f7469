"""The pages of webhooks: addresses that are told, what was sent to each, and why it failed. No scripts needed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.clock import system_clock
from procession.domain.errors import Conflict, InvalidRequest, ProcessionError
from procession.domain.principal import Principal
from procession.domain.webhook import EVENT_TYPES, TEST_TYPE, DeliveryState
from procession.http.api.webhooks import WebhookId
from procession.http.context import App, Asker
from procession.http.pages.jobs import ROWS, Cursor
from procession.http.pages.render import page
from procession.http.pages.words import Saying
from procession.policy.webhook_addresses import URL_CHARACTERS_MAX
from procession.services.webhook_views import WebhookDelivery, WebhookView

EVENTS: dict[str, str] = {
    "analysis.completed": "An analysis is done, nothing needs a look",
    "analysis.review_required": "An analysis is ready for your review",
    "analysis.approved": "A review was finished",
    "analysis.failed": "A document could not be read",
    "analysis.cancelled": "An analysis was cancelled",
    "form.created": "A form was made",
    "form.opened": "A form takes responses again",
    "form.closed": "A form was closed",
    "form.answered": "A couple answered",
    TEST_TYPE: "Test",
}
REASONS: dict[str, str] = {
    "refused": "The receiver refused it.",
    "receiver_failed": "The receiver has a problem of its own.",
    "redirected": "The receiver sent us elsewhere. Enter the address it moved to.",
    "gone": "The receiver wants no more.",
    "timeout": "No answer came in time.",
    "unreachable": "Nobody listens at this address.",
    "connection_lost": "The connection broke.",
    "name_unknown": "This name has no address.",
    "certificate": "The receiver's certificate is not valid.",
    "address_refused": "This name stands for a private address, where webhooks do not go.",
    "secret_lost": "Its secret is lost. Delete this webhook and make a new one.",
    "not_tried": "It waited too long to be sent.",
}
DISABLED: dict[str, str] = {
    "by_owner": "Disabled",
    "gone": "Disabled: the receiver wants no more",
    "failing": "Disabled: it failed for days",
}
STATUS: dict[DeliveryState, Saying] = {
    DeliveryState.WAITING: Saying("Waiting to be sent", "busy"),
    DeliveryState.FAILED: Saying("Failed, is tried again", "look"),
    DeliveryState.DELIVERED: Saying("Delivered", "good"),
    DeliveryState.GIVEN_UP: Saying("Given up", "wrong"),
}
SHOWN = {"": "all", "failed": "failed, tried again", "given_up": "given up", "delivered": "delivered"}
EXAMPLE = "https://crm.example.com/hooks"
Part = Annotated[str, Form(max_length=64)]
Address = Annotated[str, Form(max_length=URL_CHARACTERS_MAX * 2)]
Chosen = Annotated[list[Annotated[str, Form(max_length=60)]], Form(max_length=len(EVENT_TYPES))]
Word = Annotated[str, Query(max_length=20)]


def state(one: WebhookView) -> Saying:
    if not one.enabled:
        tone = "quiet" if one.disabled_reason == "by_owner" else "wrong"
        return Saying(DISABLED.get(one.disabled_reason or "", "Disabled"), tone)
    if one.failures:
        return Saying("Fails at the moment", "look")
    return Saying("Enabled", "good")


def why(one: WebhookDelivery) -> str:
    """The reason of the last failure, in words, with the status where there was one."""
    if one.error is None:
        return ""
    told = REASONS.get(one.error, "It was not delivered.")
    return told if one.response_code is None else f"{told} It answered {one.response_code}."


def left(one: WebhookDelivery, now: datetime) -> float | None:
    """Seconds until what failed is tried again."""
    if one.status is not DeliveryState.FAILED or one.next_attempt_at is None:
        return None
    return max(0.0, (one.next_attempt_at - now).total_seconds())


async def index(request: Request, application: App, asker: Asker, cursor: Cursor = "") -> Response:
    return await _index(request, application, asker, cursor=cursor)


async def _index(
    request: Request,
    application: App,
    asker: Principal,
    *,
    cursor: str = "",
    url: str = "",
    chosen: tuple[str, ...] = tuple(EVENT_TYPES),
    wrong: ProcessionError | None = None,
) -> Response:
    found = await application.webhooks.list(asker, cursor=cursor or None, limit=ROWS)
    return page(
        request,
        "webhooks.html",
        status=200 if wrong is None else wrong.status,
        webhooks=[(one, state(one)) for one in found.items],
        events=[(name, EVENTS[name]) for name in EVENT_TYPES],
        url=url,
        example=EXAMPLE,
        chosen=chosen,
        wrong="" if wrong is None else wrong.message.removeprefix("url: "),
        cursor=cursor,
        next_cursor=found.next_cursor,
    )


async def create(
    request: Request, application: App, asker: Asker, url: Address = "", event: Chosen | None = None
) -> Response:
    """The answer shows the secret, so it is the page itself and nowhere to come back to."""
    try:
        if not event:
            raise InvalidRequest("Choose at least one thing to be told of.")
        made = await application.webhooks.create(asker, url.strip(), event)
    except (InvalidRequest, Conflict) as error:
        return await _index(request, application, asker, url=url, chosen=tuple(event or ()), wrong=error)
    return await _show(request, application, asker, made, secret=made.secret)


async def show(
    request: Request, application: App, asker: Asker, webhook_id: WebhookId, status: Word = "", cursor: Cursor = ""
) -> Response:
    view = await application.webhooks.get(asker, webhook_id)
    return await _show(request, application, asker, view, status=status, cursor=cursor)


async def _show(
    request: Request,
    application: App,
    asker: Principal,
    view: WebhookView,
    *,
    secret: str = "",
    rotated: bool = False,
    status: str = "",
    cursor: str = "",
) -> Response:
    now = system_clock()
    states = [DeliveryState(status)] if status in set(DeliveryState) else []
    found = await application.webhooks.deliveries(asker, view.id, states=states, cursor=cursor or None, limit=ROWS)
    return page(
        request,
        "webhook.html",
        webhook=view,
        saying=state(view),
        secret=secret,
        rotated=rotated,
        told=[EVENTS.get(name, name) for name in view.events],
        deliveries=[(one, STATUS[one.status], why(one), left(one, now)) for one in found.items],
        events=EVENTS,
        shown=SHOWN,
        only=status if states else "",
        cursor=cursor,
        next_cursor=found.next_cursor,
    )


async def rotate(request: Request, application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    made = await application.webhooks.rotate(asker, webhook_id)
    return await _show(request, application, asker, made, secret=made.secret, rotated=True)


async def send_test(application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    await application.webhooks.test(asker, webhook_id)
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


async def set_enabled(
    application: App,
    asker: Asker,
    webhook_id: WebhookId,
    enabled: Annotated[bool, Form()],
    version: Annotated[int, Form()],
) -> Response:
    await application.webhooks.change(asker, webhook_id, enabled=enabled, expected_version=version)
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


async def retry(application: App, asker: Asker, webhook_id: WebhookId, delivery: Part) -> Response:
    await application.webhooks.retry(asker, webhook_id, delivery)
    return RedirectResponse(f"/webhooks/{webhook_id}", 303)


async def ask_delete(request: Request, application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    return page(request, "webhook_delete.html", webhook=await application.webhooks.get(asker, webhook_id))


async def delete(application: App, asker: Asker, webhook_id: WebhookId) -> Response:
    await application.webhooks.delete(asker, webhook_id)
    return RedirectResponse("/webhooks", 303)
