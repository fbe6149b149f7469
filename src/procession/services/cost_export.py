"""Costs in the columns of FOCUS 1.2 (FinOps Open Cost and Usage Specification), for tools that read bills.

One line for each hour and kind of work. ``BilledCost`` and ``EffectiveCost`` are what was paid, ``ListCost`` is the
same tokens at the standard tier's list price. Columns of our own begin with ``x_``, as the specification has it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from procession.domain.billing import EVERYONE, Period, window_end, window_start
from procession.domain.usage import CURRENCY, Money, from_pico
from procession.services import cost_lines
from procession.services.cost_views import CostLine
from procession.settings.costs import Costs
from procession.store import resource_rollups, usage_rollups
from procession.store.protocol import Store
from procession.store.resource_rollups import Resource
from procession.store.usage_rollups import Used

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_KEYS = ("hour", "tenant", "region", "provider", "model", "tier", "purpose")
COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodStart", "BillingPeriodEnd", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit"),
    *("ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingCategory", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "RegionId", "RegionName", "ServiceCategory", "ServiceName"),
    *("ServiceSubcategory", "SkuId", "SubAccountId", "SubAccountName", "Tags"),
    *("x_Calls", "x_InputTokens", "x_CachedTokens", "x_WrittenTokens", "x_ImageTokens", "x_OutputTokens"),
)
_SERVICE = {
    "compute": ("Compute", "Other (Compute)"),
    "storage": ("Storage", "Object Storage"),
    "egress": ("Networking", "Other (Networking)"),
    "requests": ("Networking", "Other (Networking)"),
}
ACCOUNT = "procession"


async def focus(
    store: Store,
    since: datetime,
    until: datetime,
    tenant: str | None,
    region: str | None,
    scope: str | None,
    prices: Costs,
) -> AsyncIterator[bytes]:
    """The table as CSV, a day at a time, so that no more than a day is held. ``scope``: whose transaction it is."""
    yield _lines([COLUMNS])
    start = since
    while start < until:
        end = min(window_start(Period.DAY, start) + DAY, until)

        def unit(conn: Connection, start: datetime = start, end: datetime = end) -> list[dict[str, Any]]:
            used = usage_rollups.sums(conn, start, end, _KEYS, tenant=tenant, region=region)
            found = [_of_calls(dict(zip(_KEYS, key, strict=True)), one) for key, one in used]
            groups = ("hour", "tenant", "region")
            for key, kind, quantity in resource_rollups.sums(conn, start, end, groups, tenant=tenant, region=region):
                found += _of_resource(dict(zip(groups, key, strict=True)), kind, quantity, prices)
            return found

        rows = await store.read(unit, tenant=scope, fresh=False)
        if rows:
            yield _lines([row.get(column, "") for column in COLUMNS] for row in rows)
        start = end


def _of_calls(key: Mapping[str, Any], used: Used) -> dict[str, Any]:
    tokens = used.tokens
    count = sum(tokens.by_kind().values())
    paid = from_pico(used.effective_pico)
    return _common(key, paid, from_pico(used.list_pico)) | {
        "ChargeDescription": f"{key['purpose']} with {key['model']} of {key['provider']}, {key['tier']} tier",
        "ConsumedQuantity": count,
        "ConsumedUnit": "Tokens",
        "PricingQuantity": count,
        "PricingUnit": "Tokens",
        "PricingCategory": "Standard" if key["tier"] == "standard" else "Other",
        "ProviderName": key["provider"],
        "PublisherName": key["provider"],
        "InvoiceIssuerName": key["provider"],
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": key["model"],
        "SkuId": f"{key['provider']}/{key['model']}/{key['tier']}",
        "Tags": json.dumps({"purpose": key["purpose"], "tier": key["tier"]}),
        "x_Calls": used.calls,
        "x_InputTokens": tokens.input,
        "x_CachedTokens": tokens.cached,
        "x_WrittenTokens": tokens.written,
        "x_ImageTokens": tokens.image,
        "x_OutputTokens": tokens.output,
    }


def _of_resource(key: Mapping[str, Any], kind: Resource, quantity: int, prices: Costs) -> list[dict[str, Any]]:
    """Nothing for what has no price, and for capacity, which is nobody's."""
    line = cost_lines.line(cost_lines.UNITS[kind], quantity, prices) if kind in cost_lines.UNITS else None
    return [] if line is None else [_of_line(key, line)]


def _of_line(key: Mapping[str, Any], line: CostLine) -> dict[str, Any]:
    paid = Money.parse(line.cost)
    category, sub = _SERVICE[line.kind]
    return _common(key, paid, paid) | {
        "ChargeDescription": line.what,
        "ConsumedQuantity": line.quantity,
        "ConsumedUnit": line.unit,
        "PricingQuantity": line.quantity,
        "PricingUnit": line.unit,
        "PricingCategory": "Standard",
        "ProviderName": ACCOUNT,
        "PublisherName": ACCOUNT,
        "InvoiceIssuerName": ACCOUNT,
        "ServiceCategory": category,
        "ServiceSubcategory": sub,
        "ServiceName": line.kind,
        "SkuId": f"{ACCOUNT}/{line.kind}/{line.price_version}",
        "Tags": "{}",
    }


def _common(key: Mapping[str, Any], paid: Money, listed: Money) -> dict[str, Any]:
    hour: datetime = key["hour"]
    month = window_start(Period.MONTH, hour)
    tenant = "" if key["tenant"] == EVERYONE else key["tenant"]
    return {
        "BilledCost": str(paid),
        "EffectiveCost": str(paid),
        "ContractedCost": str(paid),
        "ListCost": str(listed),
        "BillingCurrency": CURRENCY,
        "BillingAccountId": ACCOUNT,
        "BillingAccountName": ACCOUNT,
        "SubAccountId": tenant,
        "SubAccountName": tenant,
        "BillingPeriodStart": _moment(month),
        "BillingPeriodEnd": _moment(window_end(Period.MONTH, month)),
        "ChargePeriodStart": _moment(hour),
        "ChargePeriodEnd": _moment(hour + HOUR),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
        "RegionId": key["region"],
        "RegionName": key["region"],
    }


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
