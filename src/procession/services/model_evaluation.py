"""A version reads the golden set before it may be deployed; the live version reads it beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from procession.domain.clock import new_id
from procession.domain.errors import Conflict, InvalidRequest, Unavailable
from procession.domain.model import Kind, ModelVersion
from procession.domain.principal import Principal, require_operator
from procession.domain.usage import Tier, Tokens, to_pico
from procession.policy import golden as gate
from procession.policy.golden import Read
from procession.services.foundation import Foundation
from procession.services.model_views import VersionView
from procession.store import ledger, models
from procession.store.controls import By

if TYPE_CHECKING:  # the SDK and prices are loaded where there is AI only
    from procession.ai.golden import GoldenPaper
    from procession.ai.prices import PriceCatalogue
    from procession.ai.protocol import Completion, CompletionRequest, Provider, ProviderError

AT_ONCE = 8
"""Papers of one version on their way at once."""
EVALUATION_SECONDS_MAX = 540.0
"""An evaluation that takes longer is given up; nothing is recorded of it but what was paid."""
PURPOSE = "evaluation"

Providers = Callable[[], "Mapping[str, Provider]"]
Prices = Callable[[], "PriceCatalogue | None"]
Show = Callable[[Connection, str], VersionView]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One version at one provider, paid by one tenant."""

    version: ModelVersion
    provider: Provider
    prices: PriceCatalogue
    tenant: str


