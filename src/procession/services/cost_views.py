"""What the costs' services return. Money is a decimal string in dollars, exact to the picodollar; absent is null."""

from __future__ import annotations

from datetime import datetime

from procession.domain.billing import Action, CallStatus, Period
from procession.domain.usage import CURRENCY
from procession.services.views import View


class TokenCounts(View):
    """Disjoint: their sum is everything charged. ``written``: kept for later, where that has a price."""

    input: int = 0
    cached: int = 0
    written: int = 0
    image: int = 0
    output: int = 0


class CostLine(View):
    """Something used, at its price. ``kind``: ai, compute, storage, egress, requests or idle.

    ``unit_price`` is null where a line sums up several prices.
    """

    kind: str
    what: str
    quantity: str
    unit: str
    unit_price: str | None
    price_version: str
    cost: str


class AiCallView(View):
    """One call to a provider. ``list_cost``: the same tokens at the standard tier's list price.

    ``set_aside``: what it may cost at most, until it is settled or released.
    """

    id: str
    status: CallStatus
    purpose: str
    provider: str
    model: str
    served_model: str | None
    tier: str
    prompt_version: str | None
    price_version: str
    tokens: TokenCounts
    list_cost: str
    cost: str
    set_aside: str
    reason: str | None
    reserved_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None


class UnknownCalls(View):
    """Calls of which nobody knows whether they were billed, the oldest first."""

    items: tuple[AiCallView, ...]


class AnalysisCosts(View):
    """The full cost of one analysis so far. ``set_aside`` may still become cost."""

    analysis_id: str
    currency: str = CURRENCY
    total: str
    set_aside: str
    lines: tuple[CostLine, ...]
    calls: tuple[AiCallView, ...]


class CostRow(View):
    """Settled calls of one group. What was not grouped by is null."""

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


class OpenCalls(View):
    """Calls that are not settled: money set aside for them."""

    calls: int = 0
    set_aside: str = "0"


class CostReport(View):
    """AI by ``group_by``, in its order; what else was used; what is set aside now.

    ``total`` is what was settled. ``resources`` are priced now by the settings' prices. ``idle``: capacity that was
    there and not used, to operators, where compute has a price; it is in no total.
    """

    currency: str = CURRENCY
    since: datetime
    until: datetime
    group_by: tuple[str, ...]
    rows: tuple[CostRow, ...]
    total: CostRow
    resources: tuple[CostLine, ...]
    idle: CostLine | None
    in_flight: OpenCalls
    unknown: OpenCalls


class BudgetView(View):
    """``tenant`` `*`: all together. ``source``: `set` by somebody, or `settings`; ``id`` and ``version`` only of the
    first. ``state``: what it does now, `fine` or one of its actions. ``left`` is 0 once it is used up.
    """

    id: str | None
    tenant: str
    period: Period
    currency: str = CURRENCY
    limit: str
    warn_percent: int | None
    degrade_percent: int | None
    stop_percent: int | None
    spent: str
    set_aside: str
    left: str
    state: str
    starts_at: datetime
    ends_at: datetime
    source: str
    version: int
    changed_by: str | None
    changed_at: datetime | None


class Budgets(View):
    items: tuple[BudgetView, ...]


class DecisionView(View):
    """What a budget or a spike made us do, once for each period and action. ``calls``: how many it touched."""

    id: str
    tenant: str
    period: Period
    starts_at: datetime
    action: Action
    cause: str
    reason: str
    until: datetime | None
    limit: str
    used: str
    calls: int
    decided_at: datetime
    last_at: datetime
