"""The provider's own meter: what every request was charged, answered or lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from procession.domain.usage import NOTHING, Money, Tier, Tokens

NONE = Tokens()


class Delivery(StrEnum):
    """What became of the answer."""

    IN_FLIGHT = "in_flight"
    """Still worked on: nothing is charged yet, it may be."""
    ANSWERED = "answered"
    """Charged and sent."""
    LOST = "lost"
    """Charged; the connection was cut, or the client had gone."""
    FAILED = "failed"
    """Refused or broken before anything was generated: not charged."""


@dataclass(frozen=True, slots=True)
class Entry:
    request_id: str
    client_request_id: str
    model: str
    """The name it was asked by."""
    tier: Tier
    delivery: Delivery
    tokens: Tokens = NONE
    money: Money = NOTHING
    at: int = 0
    """Unix seconds of the virtual clock."""
    batch_id: str = ""
    fault: str = ""

    @property
    def charged(self) -> bool:
        return self.delivery in (Delivery.ANSWERED, Delivery.LOST)

    def told(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
            "model": self.model,
            "tier": self.tier.value,
            "delivery": self.delivery.value,
            "charged": self.charged,
            "tokens": self.tokens.by_kind(),
            "money": str(self.money),
            "at": self.at,
            "batch_id": self.batch_id or None,
            "fault": self.fault or None,
        }


class Bill:
    """In memory, in order of arrival."""

    def __init__(self, price_version: str) -> None:
        self.price_version = price_version
        self._entries: dict[str, Entry] = {}
        self._by_client: dict[str, list[str]] = {}

    def open(self, entry: Entry) -> None:
        self._entries[entry.request_id] = entry
        if entry.client_request_id:
            self._by_client.setdefault(entry.client_request_id, []).append(entry.request_id)

    def close(self, request_id: str, delivery: Delivery, **changes: Any) -> None:
        """What became of a request; one that was already closed as answered may still turn out lost."""
        before = self._entries.get(request_id)
        if before is not None:  # a reset forgets what was in flight
            self._entries[request_id] = replace(before, delivery=delivery, **changes)

    def of_client(self, client_request_id: str) -> list[Entry]:
        return [self._entries[one] for one in self._by_client.get(client_request_id, [])]

    def entries(self) -> Iterator[Entry]:
        yield from self._entries.values()

    def told(self, entries: Iterable[Entry] | None = None, *, each: bool = True) -> dict[str, Any]:
        chosen = list(self._entries.values() if entries is None else entries)
        charged = [entry for entry in chosen if entry.charged]
        answer: dict[str, Any] = {
            "price_version": self.price_version,
            "currency": NOTHING.currency,
            "total": _summed(charged),
            "by_model_and_tier": [
                {"model": model, "tier": tier, **_summed(group)} for (model, tier), group in _grouped(charged)
            ],
        }
        if each:
            answer["requests"] = [entry.told() for entry in chosen]
        return answer


def _summed(charged: list[Entry]) -> dict[str, Any]:
    tokens = sum((entry.tokens for entry in charged), Tokens())
    return {
        "requests": len(charged),
        "lost": sum(entry.delivery is Delivery.LOST for entry in charged),
        "tokens": tokens.by_kind(),
        "money": str(Money.total(entry.money for entry in charged)),
    }


def _grouped(charged: list[Entry]) -> list[tuple[tuple[str, str], list[Entry]]]:
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in charged:
        found.setdefault((entry.model, entry.tier.value), []).append(entry)
    return sorted(found.items())
