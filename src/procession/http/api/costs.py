"""``/v1/costs`` and ``/v1/budgets``: what work cost, its limits, and what they decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from procession.domain.billing import EVERYONE, Period
from procession.domain.usage import Tokens
from procession.http import etag
from procession.http.context import App, Asker
from procession.http.pagination import Paged
from procession.services.costs import Asked

TENANT = r"^(\*|[a-z0-9][a-z0-9_-]{0,62})$"
TOKENS_MAX = 10**9
"""Of one kind, in one call."""
AnalysisId = Annotated[str, Path(max_length=64)]
Whose = Annotated[str, Path(pattern=TENANT, description=f"a tenant, or `{EVERYONE}` for all together")]
Since = Annotated[datetime | None, Query(description="from this hour on; default: 30 days before `until`")]
Until = Annotated[datetime | None, Query(description="before this hour; default: now")]
OnlyTenant = Annotated[str | None, Query(max_length=64, description="only this tenant's; operators only")]
OnlyRegion = Annotated[str | None, Query(max_length=64, description="only this region's")]
Count = Annotated[int, Field(ge=0, le=TOKENS_MAX)]
Percent = Annotated[int, Field(gt=0, le=1000)]


class BudgetChange(BaseModel):
    """`limit`: dollars, as text. Each action begins past its percentage of it; null: never."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    limit: Annotated[str, Field(max_length=40)]
    warn_percent: Percent | None = 80
    degrade_percent: Percent | None = None
    stop_percent: Percent | None = 100


class BilledTokens(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    input: Count = 0
    cached: Count = 0
    written: Count = 0
    image: Count = 0
    output: Count = 0


class Reconciliation(BaseModel):
    """`ask` true: the provider is asked. Else `tokens` as they were billed, or null where the call was not."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    ask: bool = False
    tokens: BilledTokens | None = None


def _json(view: BaseModel) -> Response:
    return Response(view.model_dump_json(), media_type="application/json")


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _asked(
    since: datetime | None, until: datetime | None, group_by: str, tenant: str | None, region: str | None
) -> Asked:
    groups = tuple(name.strip() for name in group_by.split(",") if name.strip())
    return Asked(_utc(since), _utc(until), groups, tenant, region)


async def cost_report(
    application: App,
    asker: Asker,
    since: Since = None,
    until: Until = None,
    group_by: Annotated[
        str,
        Query(max_length=200, description="of day, hour, tenant, region, provider, model, tier, purpose; by commas"),
    ] = "day",
    tenant: OnlyTenant = None,
    region: OnlyRegion = None,
) -> Response:
    """What AI cost, from hourly sums, and what else was used. A tenant's own; to operators everybody's.

    A call belongs to the hour in which its money was set aside, however late it is settled.
    """
    return _json(await application.costs.report(asker, _asked(since, until, group_by, tenant, region)))


async def analysis_costs(application: App, asker: Asker, analysis_id: AnalysisId) -> Response:
    """The full cost of one analysis: AI, time on a core, storage of its document, and every call that was made."""
    return _json(await application.costs.of_analysis(asker, analysis_id))


async def cost_decisions(application: App, asker: Asker, paged: Paged) -> Response:
    """What budgets and spikes made us do, newest first, with the reason; the last 90 days."""
    return _json(await application.budgets.decisions(asker, cursor=paged.cursor, limit=paged.limit))


async def focus_csv(
    application: App,
    asker: Asker,
    since: Since = None,
    until: Until = None,
    tenant: OnlyTenant = None,
    region: OnlyRegion = None,
) -> Response:
    """The costs as a FOCUS table (CSV), one line for each hour and kind of work, for a tool that reads bills."""
    rows = await application.costs.focus(asker, _asked(since, until, "", tenant, region))
    headers = {"Content-Disposition": 'attachment; filename="costs-focus.csv"'}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=headers)


async def unknown_calls(application: App, asker: Asker) -> Response:
    """Calls of which nobody knows whether they were billed, the oldest first; for operators."""
    return _json(await application.reconciling.unknown(asker))


async def reconcile(
    application: App, asker: Asker, call_id: Annotated[str, Path(max_length=64)], body: Reconciliation
) -> Response:
    """Settle or release an unknown call: as its provider says, or as you do. For operators."""
    if body.ask:
        return _json(await application.reconciling.ask(asker, call_id))
    tokens = None if body.tokens is None else Tokens(**body.tokens.model_dump())
    return _json(await application.reconciling.decide(asker, call_id, tokens))


async def list_budgets(application: App, asker: Asker) -> Response:
    """Budgets with what was spent and is set aside now: a tenant's own; to operators all."""
    return _json(await application.budgets.list(asker))


async def budget(request: Request, application: App, asker: Asker, tenant: Whose, period: Period) -> Response:
    """One budget. The ETag tells its version, `"0"` where the settings' holds."""
    view = await application.budgets.get(asker, tenant, period)
    # its spending moves without a version: never 304
    return Response(
        view.model_dump_json(), headers={"ETag": etag.of_version(view.version)}, media_type="application/json"
    )


async def set_budget(
    request: Request, application: App, asker: Asker, tenant: Whose, period: Period, body: BudgetChange
) -> Response:
    """Limit what AI may cost. `If-Match` names the version that was read, `"0"` where none was set, `*` any."""
    expected = etag.expected_version(request)
    percents = body.model_dump(include={"warn_percent", "degrade_percent", "stop_percent"})
    view, new = await application.budgets.put(asker, tenant, period, body.limit, percents, expected)
    return etag.answer(request, view, view.version, status=201 if new else 200)


async def remove_budget(request: Request, application: App, asker: Asker, tenant: Whose, period: Period) -> Response:
    """Take a budget away; the settings' holds again. `If-Match` is required."""
    await application.budgets.delete(asker, tenant, period, etag.expected_version(request))
    return Response(status_code=204)
