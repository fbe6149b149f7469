"""What both clients can ask about costs and budgets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from procession.client import costs as cost_calls
from procession.client.costs import (
    AiCall,
    AnalysisCosts,
    Budget,
    Budgets,
    CostDecision,
    CostReport,
    UnknownCalls,
)
from procession.client.protocol import Call

if TYPE_CHECKING:
    import httpx

T = TypeVar("T", bound=BaseModel)


class CostMethods:
    if TYPE_CHECKING:  # the client's own

        def _model(self, call: Call, kind: type[T]) -> T: ...
        def _send(self, call: Call) -> httpx.Response: ...
        def _pages(
            self, path: str, size: int | None, filters: Sequence[tuple[str, str | None]], kind: type[T]
        ) -> Iterator[T]: ...

    def costs(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group_by: Sequence[str] = ("day",),
        tenant: str | None = None,
        region: str | None = None,
    ) -> CostReport:
        """What AI cost, by ``group_by``, and what else was used; the last 30 days unless said otherwise."""
        return self._model(cost_calls.report("/v1/costs", since, until, tenant, region, group_by), CostReport)

    def costs_csv(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        tenant: str | None = None,
        region: str | None = None,
    ) -> bytes:
        """The same in the columns of FOCUS 1.2."""
        return (self._send(cost_calls.report("/v1/costs/focus.csv", since, until, tenant, region))).content

    def analysis_costs(self, analysis_id: str) -> AnalysisCosts:
        return self._model(Call("GET", f"/v1/costs/analyses/{analysis_id}"), AnalysisCosts)

    def cost_decisions(self, *, page_size: int | None = None) -> Iterator[CostDecision]:
        """What budgets and spikes did, newest first."""
        yield from self._pages("/v1/costs/decisions", page_size, (), CostDecision)

    def budgets(self) -> tuple[Budget, ...]:
        return (self._model(Call("GET", "/v1/budgets"), Budgets)).items

    def set_budget(
        self, tenant: str, period: str, limit: str, *, version: int | None = None, **percents: int | None
    ) -> Budget:
        """``warn_percent``, ``degrade_percent``, ``stop_percent``; needs an operator's key. ``version``: as read."""
        return self._model(cost_calls.set_budget(tenant, period, {"limit": limit, **percents}, version), Budget)

    def remove_budget(self, tenant: str, period: str, *, version: int | None = None) -> None:
        self._send(cost_calls.remove_budget(tenant, period, version))

    def unknown_calls(self) -> UnknownCalls:
        """Calls of which nobody knows whether they were billed; needs an operator's key."""
        return self._model(Call("GET", "/v1/costs/unknown"), UnknownCalls)

    def reconcile(self, call_id: str, billed: Mapping[str, int] | None = None, *, ask: bool = False) -> AiCall:
        """Settle one with the tokens that were billed, release it where there are None, or ``ask`` its provider."""
        return self._model(cost_calls.reconcile(call_id, billed, ask), AiCall)


class AsyncCostMethods:
    if TYPE_CHECKING:  # the client's own

        async def _model(self, call: Call, kind: type[T]) -> T: ...
        async def _send(self, call: Call) -> httpx.Response: ...
        def _pages(
            self, path: str, size: int | None, filters: Sequence[tuple[str, str | None]], kind: type[T]
        ) -> AsyncIterator[T]: ...

    async def costs(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        group_by: Sequence[str] = ("day",),
        tenant: str | None = None,
        region: str | None = None,
    ) -> CostReport:
        """What AI cost, by ``group_by``, and what else was used; the last 30 days unless said otherwise."""
        return await self._model(cost_calls.report("/v1/costs", since, until, tenant, region, group_by), CostReport)

    async def costs_csv(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        tenant: str | None = None,
        region: str | None = None,
    ) -> bytes:
        """The same in the columns of FOCUS 1.2."""
        return (await self._send(cost_calls.report("/v1/costs/focus.csv", since, until, tenant, region))).content

    async def analysis_costs(self, analysis_id: str) -> AnalysisCosts:
        return await self._model(Call("GET", f"/v1/costs/analyses/{analysis_id}"), AnalysisCosts)

    async def cost_decisions(self, *, page_size: int | None = None) -> AsyncIterator[CostDecision]:
        """What budgets and spikes did, newest first."""
        async for one in self._pages("/v1/costs/decisions", page_size, (), CostDecision):
            yield one

    async def budgets(self) -> tuple[Budget, ...]:
        return (await self._model(Call("GET", "/v1/budgets"), Budgets)).items

    async def set_budget(
        self, tenant: str, period: str, limit: str, *, version: int | None = None, **percents: int | None
    ) -> Budget:
        """``warn_percent``, ``degrade_percent``, ``stop_percent``; needs an operator's key. ``version``: as read."""
        return await self._model(cost_calls.set_budget(tenant, period, {"limit": limit, **percents}, version), Budget)

    async def remove_budget(self, tenant: str, period: str, *, version: int | None = None) -> None:
        await self._send(cost_calls.remove_budget(tenant, period, version))

    async def unknown_calls(self) -> UnknownCalls:
        """Calls of which nobody knows whether they were billed; needs an operator's key."""
        return await self._model(Call("GET", "/v1/costs/unknown"), UnknownCalls)

    async def reconcile(self, call_id: str, billed: Mapping[str, int] | None = None, *, ask: bool = False) -> AiCall:
        """Settle one with the tokens that were billed, release it where there are None, or ``ask`` its provider."""
        return await self._model(cost_calls.reconcile(call_id, billed, ask), AiCall)
