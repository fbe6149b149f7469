"""Two columns of a page that are read one after the other, as of a newspaper, told from rows of two fields.

Side by side rows share their baselines; columns of their own do not, and nothing is printed or drawn across the strip
between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from procession.digitize.layout import Layout
from procession.digitize.page import PageContent, Rect

GUTTER_POINTS_MIN = 8.0
"""Width of the empty strip between two columns."""
SIDE_SHARE_MIN = 0.3
"""Of the printed width, for either column."""
HEIGHT_SHARE_MIN = 0.4
"""Of the printed height, along which nothing crosses the strip."""
HEIGHT_POINTS_MIN = 150.0
LINES_MIN = 4
"""Lines of print on either side."""
PLACES_MIN = 2
"""Fields on either side."""
SAME_LINE_POINTS = 2.5
ALIGNED_SHARE_MAX = 0.55
"""Where more lines of the shorter side have a neighbour at their own height, these are rows of one column."""
STEP_POINTS = 2.0

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    gutter: float
    """x of the strip's middle, points."""
    top: float
    bottom: float
    """Above and below, the page has one column."""

    def part_of(self, box: Rect) -> int:
        """0 above the columns, 1 in the left, 2 in the right one, 3 below them: the order of reading."""
        x, y = box.centre
        if y < self.top:
            return 0
        if y > self.bottom:
            return 3
        return 1 if x < self.gutter else 2

    def parts(self, one: Rect, other: Rect) -> bool:
        """Whether the strip lies between two boxes."""
        return {self.part_of(one), self.part_of(other)} == {1, 2}


def find_columns(layout: Layout, places: Sequence[Rect], page: PageContent) -> Columns | None:
    """The columns of ``page``, whose fields are at ``places``; None for a page that is read row by row."""
    lines = [run.box for run in layout.runs]
    if len(lines) < 2 * LINES_MIN or not places:
        return None
    drawn = [one.box for one in page.segments if one.horizontal]
    drawn += [one.box for one in page.shapes if one.stroked or one.filled]
    inner = np.asarray([*lines, *places], dtype=np.float64)
    left, top, right, bottom = inner[:, 0].min(), inner[:, 1].min(), inner[:, 2].max(), inner[:, 3].max()
    sheet = [box for box in drawn if box.height < 0.5 * (bottom - top)]  # a frame around everything parts nothing
    free = _widest_strip(np.asarray([*lines, *places, *sheet], dtype=np.float64), left, right, (top, bottom))
    if free is None:
        return None
    found = Columns(*free)
    if found.bottom - found.top < max(HEIGHT_POINTS_MIN, HEIGHT_SHARE_MIN * (bottom - top)):
        return None
    if _in_rows(lines, found, LINES_MIN) or _in_rows(places, found, PLACES_MIN):
        return None
    return found


def _widest_strip(items: _Floats, left: float, right: float, ends: tuple[float, float]) -> tuple[float, ...] | None:
    """(x, top, bottom) of the upright strip that stays empty along the greatest height."""
    margin = SIDE_SHARE_MIN * (right - left)
    places = np.arange(left + margin, right - margin, STEP_POINTS)
    best: tuple[float, float, float] | None = None
    equals: list[float] = []
    for x in places:
        across = items[(items[:, 0] < x + GUTTER_POINTS_MIN / 2) & (items[:, 2] > x - GUTTER_POINTS_MIN / 2)]
        edges = across[np.argsort(across[:, 1])]
        tops = np.concatenate([[ends[0]], np.maximum.accumulate(edges[:, 3])]) if len(edges) else np.asarray([ends[0]])
        bottoms = np.concatenate([edges[:, 1], [ends[1]]])
        widest = int(np.argmax(bottoms - tops))
        height = float(bottoms[widest] - tops[widest])
        if best is not None and abs(height - (best[2] - best[1])) < 1.0:
            equals.append(float(x))
        elif best is None or height > best[2] - best[1]:
            best, equals = (float(x), float(tops[widest]), float(bottoms[widest])), [float(x)]
    if best is None:
        return None
    return equals[len(equals) // 2], best[1], best[2]


def _in_rows(boxes: Sequence[Rect], found: Columns, least: int) -> bool:
    """Whether fewer than ``least`` stand on either side, or too many beside each other, for columns of their own."""
    heights = [np.asarray([box.centre[1] for box in boxes if found.part_of(box) == side]) for side in (1, 2)]
    if min(len(one) for one in heights) < least:
        return True
    one, other = heights
    beside = np.abs(one[:, None] - other[None, :]) <= SAME_LINE_POINTS
    return bool(max(beside.any(axis=0).mean(), beside.any(axis=1).mean()) > ALIGNED_SHARE_MAX)
