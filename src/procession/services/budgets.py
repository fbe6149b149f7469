"""Budgets as people see and set them, and what they decided."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from procession.domain.billing import EVERYONE, Action, Budget, Period, Window, window_end
from procession.domain.errors import Forbidden, InvalidRequest, NotFound
from procession.domain.principal import Principal, require_operator
from procession.domain.usage import Money, decimal, from_pico, to_pico
from procession.policy import budget as policy
from procession.services import cursors
from procession.services.cost_views import Budgets as BudgetsView
from procession.services.cost_views import BudgetView, DecisionView
from procession.services.foundation import Foundation
from procession.services.views import Page
from procession.settings import Settings
from procession.settings.costs import DOLLARS_MAX
from procession.store import budget_windows, budgets, cost_decisions
from procession.store.budgets import BudgetRow
from procession.store.controls import By
from procession.store.cost_decisions import CostDecision

DECISIONS_DAYS = 90
"""Decisions that are listed; older ones stay in the record."""
OF_EVERY_TENANT = ""
"""In place of a tenant, in a default: each tenant for itself."""


def defaults(settings: Settings) -> tuple[Budget, ...]:
    """The settings' budgets, for ``store.ledger.reserve``."""
    given = settings.ai.budgets
    limits = {
        **{(EVERYONE, period): getattr(given, period.value) for period in Period},
        **{(OF_EVERY_TENANT, period): getattr(given, f"tenant_{period.value}") for period in Period},
    }
    return tuple(
        Budget(
            tenant,
            period,
            to_pico(Money.parse(limit)),
            given.warn_percent,
            given.degrade_percent,
            given.stop_percent,
        )
        for (tenant, period), limit in limits.items()
        if limit is not None
    )


class BudgetService:
    """Everybody sees their tenant's; operators see and set all. ``*`` is everyone's."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def list(self, principal: Principal) -> BudgetsView:
        """A tenant's own, those the settings give it too; to operators all that were set, and everyone's."""
        now, given = self._on.clock(), defaults(self._on.settings)

        def unit(conn: Connection) -> tuple[list[BudgetRow], dict[tuple[str, Period], Window]]:
            rows = budgets.every(conn) if principal.operator else budgets.of(conn, (principal.tenant,))
            shown = {row.tenant for row in rows} | {principal.tenant} | ({EVERYONE} if principal.operator else set())
            windows = budget_windows.current(conn, sorted(shown), now)
            return rows, {(one.tenant, one.period): one for one in windows}

        rows, windows = await self._on.store.read(unit, tenant=None if principal.operator else principal.tenant)
        known = {(row.tenant, row.budget.period): row for row in rows}
        items = [_view(row.budget, windows[place], row) for place, row in known.items()]
        for default in given:
            whose = default.tenant or principal.tenant
            place = (whose, default.period)
            if place not in known and (whose != EVERYONE or principal.operator):
                items.append(_view(_of(default, whose), windows[place], None))
        order = {period: place for place, period in enumerate(Period)}
        return BudgetsView(items=tuple(sorted(items, key=lambda one: (one.tenant, order[one.period]))))

    async def get(self, principal: Principal, tenant: str, period: Period) -> BudgetView:
        """Raises NotFound, Forbidden."""
        if not principal.operator and tenant != principal.tenant:
            raise Forbidden("This key sees its own tenant's budgets only.")
        now = self._on.clock()

        def unit(conn: Connection) -> tuple[BudgetRow | None, Window]:
            rows = [row for row in budgets.of(conn, (tenant,)) if row.period == period.value]
            (window,) = (one for one in budget_windows.current(conn, (tenant,), now) if one.period is period)
            return rows[0] if rows else None, window

        row, window = await self._on.store.read(unit, tenant=None if principal.operator else principal.tenant)
        if row is not None:
            return _view(row.budget, window, row)
        for default in defaults(self._on.settings):
            if default.period is period and default.tenant == (EVERYONE if tenant == EVERYONE else OF_EVERY_TENANT):
                return _view(_of(default, tenant), window, None)
        raise NotFound(f"No budget is set for {tenant} per {period.value}.")

    async def put(
        self,
        principal: Principal,
        tenant: str,
        period: Period,
        limit: str,
        percents: dict[str, int | None],
        expected_version: int | None,
    ) -> tuple[BudgetView, bool]:
        """Set it; whether it is new. ``limit`` in dollars. ``expected_version`` 0: there is none yet; None: whichever.

        Raises Forbidden, InvalidRequest, PreconditionFailed.
        """
        require_operator(principal)
        wanted = Budget(tenant, period, _limit(limit), **percents)
        _check(wanted)
        by = self._by(principal)

        def unit(conn: Connection) -> tuple[BudgetRow, bool, Window]:
            row, new = budgets.put(conn, wanted, by, expected_version)
            (window,) = (one for one in budget_windows.current(conn, (tenant,), by.now) if one.period is period)
            return row, new, window

        row, new, window = await self._on.store.write(unit, tenant=None)
        return _view(row.budget, window, row), new

    async def delete(self, principal: Principal, tenant: str, period: Period, expected_version: int | None) -> None:
        """The settings' hold again. Raises Forbidden, NotFound, PreconditionFailed."""
        require_operator(principal)
        by = self._by(principal)

        def unit(conn: Connection) -> bool:
            rows = [row for row in budgets.of(conn, (tenant,)) if row.period == period.value]
            return bool(rows) and budgets.delete(conn, rows[0].id, by, expected_version) is not None

        if not await self._on.store.write(unit, tenant=None):
            raise NotFound(f"No budget is set for {tenant} per {period.value}.")

    async def decisions(self, principal: Principal, *, cursor: str | None, limit: int) -> Page[DecisionView]:
        """The newest first. A tenant's own; operators see all."""
        before, since = cursors.decode(cursor), self._on.clock() - timedelta(days=DECISIONS_DAYS)
        tenants = None if principal.operator else (principal.tenant,)
        found = await self._on.store.read(
            lambda conn: cost_decisions.page(conn, tenants, since, before, limit + 1),
            tenant=None if principal.operator else principal.tenant,
        )
        following = cursors.encode(found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(_decision(one) for one in found[:limit]), next_cursor=following)

    def _by(self, principal: Principal) -> By:
        settings = self._on.settings
        return By(principal.actor, principal.tenant, principal.trace_id, settings.region, self._on.clock())


