"""The generated papers tell the truth about themselves: every value stands where the truth says it does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.filled import FAMILIES, RESERVED, Family, draw
from bench.scoring import Tally, centre_in, summary, tally
from procession.digitize.page import PageContent
from tests.unit.digitize.made import read


def stands_in(page: PageContent, words: str, box: Sequence[float]) -> bool:
    wide, high = page.width, page.height
    return any(
        words in one.text
        and one.visible
        and centre_in((one.box.x0 / wide, one.box.y0 / high, one.box.x1 / wide, one.box.y1 / high), box)
        for one in page.words
    )


@pytest.mark.parametrize("family", [*FAMILIES, *RESERVED], ids=lambda one: one.name)
def test_every_value_is_printed_in_one_of_its_boxes(family: Family) -> None:
    paper = draw(family, 0)
    assert paper.truth["values"]
    numbers = {box["page"] for value in paper.truth["values"] for box in value["boxes"]}
    pages = {number: read(paper.pdf, number) for number in numbers}
    for value in paper.truth["values"]:
        first = value["text"].split()[0].strip(".,")
        assert any(stands_in(pages[box["page"]], first, box["box"]) for box in value["boxes"]), value["text"]


def test_the_same_seed_draws_the_same_paper() -> None:
    assert draw(FAMILIES[0], 1, 7).pdf == draw(FAMILIES[0], 1, 7).pdf


def test_trust_in_values_is_counted() -> None:
    box = [0.1, 0.1, 0.2, 0.2]
    truth = {
        "values": [
            {
                "subtypes": ["wedding_date"],
                "value": "2026-09-05",
                "ambiguous": True,
                "boxes": [{"page": 1, "box": box}],
            },
            {"subtypes": ["guest_count"], "value": 80, "boxes": [{"page": 1, "box": box}]},
        ],
        "traps": ["98765.00"],
        "signature_present": False,
    }
    shared = {"page": 1, "value_box": box, "type": "text", "label": ""}
    fields = [
        shared | {"subtype": "wedding_date", "value": "2026-09-05", "confidence": 0.6, "needs_review": True},
        shared | {"subtype": "guest_count", "value": 90, "confidence": 0.9, "needs_review": False},
        shared | {"subtype": "total_amount", "value": "98765.00", "confidence": 0.9, "needs_review": False},
    ]
    total = Tally()
    total.add(tally(truth, {"form": {"fields": fields}}))
    figures = summary(total)
    assert figures["ambiguous_flagged"] == 1.0
    assert figures["values_flagged"] == 0.5
    assert figures["values_unflagged_right"] == 0.0
    assert figures["values_calibration_error"] == pytest.approx((0.4 + 0.9) / 2)
    assert figures["traps_read"] == 1
