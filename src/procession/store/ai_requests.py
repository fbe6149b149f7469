"""Questions to AI providers: kept, offered, sent, answered, ended.

Invariant: a question has at most one call whose answer counts, the one its row names. Every write of who asks names
that call, so what an earlier call brings late is settled and changes nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Update, bindparam, func, insert, literal_column, select, update

from procession.domain.ai import AiRequest, RequestState, Route, Try, call_id, tries
from procession.domain.analysis import Priority
from procession.domain.usage import Tier
from procession.store.ai_tables import ai_requests
from procession.store.dialects import insert_if_absent
from procession.store.tables import deletions

_C = ai_requests.c
_COLUMNS = tuple(ai_requests.c)
# Literal, not bound: SQLite uses a partial index only when the statement itself proves the index's condition.
_STATE: ColumnElement[str] = literal_column("ai_requests.state")
_ASKABLE = _STATE.in_([literal_column("'waiting'"), literal_column("'deferred'")])
_SENT: ColumnElement[bool] = literal_column("'sent'") == _STATE
_UNENDED = _STATE.in_([literal_column(f"'{state}'") for state in ("waiting", "sent", "answered", "deferred")])


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that begin alike and may be asked. ``ready_at``: of the first."""

    prefix_key: str
    count: int
    ready_at: datetime


def insert_new(conn: Connection, request: AiRequest) -> None:
    conn.execute(insert(ai_requests), _values(request))


def get(conn: Connection, request_id: str) -> AiRequest | None:
    row = conn.execute(select(*_COLUMNS).where(_C.id == request_id)).first()
    return None if row is None else from_row(row)


def of_analysis(conn: Connection, analysis_id: str) -> list[AiRequest]:
    """Oldest first."""
    found = conn.execute(select(*_COLUMNS).where(_C.analysis_id == analysis_id).order_by(_C.id))
    return [from_row(row) for row in found]


def asked_last(conn: Connection, tenant: str | None, limit: int) -> list[str]:
    """Analyses a provider answered about, the newest of each document, newest first; ``tenant`` None: of all."""
    newest = func.max(_C.id)
    asked = select(func.max(_C.analysis_id)).where(literal_column("'finished'") == _STATE, _C.calls > 0)
    asked = asked if tenant is None else asked.where(_C.tenant == tenant)
    return list(conn.execute(asked.group_by(_C.document_id).order_by(newest.desc()).limit(limit)).scalars())


# --- what may be asked ------------------------------------------------------------------------------------------------

_GROUPS = select(_C.prefix_key, func.count().label("count"), func.min(_C.ready_at).label("ready_at")).where(_ASKABLE)
_IN_GROUPS = (
    select(*_COLUMNS)
    .where(_ASKABLE, _C.prefix_key.in_(bindparam("keys_", expanding=True)))
    .order_by(_C.due_at, _C.id)
    .limit(bindparam("limit_"))
)
_DUE_OR_FIRST_PASS = (_C.ready_at <= bindparam("now_")) | (_C.deferred_at.is_(None) & (_C.calls == 0))


def groups(conn: Connection) -> list[Group]:
    """Everything that may be asked, by how it begins. ``ready_at`` may be in the future."""
    return [Group(*row) for row in conn.execute(_GROUPS.group_by(_C.prefix_key))]


def in_groups(conn: Connection, prefix_keys: Sequence[str], now: datetime, limit: int) -> list[AiRequest]:
    """Those that go when these groups are closed, what is due first first: every one whose time has come, and those
    that only wait for company. What waits for a provider's sake waits on.
    """
    if not prefix_keys:
        return []
    found = conn.execute(
        _IN_GROUPS.where(_DUE_OR_FIRST_PASS), {"keys_": list(prefix_keys), "limit_": limit, "now_": now}
    )
    return [from_row(row) for row in found]


_POSTPONE = (
    update(ai_requests)
    .where(_C.id == bindparam("id_"), _ASKABLE)
    .values(ready_at=bindparam("ready_"), updated_at=bindparam("now_"), reason=bindparam("reason_"))
)


def postpone(conn: Connection, request_id: str, until: datetime, reason: str, now: datetime) -> None:
    """It is not asked before ``until``; nothing happens when it is not waiting any more."""
    conn.execute(_POSTPONE, {"id_": request_id, "ready_": until, "reason_": reason[:200], "now_": now})


# --- a call -----------------------------------------------------------------------------------------------------------

