"""Sends webhooks: makes deliveries from the journal, takes those that are due, and records what came of each attempt.

Any number of processes run one. While no webhook is enabled it asks one small question per pass, and nothing else of
Procession does anything for webhooks at all. What is on its way holds no worker and no lease: its row bears this
process' id, and is free again once the process no longer beats.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from procession.domain import webhook_signature
from procession.domain.errors import Internal, NotFound, Unavailable
from procession.domain.webhook import DeliveryState
from procession.maintenance.contract import Loop
from procession.maintenance.webhook_post import Poster
from procession.policy import webhooks as policy
from procession.policy.webhooks import HEALTHY, Again, Answer, GivenUp
from procession.services.foundation import Foundation
from procession.services.webhooks import live, open_secrets, open_url
from procession.store import webhook_deliveries, webhooks
from procession.store.controls import By
from procession.store.dialects import Hold, hold
from procession.store.webhook_deliveries import Delivery
from procession.store.webhook_tables import webhooks as receivers
from procession.store.webhooks import Webhook
from procession.telemetry import metrics

READ_ON_MAX = 200
"""Receivers whose journal is read on in one pass."""
STOP_SECONDS = 5.0
"""A process that stops waits so long for what is on its way; what is cut off then is sent again, with the same id."""
TIDY_EVERY = timedelta(hours=1)
FORGOTTEN_MAX = 5_000
"""Ended deliveries forgotten in one transaction."""
_ACTOR = "system:webhook_sender"

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    """``behind``: (id, tenant) of receivers to read the journal for."""

    behind: Sequence[tuple[str, str]]
    due: bool
    stuck: bool


class WebhookSender(Loop):
    name = "webhook_sender"

    def __init__(self, foundation: Foundation, owner: str, chance: random.Random) -> None:
        """``owner``: this start of this process, as it stands among the running ones. Raises OSError: `ca_file`."""
        super().__init__()
        self._on = foundation
        self._owner = owner
        self._chance = chance
        self._poster = Poster(foundation.settings.webhooks)
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._more = False
        self._tidied: datetime | None = None

    async def once(self) -> None:
        now, mine = self._on.clock(), list(self._sending)
        self._more = more = False
        self._ended.clear()
        look = await self._on.store.read(lambda conn: self._look(conn, now, mine))
        if look is None:
            return
        if look.stuck:
            freed = await self._on.store.write(
                lambda conn: webhook_deliveries.free_stuck(conn, self._owner, mine, self._since(now))
            )
            log.info("webhooks.freed", deliveries=freed)
        made = 0
        for webhook_id, tenant in look.behind:
            read = await self._on.store.write(
                partial(webhook_deliveries.make, tenant=tenant, webhook_id=webhook_id, now=now), tenant=tenant
            )
            made += read
            more = more or read == webhook_deliveries.READ_MAX
        if made or look.due or look.stuck:
            more = await self._begin(now) or more
        await self._tidy(now)
        self._more = more  # said last: a pass that fails is followed by a pause

    async def pause(self) -> None:
        seconds = self._on.settings.webhooks.poll_seconds
        if not self._more:
            await asyncio.sleep(seconds)
        elif self._sending:  # there is more to send than was free: go on when one ended
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._ended.wait()

    async def stop(self) -> None:
        await super().stop()
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=STOP_SECONDS)
        for task in list(self._sending.values()):
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending.values())
        await self._poster.close()

    async def settled(self) -> None:
        """Returns when nothing is on its way. For tests."""
        while self._sending:
            await asyncio.wait(self._sending.values())

    # --- what is to be done -------------------------------------------------------------------------------------------

    def _look(self, conn: Connection, now: datetime, mine: Sequence[str]) -> _Look | None:
        if not webhooks.any_enabled(conn):
            return None
        return _Look(
            webhooks.behind(conn, READ_ON_MAX),
            bool(webhook_deliveries.due(conn, now)),
            webhook_deliveries.any_stuck(conn, self._owner, mine, self._since(now)),
        )

    def _since(self, now: datetime) -> datetime:
        """Who was not seen since then is gone."""
        return now - timedelta(seconds=self._on.settings.worker.lease_seconds)

    async def _begin(self, now: datetime) -> bool:
        """Whether there may be more to begin as soon as something ends."""
        settings = self._on.settings.webhooks
        free = settings.at_once_max - len(self._sending)
        if free <= 0:
            return True

        def unit(conn: Connection) -> list[tuple[Delivery, Webhook]]:
            shares = policy.turns(webhook_deliveries.due(conn, now), free, settings.at_once_each_max, now)
            taken = webhook_deliveries.take(conn, shares, self._owner, now)
            known = {one.webhook_id: webhooks.get(conn, one.tenant, one.webhook_id) for one in taken}
            return [(one, receiver) for one in taken if (receiver := known[one.webhook_id]) is not None]

        taken = await self._on.store.write(unit)
        for delivery, receiver in taken:
            task = asyncio.create_task(self._send(delivery, receiver), name=f"webhook-{delivery.id}")
            self._sending[delivery.id] = task
            task.add_done_callback(partial(self._done, delivery.id))
        metrics.WEBHOOKS_IN_FLIGHT.set(len(self._sending))
        return bool(taken)

    def _done(self, delivery_id: str, task: asyncio.Task[None]) -> None:
        self._sending.pop(delivery_id, None)
        metrics.WEBHOOKS_IN_FLIGHT.set(len(self._sending))
        self._ended.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhooks.crashed", delivery=delivery_id, error=type(error).__name__)

    # --- one attempt --------------------------------------------------------------------------------------------------

    async def _send(self, delivery: Delivery, receiver: Webhook) -> None:
        with metrics.WEBHOOK_SECONDS.time():
            answer = await self._attempt(delivery, receiver)
        recorded = await self._insist(partial(self._recorded, delivery, answer))
        if recorded is not None:
            metrics.WEBHOOKS.labels(outcome=recorded.value).inc()
        self._on.announce(delivery.tenant)

    async def _insist(self, step: Callable[[], Awaitable[T]]) -> T:
        """Again and again while records or keys are away: no attempt is burned for that, and none is forgotten."""
        while True:
            try:
                return await step()
            except Unavailable:
                await asyncio.sleep(self._on.settings.webhooks.poll_seconds)

    async def _attempt(self, delivery: Delivery, receiver: Webhook) -> Answer:
        vault = self._on.vault
        try:
            await self._insist(partial(vault.bring, [receiver.id]))
            now = self._on.clock()
            url, secrets = open_url(vault, receiver), live(open_secrets(vault, receiver), now)
        except (NotFound, Internal):  # a restore brought the row back, never its key
            return Answer(None, "secret_lost")
        signed = webhook_signature.headers(secrets, delivery.event_id, now, delivery.body)
        return await self._poster.post(url, signed, delivery.body)

    async def _recorded(self, delivery: Delivery, answer: Answer) -> DeliveryState | None:
        return await self._on.store.write(lambda conn: self._record(conn, delivery, answer), tenant=delivery.tenant)

    def _record(self, conn: Connection, delivery: Delivery, answer: Answer) -> DeliveryState | None:
        """None when it is no longer ours to record."""
        now = self._on.clock()
        receiver = webhooks.get(conn, delivery.tenant, delivery.webhook_id)
        if receiver is None:
            return None  # deleted meanwhile, and the delivery with it
        quiet = answer.delivered and receiver.health == HEALTHY
        if not quiet:  # first the receiver, then its deliveries: as whoever deletes it
            hold(conn, receivers, receiver.id, Hold.ALONE)
            receiver = webhooks.get(conn, delivery.tenant, delivery.webhook_id)
            if receiver is None:
                return None
        age = (now - delivery.created_at).total_seconds()
        decision = policy.after_attempt(answer, delivery.attempts, age, self._chance.random())
        again = now + timedelta(seconds=decision.delay_seconds) if isinstance(decision, Again) else now
        state = DeliveryState.DELIVERED
        if not answer.delivered:
            state = DeliveryState.GIVEN_UP if isinstance(decision, GivenUp) else DeliveryState.FAILED
        ended = None if state is DeliveryState.FAILED else now
        if not webhook_deliveries.record(
            *(conn, delivery, self._owner, state),
            next_at=again,
            response_code=answer.status,
            error=answer.error,
            ended_at=ended,
        ):
            return None
        if quiet:
            return state
        verdict = policy.health_after(receiver.health, answer, now)
        webhooks.set_health(conn, receiver.id, verdict.health)
        if verdict.disable is not None and receiver.enabled:
            by = By(_ACTOR, receiver.tenant, None, self._on.settings.region, now)
            told = {"enabled": False, "disabled_reason": verdict.disable}
            webhooks.change(conn, receiver.tenant, receiver.id, told, by, event_type="webhook.disabled")
            log.warning("webhooks.disabled", webhook=receiver.id, reason=verdict.disable)
        return state

    # --- tidying ------------------------------------------------------------------------------------------------------

    async def _tidy(self, now: datetime) -> None:
        if self._tidied is not None and now - self._tidied < TIDY_EVERY:
            return
        self._tidied = now
        overdue = now - timedelta(seconds=policy.GIVE_UP_SECONDS)
        await self._on.store.write(lambda conn: webhook_deliveries.give_up_overdue(conn, overdue, now))
        old = now - timedelta(days=self._on.settings.webhooks.kept_days)
        forget = partial(webhook_deliveries.forget, before=old, limit=FORGOTTEN_MAX)
        while await self._on.store.write(forget) == FORGOTTEN_MAX:
            continue
