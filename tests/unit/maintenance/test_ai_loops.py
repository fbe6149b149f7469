"""AI questions whose objects, answers or bills are broken: none waits for ever, none stops the others."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from procession import wiring
from procession.ai import extraction
from procession.ai.prices import PriceCatalogue
from procession.ai.protocol import Charge, Completion, CompletionRequest, Reconciliation
from procession.blobs.names import ObjectKind, object_name
from procession.domain.ai import AiRequest, RequestState
from procession.domain.analysis import Priority, State
from procession.domain.billing import CallStatus
from procession.domain.errors import Unavailable
from procession.domain.principal import Principal
from procession.domain.provider import Billed, Capability
from procession.domain.usage import Tier, Tokens
from procession.maintenance.ai_dispatcher import AiDispatcher
from procession.maintenance.ai_leftovers import LEFT_SECONDS, AiLeftovers
from procession.maintenance.ai_reconciler import AiReconciler
from procession.services.ai_calls import Calls
from procession.services.ai_routes import Routes
from procession.settings import Settings
from procession.settings.ai import Ai, AiModel, AiPrices, AiProvider
from procession.store import ai_requests, claims, erasure, ledger
from procession.worker import job as jobs
from procession.worker.ai_pass import AiPass
from procession.worker.executor import Executor
from procession.worker.job import Job
from tests.records import park
from tests.unit.ai.lines import document, lines_of
from tests.unit.services.acting import PDF, House, later

OWNER = "dispatcher-1"
SECONDS_MAX = 30.0
MODEL = AiModel(
    name="small",
    capability=(Capability.TEXT, Capability.IMAGE),
    prices={Tier.STANDARD: AiPrices(input="1", output="2")},
)
PROVIDER = AiProvider(name="own", base_url="http://127.0.0.1:9/v1", models=(MODEL,))


@dataclass
class Answering:
    """A provider that answers nothing about every field, and knows nothing of any bill."""

    name: str = "own"
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    bill: Callable[[str], Reconciliation] = lambda _: Reconciliation(Billed.NOT_CHARGED)

    async def complete(self, request: CompletionRequest) -> Completion:
        self.asked.append(request.request_id)
        if self.broken:
            raise ZeroDivisionError
        charge = Charge("at-provider", request.model, Tier.STANDARD, Tokens(input=100, output=10))
        return Completion("at-provider", {"answers": []}, charge)

    async def reconcile(self, client_request_id: str) -> Reconciliation:
        return self.bill(client_request_id)

    async def close(self) -> None: ...


@dataclass
class Asking:
    house: House
    provider: Answering
    dispatcher: AiDispatcher
    reconciler: AiReconciler

    async def parked(self) -> AiRequest:
        on, view = self.house.app.foundation, await self.house.upload(PDF + os.urandom(8), priority=Priority.URGENT)

        async def analyze(*_: object) -> Any:
            return document(lines_of("Total price: 1,500.00", "Wedding date: 4 May 2030", "Paid by the couple"))

        def claim(conn: Connection) -> Job:
            claimed = claims.claim(conn, view.id, "worker-1", 60, on.clock())
            assert claimed is not None
            return jobs.of(conn, [claimed], self.house.app.templates)[0]

        async def draw(*_: object) -> bytes:
            return b"\x89PNG"

        asks = AiPass(on, draw)
        executor = Executor(on, analyze, random.Random(1), self.house.app.calibrations.apply, asks)
        await executor.run(await on.store.write(claim))
        found: list[AiRequest] = await on.store.read(lambda conn: ai_requests.of_analysis(conn, view.id))
        return found[0]

    async def settled(self) -> None:
        """One pass, and everything it began."""
        await self.dispatcher.once()
        async with asyncio.timeout(SECONDS_MAX):
            while flying := set(self.dispatcher._flying):
                await asyncio.wait(flying)

    async def until(self, request: AiRequest, state: RequestState) -> None:
        async with asyncio.timeout(SECONDS_MAX):
            while (await self.now(request)).state is not state:
                await self.settled()
                await asyncio.sleep(0.05)

    async def now(self, request: AiRequest) -> AiRequest:
        found: AiRequest | None = await self.house.app.store.read(lambda conn: ai_requests.get(conn, request.id))
        assert found is not None
        return found

    async def calls(self, request: AiRequest) -> list[CallStatus]:
        found = await self.house.app.store.read(lambda conn: ledger.of_analysis(conn, request.analysis_id))
        return [CallStatus(one.status) for one in found]


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    settings = Settings(data=tmp_path / "data", ai=Ai(providers=(PROVIDER,)))
    application = wiring.build(settings, working=False)
    await application.store.start()
    provider, on = Answering(), application.foundation
    routes = Routes(lambda: {"own": provider}, PriceCatalogue(settings.ai.endpoints))  # type: ignore[dict-item]
    routes.open()
    registry = application.models
    dispatcher = AiDispatcher(on, routes, Calls(on, routes, registry, OWNER), registry, OWNER)
    try:
        house = House(application, Principal("acme", "key:test", "trace-1"))
        yield Asking(house, provider, dispatcher, AiReconciler(on, routes))
    finally:
        await application.store.stop()
        application.keys.close()


async def test_a_question_is_asked_and_its_document_ends(asking: Asking) -> None:
    request = await asking.parked()
    await asking.until(request, RequestState.FINISHED)
    assert await asking.calls(request) == [CallStatus.SETTLED]


async def test_a_question_whose_objects_are_lost_ends_its_analysis_and_costs_nothing(asking: Asking) -> None:
    request = await asking.parked()
    await asking.house.app.foundation.vault.delete(request.input_ref)
    await asking.until(request, RequestState.ABANDONED)
    view = await asking.house.app.analyses.get(asking.house.owner, request.analysis_id)
    assert view.status is State.FAILED
    assert await asking.calls(request) == [CallStatus.RELEASED]
    assert asking.provider.asked == []


async def test_what_could_not_be_read_to_be_sent_is_not_taken_for_billed(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, vault = await asking.parked(), asking.house.app.foundation.vault

    async def away(_name: str) -> bytes:
        raise Unavailable("The storage is away.")

    with monkeypatch.context() as patched:
        patched.setattr(vault, "get", away)
        await asking.settled()
    assert await asking.calls(request) == [CallStatus.RELEASED]
    assert (await asking.now(request)).state is RequestState.WAITING
    assert asking.provider.asked == []


async def test_an_orphan_whose_takeover_crashes_is_looked_at_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, on = await asking.parked(), asking.house.app.foundation

    def gone(conn: Connection) -> None:
        route = asking.dispatcher._routes.decide(on.settings.ai, request, on.clock()).route  # type: ignore[union-attr]
        assert ai_requests.send(conn, request, route, "a process that is gone", on.clock())

    await on.store.write(gone, tenant=None)

    async def away(_name: str) -> bytes:
        raise Unavailable("The storage is away.")

    with monkeypatch.context() as patched:
        patched.setattr(on.vault, "get", away)
        await asking.settled()
    assert (await asking.now(request)).owner == OWNER
    monkeypatch.setattr("procession.maintenance.ai_dispatcher.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("procession.maintenance.ai_dispatcher.REST_SECONDS", 0.0)
    await asking.until(request, RequestState.FINISHED)


async def test_a_defect_in_making_the_result_leaves_the_engines_own(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await asking.parked()

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(extraction, "merge", broken)
    monkeypatch.setattr("procession.maintenance.ai_dispatcher.LOOK_SECONDS", 0.0)
    await asking.until(request, RequestState.DEFERRED)
    assert set(await asking.calls(request)) == {CallStatus.SETTLED}
    answers = {object_name(ObjectKind.AI_ANSWER, call, request.key_id) for call in asking.provider.asked}
    assert answers <= set(await asking.house.app.store.read(lambda conn: erasure.due(conn, 100)))


async def test_a_defect_in_asking_counts_as_a_try(asking: Asking) -> None:
    request = await asking.parked()
    asking.provider.broken = True
    await asking.settled()
    assert [one.reason for one in (await asking.now(request)).tried] == ["timeout_unknown"]


async def test_a_bill_that_cannot_be_booked_keeps_no_other_from_it(asking: Asking) -> None:
    on, first, second = asking.house.app.foundation, await asking.parked(), await asking.parked()
    calls = asking.dispatcher._calls

    for request in (first, second):
        decision = asking.dispatcher._routes.decide(on.settings.ai, request, on.clock())
        sending, _ = await calls.reserve([(request, decision)])  # type: ignore[list-item]
        await calls.handed_over(sending[0], "its process stopped")
    poisoned = f"{first.id}-1"

    def bill(call: str) -> Reconciliation:
        charge = Charge("at-provider", "small", Tier.STANDARD, Tokens(input=1))
        return Reconciliation(Billed.CHARGED, () if call == poisoned else (charge,))

    asking.provider.bill = bill
    await asking.reconciler.once()
    assert await asking.calls(first) == [CallStatus.UNKNOWN]
    assert await asking.calls(second) == [CallStatus.SETTLED]


async def test_what_waits_when_no_provider_is_configured_any_more_ends_with_the_engines_reading(asking: Asking) -> None:
    request, on = await asking.parked(), asking.house.app.foundation
    await AiLeftovers(on, asking.house.app.models, OWNER).once()
    assert (await asking.now(request)).state is RequestState.WAITING  # somebody may still ask it
    await AiLeftovers(later(on, LEFT_SECONDS / 60 + 1), asking.house.app.models, OWNER).once()
    assert (await asking.now(request)).state is RequestState.ABANDONED
    view = await asking.house.app.analyses.get(asking.house.owner, request.analysis_id)
    assert view.status in (State.COMPLETED, State.REQUIRES_REVIEW)


async def test_while_all_wait_for_the_one_that_leads_nothing_is_read_again_and_again(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, calls = asking.house.app.foundation, asking.dispatcher._calls
    now = on.clock()

    def three(conn: Connection) -> None:
        for _ in range(3):
            park(conn, priority=Priority.LOW, ready_at=now, created_at=now, due_at=now + timedelta(hours=4))

    async def never(_one: object) -> None:
        await asyncio.Event().wait()

    await on.store.write(three, tenant=None)
    monkeypatch.setattr("procession.maintenance.ai_dispatcher.TAKEN_MAX", 2)
    monkeypatch.setattr(calls, "make", never)
    await asking.dispatcher.once()
    await asking.dispatcher.once()
    assert asking.dispatcher.in_flight == 1
    assert not asking.dispatcher._again.is_set()
    for task in asking.dispatcher._flying:
        task.cancel()
