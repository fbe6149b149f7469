"""What work cost: reports from the hourly sums, the full cost of one analysis, rows for a bill."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain.analysis import Analysis
from procession.domain.billing import OPEN, CallStatus, Period, window_start
from procession.domain.errors import Forbidden, InvalidRequest, NotFound
from procession.domain.principal import Principal
from procession.domain.usage import Money, Tokens, from_pico
from procession.services import cost_export, cost_lines
from procession.services.cost_views import (
    AiCallView,
    AnalysisCosts,
    CostLine,
    CostReport,
    CostRow,
    OpenCalls,
    TokenCounts,
)
from procession.services.foundation import Foundation
from procession.store import analyses, documents, ledger, resource_rollups, usage_rollups
from procession.store.documents import Document
from procession.store.ledger import Call, OpenSum
from procession.store.resource_rollups import Resource
from procession.store.usage_rollups import NONE, Used

GROUPS = ("day", "hour", "tenant", "region", "provider", "model", "tier", "purpose")
"""What a report may be grouped by, any of them together."""
DAYS = 30
"""Reported when nobody says since when."""
DAYS_MAX = 400
"""Of one report."""
ROWS_MAX = 10_000
"""Of one report: past it the period must be shorter or the groups fewer."""
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Asked:
    """A report's question. Times are taken down to the hour; None: the last 30 days, until now."""

    since: datetime | None = None
    until: datetime | None = None
    group_by: tuple[str, ...] = ("day",)
    tenant: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    used: list[tuple[tuple[Any, ...], Used]]
    resources: dict[Resource, int]
    in_flight: Mapping[CallStatus, OpenSum]


class CostService:
    """A tenant sees its own cost only, an operator everybody's."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def report(self, principal: Principal, asked: Asked) -> CostReport:
        """Raises Forbidden for another tenant's, InvalidRequest for a period or groups that cannot be."""
        tenant = self._whose(principal, asked.tenant)
        since, until = self._period(asked)
        groups = _groups(asked.group_by)
        keys = tuple(dict.fromkeys("hour" if name == "day" else name for name in groups))

        def unit(conn: Connection) -> _Seen:
            found = resource_rollups.sums(conn, since, until, tenant=tenant, region=asked.region)
            resources = {kind: quantity for _, kind, quantity in found}
            return _Seen(
                usage_rollups.sums(conn, since, until, keys, tenant=tenant, region=asked.region),
                resources,
                ledger.open_sums(conn, tenant),
            )

        seen = await self._on.store.read(unit, tenant=self._scope(principal), fresh=False)
        rows = _folded(seen.used, keys, groups)
        if len(rows) > ROWS_MAX:
            raise InvalidRequest(
                f"This report has {len(rows)} rows; {ROWS_MAX} fit. Ask for a shorter period or fewer groups."
            )
        prices = self._on.settings.costs
        return CostReport(
            since=since,
            until=until,
            group_by=groups,
            rows=tuple(_row(dict(zip(groups, key, strict=True)), used) for key, used in rows),
            total=_row({}, _sum(used for _, used in rows)),
            resources=cost_lines.lines(seen.resources, prices),
            idle=cost_lines.idle(seen.resources, prices) if principal.operator and tenant is None else None,
            in_flight=_open(seen.in_flight, OPEN - {CallStatus.UNKNOWN}),
            unknown=_open(seen.in_flight, {CallStatus.UNKNOWN}),
        )

    async def focus(self, principal: Principal, asked: Asked) -> AsyncIterator[bytes]:
        """A CSV in FOCUS' columns, see ``cost_export``. Raises Forbidden, InvalidRequest before the first line."""
        tenant, (since, until) = self._whose(principal, asked.tenant), self._period(asked)
        on, scope = self._on, self._scope(principal)
        return cost_export.focus(on.store, since, until, tenant, asked.region, scope, on.settings.costs)

    async def of_analysis(self, principal: Principal, analysis_id: str) -> AnalysisCosts:
        """Every call made for it, its time on a core, its document's storage until now. Raises NotFound."""

        def unit(conn: Connection) -> tuple[Analysis, Document | None, list[Call]]:
            found = analyses.get_any(conn, analysis_id)
            if found is None or (found.tenant != principal.tenant and not principal.operator):
                raise NotFound
            return found, documents.get(conn, found.document_id), ledger.of_analysis(conn, analysis_id)

        analysis, document, calls = await self._on.store.read(unit, tenant=self._scope(principal))
        lines = [*_ai_lines(calls), *cost_lines.lines(self._used(analysis, document), self._on.settings.costs)]
        aside = sum(call.reserved_pico for call in calls if CallStatus(call.status) in OPEN)
        return AnalysisCosts(
            analysis_id=analysis.id,
            total=str(cost_lines.total(lines)),
            set_aside=str(from_pico(aside)),
            lines=tuple(lines),
            calls=tuple(call_view(call) for call in calls),
        )

    def _used(self, analysis: Analysis, document: Document | None) -> dict[Resource, int]:
        """A document is kept once, however many analyses read it; each tells the whole of it."""
        used = {Resource.CPU: cpu_milliseconds(analysis.usage)}
        if document is not None:
            kept = (document.erased_at or self._on.clock()) - document.created_at
            used[Resource.STORAGE] = int(document.size_bytes * kept / timedelta(hours=1))
        return used

    def _whose(self, principal: Principal, tenant: str | None) -> str | None:
        if principal.operator:
            return tenant
        if tenant not in (None, principal.tenant):
            raise Forbidden("This key sees its own tenant's costs only.")
        return principal.tenant

    @staticmethod
    def _scope(principal: Principal) -> str | None:
        return None if principal.operator else principal.tenant

    def _period(self, asked: Asked) -> tuple[datetime, datetime]:
        hour = timedelta(hours=1)
        until = window_start(Period.HOUR, asked.until or self._on.clock() + hour)
        since = window_start(Period.HOUR, asked.since or until - timedelta(days=DAYS))
        if not since < until:
            raise InvalidRequest("since: earlier than until, by an hour or more.")
        if until - since > timedelta(days=DAYS_MAX):
            raise InvalidRequest(f"A report covers at most {DAYS_MAX} days.")
        return since, until


