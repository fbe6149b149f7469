"""One-letter widgets side by side are one field: authors build a comb from single boxes, people fill in one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.page import Rect, Widget

CELLS_MIN = 3
"""Fewer neighbours are fields of their own: a middle initial beside a box for "Jr."."""
GAP_SHARE_MAX = 0.35
"""Widest gap between two letters of one comb, in widths of a letter."""
DRIFT_SHARE_MAX = 0.35
"""How far letters of one row may stand apart vertically, and differ in size, in heights of a letter."""


def joined(widgets: Sequence[Widget]) -> list[Widget]:
    """The widgets of one page, each row of one-letter text widgets replaced by one comb at its first letter's place.

    The comb takes its first letter's name and label, and the row's letters as its value.
    """
    letters = sorted((one for one in widgets if _is_letter(one)), key=lambda one: (one.box.x0, one.box.y0))
    rows: list[list[Widget]] = []
    for letter in letters:
        row = next((row for row in rows if _continues(row[-1].box, letter.box)), None)
        if row is None:
            rows.append([letter])
        else:
            row.append(letter)
    combs = {id(row[0]): _comb(row) for row in rows if len(row) >= CELLS_MIN}
    inside = {id(letter) for row in rows if len(row) >= CELLS_MIN for letter in row[1:]}
    return [combs.get(id(one), one) for one in widgets if id(one) not in inside]


def _is_letter(widget: Widget) -> bool:
    return widget.kind == "text" and widget.max_length == 1 and not widget.multiline


def _continues(last: Rect, letter: Rect) -> bool:
    gap, height = letter.x0 - last.x1, max(last.height, letter.height)
    return (
        abs(gap) <= GAP_SHARE_MAX * last.width
        and abs(letter.y0 - last.y0) <= DRIFT_SHARE_MAX * height
        and abs(letter.height - last.height) <= DRIFT_SHARE_MAX * height
    )


def _comb(row: Sequence[Widget]) -> Widget:
    value = "".join(letter.value or " " for letter in row).rstrip()
    boxes = [letter.box for letter in row]
    return replace(
        row[0],
        box=Rect(boxes[0].x0, min(box.y0 for box in boxes), boxes[-1].x1, max(box.y1 for box in boxes)),
        value=value or None,
        required=any(letter.required for letter in row),
        max_length=len(row),
        comb=True,
    )