class ModelEvaluations:
    """``providers`` makes clients that are closed after each evaluation."""

    def __init__(self, foundation: Foundation, providers: Providers, prices: Prices, show: Show) -> None:
        self._on = foundation
        self._providers = providers
        self._prices = prices
        self._show = show
        self._busy = False

    async def evaluate(self, principal: Principal, version_id: str) -> VersionView:
        """Let a version, and the live one, read the golden set; keeps the report. Each call is in the ledger.

        Raises Forbidden, NotFound, Conflict (a model of the engine, another evaluation runs), InvalidRequest (its
        provider or its prompt is not there), Unavailable (a budget or the time does not allow it).
        """
        require_operator(principal)
        version = await self._on.store.read(lambda conn: models.version(conn, version_id), tenant=None)
        if version.kind is Kind.LOCAL:
            raise Conflict("A model of the engine is measured by `bench digitize` before its release.")
        if self._busy:
            raise Conflict("Another evaluation runs here. Try again when it has ended.")
        self._busy = True
        try:
            async with asyncio.timeout(EVALUATION_SECONDS_MAX):
                report = await self._report(principal, version)
        except TimeoutError:
            raise Unavailable(f"The golden set was not read within {EVALUATION_SECONDS_MAX:.0f} s.") from None
        finally:
            self._busy = False
        by = By(principal.actor, principal.tenant, principal.trace_id, self._on.settings.region, self._on.clock())

        def unit(conn: Connection) -> VersionView:
            models.evaluated(conn, version_id, report, by)
            return self._show(conn, version_id)

        return await self._on.store.write(unit, tenant=None)

    async def _report(self, principal: Principal, version: ModelVersion) -> dict[str, Any]:
        live = await self._on.store.read(lambda conn: models.live(conn, version.purpose), tenant=None)
        prices, providers = self._prices(), self._providers()
        try:
            own = self._trial(version, providers, prices, principal.tenant)
            candidate = await self._read_all(own)
            before: list[Read] | None = None
            if live is not None and live.id != version.id and live.provider in providers and prices is not None:
                before = await self._read_all(self._trial(live, providers, prices, principal.tenant))
        finally:
            for provider in providers.values():
                await provider.close()
        judged = gate.judge(candidate, before)
        return {
            "passed": judged.passed,
            "reasons": list(judged.reasons),
            "figures": {name: round(value, 6) for name, value in judged.figures.items()},
            "compared_with": None if before is None or live is None else live.id,
            "evaluated_at": self._on.clock().isoformat(),
        }

    def _trial(
        self, version: ModelVersion, providers: Mapping[str, Provider], prices: PriceCatalogue | None, tenant: str
    ) -> _Trial:
        from procession.ai.prompts import PROMPT_VERSION

        provider = providers.get(version.provider or "")
        if provider is None or prices is None:
            raise InvalidRequest(f"No provider {version.provider} is configured here (`ai.providers`).")
        if version.prompt_version != PROMPT_VERSION:
            raise InvalidRequest(f"This Procession asks with prompt {PROMPT_VERSION}, not {version.prompt_version}.")
        return _Trial(version, provider, prices, tenant)

    async def _read_all(self, trial: _Trial) -> list[Read]:
        from procession.ai.golden import golden_set

        room = asyncio.Semaphore(AT_ONCE)

        async def one(paper: GoldenPaper) -> Read:
            async with room:
                return await self._read(trial, paper)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(paper)) for paper in golden_set()]
        return [task.result() for task in tasks]

    async def _read(self, trial: _Trial, paper: GoldenPaper) -> Read:
        from procession.ai import extraction, golden
        from procession.ai.ask import AiInput
        from procession.ai.protocol import ProviderError

        ask = paper.asked()
        assert ask is not None, "a paper of the golden set asks something"
        given = AiInput(document=paper.document, ask=ask)
        prompt = extraction.request(ask, {})
        request = prompt.completion(new_id("call"), trial.version.model or "")
        began = time.monotonic()
        try:
            done, cost = await self._paid(trial, request, prompt.tokens_in)
            seconds = time.monotonic() - began
            merged = extraction.merge(given, done.answer)
        except (ProviderError, extraction.Unreadable):
            seconds, merged = time.monotonic() - began, None
            cost = 0
        scored = golden.score(paper, given, merged)
        return Read(paper.name, scored.asked, scored.right, scored.silent, seconds, cost, merged is None)

    async def _paid(self, trial: _Trial, request: CompletionRequest, tokens_in: int) -> tuple[Completion, int]:
        """(the answer, picodollars), through the ledger. Raises ProviderError, Unavailable when a budget says no."""
        from procession.ai.protocol import ProviderError

        on, version = self._on, trial.version
        price = trial.prices.price(version.provider or "", request.model, Tier.STANDARD, on.clock(), tokens_in)
        most = Tokens(input=tokens_in, output=request.output_tokens_max)
        call = ledger.NewCall(
            tenant=trial.tenant,
            region=on.settings.region,
            purpose=PURPOSE,
            provider=version.provider or "",
            model=request.model,
            tier=Tier.STANDARD,
            price_version=price.version,
            rates=price.effective,
            list_rates=price.listed,
            reserve=price.effective.cost(most),
            client_request_id=request.request_id,
            model_version=version.id,
            prompt_version=version.prompt_version,
        )

        def reserve(conn: Connection) -> ledger.Reserved | ledger.Refused:
            made = ledger.reserve(conn, call, on.clock())
            if isinstance(made, ledger.Reserved):
                ledger.sent(conn, made.call_id, on.clock())
            return made

        reserved = await on.store.write(reserve, tenant=None)
        if isinstance(reserved, ledger.Refused):
            raise Unavailable(f"A budget does not allow the evaluation: {reserved.reason}.")
        try:
            done = await trial.provider.complete(request)
        except ProviderError as error:
            await self._ended(reserved.call_id, error)
            raise
        except BaseException:  # given up: it may have been billed
            await self._ended(reserved.call_id, None)
            raise
        charge = done.charge
        settled = await on.store.write(
            lambda conn: ledger.settle(
                conn, reserved.call_id, charge.tokens, charge.provider_request_id, charge.model, on.clock()
            ),
            tenant=None,
        )
        return done, to_pico(settled.effective_cost)

    async def _ended(self, call_id: str, error: ProviderError | None) -> None:
        """A call without an answer: charged for all the same, certainly not, or nobody knows."""
        on = self._on

        def unit(conn: Connection) -> None:
            now = on.clock()
            if error is not None and error.charge is not None:
                charge = error.charge
                ledger.settle(conn, call_id, charge.tokens, charge.provider_request_id, charge.model, now)
            elif error is not None and not error.failure.may_be_charged:
                ledger.release(conn, call_id, error.failure.value, now)
            else:
                ledger.unknown(conn, call_id, "evaluation" if error is None else error.failure.value, now)

        await on.store.write(unit, tenant=None)
