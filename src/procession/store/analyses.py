"""Analyses: inserted, read, listed, offered to the relay, cancelled, revived, and answered from an equal earlier one.

What a running step writes is in claims.py; reviews and erasure have modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import insert as sql_insert

from procession.domain.ai import RequestState
from procession.domain.analysis import Analysis, AnalysisOptions, Priority, Stage, State, Trigger, deadline
from procession.domain.errors import Conflict, NotFound
from procession.policy.fairness import Ready
from procession.store import ai_requests, controls, rows
from procession.store.canonical import canonical_json
from procession.store.dialects import Hold, by_steps_of_index, hold, in_index_order, is_postgresql
from procession.store.tables import analyses, documents

_INSERT = sql_insert(analyses)
_LIVE = analyses.c.erased_at.is_(None)
_BY_ID = select(*rows.COLUMNS).where(analyses.c.id == bindparam("id_"), _LIVE)
_BY_TENANT_AND_ID = _BY_ID.where(analyses.c.tenant == bindparam("tenant_"))
_DOCUMENT_ALIVE = (  # held on PostgreSQL, so that it is not erased before the analysis refers to it
    select(documents.c.id)
    .where(documents.c.id == bindparam("id_"), documents.c.erased_at.is_(None))
    .with_for_update(read=True)
)
_REUSABLE = (
    select(*rows.COLUMNS)
    .where(
        analyses.c.document_id == bindparam("document_"),
        analyses.c.engine_version == bindparam("engine_"),
        cast(analyses.c.options, Text) == bindparam("options_"),
        analyses.c.state.in_([State.COMPLETED.value, State.REQUIRES_REVIEW.value]),
        analyses.c.result_ref.is_not(None),
        analyses.c.degraded.is_(False),
        _LIVE,
    )
    .order_by(analyses.c.id.desc())
    .limit(1)
)


def insert(conn: Connection, analysis: Analysis, actor: str, trace_id: str | None) -> Analysis:
    """Store a new, pending analysis and journal ``analysis.submitted``.

    Raises Conflict when its document was erased meanwhile, ValueError unless it is pending at version 1.
    """
    if analysis.state is not State.PENDING or analysis.version != 1:
        raise ValueError("a new analysis is pending at version 1")
    if conn.execute(_DOCUMENT_ALIVE, {"id_": analysis.document_id}).first() is None:
        raise Conflict("The document was erased meanwhile. Upload it again.")
    values = rows.to_values(analysis)
    conn.execute(_INSERT, values)
    rows.append(conn, tuple(values.values()), "analysis.submitted", actor, analysis.created_at, trace_id)
    return analysis


def get(conn: Connection, tenant: str, analysis_id: str) -> Analysis | None:
    """The tenant's analysis; None when there is none or it was erased."""
    row = conn.execute(_BY_TENANT_AND_ID, {"id_": analysis_id, "tenant_": tenant}).first()
    return None if row is None else rows.from_row(row)


def get_any(conn: Connection, analysis_id: str) -> Analysis | None:
    """Like ``get`` for parts of the system that serve every tenant."""
    row = conn.execute(_BY_ID, {"id_": analysis_id}).first()
    return None if row is None else rows.from_row(row)


def page(
    conn: Connection,
    tenant: str,
    *,
    states: Sequence[State] = (),
    priority: Priority | None = None,
    batch_id: str | None = None,
    flagged: bool | None = None,
    before_id: str | None = None,
    limit: int = 50,
) -> list[Analysis]:
    """Newest first: at most ``limit`` older than ``before_id``. ``flagged``: with (or without) fields to review."""
    query = select(*rows.COLUMNS).where(analyses.c.tenant == tenant, _LIVE)
    if states:
        query = query.where(analyses.c.state.in_([state.value for state in states]))
    if priority is not None:
        query = query.where(analyses.c.priority == priority.value)
    if batch_id is not None:
        query = query.where(analyses.c.batch_id == batch_id)
    if flagged is not None:
        query = query.where(analyses.c.fields_flagged > 0 if flagged else analyses.c.fields_flagged == 0)
    if before_id is not None:
        query = query.where(analyses.c.id < before_id)
    if batch_id is None and len(states) <= 1:  # several states, or a batch, are few rows and must be sorted
        in_index_order(conn)
    return [rows.from_row(row) for row in conn.execute(query.order_by(analyses.c.id.desc()).limit(limit))]


