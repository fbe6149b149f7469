"""From rows to what an owner sees."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from procession.domain.analysis import TERMINAL, Analysis, State
from procession.domain.clock import Clock
from procession.domain.errors import NotFound
from procession.domain.form import ErrorDetail
from procession.services.vault import Vault, file_name_context
from procession.services.views import AnalysisView, ProgressView
from procession.store import documents

INLINE_NAMES_MAX = 8


def key_ids(conn: Connection, found: Sequence[Analysis]) -> dict[str, str]:
    """Document id -> key id, for the analyses' sealed file names."""
    return documents.key_ids(conn, {analysis.document_id for analysis in found})


async def analysis_views(
    vault: Vault, found: Sequence[Analysis], keys: Mapping[str, str], clock: Clock, paused: Collection[str] = ()
) -> tuple[AnalysisView, ...]:
    """``paused``: ids of those that an operator holds back."""

    def views() -> tuple[AnalysisView, ...]:
        return tuple(
            analysis_view(vault, one, keys.get(one.document_id), clock, paused=one.id in paused) for one in found
        )

    await vault.bring(list(keys.values()))
    return views() if len(found) <= INLINE_NAMES_MAX else await asyncio.to_thread(views)


def analysis_view(
    vault: Vault, analysis: Analysis, key_id: str | None, clock: Clock, *, paused: bool = False
) -> AnalysisView:
    failed = analysis.state is State.FAILED
    return AnalysisView(
        id=analysis.id,
        file=file_name(vault, analysis, key_id),
        status=analysis.state,
        stage=analysis.stage,
        priority=analysis.priority,
        batch_id=analysis.batch_id,
        progress=_progress(analysis),
        fields_found=analysis.fields_found,
        fields_flagged=analysis.fields_flagged,
        confidence=analysis.confidence,
        needs_review=analysis.state is State.REQUIRES_REVIEW,
        degraded=analysis.degraded,
        reused_from=analysis.reused_from,
        template_id=analysis.template_id,
        form_id=analysis.form_id,
        error=ErrorDetail(code=analysis.error_code or "internal", message=analysis.error_message or "")
        if failed
        else None,
        attempts=analysis.attempts,
        cancel_requested=analysis.cancel_requested,
        paused=paused,
        created_at=analysis.created_at,
        deadline=analysis.due_at,
        started_at=analysis.started_at,
        finished_at=analysis.finished_at,
        updated_at=analysis.updated_at,
        version=analysis.version,
        engine_version=analysis.engine_version,
        seconds_left=_seconds_left(analysis, clock),
    )


def file_name(vault: Vault, analysis: Analysis, key_id: str | None) -> str | None:
    """None when the document was erased meanwhile."""
    if key_id is None or not analysis.file_name_sealed:
        return None
    try:
        return vault.open_text(key_id, analysis.file_name_sealed, file_name_context(analysis.id))
    except NotFound:
        return None


def _progress(analysis: Analysis) -> ProgressView:
    if analysis.state in TERMINAL:
        fraction = 1.0
    elif analysis.pages_total:
        fraction = min(1.0, analysis.pages_done / analysis.pages_total)
    else:
        fraction = 0.0
    return ProgressView(pages_done=analysis.pages_done, pages_total=analysis.pages_total, fraction=round(fraction, 4))


def _seconds_left(analysis: Analysis, clock: Clock) -> float | None:
    """At the pace of the pages so far; None while nothing is known."""
    if (
        analysis.state is not State.PROCESSING
        or analysis.parked
        or not analysis.pages_done
        or analysis.started_at is None
    ):
        return None
    spent = (clock() - analysis.started_at).total_seconds()
    left = spent / analysis.pages_done * (analysis.pages_total - analysis.pages_done)
    return round(max(0.0, left), 1)
