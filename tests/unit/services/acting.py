"""What happens around the services: an owner who uploads, and a worker that claims and finishes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain.analysis import AnalysisOptions
from procession.domain.form import DigitizedDocument, Field, Form, Option, Page, Section
from procession.domain.principal import Principal
from procession.maintenance.pruner import Pruner
from procession.services.foundation import Foundation
from procession.services.intended import INTENT_MINUTES
from procession.services.views import AnalysisView
from procession.store import claims
from procession.wiring import Application
from procession.worker import job as jobs
from procession.worker.executor import Executor
from procession.worker.job import Job

PDF = b"%PDF-1.7\nthe bytes of a form\n"
BOX = (0.1, 0.1, 0.4, 0.15)


def a_field(number: int, **changes: Any) -> Field:
    made: dict[str, Any] = {
        "id": f"f{number}",
        "page": 1,
        "section": "s1",
        "label": f"Question {number}",
        "name": f"question_{number}",
        "type": "text",
        "box": BOX,
        "confidence": 0.9,
        "source": "graphics",
    }
    return Field.model_validate({**made, **changes})


def a_document(fields: Sequence[Field], **changes: Any) -> DigitizedDocument:
    form = Form(title="Consultation", sections=(Section(id="s1", title="About you", page=1),), fields=tuple(fields))
    pages = (Page(number=1, width=612, height=792),)
    made = DigitizedDocument(pages=pages, form=form, confidence=0.9, needs_review=any(f.needs_review for f in fields))
    return made.model_copy(update=changes)


FIELDS = (
    a_field(1, required=True, type="email", label="E-mail", name="email", value="them@example.com", value_text="them@"),
    a_field(2, type="date", label="Wedding date", name="wedding_date", needs_review=True, review_reason="unsure"),
    a_field(3, type="radio", label="Meal", name="meal", options=(Option(label="Fish"), Option(label="Vegetables"))),
    a_field(4, type="currency", label="Total", name="total", source="text", box=None, value="1500.00"),
)


def later(on: Foundation, minutes: float = INTENT_MINUTES + 1) -> Foundation:
    """The same services, whose clock is ahead: for loops that wait until something is old."""
    return replace(on, clock=lambda: on.clock() + timedelta(minutes=minutes))


async def prune_twice(on: Foundation, minutes: float = INTENT_MINUTES + 1) -> None:
    """A pass now, and one of the same pruner when ``minutes`` have gone by."""
    passed = [0.0]
    pruner = Pruner(replace(on, clock=lambda: on.clock() + timedelta(minutes=passed[0])))
    await pruner.once()
    passed[0] = minutes
    await pruner.once()


@dataclass(frozen=True)
class House:
    app: Application
    owner: Principal

    async def upload(self, content: bytes = PDF, **more: Any) -> AnalysisView:
        given: dict[str, Any] = {"file_name": "anna-and-ben.pdf", "content_type": "application/pdf", **more}
        given.setdefault("options", AnalysisOptions())
        return (await self.app.submissions.submit(self.owner, content=content, **given)).analysis

    async def work(self, analysis_id: str, outcome: DigitizedDocument | BaseException) -> AnalysisView:
        """Claim it and let the engine answer ``outcome``."""

        async def analyze(*_: object) -> DigitizedDocument:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        on = self.app.foundation

        def claim(conn: Connection) -> Job:
            claimed = claims.claim(conn, analysis_id, "test", 60, on.clock())
            assert claimed is not None
            return jobs.of(conn, [claimed], self.app.templates)[0]

        executor = Executor(on, analyze, random.Random(1), self.app.calibrations.apply)
        await executor.run(await on.store.write(claim))
        return await self.app.analyses.get(self.owner, analysis_id)

    async def reviewed_document(self) -> AnalysisView:
        """An analysis that waits for review, with FIELDS."""
        made = await self.upload()
        return await self.work(made.id, a_document(FIELDS))
