"""Guessed places to tick: letters of unknown pictorial fonts, and narrow empty columns of a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.scene import Scene
from procession.digitize.page import Rect

SLOT_HEIGHT_POINTS = (10.0, 34.0)
SLOT_ASPECT_MAX = 3.0
"""A cell wider than this many heights is for words."""
SLOTS_MIN = 3
"""Rows of a column of places to tick."""
SLOT_SIDE_SHARE = 0.85
"""Side of the box somebody puts into such a cell, in heights of the cell."""
SIGN_POINTS = (5.0, 24.0)

_PICTORIAL = re.compile(r"symbol|ding|typographic|icon|awesome|marlett|sorts|carta|checkbox", re.IGNORECASE)
_BULLETS = "\uf0b7\u2022\uf0a7\u00b7\u25cf\u25aa"


def doubtful_marks(scene: Scene) -> Iterator[Candidate]:
    yield from _signs(scene)
    yield from _slots(scene)


def _signs(scene: Scene) -> Iterator[Candidate]:
    for word in scene.layout.words:
        box = word.box
        if len(word.text) != 1 or word.text in _BULLETS or not _PICTORIAL.search(word.font):
            continue
        side = min(box.width, box.height)
        if SIGN_POINTS[0] <= side <= SIGN_POINTS[1]:
            x, y = box.centre
            square = Rect(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
            yield Candidate(square, "checkbox", "sign", PRIOR["sign"])


def _slots(scene: Scene) -> Iterator[Candidate]:
    empty = [
        cell
        for cell in scene.grid.cells
        if SLOT_HEIGHT_POINTS[0] <= cell.height <= SLOT_HEIGHT_POINTS[1]
        and SLOT_HEIGHT_POINTS[0] <= cell.width <= SLOT_ASPECT_MAX * cell.height
        and not scene.layout.words_in(cell)
    ]
    columns = Counter((round(cell.x0), round(cell.x1)) for cell in empty)
    for cell in empty:
        if columns[round(cell.x0), round(cell.x1)] >= SLOTS_MIN:
            half = SLOT_SIDE_SHARE * min(cell.height, cell.width) / 2
            x, y = cell.centre
            square = Rect(x - half, y - half, x + half, y + half)
            yield Candidate(square, "checkbox", "slot", PRIOR["slot"], cell=cell)
