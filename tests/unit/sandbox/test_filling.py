"""Copies with answers are made in the child, and what it says of them is not trusted."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace

import pikepdf
import pytest

from procession.domain.errors import DamagedPdf, Internal, PasswordProtected, TooComplex
from procession.domain.form import Field
from procession.domain.paper import FilledPdf, PaperAnswers
from procession.sandbox.client import FILLED_TOO_MUCH, Sandbox
from procession.sandbox.limits import SandboxLimits
from tests.support import documents
from tests.unit.digitize.papers import a_field


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox()
    try:
        yield made
    finally:
        await made.stop()


def answers(*fields: Field) -> PaperAnswers:
    return PaperAnswers(fields or (a_field(value="Zoë Żółcińska"),))


async def test_a_copy_comes_back_as_bytes_with_its_notes(sandbox: Sandbox) -> None:
    given = answers(a_field(value="Anna 花"), a_field(id="b", box=None, value="nowhere"))
    filled = await sandbox.fill(documents.form(), given, pages=1, flatten=True)
    with pikepdf.open(io.BytesIO(filled.pdf)) as pdf:
        assert len(pdf.pages) == 1 + filled.pages_appended == 2
    assert len(filled.notes) == 2


async def test_a_document_that_cannot_be_opened_is_refused_as_in_an_analysis(sandbox: Sandbox) -> None:
    with pytest.raises(PasswordProtected):
        await sandbox.fill(documents.locked(), answers(), pages=1, flatten=False)
    with pytest.raises(DamagedPdf):
        await sandbox.fill(b"%PDF-1.7 rubbish", answers(), pages=1, flatten=False)


async def test_a_copy_larger_than_one_answer_may_be_is_refused() -> None:
    enough = Sandbox(replace(SandboxLimits(), output_bytes_max=200_000))
    little = Sandbox(replace(SandboxLimits(), output_bytes_max=2_000))
    try:
        assert (await enough.fill(documents.form(), answers(), pages=1, flatten=False)).pdf.startswith(b"%PDF-")
        with pytest.raises(TooComplex) as caught:
            await little.fill(documents.form(), answers(), pages=1, flatten=False)
    finally:
        await enough.stop()
        await little.stop()
    assert caught.value.message == FILLED_TOO_MUCH


@pytest.mark.parametrize("said", ["no pdf", "too many notes", "no notes", "a note of control characters"])
async def test_a_child_that_was_taken_over_cannot_pass_on_something_else(taken_over: Sandbox, said: str) -> None:
    asked = PaperAnswers((a_field(label=said),))
    if said == "a note of control characters":
        filled: FilledPdf = await taken_over.fill(b"%PDF-", asked, pages=1, flatten=False)
        assert filled.notes == ("a[31mb",)
        return
    with pytest.raises(Internal):
        await taken_over.fill(b"%PDF-", asked, pages=1, flatten=False)
