"""Asks AI providers: any number of processes, one coroutine for each call in flight, no lease and no worker held.

A call in flight belongs to its process. When that is gone, another looks whether the answer was kept, makes the result
of it, or hands the call's bill to the reconciler and asks anew. Nothing is asked twice by two living processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from procession.domain.ai import AiRequest, RequestState, Route
from procession.domain.analysis import Priority
from procession.domain.errors import ProcessionError
from procession.domain.model import Purpose
from procession.domain.usage import Tier
from procession.maintenance.contract import Loop
from procession.policy import batching, routing
from procession.services.ai_calls import Calls, Sending, economical, sending_of
from procession.services.ai_routes import Routes
from procession.services.foundation import AI_KEY, Foundation
from procession.services.model_registry import ModelRegistry
from procession.store import ai_requests, workers
from procession.store.ledger import Refused
from procession.telemetry import metrics

PAUSE_SECONDS = 1.0
"""Longest pause between two looks."""
PAUSE_SECONDS_MIN = 0.05
TAKEN_MAX = 500
"""Questions read in one pass."""
RESERVED_TOGETHER = 50
"""Calls that are reserved in one transaction: it holds everybody's budget."""
LOOK_SECONDS = 2.0
"""How often calls of processes that are gone are looked for."""
ORPHANS_MAX = 200
REST_SECONDS = 5.0
"""A question whose work crashed is left alone for so long."""
ASKING_ROLES = frozenset({"all", "maintenance"})
FILES_BESIDE = 1024
"""Open files of a process that are no connections to providers."""
HAND_OVER_SECONDS_MAX = 5.0
"""How long handing over the rest at the end of a drain may take; what remains is found by the others."""

log = structlog.get_logger(__name__)