# --- the same bytes again ---------------------------------------------------------------------------------------------


def reusable(conn: Connection, document_id: str, engine_version: str, options: AnalysisOptions) -> Analysis | None:
    """The newest finished analysis of the same document with equal engine version and options, not degraded."""
    row = conn.execute(
        _REUSABLE,
        {"document_": document_id, "engine_": engine_version, "options_": canonical_json(options.canonical())},
    ).first()
    return None if row is None else rows.from_row(row)


def _reuse(trigger: Trigger) -> Any:
    names = (
        *("result_ref", "result_digest", "fields_found", "fields_flagged", "confidence", "pages_total"),
        "template_id",
    )
    return rows.move(State.PENDING, trigger).values(
        stage=Stage.DONE.value,
        pages_done=bindparam("pages_total_"),
        reused_from=bindparam("source_"),
        finished_at=bindparam("now_"),
        **{name: bindparam(f"{name}_") for name in names},
    )


_REUSE = {trigger: _reuse(trigger) for trigger in (Trigger.COMPLETED, Trigger.REVIEW_REQUIRED)}


def reuse(
    conn: Connection, analysis_id: str, source: Analysis, actor: str, trace_id: str | None, now: datetime
) -> Analysis:
    """Finish a pending analysis at once with ``source``'s result. Raises Conflict when it is pending no longer.

    Corrections are not taken over: they were one reviewer's answer to one upload. So what the source flagged waits for
    review again, whatever became of the source.
    """
    trigger = Trigger.REVIEW_REQUIRED if source.fields_flagged else Trigger.COMPLETED
    row = conn.execute(
        _REUSE[trigger],
        {
            "id_": analysis_id,
            "now_": now,
            "source_": source.id,
            "result_ref_": source.result_ref,
            "result_digest_": source.result_digest,
            "fields_found_": source.fields_found,
            "fields_flagged_": source.fields_flagged,
            "confidence_": source.confidence,
            "pages_total_": source.pages_total,
            "template_id_": source.template_id,
        },
    ).first()
    if row is None:
        raise Conflict
    return rows.journaled(conn, row, f"analysis.{trigger.value}", actor, now, trace_id)


# --- what may run next ------------------------------------------------------------------------------------------------

# Literal, not bound: SQLite uses a partial index only when the statement itself proves the index's condition.
_PENDING = literal_column("analyses.state") == literal_column("'pending'")
_pairs = select(analyses.c.priority, analyses.c.tenant).where(_PENDING).distinct().subquery("pairs")
_inner = analyses.alias("waiting")
_HEAD = tuple(analyses.c[name] for name in ("id", "tenant", "priority", "run_at", "created_at", "deadline_at"))
_heads = (
    select(_inner.c.id)
    .where(
        literal_column("waiting.state") == literal_column("'pending'"),
        _inner.c.priority == _pairs.c.priority,
        _inner.c.tenant == _pairs.c.tenant,
        _inner.c.run_at <= bindparam("now_"),
    )
    .order_by(_inner.c.run_at, _inner.c.id)
    .limit(bindparam("per_tenant_"))
    .correlate(_pairs)
)
_RESUMED = controls.resumed(_pairs.c.priority, _pairs.c.tenant)
_RUNNING_MAX = controls.running_max(_pairs.c.tenant).label("running_max")


