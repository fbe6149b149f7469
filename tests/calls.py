"""Paid calls to put into a ledger: made up, priced so that sums are easy to check."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select

from procession.domain.billing import OPEN, Period
from procession.domain.usage import Money, Rates, Tier, Tokens, from_pico
from procession.store.cost_tables import ai_calls, budget_windows, usage_rollups, usage_totals
from procession.store.ledger import NewCall

_numbers = itertools.count()
RATES = Rates.parse(input="1", output="4", cached="0.1", image="2")
"""Dollars per million tokens."""
TOKENS = Tokens(input=1_000_000, output=250_000)
"""These cost two dollars."""


def a_call(**changes: Any) -> NewCall:
    made = NewCall(
        tenant="acme",
        region="local",
        purpose="extraction",
        provider="fake",
        model="small",
        tier=Tier.STANDARD,
        price_version="2030-01",
        rates=RATES,
        reserve=Money.parse("3"),
        client_request_id=f"request-{next(_numbers)}",
    )
    return replace(made, **changes)


def sums(conn: Connection) -> dict[str, int]:
    """What the ledger's parts say it all comes to, each by itself, in picodollars."""
    settled = select(func.sum(ai_calls.c.effective_pico)).where(ai_calls.c.status == "settled")
    is_open = ai_calls.c.status.in_([status.value for status in OPEN])
    set_aside = select(func.sum(ai_calls.c.reserved_pico)).where(is_open)
    asked = {
        "settled": settled,
        "rollups": select(func.sum(usage_rollups.c.effective_pico)),
        "totals": select(func.sum(usage_totals.c.effective_pico)),
        "set aside": set_aside,
    }
    w = budget_windows.c
    for period in Period:
        for name, whose in (("everyone", w.tenant == "*"), ("tenants", w.tenant != "*")):
            of = (w.period == period.value, whose)
            asked[f"{name} spent {period.value}"] = select(func.sum(w.spent_pico)).where(*of)
            asked[f"{name} set aside {period.value}"] = select(func.sum(w.reserved_pico)).where(*of)
    return {name: int(conn.execute(one).scalar() or 0) for name, one in asked.items()}


def agreed(conn: Connection) -> tuple[Money, Money]:
    """(spent, set aside), which every part of the ledger must agree on to the picodollar."""
    told = sums(conn)
    spent, aside = told["settled"], told["set aside"]
    for name, amount in told.items():
        assert amount == (aside if "set aside" in name else spent), (name, told)
    assert (conn.execute(select(func.min(budget_windows.c.reserved_pico))).scalar() or 0) >= 0
    return from_pico(spent), from_pico(aside)
