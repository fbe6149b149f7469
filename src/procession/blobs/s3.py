"""Objects in an S3-compatible store. Every operation names one object: none ever lists the bucket.

Layout: ``[PREFIX/]KIND/XX/REST`` where XX are two hex digits of the name's SHA-256. Kinds come first so that one
lifecycle rule covers one kind; below it 256 prefixes let a store split the load by ranges of keys.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.store import S3Store

from procession.blobs.names import validated
from procession.blobs.retry_budget import RetryBudget
from procession.blobs.s3_errors import Answer, classify, told
from procession.domain.errors import InvalidRequest, Unavailable
from procession.telemetry import metrics

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config

T = TypeVar("T")
DEFAULT_REGION = "us-east-1"
MULTIPART_AT_ONCE = 4
"""Parts of one object on their way at once."""


@dataclass(frozen=True, slots=True)
class S3Options:
    """Where the store is and how patient we are. See the settings of the same names."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    public_endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    path_style: bool = True
    allow_http: bool = False
    ca_file: Path | None = None
    connect_seconds_max: float = 5.0
    request_seconds_max: float = 30.0
    attempts_max: int = 3
    retry_base_seconds: float = 0.2
    retries_reserve: int = 20
    requests_at_once_max: int = 64
    multipart_bytes_min: int = 16 * 1024 * 1024
    multipart_part_bytes: int = 8 * 1024 * 1024


class S3Blobs:
    """``blobs.protocol.BlobStore`` over one bucket; any number of processes may share it."""

    def __init__(self, options: S3Options, chance: random.Random | None = None) -> None:
        """Connects to nothing yet. Raises InvalidRequest for options that contradict each other."""
        self._options = options
        self._where = f"s3://{options.bucket}" + (f" at {options.endpoint}" if options.endpoint else "")
        self._store = _connect(options)
        public = options.public_endpoint
        self._public = self._store if public is None else _connect(replace(options, endpoint=public))
        self._chance = chance or random.SystemRandom()
        self._slots = asyncio.Semaphore(options.requests_at_once_max)
        self.budget = RetryBudget(options.retries_reserve)

    async def put(self, name: str, data: bytes) -> None:
        """See ``BlobStore.put``. From ``multipart_bytes_min`` on in parts, which are sent again one by one."""
        key, size = self.key(name), len(data)
        large = size >= self._options.multipart_bytes_min

        async def send() -> None:
            await obstore.put_async(
                self._store,
                key,
                data,
                use_multipart=large,
                chunk_size=self._options.multipart_part_bytes,
                max_concurrency=MULTIPART_AT_ONCE,
            )

        await self._insist("put", send)

    async def create(self, name: str, data: bytes) -> bool:
        """See ``BlobStore.create``. When an answer was lost, what stands there tells whether it was ours."""
        key = self.key(name)
        unsure = False

        async def send() -> bool:
            nonlocal unsure
            try:
                await obstore.put_async(self._store, key, data, mode="create")
            except Exception as error:
                answer = classify(error)
                if answer is Answer.EXISTS:
                    return unsure and await self._fetch(key) == data
                unsure = unsure or answer is Answer.UNAVAILABLE
                raise
            return True

        return await self._insist("create", send)

    async def get(self, name: str) -> bytes:
        """See ``BlobStore.get``."""
        key = self.key(name)
        return await self._insist("get", lambda: self._fetch(key))

    async def delete(self, name: str) -> None:
        """See ``BlobStore.delete``."""
        key = self.key(name)

        async def remove() -> None:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError as error:
                if classify(error) is not Answer.NOT_FOUND:
                    raise

        await self._insist("delete", remove)

    def link(self, name: str, seconds: int) -> str:
        """See ``DirectStore.link``. Raises Unavailable when there are no keys to sign with."""
        try:
            return str(obstore.sign(self._public, "PUT", self.key(name), timedelta(seconds=seconds)))
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise told(error, self._where) from None

    async def size(self, name: str) -> int:
        """See ``DirectStore.size``."""
        key = self.key(name)

        async def look() -> int:
            return int((await obstore.head_async(self._store, key))["size"])

        return await self._insist("size", look)

    async def beginning(self, name: str, bytes_max: int) -> bytes:
        """See ``DirectStore.beginning``."""
        key = self.key(name)

        async def fetch() -> bytes:
            return bytes(await obstore.get_range_async(self._store, key, start=0, length=bytes_max))

        return await self._insist("get", fetch)

    async def tidy(self) -> int:
        """See ``BlobStore.tidy``. Parts of interrupted uploads are the bucket's lifecycle rule to remove."""
        return 0

    async def probe(self) -> None:
        """See ``BlobStore.probe``."""
        name = f"probe/{secrets.token_hex(8)}"
        try:
            first = await self.create(name, b"first")
            second = await self.create(name, b"second")
            kept = await self.get(name)
        finally:
            await self.delete(name)
        if not first or second or kept != b"first":
            raise Unavailable(
                f"The object store {self._where} overwrites objects that it was asked to create only when absent "
                "(If-None-Match: *). Upgrade it, or use a store that keeps this promise."
            )

    def key(self, name: str) -> str:
        """The object's key below the prefix. Raises InvalidRequest for what is not a name."""
        kind, slash, rest = validated(name).partition("/")
        fan = hashlib.sha256(name.encode()).hexdigest()[:2]
        return f"{kind}/{fan}/{rest}" if slash else f"{fan}/{kind}"

    async def _fetch(self, key: str) -> bytes:
        found = await obstore.get_async(self._store, key)
        return bytes(await found.bytes_async())

    async def _insist(self, verb: str, request: Callable[[], Awaitable[T]]) -> T:
        """Make the request; again while its failure may pass, attempts are left and the process' budget allows."""
        for attempt in range(1, self._options.attempts_max + 1):
            started = time.perf_counter()
            try:
                async with self._slots:
                    done = await request()
            except (obstore.exceptions.BaseError, OSError, ValueError) as error:
                answer = classify(error)
                _observe(verb, answer, started)
                if answer is not Answer.UNAVAILABLE:
                    self.budget.earn()  # it answered
                    raise told(error, self._where) from None
                if attempt == self._options.attempts_max:
                    raise told(error, self._where) from None
                if not self.budget.take():
                    metrics.BLOB_RETRIES.labels(verb=verb, granted="no").inc()
                    raise told(error, self._where) from None
                metrics.BLOB_RETRIES.labels(verb=verb, granted="yes").inc()
                await asyncio.sleep(
                    self._options.retry_base_seconds * 2 ** (attempt - 1) * self._chance.uniform(0.5, 1)
                )
            else:
                _observe(verb, Answer.EXISTS if done is False else Answer.OK, started)
                self.budget.earn()
                return done
        raise AssertionError("attempts_max is at least 1")


