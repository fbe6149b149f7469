"""Words as a reader's eye takes them: lines, runs of words without a wide gap, and quick questions about a place."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

from procession.digitize.page import PageContent, Rect, Word

GAP_HEIGHTS = 1.3
"""A gap wider than this many heights of the line parts two runs."""
BAND_POINTS = 24.0
WORD_POINTS_MAX = 60.0
"""Higher words are watermarks and rotated margins; nobody's label."""
SIDEWAYS_LETTERS_MIN = 3
"""Shorter words stand as high as they are wide."""
CAP_HEIGHT, X_HEIGHT, DESCENT = 0.72, 0.53, 0.21
"""Of common type, in ems."""
INK_ROUNDED_POINTS = 0.06
"""A recogniser's word says its own height for a size, rounded."""
BLANK = re.compile(r"^(?:[_‗＿]{2,}|\.{4,}|…{2,}|[-–—]{6,})$")
"""Words that are places to write on."""


@dataclass(frozen=True, slots=True)
class Run:
    words: tuple[Word, ...]
    box: Rect

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        """Of the largest word; of recognised ones, whose heights are rough, the middle one's."""
        sizes = [type_size(word) for word in self.words]
        return median(sizes) if _is_recognised(self.words[0]) else max(sizes)

    @property
    def bold(self) -> bool:
        return sum(word.bold for word in self.words) * 2 > len(self.words)


def type_size(word: Word) -> float:
    """Points of the type a word is set in. A recogniser only sees its ink: as high as its letters reach."""
    if not _is_recognised(word):
        return word.size or word.box.height
    return word.box.height / _ink_share(word.text)


def _is_recognised(word: Word) -> bool:
    return not word.font and abs(word.size - word.box.height) <= INK_ROUNDED_POINTS


@lru_cache(maxsize=4096)
def _ink_share(text: str) -> float:
    """Height of a word's ink for type of one point, by which of its letters rise or hang."""
    rises = any(c.isupper() or c.isdigit() or c in "bdfhijkltß()[]/!?" or not c.isascii() for c in text)
    hangs = any(c in "gjpqyQ()[]/,;" for c in text)
    return (CAP_HEIGHT if rises else X_HEIGHT) + (DESCENT if hangs else 0.0)


def union(boxes: Iterable[Rect]) -> Rect:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Rect(min(x0), min(y0), max(x1), max(y1))


