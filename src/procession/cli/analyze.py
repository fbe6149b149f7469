"""``procession analyze``: PDFs become results on this machine, several at once, in the order they were named."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from procession.digitize import tessdata
from procession.digitize.version import ENGINE_VERSION
from procession.domain.analysis import State
from procession.domain.errors import (
    EXIT_INPUT,
    EXIT_INTERRUPTED,
    Forbidden,
    Internal,
    InvalidRequest,
    NotFound,
    ProcessionError,
    TooLarge,
)
from procession.domain.form import AnalysisResult, DigitizedDocument, ErrorDetail
from procession.domain.media import bundle
from procession.sandbox.client import ReadingOptions, Sandbox
from procession.sandbox.limits import SandboxLimits
from procession.settings import Settings, load

"""128 + SIGINT, as shells have it."""
OVERLAY_WIDTH_PX = 1200
PIPED_COLUMNS = 200
"""Width of the table when nobody's screen limits it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    file: str
    """As named on the command line, with unprintable bytes replaced."""
    seconds: float
    result: AnalysisResult
    pictures: tuple[bytes, ...] = ()

    def to_json(self) -> str:
        if self.result.error is None:
            return self.result.model_dump_json()
        kept = {"file", "status", "error"}
        absent = dict.fromkeys(name for name in AnalysisResult.model_fields if name not in kept)
        return self.result.model_copy(update=absent).model_dump_json(warnings=False)


