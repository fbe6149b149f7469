"""The parent's side: one fork-server, one child per call, and what became of it as an error of the domain."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Constrained

from procession.domain.analysis import Progress, Stage
from procession.domain.errors import (
    DOCUMENT_ERRORS,
    AnalysisTimeout,
    Internal,
    InvalidRequest,
    ProcessionError,
    TooComplex,
)
from procession.domain.form import DigitizedDocument, Field
from procession.domain.media import Media, media_of
from procession.domain.paper import NOTE_CHARACTERS_MAX, NOTES_MAX, FilledPdf, PaperAnswers
from procession.domain.template import LOOKUPS_MAX
from procession.sandbox import confine
from procession.sandbox.ending import Crashed, ended, why
from procession.sandbox.frames import (
    READ_BYTES,
    Decoder,
    ErrorMessage,
    Frame,
    FrameError,
    Kind,
    LookupMessage,
    ProgressMessage,
    ResultMessage,
    TooMuch,
    encode_json,
    message,
    prefix,
)
from procession.sandbox.limits import SandboxLimits
from procession.sandbox.recalling import Lookup, Recalling, known_pages
from procession.sandbox.server_process import ServerProcess

VERBS = "procession.sandbox.child"
TWICE = "Reading this PDF ended abnormally, twice. Print it to a new PDF and upload that."
TOO_MUCH = "This PDF yields more than one analysis may answer. Split it and upload the parts."
FILLED_TOO_MUCH = "This PDF with its answers would be larger than one answer may be."
NEED_THREADS = frozenset({Media.HEIC, Media.PICTURES})
"""libheif decodes in a thread of its own, even when told not to."""
PROGRESS_PER_CALL_MAX = 100_000

OnProgress = Callable[[Progress], None]


class Options(Protocol):
    """``digitize.pipeline.EngineOptions``; named here by shape so that the service need not load the engine."""

    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def ocr(self) -> bool: ...
    @property
    def tessdata(self) -> str | None: ...
    @property
    def ocr_dpi(self) -> int: ...
    @property
    def remember(self) -> bool: ...
    @property
    def lines(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """The plainest ``Options``."""

    languages: tuple[str, ...] = ("eng",)
    ocr: bool = True
    tessdata: str | None = None
    ocr_dpi: int = 200
    remember: bool = False
    lines: bool = False


class _Filled(BaseModel):
    """What a child says of a copy it filled."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    notes: Annotated[
        list[Annotated[str, Constrained(max_length=NOTE_CHARACTERS_MAX)]], Constrained(max_length=NOTES_MAX)
    ]
    pages_appended: Annotated[int, Constrained(ge=0)]


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any
    attachment: bytes | None


