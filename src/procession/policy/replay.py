"""What a replay says of one optimisation: what it saved, whether the values stayed the same, and so what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from procession.domain.usage import Money

DOCUMENTS_MIN = 5
"""Documents under which nothing is recommended, whatever they cost."""
AGREEMENT_MIN = Decimal("0.99")
"""Share of values that must be the same with and without it."""
SAVING_MIN = Decimal("0.01")
"""Share of the cost under which it saves nothing worth a change."""
_PLACES = Decimal("0.0001")


class Verdict(StrEnum):
    RECOMMENDED = "recommended"
    NO_SAVING = "no saving"
    NOT_EQUAL = "not equal: no recommendation"
    TOO_FEW = "too few documents: no recommendation"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Pair:
    """One document asked about both ways; costs as settled. ``equal`` of ``compared`` values are the same."""

    cost_with: Money
    cost_without: Money
    equal: int
    compared: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``saving`` and ``agreement`` are shares, None where there is nothing to divide by."""

    optimisation: str
    documents: int
    cost_without: Money
    cost_with: Money
    saving: Decimal | None
    agreement: Decimal | None
    verdict: Verdict
    reason: str = ""


def compared(optimisation: str, pairs: Sequence[Pair], *, reason: str = "") -> Comparison:
    """``reason``: why there are no pairs, or fewer than were wanted."""
    before = Money.total(one.cost_without for one in pairs)
    after = Money.total(one.cost_with for one in pairs)
    equal, total = sum(one.equal for one in pairs), sum(one.compared for one in pairs)
    saving = 1 - after.amount / before.amount if before else None
    agreement = Decimal(equal) / total if total else None
    verdict = _verdict(len(pairs), saving, agreement)
    rounded = None if saving is None else saving.quantize(_PLACES)
    agreed = None if agreement is None else agreement.quantize(_PLACES)
    return Comparison(optimisation, len(pairs), before, after, rounded, agreed, verdict, reason)


def _verdict(documents: int, saving: Decimal | None, agreement: Decimal | None) -> Verdict:
    if not documents or saving is None:
        return Verdict.NOT_MEASURED
    if documents < DOCUMENTS_MIN:
        return Verdict.TOO_FEW
    if agreement is None or agreement < AGREEMENT_MIN:
        return Verdict.NOT_EQUAL
    return Verdict.RECOMMENDED if saving >= SAVING_MIN else Verdict.NO_SAVING


def agreement(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[int, int]:
    """(same values, values compared) of two readings by field; a field that is empty in both is not compared."""
    names = {name for both in (one, other) for name, value in both.items() if value not in (None, "", [])}
    return sum(one.get(name) == other.get(name) for name in names), len(names)
