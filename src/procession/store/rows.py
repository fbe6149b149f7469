"""Between rows of ``analyses`` and the domain's ``Analysis``; each change becomes a statement and an event here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, update

from procession.domain.analysis import Analysis, AnalysisOptions, Priority, Stage, State, Trigger, after
from procession.store import journal
from procession.store.dialects import any_of
from procession.store.tables import analyses

COLUMNS = tuple(column for column in analyses.c if column.name != "rung_at")
"""What an ``Analysis`` is made of, in the table's order; ``rung_at`` is the relay's note, not part of the record."""

_NAMES = tuple(column.name for column in COLUMNS)
_AT = {name: place for place, name in enumerate(_NAMES)}
_PRIVATE = frozenset({"file_name_sealed"})
_PUBLIC = tuple(sorted(((place, name) for place, name in enumerate(_NAMES) if name not in _PRIVATE), key=itemgetter(1)))
_IN_ORDER = itemgetter(*(_AT[field.name] for field in fields(Analysis)))
"""A row's values as ``Analysis`` takes them: by place, for half of what names cost."""
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
        languages=tuple(options["languages"]),
        ocr=options["ocr"],
        templates=options.get("templates", True),
        ai=options.get("ai", True),
    )
    return Analysis(*_IN_ORDER(values))


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


def journaled_all(
    conn: Connection, changed: Sequence[Row[Any]], event_type: str, actor: str, now: datetime
) -> list[Analysis]:
    """``journaled`` for the rows of one statement, in one statement."""
    journal.append_all(conn, event_type, [_aggregate(row) for row in changed], actor, None, now)
    return [from_row(row) for row in changed]


def append(conn: Connection, row: Any, event_type: str, actor: str, now: datetime, trace_id: str | None = None) -> None:
    """Journal ``row`` (values in COLUMNS' order): the full post-state of the non-personal columns."""
    journal.append(conn, event_type, _aggregate(row), actor, trace_id, now)


def _aggregate(row: Any) -> journal.Aggregate:
    data: dict[str, Any] = {}
    for place, name in _PUBLIC:
        value = row[place]
        data[name] = value.isoformat() if isinstance(value, datetime) else value
    return journal.Aggregate(
        type="analysis",
        id=data["id"],
        tenant=data["tenant"],
        region=data["region"],
        version=data["version"],
        data=data,
    )


def change(*guards: Any) -> Update:
    """An UPDATE of one analysis (parameters ``id_`` and ``now_``) that raises its version and returns the new row."""
    return _change(analyses.c.id == bindparam("id_"), *guards)


def _change(*conditions: Any) -> Update:
    return (
        update(analyses)
        .where(*conditions)
        .values(version=analyses.c.version + 1, updated_at=bindparam("now_"))
        .returning(*COLUMNS)
    )


def move(source: State, trigger: Trigger, *guards: Any) -> Update:
    """``change`` along one edge of the state machine. Raises ValueError for an edge that is not in the table."""
    return change(analyses.c.state == source.value, *guards).values(state=_target(source, trigger))


def move_held(source: State, trigger: Trigger, *conditions: Any) -> Update:
    """``move`` of several analyses which this transaction holds and knows to be in ``source`` (parameter ``now_``).

    Which ones: ``conditions``, else the parameter ``ids_``.
    """
    which = conditions or (any_of(analyses.c.id, "ids_"),)
    return _change(*which).values(state=_target(source, trigger))


def _target(source: State, trigger: Trigger) -> str:
    target = after(source, trigger)
    if target is None:
        raise ValueError(f"{trigger} is illegal in {source}")
    return target.value
