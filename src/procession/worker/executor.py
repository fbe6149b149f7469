"""One step of one claimed analysis: decrypt, analyse in the sandbox, seal, finish under the claim's fence."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import structlog

from procession.blobs.names import ObjectKind, result_digest
from procession.domain.ai import AiRequest
from procession.domain.analysis import Analysis, AnalysisOptions, Progress, State, Trigger
from procession.domain.errors import LostClaim, Permanent, ProcessionError, Transient, Unavailable
from procession.domain.form import DigitizedDocument
from procession.policy import retry
from procession.sandbox.recalling import Lookup
from procession.services.foundation import AI_KEY, Foundation
from procession.services.results import StoredResult
from procession.services.templates import Templates
from procession.store import claims, parking
from procession.store.claims import Outcome
from procession.store.documents import Document
from procession.telemetry import metrics
from procession.worker.job import Job, Stop
from procession.worker.outcomes import Outcomes
from procession.worker.progress import ProgressWriter

Analyze = Callable[[bytes, AnalysisOptions, Callable[[Progress], None], Lookup | None], Awaitable[DigitizedDocument]]
"""What the sandbox does with a document, asking for approved forms it may be a copy of.

Raises DocumentError, Internal.
"""


class Asks(Protocol):
    """``worker.ai_pass.AiPass``, which is there only where a provider is configured."""

    async def prepare(
        self,
        analysis: Analysis,
        document: Document,
        content: bytes,
        found: DigitizedDocument,
        engine: dict[str, float],
    ) -> Question | None: ...


class Question(Protocol):
    """What a provider is to be asked, stored but for its row."""

    @property
    def request(self) -> AiRequest: ...
    @property
    def pages(self) -> int: ...


Calibrate = Callable[[DigitizedDocument], tuple[DigitizedDocument, dict[str, float]]]
"""Gives a document the confidence people see, and the engine's own by field id where that is another."""

REASON_CHARACTERS_MAX = 200
INLINE_FIELDS_MAX = 200
"""Up to this many fields writing the result as JSON costs less than a hop to another thread and back."""

log = structlog.get_logger(__name__)


