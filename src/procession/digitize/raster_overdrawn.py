"""Boxes to tick whose tick or cross runs out of them: no outline of their own is left, but their four sides are."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from procession.digitize.page import Rect, Shape, Word
from procession.digitize.raster_boxes import SQUARE_POINTS, Places, is_print
from procession.digitize.render import Picture

SIDE_POINTS_MIN = 7.0
"""Letters of a heading enclose squares as small as smaller boxes."""
SIDES_MAX = 4.0
"""A box and its tick are at most this many sides of the box wide and high."""
SIDE_INKED_MIN = 0.92
"""Of each side of the box."""
INSET = 4
"""What lies further in than this part of a side is the box's inside."""
INSIDE_SHARE = (0.08, 0.75)
"""Of the inside that a tick or a cross covers; a solid block is none."""
SIZES_MAX = 4
"""Sizes of boxes that are looked for on one page, the most frequent ones."""
PIECES_MAX = 2_000


def find_overdrawn(ink: Picture, scale: float, boxes: Sequence[Shape], words: Sequence[Word]) -> list[Shape]:
    """Ticked squares as large as others on the page, but no letters of ``words``.

    ``ink``: 1 where there is some; ``boxes``: those already found.
    """
    squares = [one.box for one in boxes if one.kind == "rect" and SIDE_POINTS_MIN <= one.box.width <= SQUARE_POINTS[1]]
    sizes: dict[tuple[int, int], int] = {}
    for box in squares:
        size = round(box.width / scale), round(box.height / scale)
        sizes[size] = sizes.get(size, 0) + 1
    wanted = sorted(sizes, key=lambda size: -sizes[size])[:SIZES_MAX]
    letters = Places([word.box for word in words if is_print(word)])
    if not wanted:
        return []
    least, most = min(map(min, wanted)), SIDES_MAX * max(map(max, wanted))
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found: list[Shape] = []
    for x, y, width, height, _ in stats[1 : min(count, PIECES_MAX * 10)].tolist():
        if not (least <= min(width, height) and max(width, height) <= most) or len(found) >= PIECES_MAX:
            continue
        square = _square_in(ink[y : y + height, x : x + width], wanted)
        if square is None:
            continue
        left, top, wide, high = square
        box = Rect((x + left) * scale, (y + top) * scale, (x + left + wide) * scale, (y + top + high) * scale)
        if not letters.covers(box) and not any(_middle_in(one, box) for one in squares):
            found.append(Shape(box, "rect", stroked=True, filled=True))
    return found


def _square_in(piece: Picture, sizes: Sequence[tuple[int, int]]) -> tuple[int, int, int, int] | None:
    """x, y, width and height of the square with the best inked sides, of a piece that reaches out of it."""
    best: tuple[float, tuple[int, int, int, int]] | None = None
    height, width = piece.shape
    for wide, high in sizes:
        if wide > width or high > height or (width <= wide + 2 and height <= high + 2):
            continue
        sides = _sides(piece, wide, high)
        y, x = np.unravel_index(int(np.argmax(sides)), sides.shape)
        share = float(sides[y, x])
        inset_x, inset_y = wide // INSET, high // INSET
        inside = piece[y + inset_y : y + high - inset_y, x + inset_x : x + wide - inset_x]
        if not INSIDE_SHARE[0] <= float(inside.mean()) <= INSIDE_SHARE[1]:
            continue
        if share >= SIDE_INKED_MIN and (best is None or share > best[0]):
            best = share, (int(x), int(y), wide, high)
    return best[1] if best is not None else None


def _sides(piece: Picture, wide: int, high: int) -> NDArray[np.float32]:
    """For each place of a square's upper left corner, how much of its least inked side is inked."""
    # a side that leans by a pixel is still a side
    lying: Picture = np.asarray(cv2.dilate(piece, np.ones((3, 1), np.uint8)), dtype=np.uint8)
    upright: Picture = np.asarray(cv2.dilate(piece, np.ones((1, 3), np.uint8)), dtype=np.uint8)
    across = _runs(lying, (wide, 1))[:, : piece.shape[1] - wide + 1]
    down = _runs(upright, (1, high))[: piece.shape[0] - high + 1]
    rows, columns = down.shape[0], across.shape[1]
    least = np.minimum(across[:rows], across[high - 1 : high - 1 + rows])
    return np.minimum(least, np.minimum(down[:, :columns], down[:, wide - 1 : wide - 1 + columns]))


def _runs(mask: Picture, size: tuple[int, int]) -> NDArray[np.float32]:
    """Inked share of the run of ``size`` (width, height) that starts at each pixel."""
    return np.asarray(
        cv2.boxFilter(mask, cv2.CV_32F, size, anchor=(0, 0), normalize=True, borderType=cv2.BORDER_CONSTANT),
        dtype=np.float32,
    )


def _middle_in(one: Rect, box: Rect) -> bool:
    x, y = one.centre
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1
