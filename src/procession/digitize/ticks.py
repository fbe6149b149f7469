"""Whether known boxes are ticked and known lines signed, without looking at the rest of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from procession.digitize.detect.marks import find_marks
from procession.digitize.page import PageContent, Rect, Shape, Word
from procession.digitize.raster import handwriting
from procession.digitize.render import Picture

REACH_POINTS = 6.0
"""How far a box may lie from where it is expected."""
INSET = 0.25
"""Of a box's side: what lies further in is its inside."""
MARKED_SHARE = 0.08
"""Of the inside that a cross or a tick covers (``raster_boxes``)."""
INK_LEVEL = 40.0
INK_SHARE = 0.4
"""Ink is darker than the paper by so many grey levels, and by this share of what the darkest ink here is."""
INKED_SHARE = 0.03
RULE_POINTS = 30.0
"""A longer straight stroke is a rule, not handwriting."""
STROKE_SHARE = (0.25, 1.8)
"""Size of a drawn tick in sides of its box."""


def near(boxes: Sequence[Rect], zones: Sequence[Rect], margin: float) -> list[bool]:
    """For each box whether its middle lies in one of ``zones``, or at most ``margin`` points outside it."""
    if not boxes or not zones:
        return [False] * len(boxes)
    middles = np.array([box.centre for box in boxes])
    places = np.array(zones, dtype=np.float64)
    x, y = middles[:, :1], middles[:, 1:]
    inside = (x >= places[:, 0] - margin) & (x <= places[:, 2] + margin)
    inside &= (y >= places[:, 1] - margin) & (y <= places[:, 3] + margin)
    return [bool(one) for one in np.any(inside, axis=1)]


def ticked(page: PageContent, boxes: Sequence[Rect]) -> list[bool]:
    """For each of ``boxes``, in points. A scanned page's shapes are those ``ink`` gave."""
    if not boxes:
        return []
    if page.source == "scanned":  # what a recogniser makes of a cross in a box is no evidence
        inked = {shape.box for shape in page.shapes if shape.filled}
        return [box in inked for box in boxes]
    here = replace(
        page,
        words=_only(page.words, boxes),
        shapes=_only(page.shapes, boxes),
        segments=_only(page.segments, boxes),
        widgets=[],
    )
    marks = [mark.box for mark in find_marks(here) if mark.ticked]
    strokes = [one.box for one in here.shapes if one.kind == "other"]
    return [
        any(_middle_in(mark, box, 2.0) or _middle_in(box, mark, 2.0) for mark in marks)
        or any(_is_tick(stroke, box) for stroke in strokes)
        for box in boxes
    ]


def ink(
    picture: Picture, dpi: float, marks: Sequence[Rect], places: Sequence[Rect], words: Sequence[Word]
) -> list[Shape]:
    """Of a scan: the boxes to tick at ``marks``, ``filled`` when ticked, and the pen strokes within ``places``."""
    found = [Shape(box, "rect", stroked=True, filled=_is_marked(picture, dpi, box)) for box in marks]
    for place in places:
        found += _strokes(picture, dpi, place, words)
    return found


def _strokes(picture: Picture, dpi: float, zone: Rect, words: Sequence[Word]) -> list[Shape]:
    """Handwriting in ``zone``: ink that is neither a rule nor a printed word."""
    part, x, y = _cut(picture, dpi, zone)
    if not part.size:
        return []
    inked = _inked(part)
    long = max(9, round(RULE_POINTS * dpi / 72))
    across = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    down = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    is_near = near([word.box for word in words], [zone], 4.0)
    here = [replace(one, box=_moved(one.box, -x, -y)) for one, kept in zip(words, is_near, strict=True) if kept]
    found = handwriting(inked, np.asarray(cv2.max(across, down), dtype=np.uint8), 72 / dpi, here, [])
    return [replace(one, box=_moved(one.box, x, y)) for one in found]


def _inked(part: Picture) -> Picture:
    """1 where pen or print is, 0 where paper; a zone is so small that one shade is the paper's."""
    paper = _paper(part)
    return np.asarray(part < paper - max(INK_LEVEL, INK_SHARE * (paper - float(part.min()))), dtype=np.uint8)


def _paper(part: Picture) -> float:
    """What four fifths of the pixels are darker than."""
    flat = part.ravel()
    return float(np.partition(flat, len(flat) * 4 // 5)[len(flat) * 4 // 5])


def is_inked(picture: Picture, dpi: float, box: Rect) -> bool:
    """Whether anything is printed in ``box`` of a scan."""
    part, _, _ = _cut(picture, dpi, box)
    if not part.size:
        return False
    return float((part < _paper(part) - 2 * INK_LEVEL).mean()) >= INKED_SHARE


def _is_marked(picture: Picture, dpi: float, box: Rect) -> bool:
    """The box's outline is looked for near its place; its inside tells."""
    around = Rect(box.x0 - REACH_POINTS, box.y0 - REACH_POINTS, box.x1 + REACH_POINTS, box.y1 + REACH_POINTS)
    part, _, _ = _cut(picture, dpi, around)
    width, height = (max(6, round(side * dpi / 72)) for side in (box.width, box.height))
    if part.shape[0] <= height or part.shape[1] <= width:
        return False
    inked = _inked(part).astype(np.float32)
    edge = max(2, min(width, height) // 9)
    outline = np.ones((height, width), np.float32)
    outline[edge:-edge, edge:-edge] = -0.25
    rated = cv2.matchTemplate(inked, outline, cv2.TM_CCORR)
    y, x = np.unravel_index(int(np.argmax(rated)), rated.shape)
    dx, dy = max(2, round(INSET * width)), max(2, round(INSET * height))
    inside = inked[int(y) + dy : int(y) + height - dy, int(x) + dx : int(x) + width - dx]
    return bool(inside.size) and float(inside.mean()) > MARKED_SHARE


def _is_tick(stroke: Rect, box: Rect) -> bool:
    least, most = STROKE_SHARE
    side = min(box.width, box.height)
    return _middle_in(stroke, box, 1.0) and least * side <= max(stroke.width, stroke.height) <= most * side


def _only(things: Sequence[Any], boxes: Sequence[Rect]) -> list[Any]:
    is_near = near([one.box for one in things], boxes, REACH_POINTS)
    return [one for one, kept in zip(things, is_near, strict=True) if kept]


def _middle_in(box: Rect, zone: Rect, margin: float) -> bool:
    x, y = box.centre
    return zone.x0 - margin <= x <= zone.x1 + margin and zone.y0 - margin <= y <= zone.y1 + margin


def _cut(picture: Picture, dpi: float, box: Rect) -> tuple[Picture, float, float]:
    """The part of the picture at ``box``, and its left and top in points."""
    scale = dpi / 72
    x0, y0 = max(0, round(box.x0 * scale)), max(0, round(box.y0 * scale))
    part = picture[y0 : max(y0, round(box.y1 * scale)), x0 : max(x0, round(box.x1 * scale))]
    return np.ascontiguousarray(part), x0 / scale, y0 / scale


def _moved(box: Rect, dx: float, dy: float) -> Rect:
    return Rect(box.x0 + dx, box.y0 + dy, box.x1 + dx, box.y1 + dy)
