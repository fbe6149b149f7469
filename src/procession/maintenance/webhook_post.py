"""Sends one webhook: to the address it names and nowhere else, within its time, without following anything.

The address is resolved here and the connection goes to what was resolved and allowed, so a name that changes in between
(DNS rebinding) leads nowhere. A connection is used again only for the same name, whose certificate it showed. Proxies
of the environment are not asked. Every failure is an ``Answer``; nothing is raised but cancellation.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

from procession import __version__
from procession.policy import webhook_addresses
from procession.policy.webhook_addresses import Permissions
from procession.policy.webhooks import Answer, of_status
from procession.services.webhooks import permissions
from procession.settings import Webhooks as Settings

KEPT_OPEN_SECONDS = 30.0
"""An idle connection is kept for the next webhook to the same receiver."""
KEPT_OPEN_MAX = 32
RESOLVERS = 8
"""Names looked up at once; a slow name server holds up no other part of the process."""


class AddressRefused(httpcore.ConnectError):
    """A name stands for no address that webhooks may go to."""


class NameUnknown(httpcore.ConnectError):
    """A name stands for no address."""


class Poster:
    def __init__(self, settings: Settings) -> None:
        """Raises OSError when ``ca_file`` cannot be read."""
        self._settings = settings
        self._permissions = permissions(settings)
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-resolve")
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}
        if settings.ca_file is not None:
            self._context()

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._settings.ca_file is not None:
            context.load_verify_locations(self._settings.ca_file)
        return context

    def _pool(self, secure: bool) -> httpcore.AsyncConnectionPool:
        """Made at the first webhook, for most installations send none."""
        if secure not in self._pools:
            self._pools[secure] = self._new_pool(secure)
        return self._pools[secure]

    def _new_pool(self, secure: bool) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._context() if secure else None,
            max_connections=None,  # the sender bounds them
            max_keepalive_connections=KEPT_OPEN_MAX,
            keepalive_expiry=KEPT_OPEN_SECONDS,
            network_backend=_Guarded(self._permissions, secure, self._resolvers),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        try:
            target = webhook_addresses.target(url, self._permissions)
        except ValueError:  # the settings allow less than when it was made
            return Answer(None, "address_refused")
        sent = {
            "Host": target.authority,
            "User-Agent": f"Procession/{__version__}",
            "Content-Type": "application/json",
            "Accept": "*/*",
            "Content-Length": str(len(body.encode())),
            **headers,
        }
        to = httpcore.URL(
            scheme=b"https" if target.secure else b"http",
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        try:
            async with asyncio.timeout(self._settings.answer_seconds_max):
                return await self._sent(self._pool(target.secure), to, sent, body.encode())
        except TimeoutError:
            return Answer(None, "timeout")
        except Exception as error:
            return Answer(None, _class_of(error))

    async def _sent(
        self, pool: httpcore.AsyncConnectionPool, to: httpcore.URL, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        timeouts: dict[str, Any] = {"timeout": {"connect": self._settings.connect_seconds_max}}
        async with pool.stream("POST", to, headers=list(headers.items()), content=body, extensions=timeouts) as answer:
            left = self._settings.answer_bytes_max
            async for chunk in answer.aiter_stream():
                left -= len(chunk)
                if left < 0:
                    break
            return of_status(answer.status)

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
        self._resolvers.shutdown(wait=False, cancel_futures=True)


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to allowed addresses only, whatever the name says."""

    def __init__(self, permissions: Permissions, secure: bool, resolvers: ThreadPoolExecutor) -> None:
        self._permissions = permissions
        self._secure = secure
        self._resolvers = resolvers
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's protocol
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
                failure: Exception = AddressRefused(host)
                for address in addresses:
                    if not webhook_addresses.allowed(address, self._permissions, secure=self._secure):
                        continue
                    try:
                        return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
                    except httpcore.ConnectError as error:
                        failure = error
                raise failure
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def _resolve(self, host: str, port: int) -> list[webhook_addresses.IpAddress]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError):
            raise NameUnknown(host) from None
        return list(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("webhooks go over the network")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def _class_of(error: Exception) -> str:
    if isinstance(error, AddressRefused):
        return "address_refused"
    if isinstance(error, NameUnknown):
        return "name_unknown"
    if isinstance(error, httpcore.TimeoutException):
        return "timeout"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__ or error.__context__, ssl.SSLError):
        return "certificate"
    if isinstance(error, httpcore.ConnectError):
        return "unreachable"
    return "connection_lost"
