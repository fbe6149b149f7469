"""How large a page's picture is sent: as sharp as reading needs, and no pixel more than the model bills for that."""

from __future__ import annotations

import struct
from typing import Protocol

FULL_DPI = 180.0
"""Dots an inch of a picture that is not made smaller."""
LEGIBLE_DPI = 85.0
"""Dots an inch under which common print of 9 points is hard to read."""
STEP_PIXELS = 8
TOKENS_UNKNOWN = 2_000
"""Estimate for a picture where nobody knows how the model counts."""


class ImageRule(Protocol):
    """How a model counts a picture's tokens."""

    def tokens(self, width: int, height: int, detail: str) -> int: ...


def picture_width(width: float, height: float, rule: ImageRule | None, *, downscale: bool = True) -> int:
    """Pixels across for a page of ``width`` by ``height`` points.

    Of all legible widths one that costs least; of several that cost the same the widest.
    """
    full = max(STEP_PIXELS, round(width / 72 * FULL_DPI))
    if not downscale or rule is None:
        return full
    least = min(full, max(STEP_PIXELS, round(width / 72 * LEGIBLE_DPI)))
    ratio = height / max(width, 1.0)
    widths = [*range(least, full, STEP_PIXELS), full]
    costs = [(rule.tokens(one, max(1, round(one * ratio)), "high"), -one) for one in widths]
    return -int(min(costs)[1])


def picture_tokens(png: bytes, rule: ImageRule | None) -> int:
    """Estimate of what a PNG costs; its size stands in its first bytes."""
    if rule is None or len(png) < 24 or not png.startswith(b"\x89PNG\r\n\x1a\n"):
        return TOKENS_UNKNOWN
    width, height = struct.unpack(">II", png[16:24])
    return rule.tokens(width, height, "high")