def _by_turn(heads: FromClause) -> tuple[ColumnElement[Any], ...]:
    """Each tenant's first of each class before anybody's second, what is due first first: a limit cuts off turns, and
    no tenant that came late."""
    of = (heads.c.priority, heads.c.tenant)
    turn = func.row_number().over(partition_by=of, order_by=(heads.c.run_at, heads.c.id))
    return turn, func.coalesce(heads.c.deadline_at, heads.c.run_at), heads.c.id


_READY_HEADS = (
    select(*_HEAD, _RUNNING_MAX)
    .select_from(_pairs.join(analyses, analyses.c.id.in_(_heads)))
    .where(_RESUMED)
    .order_by(*_by_turn(analyses))
    .limit(bindparam("limit_"))
)
_IN_FLIGHT = select(analyses.c.tenant).where(
    literal_column("analyses.state") == literal_column("'processing'"), analyses.c.lease_expires_at.is_not(None)
)
_MARK_RUNG = (
    update(analyses)
    .where(analyses.c.id.in_(bindparam("ids_", expanding=True)), _PENDING)
    .values(rung_at=bindparam("now_"))
)


def _walked() -> CTE:
    """Class and tenant of what waits, each found by one step down the index from the one before: to PostgreSQL
    DISTINCT means to read everything that waits.
    """
    pair = (analyses.c.priority, analyses.c.tenant)
    in_order = select(*pair).where(_PENDING).order_by(*pair).limit(1)
    pairs = select(in_order.subquery("first")).cte("pairs_walked", recursive=True)
    following = in_order.where(tuple_(*pair) > tuple_(pairs.c.priority, pairs.c.tenant)).lateral("following")
    return pairs.union_all(select(following).select_from(pairs.join(following, true())))


# SQLite knows no LATERAL; PostgreSQL would look at every pair of a row and a class without it.
_pairs_walked = _walked()
_waiting = (
    select(*_HEAD)
    .where(
        _PENDING,
        analyses.c.priority == _pairs_walked.c.priority,
        analyses.c.tenant == _pairs_walked.c.tenant,
        analyses.c.run_at <= bindparam("now_"),
    )
    .order_by(analyses.c.run_at, analyses.c.id)
    .limit(bindparam("per_tenant_"))
    .lateral("heads")
)
_READY_HEADS_POSTGRESQL = (
    select(_waiting, controls.running_max(_pairs_walked.c.tenant).label("running_max"))
    .select_from(_pairs_walked.join(_waiting, true()))
    .where(controls.resumed(_pairs_walked.c.priority, _pairs_walked.c.tenant))
    .order_by(*_by_turn(_waiting))
    .limit(bindparam("limit_"))
)


def ready_heads(conn: Connection, now: datetime, per_tenant: int, limit: int) -> list[Ready]:
    """The oldest ready analyses, oldest first: at most ``per_tenant`` of each tenant and class; of paused classes and
    tenants none. ``limit`` in all: then fewer of each, those first that are due first.

    Cost grows with tenants, not with what one of them has waiting (a covering index scan apart).
    """
    by_steps_of_index(conn)
    statement = _READY_HEADS_POSTGRESQL if is_postgresql(conn) else _READY_HEADS
    heads = conn.execute(statement, {"now_": now, "per_tenant_": per_tenant, "limit_": limit}).all()
    if not heads:
        return []
    in_flight: dict[str, int] = {}
    for (tenant,) in conn.execute(_IN_FLIGHT):
        in_flight[tenant] = in_flight.get(tenant, 0) + 1
    return [
        Ready(
            id=row.id,
            tenant=row.tenant,
            priority=Priority(row.priority),
            run_at=row.run_at,
            in_flight=in_flight.get(row.tenant, 0),
            running_max=row.running_max,
            due_at=row.deadline_at or deadline(row.created_at, Priority(row.priority)),
        )
        for row in sorted(heads, key=lambda row: (row.run_at, row.id))
    ]


