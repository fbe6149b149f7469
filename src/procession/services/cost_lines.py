"""Quantities at the settings' prices: what a job, or a period, cost beside AI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from procession.domain.usage import Money, decimal, plain
from procession.services.cost_views import CostLine
from procession.settings.costs import Costs
from procession.store.resource_rollups import Resource

GIB = 2**30
HOURS_OF_MONTH = 720
"""30 days: a month of storage."""
_ROUNDING = Context(prec=50)
_PICO = Decimal("1e-12")
_SHOWN = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Unit:
    kind: str
    what: str
    unit: str
    divisor: int
    """Counted units in one priced unit."""
    price: str
    """The setting's name."""


UNITS: dict[Resource, Unit] = {
    Resource.CPU: Unit("compute", "analysing documents", "core seconds", 1000, "compute_second"),
    Resource.STORAGE: Unit("storage", "documents kept", "GiB months", GIB * HOURS_OF_MONTH, "storage_gib_month"),
    Resource.EGRESS: Unit("egress", "answers sent out", "GiB", GIB, "egress_gib"),
    Resource.REQUESTS: Unit("requests", "requests answered", "thousand", 1000, "requests_thousand"),
}


def lines(used: Mapping[Resource, int], prices: Costs) -> tuple[CostLine, ...]:
    """One for each resource that has a price and was used."""
    found = (line(UNITS[kind], used.get(kind, 0), prices) for kind in UNITS)
    return tuple(one for one in found if one is not None)


def idle(used: Mapping[Resource, int], prices: Costs) -> CostLine | None:
    """Capacity that was there and analysed nothing; None where nobody counted it or compute has no price."""
    if Resource.CAPACITY not in used:
        return None
    spare = max(0, used[Resource.CAPACITY] - used.get(Resource.CPU, 0))
    return line(Unit("idle", "capacity that waited", "core seconds", 1000, "compute_second"), spare, prices)


def line(unit: Unit, quantity: int, prices: Costs) -> CostLine | None:
    price: str | None = getattr(prices, unit.price)
    if price is None or quantity == 0:
        return None
    amount = _ROUNDING.divide(Decimal(quantity), Decimal(unit.divisor))
    cost = _ROUNDING.multiply(amount, decimal(price)).quantize(_PICO, ROUND_HALF_EVEN, _ROUNDING)
    return CostLine(
        kind=unit.kind,
        what=unit.what,
        quantity=plain(amount.quantize(_SHOWN, ROUND_HALF_EVEN, _ROUNDING)),
        unit=unit.unit,
        unit_price=plain(decimal(price)),
        price_version=prices.version,
        cost=plain(cost),
    )


def total(found: Iterable[CostLine]) -> Money:
    return Money.total(Money.parse(one.cost) for one in found)
