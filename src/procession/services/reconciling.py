"""Calls that may have been billed, nobody knows: shown, asked about at the provider, or decided by an operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from procession.domain.billing import CallStatus
from procession.domain.errors import Conflict, InvalidRequest, NotFound, Unavailable
from procession.domain.principal import Principal, require_operator
from procession.domain.provider import Billed
from procession.domain.usage import Tokens
from procession.services.cost_views import AiCallView, UnknownCalls
from procession.services.costs import call_view
from procession.services.foundation import Foundation
from procession.store import journal, ledger
from procession.store.ledger import Call

if TYPE_CHECKING:
    from procession.ai.protocol import Provider

SHOWN_MAX = 200
"""Unknown calls in one answer, the oldest first."""

Providers = Callable[[], Mapping[str, "Provider"]]
"""Opens the configured providers; whoever calls it closes them."""


class Reconciling:
    def __init__(self, foundation: Foundation, providers: Providers) -> None:
        self._on = foundation
        self._providers = providers

    async def unknown(self, principal: Principal) -> UnknownCalls:
        """Raises Forbidden."""
        require_operator(principal)
        found = await self._on.store.read(
            lambda conn: ledger.open_calls(conn, CallStatus.UNKNOWN, SHOWN_MAX), tenant=None
        )
        return UnknownCalls(items=tuple(call_view(call) for call in found))

    async def ask(self, principal: Principal, call_id: str) -> AiCallView:
        """Ask its provider, and settle or release what it says for certain.

        Raises Forbidden, NotFound, Conflict when it is not unknown, Unavailable when the provider cannot tell (yet).
        """
        require_operator(principal)
        call = await self._unknown(call_id)
        opened = self._providers()
        try:
            provider = opened.get(call.provider)
            if provider is None:
                raise Conflict(f"{call.provider} is not in the settings (any more): say what it billed instead.")
            told = await provider.reconcile(call.client_request_id)
        finally:
            for one in opened.values():
                await one.close()
        if told.billed is Billed.NOT_CHARGED:
            return await self.decide(principal, call_id, None)
        if told.billed is Billed.CHARGED and told.charges:
            tokens = Tokens()
            for charge in told.charges:
                tokens = tokens + charge.tokens
            return await self.decide(principal, call_id, tokens, told.charges[0].provider_request_id)
        raise Unavailable(
            f"{call.provider} cannot say what became of this call. Look at its bill, and say what it billed.", 60
        )

    async def decide(
        self, principal: Principal, call_id: str, tokens: Tokens | None, provider_request_id: str | None = None
    ) -> AiCallView:
        """Settle it with ``tokens`` as billed, or release it where there are None. Journaled with who said so.

        Raises Forbidden, NotFound, Conflict, InvalidRequest.
        """
        require_operator(principal)
        if tokens is not None and not any(tokens.by_kind().values()):
            raise InvalidRequest("Say how many tokens were billed, or that the call was not billed.")
        now, region = self._on.clock(), self._on.settings.region

        def unit(conn: Connection) -> Call:
            known = _require(ledger.get(conn, call_id))
            if tokens is None:
                ledger.release(conn, call_id, f"not billed, says {principal.actor}", now)
            else:
                ledger.settle(conn, call_id, tokens, provider_request_id, known.served_model, now)
            after = ledger.get(conn, call_id)
            assert after is not None
            data = call_view(after).model_dump(mode="json")
            aggregate = journal.Aggregate("ai_call", call_id, after.tenant, region, 1, data)
            journal.append(conn, "cost.reconciled", aggregate, principal.actor, principal.trace_id, now)
            return after

        return call_view(await self._on.store.write(unit, tenant=None))

    async def _unknown(self, call_id: str) -> Call:
        return _require(await self._on.store.read(lambda conn: ledger.get(conn, call_id), tenant=None))


def _require(call: Call | None) -> Call:
    if call is None:
        raise NotFound("No call has this id.")
    if call.status != CallStatus.UNKNOWN:
        raise Conflict(f"This call is {call.status}: only unknown calls are reconciled.")
    return call
