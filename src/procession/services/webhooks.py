"""A tenant's webhooks: receivers made, changed and deleted, their secrets, and what was sent to them.

Addresses and secrets are sealed under a key of the receiver's own, which goes with it. Addresses are sealed too because
many carry a token. The key's id sorts behind those of documents, whose keys the pruner looks through.
"""

from __future__ import annotations

import ipaddress
import json
import secrets as chance
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain import webhook, webhook_signature
from procession.domain.clock import new_id
from procession.domain.errors import Conflict, InvalidRequest, NotFound
from procession.domain.principal import Principal
from procession.domain.webhook import OPEN, DeliveryState
from procession.policy import webhook_addresses
from procession.policy.webhook_addresses import Permissions
from procession.services import cursors
from procession.services.foundation import Foundation
from procession.services.vault import Vault
from procession.services.views import Page
from procession.services.webhook_views import WebhookDelivery, WebhookView, WebhookWithSecret
from procession.settings import Webhooks as Settings
from procession.store import webhook_deliveries, webhooks
from procession.store.controls import By
from procession.store.webhook_deliveries import Delivery
from procession.store.webhooks import Webhook

OVERLAP_HOURS = 24
"""How long an old secret signs too, when nobody says otherwise."""
OVERLAP_HOURS_MAX = 7 * 24
DISABLED_BY_OWNER = "by_owner"


@dataclass(frozen=True, slots=True)
class Secret:
    """``until``: None for the one that stays."""

    value: str
    until: datetime | None = None


_Pages = Page[WebhookView]
_Deliveries = Page[WebhookDelivery]


