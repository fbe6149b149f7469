"""One claimed analysis in this process, and the ways its step can be made to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection

from procession.domain.analysis import Analysis
from procession.services.templates import Templates
from procession.store import documents
from procession.store.documents import Document


class Stop(StrEnum):
    CANCEL = "cancel"  # somebody asked: end as cancelled
    LOST = "lost"  # the claim is another's: write nothing
    RELEASE = "release"  # drain: give it back


class Job:
    """``stop`` may be called any number of times from the event loop; the first reason stands."""

    def __init__(self, analysis: Analysis, document: Document, *, recalls: bool = False) -> None:
        """``recalls``: there are approved forms that this may be a copy of."""
        self.analysis = analysis
        self.document = document
        self.recalls = recalls
        self.stopped: Stop | None = None
        self.step_or_stop = asyncio.Event()
        """Set when the step ended by itself or is to stop."""

    @property
    def id(self) -> str:
        return self.analysis.id

    @property
    def fence(self) -> int:
        return self.analysis.fence

    def stop(self, reason: Stop) -> None:
        if self.stopped is None:
            self.stopped = reason
            self.step_or_stop.set()

    def step_ended(self, _step: object) -> None:
        self.step_or_stop.set()


def of(conn: Connection, claimed: Sequence[Analysis], templates: Templates) -> list[Job]:
    """What the steps of these claims need to know, read in the claims' own transaction: it saves each of them one."""
    named = documents.by_id(conn, {analysis.document_id for analysis in claimed})
    recalling = templates.wanted_by(conn, claimed)
    return [Job(one, named[one.document_id], recalls=one.id in recalling) for one in claimed]
