"""The ledger of paid calls: reserve before, settle after, and nothing in between is forgotten.

Invariants, in every committed state and to the picodollar: what the windows hold as set aside is the sum of what open
calls reserved; what they hold as spent is the sum of what settled calls cost, and so is the sum of the rollups. A call
is settled once. Only a call that was never sent is released by time: what may have been billed stays set aside until
somebody found out. Everything runs in the caller's transaction, in the system's scope, and may be repeated.

Reserving and settling hold everyone's window until the transaction ends, so do them last in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from procession.domain.billing import CALL_TRANSITIONS, OPEN, Action, Budget, CallStatus, Window
from procession.domain.clock import new_id
from procession.domain.usage import Money, Rates, Tier, TokenKind, Tokens, from_pico, to_pico
from procession.policy import budget as policy
from procession.store import budget_windows, budgets, cost_decisions, usage_rollups
from procession.store.cost_decisions import CostDecision
from procession.store.cost_tables import ai_calls
from procession.store.dialects import insert_if_absent, is_postgresql
from procession.store.usage_rollups import Used

RESERVATION_SECONDS = 900.0
"""How long a call may take before its reservation expires; a batch says its own."""
REASON_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call that is about to be made. ``reserve``: the most it can cost. ``client_request_id``: ours, unique.

    ``rates``: what is paid per million tokens at this tier; ``list_rates``: before discounts, default the same.
    ``economy``: this is the cheapest route that serves already, so a budget that degrades lets it through.
    """

    tenant: str
    region: str
    purpose: str
    provider: str
    model: str
    tier: Tier
    price_version: str
    rates: Rates
    reserve: Money
    client_request_id: str
    list_rates: Rates | None = None
    analysis_id: str | None = None
    model_version: str | None = None
    prompt_version: str | None = None
    batch_id: str | None = None
    economy: bool = False
    seconds: float = RESERVATION_SECONDS
    id: str = ""
    """Of the call; empty: one is made."""


@dataclass(frozen=True, slots=True)
class Reserved:
    call_id: str
    warning: str = ""
    """A budget that is nearly used up, in words."""