def mark_rung(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """Note when the bell was rung for these; no event, for nothing about the record changed."""
    if ids:
        conn.execute(_MARK_RUNG, {"ids_": list(ids), "now_": now})


# --- by a person's hand -----------------------------------------------------------------------------------------------

_OF_TENANT = analyses.c.tenant == bindparam("tenant_")
_CANCEL_PENDING = rows.move(State.PENDING, Trigger.CANCELLED, _OF_TENANT, _LIVE).values(finished_at=bindparam("now_"))
_CANCEL_RUNNING = rows.change(
    analyses.c.state == State.PROCESSING.value,
    analyses.c.lease_expires_at.is_not(None),
    analyses.c.cancel_requested.is_(False),
    _OF_TENANT,
    _LIVE,
).values(cancel_requested=True)
_CANCEL_PARKED = rows.move(
    State.PROCESSING, Trigger.CANCELLED, analyses.c.lease_expires_at.is_(None), _OF_TENANT, _LIVE
).values(finished_at=bindparam("now_"))
_REVIVE = rows.move(State.FAILED, Trigger.REVIVED, _OF_TENANT, _LIVE).values(
    stage=Stage.UPLOADED.value,
    pages_done=0,
    attempts=0,
    run_at=bindparam("now_"),
    rung_at=None,
    finished_at=None,
    cancel_requested=False,
    error_code=None,
    error_message=None,
    buried_at=None,
    deadline_at=case(
        *((analyses.c.priority == priority.value, bindparam(f"due_{priority.value}_")) for priority in Priority)
    ),
)


def request_cancel(
    conn: Connection, tenant: str, analysis_id: str, actor: str, now: datetime, trace_id: str | None = None
) -> Analysis:
    """Pending, or waiting for an AI provider: cancelled at once. Running: ``cancel_requested``, and the first commit
    wins; asking twice is harmless.

    Raises NotFound, and Conflict when the analysis has ended.
    """
    found = {"id_": analysis_id, "tenant_": tenant, "now_": now}
    hold(conn, analyses, analysis_id, Hold.ALONE)  # it stays in the state the statements below find it in
    if (row := conn.execute(_CANCEL_PENDING, found).first()) is not None:
        return rows.journaled(conn, row, "analysis.cancelled", actor, now, trace_id)
    if (row := conn.execute(_CANCEL_RUNNING, found).first()) is not None:
        return rows.journaled(conn, row, "analysis.cancel_requested", actor, now, trace_id)
    if (row := conn.execute(_CANCEL_PARKED, found).first()) is not None:
        ai_requests.end_of_analysis(conn, analysis_id, RequestState.CANCELLED, "the analysis was cancelled", now)
        return rows.journaled(conn, row, "analysis.cancelled", actor, now, trace_id)
    current = require(conn, tenant, analysis_id)
    if current.state is State.PROCESSING:
        return current
    raise Conflict(f"This analysis is {current.state.value}: there is nothing left to cancel.")


def revive(
    conn: Connection, tenant: str, analysis_id: str, actor: str, now: datetime, trace_id: str | None = None
) -> Analysis:
    """A failed analysis waits again, its attempts counted from zero, its deadline from now.

    Raises NotFound, Conflict unless it has failed.
    """
    due = {f"due_{priority.value}_": deadline(now, priority) for priority in Priority}
    row = conn.execute(_REVIVE, {"id_": analysis_id, "tenant_": tenant, "now_": now} | due).first()
    if row is not None:
        return rows.journaled(conn, row, "analysis.revived", actor, now, trace_id)
    current = require(conn, tenant, analysis_id)
    raise Conflict(f"This analysis is {current.state.value}: only a failed one can be retried.")


def require(conn: Connection, tenant: str, analysis_id: str) -> Analysis:
    """``get`` that raises NotFound."""
    found = get(conn, tenant, analysis_id)
    if found is None:
        raise NotFound
    return found
