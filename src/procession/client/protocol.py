"""The client without I/O: how each call looks on the wire, what comes back, and when to try again.

The synchronous and the asynchronous client send exactly these.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from procession.client.errors import ProblemError, of_problem
from procession.client.models import Event, FilledPdf

DEFAULT_SERVER = "http://127.0.0.1:3000"
WAIT_SECONDS_STEP = 30
"""One `?wait=` request; longer waits are several of them."""
FILL_SECONDS = 120
"""More than the client's own time-out that filling a long document may take."""
RETRIED_STATUSES = frozenset({429, 502, 503, 504})
DIRECT_BYTES_MIN = 16 * 1024 * 1024
"""A single file of this size and more is put straight into the server's object store, where the server offers that."""
DIRECT_SECONDS = 600.0
"""Putting it there."""
Document = bytes | str | Path
"""Bytes of a PDF or a picture, or the path of a file."""
Pages = Sequence[bytes | str | Path]
"""Pictures of the pages of one document, in order: a list or a tuple."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``repeatable``: sending it twice does no harm, so a lost answer is retried."""

    method: str
    path: str
    params: Sequence[tuple[str, str]] = ()
    json: Any = None
    files: Sequence[tuple[str, tuple[str, bytes, str]]] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    seconds: float | None = None
    """Read time-out beyond the client's own, for calls that wait."""

    def may_repeat_after(self, status: int, attempt: int) -> bool:
        """429 and 503 mean that nothing was done; a gateway's 502 and 504 may hide that it was.

        A repeated upload may meet its own first attempt still being served, as 409: that one ends by itself.
        """
        if status == 409:
            return attempt > 1 and "Idempotency-Key" in self.headers
        return status in {429, 503} or (self.repeatable and status in RETRIED_STATUSES)

    def arguments(self, base_timeout: float) -> dict[str, Any]:
        """Keyword arguments of httpx's ``request``."""
        given: dict[str, Any] = {"method": self.method, "url": self.path, "headers": dict(self.headers)}
        if self.params:
            given["params"] = list(self.params)
        if self.json is not None:
            given["json"] = self.json
        if self.files:
            given["files"] = list(self.files)
            given["data"] = dict(self.data)
        given["timeout"] = httpx.Timeout(base_timeout, read=base_timeout + (self.seconds or 0.0))
        return given


