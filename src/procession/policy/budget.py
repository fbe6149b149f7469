"""May a call be paid for, and does what was spent look unusual?

Invariants: a call is allowed only if with it no budget passes the limit it stops at, so a reservation that covers its
call can never overspend; the strictest budget decides; nothing is stopped by a budget that has no such limit. Money is
whole picodollars and every comparison is between whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from statistics import median

from procession.domain.billing import EVERYONE, Action, Budget, Window
from procession.domain.usage import from_pico

SEVERITY: tuple[Action | None, ...] = (None, Action.WARN, Action.DEGRADE, Action.STOP)
"""From nothing at all to the most."""
HISTORY_HOURS_MIN = 5
"""Comparable hours before an hour is called unusual by them."""
DEVIATIONS_MAX = 6.0
"""How many robust deviations above the median are still usual."""
MAD_TO_DEVIATION = 1.4826
"""A median absolute deviation times this is a standard deviation, where values are normal (Hampel, 1974)."""
UNUSUAL_FACTOR_MIN = 2.0
"""However steady the past was, less than this many times its median is no spike."""
_SHOWN = Decimal("0.0001")
_WORDS = {Action.WARN: "is nearly used up", Action.DEGRADE: "allows cheaper routes only", Action.STOP: "is used up"}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A budget's window in which a call passed the part of the limit where ``action`` begins."""

    budget: Budget
    window: Window
    action: Action
    reason: str
    """Plain words with amounts; no personal data."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``action`` None: allowed without a word. ``until``: when the last window that stops it ends."""

    action: Action | None
    reason: str = ""
    until: datetime | None = None
    crossings: tuple[Crossing, ...] = ()


ALLOWED = Decision(None)


def decide(budgets: Iterable[tuple[Budget, Window]], cost_pico: int, now: datetime) -> Decision:
    """May a call that costs at most ``cost_pico`` be paid for?

    Each budget comes with its current window, the call not yet in it.
    """
    crossings = tuple(found for budget, window in budgets if (found := _crossed(budget, window, cost_pico)) is not None)
    if not crossings:
        return ALLOWED
    action = max((one.action for one in crossings), key=SEVERITY.index)
    deciding = [one for one in crossings if one.action is action and one.window.ends_at > now]
    until = max((one.window.ends_at for one in deciding), default=None)
    return Decision(action, "; ".join(one.reason for one in deciding), until, crossings)


def _crossed(budget: Budget, window: Window, cost_pico: int) -> Crossing | None:
    """The strictest action the budget takes on this call."""
    after = window.used_pico + cost_pico
    for action in reversed(Action):
        percent = budget.percent(action)
        if percent is not None and after * 100 > budget.limit_pico * percent:
            return Crossing(budget, window, action, _words(budget, window, action, cost_pico))
    return None


def _words(budget: Budget, window: Window, action: Action, cost_pico: int) -> str:
    whose = "for all tenants" if budget.tenant == EVERYONE else f"of {budget.tenant}"
    amounts = (window.spent_pico, window.reserved_pico, cost_pico, budget.limit_pico)
    spent, reserved, cost, limit = (dollars(amount) for amount in amounts)
    return (
        f"the budget {whose} per {budget.period.value} {_WORDS[action]}: {spent} spent, {reserved} set aside, "
        f"this call up to {cost}, limit {limit}"
    )


def dollars(pico: int) -> str:
    """An amount in words, to a hundredth of a cent; the record keeps it exactly."""
    text = f"{from_pico(pico).amount.quantize(_SHOWN, ROUND_HALF_EVEN):f}"
    return "$" + (text[:-2] if text.endswith("00") else text)


# --- spikes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spike:
    reason: str
    limit_pico: int
    """What this hour went beyond."""


def spike(hour_pico: int, usual_pico: Sequence[int], alert_pico: int | None) -> Spike | None:
    """Whether what this hour cost so far is past the alert, or far above the same hours of recent days.

    ``usual_pico``: those hours, whole, in any order; few of them say nothing. ``alert_pico`` None: no fixed alert.
    """
    if alert_pico is not None and hour_pico > alert_pico:
        told = f"this hour cost {dollars(hour_pico)}, past the alert at {dollars(alert_pico)}"
        return Spike(told, alert_pico)
    if len(usual_pico) < HISTORY_HOURS_MIN:
        return None
    middle = int(median(usual_pico))
    if middle == 0:
        return None  # nothing to compare with: the first work at that time of day is no spike
    spread = median(abs(one - middle) for one in usual_pico) * MAD_TO_DEVIATION
    bound = max(middle + int(DEVIATIONS_MAX * spread), int(UNUSUAL_FACTOR_MIN * middle))
    if hour_pico <= bound:
        return None
    told = (
        f"this hour cost {dollars(hour_pico)}; the same hour of the last {len(usual_pico)} days cost "
        f"{dollars(middle)} in the middle, and up to {dollars(bound)} would be usual"
    )
    return Spike(told, bound)
