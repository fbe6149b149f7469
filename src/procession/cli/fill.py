"""``procession fill``: answers from a JSON file written into a PDF, on this machine, in the sandbox."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from procession.cli.analyze import read_file
from procession.domain.errors import Internal, InvalidRequest, ProcessionError
from procession.domain.form import DigitizedDocument, Form
from procession.domain.paper import FilledPdf
from procession.sandbox.client import ReadingOptions, Sandbox
from procession.sandbox.limits import SandboxLimits
from procession.services import form_schema
from procession.services.form_definition import definition
from procession.services.paper import response_answers
from procession.settings import Settings, load

ANSWERS_BYTES_MAX = 4 * 1024 * 1024


def fill(
    file: Annotated[Path, typer.Argument(metavar="FILE.pdf", help="The form: a PDF or a picture.", show_default=False)],
    answers: Annotated[
        Path, typer.Argument(metavar="ANSWERS.json", help="An object: field names and answers.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where to write the filled PDF.", show_default=False)],
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Answers as page content, no field can be edited.")
    ] = False,
    languages: Annotated[str, typer.Option(help="Languages of scanned pages, for example deu,eng.")] = "eng",
) -> None:
    """Write answers into a PDF on this machine: no server, no set-up.

    Field names are those `procession analyze --json` prints. What to know about the copy is told on stderr. Exit codes:
    0 done; 1 something went wrong on our side; 2 the file or an answer was refused.
    """
    err = Console(stderr=True, highlight=False)
    try:
        settings = load()
        content = read_file(file, settings.upload.upload_bytes_max)
        given = _answers(read_file(answers, ANSWERS_BYTES_MAX))
        filled = asyncio.run(_filled(content, given, settings, languages, flatten))
        out.write_bytes(filled.pdf)
    except OSError as error:
        err.print(f"{out} cannot be written: {error.strerror}.", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(InvalidRequest.exit_code) from None
    except ProcessionError as error:
        err.print(error.message, style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    for note in filled.notes:
        err.print(note, markup=False, soft_wrap=True)


def _answers(content: bytes) -> dict[str, Any]:
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidRequest("The answers are no JSON object of field names and answers.")
    return given


async def _filled(
    content: bytes, given: dict[str, Any], settings: Settings, languages: str, flatten: bool
) -> FilledPdf:
    sandbox = Sandbox(SandboxLimits.of(settings.sandbox))
    reading = ReadingOptions(tuple(languages.split(",")), True, settings.ocr.tessdata, settings.ocr.dpi)
    try:
        document = await _analyzed(sandbox, content, reading)
        asked = definition(document.form)
        values = form_schema.read(asked, given)
        _check(asked, values)
        turns = {page.number: page.text_turn for page in document.pages if page.text_turn}
        written = response_answers(document.form, asked, values, turns)
        return await sandbox.fill(content, written, pages=len(document.pages), flatten=flatten)
    finally:
        await sandbox.stop()


async def _analyzed(sandbox: Sandbox, content: bytes, reading: ReadingOptions) -> DigitizedDocument:
    try:
        return await sandbox.analyze(content, reading)
    except Internal:  # once more: it may have been the machine's fault
        return await sandbox.analyze(content, reading)


def _check(asked: Form, values: dict[str, Any]) -> None:
    """Each answer fits its question; questions may stay open, also those the form requires."""
    open_ones = {field.name for field in asked.fields if field.required and field.name not in values}
    wrong = [one for one in form_schema.problems(asked, values) if one["field"] not in open_ones]
    if wrong:
        raise InvalidRequest("\n".join(f"{one['field']}: {one['message']}" for one in wrong))


def register(app: typer.Typer) -> None:
    app.command()(fill)
