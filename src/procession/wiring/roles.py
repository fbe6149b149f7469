"""The roles: which parts each process has. ``up`` has all of them."""

from __future__ import annotations

import os
import random

from procession.blobs.s3 import S3Blobs
from procession.domain.analysis import AnalysisOptions
from procession.domain.clock import Clock, system_clock
from procession.domain.errors import InvalidRequest
from procession.domain.form import DigitizedDocument
from procession.maintenance.bookkeeper import PASS_SECONDS as BOOKS_SECONDS
from procession.maintenance.bookkeeper import Bookkeeper
from procession.maintenance.calibrator import Calibrator
from procession.maintenance.canary_watch import CanaryWatch
from procession.maintenance.contract import Loop
from procession.maintenance.cost_gauges import CostGauges
from procession.maintenance.duty import Duty
from procession.maintenance.gauges import Gauges
from procession.maintenance.meter import PASS_SECONDS as METER_SECONDS
from procession.maintenance.meter import Meter, TrafficMeter
from procession.maintenance.presence import Presence
from procession.maintenance.pruner import PASS_SECONDS, Pruner
from procession.maintenance.relay import Relay
from procession.maintenance.rescuer import Rescuer
from procession.maintenance.watcher import Watcher
from procession.maintenance.webhook_sender import WebhookSender
from procession.sandbox.client import OnProgress, ReadingOptions, Sandbox
from procession.sandbox.limits import SandboxLimits
from procession.sandbox.recalling import Lookup
from procession.services.analyses import Analyses
from procession.services.batches import Batches
from procession.services.bookkeeping import Bookkeeping
from procession.services.budgets import BudgetService
from procession.services.calibrating import Calibrations
from procession.services.costs import CostService
from procession.services.dead_letters import DeadLetters
from procession.services.direct_uploads import DirectUploads
from procession.services.fleet import Role
from procession.services.forms import Forms
from procession.services.metering import Metering
from procession.services.model_evaluation import ModelEvaluations
from procession.services.model_registry import shown
from procession.services.paper import Papers
from procession.services.pictures import Pictures
from procession.services.queue import QueueService
from procession.services.reconciling import Reconciling
from procession.services.review import Reviews
from procession.services.submit import Submissions
from procession.services.templates import Templates
from procession.services.webhooks import Webhooks
from procession.settings import Settings
from procession.store.sqlite import SqliteStore
from procession.wiring import ai, backends
from procession.wiring.ai import ai_prices, ai_providers
from procession.wiring.process import Process
from procession.worker.executor import Analyze, Executor
from procession.worker.loop import WorkerLoop


class Api(Process):
    """Takes uploads and answers questions. Its sandbox draws pages and fills paper; it analyses nothing."""

    def __init__(
        self, settings: Settings, sandbox: Sandbox, clock: Clock = system_clock, role: Role = Role.API, slots: int = 0
    ) -> None:
        super().__init__(settings, clock, role, slots)
        self.sandbox = self._sandbox = sandbox
        pictures = self._pictures = Pictures(self.foundation, sandbox.render)
        self.submissions = Submissions(self.foundation)
        direct = self.blobs if settings.upload.direct and isinstance(self.blobs, S3Blobs) else None
        self.direct_uploads = DirectUploads(self.foundation, direct)
        self.analyses = Analyses(self.foundation, pictures, self._interrupt)
        self.templates = Templates(self.foundation)
        self.reviews = Reviews(self.foundation, self.templates)
        self.forms = Forms(self.foundation)
        self.papers = Papers(self.foundation, self.analyses, self.forms, sandbox.fill)
        self.batches = Batches(self.foundation)
        self.queue = QueueService(self.foundation)
        self.dead_letters = DeadLetters(self.foundation)
        self.evaluations = ModelEvaluations(
            self.foundation, lambda: ai_providers(self.settings), lambda: ai_prices(self.settings), shown
        )
        self.costs = CostService(self.foundation)
        self.budgets = BudgetService(self.foundation)
        self.reconciling = Reconciling(self.foundation, lambda: ai_providers(self.settings))
        self.webhooks = Webhooks(self.foundation)
        self.maintenance = (
            Presence(self.foundation, self.fleet, forgets=False),
            Watcher(self.foundation),
            *_ringing(self),
            *_traffic(self),
        )

    def _interrupt(self, analysis_id: str) -> None:
        """Another process' worker hears of it at its next heartbeat."""
        if self._worker is not None:
            self._worker.interrupt(analysis_id)


class Worker(Process):
    """Claims and analyses."""

    def __init__(
        self, settings: Settings, sandbox: Sandbox, clock: Clock = system_clock, chance: random.Random | None = None
    ) -> None:
        super().__init__(settings, clock, Role.WORKER, slots(settings))
        self.sandbox = self._sandbox = sandbox
        self.calibrations = Calibrations(self.foundation)
        self.worker = self._worker = _worker(self, sandbox, self.calibrations, chance or random.SystemRandom())
        self.maintenance = (
            Presence(self.foundation, self.fleet, forgets=False),
            Relay(self.foundation),  # finds its work in SQL without Redis, and while that is away
            Calibrator(self.calibrations, fits=False),
        )


class Maintenance(Process):
    """Rescues, rings, prunes, counts. Opens no document."""

    def __init__(self, settings: Settings, clock: Clock = system_clock, chance: random.Random | None = None) -> None:
        super().__init__(settings, clock, Role.MAINTENANCE, 0)
        calibrations = Calibrations(self.foundation)
        self.maintenance = (
            Presence(self.foundation, self.fleet, forgets=True),
            *_ringing(self),
            *_upkeep(self, calibrations, chance or random.SystemRandom()),
        )


