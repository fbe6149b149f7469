"""Operators of a PDF's page description for the few things answers need: text, ticks, dots, rings.

Coordinates are points with the origin below left, y up, as PDF has them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from pikepdf import Dictionary, Name

from procession.digitize.document import Frame
from procession.digitize.page import Rect
from procession.digitize.paper.font import EmbeddedFont

FONT, MARKS = "/Answers", "/Marks"
"""The fonts' names in the resources of whatever is drawn on."""
ANSWER_COLOUR = b"0.06 0.13 0.42 rg 0.06 0.13 0.42 RG"
"""A dark blue: on the page one sees at a glance what was printed and what was answered."""
TICK, DOT = b"4", b"l"
"""In ZapfDingbats, as the forms of others have them: whoever reads the text reads a tick."""
_BOUNDS = {TICK: (0.036, -0.014, 0.810, 0.705), DOT: (0.035, -0.014, 0.757, 0.708)}
"""Of these two, in em (Adobe's font metrics)."""
SLANT = 0.2126
"""Tangent of 12 degrees: the typeface leans, as its italic does."""
_ROUND = 0.5523
"""Length of the handles of a quarter circle drawn as a Bezier curve, in radii."""


@dataclass(slots=True)
class Canvas:
    """What is drawn, in order. ``height`` turns the boxes of page content (y down) into PDF's (y up)."""

    font: EmbeddedFont
    height: float = 0.0
    parts: list[bytes] = field(default_factory=list)

    def text(self, text: str, x: float, y: float, size: float, *, slanted: bool = False) -> None:
        """``text`` (in visual order) with its baseline's start at x, y."""
        if not text.strip():
            return
        shear = f"{SLANT:.4f}" if slanted else "0"
        self.parts.append(
            b"BT %s %s Tf 1 0 %s 1 %s %s Tm %s Tj ET"
            % (FONT.encode(), number(size), shear.encode(), number(x), number(y), self.font.encoded(text))
        )

    def tick(self, box: Rect) -> None:
        """A check mark in the middle of ``box`` (y up)."""
        self._mark(TICK, box, 0.86)

    def dot(self, box: Rect) -> None:
        """In the middle of a circle."""
        self._mark(DOT, box, 0.6)

    def _mark(self, glyph: bytes, box: Rect, share: float) -> None:
        left, bottom, right, top = _BOUNDS[glyph]
        size = share * min(box.width, box.height) / max(right - left, top - bottom)
        x = box.centre[0] - size * (left + right) / 2
        y = box.centre[1] - size * (bottom + top) / 2
        name = MARKS.encode()
        self.parts.append(b"BT %s %s Tf %s %s Td (%s) Tj ET" % (name, number(size), number(x), number(y), glyph))

    def ring(self, box: Rect) -> None:
        """Around a word that stands for its option."""
        x, y = box.centre
        self.parts.append(b"q 1 w " + _ellipse(x, y, box.width / 2 + 2, box.height / 2 + 1.5) + b" S Q")

    def up(self, box: Rect) -> Rect:
        """A box of the page's content (y down) as it lies here."""
        return Rect(box.x0, self.height - box.y1, box.x1, self.height - box.y0)

    @property
    def resources(self) -> Any:
        """What the operators name."""
        marks = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.ZapfDingbats)
        return Dictionary(Font=Dictionary({FONT: self.font.reference, MARKS: marks}))

    @property
    def content(self) -> bytes:
        return b"\n".join(self.parts)


def number(value: float) -> bytes:
    return f"{value:.3f}".rstrip("0").rstrip(".").encode() or b"0"


def _ellipse(x: float, y: float, rx: float, ry: float) -> bytes:
    kx, ky = _ROUND * rx, _ROUND * ry
    arcs = (
        (x + rx, y + ky, x + kx, y + ry, x, y + ry),
        (x - kx, y + ry, x - rx, y + ky, x - rx, y),
        (x - rx, y - ky, x - kx, y - ry, x, y - ry),
        (x + kx, y - ry, x + rx, y - ky, x + rx, y),
    )
    curves = b" ".join(b" ".join(number(value) for value in arc) + b" c" for arc in arcs)
    return b"%s %s m %s h" % (number(x + rx), number(y), curves)


def upright_matrix(frame: Frame) -> list[float]:
    """From points of the page as displayed (origin below left, y up) to user space."""
    match frame.rotation:
        case 90:
            return [0, 1, -1, 0, frame.right, frame.bottom]
        case 180:
            return [-1, 0, 0, -1, frame.right, frame.top]
        case 270:
            return [0, -1, 1, 0, frame.left, frame.top]
        case _:
            return [1, 0, 0, 1, frame.left, frame.bottom]


def leaning(frame: Frame, degrees: float) -> list[float]:
    """The same for a page whose content leans by ``degrees`` clockwise around its middle."""
    a, b, c, d, e, f = upright_matrix(frame)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    cx, cy = frame.width / 2, frame.height / 2
    tx, ty = cx - cx * cos - cy * sin, cy + cx * sin - cy * cos
    turned = [(cos, -sin), (sin, cos), (tx, ty)]
    (p, q), (r, s), (u, v) = [(x * a + y * c, x * b + y * d) for x, y in turned]
    return [p, q, r, s, u + e, v + f]


def in_user_space(frame: Frame, box: Rect) -> Rect:
    """A box of the page as displayed, back in user space (y up)."""
    match frame.rotation:
        case 90:
            return Rect(frame.left + box.y0, frame.bottom + box.x0, frame.left + box.y1, frame.bottom + box.x1)
        case 180:
            return Rect(frame.right - box.x1, frame.bottom + box.y0, frame.right - box.x0, frame.bottom + box.y1)
        case 270:
            return Rect(frame.right - box.y1, frame.top - box.x1, frame.right - box.y0, frame.top - box.x0)
        case _:
            return Rect(frame.left + box.x0, frame.top - box.y1, frame.left + box.x1, frame.top - box.y0)
