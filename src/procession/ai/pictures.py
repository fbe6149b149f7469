"""How large a page's picture is sent: as sharp as reading needs, and no pixel more than the model bills for that."""

from __future__ import annotations

import math
import struct
from typing import Protocol

FULL_DPI = 180.0
"""Dots an inch of a picture that is not made smaller."""
LEGIBLE_DPI = 85.0
"""Dots an inch under which common print of 9 points is hard to read."""
STEP_PIXELS = 8
COMMON_PIXELS = (768, 1_024)
"""Short and long side: two by two tiles of 512, or 768 patches of 32."""
TOKENS_MIN = 1_200
TOKENS_MAX = 2_800
PATCH_TOKENS = 1.8
"""Of a picture whose model's way of counting is not known: more than the published ones come to."""


class ImageRule(Protocol):
    """How a model counts a picture's tokens."""

    def tokens(self, width: int, height: int, detail: str) -> int: ...


def picture_width(width: float, height: float, rule: ImageRule | None = None, *, downscale: bool = True) -> int:
    """Pixels across for a page of ``width`` by ``height`` points.

    With ``rule`` of all legible widths one that costs least, of several that cost the same the widest. Without, the
    page fits COMMON_PIXELS, which both published ways of counting take as few tiles or patches.
    """
    full = max(STEP_PIXELS, round(width / 72 * FULL_DPI))
    if not downscale:
        return full
    least = min(full, max(STEP_PIXELS, round(width / 72 * LEGIBLE_DPI)))
    ratio = height / max(width, 1.0)
    if rule is None:
        short, long = COMMON_PIXELS
        fitting = math.floor(min(short, long / ratio) if ratio >= 1 else min(long, short / ratio))
        return min(full, max(least, fitting))
    widths = [*range(least, full, STEP_PIXELS), full]
    costs = [(rule.tokens(one, max(1, round(one * ratio)), "high"), -one) for one in widths]
    return -int(min(costs)[1])


def picture_tokens(png: bytes, rule: ImageRule | None = None) -> int:
    """Estimate of what a PNG costs, rather too much than too little; its size stands in its first bytes."""
    if len(png) < 24 or not png.startswith(b"\x89PNG\r\n\x1a\n"):
        return TOKENS_MAX
    width, height = struct.unpack(">II", png[16:24])
    if rule is not None:
        return rule.tokens(width, height, "high")
    patches: int = math.ceil(width / 32) * math.ceil(height / 32)
    return min(TOKENS_MAX, max(TOKENS_MIN, math.ceil(patches * PATCH_TOKENS)))