class Costs(Process):
    """Tells what AI cost. Opens no document."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        super().__init__(settings, clock, Role.COSTS, 0)
        books = Bookkeeping(self.foundation)
        self.maintenance = (
            Presence(self.foundation, self.fleet, forgets=False),
            _books(self, books),
            CostGauges(self.foundation, books),
        )


class Application(Api):
    """Everything in one process."""

    def __init__(
        self,
        settings: Settings,
        sandbox: Sandbox,
        clock: Clock = system_clock,
        chance: random.Random | None = None,
        *,
        working: bool = True,
    ) -> None:
        super().__init__(settings, sandbox, clock, Role.ALL, slots(settings))
        chance = chance or random.SystemRandom()
        self.calibrations = Calibrations(self.foundation)
        self.worker = _worker(self, sandbox, self.calibrations, chance)
        self._worker = self.worker if working else None
        self.maintenance = (
            Presence(self.foundation, self.fleet, forgets=True),
            Watcher(self.foundation),
            Relay(self.foundation),
            *_upkeep(self, self.calibrations, chance),
            *_traffic(self),
            *((CostGauges(self.foundation, Bookkeeping(self.foundation)),) if settings.ai.endpoints else ()),
        )


def build(
    settings: Settings,
    *,
    sandbox: Sandbox | None = None,
    clock: Clock = system_clock,
    chance: random.Random | None = None,
    working: bool = True,
) -> Application:
    """Everything in one process; nothing runs yet. Without ``working`` uploads are taken and stay pending.

    Raises Unavailable (folder, keys), InvalidRequest (settings of a kind this version does not serve).
    """
    return Application(settings, sandbox or _sandbox(settings), clock, chance, working=working)


def require_shared(settings: Settings, role: str) -> None:
    """Raises InvalidRequest with SQLite, which one process writes, and with keys in a file of this machine."""
    if isinstance(backends.database(settings), SqliteStore):
        raise InvalidRequest(
            f"`procession {role}` runs beside other processes on one PostgreSQL; SQLite is written by one only. "
            "Set PROCESSION_DATABASE_URL=postgresql://…, or run everything in one process: `procession up`."
        )
    backends.require_shared_keys(settings)


def build_role(settings: Settings, role: Role) -> Api | Worker | Maintenance | Costs:
    """A process with ``role`` beside others; nothing runs yet.

    Raises InvalidRequest with SQLite, and what ``build`` raises.
    """
    require_shared(settings, role.value)
    if role is Role.API:
        return Api(settings, _sandbox(settings))
    if role is Role.WORKER:
        return Worker(settings, _sandbox(settings))
    if role is Role.MAINTENANCE:
        return Maintenance(settings)
    if role is Role.COSTS:
        return Costs(settings)
    return build(settings)


def slots(settings: Settings) -> int:
    """Documents analysed at once: as set, or one for each CPU this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return settings.worker.slots or cores


def _sandbox(settings: Settings) -> Sandbox:
    return Sandbox(SandboxLimits.of(settings.sandbox))


def _worker(process: Process, sandbox: Sandbox, calibrations: Calibrations, chance: random.Random) -> WorkerLoop:
    asks = ai.asks(process, sandbox)
    executor = Executor(process.foundation, _analyze(process, sandbox), chance, calibrations.apply, asks)
    return WorkerLoop(process.foundation, executor, process.fleet.id)


def _analyze(process: Process, sandbox: Sandbox) -> Analyze:
    async def analyze(
        data: bytes, options: AnalysisOptions, on_progress: OnProgress, lookup: Lookup | None
    ) -> DigitizedDocument:
        settings = process.settings
        reading = ReadingOptions(
            options.languages,
            options.ocr,
            settings.ocr.tessdata,
            settings.ocr.dpi,
            settings.templates.enabled,
            options.ai and bool(settings.ai.endpoints),
        )
        return await sandbox.analyze(data, reading, on_progress, lookup)

    return analyze


def _ringing(process: Process) -> tuple[Loop, ...]:
    """For processes without a worker: a bell within the process would have nobody to hear it."""
    return () if process.settings.redis_url is None else (Relay(process.foundation),)


def _upkeep(process: Process, calibrations: Calibrations, chance: random.Random) -> tuple[Loop, ...]:
    """Harmless in any number of processes: claims are rescued under their fence, gauges tell what the record says.

    The pruner looks at every erasure and object, so one process at a time does.
    """
    on = process.foundation
    return (
        Rescuer(on, chance),
        Duty(on, Pruner(on), process.fleet.id, PASS_SECONDS),
        Gauges(on),
        Calibrator(calibrations),
        CanaryWatch(process.models),
        _sender(process, chance),
        *((Duty(on, Meter(Metering(on)), process.fleet.id, METER_SECONDS),) if _metered(on.settings) else ()),
        *((_books(process, Bookkeeping(on)),) if on.settings.ai.endpoints else ()),
        *ai.asking(process),
    )


def _traffic(process: Process) -> tuple[Loop, ...]:
    prices = process.settings.costs
    priced = prices.egress_gib is not None or prices.requests_thousand is not None
    return (TrafficMeter(Metering(process.foundation)),) if priced else ()


def _metered(settings: Settings) -> bool:
    return settings.costs.compute_second is not None or settings.costs.storage_gib_month is not None


def _books(process: Process, books: Bookkeeping) -> Loop:
    return Duty(process.foundation, Bookkeeper(books), process.fleet.id, BOOKS_SECONDS)


def _sender(process: Process, chance: random.Random) -> WebhookSender:
    try:
        return WebhookSender(process.foundation, process.fleet.id, chance)
    except OSError as error:
        raise InvalidRequest(f"webhooks.ca_file cannot be read: {error.strerror or error}.") from None
