"""Costs and budgets: how each call looks on the wire, and what the server answers. Money is dollars as decimal text.

Both clients send exactly these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from procession.client.protocol import Call


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class TokenCounts(Answer):
    input: int = 0
    cached: int = 0
    written: int = 0
    image: int = 0
    output: int = 0


class CostLine(Answer):
    kind: str
    what: str
    quantity: str
    unit: str
    unit_price: str | None = None
    price_version: str
    cost: str


class AiCall(Answer):
    id: str
    status: str
    purpose: str
    provider: str
    model: str
    tier: str
    tokens: TokenCounts
    list_cost: str
    cost: str
    set_aside: str
    reason: str | None = None
    reserved_at: datetime


class AnalysisCosts(Answer):
    """The full cost of one analysis, line by line, and every call made for it."""

    analysis_id: str
    total: str
    set_aside: str
    lines: tuple[CostLine, ...] = ()
    calls: tuple[AiCall, ...] = ()


class CostRow(Answer):
    day: str | None = None
    hour: datetime | None = None
    tenant: str | None = None
    region: str | None = None
    provider: str | None = None
    model: str | None = None
    tier: str | None = None
    purpose: str | None = None
    calls: int
    tokens: TokenCounts
    list_cost: str
    cost: str


class OpenCalls(Answer):
    calls: int = 0
    set_aside: str = "0"


class CostReport(Answer):
    since: datetime
    until: datetime
    group_by: tuple[str, ...] = ()
    rows: tuple[CostRow, ...] = ()
    total: CostRow
    resources: tuple[CostLine, ...] = ()
    idle: CostLine | None = None
    in_flight: OpenCalls = OpenCalls()
    unknown: OpenCalls = OpenCalls()


class Budget(Answer):
    tenant: str
    period: str
    limit: str
    warn_percent: int | None = None
    degrade_percent: int | None = None
    stop_percent: int | None = None
    spent: str
    set_aside: str
    left: str
    state: str
    starts_at: datetime
    ends_at: datetime
    source: str
    version: int
    changed_by: str | None = None


class Budgets(Answer):
    items: tuple[Budget, ...] = ()


class CostDecision(Answer):
    """What a budget or a spike did."""

    id: str
    tenant: str
    period: str
    action: str
    cause: str
    reason: str
    until: datetime | None = None
    limit: str
    used: str
    calls: int
    decided_at: datetime
    last_at: datetime


class UnknownCalls(Answer):
    items: tuple[AiCall, ...] = ()


EXPORT_SECONDS = 600
"""More than the client's own time-out that a year's table may take."""


def report(
    path: str,
    since: datetime | None,
    until: datetime | None,
    tenant: str | None,
    region: str | None,
    group_by: Sequence[str] | None = None,
) -> Call:
    asked = (
        ("since", None if since is None else since.isoformat()),
        ("until", None if until is None else until.isoformat()),
        ("group_by", None if group_by is None else ",".join(group_by)),
        ("tenant", tenant),
        ("region", region),
    )
    params = [(name, value) for name, value in asked if value is not None]
    return Call("GET", path, params=params, seconds=EXPORT_SECONDS)


def set_budget(tenant: str, period: str, body: Mapping[str, str | int | None], version: int | None) -> Call:
    return Call("PUT", _budget(tenant, period), json=dict(body), headers=_if_match(version))


def remove_budget(tenant: str, period: str, version: int | None) -> Call:
    return Call("DELETE", _budget(tenant, period), headers=_if_match(version))


def reconcile(call_id: str, billed: Mapping[str, int] | None, ask: bool) -> Call:
    body: dict[str, object] = {"ask": True} if ask else {"tokens": None if billed is None else dict(billed)}
    return Call("POST", f"/v1/costs/calls/{call_id}/reconcile", json=body, repeatable=False)


def _budget(tenant: str, period: str) -> str:
    return f"/v1/budgets/{tenant}/{period}"


def _if_match(version: int | None) -> dict[str, str]:
    return {"If-Match": "*" if version is None else f'"{version}"'}
