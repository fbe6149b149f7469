"""What is printed where an answer goes: rules to write on, words to keep clear of, the size of the form's own print.

Coordinates are those of ``page.PageContent``, on the page turned so that its text stands upright.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.document import Frame, OpenPage, Rotation
from procession.digitize.ocr import Turn, upright
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.paper.canvas import in_user_space
from procession.digitize.pipeline import is_scan
from procession.digitize.raster import trace
from procession.digitize.reader import read_open
from procession.digitize.render import RenderLimits, picture

SIZE_POINTS = (8.0, 11.0)
"""Answers are written in the size of the form's own text, within this."""
SIZE_POINTS_UNKNOWN = 10.0
RULE_SHARE_MIN = 0.6
"""Part of a box' width that a rule to write on runs along."""
NEAR_POINTS = 3.5
"""A rule this near to a box' edge is the edge."""
CLEAR_POINTS = 2.0
"""Distance kept from printed words."""
SCAN_DPI = 150.0
"""Enough to find a scan's rules and circles; its words are not read."""
_BLANK = re.compile(r"^[\s_\u2017\uff3f.\u2026·\-–—|/]*$")
_UNDERSCORES = re.compile(r"[_\u2017\uff3f]{3,}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    number: int
    frame: Frame
    """Of the page with its text upright."""
    shown: Frame
    """Of the page as displayed: what boxes are fractions of."""
    size: float
    """Points of the text around."""
    skew_degrees: float = 0.0
    """How far a scan still leans, clockwise, when its quarter turn is undone."""
    words: tuple[Word, ...] = ()
    rules: tuple[Rect, ...] = ()
    uprights: tuple[Rect, ...] = ()
    cells: tuple[Rect, ...] = ()
    circles: tuple[Rect, ...] = ()

    def rect(self, box: Sequence[float]) -> Rect:
        """A box of the result as points of the upright page."""
        x0, y0, x1, y1 = box
        width, height = self.shown.width, self.shown.height
        inside = in_user_space(self.shown, Rect(x0 * width, y0 * height, x1 * width, y1 * height))
        return self._straight(self.frame.rect(*inside))

    def _straight(self, box: Rect) -> Rect:
        """The box of which ``box`` is the smallest level one around it, when the scan leans."""
        if not self.skew_degrees:
            return box
        angle = math.radians(self.skew_degrees)
        cos, sin = math.cos(angle), math.sin(angle)
        cx, cy = self.frame.width / 2, self.frame.height / 2
        dx, dy = box.centre[0] - cx, box.centre[1] - cy
        x, y = cx + dx * cos + dy * sin, cy - dx * sin + dy * cos
        lean = abs(sin)
        apart = cos * cos - lean * lean
        width = max((box.width * cos - box.height * lean) / apart, 0.5 * box.width)
        height = max((box.height * cos - box.width * lean) / apart, 0.4 * box.height)
        return Rect(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def rules_of(self, box: Rect) -> list[float]:
        """Heights (y down) of the rules in a box and along its foot, from the top; the edge above it is none."""
        found = [
            rule.centre[1]
            for rule in self.rules
            if box.y0 + NEAR_POINTS < rule.centre[1] <= box.y1 + NEAR_POINTS
            and min(rule.x1, box.x1) - max(rule.x0, box.x0) >= RULE_SHARE_MIN * box.width
        ]
        heights: list[float] = []
        for height in sorted(found):
            if not heights or height - heights[-1] > NEAR_POINTS:
                heights.append(height)
        return heights

    def is_closed_above(self, box: Rect) -> bool:
        return any(
            abs(rule.centre[1] - box.y0) <= NEAR_POINTS
            and min(rule.x1, box.x1) - max(rule.x0, box.x0) >= RULE_SHARE_MIN * box.width
            for rule in self.rules
        )

    def clear_of_words(self, box: Rect) -> Rect:
        """The part of ``box`` that printed words leave free: a currency's sign, a unit, a caption in a cell."""
        x0, y0, x1, y1 = box
        for word in self.words:
            cx, cy = word.box.centre
            if not (box.x0 <= cx <= box.x1 and box.y0 <= cy <= box.y1):
                continue
            across = (cx - box.x0) / max(box.width, 1.0)
            if box.height > 2.4 * word.box.height and cy < box.y0 + 0.4 * box.height:
                y0 = max(y0, word.box.y1)
            elif across < 0.35:
                x0 = max(x0, word.box.x1 + CLEAR_POINTS)
            elif across > 0.7:
                x1 = min(x1, word.box.x0 - CLEAR_POINTS)
        if x1 - x0 < 0.3 * box.width or y1 - y0 < 0.4 * box.height:
            return box
        return Rect(x0, y0, x1, y1)

    def holds_word(self, box: Rect) -> bool:
        """Whether a word, not just a bracket or a sign, stands in ``box``."""
        return any(
            any(letter.isalnum() for letter in word.text)
            and box.x0 <= word.box.centre[0] <= box.x1
            and box.y0 <= word.box.centre[1] <= box.y1
            for word in self.words
        )

    def words_in(self, box: Rect) -> str:
        return " ".join(
            word.text
            for word in self.words
            if box.x0 - 12 <= word.box.centre[0] <= box.x1 + 12 and box.y0 - 2 <= word.box.centre[1] <= box.y1 + 11
        )


def look(page: OpenPage, limits: RenderLimits, turn: Turn = 0) -> Surroundings:
    """``turn``: degrees clockwise by which the page's text leans as displayed (a scan that lies on its side)."""
    shown = page.frame
    content = read_open(page)
    if turn or is_scan(content):
        return _scanned(page, limits, turn)
    words = tuple(word for word in content.words if word.visible and not _BLANK.match(word.text))
    boxes = [one.box for one in content.shapes if one.kind == "rect" and one.stroked]
    edges = [Rect(box.x0, y, box.x1, y) for box in boxes for y in (box.y0, box.y1)]
    rules = [one.box for one in content.segments if one.horizontal] + edges + _underscored(content)
    return Surroundings(
        page.number,
        shown,
        shown,
        _usual_size(words),
        words=words,
        rules=tuple(rules),
        uprights=tuple(one.box for one in content.segments if not one.horizontal),
        cells=tuple(boxes),
        circles=tuple(one.box for one in content.shapes if one.kind == "ellipse"),
    )


def _scanned(page: OpenPage, limits: RenderLimits, turn: Turn) -> Surroundings:
    """Rules and circles traced in the page's picture; the frame is that of the upright page."""
    shown = page.frame
    turned: Rotation = (shown.rotation - turn) % 360  # type: ignore[assignment]  # quarters stay quarters
    frame = Frame(shown.left, shown.bottom, shown.right, shown.top, turned)
    grey = picture(page.raw, SCAN_DPI, limits)
    dpi = grey.shape[1] * 72 / max(shown.width, 1.0)  # less than asked where the pixel limit demanded it
    straight = upright(grey, dpi, turn)
    traced = trace(straight.picture, dpi)
    return Surroundings(
        page.number,
        frame,
        shown,
        SIZE_POINTS_UNKNOWN,
        straight.skew_degrees,
        rules=tuple(one.box for one in traced.segments if one.horizontal),
        uprights=tuple(one.box for one in traced.segments if not one.horizontal),
        cells=tuple(one.box for one in traced.shapes if one.kind == "rect"),
        circles=tuple(one.box for one in traced.shapes if one.kind == "ellipse"),
    )


def _underscored(content: PageContent) -> list[Rect]:
    """Rules typed as underscores; their stroke lies in the foot of the line."""
    found = []
    for word in content.words:
        if word.visible and _UNDERSCORES.fullmatch(word.text):
            foot = word.box.y1 - 0.14 * word.box.height
            found.append(Rect(word.box.x0, foot, word.box.x1, foot))
    return found


def _usual_size(words: Sequence[Word]) -> float:
    """The size most letters of the page have."""
    letters: dict[float, int] = {}
    for word in words:
        size = round(2 * word.size) / 2
        letters[size] = letters.get(size, 0) + len(word.text)
    if not letters:
        return SIZE_POINTS_UNKNOWN
    usual = max(letters, key=lambda size: letters[size])
    return min(max(usual, SIZE_POINTS[0]), SIZE_POINTS[1])
