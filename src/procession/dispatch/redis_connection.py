"""Clients for each kind of Redis, all with the same limits, and their refusals in words for people."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, RedisCluster, Sentinel, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    ClusterError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from procession.dispatch.redis_address import Address, Topology
from procession.domain.errors import InvalidRequest

RETRIES = 1
"""A connection that was closed while idle is opened again; what fails twice is away."""
CLUSTER_RETRIES = 3
"""Each looks up anew who serves the keys."""
BACKOFF_SECONDS = 0.05
BACKOFF_SECONDS_MAX = 0.5

Failure = (RedisError, RedisClusterException, OSError, asyncio.TimeoutError)
"""What a client raises when Redis cannot do what was asked."""


@dataclass(frozen=True, slots=True)
class Options:
    """Certificates (PEM files), the Sentinels' own login, and limits in seconds and connections."""

    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    verify_host: bool = True
    sentinel_username: str | None = None
    sentinel_password: str | None = None
    connections_max: int = 16
    connect_seconds_max: float = 2.0
    command_seconds_max: float = 3.0


@dataclass(frozen=True, slots=True)
class Connected:
    """``client`` opens connections when it needs them; ``close`` closes them all."""

    client: Redis | RedisCluster
    close: Callable[[], Awaitable[None]]


class _AtOnce(SSLConnection):
    """After an error it is closed at once: TLS's goodbye would wait for a server that does not listen."""

    async def disconnect(self, nowait: bool = False, *rest: Any, **more: Any) -> None:
        if nowait and self._writer is not None:
            self._writer.transport.abort()
        await super().disconnect(nowait, *rest, **more)


def connect(address: Address, options: Options) -> Connected:
    """Opens nothing yet. Raises InvalidRequest when a certificate cannot be read."""
    shared: dict[str, Any] = {
        "socket_connect_timeout": options.connect_seconds_max,
        "socket_timeout": options.command_seconds_max,
        "socket_keepalive": True,
        "decode_responses": True,
        "protocol": 2,
        **(_tls(options) if address.tls else {}),
    }
    login = {"username": address.username, "password": address.password}
    match address.topology:
        case Topology.STANDALONE:
            return _standalone(address, options, shared | login)
        case Topology.SENTINEL:
            return _sentinel(address, options, shared, login)
        case Topology.CLUSTER:
            return _cluster(address, options, shared | login)


def _standalone(address: Address, options: Options, shared: dict[str, Any]) -> Connected:
    (host, port) = address.nodes[0]
    pool: BlockingConnectionPool = BlockingConnectionPool(
        connection_class=_AtOnce if address.tls else Connection,
        host=host,
        port=port,
        db=address.database,
        max_connections=options.connections_max,
        timeout=options.command_seconds_max,
        retry=_retry(RETRIES),
        **shared,
    )
    client = Redis.from_pool(pool)
    return Connected(client, client.aclose)


def _sentinel(address: Address, options: Options, shared: dict[str, Any], login: dict[str, Any]) -> Connected:
    tls = {"ssl": True} if address.tls else {}
    own = {"username": options.sentinel_username, "password": options.sentinel_password}
    manager = Sentinel(  # type: ignore[no-untyped-call] # redis-py leaves it untyped
        list(address.nodes),
        sentinel_kwargs={**shared, **own, **tls, "retry": _retry(0)},
        **shared,
        **login,
        **tls,
        db=address.database,
        max_connections=options.connections_max,
        retry=_retry(RETRIES),
    )
    client: Redis = manager.master_for(address.service or "", redis_class=Redis)

    async def close() -> None:
        await client.aclose()
        for sentinel in manager.sentinels:
            await sentinel.aclose()

    return Connected(client, close)


def _cluster(address: Address, options: Options, shared: dict[str, Any]) -> Connected:
    client = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in address.nodes],
        max_connections=options.connections_max,
        retry=_retry(CLUSTER_RETRIES),
        ssl=address.tls,
        **shared,
    )
    return Connected(client, client.aclose)


def _retry(times: int) -> Retry:
    return Retry(ExponentialWithJitterBackoff(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS), times)


def _tls(options: Options) -> dict[str, Any]:
    """Files are read once here, so that a wrong one is told at the start and not at the first connection."""
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
        if options.certificate_file is not None:
            context.load_cert_chain(options.certificate_file, options.key_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidRequest(
            f"redis: ca_file, certificate_file or key_file cannot be used: {error.strerror or error}."
        ) from None
    found = {
        "ssl_ca_certs": options.ca_file,
        "ssl_certfile": options.certificate_file,
        "ssl_keyfile": options.key_file,
    }
    return {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": options.verify_host,
        **{name: path for name, path in found.items() if path is not None},
    }


def explained(error: BaseException, address: Address, options: Options) -> str:
    """What is wrong and what to do, without user and password."""
    if isinstance(error, AuthenticationError):
        return f"{address} refuses the user or the password. Check them in PROCESSION_REDIS_URL."
    if isinstance(error, NoPermissionError) or "can't run this command" in str(error):
        return f"{address}: its user may not do all that the queue needs ({error}). See docs/how-to/use-redis.md."
    if isinstance(error, OutOfMemoryError):
        return f"{address} is full: raise its maxmemory. The queue itself needs less than 200 bytes for each ring."
    if isinstance(error, ReadOnlyError):
        return f"{address} is a replica: name the master, or use redis+sentinel://."
    if isinstance(error, MasterNotFoundError):
        return f"{address}: no Sentinel that answers knows a master of that name that is up."
    if isinstance(error, ClusterDownError):
        return f"{address} is down for some keys: a master is lost and no replica has taken over yet."
    if isinstance(error, BusyLoadingError):
        return f"{address} is starting and reads its data."
    if isinstance(error, RedisTimeoutError | asyncio.TimeoutError):
        return f"{address} did not answer within {options.command_seconds_max:g} s."
    if isinstance(error, ClusterError | RedisClusterException):
        return f"{address} cannot be used as a Cluster: {error}"
    if isinstance(error, Failure):
        return f"{address} cannot be reached: {error}"
    return f"{address}: the client failed over it ({type(error).__name__})."
