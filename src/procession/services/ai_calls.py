"""One call to a provider: paid for, made, settled, and what was answered made a result.

Each step is a transaction that can be repeated or found again after a crash: the call and its reservation are committed
before the first byte goes out; the answer is a sealed object before it is settled; the result, the bill and the end of
the question are one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from procession.ai import extraction
from procession.ai.agreement import agreement
from procession.ai.protocol import Charge, CompletionRequest, ProviderError
from procession.blobs.names import ObjectKind, object_name, result_digest
from procession.domain.ai import AiRequest, RequestState, Route, Try
from procession.domain.analysis import Analysis, State
from procession.domain.billing import Action
from procession.domain.errors import Internal, LostClaim, NotFound
from procession.domain.form import DigitizedDocument
from procession.domain.model import Evidence, Observation
from procession.domain.provider import Failure
from procession.domain.usage import Tier, Tokens, to_pico
from procession.policy import routing
from procession.services import budgets
from procession.services.ai_routes import Routes
from procession.services.foundation import Foundation
from procession.services.model_registry import ModelRegistry, observed
from procession.services.results import AiTrace, StoredResult
from procession.store import ai_requests, ledger, parking
from procession.store.claims import Outcome
from procession.telemetry import metrics

OF_THE_VERSION = frozenset({Failure.INVALID_ANSWER, Failure.REFUSED, Failure.CONTEXT_TOO_LONG, Failure.REJECTED})
"""Failures that tell against the model and its prompt, not against the provider's day."""
FINISHING_AT_ONCE = 4
"""Answers that are made results at the same time: each takes a document and its lines into memory."""
PICTURES_AT_ONCE = 64
"""Questions with pictures that are in memory at once while they are sent."""
NOT_SENT_SECONDS = 5.0
"""Before a question is sent whose objects could not be read."""
ENDED_BEFORE = "the analysis had ended"

log = structlog.get_logger(__name__)

_NOTHING_SENT = ProviderError(Failure.REJECTED, "nothing was sent")