class Layout:
    """The visible printed words of one page, in lines from top to bottom, without blanks and printed boxes."""

    def __init__(self, page: PageContent, marks: Sequence[Rect] = ()) -> None:
        """``marks`` are checkboxes: a word that is one is no text, and no run crosses one."""
        self.width, self.height = page.width, page.height
        self.words = [
            word
            for word in page.words
            if word.visible
            and word.box.y1 - word.box.y0 <= WORD_POINTS_MAX
            and not BLANK.match(word.text)
            and not _is_sideways(word)
            and not (len(word.text) <= 2 and _is_mark(word, marks))
        ]
        heights = [height for word in self.words if 4 < (height := word.box[3] - word.box[1]) < 40]
        self.line_height = median(heights) if heights else 11.0
        self.recognised = page.source == "scanned"
        sizes = [type_size(word) for word in self.words]
        self.usual_size = median(sizes) if sizes else 10.0
        """Of the page's type, in points."""
        families: Counter[str] = Counter()
        for font, count in Counter(word.font for word in self.words).items():
            families[_family(font)] += count
        self._printed_family = families.most_common(1)[0][0] if families else ""
        self.lines = _lines(self.words)
        barriers = [*marks, *(word.box for word in page.words if BLANK.match(word.text))]
        self.runs = [run for line in self.lines for run in _runs(line, barriers)]
        self._middles: dict[int, list[tuple[float, float, tuple[int, float], Word]]] = defaultdict(list)
        self._bands: dict[int, list[Word]] = defaultdict(list)
        for word in self.words:
            x0, y0, x1, y1 = word.box
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            self._middles[int(y // BAND_POINTS)].append((x, y, (round(y / 4), x0), word))
            for band in range(int(y0 // BAND_POINTS), int(y1 // BAND_POINTS) + 1):
                self._bands[band].append(word)
        self._run_bands: dict[int, list[Run]] = defaultdict(list)
        for run in self.runs:
            for band in range(int(run.box.y0 // BAND_POINTS), int(run.box.y1 // BAND_POINTS) + 1):
                self._run_bands[band].append(run)

    def typed_in(self, word: Word) -> bool:
        """Whether ``word`` is set in another family of type than the page's own: somebody's answer, typed in."""
        return not word.bold and bool(word.font) and _family(word.font) != self._printed_family

    def is_bold(self, box: Rect | None) -> bool:
        """Whether most words in ``box`` are set in bold."""
        words = self.words_in(box) if box is not None else []
        return sum(word.bold for word in words) * 2 > len(words)

    def words_in(self, zone: Rect) -> list[Word]:
        """Words whose centre lies in ``zone``, top to bottom, left to right."""
        x0, y0, x1, y1 = zone
        found = [
            (place, word)
            for band in range(int(max(y0, 0) // BAND_POINTS), int(max(y1, 0) // BAND_POINTS) + 1)
            for x, y, place, word in self._middles.get(band, ())
            if x0 <= x <= x1 and y0 <= y <= y1
        ]
        found.sort(key=_place)
        return [word for _, word in found]

    def touching(self, zone: Rect) -> list[Word]:
        """Words that overlap ``zone`` at all."""
        x0, y0, x1, y1 = zone
        found = {
            id(word): word
            for band in range(int(max(y0, 0) // BAND_POINTS), int(max(y1, 0) // BAND_POINTS) + 1)
            for word in self._bands.get(band, ())
            if word.box[2] > x0 and word.box[0] < x1 and word.box[3] > y0 and word.box[1] < y1
        }
        return list(found.values())

    def runs_in(self, zone: Rect) -> list[Run]:
        """Runs that overlap ``zone``."""
        x0, y0, x1, y1 = zone
        found = {
            id(run): run
            for band in range(int(max(y0, 0) // BAND_POINTS), int(max(y1, 0) // BAND_POINTS) + 1)
            for run in self._run_bands.get(band, ())
            if run.box[2] > x0 and run.box[0] < x1 and run.box[3] > y0 and run.box[1] < y1
        }
        return list(found.values())


@lru_cache(maxsize=256)
def _family(font: str) -> str:
    return font.split("-")[0].casefold()


def _place(found: tuple[tuple[int, float], Word]) -> tuple[int, float]:
    return found[0]


def _is_sideways(word: Word) -> bool:
    """Whether a word is set at right angles to the page's lines: printed in a margin, it names no place."""
    x0, y0, x1, y1 = word.box
    if y1 - y0 <= 1.3 * (x1 - x0):
        return False
    return sum(c.isalpha() for c in word.text) >= SIDEWAYS_LETTERS_MIN


def _is_mark(word: Word, marks: Sequence[Rect]) -> bool:
    if len(word.text) > 2:
        return False
    x, y = word.box.centre
    return any(box.x0 - 0.5 <= x <= box.x1 + 0.5 and box.y0 - 0.5 <= y <= box.y1 + 0.5 for box in marks)


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines: list[list[Word]] = []
    tops: list[float] = []
    placed = [((word.box.y0 + word.box.y1) / 2, word) for word in words]
    placed.sort(key=_middle)
    for middle, word in placed:
        slack = 0.4 * max(word.box.y1 - word.box.y0, 4.0)
        place = bisect_left(tops, middle - slack)
        if place < len(lines) and abs(tops[place] - middle) <= slack:
            lines[place].append(word)
        else:
            lines.append([word])
            tops.append(middle)
    for line in lines:
        line.sort(key=lambda one: one.box.x0)
    return lines


def _middle(placed: tuple[float, Word]) -> float:
    return placed[0]


def _runs(line: Sequence[Word], barriers: Sequence[Rect]) -> list[Run]:
    middle = line[0].box.centre[1]
    across = [box for box in barriers if box.y0 <= middle <= box.y1]
    runs: list[list[Word]] = []
    for word in line:
        last = runs[-1][-1] if runs else None
        if last is not None:
            (_, y0, x1, y1), (x0, top, _, foot) = last.box, word.box
            if x0 - x1 <= GAP_HEIGHTS * max(y1 - y0, foot - top) and not (across and _crossed(last, word, across)):
                runs[-1].append(word)
                continue
        runs.append([word])
    return [Run(tuple(words), union([word.box for word in words])) for words in runs]


def _crossed(one: Word, two: Word, across: Sequence[Rect]) -> bool:
    low, high = one.box.centre[0], two.box.centre[0]
    return any(low < box.centre[0] < high for box in across)
