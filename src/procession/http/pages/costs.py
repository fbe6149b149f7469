"""The costs' page: what AI cost, the limits on it, and what they decided."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import RedirectResponse, Response

from procession.domain.billing import EVERYONE, Period, window_start
from procession.domain.errors import InvalidRequest
from procession.http.api.costs import TENANT
from procession.http.context import App, Asker
from procession.http.pages.render import page
from procession.services.cost_views import CostReport, CostRow
from procession.services.costs import Asked

DAYS = {7: "7 days", 30: "30 days", 90: "90 days"}
MODELS_MAX = 5
"""Models with a shade of their own; the rest are shown together."""
DECISIONS = 20
WIDTH, HEIGHT, FOOT = 720, 200, 24
"""Of the chart, in its own units."""
REST = "others"
Part = Annotated[str, Form(max_length=64)]


@dataclass(frozen=True, slots=True)
class Bar:
    """One model's part of a day's column."""

    x: float
    y: float
    width: float
    height: float
    shade: int
    """From 0; also the pattern's number, so that colour does not speak alone."""


@dataclass(frozen=True, slots=True)
class Day:
    day: str
    total: Decimal
    parts: tuple[tuple[str, Decimal], ...]
    """(model, cost), in the order of the legend."""
    bars: tuple[Bar, ...]
    label_x: float
    labelled: bool


@dataclass(frozen=True, slots=True)
class Chart:
    models: tuple[str, ...]
    days: tuple[Day, ...]
    top: Decimal


def chart(report: CostReport) -> Chart:
    """Columns of every day of the report, also of those nothing was paid on."""
    costs: dict[str, dict[str, Decimal]] = {}
    by_model: dict[str, Decimal] = {}
    for row in report.rows:
        assert row.day is not None
        assert row.model is not None
        cost = Decimal(row.cost)
        by_model[row.model] = by_model.get(row.model, Decimal(0)) + cost
        day = costs.setdefault(row.day, {})
        day[row.model] = day.get(row.model, Decimal(0)) + cost
    ranked = sorted(by_model, key=lambda name: (-by_model[name], name))
    models = (*ranked[:MODELS_MAX], *((REST,) if len(ranked) > MODELS_MAX else ()))
    days = _days(report.since, report.until)
    parts = [_parts(costs.get(day, {}), ranked) for day in days]
    top = max((sum((cost for _, cost in one), Decimal(0)) for one in parts), default=Decimal(0))
    step = WIDTH / max(1, len(days))
    every = max(1, round(len(days) / 8))
    return Chart(
        models,
        tuple(
            _day(day, one, models, number * step, step, top, number % every == 0)
            for number, (day, one) in enumerate(zip(days, parts, strict=True))
        ),
        top,
    )


def _days(since: datetime, until: datetime) -> list[str]:
    first, last = since.date(), (until - timedelta(microseconds=1)).date()
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def _parts(costs: dict[str, Decimal], ranked: list[str]) -> tuple[tuple[str, Decimal], ...]:
    own = [(model, costs[model]) for model in ranked[:MODELS_MAX] if model in costs]
    rest = sum((costs[model] for model in ranked[MODELS_MAX:] if model in costs), Decimal(0))
    return tuple([*own, (REST, rest)] if rest else own)


def _day(
    day: str,
    parts: tuple[tuple[str, Decimal], ...],
    models: tuple[str, ...],
    x: float,
    step: float,
    top: Decimal,
    labelled: bool,
) -> Day:
    bars, y = [], float(HEIGHT)
    for model, cost in parts:
        height = float(cost / top) * (HEIGHT - 8) if top else 0.0
        y -= height
        bars.append(
            Bar(round(x + step * 0.12, 2), round(y, 2), round(step * 0.76, 2), round(height, 2), models.index(model))
        )
    total = sum((cost for _, cost in parts), Decimal(0))
    return Day(day, total, parts, tuple(bars), round(x + step / 2, 2), labelled)


async def show(
    request: Request,
    application: App,
    asker: Asker,
    days: Annotated[int, Query(ge=1, le=366)] = 30,
    tenant: Annotated[str, Query(max_length=64)] = "",
    said: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """An unknown length means 30 days; a tenant sees its own, whatever was asked for."""
    length = days if days in DAYS else 30
    until = window_start(Period.HOUR, application.foundation.clock()) + timedelta(hours=1)
    since = window_start(Period.DAY, until - timedelta(days=length - 1, microseconds=1))
    whose = (tenant or None) if asker.operator else None
    found = await application.costs.report(asker, Asked(since, until, ("day", "model"), whose))
    by_model = await application.costs.report(asker, Asked(since, until, ("provider", "model", "tier"), whose))
    decided = await application.budgets.decisions(asker, cursor=None, limit=DECISIONS)
    today = until.date().isoformat() if until.hour else (until - timedelta(hours=1)).date().isoformat()
    return page(
        request,
        "costs.html",
        report=found,
        chart=chart(found),
        by_model=sorted(by_model.rows, key=lambda row: -Decimal(row.cost)),
        saved=_saved(found.total),
        today=sum((Decimal(row.cost) for row in found.rows if row.day == today), Decimal(0)),
        budgets=(await application.budgets.list(asker)).items,
        decisions=decided.items,
        operator=asker.operator,
        everyone=EVERYONE,
        days=length,
        lengths=DAYS,
        tenant=whose or "",
        said={"set": "The budget was set.", "removed": "The budget was removed."}.get(said, ""),
        size=(WIDTH, HEIGHT, FOOT),
        periods=[period.value for period in Period],
    )


def _saved(total: CostRow) -> int | None:
    """Percent below the list price; None without a cost."""
    listed = Decimal(total.list_cost)
    return round((1 - Decimal(total.cost) / listed) * 100) if listed else None


async def set_budget(
    application: App,
    asker: Asker,
    period: Annotated[Period, Form()],
    limit: Annotated[str, Form(max_length=40)],
    tenant: Part = "",
    warn: Part = "",
    degrade: Part = "",
    stop: Part = "",
) -> Response:
    """New or in place of the one that is there; an empty percentage is never."""
    whose = tenant.strip() or EVERYONE
    if not re.fullmatch(TENANT, whose):
        raise InvalidRequest("A tenant's name has small letters, digits, - and _.")
    percents = {"warn_percent": _percent(warn), "degrade_percent": _percent(degrade), "stop_percent": _percent(stop)}
    await application.budgets.put(asker, whose, period, limit.strip().removeprefix("$"), percents, None)
    return RedirectResponse("/costs?said=set#budgets", 303)


async def remove_budget(
    application: App, asker: Asker, tenant: Annotated[str, Form(max_length=64)], period: Annotated[Period, Form()]
) -> Response:
    await application.budgets.delete(asker, tenant, period, None)
    return RedirectResponse("/costs?said=removed#budgets", 303)


def _percent(text: str) -> int | None:
    text = text.strip().removesuffix("%").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:5]) <= 1000 and len(text) <= 4):
        raise InvalidRequest("A percentage is a whole number from 1 to 1000, or nothing for never.")
    return int(text)
