"""Lines, boxes, checkbox squares and ink of a page picture, as the reader would have found them in a digital page.

Works on the grey picture of an upright page (``ocr.Upright``); about 0.3 s a page at 200 dpi. Boxes are points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from procession.digitize.page import Rect, Segment, Shape, Word
from procession.digitize.raster_boxes import SQUARE_POINTS, find_boxes, once
from procession.digitize.raster_lines import find_lines, short_rules
from procession.digitize.raster_overdrawn import find_overdrawn
from procession.digitize.raster_panels import find_panels
from procession.digitize.render import Picture

INK_POINTS_MIN = (18.0, 5.0)
"""Width and height from which marks outside words and lines count as handwriting."""
PAPER_POINTS = 10.0
"""Wider than any stroke of a form: what is darker over a wider patch is shade or panel."""
INK_LEVEL_MIN = 8.0
INK_NOISE = 3.0
"""Ink is darker than the paper by this many grey levels, and by this many times its grain."""
INK_SHARE = 0.4
NEAR_POINTS = 2.5
"""Ink is at least this part as dark as the darkest ink this near."""
STRONG_LEVEL = 40.0
"""Pen and print; light grey rules are weaker."""
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
    dark, noise = darkness(picture, dpi)
    segments = find_lines(dark, dpi, words, noise)
    lines = _drawn(segments, picture.shape, scale)
    ink = _ink(dark, dpi, noise)
    strong: Picture = np.asarray(dark > max(STRONG_LEVEL, 5 * noise), dtype=np.uint8)
    # light rules need faint ink; where a watermark runs through a box, strong ink alone shows it
    boxes = once(find_boxes(ink | lines, scale, words) + find_boxes(strong, scale, words))
    boxes += find_overdrawn(ink, scale, boxes, words)
    marks = handwriting(strong, lines, scale, words, boxes)
    segments += short_rules(strong, [*segments, *_sides(boxes)], dpi, words)
    return Traced(segments, boxes + marks + find_panels(picture, dpi, noise))


def _sides(boxes: Sequence[Shape]) -> list[Segment]:
    """The upper and lower sides of boxes to tick: strokes as short as these are no rules of their own."""
    small = [one.box for one in boxes if one.box.width <= SQUARE_POINTS[1]]
    return [Segment(Rect(box.x0, y - 2, box.x1, y + 2), horizontal=True) for box in small for y in (box.y0, box.y1)]


def _ink(dark: Picture, dpi: float, noise: float) -> Picture:
    """1 where there is ink, light grey rules included; the blur around black print is none."""
    reach = max(3, round(NEAR_POINTS * dpi / 72)) | 1
    darkest = cv2.dilate(dark, np.ones((reach, reach), np.uint8))
    least = np.maximum(INK_SHARE * darkest, max(INK_LEVEL_MIN, INK_NOISE * noise))
    return np.asarray(dark > least, dtype=np.uint8)


def darkness(picture: Picture, dpi: float) -> tuple[Picture, float]:
    """How much darker than the paper around it each pixel is, and the grain of the paper (standard deviation).

    The paper is what a disc wider than any stroke sees of light, so shadows and grey panels are paper.
    """
    smooth = cv2.GaussianBlur(picture, (3, 3), 0)
    reach = max(9, round(PAPER_POINTS * dpi / 72)) | 1
    paper = cv2.morphologyEx(cv2.medianBlur(smooth, 5), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    dark = cv2.subtract(paper, smooth)
    blank = dark[dark < 40]
    # the lower half of a page is grain alone; its median estimates the spread without the ink
    middle = float(np.median(blank)) if blank.size else 0.0
    noise = 1.4826 * float(np.median(np.abs(blank.astype(np.float32) - middle))) if blank.size else 0.0
    return np.asarray(np.maximum(dark, round(middle)) - round(middle), dtype=np.uint8), noise


def _drawn(segments: Sequence[Segment], shape: tuple[int, ...], scale: float) -> Picture:
    lines = np.zeros(shape, np.uint8)
    for one in segments:
        x0, y0, x1, y1 = (round(value / scale) for value in one.box)
        lines[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)] = 1
    return lines


def _components(mask: Picture) -> list[tuple[int, int, int, int]]:
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    rows = stats[1 : min(count, COMPONENTS_MAX)]
    return [(int(r[0]), int(r[1]), int(r[2]), int(r[3])) for r in rows]


def handwriting(
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
