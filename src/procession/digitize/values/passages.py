"""The page's visible words as chunks, rows and paragraphs, with a way back from any stretch of text to its box."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from procession.digitize.classify import meaning_of
from procession.digitize.page import PageContent, Rect, Word

GAP_HEIGHTS = 0.95
"""Words of one chunk stand closer than this many letter heights."""
LABELS_MIN = 3
"""So many labels set alike show how the page sets its labels."""
LABEL_WORDS_MAX = 6
LABELS_SHARE = 0.6
"""A face in which so many of the short texts are labels is kept for them."""
LINE_GAP_HEIGHTS = 1.15
"""Lines of one paragraph follow within this many letter heights."""
SQUARE_POINTS_MAX = 26.0
"""Side of a checkbox or a radio circle."""
BAND_POINTS = 24.0
PROSE_HEIGHTS_MIN = 20.0
"""Running text is at least this many letter heights wide;"""
COLUMN_HEIGHTS_MIN = 14.0
"""or this many where columns of it stand side by side."""
COLUMN_ROWS_MIN = 3
ROWS_BACK = 4
"""Rows a word may still belong to, going by their bottoms."""
_LEADER = re.compile(r"^(?:\.{3,}|…{2,}|[.·]{4,})$")

Style = tuple[str, float, bool, tuple[int, int, int]]
"""Face, size in points, whether bold, colour."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Words that read as one text: a chunk of a row, or a paragraph."""

    page: int
    words: tuple[Word, ...]
    text: str = field(init=False, default="")
    box: Rect = field(init=False, default=Rect(0, 0, 0, 0))
    height: float = field(init=False, default=0.0)
    """Of the highest word, at least 1 point."""
    size: float = field(init=False, default=0.0)
    bold: bool = field(init=False, default=False)
    """Whether every word is."""
    _starts: tuple[int, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        starts, length = [], 0
        for word in self.words:
            starts.append(length)
            length += len(word.text) + 1
        put = object.__setattr__  # asked for again and again: counted once
        put(self, "_starts", tuple(starts))
        put(self, "text", " ".join([word.text for word in self.words]))
        put(self, "box", union([word.box for word in self.words]))
        put(self, "height", max(max([word.box.y1 - word.box.y0 for word in self.words]), 1.0))
        put(self, "size", max([word.size or word.box.height for word in self.words]))
        put(self, "bold", all(word.bold for word in self.words))

    @property
    def confidence(self) -> float:
        return min(word.confidence for word in self.words)

    def box_of(self, start: int, end: int) -> Rect:
        """Box of ``text[start:end]``; a part of a word takes its share of the word's width."""
        boxes = []
        for word, at in self._touched(start, end):
            low, high = max(start - at, 0), min(end - at, len(word.text))
            share = word.box.width / max(len(word.text), 1)
            x0, x1 = word.box.x0 + low * share, word.box.x0 + high * share
            boxes.append(word.box if word.rtl else Rect(x0, word.box.y0, x1, word.box.y1))
        return union(boxes) if boxes else self.box

    def confidence_of(self, start: int, end: int) -> float:
        return min((word.confidence for word, _ in self._touched(start, end)), default=self.confidence)

    def is_bold(self, start: int, end: int) -> bool:
        touched = self._touched(start, end)
        return bool(touched) and all(word.bold for word, _ in touched)

    def _touched(self, start: int, end: int) -> list[tuple[Word, int]]:
        first = max(bisect_right(self._starts, start) - 1, 0)
        found = []
        for word, at in zip(self.words[first:], self._starts[first:], strict=True):
            if at >= end:
                break
            if at + len(word.text) > start:
                found.append((word, at))
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """Chunks on one base line, left to right."""

    page: int
    chunks: tuple[Passage, ...]
    box: Rect = field(init=False, default=Rect(0, 0, 0, 0))

    def __post_init__(self) -> None:
        object.__setattr__(self, "box", union([chunk.box for chunk in self.chunks]))


@dataclass(frozen=True, slots=True)
class Layout:
    """A page as rows, and the same words as paragraphs (a chunk that belongs to no paragraph is one by itself)."""

    page: PageContent
    rows: tuple[Row, ...]
    paragraphs: tuple[Passage, ...]
    place: dict[int, tuple[int, int]]
    """id of a chunk -> its row and its position in the row."""
    squares: dict[int, tuple[Rect, ...]]
    """Checkboxes and radio circles by BAND_POINTS of the page."""
    label_styles: frozenset[Style]
    """How the labels of the trade on this page are set, when most of them are set alike."""
    label_only: frozenset[Style] = frozenset()
    """Those of them in which hardly anything else is set."""

    def squares_near(self, y: float) -> Iterator[Rect]:
        band = int(y // BAND_POINTS)
        for near in (band - 1, band, band + 1):
            yield from self.squares.get(near, ())

    def left_of(self, chunk: Passage) -> list[Passage]:
        """Chunks of the same row before ``chunk``, nearest first."""
        row, position = self.place[id(chunk)]
        return list(reversed(self.rows[row].chunks[:position]))

    def right_of(self, chunk: Passage) -> Passage | None:
        row, position = self.place[id(chunk)]
        chunks = self.rows[row].chunks
        return chunks[position + 1] if position + 1 < len(chunks) else None

    def above(self, chunk: Passage, heights: float = 2.6) -> Passage | None:
        """The chunk right above that shares the left edge, the right edge or most of the width."""
        row, _ = self.place[id(chunk)]
        for other in reversed(self.rows[max(0, row - 6) : row]):
            for candidate in other.chunks:
                gap = chunk.box.y0 - candidate.box.y1
                if -1 <= gap <= heights * chunk.height and aligned(candidate.box, chunk.box):
                    return candidate
        return None

    def below(self, chunk: Passage, heights: float = 2.6) -> Passage | None:
        row, _ = self.place[id(chunk)]
        for other in self.rows[row + 1 : row + 7]:
            for candidate in other.chunks:
                gap = candidate.box.y0 - chunk.box.y1
                if -1 <= gap <= heights * chunk.height and aligned(chunk.box, candidate.box):
                    return candidate
        return None


def lay_out(page: PageContent) -> Layout:
    words = [word for word in page.words if word.visible and word.text.strip()]
    rules = [s.box for s in page.segments if not s.horizontal]
    rows = tuple(Row(page.number, _chunks(page.number, row, rules)) for row in _rows(words))
    place = {id(chunk): (r, c) for r, row in enumerate(rows) for c, chunk in enumerate(row.chunks)}
    styles = Counter(style_of(chunk) for row in rows for chunk in row.chunks if _names_something(chunk))
    common = frozenset(style for style, count in styles.items() if count >= LABELS_MIN)
    short = Counter(style_of(chunk) for row in rows for chunk in row.chunks if len(chunk.words) <= LABEL_WORDS_MAX)
    only = frozenset(style for style in common if styles[style] >= LABELS_SHARE * short[style])
    return Layout(page, rows, tuple(_paragraphs(rows)), place, _squares(page), common, only)


def _names_something(chunk: Passage) -> bool:
    meaning = meaning_of(chunk.text) if len(chunk.words) <= 5 and not chunk.text[-1].isdigit() else None
    return meaning is not None and meaning.subtype is not None


def style_of(chunk: Passage) -> Style:
    word = chunk.words[0]
    return word.font, round(word.size), chunk.bold, word.colour


def is_leader(text: str) -> bool:
    """Whether a word is a row of dots that leads the eye."""
    return bool(_LEADER.match(text))


def _squares(page: PageContent) -> dict[int, tuple[Rect, ...]]:
    boxes = [shape.box for shape in page.shapes if shape.kind != "other"]
    boxes += [widget.box for widget in page.widgets if widget.kind in ("checkbox", "radio")]
    boxes += [one.box for widget in page.widgets for one in widget.options if one.box]
    bands: dict[int, list[Rect]] = {}
    for box in boxes:
        if box.width <= SQUARE_POINTS_MAX and box.height <= SQUARE_POINTS_MAX:
            bands.setdefault(int(box.centre[1] // BAND_POINTS), []).append(box)
    return {band: tuple(found) for band, found in bands.items()}


def union(boxes: Sequence[Rect]) -> Rect:
    if len(boxes) == 1:
        return boxes[0]
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Rect(min(x0), min(y0), max(x1), max(y1))


def aligned(upper: Rect, lower: Rect) -> bool:
    if -8 < lower.x0 - upper.x0 < 30 or abs(upper.x1 - lower.x1) < 8:
        return True  # flush left, indented answers, flush right
    shared = min(upper.x1, lower.x1) - max(upper.x0, lower.x0)
    return shared > 0.6 * min(upper.width, lower.width) and min(upper.width, lower.width) > 0.5 * max(
        upper.width, lower.width
    )


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    rows: list[list[Word]] = []
    shared: list[list[float]] = []
    """Of each row the height all its words have in common: the lowest top and the highest bottom."""
    for word in sorted(words, key=lambda w: w.box.y1):
        _, y0, _, y1 = word.box
        home = None
        for at in range(len(rows) - 1, max(len(rows) - ROWS_BACK, 0) - 1, -1):
            _, top, _, bottom = rows[at][-1].box
            small = y1 - y0 if y1 - y0 < bottom - top else bottom - top
            level = (y1 if y1 < bottom else bottom) - (y0 if y0 > top else top) > 0.55 * small
            # two lines of small type beside a large word are two rows: neither shares any height with the other
            if level and min(shared[at][1], y1) - max(shared[at][0], y0) > 0.1 * small:
                home = at
        if home is None:
            rows.append([word])
            shared.append([y0, y1])
        else:
            rows[home].append(word)
            shared[home] = [max(shared[home][0], y0), min(shared[home][1], y1)]
    for row in rows:
        row.sort(key=lambda w: w.box.x0)
        if sum(w.rtl for w in row) > len(row) / 2:
            row.reverse()
    return sorted(rows, key=lambda row: min(w.box.y0 for w in row))


def _chunks(page: int, row: Sequence[Word], rules: Sequence[Rect]) -> tuple[Passage, ...]:
    top, bottom = min(word.box.y0 for word in row), max(word.box.y1 for word in row)
    rules = [rule for rule in rules if rule.y0 < bottom and rule.y1 > top]
    chunks: list[list[Word]] = [[row[0]]]
    for before, word in pairwise(row):
        (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = before.box, word.box
        gap = bx0 - ax1 if bx0 >= ax0 else ax0 - bx1
        low, high = sorted((ay1 - ay0, by1 - by0))
        height = low if low > 0.5 * high else high  # a recogniser's dash is a hair high
        parted = gap > GAP_HEIGHTS * max(height, 1.0) or is_leader(word.text) or is_leader(before.text)
        if not parted and rules:
            middle = (by0 + by1) / 2
            parted = any(ax1 - 1.5 <= r.x0 <= bx0 + 1.5 and r.y0 <= middle <= r.y1 for r in rules)
        if parted:
            chunks.append([word])
        else:
            chunks[-1].append(word)
    return tuple(Passage(page, tuple(chunk)) for chunk in chunks)


def _paragraphs(rows: Sequence[Row]) -> list[Passage]:
    """Joins chunks that follow closely under one another where the upper line is nearly full; columns side by side."""
    found: list[list[Passage]] = []
    wide = COLUMN_HEIGHTS_MIN if _in_columns(rows) else PROSE_HEIGHTS_MIN
    open_ones: list[int] = []
    """Indices of paragraphs whose last line stands on one of the rows just above."""
    for row in rows:
        upper, open_ones = open_ones, []
        for chunk in row.chunks:
            home = next((at for at in upper if _continues(found[at], chunk, wide)), None)
            if home is None:
                found.append([chunk])
                open_ones.append(len(found) - 1)
            else:
                found[home].append(chunk)
                open_ones.append(home)
        # lines of two columns need not stand on the same rows
        bottom = row.box.y1
        open_ones += [
            at
            for at in upper
            if at not in open_ones and bottom - found[at][-1].box.y1 < 3 * LINE_GAP_HEIGHTS * found[at][-1].height
        ]
    return [
        parts[0] if len(parts) == 1 else Passage(parts[0].page, tuple(word for part in parts for word in part.words))
        for parts in found
    ]


def _in_columns(rows: Sequence[Row]) -> bool:
    """Whether running text stands on both sides of an upright gap, whose lines need not stand on the same rows."""
    lines = [chunk.box for row in rows for chunk in row.chunks if chunk.box.width > COLUMN_HEIGHTS_MIN * chunk.height]
    starts = sorted({round(box.x0) for box in lines})
    for start in starts:
        right = sum(box.x0 >= start - 2 for box in lines)
        left = sum(box.x1 < start - 2 for box in lines)
        if min(left, right) >= COLUMN_ROWS_MIN and left + right >= 0.7 * len(lines):
            return True
    return False


def _continues(parts: Sequence[Passage], chunk: Passage, wide: float) -> bool:
    last = parts[-1]
    gap = chunk.box.y0 - last.box.y1
    if gap < -0.5 * chunk.height or gap > LINE_GAP_HEIGHTS * chunk.height or abs(last.box.x0 - chunk.box.x0) > 14:
        return False
    if abs(last.size - chunk.size) > 0.2 * chunk.size:
        return False
    if last.text.endswith("?") or is_leader(last.text) or is_leader(chunk.text):
        return False
    if last.bold != chunk.bold and (last.bold or len(parts) == 1):
        return False  # a heading, or the heading of what follows
    full = max(part.box.width for part in (*parts, chunk))
    # a short upper line ends its paragraph; the first word below would have fitted
    return full > wide * chunk.height and last.box.width + chunk.words[0].box.width > 0.93 * full
