"""The one place that names concrete classes: builds the whole application for one machine, starts it, drains it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from procession.blobs.local import LocalBlobs
from procession.blobs.protocol import BlobStore
from procession.blobs.s3 import S3Blobs, S3Options
from procession.digitize.version import ENGINE_VERSION
from procession.dispatch import redis_address, redis_connection
from procession.dispatch.changes import Changes
from procession.dispatch.inprocess import InProcessDispatcher
from procession.dispatch.protocol import Dispatcher
from procession.dispatch.redis import RedisDispatcher
from procession.domain.analysis import AnalysisOptions
from procession.domain.clock import Clock, system_clock
from procession.domain.errors import InvalidRequest, ProcessionError, Unavailable
from procession.domain.form import DigitizedDocument
from procession.keys import master
from procession.keys import postgres as postgres_keys
from procession.keys.local import LocalKeys
from procession.keys.postgres import PostgresKeys
from procession.keys.protocol import KeyStore
from procession.maintenance.calibrator import Calibrator
from procession.maintenance.contract import Loop
from procession.maintenance.gauges import Gauges
from procession.maintenance.pruner import Pruner
from procession.maintenance.relay import Relay
from procession.maintenance.rescuer import Rescuer
from procession.sandbox.client import OnProgress, ReadingOptions, Sandbox
from procession.sandbox.limits import SandboxLimits
from procession.sandbox.recalling import Lookup
from procession.services.analyses import Analyses
from procession.services.batches import Batches
from procession.services.calibrating import Calibrations
from procession.services.capacity import Capacity
from procession.services.dead_letters import DeadLetters
from procession.services.direct_uploads import DirectUploads
from procession.services.forms import Forms
from procession.services.foundation import QUEUE_KEY, Foundation
from procession.services.paper import Papers
from procession.services.pictures import Pictures
from procession.services.queue import QueueService
from procession.services.review import Reviews
from procession.services.submit import Submissions
from procession.services.templates import Templates
from procession.services.vault import Vault
from procession.settings import Settings
from procession.store import claims, idempotency
from procession.store.postgres import Neighbours, PostgresStore
from procession.store.postgres_connections import Limits
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore
from procession.worker.executor import Executor
from procession.worker.loop import WorkerLoop

log = structlog.get_logger(__name__)

POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
KEYS_BESIDE_RECORDS = (
    "keys and records are on one PostgreSQL server: a restore of the whole server brings destroyed keys back. Use a "
    "server of its own for the keys, without point-in-time backups"
)


class Application:
    """Everything ``procession up`` runs, in one process: ``start`` before serving, ``stop`` after.

    One process owns the data folder (``cli.up`` holds its lock), so with SQLite whatever was claimed or reserved when
    it starts was so by an earlier life of it, and is given back.
    """

    def __init__(
        self, settings: Settings, sandbox: Sandbox, clock: Clock, chance: random.Random, working: bool
    ) -> None:
        self.settings = settings
        prepared(settings.data)
        self.keys: KeyStore = key_store(settings)
        self.blobs: BlobStore = objects(settings)
        store = database(settings, clock)
        self.store: Store = store
        if isinstance(store, PostgresStore):
            clock = store.clock  # leases mean the same on every machine
        self._shared = isinstance(store, PostgresStore)
        self.changes = Changes()
        self.dispatcher = bell(settings, lambda: self.changes.announce(QUEUE_KEY))
        self.sandbox = sandbox
        self.capacity = Capacity(settings.worker.slots or cores())
        self.foundation = Foundation(
            settings=settings,
            store=self.store,
            vault=Vault(self.keys, self.blobs),
            dispatcher=self.dispatcher,
            changes=self.changes,
            capacity=self.capacity,
            clock=clock,
            engine_version=ENGINE_VERSION,
        )
        self.calibrations = Calibrations(self.foundation)
        executor = Executor(self.foundation, self._analyze, chance, self.calibrations.apply)
        self.worker = WorkerLoop(self.foundation, executor)
        self._pictures = Pictures(self.foundation, self.sandbox.render)
        self.submissions = Submissions(self.foundation)
        direct = self.blobs if settings.upload.direct and isinstance(self.blobs, S3Blobs) else None
        self.direct_uploads = DirectUploads(self.foundation, direct)
        self.analyses = Analyses(self.foundation, self._pictures, self.worker.interrupt)
        self.templates = Templates(self.foundation)
        self.reviews = Reviews(self.foundation, self.templates)
        self.forms = Forms(self.foundation)
        self.papers = Papers(self.foundation, self.analyses, self.forms, self.sandbox.fill)
        self.batches = Batches(self.foundation)
        self.queue = QueueService(self.foundation)
        self.dead_letters = DeadLetters(self.foundation)
        self.maintenance: tuple[Loop, ...] = (
            Relay(self.foundation),
            Rescuer(self.foundation, chance),
            Pruner(self.foundation),
            Gauges(self.foundation),
            Calibrator(self.calibrations),
        )
        self._working = working
        self._warming: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises Unavailable when the database or the objects' folder cannot be used."""
        self._warming = asyncio.create_task(self._warm())
        await asyncio.gather(self.store.start(), self.dispatcher.start(), asyncio.to_thread(self.keys.start))
        if await asyncio.to_thread(require_apart, self.keys, self.store):
            log.warning("keys.beside_records", what=KEYS_BESIDE_RECORDS)
        now = self.foundation.clock()

        def take_over(conn: Connection) -> int:
            idempotency.release_all(conn)
            return claims.release_all(conn, now)

        # a shared database holds other processes' claims and reservations too: there they run out by themselves
        taking_over = asyncio.sleep(0, 0) if self._shared else self.store.write(take_over)
        _, released = await asyncio.gather(self.blobs.probe(), taking_over)
        if released:
            log.info("start.released", analyses=released)
        if self._working:
            await self.worker.start()
        for loop in self.maintenance:
            await loop.start()

    async def stop(self) -> None:
        """Drain: what runs may finish for ``drain_seconds``, the rest is given back; then everything closes."""
        await self.worker.stop()
        for loop in reversed(self.maintenance):
            await loop.stop()
        await self.dispatcher.stop()
        await self._pictures.stop()
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait({self._warming})
        await self.sandbox.stop()
        await self.store.stop()
        self.keys.close()

    async def _warm(self) -> None:
        """Load the engine's libraries while the rest starts; the first document waits for it, nothing else does."""
        try:
            await self.sandbox.start()
        except ProcessionError as error:
            log.error("sandbox.not_started", error=error.message)

    async def _analyze(
        self, data: bytes, options: AnalysisOptions, on_progress: OnProgress, lookup: Lookup | None
    ) -> DigitizedDocument:
        ocr, remember = self.settings.ocr, self.settings.templates.enabled
        reading = ReadingOptions(options.languages, options.ocr, ocr.tessdata, ocr.dpi, remember)
        return await self.sandbox.analyze(data, reading, on_progress, lookup)


