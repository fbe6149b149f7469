"""SQLite: one writer thread that commits in groups, readers in threads, WAL, ``synchronous=FULL``.

Invariant: a caller of ``write`` learns of success only after the COMMIT that holds its unit returned, and a read that
starts afterwards sees it. A unit's exception rolls back its own savepoint and nothing else; a failure of the disk rolls
back the whole group, every caller of it gets Unavailable, and the writer lives on.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from procession.domain.errors import Unavailable
from procession.store.canonical import canonical_json
from procession.store.schema import upgrade

T = TypeVar("T")
log = structlog.get_logger(__name__)

# Result codes of a failing disk or file, after which SQLite may have rolled back the whole transaction
# (sqlite.org/rescode.html, sqlite.org/lang_transaction.html).
_GROUP_CODES = frozenset(
    {
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY),
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB),
        *(sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_LOCKED),
    }
)


@dataclass(slots=True)
class _Unit:
    """One transaction that waits for the writer, and the future of whoever awaits it."""

    run: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteStore:
    """``store.protocol.Store`` over one SQLite file, for one server process."""

    def __init__(
        self,
        path: Path,
        *,
        readers: int = 4,
        group_max: int = 256,
        queue_max: int = 20_000,
        busy_timeout_ms: int = 5_000,
    ) -> None:
        """``readers``: threads that read. ``group_max``: units per commit. ``queue_max``: units that may wait."""
        self._path = path
        self._group_max = group_max
        self._queue_max = queue_max
        self._busy_timeout_ms = busy_timeout_ms
        self._queue: deque[_Unit] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-read")
        self._write_engine = self._engine("BEGIN IMMEDIATE", read_only=False, size=1)
        self._read_engine = self._engine("BEGIN", read_only=True, size=readers)

    # --- protocol -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Create or migrate the schema, then start the writer. Raises Unavailable for a wrong file or schema."""
        await asyncio.to_thread(self._prepare)
        self._stopping = False
        self._writer = threading.Thread(target=self._write_loop, name="store-write", daemon=True)
        self._writer.start()

    async def stop(self) -> None:
        """Commit what waits, then close. Later writes raise Unavailable."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        await asyncio.to_thread(self._readers.shutdown)
        self._read_engine.dispose()
        self._write_engine.dispose()

    async def write(self, unit: Callable[[Connection], T], *, tenant: str | None = None) -> T:
        """See ``Store.write``. Cancelling drops a unit that has not run; one that has run stays committed."""
        loop = asyncio.get_running_loop()
        entry = _Unit(unit, loop, loop.create_future())
        with self._wake:
            if self._stopping or self._writer is None:
                raise Unavailable("The store is stopping. Try again shortly.", retry_after=2)
            if len(self._queue) >= self._queue_max:
                raise Unavailable("Too many writes are waiting for the disk. Try again shortly.", retry_after=2)
            self._queue.append(entry)
            self._wake.notify()
        result: T = await entry.future
        return result

    async def read(self, unit: Callable[[Connection], T], *, tenant: str | None = None, fresh: bool = True) -> T:
        """See ``Store.read``."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, self._read, unit)
        except RuntimeError as error:
            if self._stopping:
                raise Unavailable("The store is stopping. Try again shortly.", retry_after=2) from error
            raise

    def migrate(self) -> None:
        """Bring the schema to the newest revision, in the calling thread. Raises Unavailable."""
        self._prepare()

    def inspect(self, look: Callable[[Connection], T]) -> T:
        """Run ``look`` in a reading transaction, in the calling thread; makes no file. Raises Unavailable."""
        if self._path.exists():
            return self._read(look)
        with create_engine("sqlite://").connect() as conn:
            return look(conn)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read(self, unit: Callable[[Connection], T]) -> T:
        try:
            with self._read_engine.connect() as conn, conn.begin():
                return unit(conn)
        except DBAPIError as error:
            if _concerns_group(error):
                raise Unavailable(f"The database cannot be read: {error.orig}") from error
            raise

    # --- writing ------------------------------------------------------------------------------------------------------

    def _write_loop(self) -> None:
        conn: Connection | None = None
        while (group := self._next_group()) is not None:
            try:
                conn = conn or self._write_engine.connect()
                self._run_group(conn, group)
            except Exception as error:  # whatever it was, the group failed as one and the next may succeed
                log.error("store.commit_failed", reason=str(getattr(error, "orig", error)), units=len(group))
                for entry in group:
                    entry.error = Unavailable("The database cannot write, the disk may be full. Try again shortly.", 10)
                    entry.error.__cause__ = error
                _discard(conn)
                conn = None
            _resolve(group)
        if conn is not None:
            conn.close()

    def _next_group(self) -> list[_Unit] | None:
        """Everything that waits, up to ``group_max``; None when stopped and nothing waits."""
        with self._wake:
            while not self._queue:
                if self._stopping:
                    return None
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), self._group_max))]

    def _run_group(self, conn: Connection, group: list[_Unit]) -> None:
        if len(group) == 1:  # on its own the transaction is the unit: two statements less
            with conn.begin() as transaction:
                if not self._run_unit(conn, group[0]):
                    transaction.rollback()
            return
        with conn.begin():
            for entry in group:
                conn.exec_driver_sql("SAVEPOINT unit")
                if not self._run_unit(conn, entry):
                    conn.exec_driver_sql("ROLLBACK TO unit")
                conn.exec_driver_sql("RELEASE unit")

    def _run_unit(self, conn: Connection, entry: _Unit) -> bool:
        """False when the unit failed and its writes are to be rolled back. Raises what concerns the whole group."""
        if entry.future.cancelled():
            return True
        try:
            entry.result = entry.run(conn)
        except BaseException as error:  # the unit's own failure, whatever it is, goes to its caller
            if isinstance(error, DBAPIError) and _concerns_group(error):
                raise
            entry.error = error
            return False
        return True

    # --- connections --------------------------------------------------------------------------------------------------

    def _engine(self, begin: str, *, read_only: bool, size: int) -> Engine:
        engine = create_engine(
            f"sqlite:///{self._path}",
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=0,
            pool_reset_on_return=None,
            json_serializer=canonical_json,
            query_cache_size=1000,
            hide_parameters=True,  # errors are logged, and what a unit writes is not for logs
            connect_args={
                "check_same_thread": False,
                "timeout": self._busy_timeout_ms / 1000,
                "cached_statements": 256,
            },
        )

        @event.listens_for(engine, "connect")
        def _configure(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None  # we say BEGIN ourselves
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
                "temp_store=MEMORY",
                "cache_size=-16000",
                f"query_only={'ON' if read_only else 'OFF'}",
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "begin")
        def _begin(conn: Connection) -> None:
            conn.exec_driver_sql(begin)

        return engine

    def _prepare(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._write_engine.connect() as conn, conn.begin():
                upgrade(conn)
            _sync(self._path.parent.parent)  # SQLite syncs the file's folder; that folder may be new
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise Unavailable(f"The database {self._path} cannot be used: {getattr(error, 'orig', error)}") from error


def _concerns_group(error: DBAPIError) -> bool:
    """Whether the disk or the file failed, rather than a statement."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _GROUP_CODES


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(conn: Connection | None) -> None:
    """After a failed write the connection is not trusted again; the next group opens another."""
    if conn is not None:
        try:
            conn.invalidate()
            conn.close()
        except (SQLAlchemyError, sqlite3.Error) as error:
            log.warning("store.close_failed", reason=str(error))


def _resolve(group: list[_Unit]) -> None:
    """Tell every caller, with one wake-up per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Unit]] = {}
    for entry in group:
        by_loop.setdefault(entry.loop, []).append(entry)
    for loop, entries in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, entries)
        except RuntimeError:  # the loop closed while its units ran: nobody is left to tell
            log.warning("store.caller_gone", units=len(entries))


def _settle(entries: list[_Unit]) -> None:
    for entry in entries:
        if entry.future.done():
            continue
        if entry.error is not None:
            entry.future.set_exception(entry.error)
        else:
            entry.future.set_result(entry.result)