def _of(default: Budget, tenant: str) -> Budget:
    return Budget(
        tenant,
        default.period,
        default.limit_pico,
        default.warn_percent,
        default.degrade_percent,
        default.stop_percent,
    )


def _limit(text: str) -> int:
    try:
        amount = decimal(text)
        if not 0 <= amount <= DOLLARS_MAX:
            raise ValueError
        return to_pico(Money(amount))
    except (ValueError, ArithmeticError):
        raise InvalidRequest(
            f"limit: an amount in dollars from 0 to {DOLLARS_MAX}, such as 25 or 12.50, with at most 12 decimal places."
        ) from None


def _check(wanted: Budget) -> None:
    given = [percent for action in Action if (percent := wanted.percent(action)) is not None]
    if not given:
        raise InvalidRequest("Say at what part of the limit the budget warns, degrades or stops.")
    if given != sorted(given):
        raise InvalidRequest("A budget warns first, then degrades, then stops: the percentages must rise.")


def _view(budget: Budget, window: Window, row: BudgetRow | None) -> BudgetView:
    acting = policy.decide([(budget, window)], 0, window.starts_at).action
    return BudgetView(
        id=None if row is None else row.id,
        tenant=budget.tenant,
        period=budget.period,
        limit=str(from_pico(budget.limit_pico)),
        warn_percent=budget.warn_percent,
        degrade_percent=budget.degrade_percent,
        stop_percent=budget.stop_percent,
        spent=str(from_pico(window.spent_pico)),
        set_aside=str(from_pico(window.reserved_pico)),
        left=str(from_pico(max(0, budget.limit_pico - window.used_pico))),
        state="fine" if acting is None else acting.value,
        starts_at=window.starts_at,
        ends_at=window_end(budget.period, window.starts_at),
        source="settings" if row is None else "set",
        version=0 if row is None else row.version,
        changed_by=None if row is None else row.actor,
        changed_at=None if row is None else row.updated_at,
    )


def _decision(one: CostDecision) -> DecisionView:
    return DecisionView(
        id=one.id,
        tenant=one.tenant,
        period=Period(one.period),
        starts_at=one.starts_at,
        action=Action(one.action),
        cause=one.cause,
        reason=one.reason,
        until=one.until,
        limit=str(from_pico(one.limit_pico)),
        used=str(from_pico(one.used_pico)),
        calls=one.times,
        decided_at=one.decided_at,
        last_at=one.last_at,
    )