def _observe(verb: str, answer: Answer, started: float) -> None:
    metrics.BLOB_SECONDS.labels(verb=verb, outcome=answer.value).observe(time.perf_counter() - started)


def _connect(options: S3Options) -> S3Store:
    """Keys come from the options or, where none are given, as AWS tools find them: environment, role, instance."""
    endpoint = options.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if (options.access_key_id is None) != (options.secret_access_key is None):
        raise InvalidRequest("s3.access_key_id and s3.secret_access_key go together: set both or neither.")
    if endpoint is not None and endpoint.startswith("http://") and not options.allow_http:
        raise InvalidRequest("s3.endpoint is not encrypted. Use https://, or set s3.allow_http on a network you trust.")
    region = options.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    client: ClientConfig = {
        "allow_http": options.allow_http,
        "connect_timeout": timedelta(seconds=options.connect_seconds_max),
        "timeout": timedelta(seconds=options.request_seconds_max),
    }
    if options.ca_file is not None:
        try:
            client["root_certificate"] = options.ca_file.read_bytes()
        except OSError as error:
            raise InvalidRequest(f"s3.ca_file {options.ca_file} cannot be read: {error.strerror}.") from None
    config: S3Config = {"region": region, "virtual_hosted_style_request": not options.path_style}
    config["disable_bulk_delete"] = True  # its one request per object is no saving, and fewer stores know it
    if endpoint is not None:
        config["endpoint"] = endpoint
    if options.access_key_id is not None:
        config["access_key_id"] = options.access_key_id
    if options.secret_access_key is not None:
        config["secret_access_key"] = options.secret_access_key
    try:
        return S3Store(
            options.bucket,
            prefix=options.prefix or None,
            config=config,
            client_options=client,
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=options.request_seconds_max)},
        )
    except (obstore.exceptions.BaseError, ValueError) as error:
        raise InvalidRequest(f"The s3 settings are not usable: {str(error).splitlines()[0]}") from None