class AiDispatcher(Loop):
    name = "ai_dispatcher"

    def __init__(
        self, foundation: Foundation, routes: Routes, calls: Calls, registry: ModelRegistry, owner: str
    ) -> None:
        super().__init__()
        self._on = foundation
        self._routes = routes
        self._calls = calls
        self._registry = registry
        self._owner = owner
        self._flying: dict[asyncio.Task[None], Sending | None] = {}
        self._busy: set[str] = set()
        """Requests this process does something about."""
        self._warm: dict[str, datetime] = {}
        self._leading: dict[str, datetime] = {}
        self._looked_at: datetime | None = None
        self._next_at: datetime | None = None
        self._changed: asyncio.Task[bool] | None = None
        self._again = asyncio.Event()
        self._left: list[Sending] = []
        self._unfinished: list[str] = []
        """Groups that were closed and of which more may be left."""

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    async def start(self) -> None:
        _allow_connections(self._on.settings.ai.calls_at_once)
        self._routes.open()
        await super().start()

    async def stop(self) -> None:
        """Ask nothing more; what is on its way may come back for ``drain_seconds``, the rest is handed over."""
        await super().stop()
        if self._changed is not None:
            self._changed.cancel()
        if self._flying:
            await asyncio.wait(set(self._flying), timeout=self._on.settings.worker.drain_seconds)
        late = dict(self._flying)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(set(late), timeout=HAND_OVER_SECONDS_MAX)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_SECONDS_MAX):
                for one in late.values():
                    if one is not None:
                        with contextlib.suppress(ProcessionError):
                            await self._calls.handed_over(one, "its process stopped")
        await self._routes.close()

    async def once(self) -> None:
        self._again.clear()
        wait = asyncio.create_task(self._on.changes.wait(AI_KEY, PAUSE_SECONDS))
        await asyncio.sleep(0)  # it listens before we read
        self._changed = wait
        now = self._on.clock()
        if self._looked_at is None or now - self._looked_at >= timedelta(seconds=LOOK_SECONDS):
            self._looked_at = now
            await self._look(now)
        await self._ask(now)

    async def pause(self) -> None:
        """Until a question comes, an answer left something to do, or the next window closes."""
        until = PAUSE_SECONDS
        if self._next_at is not None:
            until = min(until, max(0.0, (self._next_at - self._on.clock()).total_seconds()))
        again = asyncio.create_task(self._again.wait())
        waiting = {again} if self._changed is None else {again, self._changed}
        await asyncio.sleep(PAUSE_SECONDS_MIN)
        await asyncio.wait(waiting, timeout=until, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def _ask(self, now: datetime) -> None:
        settings = self._on.settings.ai
        free = min(TAKEN_MAX, settings.calls_at_once - len(self._flying))
        if free <= 0:
            return
        groups = await self._on.store.read(ai_requests.groups, tenant=None)
        due, self._next_at = batching.closed(groups, now, settings.batching.group_max)
        keys = list(dict.fromkeys([*self._unfinished, *(one.prefix_key for one in due)]))
        self._unfinished = []
        if not keys:
            return
        found = await self._on.store.read(
            lambda conn: ai_requests.in_groups(conn, keys, now, free + len(self._busy)), tenant=None
        )
        wanted: list[tuple[AiRequest, routing.Send]] = []
        chosen = self._led([one for one in found if one.id not in self._busy][:free], now)
        for request in chosen:
            decision = self._routes.decide(settings, request, now, wanted=await self._wanted(request))
            if isinstance(decision, routing.Send):
                wanted.append((request, decision))
                self._routes.took(decision.route, request, now)
            else:
                self._otherwise(request, decision)
        for start in range(0, len(wanted), RESERVED_TOGETHER):
            await self._send(wanted[start : start + RESERVED_TOGETHER])
        if len(found) >= free:
            self._unfinished = keys  # a group that was closed goes whole, however many passes that takes
            if chosen:  # else all wait for one that leads, whose end is told
                self._again.set()

    def _led(self, found: list[AiRequest], now: datetime) -> list[AiRequest]:
        """Of a group whose beginning no provider has, one question first."""
        if not self._on.settings.ai.optimisations.prefix_caching:
            return found
        counts: dict[str, int] = {}
        for one in found:
            counts[one.prefix_key] = counts.get(one.prefix_key, 0) + 1
        chosen = []
        for one in found:
            urgent = one.priority is Priority.URGENT
            until = self._leading.get(one.prefix_key)
            if not urgent and until is not None and now < until:
                continue
            chosen.append(one)
            if batching.leads(counts[one.prefix_key], urgent, self._warm.get(one.prefix_key), now):
                self._leading[one.prefix_key] = now + timedelta(seconds=batching.LEAD_SECONDS)
        return chosen

    async def _wanted(self, request: AiRequest) -> Route | None:
        version = await self._registry.pick(Purpose.EXTRACTION, request.analysis_id)
        if version is None or version.provider is None or version.model is None:
            return None
        return Route(version.provider, version.model, Tier.STANDARD, version.id)

    def _otherwise(self, request: AiRequest, decision: routing.Wait | routing.Degrade) -> None:
        if isinstance(decision, routing.Wait):
            self._begin(request, self._postpone(request, decision.until, decision.reason))
        else:
            self._begin(request, self._calls.degrade(request, decision))

    async def _postpone(self, request: AiRequest, until: datetime, reason: str) -> None:
        now = self._on.clock()
        await self._on.store.write(lambda conn: ai_requests.postpone(conn, request.id, until, reason, now), tenant=None)

    async def _send(self, wanted: list[tuple[AiRequest, routing.Send]]) -> None:
        sending, refused = await self._calls.reserve(wanted)
        cheaper: list[tuple[AiRequest, routing.Send]] = []
        for request, why in refused:
            known = await self._known(request)
            if known is not None and known.state in (RequestState.WAITING, RequestState.DEFERRED):
                self._refused(known, why, cheaper)
        if cheaper:
            again, still = await self._calls.reserve(cheaper, economy=True)
            sending += again
            for request, why in still:
                known = await self._known(request)
                if known is not None:
                    self._stopped(known, why)
        for one in sending:
            self._begin(one.request, self._made(one), one)

    async def _known(self, request: AiRequest) -> AiRequest | None:
        return await self._on.store.read(lambda conn: ai_requests.get(conn, request.id), tenant=None)

    def _refused(self, request: AiRequest, why: Refused, cheaper: list[tuple[AiRequest, routing.Send]]) -> None:
        now = self._on.clock()
        if economical(why):
            decision = self._routes.decide(self._on.settings.ai, request, now, economy=True)
            if isinstance(decision, routing.Send):
                cheaper.append((request, decision))
                return
        self._stopped(request, why)

    def _stopped(self, request: AiRequest, why: Refused) -> None:
        """A budget says no: the local result stands until its window turns."""
        until = why.until or self._on.clock() + timedelta(seconds=self._on.settings.ai.second_pass_seconds)
        if request.second_pass:
            self._begin(request, self._postpone(request, until, why.reason))
        else:
            decision = routing.Degrade(until, f"a budget is used up: {why.reason}")
            self._begin(request, self._calls.degrade(request, decision))

    async def _made(self, one: Sending) -> None:
        if await self._calls.make(one):
            self._warm[one.request.prefix_key] = self._on.clock()
        self._leading.pop(one.request.prefix_key, None)

    # --- tasks --------------------------------------------------------------------------------------------------------

    def _begin(self, request: AiRequest, work: Coroutine[Any, Any, None], sending: Sending | None = None) -> None:
        """``sending``: handed over when this process stops; looked at again when ``work`` crashes."""
        self._fly(request, work, sending, sending)

    def _fly(
        self,
        request: AiRequest,
        work: Coroutine[Any, Any, None],
        sending: Sending | None,
        left: Sending | None,
    ) -> None:
        self._busy.add(request.id)
        task = asyncio.create_task(work, name=f"ai-{request.id}")
        self._flying[task] = sending
        metrics.AI_IN_FLIGHT.set(len(self._flying))

        def ended(done: asyncio.Task[None]) -> None:
            self._flying.pop(done, None)
            crashed = not done.cancelled() and done.exception() is not None
            if crashed:  # what crashes at once must not be begun again at once
                asyncio.get_running_loop().call_later(REST_SECONDS, self._busy.discard, request.id)
            else:
                self._busy.discard(request.id)
            metrics.AI_IN_FLIGHT.set(len(self._flying))
            self._again.set()
            if not done.cancelled() and (error := done.exception()) is not None:
                log.error("ai.crashed", request=request.id, error=type(error).__name__)
                if left is not None:
                    self._left.append(left)

        task.add_done_callback(ended)

    # --- what others left ---------------------------------------------------------------------------------------------

    async def _look(self, now: datetime) -> None:
        since = now - timedelta(seconds=self._on.settings.worker.lease_seconds)

        def unit(conn: Connection) -> tuple[list[AiRequest], int, dict[tuple[RequestState, Priority], int]]:
            alive = workers.seen(conn, since)
            ids = [self._owner, *(row.id for row in alive)]
            asking = sum(row.role in ASKING_ROLES for row in alive if row.id != self._owner)
            return ai_requests.orphans(conn, ids, ORPHANS_MAX), asking + 1, ai_requests.counts(conn)

        orphans, asking, counts = await self._on.store.read(unit, tenant=None)
        self._routes.share(asking)
        for state in RequestState:
            total = sum(number for (one, _), number in counts.items() if one is state)
            metrics.AI_REQUESTS.labels(state=state.value).set(total)
        left, self._left = self._left, []
        for one in left:  # calls of this process that crashed: as of one that is gone
            self._fly(one.request, self._taken_over(one), None, one)
        for request in orphans:
            adopt = partial(ai_requests.adopt, request=request, owner=self._owner, now=now)
            if request.id not in self._busy and await self._on.store.write(adopt, tenant=None):
                one = sending_of(request)
                self._fly(request, self._taken_over(one), None, one)

    async def _taken_over(self, one: Sending) -> None:
        answer = await self._calls.kept(one)
        if answer is not None:
            log.info("ai.answer_found", call=one.call)
            await self._calls.keep(one, answer)
        else:
            await self._calls.handed_over(one, "its process is gone")


def _allow_connections(calls: int) -> None:
    """As many open files as calls need, as far as the system lets a process have them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = calls + FILES_BESIDE
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning("ai.few_files", allowed=allowed, wanted=wanted)
