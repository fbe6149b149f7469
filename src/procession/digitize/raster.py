"""Lines, boxes, checkbox squares and ink of a page picture, as the reader would have found them in a digital page.

Works on the grey picture of an upright page (``ocr.Upright``); about 0.1 s a page at 200 dpi. Boxes are points.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from procession.digitize.page import Rect, Segment, Shape, Word
from procession.digitize.render import Picture

LINE_POINTS_MIN = 18.0
"""Shorter runs of ink are strokes of letters."""
LINE_THICKNESS_POINTS_MAX = 3.5
GAP_POINTS_MAX = 3.0
"""Breaks of a scanned rule that are closed."""
SQUARE_POINTS = (5.5, 26.0)
"""Side of a checkbox."""
INK_POINTS_MIN = (18.0, 5.0)
"""Width and height from which marks outside words and lines count as handwriting."""
MISREAD_BOX = re.compile(r"^[\[\](){}|!1IlLJCcOo0©]{1,3}$")
"""What a recogniser reads where an empty box or circle is drawn: "O", "C]", "LJ", "[1]"."""
COMPONENTS_MAX = 20_000
"""A noisy scan holds more specks than this; the rest is ignored."""


@dataclass(frozen=True, slots=True)
class Traced:
    segments: list[Segment]
    shapes: list[Shape]
    """Checkbox squares and circles (rect, ellipse), frames of boxes (rect), handwriting (other)."""


def trace(picture: Picture, dpi: float, words: Sequence[Word] = ()) -> Traced:
    """What is drawn on the page. ``words`` are those OCR read: letters are not taken for boxes, nor words for ink."""
    scale = 72 / dpi
    ink = _binary(picture)
    horizontal = _lines(ink, dpi, horizontal=True)
    vertical = _lines(ink, dpi, horizontal=False)
    segments = _segments(horizontal, scale, horizontal=True) + _segments(vertical, scale, horizontal=False)
    boxes = _boxes(ink, scale, words)
    marks = _handwriting(ink, horizontal | vertical, scale, words, boxes)
    return Traced(segments, boxes + marks)


def _binary(picture: Picture) -> Picture:
    """1 where there is ink. Local threshold: shadows and grey panels of a scan are paper."""
    block = max(15, (min(picture.shape) // 40) | 1)
    smooth = cv2.GaussianBlur(picture, (3, 3), 0)
    local = cv2.adaptiveThreshold(smooth, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 12)
    return np.asarray(local & (smooth < 215).astype(np.uint8), dtype=np.uint8)


def _lines(ink: Picture, dpi: float, *, horizontal: bool) -> Picture:
    """Ink that runs straight for LINE_POINTS_MIN, small breaks closed, thick panels removed."""
    length = max(3, round(LINE_POINTS_MIN * dpi / 72))
    gap = max(1, round(GAP_POINTS_MAX * dpi / 72))
    thick = max(2, round(LINE_THICKNESS_POINTS_MAX * dpi / 72)) + 1

    def along(n: int) -> tuple[int, int]:
        return (n | 1, 1) if horizontal else (1, n | 1)  # odd, so that nothing shifts

    def across(n: int) -> tuple[int, int]:
        return (1, n | 1) if horizontal else (n | 1, 1)

    # a slightly crooked rule steps by a pixel: thicken it so that it stays one run
    joined = cv2.dilate(ink, cv2.getStructuringElement(cv2.MORPH_RECT, across(2)))
    # strokes of letters go first, or closing the breaks would string them together
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, along(length // 2)))
    joined = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, along(gap)))
    runs = cv2.morphologyEx(joined, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, along(length)))
    panels = cv2.morphologyEx(runs, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, across(thick + 1)))
    return np.asarray(cv2.subtract(runs, panels), dtype=np.uint8)


def _segments(mask: Picture, scale: float, *, horizontal: bool) -> list[Segment]:
    found: list[Segment] = []
    for x, y, width, height in _components(mask):
        long, thin = (width, height) if horizontal else (height, width)
        if long * scale < LINE_POINTS_MIN or thin * scale > LINE_THICKNESS_POINTS_MAX * 1.6 or long < 6 * thin:
            continue
        box = Rect(x * scale, y * scale, (x + width) * scale, (y + height) * scale)
        found.append(Segment(box, horizontal, width=round(max(thin - 1, 1) * scale, 2)))
    return found


def _components(mask: Picture) -> list[tuple[int, int, int, int]]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows = stats[1 : min(count, COMPONENTS_MAX)]
    return [(int(r[0]), int(r[1]), int(r[2]), int(r[3])) for r in rows]


def _boxes(ink: Picture, scale: float, words: Sequence[Word]) -> list[Shape]:
    """Checkboxes by their outer border (a tick cuts the inside into pieces), wide entry boxes by the hole inside."""
    contours, hierarchy = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    letters = _Boxes([word.box for word in words if len(word.text) > 1 and not MISREAD_BOX.match(word.text)])
    found: list[Shape] = []
    for contour, (_, _, child, parent) in zip(contours[:COMPONENTS_MAX], _tree(hierarchy), strict=False):
        x, y, width, height = cv2.boundingRect(contour)
        box = Rect(x * scale, y * scale, (x + width) * scale, (y + height) * scale)
        if parent < 0 <= child:
            kind = _small(ink, contour, box, x, y, width, height)
            if kind and not letters.covers(box):
                found.append(Shape(box, kind, stroked=True, filled=_marked(ink, x, y, width, height)))
        elif parent >= 0 and _wide(box) and cv2.contourArea(contour) > 0.88 * (width - 1) * (height - 1):
            found.append(Shape(box, "rect", stroked=True, filled=False))
    return found


def _wide(box: Rect) -> bool:
    return box.height >= 8 and box.width >= 14 and max(box.width, box.height) > SQUARE_POINTS[1]


def _tree(hierarchy: np.ndarray | None) -> Sequence[tuple[int, int, int, int]]:
    """Next, previous, first child and parent of each contour."""
    return [] if hierarchy is None else [(int(a), int(b), int(c), int(d)) for a, b, c, d in hierarchy[0]]


def _small(
    ink: Picture, contour: np.ndarray, box: Rect, x: int, y: int, width: int, height: int
) -> Literal["rect", "ellipse"] | None:
    """A square whose four sides are inked, or a circle; None for letters and everything else."""
    low, high = SQUARE_POINTS
    if not (low <= box.width <= high and low <= box.height <= high and 0.7 <= width / height <= 1.43):
        return None
    area = cv2.contourArea(contour)
    fullness = area / max(1, (width - 1) * (height - 1))
    edge = max(2, min(width, height) // 7)
    part = ink[y : y + height, x : x + width]
    if float(part[edge:-edge, edge:-edge].mean()) > 0.8:
        return None  # a solid bullet
    if fullness > 0.88:
        sides = (
            part[:edge].max(axis=0),
            part[-edge:].max(axis=0),
            part[:, :edge].max(axis=1),
            part[:, -edge:].max(axis=1),
        )
        return "rect" if all(float(side.mean()) > 0.9 for side in sides) else None
    perimeter = cv2.arcLength(contour, True)
    roundness = 4 * np.pi * area / max(perimeter * perimeter, 1)
    return "ellipse" if 0.70 <= fullness <= 0.86 and 0.8 <= width / height <= 1.25 and roundness > 0.72 else None


def _marked(ink: Picture, x: int, y: int, width: int, height: int) -> bool:
    """A cross or a tick covers over a twelfth of the inside."""
    inset = max(2, round(min(width, height) * 0.22))
    inside = ink[y + inset : y + height - inset, x + inset : x + width - inset]
    return bool(inside.size) and float(inside.mean()) > 0.08


def _handwriting(
    ink: Picture, lines: Picture, scale: float, words: Sequence[Word], boxes: Sequence[Shape]
) -> list[Shape]:
    """Marks that are neither rules nor printed words: signatures, scribbles."""
    rest = cv2.subtract(ink, cv2.dilate(lines, np.ones((3, 3), np.uint8)))
    for word in words:
        if word.confidence >= 0.6 and len(word.text) > 1:
            _erase(rest, word.box, scale, margin=1.0)
    for shape in boxes:
        if shape.box.width <= SQUARE_POINTS[1]:
            _erase(rest, shape.box, scale, margin=1.5)
    reach = max(3, round(3.0 / scale))  # pen strokes of one signature lie within 3 points
    joined = cv2.morphologyEx(np.asarray(rest, dtype=np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    found: list[Shape] = []
    for x, y, width, height in _components(np.asarray(joined, dtype=np.uint8)):
        if width * scale < INK_POINTS_MIN[0] or height * scale < INK_POINTS_MIN[1] or height * scale > 120:
            continue
        share = float(rest[y : y + height, x : x + width].mean())
        if 0.01 <= share <= 0.5:  # solid blocks are logos and panels
            box = Rect(x * scale, y * scale, (x + width) * scale, (y + height) * scale)
            found.append(Shape(box, "other", stroked=True, filled=False))
    return found


def _erase(mask: np.ndarray, box: Rect, scale: float, margin: float) -> None:
    x0, y0 = max(0, round((box.x0 - margin) / scale)), max(0, round((box.y0 - margin) / scale))
    mask[y0 : round((box.y1 + margin) / scale), x0 : round((box.x1 + margin) / scale)] = 0


class _Boxes:
    """Rectangles in a coarse grid, to ask whether a small box lies inside one of them."""

    CELL = 36.0

    def __init__(self, boxes: Sequence[Rect]) -> None:
        self._cells: dict[tuple[int, int], list[Rect]] = {}
        for box in boxes:
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