class Sandbox:
    """Opens documents in children. Safe for many calls at once on one event loop; callers bound how many."""

    def __init__(
        self, limits: SandboxLimits | None = None, *, verbs: str = VERBS, import_paths: Sequence[Path] = ()
    ) -> None:
        """``verbs``: the module whose ``warm_up`` and ``run`` the fork-server loads, found also in ``import_paths``."""
        self.limits = limits or SandboxLimits()
        self._server = ServerProcess(verbs, import_paths)

    async def start(self) -> None:
        """Raises Internal when the fork-server does not come up. A later call starts it too."""
        await self._server.ensure()

    async def stop(self) -> None:
        """Ends the fork-server and every child."""
        await self._server.stop()

    @property
    def server_pid(self) -> int | None:
        return self._server.pid

    def missing(self) -> tuple[str, ...]:
        return confine.missing()

    async def analyze(
        self,
        data: bytes,
        options: Options | None = None,
        on_progress: OnProgress | None = None,
        lookup: Lookup | None = None,
    ) -> DigitizedDocument:
        """``lookup`` gives the approved forms that a page may be one of.

        Raises DocumentError subclasses, InvalidRequest (no such language), Internal (not the document's fault).
        """
        arguments = {"options": _told(options or ReadingOptions())}
        asking = None if lookup is None else Recalling(lookup)
        try:
            async with asyncio.timeout(self.limits.document_wall_seconds_max):
                first = arguments | known_pages(asking)
                answer = await self.call("digitize", first, [data], self.limits.pages_per_child, on_progress, asking)
                if answer.attachment is None:
                    answer = await self._further(data, arguments, answer.body, on_progress, asking)
        except TimeoutError:
            raise AnalysisTimeout from None
        found = self.checked(answer.attachment)
        if found.known is not None:
            if asking is None:
                raise Internal("The engine answered something else than was asked.")
            asking.vouch(found.known.template_id)
        return found

    async def _further(
        self,
        data: bytes,
        arguments: dict[str, Any],
        first: Any,
        on_progress: OnProgress | None,
        asking: Recalling | None,
    ) -> Answer:
        """The other ranges, one child each, then all parts together."""
        total, step = first.get("pages_total") if isinstance(first, dict) else None, self.limits.pages_per_child
        if not isinstance(total, int) or not step < total <= self.limits.pages_max:
            raise Internal("The engine answered something else than was asked.")
        parts = [_part(first, asking)]
        for start in range(step + 1, total + 1, step):
            last = min(start + step - 1, total)
            asked = {**arguments, **known_pages(asking), "first": start, "last": last}
            answer = await self.call("analyze", asked, [data], last - start + 1, on_progress, asking)
            parts.append(_part(answer.body, asking))
            if sum(map(len, parts)) > self.limits.output_bytes_max:
                raise TooComplex(TOO_MUCH)
        return await self.call("assemble", arguments, parts, total, on_progress)

    async def render(self, data: bytes, page: int, width_px: int, fields: Sequence[Field] | None = None) -> bytes:
        """PNG of page ``page`` (from 1); with ``fields``, their boxes drawn on it. Raises as ``analyze`` does."""
        boxes = None if fields is None else [field.model_dump(mode="json") for field in fields]
        asked = {"page": page, "width_px": width_px, "fields": boxes}
        answer = await self.call("render", asked, [data], 1)
        if answer.attachment is None or not answer.attachment.startswith(b"\x89PNG\r\n\x1a\n"):
            raise Internal("The engine answered something else than a picture.")
        return answer.attachment

    async def fill(self, data: bytes, answers: PaperAnswers, *, pages: int, flatten: bool) -> FilledPdf:
        """``data`` with its answers written in. ``pages``: how many it has. Raises as ``analyze`` does."""
        asked = {
            "fields": [field.model_dump(mode="json") for field in answers.fields],
            "turns": {str(page): degrees for page, degrees in answers.turns.items()},
            "taken": sorted(answers.taken),
            "flatten": flatten,
        }
        try:
            answer = await self.call("fill", asked, [data], max(1, min(pages, self.limits.pages_max)))
        except TooComplex as error:
            raise TooComplex(FILLED_TOO_MUCH if error.message == TOO_MUCH else error.message) from None
        if answer.attachment is None or not answer.attachment.startswith(b"%PDF-"):
            raise Internal("The engine answered something else than a PDF.")
        try:
            told = _Filled.model_validate(answer.body)
        except ValidationError:
            raise Internal("The engine's notes do not fit their schema.") from None
        notes = tuple("".join(c for c in note if c.isprintable()) for note in told.notes)
        return FilledPdf(answer.attachment, notes, told.pages_appended)

    @staticmethod
    def checked(body: bytes | None) -> DigitizedDocument:
        """``body``: JSON. What a child says is not trusted: it is checked field by field. Raises Internal."""
        try:
            return DigitizedDocument.model_validate_json(body or b"null")
        except ValidationError as error:
            where = ", ".join(".".join(map(str, one["loc"])) for one in error.errors(include_input=False)[:3])
            raise Internal(f"The engine's result does not fit its schema: {where}.") from None

    async def call(
        self,
        verb: str,
        arguments: Mapping[str, Any],
        blobs: Sequence[bytes],
        pages: int,
        on_progress: OnProgress | None = None,
        asking: Recalling | None = None,
    ) -> Answer:
        """One child, or a second when it crashes: a fault of the machine is not held against a document.

        ``pages``: how many it reads at most. The answer's body is JSON nobody has checked yet.
        """
        report = _Reporter(on_progress)
        try:
            return await self._child(verb, arguments, blobs, pages, report, asking)
        except Crashed:
            pass
        try:
            return await self._child(verb, arguments, blobs, pages, report, asking)
        except Crashed:
            raise TooComplex(TWICE) from None

    async def _child(
        self,
        verb: str,
        arguments: Mapping[str, Any],
        blobs: Sequence[bytes],
        pages: int,
        report: _Reporter,
        asking: Recalling | None,
    ) -> Answer:
        control = await self._server.ensure()
        ours, theirs = socket.socketpair()
        watch, watched = socket.socketpair()
        for one in (ours, watch):
            one.setblocking(False)
        with ours, watch:
            with theirs, watched:
                self._server.hand_over(control, theirs, watched)
            budget = self.limits.budget(pages)
            header = {
                "verb": verb,
                "arguments": arguments,
                "blobs": len(blobs),
                "budget": asdict(budget),
                "limits": asdict(self.limits),
                "pages": pages,
                "readable": _readable(arguments),
                "threads": any(media_of(blob) in NEED_THREADS for blob in blobs),
            }
            try:
                async with asyncio.timeout(None) as deadline:
                    clock = _Clock(deadline, self.limits, pages, known=verb != "digitize")
                    exchange = _Exchange(ours, self.limits, report, clock, asking)
                    answer = await exchange.run(encode_json(header), blobs)
                    if answer is not None:
                        return answer
                    end = await ended(watch)
            except TimeoutError:
                raise AnalysisTimeout from None
            except TooMuch:
                raise TooComplex(TOO_MUCH) from None
            except FrameError as error:
                raise Internal(f"The engine answered something else than was asked: {error}.") from None
            # leaving closes the watch, on which the fork-server kills the child if it still lives
        raise why(end, budget)


