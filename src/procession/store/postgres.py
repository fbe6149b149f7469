"""PostgreSQL: a bounded pool of threads and connections, one transaction per unit, units that collided run again.

Nothing outlives a transaction: no session settings, prepared statements, advisory session locks, LISTEN or temporary
tables. So any connection of a transaction pooler (PgBouncer, Supavisor) serves any unit. Everything a transaction needs
(isolation, time-outs, the tenant whose rows it may see) travels in the message that begins it.

Invariant: a caller of ``write`` learns of success only after COMMIT returned. A unit runs again only when its
transaction surely left nothing: never after a COMMIT whose answer was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from procession.domain.clock import Clock, system_clock
from procession.domain.errors import Unavailable
from procession.policy import pools
from procession.store import schema
from procession.store.database_clock import DatabaseClock
from procession.store.postgres_connections import Limits, make_engine
from procession.store.replica import PRIMARY_PLACE, REPLICA_PLACE, Replica, TooFarBehindError

T = TypeVar("T")
log = structlog.get_logger(__name__)

ATTEMPTS_MAX = 8
"""Runs of one unit that collides with others; then the caller gets Unavailable."""
RETRY_SECONDS = 0.01
"""Wait before the second run; it doubles with each, with jitter."""
UNIQUE_ATTEMPTS_MAX = 2
"""Runs of a unit that broke a unique constraint: the second sees the row that was faster."""

_SERVER_MAX = (  # for ordinary roles; reserved_connections came with PostgreSQL 16
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int "
    "- coalesce(current_setting('reserved_connections', true)::int, 0)"
)
_PLACE = "SELECT system_identifier::text, current_database() FROM pg_control_system()"
# SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html)
_COLLIDED = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_UNIQUE_VIOLATION = "23505"
_AWAY_CLASSES = ("08", "53", "57", "58")  # connection, resources, operator intervention and time-outs, system
_ENDED_CLASSES = ("08", "57P")  # connection exceptions; the server stops, crashed, or starts
_AWAY = frozenset({"25006", "25P03", "25P04", "55P03"})  # read-only, idle time-outs, lock not available


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who shares the server's connections: this process' role, and how many processes of each role there are."""

    role: str = "all"
    processes: Mapping[str, int] = field(default_factory=dict)


