"""From a box on a scan as displayed back to the upright page, without loading what made it upright."""

from __future__ import annotations

import math

from procession.digitize.page import Rect
from procession.domain.layout import Lie

SIDE_POINTS_MIN = 6.0
"""A box that comes out thinner than any line of writing was level on the displayed page: a person drew it there."""


def upright(box: Rect, lie: Lie, width: float, height: float) -> Rect:
    """``box``: points of the page as displayed, a level one for a leaning field (``Upright.displayed``).

    ``width``, ``height``: points of the upright page. The field's own sides come back, not a box around the box.
    """
    across, down = (box.height, box.width) if lie.turn in (90, 270) else (box.width, box.height)
    x, y = _turned(*box.centre, lie.turn, width, height)
    angle = math.radians(-lie.skew_degrees)
    dx, dy = x - width / 2, y - height / 2
    x = width / 2 + dx * math.cos(angle) - dy * math.sin(angle)
    y = height / 2 + dx * math.sin(angle) + dy * math.cos(angle)
    own_across, own_down = _own_sides(across, down, abs(angle))
    if min(own_across, own_down) >= SIDE_POINTS_MIN:
        across, down = own_across, own_down
    return Rect(x - across / 2, y - down / 2, x + across / 2, y + down / 2)


def _own_sides(across: float, down: float, lean: float) -> tuple[float, float]:
    """Width and height of the field whose leaning box ``Upright.displayed`` shows as ``across`` x ``down``.

    Shown is the geometric mean of a side and of its hull: across^2 = w (w cos + h sin), down^2 = h (h cos + w sin),
    which leaves a quadratic equation for the area w h.
    """
    cos, sin = math.cos(lean), math.sin(lean)
    wide, tall = across * across, down * down
    twice, half = math.cos(2 * lean), (wide + tall) * sin / 2
    area = (math.sqrt(half * half + twice * wide * tall) - half) / twice
    return math.sqrt(max(wide - area * sin, 0.0) / cos), math.sqrt(max(tall - area * sin, 0.0) / cos)


def _turned(x: float, y: float, turn: int, width: float, height: float) -> tuple[float, float]:
    if turn == 90:
        return y, height - x
    if turn == 180:
        return width - x, height - y
    if turn == 270:
        return width - y, x
    return x, y
