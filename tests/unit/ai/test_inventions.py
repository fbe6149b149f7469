"""A provider that makes up one answer in ten: what it makes up does not reach a result unseen, what it knows does."""

from __future__ import annotations

import pytest

from bench.extraction.inventions import Measured, Read, measure, read
from bench.filled import FAMILIES, RESERVED, draw
from bench.scoring import summary

SEEDS = range(8)
UNFLAGGED_SHARE_MAX = 0.01
"""Of the fields asked about; one asked about is a field that could be spoilt."""


@pytest.fixture(scope="module")
def papers() -> list[Read]:
    """One of every family of contracts, invoices, questionnaires, letters."""
    return read(draw(family, 1, seed=11) for family in FAMILIES)


@pytest.fixture(scope="module")
def hard() -> list[Read]:
    """Families the engine was not made with."""
    return read(draw(family, 1, seed=11) for family in RESERVED)


def test_inventions_do_not_reach_a_result_unseen_in_the_product(papers: list[Read]) -> None:
    found = measure(papers, SEEDS)
    assert found.asked > 500
    assert found.invented > 50
    assert found.unflagged_share < UNFLAGGED_SHARE_MAX, found.examples


@pytest.mark.parametrize("quoting", ["false", "other_line", "mixed"])
def test_inventions_do_not_reach_a_result_unseen_though_every_value_is_the_providers(
    papers: list[Read], quoting: str
) -> None:
    found = measure(papers, SEEDS, blind=True, quoting=quoting)  # type: ignore[arg-type]
    assert found.asked > 2500
    assert found.invented > 250
    assert found.unflagged_share < UNFLAGGED_SHARE_MAX / 4, found.examples
    assert kept(found) > 0.9


def kept(found: Measured) -> float:
    """Share of the right answers that come through: proof that refuses everything protects nothing."""
    right = found.added_flagged_right + found.added_unflagged_right
    return right / (
        right + sum(found.outcomes[why] for why in ("not_in_quote", "implausible", "shared")) - found.invented
    )


def test_values_only_the_provider_read_are_as_right_as_their_confidence_says(papers: list[Read]) -> None:
    found = measure(papers, SEEDS, blind=True)
    assert found.added_unflagged > 1000
    assert found.added_unflagged_right / found.added_unflagged > 0.99
    assert found.added_flagged_right / found.added_flagged > 0.9


def test_what_the_engine_misses_in_unknown_papers_is_found(hard: list[Read]) -> None:
    found = measure(hard, SEEDS)
    before, after = summary(found.before), summary(found.after)
    assert after["values_f1"]["recall"] > before["values_f1"]["recall"]
    assert after["values_f1"]["f1"] >= before["values_f1"]["f1"] + 0.003
    assert after["values_flagged"] < before["values_flagged"] + 0.01
    assert after["values_unflagged_right"] >= before["values_unflagged_right"] - 0.002
