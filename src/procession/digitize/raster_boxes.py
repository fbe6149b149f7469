"""Checkbox squares, circles and frames of a page picture, from the white they enclose and from their outer border."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from procession.digitize.page import Rect, Shape, Word
from procession.digitize.render import Picture

SQUARE_POINTS = (5.5, 26.0)
"""Side of a checkbox."""
OVAL_POINTS = ((9.0, 30.0), (5.0, 14.0))
"""Width and height of an oval to fill in."""
OVAL_ASPECT_MIN = 1.5
FRAME_POINTS_MIN = (14.0, 8.0)
"""Width and height from which a frame is a place to write."""
STROKE_POINTS_MAX = 2.6
"""Width of a checkbox's border."""
MISREAD_BOX = re.compile(r"^[\[\](){}|!1IlLJCcOo0©]{1,3}$")
"""What a recogniser reads where an empty box or circle is drawn: "O", "C]", "LJ", "[1]"."""
SURE_WORD = 0.6
"""Confidence from which a word's letters are believed to be letters."""
ROUND_LETTERS = "OoQ0©@CGDe"
"""What a recogniser takes a circle for."""
ROUND_WIDTH = 0.6
"""Width of such a letter in heights of its word."""
GLYPH_WIDTH_MAX = 1.1
"""Width of a printed letter in heights of its word; wider ones are misread drawings."""
LETTER_GAP = 0.25
"""Letters of a word stand closer than this, in widths of a letter."""
CONTOURS_MAX = 40_000
"""A noisy scan holds more specks than this; the rest is ignored."""


def find_boxes(ink: Picture, scale: float, words: Sequence[Word]) -> list[Shape]:
    """Squares and circles (``filled`` when marked) and frames. ``ink``: 1 where there is some, rules drawn in."""
    contours, hierarchy = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    printed = [word for word in words if is_print(word)]
    letters = {"rect": Places([word.box for word in printed]), "ellipse": Places([_letters(word) for word in printed])}
    found: list[Shape] = []
    for contour, (_, _, child, parent) in zip(contours[:CONTOURS_MAX], _tree(hierarchy), strict=False):
        x, y, width, height = cv2.boundingRect(contour)
        if min(width, height) * scale < SQUARE_POINTS[0] - 2 * STROKE_POINTS_MAX:
            continue
        shape: Shape | None = None
        if parent < 0 <= child:
            shape = _outlined(ink, contour, (x, y, width, height), scale)
        elif parent >= 0:
            shape = _enclosed(ink, contour, (x, y, width, height), scale)
        if shape is not None and not (shape.box.width <= SQUARE_POINTS[1] and letters[shape.kind].covers(shape.box)):
            found.append(shape)
    return once(found)


def _letters(word: Word) -> Rect:
    """Where the word's letters surely are: a round first one may be the circle before it ("ONo")."""
    box = word.box
    return box._replace(x0=box.x0 + ROUND_WIDTH * box.height) if word.text[0] in ROUND_LETTERS else box


def is_print(word: Word) -> bool:
    """Whether a word's letters are believed to be letters."""
    if len(word.text) < 2 or word.confidence < SURE_WORD or MISREAD_BOX.match(word.text):
        return False
    return word.box.width <= GLYPH_WIDTH_MAX * word.box.height * len(word.text)


def _tree(hierarchy: NDArray[Any] | None) -> Sequence[tuple[int, int, int, int]]:
    """Next, previous, first child and parent of each contour."""
    return [] if hierarchy is None else [(int(a), int(b), int(c), int(d)) for a, b, c, d in hierarchy[0]]


