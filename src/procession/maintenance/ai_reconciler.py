"""Finds out what calls cost whose answer never came, so that the ledger says what the provider's meter says."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection

from procession.ai.protocol import ProviderError, Reconciliation
from procession.domain.provider import Billed
from procession.domain.usage import Tokens
from procession.maintenance.contract import Loop
from procession.services.ai_routes import Routes
from procession.services.foundation import Foundation
from procession.store import ledger
from procession.store.ledger import Call

PASS_SECONDS = 2.0
READ_MAX = 200
ASKED_AT_ONCE = 16
SETTLED_SECONDS = 5.0
"""So long after it went out a call that the provider does not know of was never there."""
PENDING_SECONDS = 2.0
"""Before a call that the provider still works on is asked about again."""
UNKNOWABLE_SECONDS = 600.0
"""Before one is that the provider cannot tell about; its money stays set aside, and the cost page shows it."""
CRASHED_SECONDS = 60.0
"""Before one is asked about again that could not be booked."""

log = structlog.get_logger(__name__)


class AiReconciler(Loop):
    name = "ai_reconciler"

    def __init__(self, foundation: Foundation, routes: Routes) -> None:
        super().__init__()
        self._on = foundation
        self._routes = routes
        self._next: dict[str, datetime] = {}

    async def once(self) -> None:
        now = self._on.clock()
        after, seen = "", set[str]()
        while found := await self._on.store.read(partial(ledger.unsure, after_id=after, limit=READ_MAX), tenant=None):
            after = found[-1].id
            seen |= {one.id for one in found}
            due = [one for one in found if self._next.get(one.id, now) <= now]
            for start in range(0, len(due), ASKED_AT_ONCE):
                await asyncio.gather(*(self._found_out(one, now) for one in due[start : start + ASKED_AT_ONCE]))
        self._next = {id_: at for id_, at in self._next.items() if id_ in seen}

    async def pause(self) -> None:
        await asyncio.sleep(PASS_SECONDS)

    async def _found_out(self, call: Call, now: datetime) -> None:
        """A call that cannot be booked keeps no other from it."""
        try:
            await self._ask(call, now)
        except Exception as error:
            log.error("ai.not_reconciled", call=call.client_request_id, error=type(error).__name__)
            self._later(call, now, CRASHED_SECONDS)

    async def _ask(self, call: Call, now: datetime) -> None:
        provider = self._routes.providers.get(call.provider)
        try:
            told = None if provider is None else await provider.reconcile(call.client_request_id)
        except ProviderError:
            self._later(call, now, PENDING_SECONDS)
            return
        if told is None or told.billed is Billed.UNKNOWN:
            self._later(call, now, UNKNOWABLE_SECONDS)
        elif told.billed is Billed.PENDING or not self._long_ago(call, now, told):
            self._later(call, now, PENDING_SECONDS)
        else:
            await self._on.store.write(lambda conn: self._book(conn, call, told), tenant=None)
            log.info("ai.reconciled", call=call.client_request_id, billed=told.billed.value)

    def _long_ago(self, call: Call, now: datetime, told: Reconciliation) -> bool:
        """What was charged is sure; that nothing was is so only when nothing can be on its way any more."""
        sent_at = call.sent_at or call.reserved_at
        return told.billed is Billed.CHARGED or now - sent_at >= timedelta(seconds=SETTLED_SECONDS)

    def _book(self, conn: Connection, call: Call, told: Reconciliation) -> None:
        now = self._on.clock()
        if told.billed is Billed.NOT_CHARGED:
            ledger.release(conn, call.id, "the provider did not charge it", now)
            return
        first, tokens = told.charges[0], Tokens()
        for charge in told.charges:
            tokens = tokens + charge.tokens
        price = None
        if first.tier.value != call.tier:
            served = self._routes.prices.price(call.provider, call.model, first.tier, now, tokens.prompt)
            price = (served.version, served.effective, served.listed)
        ledger.settle(conn, call.id, tokens, first.provider_request_id, first.model, now, tier=first.tier, price=price)

    def _later(self, call: Call, now: datetime, seconds: float) -> None:
        self._next[call.id] = now + timedelta(seconds=seconds)