@dataclass(frozen=True, slots=True)
class Retrying:
    """Exponential back-off with full jitter; a server's ``Retry-After`` goes before it, up to ``after_seconds_max``."""

    attempts_max: int = 5
    connects_max: int = 3
    """Attempts while nobody listens there at all."""
    base_seconds: float = 0.5
    cap_seconds: float = 20.0
    after_seconds_max: float = 120.0

    def delay(self, attempt: int, retry_after: float | None, jitter: float | None = None) -> float | None:
        """Seconds to wait after failed ``attempt`` (from 1), or None to give up."""
        if attempt >= self.attempts_max:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= self.after_seconds_max else None
        drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
        return drawn * float(min(self.cap_seconds, self.base_seconds * 2 ** (attempt - 1)))


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds a ``Retry-After`` header asks for (a number or a date), or None."""
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def error_of(response: httpx.Response) -> ProblemError:
    try:
        body = response.json()
    except ValueError:
        body = None
    return of_problem(response.status_code, body, retry_after_seconds(response.headers.get("retry-after")))


def read_documents(document: Document | Pages, name: str | None) -> list[tuple[str, bytes]]:
    """File name and bytes of each file of one document."""
    pages = [document] if isinstance(document, bytes | str | Path) else document
    return [_read(page, name) for page in pages]


def _read(document: Document, name: str | None) -> tuple[str, bytes]:
    if isinstance(document, bytes):
        return name or "document.pdf", document
    path = Path(document)
    return name or path.name, path.read_bytes()


def _media_type(content: bytes) -> str:
    """The server tells pictures by their bytes."""
    return "application/pdf" if b"%PDF-" in content[:1024] else "application/octet-stream"


def submit(
    files: Sequence[tuple[str, bytes]],
    *,
    priority: str | None,
    languages: Sequence[str],
    ocr: bool,
    batch_id: str | None,
    idempotency_key: str | None,
) -> Call:
    """An upload always carries an idempotency key, so that it can be sent again after a lost answer."""
    data = {"languages": ",".join(languages), "ocr": "true" if ocr else "false"}
    if priority:
        data["priority"] = priority
    if batch_id:
        data["batch_id"] = batch_id
    return Call(
        "POST",
        "/v1/analyses",
        files=[("file", (name, content, _media_type(content))) for name, content in files],
        data=data,
        headers={"Idempotency-Key": idempotency_key or uuid.uuid4().hex},
    )


def create_upload(size_bytes: int) -> Call:
    return Call("POST", "/v1/uploads", json={"size_bytes": size_bytes})


def submit_stored(upload_id: str, call: Call) -> Call:
    """``call``, as ``submit`` made it for one file, naming the file that was put into the store instead."""
    (_, (name, _, _)) = call.files[0]
    options: dict[str, Any] = {**call.data, "ocr": call.data["ocr"] == "true"}
    body = {"upload_id": upload_id, "file_name": name, **options}
    return Call("POST", "/v1/analyses", json=body, headers=call.headers)


def may_go_direct(call: Call) -> bool:
    return len(call.files) == 1 and len(call.files[0][1][1]) >= DIRECT_BYTES_MIN


def create_batch(files_expected: int) -> Call:
    return Call("POST", "/v1/batches", json={"files_expected": files_expected}, repeatable=False)


def wait(analysis_id: str, seconds: int) -> Call:
    return Call("GET", f"/v1/analyses/{analysis_id}", params=[("wait", str(seconds))], seconds=seconds)


def listing(path: str, limit: int | None, filters: Iterable[tuple[str, str | None]], cursor: str | None) -> Call:
    """``limit`` None: as many in a page as the server likes."""
    asked = (*filters, ("cursor", cursor), ("limit", None if limit is None else str(limit)))
    return Call("GET", path, params=[(name, value) for name, value in asked if value is not None])


def analysis_filters(
    status: Sequence[str], priority: str | None, batch_id: str | None, needs_review: bool | None
) -> list[tuple[str, str | None]]:
    flagged = None if needs_review is None else str(needs_review).lower()
    states: list[tuple[str, str | None]] = [("status", one) for one in status]
    return [*states, ("priority", priority), ("batch_id", batch_id), ("needs_review", flagged)]


def filled(owner: str, flatten: bool) -> Call:
    """``owner``: the path of an analysis or of a response."""
    return Call("GET", f"{owner}/filled.pdf", params=[("flatten", "true")] if flatten else (), seconds=FILL_SECONDS)


def filled_pdf(response: httpx.Response) -> FilledPdf:
    return FilledPdf(response.content, tuple(json.loads(response.headers.get("procession-notes", "[]"))))


def review(analysis_id: str, fields: Sequence[Mapping[str, Any]], finish: bool, etag: str) -> Call:
    return Call(
        "POST",
        f"/v1/analyses/{analysis_id}/review",
        json={"fields": [dict(one) for one in fields], "finish": finish},
        headers={"If-Match": etag},
        repeatable=False,  # a repeat after a lost answer would meet its own new version
    )


def may_repeat(call: Call, error: httpx.TransportError, attempt: int, retrying: Retrying) -> bool:
    """Nothing was sent when connecting failed; anything else may have been done already."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return attempt < retrying.connects_max
    return call.repeatable


class EventParser:
    """Server-sent events from lines (WHATWG rules, as far as this server uses them)."""

    def __init__(self) -> None:
        self._kind = "message"
        self._data: list[str] = []
        self._id: int | None = None

    def feed(self, line: str) -> Event | None:
        if line == "":
            event = self._finish()
            self._kind, self._data, self._id = "message", [], None
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
            case "id" if value.isdigit():
                self._id = int(value)
            case _:
                pass  # comments (heartbeats), retry
        return None

    def _finish(self) -> Event | None:
        if not self._data:
            return None
        return Event(kind=self._kind, data=json.loads("\n".join(self._data)), id=self._id)


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    parser = EventParser()
    for line in lines:
        if (event := parser.feed(line)) is not None:
            yield event
