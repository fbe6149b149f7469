"""Keys on one machine: ``master.key`` (KEK) and ``keys.db``, where tenant-region and document keys lie wrapped.

A store of its own, outside the database's backups: a restore must never bring a destroyed key back. Wrapping is
AES-256-GCM with the key's identity authenticated. Invariants: a key is on disk before ``create_document_key`` returns;
after ``destroy`` returns neither the file, its log nor this process' memory holds the key.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from procession.domain.errors import Internal, NotFound, Unavailable
from procession.keys import envelope, master, wrapping
from procession.keys.held import HeldKeys

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tenant_keys (
    tenant TEXT NOT NULL, region TEXT NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (tenant, region)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document_keys (
    key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, wrapped BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checks (name TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
"""
_CONFIRMED = "confirmed"


class _Write:
    """One change that waits for its commit."""

    __slots__ = ("done", "error", "run")

    def __init__(self, run: Callable[[sqlite3.Connection], object]) -> None:
        self.run = run
        self.done = False
        self.error: Exception | None = None


class LocalKeys:
    """``keys.protocol.KeyStore`` over a folder, for one server process."""

    def __init__(self, folder: Path, *, region: str = "local", cached_max: int = 4096) -> None:
        """Makes the KEK at first start. ``cached_max``: unwrapped document keys held in memory.

        Raises Unavailable with what to do: KEK readable by others, missing, damaged or not this store's.
        """
        self._region = region
        self._documents = HeldKeys(cached_max)
        self._tenants: dict[str, bytes] = {}
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._queue_lock = threading.Lock()
        self._tenant_lock = threading.Lock()
        self._queue: list[_Write] = []
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._kek = AESGCM(_master_key(folder))
            self._writer = _connect(folder / "keys.db")
            self._writer.executescript(_SCHEMA)
            self._reader = _connect(folder / "keys.db")
            self._check_kek(folder)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"The key store in {folder} cannot be opened: {error}") from error

    def start(self) -> None:
        """See ``KeyStore.start``. Opening has checked everything."""

    def close(self) -> None:
        """See ``KeyStore.close``."""
        with self._write_lock, self._read_lock:
            self._documents.clear()
            self._tenants.clear()
            self._writer.close()
            self._reader.close()

    # --- protocol -----------------------------------------------------------------------------------------------------

    def create_document_key(self, tenant: str, key_id: str) -> None:
        """See ``KeyStore.create_document_key``. Concurrent callers share one commit. Raises Unavailable."""
        wrapped = wrapping.wrap(AESGCM(self._tenant_key(tenant)), wrapping.new_key(), wrapping.of_document(key_id))
        insert = "INSERT INTO document_keys (key_id, tenant, wrapped) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._commit(lambda conn: conn.execute(insert, (key_id, tenant, wrapped)))

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
        """See ``KeyStore.destroy``. Destroying what is not there is fine."""
        self._commit(lambda conn: conn.execute("DELETE FROM document_keys WHERE key_id = ?", (key_id,)))
        self._documents.forget(key_id)
        self._empty_log()

    def made(self, before: str, limit: int) -> list[tuple[str, str]]:
        """See ``KeyStore.made``."""
        select = "SELECT key_id, tenant FROM document_keys WHERE key_id > ? AND key_id < ? ORDER BY key_id LIMIT ?"
        row = self._read("SELECT wrapped FROM checks WHERE name = ?", _CONFIRMED)
        try:
            with self._read_lock:
                found = self._reader.execute(select, ("" if row is None else row[0].decode(), before, limit)).fetchall()
        except sqlite3.Error as error:
            raise Unavailable(f"The key store cannot be read: {error}") from error
        return [(key_id, tenant) for key_id, tenant in found]

    def confirm(self, key_id: str) -> None:
        """See ``KeyStore.confirm``."""
        replace = "INSERT OR REPLACE INTO checks (name, wrapped) VALUES (?, ?)"
        self._commit(lambda conn: conn.execute(replace, (_CONFIRMED, key_id.encode())))

    def at_hand(self, key_ids: Collection[str]) -> bool:
        """See ``KeyStore.at_hand``. Always: reading the file takes microseconds."""
        return True

    def fetch(self, key_ids: Collection[str]) -> None:
        """See ``KeyStore.fetch``."""

    # --- keys in memory -----------------------------------------------------------------------------------------------

    def _document_key(self, key_id: str) -> AESGCM:
        if (held := self._documents.get(key_id)) is not None:
            return held
        asking = self._documents.asking()
        row = self._read("SELECT tenant, wrapped FROM document_keys WHERE key_id = ?", key_id)
        if row is None:
            raise NotFound("The key of this document was destroyed: its content is erased.")
        tenant_key = AESGCM(self._tenant_key(row[0]))
        cipher = AESGCM(wrapping.unwrap(tenant_key, row[1], wrapping.of_document(key_id)))
        self._documents.keep(key_id, cipher, asking)
        return cipher

    def _tenant_key(self, tenant: str) -> bytes:
        key = self._tenants.get(tenant)
        if key is not None:
            return key
        identity = wrapping.of_tenant(tenant, self._region)
        select = "SELECT wrapped FROM tenant_keys WHERE tenant = ? AND region = ?"
        with self._tenant_lock:
            row = self._read(select, tenant, self._region)
            if row is None:
                wrapped = wrapping.wrap(self._kek, wrapping.new_key(), identity)
                insert = "INSERT INTO tenant_keys (tenant, region, wrapped) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
                self._commit(lambda conn: conn.execute(insert, (tenant, self._region, wrapped)))
                row = self._read(select, tenant, self._region)
            assert row is not None, "it is there, or the commit raised"
            key = wrapping.unwrap(self._kek, row[0], identity)
            self._tenants[tenant] = key
        return key

    # --- keys on disk -------------------------------------------------------------------------------------------------

    def _read(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        try:
            with self._read_lock:
                row: tuple[Any, ...] | None = self._reader.execute(statement, values).fetchone()
                return row
        except sqlite3.Error as error:
            raise Unavailable(f"The key store cannot be read: {error}") from error

    def _commit(self, run: Callable[[sqlite3.Connection], object]) -> None:
        """Run and commit, together with whatever else waits: whoever gets the lock commits for all."""
        entry = _Write(run)
        with self._queue_lock:
            self._queue.append(entry)
        with self._write_lock:
            if not entry.done:
                with self._queue_lock:
                    group, self._queue = self._queue, []
                self._commit_group(group)
        if entry.error is not None:
            raise Unavailable(f"The key store cannot be written: {entry.error}", 10) from entry.error

    def _commit_group(self, group: list[_Write]) -> None:
        error: Exception | None = None
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for entry in group:
                entry.run(self._writer)
            self._writer.execute("COMMIT")
        except sqlite3.Error as caught:
            error = caught
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        for entry in group:
            entry.error, entry.done = error, True

    def _empty_log(self) -> None:
        """Move the deletion into the file (whose freed pages are zeroed) and cut the log, which still held the key."""
        try:
            with self._write_lock, self._read_lock:
                busy, _, _ = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise Unavailable(f"The key store cannot be written: {error}", 10) from error
        if busy:
            raise Unavailable("Another process reads the key store. Close it and try again.", 10)

    def _check_kek(self, folder: Path) -> None:
        """A value wrapped at first start tells a wrong KEK at once, not at the first document."""
        row = self._read("SELECT wrapped FROM checks WHERE name = ?", "kek")
        if row is None:
            wrapped = wrapping.wrap(self._kek, wrapping.CHECK, wrapping.CHECK_IDENTITY)
            insert = "INSERT INTO checks (name, wrapped) VALUES ('kek', ?) ON CONFLICT DO NOTHING"
            self._commit(lambda conn: conn.execute(insert, (wrapped,)))
            return
        try:
            wrapping.unwrap(self._kek, row[0], wrapping.CHECK_IDENTITY)
        except Internal:
            raise Unavailable(
                f"{folder / 'master.key'} is not the key of {folder / 'keys.db'}. Restore the right one from backup."
            ) from None


def _master_key(folder: Path) -> bytes:
    path = folder / "master.key"
    try:
        return master.load(path)
    except FileNotFoundError:
        if (folder / "keys.db").exists():
            raise Unavailable(
                f"{path} is missing, so nothing sealed under it can be opened. Restore it from its backup."
            ) from None
        return master.create(path)


def _connect(path: Path) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # before SQLite makes it by the umask
    os.close(descriptor)
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        conn.execute(f"PRAGMA {pragma}")
    return conn