class Webhooks:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    # --- receivers ----------------------------------------------------------------------------------------------------

    async def create(self, principal: Principal, url: str, events: Sequence[str] = ()) -> WebhookWithSecret:
        """``events``: types it is told of; none: all. Raises InvalidRequest, Conflict when there are too many."""
        settings = self._on.settings.webhooks
        checked, types = _url(url, settings), _types(events)
        id_, now = new_id("whk"), self._on.clock()
        secret = _new_secret()
        await self._on.vault.create_key(principal.tenant, id_)
        await self._on.vault.bring([id_])
        made = Webhook(
            id=id_,
            tenant=principal.tenant,
            url_sealed=self._on.vault.seal_text(id_, checked, url_context(id_)),
            secrets_sealed=_seal_secrets(self._on.vault, id_, [Secret(secret)]),
            events=types,
            enabled=True,
            disabled_reason=None,
            version=1,
            created_at=now,
            updated_at=now,
        )
        by, most = self._by(principal), settings.per_tenant_max
        stored = await self._on.store.write(
            lambda conn: webhooks.insert_new(conn, made, most, by), tenant=principal.tenant
        )
        if stored is None:
            await self._on.vault.destroy(id_)
            raise Conflict(f"There are {most} webhooks already, which is as many as there may be. Delete one first.")
        self._on.announce(principal.tenant)
        return WebhookWithSecret(**_view(stored, checked).model_dump(), secret=secret)

    async def get(self, principal: Principal, webhook_id: str) -> WebhookView:
        """Raises NotFound."""
        return await self._view(await self._row(principal, webhook_id))

    async def list(self, principal: Principal, *, cursor: str | None = None, limit: int = 50) -> _Pages:
        """Newest first."""
        before = cursors.decode(cursor)
        found = await self._on.store.read(
            lambda conn: webhooks.page(conn, principal.tenant, before_id=before, limit=limit + 1),
            tenant=principal.tenant,
        )
        items = tuple([await self._view(one) for one in found[:limit]])
        return Page[WebhookView](items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > limit else None)

    async def change(
        self,
        principal: Principal,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        enabled: bool | None = None,
        expected_version: int | None = None,
    ) -> WebhookView:
        """What is None stays. Raises NotFound, InvalidRequest, PreconditionFailed."""
        row = await self._row(principal, webhook_id)
        changes: dict[str, Any] = {}
        if url is not None:
            checked = _url(url, self._on.settings.webhooks)
            if checked != await self._url(row):
                changes["url_sealed"] = self._on.vault.seal_text(webhook_id, checked, url_context(webhook_id))
        if events is not None:
            changes["events"] = _types(events)
        if enabled is not None and enabled != row.enabled:
            changes |= {"enabled": enabled, "disabled_reason": None if enabled else DISABLED_BY_OWNER}
        by = self._by(principal)
        changed = await self._on.store.write(
            lambda conn: webhooks.change(
                conn, principal.tenant, webhook_id, changes, by, expected_version=expected_version
            ),
            tenant=principal.tenant,
        )
        self._on.announce(principal.tenant)
        return await self._view(changed)

    async def rotate(
        self, principal: Principal, webhook_id: str, overlap_hours: float = OVERLAP_HOURS
    ) -> WebhookWithSecret:
        """A new secret; the one before signs too for ``overlap_hours``, one of before that no more.

        Raises NotFound, InvalidRequest.
        """
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise InvalidRequest(f"overlap_hours: 0 to {OVERLAP_HOURS_MAX}.")
        secret, by = _new_secret(), self._by(principal)
        until = by.now + timedelta(hours=overlap_hours) if overlap_hours else None
        row = await self._row(principal, webhook_id)
        await self._on.vault.bring([webhook_id])
        (current, *_) = open_secrets(self._on.vault, row)
        kept = [] if until is None else [Secret(current.value, until)]
        sealed = _seal_secrets(self._on.vault, webhook_id, [Secret(secret), *kept])
        changed = await self._on.store.write(
            lambda conn: webhooks.change(
                conn,
                principal.tenant,
                webhook_id,
                {"secrets_sealed": sealed},
                by,
                event_type="webhook.secret_rotated",
                expected_version=row.version,  # two rotations at once: the second would drop the first one's secret
            ),
            tenant=principal.tenant,
        )
        view = await self._view(changed)
        return WebhookWithSecret(**view.model_dump(), secret=secret, old_secret_until=until)

    async def delete(self, principal: Principal, webhook_id: str) -> None:
        """With what was sent to it, and its secret. Raises NotFound."""
        by = self._by(principal)
        await self._on.store.write(
            lambda conn: webhooks.remove(conn, principal.tenant, webhook_id, by), tenant=principal.tenant
        )
        await self._on.vault.destroy(webhook_id)
        self._on.announce(principal.tenant)

    # --- deliveries ---------------------------------------------------------------------------------------------------

    async def test(self, principal: Principal, webhook_id: str) -> WebhookDelivery:
        """Send it a `webhook.test`. Raises NotFound, Conflict when it is disabled."""
        now = self._on.clock()

        def unit(conn: Connection) -> Delivery:
            row = webhooks.get(conn, principal.tenant, webhook_id)
            if row is None:
                raise NotFound
            if not row.enabled:
                raise Conflict("This webhook is disabled, so nothing is sent to it. Enable it first.")
            return webhook_deliveries.make_trial(conn, principal.tenant, webhook_id, now)

        return _delivery(await self._on.store.write(unit, tenant=principal.tenant))

    async def deliveries(
        self,
        principal: Principal,
        webhook_id: str,
        *,
        states: Sequence[DeliveryState] = (),
        event_type: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> _Deliveries:
        """Newest first. Raises NotFound."""
        before = cursors.decode(cursor)

        def unit(conn: Connection) -> Sequence[Delivery]:
            if webhooks.get(conn, principal.tenant, webhook_id) is None:
                raise NotFound
            return webhook_deliveries.page(
                conn,
                principal.tenant,
                webhook_id,
                states=states,
                event_type=event_type,
                before_id=before,
                limit=limit + 1,
            )

        found = await self._on.store.read(unit, tenant=principal.tenant)
        items = tuple(_delivery(one) for one in found[:limit])
        return Page[WebhookDelivery](
            items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > limit else None
        )

    async def delivery(self, principal: Principal, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Raises NotFound."""
        found = await self._on.store.read(
            lambda conn: webhook_deliveries.get(conn, principal.tenant, webhook_id, delivery_id),
            tenant=principal.tenant,
        )
        if found is None:
            raise NotFound
        return _delivery(found)

    async def retry(self, principal: Principal, webhook_id: str, delivery_id: str) -> WebhookDelivery:
        """Send it again, attempts counted anew. Raises NotFound, Conflict while it is being sent."""
        now = self._on.clock()

        def unit(conn: Connection) -> Delivery:
            known = webhook_deliveries.get(conn, principal.tenant, webhook_id, delivery_id)
            if known is None:
                raise NotFound
            if not webhook_deliveries.retry(conn, known, now):
                raise Conflict("It is being sent at this moment. Look again in some seconds.")
            changed = webhook_deliveries.get(conn, principal.tenant, webhook_id, delivery_id)
            assert changed is not None
            return changed

        return _delivery(await self._on.store.write(unit, tenant=principal.tenant))

    # --- rows ---------------------------------------------------------------------------------------------------------

    async def _row(self, principal: Principal, webhook_id: str) -> Webhook:
        found = await self._on.store.read(
            lambda conn: webhooks.get(conn, principal.tenant, webhook_id), tenant=principal.tenant
        )
        if found is None:
            raise NotFound
        return found

    async def _url(self, row: Webhook) -> str:
        await self._on.vault.bring([row.id])
        return open_url(self._on.vault, row)

    async def _view(self, row: Webhook) -> WebhookView:
        return _view(row, await self._url(row))

    def _by(self, principal: Principal) -> By:
        return By(principal.actor, principal.tenant, principal.trace_id, self._on.settings.region, self._on.clock())


def permissions(settings: Settings) -> Permissions:
    """Where webhooks may go, as the settings say."""
    return Permissions(tuple(ipaddress.ip_network(one) for one in settings.private_networks), settings.loopback_http)


def url_context(webhook_id: str) -> str:
    return f"webhook-url:{webhook_id}"


def open_url(vault: Vault, row: Webhook) -> str:
    """Raises NotFound when its key is gone."""
    return vault.open_text(row.id, row.url_sealed, url_context(row.id))


def open_secrets(vault: Vault, row: Webhook) -> list[Secret]:
    """Newest first. Raises NotFound when its key is gone."""
    told = json.loads(vault.open_text(row.id, row.secrets_sealed, f"webhook-secrets:{row.id}"))
    return [Secret(value, None if until is None else datetime.fromisoformat(until)) for value, until in told]


def live(secrets: Sequence[Secret], now: datetime) -> list[str]:
    """Those that sign now, newest first."""
    return [one.value for one in secrets if one.until is None or one.until > now]


def _seal_secrets(vault: Vault, webhook_id: str, secrets: Sequence[Secret]) -> bytes:
    told = json.dumps([[one.value, None if one.until is None else one.until.isoformat()] for one in secrets])
    return vault.seal_text(webhook_id, told, f"webhook-secrets:{webhook_id}")


def _new_secret() -> str:
    return webhook_signature.secret_of(chance.token_bytes(webhook_signature.SECRET_BYTES))


def _url(url: str, settings: Settings) -> str:
    try:
        webhook_addresses.target(url, permissions(settings))
    except ValueError as error:
        raise InvalidRequest(f"url: {error}") from None
    return url


def _types(events: Sequence[str]) -> tuple[str, ...]:
    if unknown := set(events) - webhook.EVENT_TYPES.keys():
        known = ", ".join(webhook.EVENT_TYPES)
        raise InvalidRequest(f"events: unknown: {', '.join(sorted(unknown))[:200]}. Known: {known}.")
    return tuple(sorted(set(events) or webhook.EVENT_TYPES))


def _view(row: Webhook, url: str) -> WebhookView:
    return WebhookView(
        id=row.id,
        url=url,
        events=row.events,
        enabled=row.enabled,
        disabled_reason=row.disabled_reason,
        failures=row.health.failures,
        failing_since=row.health.failing_since,
        rests_until=row.health.rest_until,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def _delivery(row: Delivery) -> WebhookDelivery:
    return WebhookDelivery(
        id=row.id,
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        event_type=row.event_type,
        resource_id=row.aggregate_id,
        status=row.state,
        attempts=row.attempts,
        response_code=row.response_code,
        error=row.error,
        created_at=row.created_at,
        tried_at=row.tried_at,
        next_attempt_at=row.next_at if row.state in OPEN else None,
        ended_at=row.ended_at,
    )