def build(
    settings: Settings,
    *,
    sandbox: Sandbox | None = None,
    clock: Clock = system_clock,
    chance: random.Random | None = None,
    working: bool = True,
) -> Application:
    """Nothing runs yet. Without ``working`` uploads are taken and stay pending.

    Raises Unavailable (folder, keys), InvalidRequest (settings of a kind this version does not serve).
    """
    confined = sandbox or Sandbox(SandboxLimits.of(settings.sandbox))
    return Application(settings, confined, clock, chance or random.SystemRandom(), working)


def cores() -> int:
    """CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepared(folder: Path) -> Path:
    """The data folder, made when missing, for its owner only."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The data folder {folder} cannot be made: {error.strerror}.") from None
    return folder


def postgresql_url(setting: str, value: str) -> URL:
    """Raises InvalidRequest, without the value, which may hold a password."""
    with contextlib.suppress(ArgumentError):
        url = make_url(value)
        if url.drivername in POSTGRESQL_SCHEMES:
            return url
    raise InvalidRequest(f"{setting}: use postgresql://USER:PASSWORD@HOST/NAME.")


def database(settings: Settings, clock: Clock = system_clock, role: str = "all") -> SqliteStore | PostgresStore:
    """The store the settings name, not started; ``role``: whose share of the connections. Raises InvalidRequest."""
    if settings.database_url is None:
        return SqliteStore(settings.data / "procession.db")
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise InvalidRequest("database_url is not a database's URL. Use postgresql://… or sqlite:///PATH.") from None
    if url.drivername in POSTGRESQL_SCHEMES:
        known = settings.database
        limits = Limits(
            connections_max=known.pool_connections_max,
            waiting_max=known.transactions_waiting_max,
            statement_seconds_max=known.statement_seconds_max,
            lock_seconds_max=known.lock_seconds_max,
            connect_seconds_max=known.connect_seconds_max,
            reserved=known.connections_reserved,
        )
        return PostgresStore(
            url,
            limits,
            clock,
            neighbours=Neighbours(role, {str(name): number for name, number in known.processes.items()}),
            replica=None if known.replica_url is None else postgresql_url("database.replica_url", known.replica_url),
            replica_lag_seconds_max=known.replica_lag_seconds_max,
        )
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise InvalidRequest(
            "database_url: records are kept in PostgreSQL or SQLite. Use postgresql://… or sqlite:///PATH."
        )
    return SqliteStore(Path(url.database))


