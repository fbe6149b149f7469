"""Documents that were asked about are asked about again, with an optimisation and without it: what it saves, measured.

Nothing is kept but the calls in the ledger, under purpose ``replay``: every cost told is one that was settled there.
The way with everything on goes first, so that a provider's warm cache favours the other one. Where an optimisation
changes nothing of a question, the question is asked once and its cost counts for both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import Connection

from procession.ai import extraction
from procession.ai.pictures import picture_width
from procession.ai.prices import PriceCatalogue
from procession.ai.protocol import Completion, CompletionRequest, Provider, ProviderError
from procession.domain.ai import ALL, Optimisations
from procession.domain.analysis import Analysis
from procession.domain.clock import new_id
from procession.domain.errors import InvalidRequest, ProcessionError
from procession.domain.form import DigitizedDocument
from procession.domain.provider import Capability
from procession.domain.usage import NOTHING, Money, Tier, Tokens
from procession.policy.replay import Comparison, Pair, agreement, compared
from procession.services import budgets
from procession.services.foundation import Foundation
from procession.settings.ai import AiModel, AiProvider
from procession.store import ai_requests, analyses, documents, ledger
from procession.store.documents import Document

PURPOSE = "replay"
IN_TIME = frozenset({"duplicates", "batching", "flex"})
"""Not measurable so: what the first two save depends on when documents come, and the same question asked at another
tier just after would be read from the provider's cache."""
MEASURABLE = tuple(one.name for one in fields(Optimisations) if one.name not in IN_TIME)

