"""The stores that the settings name: records, keys, objects, the bell. Built, neither opened nor probed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from procession.blobs.local import LocalBlobs
from procession.blobs.protocol import BlobStore
from procession.blobs.s3 import S3Blobs, S3Options
from procession.dispatch import redis_address, redis_connection
from procession.dispatch.inprocess import InProcessDispatcher
from procession.dispatch.protocol import Dispatcher
from procession.dispatch.redis import RedisDispatcher
from procession.dispatch.redis_changes import RedisChanges
from procession.domain.clock import Clock, system_clock
from procession.domain.errors import InvalidRequest, Unavailable
from procession.keys import master
from procession.keys import postgres as postgres_keys
from procession.keys.local import LocalKeys
from procession.keys.postgres import PostgresKeys
from procession.keys.protocol import KeyStore
from procession.settings import Settings
from procession.store.postgres import Neighbours, PostgresStore
from procession.store.postgres_connections import Limits
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore

POSTGRESQL_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")


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
    return PostgresKeys(url, key_encryption_key(settings), region=settings.region, limits=limits)


def key_encryption_key(settings: Settings) -> bytes:
    """What the keys in common are wrapped with. Raises InvalidRequest, Unavailable."""
    known = settings.keys
    return master.given(known.master_file, None if known.master is None else known.master.get_secret_value())


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


def bell(settings: Settings, consumer: str, changed: Callable[[], None]) -> Dispatcher:
    """Redis where the settings name one, else within this process. ``consumer``: this start of this process.

    Raises InvalidRequest.
    """
    if settings.redis_url is None:
        return InProcessDispatcher()
    return RedisDispatcher(
        redis_address.parse(settings.redis_url), redis_options(settings), settings.redis.key_prefix, consumer, changed
    )


def announcements(
    settings: Settings, process_id: str, heard: Callable[[Sequence[str]], None], *, listens: bool
) -> RedisChanges | None:
    """How processes tell each other what changed: Redis where the settings name one, else each looks in SQL.

    Raises InvalidRequest.
    """
    if settings.redis_url is None:
        return None
    address, options = redis_address.parse(settings.redis_url), redis_options(settings)
    return RedisChanges(address, options, settings.redis.key_prefix, process_id, heard, listens=listens)


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