class _Reporter:
    """Forwards progress, as much as a child may make."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._left = PROGRESS_PER_CALL_MAX

    def __call__(self, told: ProgressMessage) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMuch
        if self._on_progress:
            self._on_progress(Progress(Stage(told.stage), told.pages_done, told.pages_total))


class _Clock:
    """A child's wall clock: the base, and its pages' share once it said, the first time, how many there are."""

    def __init__(self, deadline: asyncio.Timeout, limits: SandboxLimits, pages_max: int, *, known: bool) -> None:
        self._deadline = deadline
        self._limits = limits
        self._pages_max = pages_max
        self._started = asyncio.get_running_loop().time()
        self._deadline.reschedule(self._started + limits.wall_seconds(pages_max if known else 0))
        self._known = known

    def pages(self, count: int) -> None:
        if count and not self._known:
            self._known = True
            self._deadline.reschedule(self._started + self._limits.wall_seconds(min(count, self._pages_max)))


class _Exchange:
    """The request out, the frames in."""

    def __init__(
        self,
        sock: socket.socket,
        limits: SandboxLimits,
        report: _Reporter,
        clock: _Clock,
        asking: Recalling | None,
    ) -> None:
        self._sock = sock
        self._clock = clock
        self._decoder = Decoder(limits.output_bytes_max)
        self._report = report
        self._result: ResultMessage | None = None
        self._asking = asking
        self._lookups_left = LOOKUPS_MAX

    async def run(self, header: bytes, blobs: Sequence[bytes]) -> Answer | None:
        """None when the child ended without an answer. Raises the error the child reported, FrameError, TooMuch."""
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._sock, header)
            for blob in blobs:
                await loop.sock_sendall(self._sock, prefix(Kind.BINARY, len(blob)))
                await loop.sock_sendall(self._sock, blob)
            while data := await loop.sock_recv(self._sock, READ_BYTES):
                for frame in self._decoder.feed(data):
                    if isinstance(told := self._frame(frame), LookupMessage):
                        await loop.sock_sendall(self._sock, await self._candidates(told))
                    elif told is not None:
                        return told
        except ConnectionError:
            return None
        return None

    async def _candidates(self, told: LookupMessage) -> bytes:
        if self._asking is None:
            raise FrameError("nobody offered approved forms")
        self._lookups_left -= 1
        if self._lookups_left < 0:
            raise TooMuch
        return await self._asking.answer(told.sketch)

    def _frame(self, frame: Frame) -> Answer | LookupMessage | None:
        if frame.kind is Kind.BINARY:
            if self._result is None:
                raise FrameError("bytes nobody announced")
            return Answer(self._result.body, frame.payload)
        if self._result is not None:
            raise FrameError("announced bytes did not come")
        told = message(frame.payload)
        if isinstance(told, LookupMessage):
            return told
        if isinstance(told, ProgressMessage):
            self._clock.pages(told.pages_total)
            self._report(told)
        elif isinstance(told, ErrorMessage):
            raise _reported(told)
        elif told.attachments:
            self._result = told
        else:
            return Answer(told.body, None)
        return None


def _told(options: Options) -> dict[str, Any]:
    return {
        "languages": list(options.languages),
        "ocr": options.ocr,
        "tessdata": options.tessdata,
        "ocr_dpi": options.ocr_dpi,
        "remember": options.remember,
        "lines": options.lines,
    }


def _readable(arguments: Mapping[str, Any]) -> list[str]:
    folder = arguments.get("options", {}).get("tessdata")
    return [folder] if folder and Path(folder).is_dir() else []


def _reported(told: ErrorMessage) -> ProcessionError:
    text = "".join(character for character in told.message if character.isprintable())
    if told.code in DOCUMENT_ERRORS:
        return DOCUMENT_ERRORS[told.code](text)
    return InvalidRequest(text) if told.code == InvalidRequest.code else Internal(text)


def _part(body: Any, asking: Recalling | None) -> bytes:
    if not isinstance(body, dict) or not isinstance(body.get("part"), dict):
        raise Internal("The engine answered something else than was asked.")
    if asking is not None:
        asking.follow(body["part"].get("chosen"))
    return json.dumps(body["part"], separators=(",", ":"), allow_nan=False).encode()