Read = Callable[[Analysis, bytes], Awaitable[tuple[DigitizedDocument, dict[str, float]]]]
"""(analysis, its bytes) -> (what the engine reads, with lines; the engine's own confidence), as a worker does it."""
Draw = Callable[[bytes, int, int], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """``spent``: settled in this run, questions that gave no pair included. ``set_aside``: nobody knows its bill."""

    provider: str
    documents: int
    calls: int
    spent: Money
    set_aside: Money
    stopped: str
    """Why it ended before all was asked; empty when it did not."""
    rows: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a document is asked about."""

    optimisations: Optimisations
    model: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class _Outcome:
    cost: Money
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Given:
    """One document in memory, while it is its turn."""

    tenant: str
    region: str
    content: bytes
    found: DigitizedDocument
    engine: dict[str, float]


@dataclass(slots=True)
class _Run:
    provider: Provider
    endpoint: AiProvider
    spend_max: Money
    spent: Money = NOTHING
    set_aside: Money = NOTHING
    calls: int = 0
    failed: int = 0
    pairs: dict[str, list[Pair]] = field(default_factory=dict)


class _Enough(Exception):
    """No further call is made; says why."""


class Replays:
    def __init__(self, foundation: Foundation, prices: PriceCatalogue, read: Read, draw: Draw) -> None:
        self._on = foundation
        self._prices = prices
        self._read = read
        self._draw = draw

    async def run(
        self,
        providers: Mapping[str, Provider],
        *,
        count: int,
        tenant: str | None,
        provider: str | None,
        only: Sequence[str],
        spend_max: Money,
    ) -> Replayed:
        """The last ``count`` documents, of ``tenant`` or of all. ``only``: of MEASURABLE; empty: all of them.

        Raises InvalidRequest when nothing is recorded, or such a provider or optimisation is not there.
        """
        if wrong := [name for name in only if name not in MEASURABLE]:
            raise InvalidRequest(f"A replay cannot measure {', '.join(wrong)}, only {', '.join(MEASURABLE)}.")
        endpoint = self._endpoint(provider)
        recorded = await self._recorded(tenant, count)
        if not recorded:
            raise InvalidRequest("Nothing to replay: no document that an AI provider was asked about is stored.")
        run = _Run(providers[endpoint.name], endpoint, spend_max)
        names = tuple(only) or MEASURABLE
        done, stopped = 0, ""
        for analysis, document in recorded:
            try:
                done += await self._document(run, analysis, document, names)
            except _Enough as why:
                stopped = str(why)
                break
        rows = tuple(compared(name, run.pairs.get(name, ()), reason=self._why(run, name, stopped)) for name in names)
        return Replayed(endpoint.name, done, run.calls, run.spent, run.set_aside, stopped, rows)

    def _why(self, run: _Run, name: str, stopped: str) -> str:
        if self._other(run, name, pictures=False) is None and self._other(run, name, pictures=True) is None:
            return f"{run.endpoint.name} has no other model to compare with"
        return stopped or (f"{run.failed} documents or questions had no usable answer" if run.failed else "")

    def _endpoint(self, name: str | None) -> AiProvider:
        ai = self._on.settings.ai
        allowed = [one for one in ai.endpoints if not ai.zones or one.region in ai.zones]
        if name is not None:
            allowed = [one for one in allowed if one.name == name]
        if not allowed:
            raise InvalidRequest(f"No provider {name or ''} is configured that documents may go to.".replace("  ", " "))
        return min(allowed, key=lambda one: min(self._price(one, model) for model in one.models))

    def _price(self, endpoint: AiProvider, model: AiModel) -> Any:
        rates = self._prices.price(endpoint.name, model.name, Tier.STANDARD, self._on.clock()).effective
        return rates.cost(Tokens(input=4, output=1)).amount  # about how questions and answers stand to each other

    async def _recorded(self, tenant: str | None, count: int) -> list[tuple[Analysis, Document]]:
        def unit(conn: Connection) -> list[tuple[Analysis, Document]]:
            found = []
            for analysis_id in ai_requests.asked_last(conn, tenant, count):
                analysis = analyses.get_any(conn, analysis_id)
                document = None if analysis is None else documents.get(conn, analysis.document_id)
                if analysis is not None and document is not None and document.erased_at is None:
                    found.append((analysis, document))
            return found

        return await self._on.store.read(unit, tenant=None)

    # --- one document -------------------------------------------------------------------------------------------------

    async def _document(self, run: _Run, analysis: Analysis, document: Document, names: Sequence[str]) -> bool:
        """Whether it could be read. Raises _Enough."""
        try:
            content = await self._on.vault.get(document.blob_ref)
            found, engine = await self._read(analysis, content)
        except ProcessionError:  # erased meanwhile, or it cannot be read any more
            run.failed += 1
            return False
        given = _Given(analysis.tenant, analysis.region, content, found, engine)
        known: dict[str, _Outcome | None] = {}
        for name in names:
            ways = self._ways(run, given, name)
            if ways is None:
                continue
            with_it, without = [await self._asked(run, given, way, known) for way in ways]
            if with_it is not None and without is not None:
                same, total = agreement(with_it.values, without.values)
                run.pairs.setdefault(name, []).append(Pair(with_it.cost, without.cost, same, total))
        return True

    def _ways(self, run: _Run, given: _Given, name: str) -> tuple[_Way, _Way] | None:
        """(with it, without it); all other optimisations are on, and the tier is standard."""
        changed = replace(ALL, **{name: False})
        pictures = any(
            ask is not None and bool(ask.pages) for ask in (extraction.plan(given.found, how) for how in (ALL, changed))
        )
        model = self._small(run, pictures)
        other = self._other(run, name, pictures=pictures)
        if model is None or other is None:
            return None
        return _Way(ALL, model.name, Tier.STANDARD), _Way(changed, other.name, Tier.STANDARD)

    def _small(self, run: _Run, pictures: bool) -> AiModel | None:
        able = [one for one in run.endpoint.models if not pictures or Capability.IMAGE in one.capability]
        return min(able, key=lambda one: self._price(run.endpoint, one), default=None)

    def _other(self, run: _Run, name: str, *, pictures: bool) -> AiModel | None:
        """The model that is asked without ``name``; None where that is no other way."""
        able = [one for one in run.endpoint.models if not pictures or Capability.IMAGE in one.capability]
        small = self._small(run, pictures)
        if small is None or name != "small_model_first":
            return small
        return None if able[0] == small else able[0]

    async def _asked(self, run: _Run, given: _Given, way: _Way, known: dict[str, _Outcome | None]) -> _Outcome | None:
        """None when there was no usable answer. Raises _Enough."""
        ask = extraction.plan(given.found, way.optimisations)
        if ask is None:
            return _Outcome(NOTHING, _values(given.found, given.found))
        pictures: dict[int, bytes] = {}
        for page, (width, height) in zip(ask.pages, ask.page_sizes, strict=True):
            across = picture_width(width, height, None, downscale=ask.downscale)
            pictures[page] = await self._draw(given.content, page, across)
        prompt = extraction.request(ask, pictures)
        timeout = self._on.settings.ai.timeout(way.tier)
        same = repr((way.model, way.tier, prompt))
        if same not in known:
            request = prompt.completion(new_id("call"), way.model, way.tier, timeout_seconds=timeout)
            known[same] = await self._outcome(run, given, ask, request, prompt.tokens_in)
        return known[same]

    async def _outcome(
        self, run: _Run, given: _Given, ask: extraction.Ask, request: CompletionRequest, tokens_in: int
    ) -> _Outcome | None:
        paid = await self._paid(run, given, request, tokens_in)
        if paid is None:
            run.failed += 1
            return None
        done, cost = paid
        whole = extraction.AiInput(document=given.found, ask=ask, sha256="", engine=given.engine)
        try:
            merged = extraction.merge(whole, done.answer)
        except extraction.Unreadable:
            run.failed += 1
            return None
        return _Outcome(cost, _values(given.found, merged.document))

    # --- paying -------------------------------------------------------------------------------------------------------

    async def _paid(
        self, run: _Run, given: _Given, request: CompletionRequest, tokens_in: int
    ) -> tuple[Completion, Money] | None:
        """(the answer, what was settled), or None when there is no answer. Raises _Enough."""
        on = self._on
        price = self._prices.price(run.endpoint.name, request.model, request.tier, on.clock(), tokens_in)
        most = price.effective.cost(Tokens(input=tokens_in, output=request.output_tokens_max))
        if (run.spent + run.set_aside + most).amount > run.spend_max.amount:
            raise _Enough(f"the next call could pass --spend-max, {run.spend_max} dollars")
        call = ledger.NewCall(
            tenant=given.tenant,
            region=given.region,
            purpose=PURPOSE,
            provider=run.endpoint.name,
            model=request.model,
            tier=request.tier,
            price_version=price.version,
            rates=price.effective,
            list_rates=price.listed,
            reserve=most,
            client_request_id=request.request_id,
            prompt_version=extraction.PROMPT_VERSION,
            seconds=(request.timeout_seconds or 0.0) + ledger.RESERVATION_SECONDS,
        )

        def reserve(conn: Connection) -> ledger.Reserved | ledger.Refused:
            made = ledger.reserve(conn, call, on.clock(), budgets.defaults(on.settings))
            if isinstance(made, ledger.Reserved):
                ledger.sent(conn, made.call_id, on.clock())
            return made

        reserved = await on.store.write(reserve, tenant=None)
        if isinstance(reserved, ledger.Refused):
            raise _Enough(f"a budget does not allow it: {reserved.reason}")
        run.calls += 1
        try:
            done = await run.provider.complete(request)
        except ProviderError as error:
            await self._ended(run, reserved.call_id, most, error)
            return None
        except BaseException:  # interrupted: it may have been billed
            await self._ended(run, reserved.call_id, most, None)
            raise
        return done, await self._settled(run, reserved.call_id, request.tier, done.charge)

    async def _settled(self, run: _Run, call_id: str, tier: Tier, charge: Any) -> Money:
        on, price = self._on, None
        now = on.clock()
        if charge.tier is not tier:  # served otherwise than it was asked for
            known = await on.store.read(lambda conn: ledger.get(conn, call_id), tenant=None)
            assert known is not None
            served = self._prices.price(known.provider, known.model, charge.tier, now, charge.tokens.prompt)
            price = (served.version, served.effective, served.listed)
        settled = await on.store.write(
            lambda conn: ledger.settle(
                conn,
                call_id,
                charge.tokens,
                charge.provider_request_id,
                charge.model,
                now,
                tier=charge.tier,
                price=price,
            ),
            tenant=None,
        )
        run.spent = run.spent + settled.effective_cost
        return settled.effective_cost

    async def _ended(self, run: _Run, call_id: str, most: Money, error: ProviderError | None) -> None:
        """A call without an answer: charged for all the same, certainly not, or nobody knows."""
        now = self._on.clock()
        if error is not None and error.charge is not None:
            await self._settled(run, call_id, error.charge.tier, error.charge)
        elif error is not None and not error.failure.may_be_charged:
            why = error.failure.value
            await self._on.store.write(lambda conn: ledger.release(conn, call_id, why, now), tenant=None)
        else:
            said = PURPOSE if error is None else error.failure.value
            await self._on.store.write(lambda conn: ledger.unknown(conn, call_id, said, now), tenant=None)
            run.set_aside = run.set_aside + most


def _values(engine: DigitizedDocument, found: DigitizedDocument) -> dict[str, Any]:
    """By field; fields that were added are known by what they mean, for their numbers say nothing."""
    own = {one.id for one in engine.form.fields}
    return {one.id if one.id in own else f"+{one.subtype}": one.value for one in found.form.fields}