class PostgresStore:
    """``store.protocol.Store`` over one PostgreSQL database, for any number of processes."""

    def __init__(
        self,
        url: URL,
        limits: Limits | None = None,
        clock: Clock = system_clock,
        *,
        neighbours: Neighbours | None = None,
        replica: URL | None = None,
        replica_lag_seconds_max: float = 5.0,
    ) -> None:
        """``clock`` is used until the database told its time. ``replica``: answers lists while it is fresh enough."""
        self._limits = limits or Limits()
        self._neighbours = neighbours or Neighbours()
        self._url = url
        self._engine = make_engine(url, self._limits)
        self._replica = None
        if replica is not None:
            self._replica = Replica(make_engine(replica, self._limits), replica_lag_seconds_max)
        self._threads = ThreadPoolExecutor(self._limits.connections_max, thread_name_prefix="store")
        self._in_hand = 0
        self._counting = threading.Lock()
        self._started = False
        self.clock = DatabaseClock(clock)

    # --- protocol -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Check that the database answers and has a schema this version works with, and open as many connections as
        the server leaves to this process. Raises Unavailable.
        """
        await asyncio.to_thread(self._check)
        pool = await asyncio.to_thread(self.pool)
        if not pool.fits:
            log.warning("store.connections_do_not_fit", reason=pool.reason)
        self._resize(pool.connections)
        self._started = True

    async def stop(self) -> None:
        """Let units that run or wait end, then close. Later ones raise Unavailable."""
        self._started = False
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()
        if self._replica is not None:
            self._replica.engine.dispose()

    async def write(self, unit: Callable[[Connection], T], *, tenant: str | None = None) -> T:
        """See ``Store.write``. Cancelling drops a unit that has not run; one that has run stays committed."""
        try:
            return await self._submit(partial(self._run, unit, self._begin(tenant, False)))
        finally:
            if self._replica is not None and tenant is not None:
                self._replica.lag.wrote(tenant)  # whatever came of it

    async def read(self, unit: Callable[[Connection], T], *, tenant: str | None = None, fresh: bool = True) -> T:
        """See ``Store.read``."""
        run = partial(self._run, unit, self._begin(tenant, True))
        if fresh or tenant is None or self._replica is None or not self._replica.lag.may_serve(tenant):
            return await self._submit(run)
        return await self._submit(partial(self._run_on_replica, unit, tenant, run))

    # --- running ------------------------------------------------------------------------------------------------------

    async def _submit(self, run: Callable[[], T]) -> T:
        if not self._started:
            raise Unavailable("The store is stopping. Try again shortly.", retry_after=2)
        with self._counting:
            if self._in_hand >= self._limits.waiting_max:
                raise Unavailable("Too many transactions wait for the database. Try again shortly.", retry_after=2)
            self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except RuntimeError as error:
            if not self._started:
                raise Unavailable("The store is stopping. Try again shortly.", retry_after=2) from error
            raise
        finally:
            with self._counting:
                self._in_hand -= 1

    def _run(self, unit: Callable[[Connection], T], begin: bytes) -> T:
        """The unit in a transaction of its own, again when it collided, within the budget of attempts."""
        attempt = 0
        while True:
            attempt += 1
            progress = _Progress()
            try:
                return self._once(unit, begin, progress)
            except (DBAPIError, psycopg.Error) as error:
                if _lost(error):
                    self._engine.dispose()  # what ended one connection has ended its neighbours too
                if attempt < _attempts_max(error, progress.committing):
                    time.sleep(RETRY_SECONDS * 2 ** (attempt - 1) * (0.5 + random.random()))  # noqa: S311 jitter
                    continue
                if (refusal := _unavailable(error)) is not None:
                    log.warning("store.unavailable", reason=_reason(error), attempts=attempt)
                    raise refusal from error
                raise

    def _once(self, unit: Callable[[Connection], T], begin: bytes, progress: _Progress) -> T:
        with self._engine.connect() as conn:
            transaction = conn.begin()  # says nothing to the server: the connection is in autocommit, we say BEGIN
            try:
                self._open(conn, begin)
                result = unit(conn)
                _require_whole(conn)
                progress.committing = True
                transaction.commit()
            except BaseException:
                transaction.rollback()
                raise
            return result

    def _run_on_replica(self, unit: Callable[[Connection], T], tenant: str, otherwise: Callable[[], T]) -> T:
        """The unit on the replica; whatever is wrong with that, ``otherwise`` on the primary."""
        replica = self._replica
        assert replica is not None

        def begin(conn: Connection) -> tuple[int | None, float]:
            asked = time.monotonic()
            _, place = _say_begin(conn, _begin(tenant, True, self._limits, REPLICA_PLACE))
            return place, asked

        try:
            return replica.read(unit, begin)
        except (DBAPIError, PoolTimeoutError, psycopg.Error, TooFarBehindError) as error:
            replica.lag.rest(_reason(error))
            replica.engine.dispose()
            return otherwise()

    def _begin(self, tenant: str | None, read_only: bool) -> bytes:
        return _begin(tenant, read_only, self._limits, *([PRIMARY_PLACE] if self._replica is not None else []))

    def _open(self, conn: Connection, begin: bytes) -> None:
        """Begin, and note the database's time; one message there, one back."""
        asked = time.monotonic()
        moment, *place = _say_begin(conn, begin)
        self.clock.hear(moment, asked, time.monotonic())
        if self._replica is not None and place:
            self._replica.lag.hear_primary(asked, place[0])

    # --- connections --------------------------------------------------------------------------------------------------

    def pool(self) -> pools.Pool:
        """How many connections this process may open, and why. In the calling thread. Raises Unavailable."""
        server_max = int(self.inspect(lambda conn: conn.exec_driver_sql(_SERVER_MAX).scalar_one()))
        limits, known = self._limits, self._neighbours
        snapshot = pools.Snapshot(server_max, limits.reserved, limits.connections_max, known.role, known.processes)
        return pools.size(snapshot)

    def _resize(self, connections: int) -> None:
        """Before anything runs."""
        if connections == self._limits.connections_max:
            return
        self._engine.dispose()
        self._engine = make_engine(self._url, replace(self._limits, connections_max=connections))
        self._threads.shutdown()
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="store")

    def _check(self) -> None:
        begin = _begin(None, True, self._limits)
        with _told_why():
            self._run(schema.check, begin)
            self._run(_warn_of_bypass, begin)

    def migrate(self) -> None:
        """Bring the schema to the newest revision, in the calling thread, started or not. Raises Unavailable."""
        self._at_hand(schema.upgrade, _begin(None, False, None))

    def inspect(self, look: Callable[[Connection], T], *, writing: bool = False) -> T:
        """Run ``look`` in a transaction of the system's scope, in the calling thread, started or not.

        Raises Unavailable.
        """
        return self._at_hand(look, _begin(None, not writing, self._limits))

    def place(self) -> tuple[str, str]:
        """(server, database); the server's id is the same for all of its databases and replicas. Raises Unavailable."""
        server, database = self.inspect(lambda conn: conn.exec_driver_sql(_PLACE).one())
        return server, database

    def _at_hand(self, unit: Callable[[Connection], T], begin: bytes) -> T:
        try:
            with _told_why():
                return self._run(unit, begin)
        finally:
            if not self._started:
                self._engine.dispose()


