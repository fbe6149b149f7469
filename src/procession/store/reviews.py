"""What a reviewer's corrections change in the record; the corrections themselves are an encrypted object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam

from procession.domain.analysis import Analysis, State, Trigger
from procession.domain.errors import Conflict, PreconditionFailed
from procession.store import rows
from procession.store.analyses import require
from procession.store.tables import analyses


@dataclass(frozen=True, slots=True)
class ReviewCounts:
    """After the corrections: fields of the form, and those that still wait for a decision."""

    fields_found: int
    fields_flagged: int


_UNCHANGED = (analyses.c.version == bindparam("version_"), analyses.c.erased_at.is_(None))
_VALUES: dict[str, Any] = {
    "review_ref": bindparam("review_ref_"),
    "form_id": bindparam("form_id_"),
    "fields_found": bindparam("found_"),
    "fields_flagged": bindparam("flagged_"),
}
_REVIEWED = rows.change(*_UNCHANGED).values(**_VALUES)
_APPROVED = rows.move(State.REQUIRES_REVIEW, Trigger.APPROVED, *_UNCHANGED).values(**_VALUES)


def apply_review(
    conn: Connection,
    tenant: str,
    analysis_id: str,
    expected_version: int | None,
    review_ref: str,
    counts: ReviewCounts,
    finish: bool,
    form_id: str | None,
    actor: str,
    now: datetime,
    trace_id: str | None = None,
) -> Analysis:
    """Point the analysis at the corrections; with ``finish`` it is completed and names its form.

    A completed analysis without a form can be reviewed and finished too (the machine was sure, a person looks anyway).
    Raises NotFound; PreconditionFailed when the version is not ``expected_version``; Conflict while it is not finished,
    when it failed or was cancelled, or when its form exists already.
    """
    current = require(conn, tenant, analysis_id)
    if expected_version is not None and current.version != expected_version:
        raise PreconditionFailed
    if current.state not in (State.REQUIRES_REVIEW, State.COMPLETED):
        raise Conflict(f"This analysis is {current.state.value}: there is nothing to review.")
    if current.form_id is not None:
        raise Conflict("This analysis was approved already and its form is live.")
    approves = finish and current.state is State.REQUIRES_REVIEW
    row = conn.execute(
        _APPROVED if approves else _REVIEWED,
        {
            "id_": analysis_id,
            "version_": current.version,
            "review_ref_": review_ref,
            "form_id_": form_id if finish else None,
            "found_": counts.fields_found,
            "flagged_": counts.fields_flagged,
            "now_": now,
        },
    ).first()
    if row is None:
        raise PreconditionFailed
    return rows.journaled(conn, row, "analysis.approved" if approves else "analysis.reviewed", actor, now, trace_id)