def cpu_milliseconds(usage: Mapping[str, Any]) -> int:
    """Of an analysis' ``usage``."""
    told = usage.get("cpu_seconds")
    return round(told * 1000) if isinstance(told, int | float) and told > 0 else 0


def _groups(names: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in GROUPS]:
        raise InvalidRequest(f"group_by: {', '.join(unknown)} is none of {', '.join(GROUPS)}.")
    return tuple(dict.fromkeys(names))


def _folded(
    used: Iterable[tuple[tuple[Any, ...], Used]], keys: Sequence[str], groups: Sequence[str]
) -> list[tuple[tuple[Any, ...], Used]]:
    """Hours become days where days were asked for."""
    found: dict[tuple[Any, ...], Used] = {}
    for key, one in used:
        named = dict(zip(keys, key, strict=True))
        if "day" in groups:
            named["day"] = named["hour"].date().isoformat()
        place = tuple(named[name] for name in groups)
        found[place] = found[place] + one if place in found else one
    return sorted(found.items(), key=lambda item: tuple(str(part) for part in item[0]))


def _sum(used: Iterable[Used]) -> Used:
    total = NONE
    for one in used:
        total = total + one
    return total


def _row(key: Mapping[str, Any], used: Used) -> CostRow:
    return CostRow(
        **key,
        calls=used.calls,
        tokens=_counts(used.tokens),
        list_cost=str(from_pico(used.list_pico)),
        cost=str(from_pico(used.effective_pico)),
    )


def _counts(tokens: Tokens) -> TokenCounts:
    return TokenCounts(**tokens.by_kind())


def _open(sums: Mapping[CallStatus, OpenSum], statuses: Iterable[CallStatus]) -> OpenCalls:
    found = [sums[status] for status in statuses if status in sums]
    return OpenCalls(
        calls=sum(one.calls for one in found), set_aside=str(from_pico(sum(one.reserved_pico for one in found)))
    )


def call_view(call: Call) -> AiCallView:
    status = CallStatus(call.status)
    return AiCallView(
        id=call.id,
        status=status,
        purpose=call.purpose,
        provider=call.provider,
        model=call.model,
        served_model=call.served_model,
        tier=call.tier,
        prompt_version=call.prompt_version,
        price_version=call.price_version,
        tokens=_counts(call.tokens),
        list_cost=str(from_pico(call.list_pico)),
        cost=str(from_pico(call.effective_pico)),
        set_aside=str(from_pico(call.reserved_pico if status in OPEN else 0)),
        reason=call.reason,
        reserved_at=call.reserved_at,
        sent_at=call.sent_at,
        ended_at=call.ended_at,
    )


def _ai_lines(calls: Iterable[Call]) -> list[CostLine]:
    """One for each model and tier that was paid."""
    found: dict[tuple[str, str, str, str], list[Call]] = {}
    for call in calls:
        if call.status == CallStatus.SETTLED:
            found.setdefault((call.provider, call.model, call.tier, call.price_version), []).append(call)
    return [
        CostLine(
            kind="ai",
            what=f"{model} of {provider}, {tier}",
            quantity=str(sum(sum(one.tokens.by_kind().values()) for one in some)),
            unit="tokens",
            unit_price=None,
            price_version=version,
            cost=str(Money.total(from_pico(one.effective_pico) for one in some)),
        )
        for (provider, model, tier, version), some in found.items()
    ]