@dataclass(slots=True)
class _Progress:
    committing: bool = False


def _require_whole(conn: Connection) -> None:
    """A unit that swallowed a statement's error must not pass for committed: PostgreSQL would roll back in silence."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    if driver.info.transaction_status is psycopg.pq.TransactionStatus.INERROR:
        raise psycopg.errors.InFailedSqlTransaction("a statement of this unit failed and the unit went on")


def _say_begin(conn: Connection, begin: bytes) -> tuple[Any, ...]:
    """What the last part of the message told."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    try:
        with driver.cursor() as cursor:
            cursor.execute(begin)
            while cursor.description is None:
                if not cursor.nextset():
                    raise psycopg.InternalError("the database did not tell its time")
            told: tuple[Any, ...] | None = cursor.fetchone()
    except psycopg.Error:
        if driver.closed:
            conn.invalidate()
        raise
    assert told is not None
    return told


def _begin(tenant: str | None, read_only: bool, limits: Limits | None, *ask: str) -> bytes:
    """Everything a transaction needs, as one message; settings end with the transaction. The answer: time, ``ask``."""
    mode = "REPEATABLE READ READ ONLY" if read_only else "READ COMMITTED READ WRITE"
    parts = [f"BEGIN ISOLATION LEVEL {mode}"]
    if limits is not None:
        statement, lock = int(limits.statement_seconds_max * 1000), int(limits.lock_seconds_max * 1000)
        parts += [
            f"SET LOCAL statement_timeout = {statement}",
            f"SET LOCAL lock_timeout = {lock}",
            f"SET LOCAL idle_in_transaction_session_timeout = {statement}",
        ]
    if tenant is None:
        parts.append("SET LOCAL procession.scope = 'system'")
    else:
        parts.append(f"SET LOCAL procession.tenant = {sql.Literal(tenant).as_string(None)}")
    parts.append(f"SELECT {', '.join(('clock_timestamp()', *ask))}")
    return "; ".join(parts).encode()


def _sqlstate(error: DBAPIError | psycopg.Error) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None)


def _lost(error: DBAPIError | psycopg.Error) -> bool:
    """Whether the connection ended, rather than a statement."""
    if (_sqlstate(error) or "").startswith(_ENDED_CLASSES):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


def _attempts_max(error: DBAPIError | psycopg.Error, committing: bool) -> int:
    """How often a unit that met ``error`` may run in all."""
    state = _sqlstate(error)
    if state in _COLLIDED:
        return ATTEMPTS_MAX  # rolled back for certain, also when COMMIT said so
    if state == _UNIQUE_VIOLATION:
        return UNIQUE_ATTEMPTS_MAX
    if _lost(error) and not committing:
        return UNIQUE_ATTEMPTS_MAX  # the pool held a connection the server had closed; another one may be good
    return 1


def _unavailable(error: DBAPIError | psycopg.Error) -> Unavailable | None:
    state = _sqlstate(error)
    if state in _COLLIDED:
        return Unavailable("Too many changes of the same records at once. Try again shortly.", retry_after=2)
    if _lost(error) or state in _AWAY or (state or "").startswith(_AWAY_CLASSES):
        return Unavailable("The database cannot be reached or is too busy. Try again shortly.", retry_after=5)
    return None


def _reason(error: BaseException) -> str:
    """The database's own words, in one line; they name host, role and database, never a password."""
    return str(getattr(error, "orig", error)).strip().splitlines()[0]


@contextlib.contextmanager
def _told_why() -> Iterator[None]:
    """For whoever starts or migrates: with the database's own words. Raises Unavailable."""
    try:
        yield
    except Unavailable as refusal:
        if isinstance(refusal.__cause__, (DBAPIError, psycopg.Error)):
            raise Unavailable(f"{refusal.message} It said: {_reason(refusal.__cause__)}") from refusal.__cause__
        raise
    except (DBAPIError, psycopg.Error) as error:
        raise Unavailable(f"The database cannot be used. It said: {_reason(error)}") from error


def _warn_of_bypass(conn: Connection) -> None:
    bypasses = conn.exec_driver_sql(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).scalar()
    if bypasses:
        log.warning(
            "store.row_security_bypassed",
            what="this database role is a superuser or has BYPASSRLS, so the policies that keep tenants apart do not "
            "apply to it; connect as an ordinary role that owns the tables",
        )