@dataclass(frozen=True, slots=True)
class Sending:
    """A question and the call that asks it."""

    request: AiRequest
    route: Route
    call: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of a completion until its result is made."""

    answer: dict[str, Any]
    charge: Charge
    seconds: float

    def encode(self) -> bytes:
        charge = self.charge
        told = {
            "id": charge.provider_request_id,
            "model": charge.model,
            "tier": charge.tier.value,
            "tokens": charge.tokens.by_kind(),
        }
        return json.dumps({"answer": self.answer, "charge": told, "seconds": self.seconds}).encode()

    @classmethod
    def decode(cls, body: bytes) -> Answer:
        told = json.loads(body)
        charge = told["charge"]
        made = Charge(charge["id"], charge["model"], Tier(charge["tier"]), Tokens(**charge["tokens"]))
        return cls(told["answer"], made, told["seconds"])


class Calls:
    """``owner`` is this process' id in ``workers``: its calls are found by that when it is gone."""

    def __init__(self, foundation: Foundation, routes: Routes, registry: ModelRegistry, owner: str) -> None:
        self._on = foundation
        self._routes = routes
        self._registry = registry
        self._owner = owner
        self._finishing = asyncio.Semaphore(FINISHING_AT_ONCE)
        self._reading = asyncio.Semaphore(PICTURES_AT_ONCE)

    # --- before -------------------------------------------------------------------------------------------------------

    async def reserve(
        self, wanted: Sequence[tuple[AiRequest, routing.Send]], *, economy: bool = False
    ) -> tuple[list[Sending], list[tuple[AiRequest, ledger.Refused]]]:
        """Commit the calls, with the money they may cost. What another process asks already is left out.

        ``economy``: these are the cheapest routes there are.
        """
        now, defaults = self._on.clock(), budgets.defaults(self._on.settings)

        def unit(conn: Connection) -> tuple[list[Sending], list[tuple[AiRequest, ledger.Refused]]]:
            sending: list[Sending] = []
            for request, send in wanted:
                if (call := ai_requests.send(conn, request, send.route, self._owner, now)) is not None:
                    sending.append(Sending(request, send.route, call, send.timeout_seconds))
            refused = []
            for one in list(sending):  # last, for reserving holds everyone's window
                made = ledger.reserve(conn, self._new_call(one, economy), now, defaults)
                if isinstance(made, ledger.Refused):
                    ai_requests.back(conn, one.request, one.call, None, now, made.reason, now)
                    sending.remove(one)
                    refused.append((one.request, made))
                else:
                    ledger.sent(conn, made.call_id, now)
            return sending, refused

        return await self._on.store.write(unit, tenant=None)

    def _new_call(self, one: Sending, economy: bool) -> ledger.NewCall:
        price, most = self._routes.price(one.route, one.request, self._on.clock())
        return ledger.NewCall(
            tenant=one.request.tenant,
            region=one.request.region,
            purpose=one.request.purpose,
            provider=one.route.provider,
            model=one.route.model,
            tier=one.route.tier,
            price_version=price.version,
            rates=price.effective,
            list_rates=price.listed,
            reserve=price.effective.cost(most),
            client_request_id=one.call,
            analysis_id=one.request.analysis_id,
            model_version=one.route.version_id,
            prompt_version=extraction.PROMPT_VERSION,
            economy=economy,
            seconds=one.timeout_seconds + ledger.RESERVATION_SECONDS,
        )

    # --- the call -----------------------------------------------------------------------------------------------------

    async def make(self, one: Sending) -> bool:
        """Ask, and bring what comes of it to its end. Whether there was an answer."""
        began = time.monotonic()
        try:
            async with self._reading:
                asked = await self._asked(one)
        except NotFound:  # cancelled and erased meanwhile, or lost: nothing was sent
            await self._dropped(one)
            return False
        except Exception as error:  # storage is away, or what was stored is not what was asked for
            log.error("ai.not_sent", call=one.call, error=type(error).__name__)
            await self._not_sent(one)
            return False
        try:
            done = await self._routes.providers[one.route.provider].complete(asked)
        except ProviderError as error:
            self._routes.failed(one.route, one.call, error, self._on.clock())
            await self._unanswered(one, error)
            return False
        except Exception as error:  # a defect: it counts as a try, or it were asked, and paid, for ever
            log.error("ai.call_crashed", call=one.call, error=type(error).__name__)
            lost = ProviderError(Failure.TIMEOUT_UNKNOWN, "a defect")
            self._routes.failed(one.route, one.call, lost, self._on.clock())
            await self._unanswered(one, lost)
            return False
        self._routes.answered(one.route, one.call)
        answer = Answer(dict(done.answer), done.charge, round(time.monotonic() - began, 3))
        await self.keep(one, answer)
        return True

    async def _asked(self, one: Sending) -> CompletionRequest:
        given = extraction.AiInput.decode(await self._on.vault.get(one.request.input_ref))
        pictures = {}
        for name, page in zip(one.request.picture_refs, given.ask.pages, strict=True):
            pictures[page] = await self._on.vault.get(name)
        prompt = extraction.request(given.ask, pictures)
        return prompt.completion(one.call, one.route.model, one.route.tier, timeout_seconds=one.timeout_seconds)

    async def keep(self, one: Sending, answer: Answer) -> None:
        """The answer came: it is durable before anything else happens to it."""
        try:
            ref = await self._on.vault.put(ObjectKind.AI_ANSWER, one.request.key_id, answer.encode(), one.call)
        except NotFound:  # erased meanwhile: the bill stays
            await self._on.store.write(lambda conn: self._settle(conn, one.call, answer.charge), tenant=None)
            return
        await self.finish(one, answer, ref)

    async def kept(self, one: Sending) -> Answer | None:
        """The answer, when it came before its process was gone."""
        name = object_name(ObjectKind.AI_ANSWER, one.call, one.request.key_id)
        try:
            return Answer.decode(await self._on.vault.get(name))
        except NotFound:
            return None

    # --- with an answer -----------------------------------------------------------------------------------------------

    async def finish(self, one: Sending, answer: Answer, ref: str) -> None:
        """Result, bill and end of the question in one transaction; of a call that does not count any more the bill."""
        async with self._finishing:
            given: extraction.AiInput | None = None
            merged: extraction.Merged | None = None
            with contextlib.suppress(NotFound):  # cancelled or erased
                given = extraction.AiInput.decode(await self._on.vault.get(one.request.input_ref))
            try:
                if given is not None:
                    merged = await asyncio.to_thread(extraction.merge, given, answer.answer)
            except Exception as defect:  # Unreadable; a defect must not keep the document waiting for ever either
                if not isinstance(defect, extraction.Unreadable):
                    log.error("ai.not_merged", call=one.call, error=type(defect).__name__)
                error = ProviderError(Failure.INVALID_ANSWER, "not what was asked for", charge=answer.charge)
                await self._unanswered(one, error, [ref])
                return
            outcome = None
            if given is not None and merged is not None:
                document = self._with_usage(merged.document, one, answer)
                trace = AiTrace(one.route.provider, answer.charge.model, given.ask.prompt_version)
                stored = StoredResult(given.sha256, document, dict(given.engine), trace)
                outcome = await self._sealed(one.request, stored)
        now = self._on.clock()

        def unit(conn: Connection) -> Analysis | None:
            counts = ai_requests.answered(conn, one.request, one.call, ref, now)
            ended = None
            if counts and outcome is not None:
                ended = self._end(conn, one.request, outcome)
            elif counts:
                ai_requests.end(conn, one.request.id, RequestState.ABANDONED, "erased", now)
            else:
                ai_requests.note_deletion(conn, [ref])
            if counts and one.route.version_id is not None and given is not None and merged is not None:
                observed(conn, one.route.version_id, self._seen(given, merged, one, answer), one.request.analysis_id)
            self._settle(conn, one.call, answer.charge)
            return ended

        ended = await self._on.store.write(unit, tenant=None)
        metrics.AI_CALLS.labels(provider=one.route.provider, tier=one.route.tier.value, outcome="answered").inc()
        metrics.AI_CALL_SECONDS.labels(provider=one.route.provider).observe(answer.seconds)
        self._told(ended)
        if one.route.version_id is not None:
            await self._registry.heard(one.route.version_id)

    def _end(self, conn: Connection, request: AiRequest, outcome: Outcome) -> Analysis | None:
        now = self._on.clock()
        if request.second_pass:
            ended = parking.second_pass(conn, request, outcome, now)
            state = RequestState.ABANDONED if ended is None else RequestState.FINISHED
            why = "a review or a newer pass came first" if ended is None else None
            if ended is None and outcome.result_ref is not None:
                ai_requests.note_deletion(conn, [outcome.result_ref])
            ai_requests.end(conn, request.id, state, why, now)
            return ended
        try:
            ended = parking.finish_parked(conn, request, outcome, now)
        except LostClaim:
            ai_requests.end(conn, request.id, RequestState.ABANDONED, ENDED_BEFORE, now)
            return None
        ai_requests.end(conn, request.id, RequestState.FINISHED, None, now)
        return ended

    def _with_usage(self, document: DigitizedDocument, one: Sending, answer: Answer) -> DigitizedDocument:
        charge = answer.charge
        cost = self._routes.prices.cost(
            one.route.provider, one.route.model, charge.tier, charge.tokens, self._on.clock()
        )
        told = {
            "tokens": charge.tokens.by_kind(),
            "tier": charge.tier.value,
            "cost": str(cost.effective),
            "list_cost": str(cost.listed),
            "currency": cost.effective.currency,
            "price_version": cost.price_version,
            "seconds": answer.seconds,
        }
        return document.model_copy(update={"usage": document.usage | {"ai": told}})

    def _seen(self, given: extraction.AiInput, merged: extraction.Merged, one: Sending, answer: Answer) -> Observation:
        fields, right = agreement(given, merged)
        cost = self._routes.prices.cost(
            one.route.provider, one.route.model, answer.charge.tier, answer.charge.tokens, self._on.clock()
        )
        return Observation(
            Evidence.AGREEMENT,
            fields=fields,
            right=right,
            latency_seconds=answer.seconds,
            cost_pico=to_pico(cost.effective),
        )

    async def _sealed(self, request: AiRequest, stored: StoredResult, *, degraded: bool = False) -> Outcome:
        body, digest = await asyncio.to_thread(stored.encode)
        fence = request.fence + (1 if request.second_pass else 0)  # a second pass has the next one
        ref = await self._on.vault.put(
            ObjectKind.RESULT, request.key_id, body, result_digest(request.analysis_id, fence)
        )
        found = stored.document
        flagged = sum(field.needs_review for field in found.form.fields)
        return Outcome(
            state=State.REQUIRES_REVIEW if found.needs_review or flagged else State.COMPLETED,
            result_ref=ref,
            result_digest=digest,
            fields_found=len(found.form.fields),
            fields_flagged=flagged,
            confidence=found.confidence,
            pages_total=len(found.pages),
            degraded=degraded,
            usage=found.usage,
            template_id=None if found.known is None else found.known.template_id,
        )

    def _told(self, ended: Analysis | None) -> None:
        if ended is None:
            return
        metrics.JOBS.labels(region=ended.region, status=ended.state.value, priority=ended.priority.value).inc()
        self._on.announce(ended.tenant, ended.id)

    # --- without one --------------------------------------------------------------------------------------------------

    async def degrade(self, request: AiRequest, decision: routing.Degrade) -> None:
        """The local result stands, for now or for good."""
        if request.second_pass:
            await self._on.store.write(
                lambda conn: ai_requests.end(
                    conn, request.id, RequestState.ABANDONED, decision.reason, self._on.clock()
                ),
                tenant=None,
            )
            return
        async with self._finishing:
            try:
                given = extraction.AiInput.decode(await self._on.vault.get(request.input_ref))
            except NotFound:
                await self._store_lost(request)
                return
            again = "It is asked again by itself" if decision.again_at is not None else "It is not asked again"
            warning = f"No AI read this document: {decision.reason}. The engine's own reading is shown. {again}."
            update = {"lines": (), "warnings": (*given.document.warnings, warning)}
            document = given.document.model_copy(update=update)
            stored = StoredResult(given.sha256, document, dict(given.engine))
            outcome = await self._sealed(request, stored, degraded=True)
        now = self._on.clock()

        def unit(conn: Connection) -> Analysis | None:
            try:
                ended = parking.finish_parked(conn, request, outcome, now)
            except LostClaim:
                ai_requests.end(conn, request.id, RequestState.ABANDONED, ENDED_BEFORE, now)
                return None
            if decision.again_at is None or not ai_requests.defer(
                conn, request, decision.again_at, decision.reason, now
            ):
                ai_requests.end(conn, request.id, RequestState.ABANDONED, decision.reason, now)
            return ended

        self._told(await self._on.store.write(unit, tenant=None))
        metrics.AI_DEGRADED.inc()

    async def _unanswered(self, one: Sending, error: ProviderError, useless: Sequence[str] = ()) -> None:
        """The call is settled as far as anybody knows, and the question may be asked again. ``useless``: objects."""
        now = self._on.clock()
        failure = error.failure
        held = None if failure is Failure.RATE_LIMITED else Try(one.route.provider, one.route.model, failure.value)
        wait = 0.0 if held is None else self._backoff(one.request, error)
        metrics.AI_CALLS.labels(provider=one.route.provider, tier=one.route.tier.value, outcome=failure.value).inc()
        log.info("ai.call_failed", call=one.call, provider=one.route.provider, failure=failure.value)

        def unit(conn: Connection) -> None:
            ai_requests.back(conn, one.request, one.call, held, now + timedelta(seconds=wait), failure.value, now)
            ai_requests.note_deletion(conn, useless)
            if one.route.version_id is not None and failure in OF_THE_VERSION:
                seen = Observation(Evidence.AGREEMENT, failed=True)
                observed(conn, one.route.version_id, seen, one.request.analysis_id)
            self.booked(conn, one.call, error)

        await self._on.store.write(unit, tenant=None)
        if one.route.version_id is not None:
            await self._registry.heard(one.route.version_id)

    def _backoff(self, request: AiRequest, error: ProviderError) -> float:
        left = (request.due_at - self._on.clock()).total_seconds()
        jitter = (zlib.crc32(request.id.encode()) % 1000) / 1000
        if error.retry_after is None and error.failure in (Failure.INVALID_ANSWER, Failure.REFUSED):
            return 0.0  # another model answers otherwise; waiting changes nothing
        return routing.backoff(len(request.tried), None, jitter, max(0.0, left))

    def booked(self, conn: Connection, call: str, error: ProviderError) -> None:
        """What a call without an answer cost: what was charged, nothing, or nobody knows yet."""
        now = self._on.clock()
        if error.charge is not None:
            self._settle(conn, call, error.charge)
            return
        if (known := ledger.by_client(conn, call)) is None:
            return
        if error.failure.may_be_charged:
            ledger.unknown(conn, known.id, error.failure.value, now)
        else:
            ledger.release(conn, known.id, error.failure.value, now)

    def _settle(self, conn: Connection, call: str, charge: Charge) -> None:
        known = ledger.by_client(conn, call)
        if known is None:
            return
        now, price = self._on.clock(), None
        if charge.tier.value != known.tier:
            served = self._routes.prices.price(known.provider, known.model, charge.tier, now, charge.tokens.prompt)
            price = (served.version, served.effective, served.listed)
        ledger.settle(
            conn,
            known.id,
            charge.tokens,
            charge.provider_request_id,
            charge.model,
            now,
            tier=charge.tier,
            price=price,
        )

    async def _dropped(self, one: Sending) -> None:
        await self._store_lost(one.request, one.call)

    async def _not_sent(self, one: Sending) -> None:
        """Nothing went out, so nothing is billed, and nothing is held against the provider."""
        self._routes.answered(one.route, one.call)  # else a probe would be waited for
        now = self._on.clock()
        at = now + timedelta(seconds=NOT_SENT_SECONDS)

        def unit(conn: Connection) -> None:
            ai_requests.back(conn, one.request, one.call, None, at, "its objects were not read", now)
            self.booked(conn, one.call, _NOTHING_SENT)

        await self._on.store.write(unit, tenant=None)

    async def _store_lost(self, request: AiRequest, call: str | None = None) -> None:
        """What was to be asked is not there any more. An analysis that waits for it fails, and may be tried again;
        one that ended, or has its local result, stays as it is.
        """
        now = self._on.clock()

        def unit(conn: Connection) -> Analysis | None:
            ended = None
            if not request.second_pass:
                failed = Outcome(State.FAILED, error_code=Internal.code, error_message=Internal.title)
                with contextlib.suppress(LostClaim):
                    ended = parking.finish_parked(conn, request, failed, now)
            ai_requests.end(conn, request.id, RequestState.ABANDONED, "what was to be asked is gone", now)
            if call is not None:
                self.booked(conn, call, _NOTHING_SENT)
            return ended

        ended = await self._on.store.write(unit, tenant=None)
        if ended is not None:
            log.error("ai.input_lost", analysis=ended.id)
        self._told(ended)

    async def handed_over(self, one: Sending, reason: str) -> None:
        """This process stops, or the call's process is gone: another call asks, and this one's bill is found out."""
        now = self._on.clock()
        error = ProviderError(Failure.TIMEOUT_UNKNOWN, reason)

        def unit(conn: Connection) -> None:
            ai_requests.back(conn, one.request, one.call, None, now, reason, now)
            self.booked(conn, one.call, error)

        await self._on.store.write(unit, tenant=None)


def economical(refused: ledger.Refused) -> bool:
    """Whether the budget lets the cheapest route through."""
    return refused.action is Action.DEGRADE


def sending_of(request: AiRequest) -> Sending:
    """The call that stands in the request's row."""
    assert request.route is not None
    assert request.call_id is not None
    return Sending(request, request.route, request.call_id, 0.0)
