"""When a person should look: the policy at its edges, and what it says."""

from __future__ import annotations

import pytest

from procession.digitize.certainty import (
    LABEL_REVIEW_BELOW,
    PLACE_REVIEW_BELOW,
    READ_REVIEW_BELOW,
    Evidence,
    confidence_of,
    review_reason,
)


def reason(evidence: Evidence) -> str | None:
    return review_reason(evidence, confidence_of(evidence))


@pytest.mark.parametrize("source", sorted(PLACE_REVIEW_BELOW))
def test_a_place_is_looked_at_below_its_sources_threshold_and_not_at_it(source: str) -> None:
    edge = PLACE_REVIEW_BELOW[source]
    assert reason(Evidence(source, edge)) is None
    assert reason(Evidence(source, edge - 0.001)) == "it is not certain that this is a place to fill in"


def test_an_unsure_label_asks_for_a_look_and_leaves_the_confidence_of_the_place() -> None:
    sure, unsure = Evidence("graphics", 0.93), Evidence("graphics", 0.93, label=LABEL_REVIEW_BELOW - 0.01)
    assert confidence_of(unsure) == confidence_of(sure) == 0.93
    assert reason(sure) is None
    assert reason(Evidence("graphics", 0.93, label=LABEL_REVIEW_BELOW)) is None
    assert "label" in (reason(unsure) or "")


def test_letters_that_were_hard_to_read_ask_for_a_look() -> None:
    assert reason(Evidence("ocr", 0.95, read=READ_REVIEW_BELOW)) is None
    assert "hard to read" in (reason(Evidence("ocr", 0.95, read=READ_REVIEW_BELOW - 0.01)) or "")


def test_what_was_not_found_is_said_in_its_own_words() -> None:
    found = Evidence("graphics", 0.99, missing="no question was found for these boxes")
    assert reason(found) == "no question was found for these boxes"


def test_the_weightiest_reason_comes_first() -> None:
    assert "certain" in (reason(Evidence("ocr", 0.3, label=0.0, read=0.1, missing="no label")) or "")


@pytest.mark.parametrize(("place", "confidence"), [(-0.2, 0.0), (1.4, 1.0), (0.87654, 0.877)])
def test_confidence_is_a_share(place: float, confidence: float) -> None:
    assert confidence_of(Evidence("graphics", place)) == confidence