_SEND = (
    update(ai_requests)
    .where(_C.id == bindparam("id_"), _ASKABLE, _C.calls == bindparam("calls_"))
    .values(
        state=RequestState.SENT.value,
        calls=_C.calls + 1,
        call_id=bindparam("call_"),
        owner=bindparam("owner_"),
        provider=bindparam("provider_"),
        model=bindparam("model_"),
        tier=bindparam("tier_"),
        version_id=bindparam("version_"),
        sent_at=bindparam("now_"),
        updated_at=bindparam("now_"),
        reason=None,
    )
)


def send(conn: Connection, request: AiRequest, route: Route, owner: str, now: datetime) -> str | None:
    """``owner`` asks it there, under the call id this returns. None when somebody else does, or nobody may any more."""
    call = call_id(request.id, request.calls + 1)
    sent = conn.execute(
        _SEND,
        {
            "id_": request.id,
            "calls_": request.calls,
            "call_": call,
            "owner_": owner,
            "provider_": route.provider,
            "model_": route.model,
            "tier_": route.tier.value,
            "version_": route.version_id,
            "now_": now,
        },
    )
    return call if sent.rowcount == 1 else None


def _of_call(*guards: Any) -> Update:
    return update(ai_requests).where(_C.id == bindparam("id_"), _C.call_id == bindparam("call_"), *guards)


_ANSWER = _of_call(_SENT).values(
    state=RequestState.ANSWERED.value, answer_ref=bindparam("ref_"), updated_at=bindparam("now_")
)
_BACK = _of_call(_SENT).values(
    state=bindparam("state_"),
    owner=None,
    tried=bindparam("tried_", type_=_C.tried.type),
    ready_at=bindparam("ready_"),
    updated_at=bindparam("now_"),
    reason=bindparam("reason_"),
)
_ADOPT = (
    _of_call(_STATE.in_([literal_column("'sent'"), literal_column("'answered'")]))
    .where(_C.owner == bindparam("from_"))
    .values(owner=bindparam("owner_"), updated_at=bindparam("now_"))
)


def answered(conn: Connection, request: AiRequest, call: str, answer_ref: str, now: datetime) -> bool:
    """The answer of the call in flight is kept. False when that call does not count (any more)."""
    values = {"id_": request.id, "call_": call, "ref_": answer_ref, "now_": now}
    return conn.execute(_ANSWER, values).rowcount == 1


def back(
    conn: Connection, request: AiRequest, call: str, why: Try | None, ready_at: datetime, reason: str, now: datetime
) -> bool:
    """The call gave no answer: it may be asked again from ``ready_at``. ``why``: held against the provider, or not.

    False when that call does not count (any more).
    """
    tried = [one.told() for one in (*request.tried, *((why,) if why is not None else ()))]
    state = RequestState.DEFERRED if request.second_pass else RequestState.WAITING
    values = {
        "id_": request.id,
        "call_": call,
        "state_": state.value,
        "tried_": tried,
        "ready_": ready_at,
        "reason_": reason[:200],
        "now_": now,
    }
    return conn.execute(_BACK, values).rowcount == 1


_HELD = select(*_COLUMNS).where(_STATE.in_([literal_column("'sent'"), literal_column("'answered'")]))


def orphans(conn: Connection, alive: Sequence[str], limit: int) -> list[AiRequest]:
    """Questions whose call, or whose answer, a process had that is gone."""
    found = conn.execute(_HELD.where(_C.owner.not_in(list(alive))).order_by(_C.due_at, _C.id).limit(limit))
    return [from_row(row) for row in found]


def adopt(conn: Connection, request: AiRequest, owner: str, now: datetime) -> bool:
    """``owner`` looks after an orphan's call from now on. False when another was quicker."""
    values = {"id_": request.id, "call_": request.call_id, "from_": request.owner, "owner_": owner, "now_": now}
    return conn.execute(_ADOPT, values).rowcount == 1


_LEFT = (
    select(*_COLUMNS)
    .where(_UNENDED, _C.ready_at <= bindparam("before_"), _C.updated_at <= bindparam("before_"))
    .order_by(_C.due_at, _C.id)
    .limit(bindparam("limit_"))
)


def left(conn: Connection, before: datetime, limit: int) -> list[AiRequest]:
    """Questions that nobody touched since ``before``, though they might have been asked; what is due first first."""
    return [from_row(row) for row in conn.execute(_LEFT, {"before_": before, "limit_": limit})]


