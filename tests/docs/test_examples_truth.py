"""The bundled examples against their truth: places found, fields counted, titles read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from procession.digitize.pipeline import digitize
from procession.domain.form import Box, DigitizedDocument, Source

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.stem for path in (EXAMPLES / "truth").glob("*.json"))
F1_FLOOR = 0.985
"""Over all examples together."""
F1_FLOOR_DIGITAL = 0.99
F1_FLOOR_SCANNED = 0.93
"""Of each example."""
SCANNED = "scanned-flower-order"


@cache
def truth(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / "truth" / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def result(name: str) -> DigitizedDocument:
    return digitize((EXAMPLES / f"{name}.pdf").read_bytes())


def places(document: DigitizedDocument) -> list[tuple[int, Box]]:
    """One box for each place to write and each box to tick."""
    out: list[tuple[int, Box]] = []
    for field in document.form.fields if document.form else ():
        boxed = [option.box for option in field.options if option.box is not None]
        out += [(field.page, box) for box in boxed or ([field.box] if field.box is not None else [])]
    return out


def inside(inner: Any, outer: Any) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return bool(outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3])


def matches(name: str) -> tuple[int, int, int]:
    """Places found that are true, places found, places there are."""
    scored = set(truth(name)["scored_pages"])
    found = [one for one in places(result(name)) if one[0] in scored]
    left = [(one["page"], one["box"]) for one in truth(name)["fields"]]
    wanted, hits = len(left), 0
    for page, box in found:
        match = next((one for one in left if one[0] == page and (inside(box, one[1]) or inside(one[1], box))), None)
        if match is not None:
            left.remove(match)
            hits += 1
    return hits, len(found), wanted


def f1(hits: int, found: int, wanted: int) -> float:
    return 2 * hits / (found + wanted) if found + wanted else 1.0


def test_the_examples_together_reach_the_floor() -> None:
    counts = [matches(name) for name in NAMES]
    assert f1(*(sum(column) for column in zip(*counts, strict=True))) >= F1_FLOOR


@pytest.mark.parametrize("name", NAMES)
def test_each_example_reaches_its_floor(name: str) -> None:
    assert f1(*matches(name)) >= (F1_FLOOR_SCANNED if name == SCANNED else F1_FLOOR_DIGITAL)


@pytest.mark.parametrize("name", [name for name in NAMES if name != SCANNED])
def test_a_digital_example_has_as_many_fields_as_are_drawn(name: str) -> None:
    drawn = [field for field in result(name).form.fields if field.source is not Source.TEXT]
    assert len(drawn) == truth(name)["fields_count"]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_called_what_it_is(name: str) -> None:
    form = result(name).form
    assert (form.title, form.kind) == (truth(name)["title"], truth(name)["kind"])
