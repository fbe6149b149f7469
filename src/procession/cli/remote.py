"""Commands that ask a running server: submit, list, show, cancel, retry.

Stdout is data (with ``--json`` one JSON object a line), stderr is progress and errors. Exit codes: 0 done, 2 refused or
failed, 3 the server could not be reached, said "later", or the wait ran out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from procession.client import Analysis, Client, ProblemError, ServerUnreachable
from procession.client.protocol import DEFAULT_SERVER, Retrying
from procession.domain.analysis import Priority, State
from procession.domain.errors import EXIT_INPUT, EXIT_OK, EXIT_UNAVAILABLE

Server = Annotated[str, typer.Option("--server", envvar="PROCESSION_SERVER", help="Where the server answers.")]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="PROCESSION_API_KEY", help="Bearer key.", show_default=False)
]
PIPE_COLUMNS = 200
"""Width of tables when nobody looks: ids must come out whole."""
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
AnalysisId = Annotated[str, typer.Argument(metavar="ID", help="As `submit` and `list` show it.")]


@dataclass(frozen=True, slots=True)
class Screen:
    """Where data and where progress go. Made per command, so that redirections and NO_COLOR hold."""

    out: Console
    err: Console

    @classmethod
    def make(cls) -> Screen:
        out = Console(highlight=False)
        if not out.is_terminal:
            out = Console(highlight=False, width=PIPE_COLUMNS)
        return cls(out, Console(stderr=True, highlight=False))

    def data(self, one: BaseModel) -> None:
        self.out.out(one.model_dump_json(), highlight=False)

    def complain(self, what: str) -> None:
        self.err.print(what, style="red", markup=False, soft_wrap=True)


@contextmanager
def asking(server: str, api_key: str | None) -> Iterator[Client]:
    """A client; its errors become one line on stderr and an exit code."""
    screen = Screen.make()
    try:
        # a person waits: patient with a busy server, not with one that is not there
        with Client(server, api_key, retrying=Retrying(attempts_max=8, connects_max=1)) as client:
            yield client
    except ServerUnreachable as error:
        screen.complain(f"{error} Start one with `procession up`, or say where it is with --server.")
        raise typer.Exit(EXIT_UNAVAILABLE) from None
    except ProblemError as error:
        ours = error.status >= 500 and error.trace_id
        screen.complain(f"{error} (trace id {error.trace_id}: the server's log says more)" if ours else str(error))
        raise typer.Exit(exit_code_of(error)) from None
    except TimeoutError as error:
        screen.complain(str(error))
        raise typer.Exit(EXIT_UNAVAILABLE) from None


def exit_code_of(error: ProblemError) -> int:
    return EXIT_UNAVAILABLE if error.status >= 500 or error.status == 429 else EXIT_INPUT


def submit(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, readable=True)],
    wait: Annotated[bool, typer.Option("--wait", help="Stay until every analysis is finished.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="With --wait: seconds for each file.")] = 600.0,
    priority: Annotated[Priority, typer.Option(help="How soon it is needed.")] = Priority.URGENT,
    as_one: Annotated[
        bool, typer.Option("--as-one", help="The files are pictures of one document's pages, in this order.")
    ] = False,
    languages: Annotated[str, typer.Option(help="Tesseract codes for scanned pages, commas between.")] = "eng",
    ocr: Annotated[bool, typer.Option(help="Read scanned pages.")] = True,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Hand in PDFs and pictures of paper forms. With --wait, follow them until their forms are ready."""
    screen = Screen.make()
    codes = [EXIT_OK]
    with asking(server, api_key) as client, _telling(screen, as_json) as tell, _bars(screen) as bars:
        taken: list[tuple[Analysis, TaskID]] = []
        for file, *further in [files] if as_one else [[file] for file in files]:
            bar = bars.add_task(file.name, total=1.0, stage="uploading")
            try:
                analysis = client.submit(
                    [file, *further], priority=priority, languages=[one for one in languages.split(",") if one], ocr=ocr
                )
            except ProblemError as error:
                bars.update(bar, stage="refused")
                codes.append(_refused(screen, file, error, as_json))
                continue
            bars.update(bar, stage=analysis.stage)
            taken.append((analysis, bar))
            if not wait:
                tell(analysis)
        for analysis, bar in taken if wait else ():
            done = _follow(client, bars, analysis, bar, timeout)
            tell(done)
            codes.append(EXIT_INPUT if done.status in {State.FAILED, State.CANCELLED} else EXIT_OK)
    raise typer.Exit(max(codes))


def _refused(screen: Screen, file: Path, error: ProblemError, as_json: bool) -> int:
    screen.complain(f"{file}: {error}")
    if as_json:
        detail = {"code": error.problem_code, "message": error.detail}
        line = {"id": None, "file": file.name, "status": "failed", "error": detail}
        screen.out.out(json.dumps(line), highlight=False)
    return exit_code_of(error)


def _bars(screen: Screen) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[stage]}", markup=False),
        TimeElapsedColumn(),
        console=screen.err,
        disable=not screen.err.is_terminal,
    )


@contextmanager
def _telling(screen: Screen, as_json: bool) -> Iterator[Callable[[Analysis], None]]:
    """Tells each analysis at once; on a terminal after the bars, which would be written over otherwise."""
    later: list[Analysis] = []

    def now(analysis: Analysis) -> None:
        _tell(screen, analysis, as_json)

    try:
        yield later.append if screen.out.is_terminal and screen.err.is_terminal else now
    finally:
        for analysis in later:
            now(analysis)