# --- ends -------------------------------------------------------------------------------------------------------------

_END = (
    update(ai_requests)
    .where(_C.id == bindparam("id_"), _UNENDED)
    .values(state=bindparam("state_"), owner=None, updated_at=bindparam("now_"), reason=bindparam("reason_"))
    .returning(*_COLUMNS)
)
_DEFER = (
    update(ai_requests)
    .where(_C.id == bindparam("id_"), _STATE.in_([literal_column("'waiting'"), literal_column("'answered'")]))
    .values(
        state=RequestState.DEFERRED.value,
        deferred_at=bindparam("now_"),
        ready_at=bindparam("ready_"),
        fence=bindparam("fence_"),
        owner=None,
        tried=bindparam("tried_", type_=_C.tried.type),
        updated_at=bindparam("now_"),
        reason=bindparam("reason_"),
    )
)
_CANCEL = (
    update(ai_requests)
    .where(_C.analysis_id == bindparam("analysis_"), _UNENDED)
    .values(state=bindparam("state_"), updated_at=bindparam("now_"), reason=bindparam("reason_"))
    .returning(*_COLUMNS)
)


def end(conn: Connection, request_id: str, state: RequestState, reason: str | None, now: datetime) -> AiRequest | None:
    """For good: finished, abandoned; its objects are deleted. None when it had ended before."""
    values = {"id_": request_id, "state_": state.value, "reason_": reason and reason[:200], "now_": now}
    row = conn.execute(_END, values).first()
    return None if row is None else _ended(conn, [from_row(row)])[0]


def defer(conn: Connection, request: AiRequest, ready_at: datetime, reason: str, now: datetime) -> bool:
    """The local result is given now (in the same transaction); from ``ready_at`` it is asked for a second pass."""
    values = {
        "id_": request.id,
        "ready_": ready_at,
        "fence_": request.fence,
        "tried_": [],
        "reason_": reason[:200],
        "now_": now,
    }
    return conn.execute(_DEFER, values).rowcount == 1


def end_of_analysis(
    conn: Connection, analysis_id: str, state: RequestState, reason: str, now: datetime
) -> list[AiRequest]:
    """Nothing more comes of it: the analysis was cancelled or erased. Calls in flight are settled all the same."""
    values = {"analysis_": analysis_id, "state_": state.value, "reason_": reason, "now_": now}
    return _ended(conn, [from_row(row) for row in conn.execute(_CANCEL, values)])


def _ended(conn: Connection, ended: list[AiRequest]) -> list[AiRequest]:
    """What was kept for them is deleted, whatever happens."""
    note_deletion(conn, sorted({name for request in ended for name in request.objects}))
    return ended


def note_deletion(conn: Connection, names: Sequence[str]) -> None:
    """Objects that nothing refers to are deleted, whatever happens."""
    if names:
        insert_if_absent(conn, deletions, [{"name": name} for name in names])


# --- rows -------------------------------------------------------------------------------------------------------------

_COUNTS = select(_C.state, _C.priority, func.count().label("rows")).where(_UNENDED).group_by(_C.state, _C.priority)


def counts(conn: Connection) -> dict[tuple[RequestState, Priority], int]:
    """Of those something is still to be done about."""
    return {(RequestState(row.state), Priority(row.priority)): int(row.rows) for row in conn.execute(_COUNTS)}


def from_row(row: Row[Any]) -> AiRequest:
    values = dict(row._mapping)
    provider, model, tier = values.pop("provider"), values.pop("model"), values.pop("tier")
    version = values.pop("version_id")
    route = None if provider is None else Route(provider, model, Tier(tier), version)
    values["state"], values["priority"] = RequestState(values["state"]), Priority(values["priority"])
    values["picture_refs"], values["tried"] = tuple(values["picture_refs"]), tries(values["tried"])
    return AiRequest(route=route, **values)


def _values(request: AiRequest) -> dict[str, Any]:
    values = {name: getattr(request, name) for name in AiRequest.__dataclass_fields__ if name != "route"}
    route = request.route
    return values | {
        "state": request.state.value,
        "priority": request.priority.value,
        "picture_refs": list(request.picture_refs),
        "tried": [one.told() for one in request.tried],
        "provider": route and route.provider,
        "model": route and route.model,
        "tier": route and route.tier.value,
        "version_id": route and route.version_id,
    }
