"""What finished reviews say about the version of a model that read the document."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from procession.domain.ai import RequestState
from procession.domain.form import Form, Source
from procession.domain.model import Evidence, Observation
from procession.services.model_registry import observed
from procession.services.results import Decision
from procession.store import ai_requests


def attribute(conn: Connection, analysis_id: str, found: Form, decisions: Mapping[str, Decision]) -> None:
    """Count the values an AI provider read, in the transaction that finishes the review, so that each counts once."""
    fields, right = judged(found, decisions)
    if not fields:
        return
    asked = [one for one in ai_requests.of_analysis(conn, analysis_id) if one.state is RequestState.FINISHED]
    route = asked[-1].route if asked else None
    if route is not None and route.version_id is not None:
        observed(conn, route.version_id, Observation(Evidence.REVIEW, fields, right), analysis_id)


def judged(found: Form, decisions: Mapping[str, Decision]) -> tuple[int, int]:
    """(values an AI provider read, those a person left as they were)."""
    read = [field for field in found.fields if field.source is Source.AI]
    wrong = 0
    for field in read:
        made = decisions.get(field.id)
        if made is None:
            continue
        given = field.model_dump(mode="json")["value"]
        wrong += made.action == "reject" or made.changes.get("value", given) != given
    return len(read), len(read) - wrong