def _outlined(ink: Picture, contour: NDArray[Any], at: tuple[int, int, int, int], scale: float) -> Shape | None:
    """A square whose four sides are inked, or a circle, that touches nothing else; None for letters."""
    x, y, width, height = at
    box = Rect(x * scale, y * scale, (x + width) * scale, (y + height) * scale)
    if width >= OVAL_ASPECT_MIN * height:
        return _oval(ink, contour, at, box)
    low, high = SQUARE_POINTS
    if not (low <= box.width <= high and low <= box.height <= high and 0.7 <= width / height <= 1.43):
        return None
    area = cv2.contourArea(contour)
    fullness = area / max(1, (width - 1) * (height - 1))
    edge = max(2, min(width, height) // 7)
    part = ink[y : y + height, x : x + width]
    if float(part[edge:-edge, edge:-edge].mean()) > 0.8:
        return None  # a solid bullet
    kind: Literal["rect", "ellipse"]
    if fullness > 0.88:
        sides = (
            part[:edge].max(axis=0),
            part[-edge:].max(axis=0),
            part[:, :edge].max(axis=1),
            part[:, -edge:].max(axis=1),
        )
        if not all(float(side.mean()) > 0.9 for side in sides):
            return None
        kind = "rect"
    else:
        perimeter = cv2.arcLength(contour, True)
        roundness = 4 * np.pi * area / max(perimeter * perimeter, 1)
        if not (0.70 <= fullness <= 0.86 and 0.8 <= width / height <= 1.25 and roundness > 0.72):
            return None
        if _in_a_row(ink, at):
            return None
        kind = "ellipse"
    return Shape(box, kind, stroked=True, filled=_marked(ink, x, y, width, height))


def _oval(ink: Picture, contour: NDArray[Any], at: tuple[int, int, int, int], box: Rect) -> Shape | None:
    """A flat outline with round ends, hollow or filled in by hand; no corner of it is inked."""
    x, y, width, height = at
    (narrow, wide), (low, high) = OVAL_POINTS
    if not (narrow <= box.width <= wide and low <= box.height <= high):
        return None
    if not 0.75 <= cv2.contourArea(contour) / max(1, (width - 1) * (height - 1)) <= 0.97:
        return None
    part = ink[y : y + height, x : x + width]
    corner = max(1, height // 7)
    corners = (part[:corner, :corner], part[:corner, -corner:], part[-corner:, :corner], part[-corner:, -corner:])
    if max(float(one.mean()) for one in corners) > 0.35:
        return None
    middle = part[:, width // 3 : -(width // 3)]
    if float(middle[:2].max(axis=0).mean()) < 0.9 or float(middle[-2:].max(axis=0).mean()) < 0.9:
        return None
    return Shape(box, "ellipse", stroked=True, filled=_marked(ink, x, y, width, height))


def _in_a_row(ink: Picture, at: tuple[int, int, int, int]) -> bool:
    """Whether something as tall stands close by on either side: an O within a word, not a circle to tick."""
    x, y, width, height = at
    near = max(2, round(LETTER_GAP * width))
    left = ink[y : y + height, max(0, x - near) : max(0, x - 1)].max(axis=1, initial=0)
    right = ink[y : y + height, x + width + 1 : x + width + near].max(axis=1, initial=0)
    return max(float(left.mean()), float(right.mean())) > 0.3


def _marked(ink: Picture, x: int, y: int, width: int, height: int) -> bool:
    """A cross or a tick covers over a twelfth of the inside."""
    inset = max(2, round(min(width, height) * 0.22))
    inside = ink[y + inset : y + height - inset, x + inset : x + width - inset]
    return bool(inside.size) and float(inside.mean()) > 0.08


def _enclosed(ink: Picture, contour: NDArray[Any], at: tuple[int, int, int, int], scale: float) -> Shape | None:
    """A white rectangle within borders, whatever these touch; None where they run on as the rules of a table."""
    x, y, width, height = at
    if cv2.contourArea(contour) < 0.86 * (width - 1) * (height - 1):
        return None
    left, top, right, bottom = _borders(ink, at, max(2, round(STROKE_POINTS_MAX / scale)))
    if min(left, top, right, bottom) == 0:
        return None
    x0, y0, x1, y1 = x - left, y - top, x + width + right, y + height + bottom
    box = Rect(x0 * scale, y0 * scale, x1 * scale, y1 * scale)
    low, high = SQUARE_POINTS
    if low <= min(box.width, box.height) and max(box.width, box.height) <= high:
        square = 0.7 <= box.width / box.height <= 1.43
        return (
            Shape(box, "rect", stroked=True, filled=False)
            if square and not _runs_on(ink, (x0, y0, x1, y1), scale)
            else None
        )
    if box.width >= FRAME_POINTS_MIN[0] and box.height >= FRAME_POINTS_MIN[1]:
        return Shape(box, "rect", stroked=True, filled=False)
    return None


def _borders(ink: Picture, at: tuple[int, int, int, int], most: int) -> tuple[int, int, int, int]:
    """Width of the ink left, above, right and below of a hole, in pixels; 0 where there is none."""
    x, y, width, height = at
    inset_x, inset_y = width // 4, height // 4
    rows, columns = slice(y + inset_y, y + height - inset_y), slice(x + inset_x, x + width - inset_x)
    left = ink[rows, max(0, x - most) : x].mean(axis=0)[::-1]
    right = ink[rows, x + width : x + width + most].mean(axis=0)
    top = ink[max(0, y - most) : y, columns].mean(axis=1)[::-1]
    bottom = ink[y + height : y + height + most, columns].mean(axis=1)
    return _thickness(left), _thickness(top), _thickness(right), _thickness(bottom)


def _thickness(shares: NDArray[Any]) -> int:
    """Pixels of the first run that is inked for more than half of the side."""
    below = np.flatnonzero(shares < 0.5)
    return int(below[0]) if below.size else len(shares)


def _runs_on(ink: Picture, at: tuple[int, int, int, int], scale: float) -> bool:
    """Whether at least two borders go on past the corners: a cell of a grid, not a box of its own.

    Only upright ones may: boxes to tick stand on one another in a list, each before its words.
    """
    x0, y0, x1, y1 = at
    height, width = ink.shape
    reach, skip, band = max(3, round(3.5 / scale)), 2, max(2, round(1.2 / scale))
    across = upright = 0
    for y in (y0, y1):
        rows = slice(max(0, y - band), min(height, y + band))
        before = ink[rows, max(0, x0 - skip - reach) : max(0, x0 - skip)].max(axis=0, initial=0)
        after = ink[rows, x1 + skip : min(width, x1 + skip + reach)].max(axis=0, initial=0)
        across += _full(before) or _full(after)
    for x in (x0, x1):
        columns = slice(max(0, x - band), min(width, x + band))
        before = ink[max(0, y0 - skip - reach) : max(0, y0 - skip), columns].max(axis=1, initial=0)
        after = ink[y1 + skip : min(height, y1 + skip + reach), columns].max(axis=1, initial=0)
        upright += _full(before) or _full(after)
    return across > 0 and across + upright >= 2


def _full(line: NDArray[Any]) -> bool:
    return bool(line.size) and float(line.mean()) > 0.85


def once(shapes: Sequence[Shape]) -> list[Shape]:
    """Each box once, by its outer border where both were found."""
    seen = Places([])
    kept: list[Shape] = []
    for shape in sorted(shapes, key=lambda one: (not one.filled, -one.box.width * one.box.height)):
        if shape.box.width <= SQUARE_POINTS[1] and seen.covers(shape.box):
            continue
        if shape.box.width <= SQUARE_POINTS[1]:
            seen.add(shape.box)
        kept.append(shape)
    return sorted(kept, key=lambda one: (one.box.y0, one.box.x0))


class Places:
    """Rectangles in a coarse grid, to ask whether a small box lies inside one of them."""

    CELL = 36.0

    def __init__(self, boxes: Sequence[Rect]) -> None:
        self._cells: dict[tuple[int, int], list[Rect]] = {}
        for box in boxes:
            self.add(box)

    def add(self, box: Rect) -> None:
        for cx in range(int(box.x0 // self.CELL), int(box.x1 // self.CELL) + 1):
            for cy in range(int(box.y0 // self.CELL), int(box.y1 // self.CELL) + 1):
                self._cells.setdefault((cx, cy), []).append(box)

    def covers(self, box: Rect) -> bool:
        x, y = box.centre
        near = self._cells.get((int(x // self.CELL), int(y // self.CELL)), [])
        return any(
            one.x0 - 1 <= box.x0 and box.x1 <= one.x1 + 1 and one.y0 - 2 <= box.y0 and box.y1 <= one.y1 + 2
            for one in near
        )
