"""Every implementation of every backend protocol. A new one joins by one line here and passes the whole suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from procession.blobs.local import LocalBlobs
from procession.blobs.protocol import BlobStore
from procession.blobs.s3 import S3Blobs
from procession.dispatch.inprocess import InProcessDispatcher
from procession.dispatch.protocol import Dispatcher
from procession.keys.local import LocalKeys
from procession.keys.postgres import PostgresKeys
from procession.keys.protocol import KeyStore
from procession.store.postgres import PostgresStore
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.s3 import S3Server

NewStore = Callable[[Path, Callable[[], PostgresServer]], Store]
"""Given a folder, and where a server comes from if one is needed: a store that is empty and not started."""

STORES: dict[str, NewStore] = {
    "sqlite": lambda folder, _: SqliteStore(folder / "procession.db"),
    "postgres": lambda _, server: PostgresStore(server().migrated()),
    "postgres_pooled": lambda _, server: PostgresStore(server().pooled(server().migrated())),
}
DISPATCHERS: dict[str, Callable[[Callable[[str], RedisServer]], Dispatcher]] = {
    "inprocess": lambda _: InProcessDispatcher(),
    "redis": lambda server: server("redis_server").dispatcher(),
    "redis_sentinel": lambda server: server("redis_sentinel").dispatcher(),
    "redis_cluster": lambda server: server("redis_cluster").dispatcher(),
}
"""Given where a server of a kind comes from if one is needed: a bell that is silent and not started."""
BLOBS: dict[str, Callable[[Path, Callable[[], S3Server]], BlobStore]] = {
    "local": lambda folder, _: LocalBlobs(folder / "blobs"),
    "s3": lambda _, server: S3Blobs(server().options(prefix="inner/folder")),
}
NewKeys = Callable[[Path, Callable[[], PostgresServer]], KeyStore]
"""Given a folder, and where a server comes from if one is needed: a store without keys, not started."""
KEYS: dict[str, NewKeys] = {
    "local": lambda folder, _: LocalKeys(folder / "keys"),
    "postgres": lambda _, server: PostgresKeys(server().empty(), bytes(range(32))),
    "postgres_pooled": lambda _, server: PostgresKeys(server().pooled(server().empty()), bytes(range(32))),
}