def analyze(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="PDFs or pictures (JPEG, PNG, HEIC).", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line and file on stdout.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write NAME.json for each file into this folder.")] = None,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="With --out: pictures of the pages with the fields' boxes, NAME-p1.png.")
    ] = False,
    as_one: Annotated[
        bool, typer.Option("--as-one", help="The files are pictures of one document's pages, in this order.")
    ] = False,
    languages: Annotated[str, typer.Option(help="Languages of scanned pages, for example deu,eng.")] = "eng",
    ocr: Annotated[bool, typer.Option("--ocr/--no-ocr", help="Read scanned pages.")] = True,
    jobs: Annotated[int, typer.Option(min=0, help="Files at once; 0 means one per core.")] = 0,
) -> None:
    """Analyse PDFs and pictures of paper forms on this machine: no server, no set-up.

    Exit codes: 0 done; 1 nothing could be done, through no fault of the files; 2 a file or an argument was refused (one
    line on stderr each; the other files were still done); 130 interrupted.
    """
    err = Console(stderr=True, highlight=False)
    try:
        settings = load()
        options = _options(languages, ocr, settings)
        if overlay and out is None:
            raise InvalidRequest("--overlay writes pictures: say where with --out DIR.")
        if out is not None:
            _make(out)
        run = Run(settings, options, out, overlay, as_json, err)
        documents = [tuple(files)] if as_one else [(file,) for file in files]
        broken = asyncio.run(run.all(documents, jobs or _cores()))
    except KeyboardInterrupt:
        _complain(err, "Interrupted.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except ProcessionError as error:
        _complain(err, error.message)
        raise typer.Exit(error.exit_code) from None
    if broken:
        raise typer.Exit(EXIT_INPUT)


class Run:
    """One command's files."""

    def __init__(
        self,
        settings: Settings,
        options: ReadingOptions,
        out: Path | None,
        overlay: bool,
        as_json: bool,
        err: Console,
    ) -> None:
        self._options = options
        self._bytes_max = settings.upload.upload_bytes_max
        self._out = out
        self._overlay = overlay
        self._as_json = as_json
        self._err = err
        self._sandbox = Sandbox(SandboxLimits.of(settings.sandbox))

    async def all(self, documents: Sequence[tuple[Path, ...]], at_once: int) -> int:
        """How many documents could not be analysed; one of several files is pictures of its pages.

        Raises Internal when the sandbox does not start.
        """
        slots = asyncio.Semaphore(at_once)
        names = _distinct([files[0] for files in documents])
        table = _table()
        broken = 0
        await self._sandbox.start()
        tasks = [asyncio.create_task(self._one(files, slots)) for files in documents]
        try:
            with _progress(self._err) as progress:
                row = progress.add_task("analysing", total=len(documents))
                for task in tasks:
                    task.add_done_callback(lambda _: progress.advance(row))
                for task, name in zip(tasks, names, strict=True):
                    outcome = await task
                    broken += outcome.result.error is not None
                    self._emit(outcome, name, table)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._sandbox.stop()
        if not self._as_json:
            console = Console(highlight=False)
            if not console.is_terminal:
                console.width = PIPED_COLUMNS
            console.print(table)
        return broken

    async def _one(self, files: tuple[Path, ...], slots: asyncio.Semaphore) -> Outcome:
        async with slots:
            shown = _shown(files[0])
            started = time.perf_counter()
            pictures: tuple[bytes, ...] = ()
            try:
                data = await asyncio.to_thread(_whole, files, self._bytes_max)
                document = await self._digitized(data)
                result = _completed(shown, data, document)
                if self._overlay:
                    pictures = await self._pictures(data, document)
            except ProcessionError as error:
                detail = ErrorDetail(code=error.code, message=error.message)
                result = AnalysisResult(id=None, file=shown, sha256=None, status=State.FAILED.value, error=detail)
            return Outcome(shown, time.perf_counter() - started, result, pictures)

    async def _digitized(self, data: bytes) -> DigitizedDocument:
        try:
            return await self._sandbox.analyze(data, self._options)
        except Internal:  # once more: it may have been the machine's fault
            return await self._sandbox.analyze(data, self._options)

    async def _pictures(self, data: bytes, document: DigitizedDocument) -> tuple[bytes, ...]:
        pictures = []
        for page in document.pages:
            fields = [field for field in document.form.fields if field.page == page.number]
            pictures.append(await self._sandbox.render(data, page.number, OVERLAY_WIDTH_PX, fields))
        return tuple(pictures)

    def _emit(self, outcome: Outcome, name: str, table: Table) -> None:
        result = outcome.result
        if result.error is not None:
            _complain(self._err, f"{_one_line(outcome.file)}: {result.error.message}")
        if self._as_json:
            typer.echo(outcome.to_json())
        table.add_row(*_row(outcome))
        if self._out is not None:
            _write(self._out / f"{name}.json", outcome.to_json().encode() + b"\n")
            for number, picture in enumerate(outcome.pictures, start=1):
                _write(self._out / f"{name}-p{number}.png", picture)


def _options(languages: str, ocr: bool, settings: Settings) -> ReadingOptions:
    """Raises InvalidRequest for a language whose data is not on this machine."""
    wanted = tuple(dict.fromkeys(one.strip() for one in languages.replace("+", ",").split(",") if one.strip()))
    if ocr:
        tessdata.find(wanted, settings.ocr.tessdata)
    return ReadingOptions(wanted or ("eng",), ocr, settings.ocr.tessdata, settings.ocr.dpi)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(files: Sequence[Path], bytes_max: int) -> bytes:
    """One document's bytes. Raises what ``read_file`` and ``media.bundle`` raise."""
    if len(files) == 1:
        return read_file(files[0], bytes_max)
    pictures: list[bytes] = []
    for file in files:
        try:
            pictures.append(read_file(file, bytes_max - sum(map(len, pictures))))
        except (NotFound, Forbidden, InvalidRequest) as error:
            raise type(error)(f"{_one_line(_shown(file))}: {error.message}") from None
    return bundle(pictures)


def read_file(file: Path, bytes_max: int) -> bytes:
    """Raises NotFound, Forbidden, InvalidRequest, TooLarge."""
    try:
        with file.open("rb") as opened:
            data = opened.read(bytes_max + 1)
    except FileNotFoundError:
        raise NotFound("There is no such file.") from None
    except IsADirectoryError:
        raise InvalidRequest("This is a folder. Name the PDFs in it, for example FOLDER/*.pdf.") from None
    except PermissionError:
        raise Forbidden("This file may not be read. Check its permissions.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is not valid"
        raise InvalidRequest(f"This file cannot be read: {reason}.") from None
    if len(data) > bytes_max:
        raise TooLarge
    return data


def _completed(shown: str, data: bytes, document: DigitizedDocument) -> AnalysisResult:
    flagged = any(field.needs_review for field in document.form.fields)
    return AnalysisResult(
        id=None,
        file=shown,
        sha256=hashlib.sha256(data).hexdigest(),
        status=(State.REQUIRES_REVIEW if flagged or document.needs_review else State.COMPLETED).value,
        pages=document.pages,
        form=document.form,
        confidence=document.confidence,
        needs_review=document.needs_review,
        engine_version=ENGINE_VERSION,
        timings_ms=document.timings_ms,
        usage=document.usage,
        warnings=document.warnings,
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(f"{_one_line(str(folder))} cannot be written to: {error.strerror}.") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidRequest(f"{_one_line(str(path))} cannot be written: {error.strerror}.") from None


def _distinct(files: Sequence[Path]) -> list[str]:
    """A name for each file's output; the second ``form.pdf`` becomes ``form-2``, also where case does not count."""
    taken: set[str] = set()
    names = []
    for file in files:
        stem = file.stem or "file"
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def _shown(file: Path) -> str:
    return os.fsencode(file).decode("utf-8", "replace")


def _one_line(name: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)


def _complain(err: Console, what: str) -> None:
    err.print(what, style="red", markup=False, soft_wrap=True)


def _progress(err: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _table() -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("pages", justify="right")
    table.add_column("kind")
    table.add_column("fields", justify="right")
    table.add_column("needs a look", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("error", overflow="fold")
    return table


def _row(outcome: Outcome) -> tuple[str, ...]:
    result, seconds = outcome.result, f"{outcome.seconds:.1f}"
    # Rich reads [brackets] as styling
    name = _one_line(outcome.file).replace("[", r"\[")
    if result.error is not None or result.form is None:
        return name, "", "", "", "", seconds, result.error.code if result.error else ""
    fields = result.form.fields
    flagged = sum(field.needs_review for field in fields)
    return name, str(len(result.pages)), result.form.kind, str(len(fields)), str(flagged), seconds, ""


def register(app: typer.Typer) -> None:
    app.command()(analyze)