class Executor:
    """``chance`` spreads retries. At most ``capacity.slots`` documents are in the sandbox at once."""

    def __init__(
        self,
        foundation: Foundation,
        analyze: Analyze,
        chance: random.Random,
        calibrate: Calibrate | None = None,
        asks: Asks | None = None,
    ) -> None:
        self._on = foundation
        self._analyze = analyze
        self._chance = chance
        self._templates = Templates(foundation)
        self._calibrate = calibrate
        self._asks = asks
        self._outcomes = Outcomes(foundation)
        self._cores = asyncio.Semaphore(max(1, foundation.capacity.slots))

    async def run(self, job: Job) -> None:
        """Bring the claim to its end, whatever happens; returns when its outcome is committed or was not ours."""
        work = asyncio.create_task(self._work(job))
        work.add_done_callback(job.step_ended)
        try:
            await job.step_or_stop.wait()
            if not work.done():
                work.cancel()  # kills the child
            await asyncio.wait({work})
            await self._end(job, work)
        except LostClaim:
            log.info("worker.claim_lost", analysis=job.id, fence=job.fence)
        finally:
            work.cancel()

    async def _work(self, job: Job) -> Outcome | Question:
        analysis, document = job.analysis, job.document
        content = await self._on.vault.get(document.blob_ref)  # before a core is free, so that none waits for it
        async with self._cores:
            started = time.perf_counter()
            self._on.capacity.busy += 1
            writer = ProgressWriter(self._on, analysis)
            try:
                lookup = self._templates.lookup(analysis) if job.recalls else None
                found = await self._analyze(content, analysis.options, writer.report, lookup)
            finally:
                self._on.capacity.busy -= 1
                await writer.close()
            seconds = time.perf_counter() - started
        self._on.capacity.measured(seconds)
        metrics.JOB_SECONDS.labels(priority=analysis.priority.value).observe(seconds)
        return await self._stored(analysis, document, content, found)

    async def _stored(
        self, analysis: Analysis, document: Document, content: bytes, found: DigitizedDocument
    ) -> Outcome | Question:
        """Seal the result; gives the outcome that names it, or what an AI provider is to be asked first.

        Its object is this claim's alone: erasing another analysis of the same bytes cannot delete it.
        """

        engine: dict[str, float] = {}
        if self._calibrate is not None:
            found, engine = self._calibrate(found)
        if self._asks is not None and analysis.options.ai:
            if (question := await self._asks.prepare(analysis, document, content, found, engine)) is not None:
                _count(found)
                return question
            found = found.model_copy(update={"lines": ()})

        def encoded() -> tuple[bytes, str]:
            return StoredResult(hashlib.sha256(content).hexdigest(), found, engine).encode()

        few = len(found.form.fields) <= INLINE_FIELDS_MAX
        body, digest = encoded() if few else await asyncio.to_thread(encoded)
        ref = await self._on.vault.put(
            ObjectKind.RESULT, document.key_id, body, result_digest(analysis.id, analysis.fence)
        )
        _count(found)
        flagged = sum(field.needs_review for field in found.form.fields)
        return Outcome(
            state=State.REQUIRES_REVIEW if found.needs_review or flagged else State.COMPLETED,
            result_ref=ref,
            result_digest=digest,
            fields_found=len(found.form.fields),
            fields_flagged=flagged,
            confidence=found.confidence,
            pages_total=len(found.pages),
            usage=found.usage,
            template_id=None if found.known is None else found.known.template_id,
        )

    # --- how it ended -------------------------------------------------------------------------------------------------

    async def _end(self, job: Job, work: asyncio.Task[Outcome | Question]) -> None:
        error = None if work.cancelled() else work.exception()
        if not work.cancelled() and error is None:
            done = work.result()
            await (self._finish(job, done) if isinstance(done, Outcome) else self._park(job, done))
        elif job.stopped is not None:
            await self._stop(job, job.stopped)
        else:
            await self._fail(job, error or asyncio.CancelledError())

    async def _stop(self, job: Job, reason: Stop) -> None:
        if reason is Stop.CANCEL:
            await self._finish(job, Outcome(State.CANCELLED))
        elif reason is Stop.RELEASE:
            await self._back(job, Trigger.RELEASED, 0.0, None, "the worker stopped", burn_attempt=False)
        else:
            raise LostClaim

    async def _fail(self, job: Job, error: BaseException) -> None:
        settings, attempts = self._on.settings.worker, job.analysis.attempts
        code = error.code if isinstance(error, ProcessionError) else "internal"
        decision = retry.decide(
            attempts,
            settings.attempts_max,
            retry.kind_of(error),
            self._chance.random(),
            settings.retry_base_seconds,
            settings.retry_max_seconds,
            error.retry_after if isinstance(error, Unavailable) else 0.0,
        )
        # the class only: the words of a foreign exception may quote the document
        shown = error.message if isinstance(error, ProcessionError) else type(error).__name__
        log.warning("worker.step_failed", analysis=job.id, code=code, error=shown, decision=decision.reason)
        if isinstance(decision, retry.Retry):
            metrics.RETRIES.labels(reason=code).inc()
            reason = f"{decision.reason}: {shown}"[:REASON_CHARACTERS_MAX]
            await self._back(
                job, Trigger.RETRY_SCHEDULED, decision.delay_seconds, code, reason, burn_attempt=decision.burns_attempt
            )
            return
        told = error.message if isinstance(error, Permanent | Transient) else Transient.title
        await self._finish(job, Outcome(State.FAILED, error_code=code, error_message=told))

    async def _finish(self, job: Job, outcome: Outcome) -> None:
        ended = await self._insist(lambda: self._outcomes.finish(job.analysis, outcome))
        metrics.JOBS.labels(region=ended.region, status=ended.state.value, priority=ended.priority.value).inc()
        if ended.state is State.FAILED:
            metrics.FAILURES.labels(reason=ended.error_code or "internal").inc()
        self._on.announce(ended.tenant, ended.id, queue=True)  # a tenant at its cap may start its next

    async def _park(self, job: Job, question: Question) -> None:
        """It waits for its answer under no lease; a cancellation that was asked for meanwhile comes first."""
        request, names = question.request, question.request.objects
        try:
            after = await self._insist(
                lambda: self._on.store.write(
                    lambda conn: parking.park(conn, request, job.fence, question.pages, names, self._on.clock())
                )
            )
        except LostClaim:
            await self._finish(job, Outcome(State.CANCELLED))
            return
        self._on.announce(after.tenant, after.id, queue=True)
        self._on.changes.announce(AI_KEY)

    async def _back(
        self, job: Job, trigger: Trigger, delay: float, code: str | None, reason: str, *, burn_attempt: bool
    ) -> None:
        now = self._on.clock()
        run_at = now + timedelta(seconds=delay)
        after = await self._insist(
            lambda: self._on.store.write(
                lambda conn: claims.reschedule(
                    conn, job.id, job.fence, trigger, run_at, code, reason, burn_attempt, now
                ),
                tenant=job.analysis.tenant,
            )
        )
        self._on.announce(after.tenant, after.id, queue=True)

    async def _insist(self, write: Callable[[], Awaitable[Analysis]]) -> Analysis:
        """Write an outcome; while the disk is full, until it is not. LostClaim ends it when the lease ran out."""
        pause = self._on.settings.worker.progress_seconds
        while True:
            try:
                return await write()
            except Transient as error:
                if self._on.capacity.draining:
                    raise  # the next start releases it
                log.warning("worker.outcome_not_written", code=error.code)
                await asyncio.sleep(pause)


def _count(found: DigitizedDocument) -> None:
    for source, pages in Counter(page.source for page in found.pages).items():
        metrics.PAGES.labels(source=source).inc(pages)
    if found.known is not None:
        metrics.KNOWN_FORMS.labels(verdict="changed" if found.known.changed else "same").inc()