@dataclass(frozen=True, slots=True)
class Refused:
    """``action`` DEGRADE: a cheaper route may be asked for with ``economy``; STOP: nothing before ``until``."""

    reason: str
    action: Action
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Settled:
    call_id: str
    list_cost: Money
    effective_cost: Money


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the ledger."""

    id: str
    tenant: str
    region: str
    analysis_id: str | None
    purpose: str
    provider: str
    model: str
    served_model: str | None
    model_version: str | None
    prompt_version: str | None
    tier: str
    price_version: str
    rates: dict[str, dict[str, str]]
    status: str
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    image_tokens: int
    output_tokens: int
    reserved_pico: int
    list_pico: int
    effective_pico: int
    client_request_id: str
    provider_request_id: str | None
    batch_id: str | None
    reason: str | None
    reserved_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None

    @property
    def tokens(self) -> Tokens:
        return Tokens(
            input=self.input_tokens,
            cached=self.cached_tokens,
            written=self.written_tokens,
            image=self.image_tokens,
            output=self.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class OpenSum:
    """Calls of one status that hold money aside. ``oldest_at``: when the first of them was reserved."""

    calls: int
    reserved_pico: int
    oldest_at: datetime


_C = ai_calls.c
_COLUMNS = tuple(_C[name] for name in Call.__slots__)
_ONE = select(*_COLUMNS).where(_C.id == bindparam("id_"))
_ONE_HELD = _ONE.with_for_update()
_BY_CLIENT = select(_C.id).where(_C.client_request_id == bindparam("client_"))
_OF_ANALYSIS = select(*_COLUMNS).where(_C.analysis_id == bindparam("analysis_")).order_by(_C.id)
_IS_OPEN = _C.ended_at.is_(None)
_EXPIRED = (
    select(*_COLUMNS)
    .where(_IS_OPEN, _C.status.in_(("reserved", "sent")), _C.expires_at <= bindparam("now_"))
    .order_by(_C.expires_at, _C.id)
    .limit(bindparam("limit_"))
)
_UNSURE = (
    select(*_COLUMNS)
    .where(_C.ended_at.is_(None), _C.status == CallStatus.UNKNOWN.value, _C.id > bindparam("after_"))
    .order_by(_C.id)
    .limit(bindparam("limit_"))
)
_EXPIRED_HELD = _EXPIRED.with_for_update(skip_locked=True)
_OPEN_SUMS = (
    select(
        _C.status,
        func.count().label("calls"),
        func.sum(_C.reserved_pico).label("reserved"),
        func.min(_C.reserved_at).label("oldest"),
    )
    .where(_IS_OPEN)
    .group_by(_C.status)
)
_OPEN_CALLS = (
    select(*_COLUMNS)
    .where(_IS_OPEN, _C.status == bindparam("status_"), _C.id > bindparam("after_"))
    .order_by(_C.id)
    .limit(bindparam("limit_"))
)
_CHANGE = update(ai_calls).where(_C.id == bindparam("id_"))
_SENT = _CHANGE.where(
    _C.status.in_([one.value for one in CallStatus if CallStatus.SENT in CALL_TRANSITIONS[one]])
).values(
    status=CallStatus.SENT.value,
    sent_at=bindparam("now_"),
    batch_id=func.coalesce(bindparam("batch_", type_=_C.batch_id.type), _C.batch_id),
)
_END = _CHANGE.values(status=bindparam("status_"), reason=bindparam("reason_"), ended_at=bindparam("ended_"))
_SETTLE = _CHANGE.values(
    status=CallStatus.SETTLED.value,
    ended_at=bindparam("now_"),
    **{
        name: bindparam(f"{name}_")
        for name in ("served_model", "provider_request_id", "tier", "price_version", "rates")
    },
    **{name: bindparam(f"{name}_") for name in (*(f"{kind.value}_tokens" for kind in TokenKind),)},
    list_pico=bindparam("list_pico_"),
    effective_pico=bindparam("effective_pico_"),
)


def reserve(conn: Connection, call: NewCall, now: datetime, defaults: Sequence[Budget] = ()) -> Reserved | Refused:
    """Set money aside for a call, unless a budget forbids it. The same ``client_request_id`` again is the same call.

    ``defaults``: budgets that hold where none was set (see ``budgets.in_force``).
    """
    limits = budgets.in_force(conn, call.tenant, defaults)
    cost = to_pico(call.reserve)
    after = budget_windows.add(conn, call.tenant, now, cost, 0)
    before = {(one.tenant, one.period): _less(one, cost) for one in after}
    decision = policy.decide([(one, before[one.tenant, one.period]) for one in limits], cost, now)
    refused = _refusal(decision, call.economy)
    call_id = call.id or new_id("call")
    made = refused is None and insert_if_absent(conn, ai_calls, _values(call, call_id, cost, now)) == 1
    if not made:
        budget_windows.add(conn, call.tenant, now, -cost, 0)
    for one in decision.crossings:
        if refused is None or one.action is refused.action:
            cost_decisions.note(conn, _decision(one, now), call.region)
    if refused is not None:
        return refused
    if not made:
        call_id = conn.execute(_BY_CLIENT, {"client_": call.client_request_id}).scalar_one()
    return Reserved(call_id, decision.reason)


def _less(window: Window, cost: int) -> Window:
    """The window before the call was added to it."""
    return Window(window.tenant, window.period, window.starts_at, window.reserved_pico - cost, window.spent_pico)


def _refusal(decision: policy.Decision, economy: bool) -> Refused | None:
    if decision.action is Action.STOP or (decision.action is Action.DEGRADE and not economy):
        return Refused(decision.reason, decision.action, decision.until)
    return None


def _decision(crossing: policy.Crossing, now: datetime) -> CostDecision:
    window = crossing.window
    return CostDecision(
        id=cost_decisions.new_decision_id(),
        tenant=window.tenant,
        period=window.period.value,
        starts_at=window.starts_at,
        action=crossing.action.value,
        cause="budget",
        reason=crossing.reason[:300],
        until=window.ends_at,
        limit_pico=crossing.budget.limit_pico,
        used_pico=window.used_pico,
        decided_at=now,
        last_at=now,
    )


def _values(call: NewCall, call_id: str, cost: int, now: datetime) -> dict[str, Any]:
    same = ("tenant", "region", "purpose", "provider", "model", "price_version", "client_request_id")
    optional = ("analysis_id", "model_version", "prompt_version", "batch_id")
    return {
        "id": call_id,
        **{name: getattr(call, name) for name in (*same, *optional)},
        "tier": call.tier.value,
        "rates": rates_told(call.rates, call.list_rates or call.rates),
        "status": CallStatus.RESERVED.value,
        **{f"{kind.value}_tokens": 0 for kind in TokenKind},
        "reserved_pico": cost,
        "list_pico": 0,
        "effective_pico": 0,
        "reserved_at": now,
        "expires_at": now + timedelta(seconds=call.seconds),
    }


def sent(conn: Connection, call_id: str, now: datetime, batch_id: str | None = None) -> bool:
    """Committed before the first byte goes out: from then on it may be billed. False when it is not reserved any more.

    Said twice it is harmless.
    """
    if conn.execute(_SENT, {"id_": call_id, "now_": now, "batch_": batch_id}).rowcount:
        return True
    return _held(conn, call_id).status == CallStatus.SENT


def settle(
    conn: Connection,
    call_id: str,
    tokens: Tokens,
    provider_request_id: str | None,
    model: str | None,
    now: datetime,
    *,
    tier: Tier | None = None,
    price: tuple[str, Rates, Rates] | None = None,
) -> Settled:
    """What the provider says it used. Settled before: what was settled then, unchanged.

    ``model``: as the provider says. ``tier`` and ``price`` (version, rates, list rates): where it was served otherwise
    than it was asked for. What was released is settled too: a bill that comes late is still a bill.
    """
    known = _held(conn, call_id)
    if known.status == CallStatus.SETTLED:
        return _settled(known)
    rates = known.rates if price is None else rates_told(price[1], price[2])
    list_cost, effective_cost = (cost_of(rates[which], tokens) for which in ("list", "effective"))
    used = Used.of(tokens, to_pico(list_cost), to_pico(effective_cost))
    changed_tier = known.tier if tier is None else tier.value
    conn.execute(
        _SETTLE,
        {
            "id_": call_id,
            "now_": now,
            "served_model_": model,
            "provider_request_id_": provider_request_id,
            "tier_": changed_tier,
            "price_version_": known.price_version if price is None else price[0],
            "rates_": rates,
            **{f"{kind}_tokens_": count for kind, count in tokens.by_kind().items()},
            "list_pico_": used.list_pico,
            "effective_pico_": used.effective_pico,
        },
    )
    key = {name: getattr(known, name) for name in ("tenant", "region", "provider", "model", "purpose")}
    usage_rollups.add(conn, key | {"tier": changed_tier}, known.reserved_at, used)
    budget_windows.add(conn, known.tenant, known.reserved_at, -_set_aside(known), used.effective_pico)
    return Settled(call_id, list_cost, effective_cost)


def release(conn: Connection, call_id: str, reason: str, now: datetime) -> bool:
    """It was certainly not billed: the money is free again. False when it was settled or released before."""
    return _end(conn, _held(conn, call_id), CallStatus.RELEASED, reason, now)


def unknown(conn: Connection, call_id: str, reason: str, now: datetime) -> bool:
    """Nobody knows whether it was billed: the money stays set aside. False when it is not open any more."""
    return _end(conn, _held(conn, call_id), CallStatus.UNKNOWN, reason, now)


def _end(conn: Connection, known: Call, status: CallStatus, reason: str, now: datetime) -> bool:
    if status not in CALL_TRANSITIONS[CallStatus(known.status)]:
        return False
    ended = now if status is CallStatus.RELEASED else None
    values = {"status_": status.value, "reason_": reason[:REASON_CHARACTERS_MAX], "ended_": ended}
    conn.execute(_END, {"id_": known.id, **values})
    if status is CallStatus.RELEASED:
        budget_windows.add(conn, known.tenant, known.reserved_at, -_set_aside(known), 0)
    return True


def expired(conn: Connection, now: datetime, limit: int) -> list[tuple[str, CallStatus]]:
    """Reservations whose time is over: those never sent are released, those sent become unknown. Oldest first."""
    found = conn.execute(_EXPIRED_HELD if is_postgresql(conn) else _EXPIRED, {"now_": now, "limit_": limit})
    ended = []
    for known in _calls(found.all()):
        was_sent = known.status == CallStatus.SENT
        status = CallStatus.UNKNOWN if was_sent else CallStatus.RELEASED
        _end(conn, known, status, "no answer in time" if was_sent else "never sent", now)
        ended.append((known.id, status))
    return ended


# --- what others ask --------------------------------------------------------------------------------------------------


def open_sums(conn: Connection, tenant: str | None = None) -> dict[CallStatus, OpenSum]:
    """By status; ``tenant`` None: all. It reads open calls only, however many were ever made."""
    asked = _OPEN_SUMS if tenant is None else _OPEN_SUMS.where(_C.tenant == bindparam("tenant_"))
    rows = conn.execute(asked, {} if tenant is None else {"tenant_": tenant})
    return {CallStatus(row.status): OpenSum(row.calls, int(row.reserved), row.oldest) for row in rows}


def open_calls(conn: Connection, status: CallStatus, limit: int, after_id: str = "") -> list[Call]:
    """Calls that hold money aside, oldest id first."""
    return _calls(conn.execute(_OPEN_CALLS, {"status_": status.value, "limit_": limit, "after_": after_id}).all())


def get(conn: Connection, call_id: str) -> Call | None:
    row = conn.execute(_ONE, {"id_": call_id}).first()
    return None if row is None else _call(row)


def by_client(conn: Connection, client_request_id: str) -> Call | None:
    """The call that was reserved under our id."""
    found = conn.execute(_BY_CLIENT, {"client_": client_request_id}).scalar()
    return None if found is None else get(conn, found)


def unsure(conn: Connection, after_id: str, limit: int) -> list[Call]:
    """Calls nobody knows the bill of, by id."""
    return _calls(conn.execute(_UNSURE, {"after_": after_id, "limit_": limit}).all())


def of_analysis(conn: Connection, analysis_id: str) -> list[Call]:
    """Oldest first."""
    return _calls(conn.execute(_OF_ANALYSIS, {"analysis_": analysis_id}).all())


def _call(row: Row[Any]) -> Call:
    return Call(*tuple(row))


def _calls(rows: Sequence[Row[Any]]) -> list[Call]:
    return [_call(row) for row in rows]


def rates_told(effective: Rates, listed: Rates) -> dict[str, dict[str, str]]:
    """As they are kept with a call: money per million tokens as decimal text."""
    both = {"effective": effective, "list": listed}
    return {which: {kind.value: str(rates.of(kind)) for kind in TokenKind} for which, rates in both.items()}


def cost_of(rates: Mapping[str, str], tokens: Tokens) -> Money:
    return Rates(**{kind.value: Money.parse(rates[kind.value]) for kind in TokenKind}).cost(tokens)


def _held(conn: Connection, call_id: str) -> Call:
    """Raises LookupError for a call nobody reserved."""
    row = conn.execute(_ONE_HELD if is_postgresql(conn) else _ONE, {"id_": call_id}).first()
    if row is None:
        raise LookupError(f"no call {call_id} was reserved")
    return _call(row)


def _settled(known: Call) -> Settled:
    return Settled(known.id, from_pico(known.list_pico), from_pico(known.effective_pico))


def _set_aside(known: Call) -> int:
    return known.reserved_pico if CallStatus(known.status) in OPEN else 0
