"""A saving is recommended when it was measured on enough documents and the values stayed the same."""

from __future__ import annotations

from decimal import Decimal

import pytest

from procession.domain.usage import Money
from procession.policy.replay import AGREEMENT_MIN, DOCUMENTS_MIN, Pair, Verdict, agreement, compared


def pair(cost: str, other: str = "1", equal: int = 100) -> Pair:
    return Pair(Money.parse(cost), Money.parse(other), equal, 100)


@pytest.mark.parametrize(
    ("pairs", "verdict"),
    [
        ([], Verdict.NOT_MEASURED),
        ([pair("0.5")] * (DOCUMENTS_MIN - 1), Verdict.TOO_FEW),
        ([pair("0.5")] * DOCUMENTS_MIN, Verdict.RECOMMENDED),
        ([pair("0.99")] * DOCUMENTS_MIN, Verdict.RECOMMENDED),
        ([pair("0.991")] * DOCUMENTS_MIN, Verdict.NO_SAVING),
        ([pair("1.2")] * DOCUMENTS_MIN, Verdict.NO_SAVING),
        ([pair("0.5", equal=int(AGREEMENT_MIN * 100))] * DOCUMENTS_MIN, Verdict.RECOMMENDED),
        ([pair("0.5", equal=int(AGREEMENT_MIN * 100) - 1)] * DOCUMENTS_MIN, Verdict.NOT_EQUAL),
        ([Pair(Money.parse("0.5"), Money.parse("1"), 0, 0)] * DOCUMENTS_MIN, Verdict.NOT_EQUAL),
        ([pair("0", "0")] * DOCUMENTS_MIN, Verdict.NOT_MEASURED),
    ],
)
def test_the_verdict_follows_documents_values_and_saving(pairs: list[Pair], verdict: Verdict) -> None:
    assert compared("flex", pairs).verdict is verdict


def test_sums_are_exact_and_shares_of_the_whole() -> None:
    found = compared("flex", [pair("0.1", "0.3", equal=90), pair("0.2", "0.3")])
    assert (str(found.cost_with), str(found.cost_without)) == ("0.3", "0.6")
    assert (found.saving, found.agreement) == (Decimal("0.5"), Decimal("0.95"))


def test_only_values_that_one_of_both_has_are_compared() -> None:
    assert agreement({"a": "x", "b": None, "c": ""}, {"a": "x", "b": None, "d": "y"}) == (1, 2)
    assert agreement({}, {}) == (0, 0)
