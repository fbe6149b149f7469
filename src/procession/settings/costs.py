"""What work costs beside AI, and when its cost is unusual."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from procession.domain.usage import decimal
from procession.settings.section import Section

DOLLARS_MAX = 9_000_000
"""Of one amount, in dollars: sums of picodollars stay below what 64 bits hold."""
_PLACES_MAX = 12


def _amount(text: str) -> str:
    amount = decimal(text)
    if not 0 <= amount <= DOLLARS_MAX:
        raise ValueError(f"an amount is from 0 to {DOLLARS_MAX} dollars")
    if amount != amount.quantize(Decimal(1).scaleb(-_PLACES_MAX)):
        raise ValueError(f"an amount has at most {_PLACES_MAX} decimal places")
    return text


Amount = Annotated[str, AfterValidator(_amount)]
"""Dollars as text: a number with a point may not be exact."""
Percent = Annotated[int, Field(gt=0, le=1000)]


class Costs(Section):
    """Dollars as text. What has no price is not counted as a cost."""

    version: Annotated[str, Field(min_length=1, max_length=60)] = "unpriced"
    """Name of these prices, shown with every cost made of them; change it with them."""
    compute_second: Amount | None = None
    """One second of one core, while it analyses or waits for work."""
    storage_gib_month: Amount | None = None
    """1 GiB (2^30 bytes) of documents kept for 30 days."""
    egress_gib: Amount | None = None
    """1 GiB of answers sent out."""
    requests_thousand: Amount | None = None
    """1,000 requests answered."""
    alert_per_hour: Amount | None = "50"
    """AI for all tenants past this in an hour is told as a spike."""


class Budgets(Section):
    """Dollars as text, for calls to AI. They hold where nobody set another with `procession cost budget`."""

    hour: Amount | None = None
    """For all tenants together, in an hour."""
    day: Amount | None = None
    """For all tenants together, in a day (UTC)."""
    month: Amount | None = None
    """For all tenants together, in a month."""
    tenant_hour: Amount | None = None
    """For each tenant, in an hour."""
    tenant_day: Amount | None = None
    """For each tenant, in a day."""
    tenant_month: Amount | None = None
    """For each tenant, in a month."""
    warn_percent: Percent | None = 80
    """Past this part of a budget it is told."""
    degrade_percent: Percent | None = None
    """Past this part only the cheapest route that serves is taken."""
    stop_percent: Percent | None = 100
    """Past this part no call is made: results are local and marked degraded, until the period turns."""

    @model_validator(mode="after")
    def _rising(self) -> Budgets:
        given = [one for one in (self.warn_percent, self.degrade_percent, self.stop_percent) if one is not None]
        if given != sorted(given):
            raise ValueError("a budget warns first, then degrades, then stops: the percentages must rise")
        return self
