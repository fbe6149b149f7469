"""Boxes to tick: drawn squares and circles, squares put together from four strokes, and printed glyphs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from procession.digitize.detect.candidate import PRIOR, Candidate, Mark, Rule
from procession.digitize.layout import BAND_POINTS
from procession.digitize.page import PageContent, Rect, Word

SIDE_POINTS = (4.5, 22.0)
"""Side of a box to tick."""
ASPECT = (0.7, 1.45)
COMB_CELLS_MIN = 4
BRACKETS_POINTS = (1.5, 12.0)
"""Air between two brackets that make a box to tick."""
OVAL_POINTS = ((8.0, 30.0), (4.5, 16.0))
"""Width and height of an oval to fill in."""
OVALS_MIN = 3
"""Fewer ovals of one size on a page are drawings."""
STROKES_MAX = 3_000
"""Short strokes looked at when squares are put together from four of them."""

_EMPTY = "\u2610\u25a1\u25a2\u25fb\u25fd\u274f\u2750\u2751\u2752\u25cb\u25ef\u2b1c\u2b58\uf06f\uf0a8\uf071\uf072"
_TICKED = "\u2611\u2612"
_ROUND = "\u25cb\u25ef\u2b58"
_WINGDINGS = re.compile(r"wingdings|webdings", re.IGNORECASE)
_DINGBATS = re.compile(r"dingbats", re.IGNORECASE)
_OPENING, _CLOSING = "[(", "])"
_WORDPERFECT = re.compile(r"wptypographic", re.IGNORECASE)
_MARK_WORD = re.compile(r"^[xX\u2713\u2714\u2717\u2718\u2022\u25cf\u25a0]$")


def find_marks(page: PageContent) -> list[Mark]:
    """Every box to tick, combs not among them."""
    drawn = [Mark(s.box, s.kind == "ellipse", s.filled and page.source != "digital") for s in page.shapes if _small(s)]
    drawn += [Mark(box, round=False) for box in _stroked_squares(page)]
    drawn = _without_combs(_distinct(drawn))
    words = [word for word in page.words if word.visible]
    placed = _Placed(words)
    drawn = [_with_tick(mark, placed) for mark in drawn if not _holds_text(mark.box, placed)]
    drawn += [mark for mark in _ovals(page, placed) if not any(_overlap(mark.box, other.box) for other in drawn)]
    printed = [mark for word in words if (mark := _glyph(word)) is not None] + _brackets(words)
    return drawn + [mark for mark in printed if not any(_overlap(mark.box, other.box) for other in drawn)]


def mark_candidates(marks: Sequence[Mark], page: PageContent) -> list[Candidate]:
    glyphs = {glyph.box for word in page.words if (glyph := _glyph(word)) is not None}
    found = []
    for mark in marks:
        oval = mark.round and mark.box.width > ASPECT[1] * mark.box.height
        printed = mark.box in glyphs or mark.brackets
        rule: Rule = "glyph" if printed else "oval" if oval else "circle" if mark.round else "square"
        kind = "radio" if mark.round else "checkbox"
        found.append(Candidate(mark.box, kind, rule, PRIOR[rule], ticked=mark.ticked))  # type: ignore[arg-type]
    return found


def _small(shape: object) -> bool:
    box: Rect = shape.box  # type: ignore[attr-defined]
    if shape.kind not in ("rect", "ellipse"):  # type: ignore[attr-defined]
        return False
    if not shape.stroked and shape.fill is not None and min(shape.fill) < 120:  # type: ignore[attr-defined]
        return False  # a bullet
    low, high = SIDE_POINTS
    return low <= box.width <= high and low <= box.height <= high and ASPECT[0] <= box.width / box.height <= ASPECT[1]


def _ovals(page: PageContent, words: _Placed) -> list[Mark]:
    """Flat outlines of one size, empty, several on a page: machine-read forms ask to fill them in."""
    (narrow, wide), (low, high) = OVAL_POINTS
    sizes: dict[tuple[int, int], list[Rect]] = {}
    for shape in page.shapes:
        box = shape.box
        flat = box.width > ASPECT[1] * box.height
        if shape.kind == "rect" or not shape.stroked or (shape.filled and not _light(shape.fill)) or not flat:
            continue
        if narrow <= box.width <= wide and low <= box.height <= high and not _holds_text(box, words):
            sizes.setdefault((round(box.width), round(box.height)), []).append(box)
    return [Mark(box, round=True) for boxes in sizes.values() if len(boxes) >= OVALS_MIN for box in boxes]


def _light(fill: tuple[int, int, int] | None) -> bool:
    return fill is None or min(fill) >= 200


def _brackets(words: Sequence[Word]) -> list[Mark]:
    """ "[ ]" and "( )", with or without an x between."""
    found = []
    for place, word in enumerate(words):
        if word.text in ("[]", "()", "[_]", "(_)"):
            found.append(Mark(word.box, word.text[0] == "(", brackets=True))
        if word.text not in ("[", "("):
            continue
        inside = [w for w in words[place + 1 : place + 3] if _beside(word, w)]
        closing = _CLOSING[_OPENING.index(word.text)]
        for count, other in enumerate(inside):
            gap = other.box.x0 - word.box.x1
            if other.text == closing and BRACKETS_POINTS[0] <= gap <= BRACKETS_POINTS[1]:
                between = inside[:count]
                if all(_MARK_WORD.match(w.text) or set(w.text) == {"_"} for w in between):
                    box = Rect(word.box.x0, word.box.y0, other.box.x1, other.box.y1)
                    ticked = any(_MARK_WORD.match(w.text) for w in between)
                    found.append(Mark(box, word.text == "(", ticked, brackets=True))
                break
    return found


def _beside(word: Word, other: Word) -> bool:
    return abs(word.box.centre[1] - other.box.centre[1]) < 0.4 * word.box.height and other.box.x0 >= word.box.x1 - 1


def _stroked_squares(page: PageContent) -> list[Rect]:
    low, high = SIDE_POINTS
    across = [s.box for s in page.segments if s.horizontal and low <= s.box.width <= high][:STROKES_MAX]
    down = [s.box for s in page.segments if not s.horizontal and low <= s.box.height <= high][:STROKES_MAX]
    by_left: dict[tuple[int, int], list[Rect]] = {}
    for side in down:
        by_left.setdefault((round(side.centre[0] / 3), round(side.y0 / 3)), []).append(side)
    bottoms: dict[tuple[int, int], list[Rect]] = {}
    for edge in across:
        bottoms.setdefault((round(edge.x0 / 3), round(edge.centre[1] / 3)), []).append(edge)
    found = []
    for top in across:
        left = _near(by_left, top.x0, top.centre[1])
        right = _near(by_left, top.x1, top.centre[1])
        if left is None or right is None or not ASPECT[0] <= top.width / max(left.height, 0.1) <= ASPECT[1]:
            continue
        if _near(bottoms, top.x0, left.y1) is not None:
            found.append(Rect(top.x0, top.centre[1], top.x1, left.y1))
    return found


def _near(index: dict[tuple[int, int], list[Rect]], x: float, y: float) -> Rect | None:
    cx, cy = round(x / 3), round(y / 3)
    for dx in (0, -1, 1):
        for dy in (0, -1, 1):
            for box in index.get((cx + dx, cy + dy), ()):
                return box
    return None


def _distinct(marks: list[Mark]) -> list[Mark]:
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda one: (one.box.y0, one.box.x0)):
        if not any(_overlap(mark.box, other.box) for other in kept[-40:]):
            kept.append(mark)
    return kept


def _overlap(a: Rect, b: Rect) -> bool:
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return width > 0 and height > 0 and width * height > 0.3 * min(a.width * a.height, b.width * b.height)


def _without_combs(marks: list[Mark]) -> list[Mark]:
    """Squares that share their sides in a row are places for letters, not boxes to tick."""
    chained: set[int] = set()
    for index, mark in enumerate(marks):
        row = [index]
        for other in range(index + 1, min(index + 60, len(marks))):
            last = marks[row[-1]].box
            box = marks[other].box
            if abs(box.y0 - mark.box.y0) < 1 and abs(box.height - mark.box.height) < 1 and abs(box.x0 - last.x1) < 1.2:
                row.append(other)
        if len(row) >= COMB_CELLS_MIN:
            chained.update(row)
    return [mark for index, mark in enumerate(marks) if index not in chained]


class _Placed:
    """Words by the band of the page their middle lies in."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._bands: dict[int, list[Word]] = {}
        for word in words:
            self._bands.setdefault(int(word.box.centre[1] // BAND_POINTS), []).append(word)

    def within(self, box: Rect) -> Iterator[Word]:
        for band in range(int(box.y0 // BAND_POINTS), int(box.y1 // BAND_POINTS) + 1):
            for word in self._bands.get(band, ()):
                x, y = word.box.centre
                if box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1:
                    yield word


def _holds_text(box: Rect, words: _Placed) -> bool:
    return any(not _MARK_WORD.match(word.text) and _glyph(word) is None for word in words.within(box))


def _with_tick(mark: Mark, words: _Placed) -> Mark:
    ticked = any(_MARK_WORD.match(word.text) for word in words.within(mark.box))
    return Mark(mark.box, mark.round, ticked=True) if ticked else mark


def _glyph(word: Word) -> Mark | None:
    text = word.text
    if len(text) != 1:
        return None
    if _WINGDINGS.search(word.font):
        ticked = text in "\uf0fe\uf0fd\uf078\u00fe\u00fd"
        if ticked or text in _EMPTY or text in "o\u00a8qrm\u00a1":
            return Mark(_square(word), text in "m\u00a1\uf06d\uf0a1", ticked)
        return None
    if _WORDPERFECT.search(word.font):
        return Mark(_square(word), False) if text == "G" else None
    if _DINGBATS.search(word.font) and text in "opqrnm\u274f\u2750\u2751\u2752\u274d":
        return Mark(_square(word), text in "m\u274d")
    if text in _EMPTY or text in _TICKED:
        return Mark(_square(word), text in _ROUND, text in _TICKED)
    return None


def _square(word: Word) -> Rect:
    """The printed box within the letter's cell: as high as wide, standing on the line."""
    box = word.box
    side = min(box.width, box.height)
    middle = box.centre[1]
    return Rect(box.x0, middle - side / 2, box.x0 + side, middle + side / 2) if side > 0 else box
