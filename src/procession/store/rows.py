"""Between rows of ``analyses`` and the domain's ``Analysis``; each change becomes a statement and an event here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, update

from procession.domain.analysis import Analysis, AnalysisOptions, Priority, Stage, State, Trigger, after
from procession.store import journal
from procession.store.tables import analyses

COLUMNS = tuple(column for column in analyses.c if column.name != "rung_at")
"""What an ``Analysis`` is made of, in the table's order; ``rung_at`` is the relay's note, not part of the record."""

_NAMES = tuple(column.name for column in COLUMNS)
_AT = {name: place for place, name in enumerate(_NAMES)}
_PRIVATE = frozenset({"file_name_sealed"})
_PUBLIC = tuple((place, name) for place, name in enumerate(_NAMES) if name not in _PRIVATE)
_STATES = {state.value: state for state in State}
_STAGES = {stage.value: stage for stage in Stage}
_PRIORITIES = {priority.value: priority for priority in Priority}
_STATE, _STAGE, _PRIORITY, _OPTIONS = _AT["state"], _AT["stage"], _AT["priority"], _AT["options"]


def from_row(row: Row[Any]) -> Analysis:
    """An ``Analysis`` from a row selected or returned as ``COLUMNS``."""
    values = list(row)
    values[_STATE] = _STATES[values[_STATE]]
    values[_STAGE] = _STAGES[values[_STAGE]]
    values[_PRIORITY] = _PRIORITIES[values[_PRIORITY]]
    options = values[_OPTIONS]
    values[_OPTIONS] = AnalysisOptions(
        languages=tuple(options["languages"]), ocr=options["ocr"], templates=options.get("templates", True)
    )
    return Analysis(**dict(zip(_NAMES, values, strict=True)))


def to_values(analysis: Analysis) -> dict[str, Any]:
    """Column values for an INSERT."""
    values = {name: getattr(analysis, name) for name in _NAMES}
    values["options"] = analysis.options.canonical()
    values["state"], values["stage"] = analysis.state.value, analysis.stage.value
    values["priority"] = analysis.priority.value
    return values


def journaled(
    conn: Connection, row: Row[Any], event_type: str, actor: str, now: datetime, trace_id: str | None = None
) -> Analysis:
    """Append the event of the change that returned ``row``; gives the new state back."""
    append(conn, row, event_type, actor, now, trace_id)
    return from_row(row)


def append(conn: Connection, row: Any, event_type: str, actor: str, now: datetime, trace_id: str | None = None) -> None:
    """Journal ``row`` (values in COLUMNS' order): the full post-state of the non-personal columns."""
    data: dict[str, Any] = {}
    for place, name in _PUBLIC:
        value = row[place]
        data[name] = value.isoformat() if isinstance(value, datetime) else value
    journal.append(
        conn,
        event_type,
        journal.Aggregate(
            type="analysis",
            id=data["id"],
            tenant=data["tenant"],
            region=data["region"],
            version=data["version"],
            data=data,
        ),
        actor,
        trace_id,
        now,
    )


def change(*guards: Any) -> Update:
    """An UPDATE of one analysis (parameters ``id_`` and ``now_``) that raises its version and returns the new row."""
    return (
        update(analyses)
        .where(analyses.c.id == bindparam("id_"), *guards)
        .values(version=analyses.c.version + 1, updated_at=bindparam("now_"))
        .returning(*COLUMNS)
    )


def move(source: State, trigger: Trigger, *guards: Any) -> Update:
    """``change`` along one edge of the state machine. Raises ValueError for an edge that is not in the table."""
    target = after(source, trigger)
    if target is None:
        raise ValueError(f"{trigger} is illegal in {source}")
    return change(analyses.c.state == source.value, *guards).values(state=target.value)
