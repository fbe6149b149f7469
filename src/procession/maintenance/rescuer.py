"""Finds claims whose lease ran out (their worker died) and decides what becomes of them. The relay rings again."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from procession.domain.analysis import Analysis, State, Trigger
from procession.domain.errors import Internal, LostClaim, ProcessionError
from procession.maintenance.contract import Loop
from procession.policy import retry
from procession.policy.retry import FailureKind
from procession.services.foundation import Foundation
from procession.store import claims
from procession.store.claims import Outcome
from procession.telemetry import metrics

EXPIRED_MAX = 100
"""Claims looked at in one pass."""
_ACTOR = "system:rescuer"

log = structlog.get_logger(__name__)


class Rescuer(Loop):
    name = "rescuer"

    def __init__(self, foundation: Foundation, chance: random.Random) -> None:
        super().__init__()
        self._on = foundation
        self._chance = chance

    async def once(self) -> None:
        now = self._on.clock()
        found = await self._on.store.read(lambda conn: claims.expired(conn, now, EXPIRED_MAX))
        crashed: Exception | None = None
        for analysis in found:
            try:
                await self._rescue(analysis)
            except LostClaim:  # its owner was alive after all and won the race
                continue
            except ProcessionError:
                raise
            except Exception as error:  # the longest expired comes first in every pass: it must not stop the others
                log.error("rescuer.crashed", analysis=analysis.id, error=type(error).__name__)
                crashed = error
        if crashed is not None:
            raise crashed

    async def pause(self) -> None:
        await asyncio.sleep(self._on.settings.queue.rescue_seconds)

    async def _rescue(self, analysis: Analysis) -> None:
        settings, now = self._on.settings.worker, self._on.clock()
        decision = retry.decide(
            analysis.attempts,
            settings.attempts_max,
            FailureKind.LOST,
            self._chance.random(),
            settings.retry_base_seconds,
            settings.retry_max_seconds,
        )
        log.warning("rescuer.lease_expired", analysis=analysis.id, fence=analysis.fence, decision=decision.reason)
        if isinstance(decision, retry.Retry):
            run_at, reason, burns = now + timedelta(seconds=decision.delay_seconds), decision.reason, True
            after = await self._on.store.write(
                lambda conn: claims.reschedule(
                    conn, analysis.id, analysis.fence, Trigger.EXPIRED, run_at, "internal", reason, burns, now, _ACTOR
                )
            )
        else:
            outcome = Outcome(State.FAILED, error_code=Internal.code, error_message=Internal.title)
            after = await self._on.store.write(
                lambda conn: claims.finish(conn, analysis.id, analysis.fence, outcome, now, _ACTOR, only_expired=True)
            )
            metrics.FAILURES.labels(reason=Internal.code).inc()
        metrics.LEASES_EXPIRED.inc()
        self._on.announce(after.tenant, after.id, queue=True)
