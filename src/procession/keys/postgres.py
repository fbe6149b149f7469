"""Keys for any number of processes: wrapped in a PostgreSQL database of their own, under a KEK that is never in it.

The database must be outside the records' backups: a restore must never bring a destroyed key back. Each statement is
one message that is a whole transaction, so a transaction pooler in between is fine. Every change may be repeated, so a
lost connection is answered by asking again on another.

Invariants: a key is committed before ``create_document_key`` returns. After ``destroy`` returns no query finds the key
and this process does not hold it; another process that asked for it before may use it ``HELD_SECONDS_MAX`` longer, and
then neither uses nor holds it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql
from sqlalchemy import URL, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from procession.domain.errors import Internal, NotFound, Unavailable
from procession.keys import envelope, wrapping
from procession.keys.held import HeldKeys

HELD_SECONDS_MAX = 2.0
"""How long an unwrapped document key is used before the database is asked whether it still is."""
HELD_MAX = 4096
"""Unwrapped document keys in memory."""
_ATTEMPTS_MAX = 2
_LOCK = 7_091_820_030_505
"""Advisory lock, held by one transaction that makes the tables at a time."""

_TABLES = """
CREATE SCHEMA IF NOT EXISTS procession_keys;
CREATE TABLE IF NOT EXISTS procession_keys.tenant_keys (
    tenant text COLLATE "C" NOT NULL, region text COLLATE "C" NOT NULL, wrapped bytea NOT NULL,
    PRIMARY KEY (tenant, region)
);
CREATE TABLE IF NOT EXISTS procession_keys.document_keys (
    key_id text COLLATE "C" PRIMARY KEY, tenant text COLLATE "C" NOT NULL, wrapped bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
CREATE TABLE IF NOT EXISTS procession_keys.checks (name text COLLATE "C" PRIMARY KEY, wrapped bytea NOT NULL)
"""
"""A schema that no records are in. The thresholds: autovacuum's next round, a minute by default, clears what was
destroyed out of the table's pages."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process. Seconds: ``statement`` of one statement, ``connect`` of opening a connection."""

    connections_max: int = 4
    statement_seconds_max: float = 5.0
    connect_seconds_max: int = 5


class PostgresKeys:
    """``keys.protocol.KeyStore`` over one PostgreSQL database, for any number of processes."""

    def __init__(
        self,
        url: URL,
        kek: bytes,
        *,
        region: str = "local",
        limits: Limits | None = None,
        held_max: int = HELD_MAX,
        held_seconds_max: float = HELD_SECONDS_MAX,
    ) -> None:
        """``kek``: 32 bytes, the same in every process. Asks nobody yet."""
        self._limits = limits or Limits()
        self._kek = AESGCM(kek)
        self._region = region
        self._engine = _engine(url, self._limits)
        self._documents = HeldKeys(held_max, held_seconds_max)
        self._tenants: dict[str, bytes] = {}
        self._tenant_lock = threading.Lock()

    # --- protocol -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """See ``KeyStore.start``. The first start ever makes the tables, and this KEK theirs."""
        (row,) = self._ask("SELECT to_regclass('procession_keys.checks') IS NOT NULL")
        if not row[0]:
            self._ask(f"SELECT pg_advisory_xact_lock({_LOCK}); {_TABLES}", writing=True)
        check = wrapping.wrap(self._kek, wrapping.CHECK, wrapping.CHECK_IDENTITY)
        self._ask("INSERT INTO procession_keys.checks VALUES ('kek', %s) ON CONFLICT DO NOTHING", check, writing=True)
        (row,) = self._ask("SELECT wrapped FROM procession_keys.checks WHERE name = 'kek'")
        try:
            wrapping.unwrap(self._kek, row[0], wrapping.CHECK_IDENTITY)
        except Internal:
            raise Unavailable(
                "The master key is not the one of the key store's database. Give every process the same, and if it "
                "was lost restore it from its backup."
            ) from None

    def close(self) -> None:
        """See ``KeyStore.close``."""
        self._documents.clear()
        self._tenants.clear()
        self._engine.dispose()

    def create_document_key(self, tenant: str, key_id: str) -> None:
        """See ``KeyStore.create_document_key``. Raises Unavailable."""
        key = wrapping.new_key()
        wrapped = wrapping.wrap(AESGCM(self._tenant_key(tenant)), key, wrapping.of_document(key_id))
        asking = self._documents.asking()
        made = self._ask(
            "INSERT INTO procession_keys.document_keys VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING key_id",
            *(key_id, tenant, wrapped),
            writing=True,
        )
        if made:  # else it stood there: perhaps the first attempt made it, whose answer was lost
            self._documents.keep(key_id, AESGCM(key), asking)

    def seal(self, key_id: str, plaintext: bytes, context: str) -> bytes:
        """See ``KeyStore.seal``."""
        return envelope.seal(self._document_key(key_id), plaintext, context)

    def open(self, key_id: str, sealed: bytes, context: str) -> bytes:
        """See ``KeyStore.open``."""
        return envelope.unseal(self._document_key(key_id), sealed, context)

    def fingerprint(self, tenant: str, data: bytes) -> str:
        """See ``KeyStore.fingerprint``."""
        return wrapping.fingerprint(self._tenant_key(tenant), data)

    def destroy(self, key_id: str) -> None:
        """See ``KeyStore.destroy``; other processes: ``HELD_SECONDS_MAX``. Destroying what is not there is fine."""
        self._ask("DELETE FROM procession_keys.document_keys WHERE key_id = %s", key_id, writing=True)
        self._documents.forget(key_id)

    def made(self, before: str, limit: int) -> list[tuple[str, str]]:
        """See ``KeyStore.made``."""
        select = (
            "SELECT key_id, tenant FROM procession_keys.document_keys WHERE key_id < %s AND key_id > coalesce("
            "(SELECT encode(wrapped, 'escape') FROM procession_keys.checks WHERE name = 'confirmed'), '') "
            "ORDER BY key_id LIMIT %s"
        )
        return [(key_id, tenant) for key_id, tenant in self._ask(select, before, limit)]

    def confirm(self, key_id: str) -> None:
        """See ``KeyStore.confirm``. Of several processes' the newest stands."""
        upsert = (
            "INSERT INTO procession_keys.checks AS held VALUES ('confirmed', %s) ON CONFLICT (name) "
            "DO UPDATE SET wrapped = greatest(held.wrapped, excluded.wrapped)"
        )
        self._ask(upsert, key_id.encode(), writing=True)

    def at_hand(self, key_ids: Collection[str]) -> bool:
        """See ``KeyStore.at_hand``."""
        return all(self._documents.get(key_id) is not None for key_id in key_ids)

    def fetch(self, key_ids: Collection[str]) -> None:
        """See ``KeyStore.fetch``."""
        missing = sorted({key_id for key_id in key_ids if self._documents.get(key_id) is None})
        if missing:
            self._read_keys(missing)

    # --- keys in memory -----------------------------------------------------------------------------------------------

    def _document_key(self, key_id: str) -> AESGCM:
        if (held := self._documents.get(key_id)) is not None:
            return held
        found = self._read_keys([key_id])
        if key_id not in found:
            raise NotFound("The key of this document was destroyed: its content is erased.")
        return found[key_id]

    def _read_keys(self, key_ids: Sequence[str]) -> dict[str, AESGCM]:
        asking = self._documents.asking()
        found = {}
        for key_id, tenant, wrapped in self._ask(
            "SELECT key_id, tenant, wrapped FROM procession_keys.document_keys WHERE key_id = ANY (%s)", list(key_ids)
        ):
            tenant_key = AESGCM(self._tenant_key(tenant))
            found[key_id] = AESGCM(wrapping.unwrap(tenant_key, wrapped, wrapping.of_document(key_id)))
            self._documents.keep(key_id, found[key_id], asking)
        return found

    def _tenant_key(self, tenant: str) -> bytes:
        key = self._tenants.get(tenant)
        if key is not None:
            return key
        identity = wrapping.of_tenant(tenant, self._region)
        select = "SELECT wrapped FROM procession_keys.tenant_keys WHERE tenant = %s AND region = %s"
        with self._tenant_lock:
            rows = self._ask(select, tenant, self._region)
            if not rows:  # another process may be making it: one of the two stands, and both read that
                wrapped = wrapping.wrap(self._kek, wrapping.new_key(), identity)
                insert = "INSERT INTO procession_keys.tenant_keys VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
                self._ask(insert, tenant, self._region, wrapped, writing=True)
                rows = self._ask(select, tenant, self._region)
            key = wrapping.unwrap(self._kek, rows[0][0], identity)
            self._tenants[tenant] = key
        return key

    # --- keys in SQL --------------------------------------------------------------------------------------------------

    def place(self) -> tuple[str, str]:
        """(server, database); the server's id is the same for all of its databases and replicas. Raises Unavailable."""
        ((server, database),) = self._ask("SELECT system_identifier::text, current_database() FROM pg_control_system()")
        return server, database

    def _ask(self, statement: str, *values: Any, writing: bool = False) -> list[tuple[Any, ...]]:
        """Run it as a transaction of its own; the rows of its last part. Raises Unavailable."""
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            try:
                with self._connection() as conn:
                    return _rows(conn, statement, values, writing, self._limits.statement_seconds_max)
            except (psycopg.Error, SQLAlchemyError) as error:
                cause = getattr(error, "orig", error)
                if attempt == _ATTEMPTS_MAX or not isinstance(cause, psycopg.OperationalError):
                    told = str(cause).strip().splitlines() or [type(cause).__name__]
                    raise Unavailable(f"The key store's database cannot be used. It said: {told[0]}", 5) from error
                self._engine.dispose()  # what ended one connection has ended its neighbours too
        raise AssertionError("the last attempt returned or raised")

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        held = self._engine.raw_connection()
        try:
            driver = held.driver_connection
            assert isinstance(driver, psycopg.Connection)
            yield driver
        except BaseException:
            held.invalidate()
            raise
        finally:
            held.close()


def _rows(
    conn: psycopg.Connection, statement: str, values: Sequence[Any], writing: bool, seconds_max: float
) -> list[tuple[Any, ...]]:
    literals = [sql.Literal(value).as_string(conn) for value in values]
    begin = (
        f"BEGIN {'READ WRITE' if writing else 'READ ONLY'}; SET LOCAL statement_timeout = {int(seconds_max * 1000)}; "
        "SET LOCAL synchronous_commit = on"
    )
    with conn.cursor() as cursor:
        message = f"{begin}; {statement % tuple(literals)}; COMMIT"
        cursor.execute(message.encode())  # without parameters: one message, nothing prepared
        found: list[tuple[Any, ...]] = []
        while True:
            if cursor.description is not None:
                found = cursor.fetchall()
            if not cursor.nextset():
                return found


def _engine(url: URL, limits: Limits) -> Engine:
    options: dict[str, Any] = {"prepare_threshold": None, "application_name": "procession-keys"}
    if "connect_timeout" not in url.query:
        options["connect_timeout"] = limits.connect_seconds_max
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=limits.connections_max,
        max_overflow=0,
        pool_timeout=limits.statement_seconds_max,
        use_native_hstore=False,
        connect_args=options,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.autocommit = True

    return engine