def _follow(client: Client, bars: Progress, analysis: Analysis, bar: TaskID, timeout: float) -> Analysis:
    """Watch one analysis to its end. The progress shown is the server's."""
    ends = datetime.now(UTC).timestamp() + timeout
    while not analysis.finished:
        left = ends - datetime.now(UTC).timestamp()
        if left <= 0:
            raise TimeoutError(f"{analysis.id} is not finished after {timeout:g} s. It goes on; ask with `show`.")
        try:
            analysis = client.wait(analysis.id, min(1.0, left))
        except TimeoutError:
            analysis = client.get(analysis.id)
        bars.update(bar, completed=analysis.progress.fraction, stage=_at(analysis))
    bars.update(bar, completed=1.0, stage=analysis.status.replace("_", " "))
    return analysis


def _at(analysis: Analysis) -> str:
    return "paused by the operator" if analysis.paused else analysis.stage.replace("_", " ")


def _state(analysis: Analysis) -> str:
    return "paused by the operator" if analysis.paused else analysis.status.replace("_", " ")


def _tell(screen: Screen, analysis: Analysis, as_json: bool) -> None:
    if as_json:
        screen.data(analysis)
        return
    found = "" if analysis.fields_found is None else f"  {analysis.fields_found} fields"
    flagged = f", {analysis.fields_flagged} to look at" if analysis.fields_flagged else ""
    why = f"  {analysis.error.message}" if analysis.error else ""
    screen.out.print(
        f"{analysis.id}  {analysis.file or ''}  {_state(analysis)}{found}{flagged}{why}",
        markup=False,
        soft_wrap=True,
    )


def list_analyses(
    status: Annotated[list[State] | None, typer.Option(help="Only these states; repeatable.")] = None,
    priority: Annotated[Priority | None, typer.Option(help="Only this class.")] = None,
    batch: Annotated[str | None, typer.Option(help="Only this batch.")] = None,
    needs_review: Annotated[bool | None, typer.Option(help="Only those that need a look, or that need none.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """Analyses, newest first."""
    screen = Screen.make()
    table = Table(
        Column("id", no_wrap=True, min_width=29),
        "file",
        "status",
        "pages",
        "fields",
        "to look at",
        "age",
        box=None,
        pad_edge=False,
    )
    with asking(server, api_key) as client:
        states = [one.value for one in status or ()]
        found = client.list(status=states, priority=priority, batch_id=batch, needs_review=needs_review)
        for _, analysis in zip(range(limit), found, strict=False):
            if as_json:
                screen.data(analysis)
            else:
                table.add_row(*_row(analysis))
    if not as_json:
        screen.out.print(table if table.row_count else "No analyses. Hand in one with `procession submit FILE`.")


def _row(analysis: Analysis) -> tuple[str, ...]:
    pages = analysis.progress
    counts = (analysis.fields_found, analysis.fields_flagged)
    return (
        analysis.id,
        analysis.file or "",
        _state(analysis),
        f"{pages.pages_done}/{pages.pages_total}" if pages.pages_total else "",
        *("" if count is None else str(count) for count in counts),
        age(analysis.created_at),
    )


def age(since: datetime, now: datetime | None = None) -> str:
    """In the largest unit that is at least one: `12 s`, `3 min`, `5 h`, `2 d`."""
    seconds = max(0, int(((now or datetime.now(UTC)) - since).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def show(
    analysis_id: AnalysisId,
    filled: Annotated[
        Path | None,
        typer.Option("--filled", metavar="OUT.pdf", help="Write the document with its reviewed values here."),
    ] = None,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="With --filled: values as page content, no field can be edited.")
    ] = False,
    as_json: AsJson = False,
    server: Server = DEFAULT_SERVER,
    api_key: ApiKey = None,
) -> None:
    """One analysis, and on request its document with the values written in; exit code 2 when it failed."""
    screen = Screen.make()
    with asking(server, api_key) as client:
        analysis = client.get(analysis_id)
        copy = client.filled(analysis_id, flatten=flatten) if filled is not None else None
    if filled is not None and copy is not None:
        keep(screen, filled, copy.content, copy.notes)
    if as_json:
        screen.data(analysis)
    else:
        table = Table(show_header=False, box=None, pad_edge=False)
        for name, value in analysis.model_dump(mode="json").items():
            if value not in (None, False, ""):
                table.add_row(name.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        screen.out.print(table)
    raise typer.Exit(EXIT_INPUT if analysis.status == State.FAILED else EXIT_OK)


def keep(screen: Screen, path: Path, content: bytes, notes: Sequence[str]) -> None:
    """Write a file and say what to know about it."""
    try:
        path.write_bytes(content)
    except OSError as error:
        screen.complain(f"{path} cannot be written: {error.strerror}.")
        raise typer.Exit(EXIT_INPUT) from None
    for note in notes:
        screen.err.print(note, markup=False, soft_wrap=True)


def cancel(
    analysis_id: AnalysisId, as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None
) -> None:
    """Stop an analysis that is waiting or running."""
    _change(server, api_key, as_json, lambda client: client.cancel(analysis_id))


def retry(
    analysis_id: AnalysisId, as_json: AsJson = False, server: Server = DEFAULT_SERVER, api_key: ApiKey = None
) -> None:
    """Analyse a failed document again."""
    _change(server, api_key, as_json, lambda client: client.retry(analysis_id))


def _change(server: str, api_key: str | None, as_json: bool, change: Callable[[Client], Analysis]) -> None:
    with asking(server, api_key) as client:
        _tell(Screen.make(), change(client), as_json)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command()(submit)
    app.command("list")(list_analyses)
    app.command()(show)
    app.command()(cancel)
    app.command()(retry)