def key_store(settings: Settings) -> KeyStore:
    """The keys' store the settings name, not started: PostgreSQL for any number of processes, else a local file.

    Raises InvalidRequest, Unavailable.
    """
    known = settings.keys
    if settings.keys_url is None:
        if known.master_file is not None or known.master is not None:
            raise InvalidRequest("keys.master_file and keys.master go with keys_url: without it the key is made here.")
        return LocalKeys(prepared(settings.data) / "keys", region=settings.region)
    url = postgresql_url("keys_url", settings.keys_url)
    limits = postgres_keys.Limits(known.connections_max, known.statement_seconds_max, known.connect_seconds_max)
    kek = master.given(known.master_file, None if known.master is None else known.master.get_secret_value())
    return PostgresKeys(url, kek, region=settings.region, limits=limits)


def require_shared_keys(settings: Settings) -> None:
    """For every door but ``procession up``: what one process seals, another must open, and destroy for all.

    Raises InvalidRequest when the keys are in a file of this machine.
    """
    if settings.keys_url is None:
        raise InvalidRequest(
            "Several processes need one key store: set PROCESSION_KEYS_URL to a PostgreSQL database for the keys, "
            "outside the records' backups, and PROCESSION_KEYS__MASTER_FILE. With keys in the data folder only "
            "`procession up` can run."
        )


def require_apart(keys: KeyStore, store: Store) -> bool:
    """Keys beside the records would come back with a restore of the records, and erased documents with them.

    Raises Unavailable when both are in one database. Returns whether they share a server, whose backups may hold both.
    """
    if not isinstance(keys, PostgresKeys) or not isinstance(store, PostgresStore):
        return False
    of_keys, of_records = keys.place(), store.place()
    if of_keys == of_records:
        raise Unavailable(
            "keys_url and database_url name the same database. Give the keys one of their own, outside the records' "
            "backups: a restore would bring destroyed keys back."
        )
    return of_keys[0] == of_records[0]


def bell(settings: Settings, changed: Callable[[], None] = lambda: None) -> Dispatcher:
    """Redis where the settings name one, else within this process. Raises InvalidRequest."""
    if settings.redis_url is None:
        return InProcessDispatcher()
    consumer = secrets.token_hex(8)
    return RedisDispatcher(
        redis_address.parse(settings.redis_url), redis_options(settings), settings.redis.key_prefix, consumer, changed
    )


def redis_options(settings: Settings) -> redis_connection.Options:
    known = settings.redis
    return redis_connection.Options(
        ca_file=known.ca_file,
        certificate_file=known.certificate_file,
        key_file=known.key_file,
        verify_host=known.verify_host,
        sentinel_username=known.sentinel_username,
        sentinel_password=None if known.sentinel_password is None else known.sentinel_password.get_secret_value(),
        connections_max=known.connections_max,
        connect_seconds_max=known.connect_seconds_max,
        command_seconds_max=known.command_seconds_max,
    )


def objects(settings: Settings) -> BlobStore:
    """The object store the settings name, not probed. Raises InvalidRequest."""
    if settings.blobs_url is None:
        return LocalBlobs(settings.data / "blobs")
    url = urlsplit(settings.blobs_url)
    if url.scheme == "s3" and url.netloc and "@" not in url.netloc and not url.query:
        known = settings.s3.model_dump(exclude={"secret_access_key"})
        secret = settings.s3.secret_access_key
        return S3Blobs(
            S3Options(
                bucket=url.netloc,
                prefix=unquote(url.path).strip("/"),
                secret_access_key=None if secret is None else secret.get_secret_value(),
                **known,
            )
        )
    if url.scheme != "file" or url.netloc not in ("", "localhost") or not url.path:
        raise InvalidRequest("blobs_url: objects are kept in a folder or a bucket. Use file:///PATH or s3://BUCKET.")
    return LocalBlobs(Path(unquote(url.path)))
