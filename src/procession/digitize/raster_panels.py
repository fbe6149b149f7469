"""Shaded places of a page picture: light grey or tinted panels without a border, as forms print them to write in."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from procession.digitize.page import Rect, Shape
from procession.digitize.render import Picture

SHADE_LEVELS = (5.0, 90.0)
"""Grey levels (of 255) by which a panel is darker than the paper around it; a darker one is no place to write."""
SHADE_NOISE = 0.8
"""And by so much of the paper's grain (standard deviation)."""
PANEL_POINTS_MIN = (24.0, 8.0)
"""Width and height from which a panel is a place to write."""
EDGE_POINTS = 12.0
"""Shade this near to the picture's edge is the scanner's."""
PANEL_HEIGHT_MAX = 150.0
"""Points; a taller shade has no paper near to compare with."""
STROKE_POINTS = 4.0
"""Narrower print is no part of the shade behind it."""
EVEN_LEVELS_MAX = 12.0
"""Between the lightest and the darkest tenth of a panel; more is print that ran together."""
FULLNESS_MIN = 0.88
"""Of its bounding box, that a panel covers."""
PANELS_MAX = 400


def find_panels(picture: Picture, dpi: float, noise: float) -> list[Shape]:
    """Filled rectangles in points, lighter than print and darker than the paper; ``noise``: the paper's grain."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    per_point = dpi / 72 / 2
    scale = 1 / per_point
    stroke, reach = (max(3, round(points * per_point)) | 1 for points in (STROKE_POINTS, PANEL_HEIGHT_MAX / 2))
    unwritten = cv2.morphologyEx(cv2.blur(half, (3, 3)), cv2.MORPH_CLOSE, np.ones((stroke, stroke), np.uint8))
    ground = cv2.medianBlur(np.asarray(unwritten, dtype=np.uint8), 5)
    small = cv2.resize(ground, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    # the paper is the lightest ground near; the median over a patch first, so that a speck of noise is no paper
    lightest = cv2.dilate(cv2.medianBlur(small, 5), np.ones((max(3, reach // 4) | 1,) * 2, np.uint8))
    paper = cv2.resize(cv2.blur(lightest, (5, 5)), half.shape[::-1], interpolation=cv2.INTER_LINEAR)
    darker = cv2.subtract(paper, ground)
    least = max(SHADE_LEVELS[0], SHADE_NOISE * noise)
    shaded = ((darker > least) & (darker < SHADE_LEVELS[1])).astype(np.uint8)
    thin = [max(3, round(0.7 * points * per_point)) | 1 for points in PANEL_POINTS_MIN]
    mask = cv2.morphologyEx(shaded, cv2.MORPH_OPEN, np.ones((thin[1], thin[0]), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    found = []
    for label, (x, y, width, height, _) in enumerate(stats[1 : min(count, PANELS_MAX)], start=1):
        part = labels[y : y + height, x : x + width] == label
        left, top, right, bottom = _trimmed(part)
        whole = part[top:bottom, left:right]
        if not whole.size or float(whole.mean()) < FULLNESS_MIN:
            continue
        box = Rect(*(float(at * scale) for at in (x + left, y + top, x + right, y + bottom)))
        shade = ground[y + top : y + bottom, x + left : x + right]
        dark, level, light = (int(value) for value in np.percentile(shade, (10, 50, 90)))
        if light - dark <= EVEN_LEVELS_MAX and _is_panel(box, half.shape[1] * scale, half.shape[0] * scale):
            found.append(Shape(box, "rect", stroked=False, filled=True, fill=(level, level, level)))
    return found


def _trimmed(part: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the rows and columns that are mostly shaded: labels that touch a panel are not."""
    rows = np.flatnonzero(part.mean(axis=1) >= FULLNESS_MIN * float(part.mean(axis=1).max()))
    columns = np.flatnonzero(part[rows[0] : rows[-1] + 1].mean(axis=0) >= 0.5)
    if not len(columns):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _is_panel(box: Rect, width: float, height: float) -> bool:
    if box.width < PANEL_POINTS_MIN[0] or not PANEL_POINTS_MIN[1] <= box.height <= PANEL_HEIGHT_MAX:
        return False
    near = min(box.x0, box.y0, width - box.x1, height - box.y1)
    return near >= EDGE_POINTS
