"""Answers back on paper: what was reviewed, or what a couple answered, written into the document as it was uploaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import PurePath
from typing import Any, Protocol

from procession.domain.errors import OverCapacity
from procession.domain.form import Field, Form, Source
from procession.domain.paper import FilledPdf, PaperAnswers
from procession.domain.principal import Principal
from procession.services.analyses import Analyses, Reviewed
from procession.services.forms import Forms
from procession.services.foundation import Foundation
from procession.services.views import FilledDocument

FILLS_MAX = 2
"""Copies filled at once; each child may hold a whole document."""
FILLS_WAITING_MAX = 32
"""Copies asked for and not filled yet; past it: over_capacity."""
RETRY_SECONDS = 5
STEM_CHARACTERS_MAX = 120
OTHERS_ANSWERS = "The document was uploaded with answers printed on it; they are still there."


class Fill(Protocol):
    """``Sandbox.fill``."""

    def __call__(self, data: bytes, answers: PaperAnswers, *, pages: int, flatten: bool) -> Awaitable[FilledPdf]: ...


class Papers:
    def __init__(self, foundation: Foundation, analyses: Analyses, forms: Forms, fill: Fill) -> None:
        self._on = foundation
        self._analyses = analyses
        self._forms = forms
        self._fill = fill
        self._slots = asyncio.Semaphore(FILLS_MAX)
        self._asked = 0

    async def of_analysis(self, principal: Principal, analysis_id: str, *, flatten: bool) -> FilledDocument:
        """The values of an analysis as reviewed so far. Raises NotFound, Conflict, OverCapacity, DocumentError."""
        async with self._slot():
            reviewed = await self._analyses.reviewed(principal, analysis_id)
            answers = reviewed_answers(reviewed.found.form, reviewed.form, turns(reviewed))
            return await self._filled(reviewed, answers, flatten, "flattened" if flatten else "filled")

    async def of_response(
        self, principal: Principal, form_id: str, response_id: str, *, flatten: bool
    ) -> FilledDocument:
        """One couple's answers in the form's document. Raises NotFound, Conflict, OverCapacity, DocumentError."""
        async with self._slot():
            analysis_id, definition, response = await self._forms.answered(principal, form_id, response_id)
            reviewed = await self._analyses.reviewed(principal, analysis_id)
            answers = response_answers(reviewed.found.form, definition, response.values, turns(reviewed))
            kind = f"{'flattened' if flatten else 'filled'}-{response.submitted_at:%Y-%m-%d}-{response.id[-6:]}"
            printed = any(is_printed(field) for field in reviewed.found.form.fields)
            return await self._filled(reviewed, answers, flatten, kind, (OTHERS_ANSWERS,) if printed else ())

    async def _filled(
        self, reviewed: Reviewed, answers: PaperAnswers, flatten: bool, kind: str, notes: tuple[str, ...] = ()
    ) -> FilledDocument:
        content = await self._on.vault.get(reviewed.document.blob_ref)
        filled = await self._fill(content, answers, pages=len(reviewed.found.pages), flatten=flatten)
        stem = PurePath(reviewed.file_name).stem[:STEM_CHARACTERS_MAX] or "document"
        return FilledDocument(pdf=filled.pdf, file_name=f"{stem}-{kind}.pdf", notes=notes + filled.notes)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._asked >= FILLS_MAX + FILLS_WAITING_MAX:
            raise OverCapacity("Many filled copies are being made just now. Ask again shortly.", RETRY_SECONDS)
        self._asked += 1
        try:
            async with self._slots:
                yield
        finally:
            self._asked -= 1


def turns(reviewed: Reviewed) -> dict[int, int]:
    return {page.number: page.text_turn for page in reviewed.found.pages if page.text_turn}


def is_printed(field: Field) -> bool:
    """Whether a value the engine found stands on the page itself, where nothing can take it away."""
    return field.source is not Source.WIDGET and field.value not in (None, False, "", [])


def reviewed_answers(found: Form, reviewed: Form, lying: Mapping[int, int]) -> PaperAnswers:
    """What stands on the paper stays as it is printed; what review changed of it goes to the page at the end."""
    before = {field.id: field for field in found.fields}
    fields, taken = [], set()
    for field in reviewed.fields:
        stands = before.get(field.id)
        if stands is not None and field.value == stands.value:
            continue
        rest = _besides(field, stands) if stands is not None and is_printed(stands) else field
        fields.append(rest or field)
        taken |= set() if rest else {field.id}
    return PaperAnswers(tuple(fields), lying, frozenset(taken))


def response_answers(
    found: Form, definition: Form, values: Mapping[str, Any], lying: Mapping[int, int]
) -> PaperAnswers:
    """``values``: field name -> answer. A question that was not answered empties its interactive field."""
    printed = {field.id: field for field in found.fields if is_printed(field)}
    fields, taken = [], set()
    for field in definition.fields:
        answer = values.get(field.name)
        stands = printed.get(field.id)
        if stands is not None and answer in (None, stands.value):
            continue
        if stands is not None:
            taken.add(field.id)
        fields.append(field.model_copy(update={"value": answer}))
    return PaperAnswers(tuple(fields), lying, frozenset(taken))


def _besides(field: Field, stands: Field) -> Field | None:
    """``field`` with the ticks that are not on the paper yet, when it only has more of them."""
    before, now = stands.value, field.value
    if isinstance(before, list) and isinstance(now, list) and set(before) < set(now):
        return field.model_copy(update={"value": [one for one in now if one not in before]})
    return None
