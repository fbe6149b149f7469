"""What a place asks for: its label, its options when it is a group of boxes, whether it must be filled in, its help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.detect import Candidate
from procession.digitize.layout import Layout, Run, union
from procession.digitize.page import Rect, Word

LABEL_CHARS_MAX = 200
HELP_CHARS_MAX = 300
LEFT_POINTS_MAX = 90.0
"""A label farther left than this belongs to something else, unless nothing stands between (a table's row)."""
ABOVE_POINTS_MAX = 16.0
BELOW_POINTS_MAX = 13.0
TOUCH_POINTS = 2.5
"""Cells of one table lie closer than this."""
COLUMN_POINTS_MAX = 420.0
"""How far up a table's column heading is looked for."""

_REQUIRED = re.compile(
    r"\*\s*:?\s*$|^\s*\*|\(\s*(?:required|pflichtfeld|obligatoire|obligatorio)\s*\)|\brequired\b", re.I
)
_TRAILING = re.compile(r"[\s:*.…_\u2022]+$")
_LEADING = re.compile(r"^[\s*:.…_\u2022\u25b6\u25ba]+")
_MARKERS = re.compile(r"\(\s*(?:required|optional)\s*\)|\s\*(?=\s|$)", re.I)
_HELP = re.compile(r"\((?P<help>[^()]{8,})\)\s*:?\s*$")


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    required: bool = False
    help: str | None = None
    sure: float = 1.0
    """1.0 for a label right beside its place, less the farther it was looked for."""
    box: Rect | None = None


def cleaned(text: str) -> str:
    """A label without the marks that only decorate it."""
    text = _MARKERS.sub(" ", text)
    return re.sub(r"\s+", " ", _LEADING.sub("", _TRAILING.sub("", text)))[:LABEL_CHARS_MAX].strip()


def is_required(text: str) -> bool:
    return bool(_REQUIRED.search(text))


def finished(text: str, sure: float, box: Rect | None = None) -> Labelled:
    found = _HELP.search(text)
    help_text = found["help"][:HELP_CHARS_MAX].strip() if found and len(text) - len(found[0]) > 2 else None
    if found and help_text and not is_required(found[0]):
        text = text[: found.start()]
    return Labelled(cleaned(text), is_required(text), help_text, sure, box)


class Labels:
    """Finds labels on one page; ``candidates`` are its fields, which labels never reach across."""

    def __init__(self, layout: Layout, candidates: Sequence[Candidate]) -> None:
        self.layout = layout
        self.boxes = [candidate.box for candidate in candidates]
        self._cells = [candidate.cell for candidate in candidates if candidate.cell is not None]

    def of(self, candidate: Candidate) -> Labelled:
        """The label of a place to write."""
        inside = self._inside(candidate)
        if inside is not None:
            return inside
        tabled = self._in_table(candidate)
        if tabled is not None:
            return tabled
        left = self._left(candidate.box)
        if left is not None and left.sure >= 0.9:
            return left
        below = self._below(candidate) if candidate.line is not None or candidate.kind == "signature" else None
        above = self._above(candidate.box)
        if candidate.line is not None and below is not None:
            return below
        choices = [one for one in (left, above, below) if one is not None]
        if choices:
            return max(choices, key=lambda one: one.sure)
        row = self._row(candidate.box)
        column = self._column(candidate.box)
        if row is not None and column is not None:
            return finished(f"{row.text} {column.text}", 0.5, row.box)
        only = row or column
        return finished(only.text, 0.45, only.box) if only is not None else Labelled("", sure=0.0)

    def _inside(self, candidate: Candidate) -> Labelled | None:
        if candidate.cell is None:
            zone = Rect(candidate.box.x0, candidate.box.y0, candidate.box.x1, candidate.box.y1)
            if candidate.widget is None or candidate.box.height < 14:
                return None
        else:
            zone = candidate.cell
        words = self.layout.words_in(zone)
        if not words or (candidate.widget is not None and candidate.widget.value):
            return None
        text = " ".join(word.text for word in words)
        if not any(c.isalpha() for c in text):
            return None
        return finished(text, 1.0, union(word.box for word in words))

    def _in_table(self, candidate: Candidate) -> Labelled | None:
        """The heads of row and column of a cell that shares its sides with other places to write."""
        cell = candidate.cell
        if cell is None or not (self._beside_cell(cell) and self._stacked_cell(cell)):
            return None
        row, column = self._row(candidate.box, numbers=True), self._column(candidate.box)
        if row is None or column is None or row.box == column.box:
            return None
        return finished(f"{cleaned(row.text)} {column.text}", 0.9, row.box)

    def _beside_cell(self, cell: Rect) -> bool:
        return any(
            min(abs(one.x1 - cell.x0), abs(one.x0 - cell.x1)) < TOUCH_POINTS
            and abs(one.y0 - cell.y0) < TOUCH_POINTS
            and abs(one.y1 - cell.y1) < TOUCH_POINTS
            for one in self._cells
        )

    def _stacked_cell(self, cell: Rect) -> bool:
        return any(
            min(abs(one.y1 - cell.y0), abs(one.y0 - cell.y1)) < TOUCH_POINTS
            and abs(one.x0 - cell.x0) < TOUCH_POINTS
            and abs(one.x1 - cell.x1) < TOUCH_POINTS
            for one in self._cells
        )

    def _left(self, box: Rect) -> Labelled | None:
        height = min(box.height, 16.0)
        band = Rect(max(0.0, box.x0 - 420), box.y1 - height - 1, box.x0 + 3, box.y1 + 1)
        if box.height > 30:  # a tall place: its label stands at its first line
            band = Rect(band.x0, box.y0 - 2, band.x1, box.y0 + 16)
        words = sorted(self.layout.words_in(band), key=lambda w: w.box.x1)
        taken: list[Word] = []
        edge = box.x0
        for word in reversed(words):
            gap = edge - word.box.x1
            limit = LEFT_POINTS_MAX if not taken else 1.6 * max(word.box.height, 8.0)
            if gap > limit or self._crosses(word.box.x1, edge, word.box.centre[1], box):
                break
            taken.append(word)
            edge = word.box.x0
        text = " ".join(w.text for w in reversed(taken))
        if not any(c.isalnum() for c in text):
            return None
        gap = box.x0 - taken[0].box.x1
        sure = 1.0 if gap < 14 else 0.92 if text.rstrip().endswith(":") else max(0.3, 0.85 - gap / 160)
        return finished(text, sure, union(w.box for w in taken))

    def _crosses(self, x0: float, x1: float, y: float, own: Rect) -> bool:
        return any(one is not own and x0 - 1 <= one.centre[0] <= x1 + 1 and one.y0 <= y <= one.y1 for one in self.boxes)

    def _above(self, box: Rect) -> Labelled | None:
        zone = Rect(box.x0 - 3, box.y0 - ABOVE_POINTS_MAX, box.x1, box.y0 + 2)
        runs = [run for run in self.layout.runs_in(zone) if run.box.centre[1] < box.y0 + 2]
        if not runs:
            return None
        lowest = max(run.box.y1 for run in runs)
        runs = [run for run in runs if run.box.y1 > lowest - 4]
        best = min(runs, key=lambda run: abs(run.box.x0 - box.x0))
        distance = max(0.0, box.y0 - best.box.y1)
        return finished(best.text, 0.88 - distance / 60 - min(abs(best.box.x0 - box.x0), 100) / 400, best.box)

    def _below(self, candidate: Candidate) -> Labelled | None:
        box = candidate.box
        base = candidate.line if candidate.line is not None else box.y1
        zone = Rect(box.x0 - 3, base + 0.5, box.x1 + 3, base + BELOW_POINTS_MAX)
        runs = [run for run in self.layout.runs_in(zone) if run.box.y0 > base - 3]
        runs = [run for run in runs if run.box.x0 > box.x0 - 12 and run.box.x1 < box.x1 + 40]
        if not runs:
            return None
        best = min(runs, key=lambda run: (round(run.box.y0 / 5), run.box.x0))
        return finished(best.text, 0.8, best.box)

    def _row(self, box: Rect, *, numbers: bool = False) -> Run | None:
        """What a table's row is about; ``numbers`` may be it (times of a day)."""
        middle = box.centre[1]
        runs = [r for r in self.layout.runs_in(Rect(0, middle - 4, box.x0, middle + 4)) if r.box.x1 <= box.x0 + 4]
        runs = [run for run in runs if any(c.isalpha() or (numbers and c.isdigit()) for c in run.text)]
        return min(runs, key=lambda run: run.box.x0) if runs else None

    def _column(self, box: Rect) -> Run | None:
        zone = Rect(box.x0 + 1, max(0.0, box.y0 - COLUMN_POINTS_MAX), box.x1 - 1, box.y0)
        runs = [r for r in self.layout.runs_in(zone) if r.box.y1 <= box.y0 + 2 and any(c.isalpha() for c in r.text)]
        runs = [run for run in runs if run.box.width < 2.5 * box.width + 20]
        return max(runs, key=lambda run: run.box.y1) if runs else None

    def of_mark(self, box: Rect) -> Labelled:
        """The words a box to tick stands for: right of it, or left when nothing follows."""
        right = self._beside(box, to_right=True)
        if right:
            return finished(" ".join(w.text for w in right), 1.0, union(w.box for w in right))
        left = self._beside(box, to_right=False)
        if left:
            return finished(" ".join(w.text for w in left), 0.8, union(w.box for w in left))
        return Labelled("", sure=0.0)

    def _beside(self, box: Rect, *, to_right: bool) -> list[Word]:
        middle = box.centre[1]
        reach = max(box.height, 9.0) * 0.7
        x0, x1 = (box.x1 - 1, box.x1 + 330) if to_right else (max(0.0, box.x0 - 330), box.x0 + 1)
        words = sorted(self.layout.words_in(Rect(x0, middle - reach, x1, middle + reach)), key=lambda w: w.box.x0)
        if not to_right:
            words.reverse()
        taken: list[Word] = []
        edge = box.x1 if to_right else box.x0
        for word in words:
            gap = word.box.x0 - edge if to_right else edge - word.box.x1
            limit = 16.0 if not taken else 1.4 * max(word.box.height, 8.0)
            low, high = (edge, word.box.x0) if to_right else (word.box.x1, edge)
            if gap > limit or self._crosses(low, high, word.box.centre[1], box):
                break
            if taken and abs(word.box.centre[1] - taken[0].box.centre[1]) > 5:
                continue
            taken.append(word)
            edge = word.box.x1 if to_right else word.box.x0
        return taken if to_right else taken[::-1]

    def question(self, box: Rect) -> Run | None:
        """The words that ask what the boxes at ``box`` answer: left on the line, or just above."""
        middle = box.centre[1] if box.height < 30 else box.y0 + 6
        left = [r for r in self.layout.runs_in(Rect(0, middle - 4, box.x0, middle + 4)) if r.box.x1 <= box.x0 + 2]
        left = [r for r in left if not self._crosses(r.box.x1, box.x0, middle, box) and box.x0 - r.box.x1 < 160]
        if left and box.height < 30:
            return max(left, key=lambda run: run.box.x1)
        zone = Rect(max(0.0, box.x0 - 30), box.y0 - 22, box.x1 + 60, box.y0)
        above = [r for r in self.layout.runs_in(zone) if r.box.centre[1] < box.y0 and any(c.isalpha() for c in r.text)]
        return max(above, key=lambda run: (run.box.y1, -run.box.x0)) if above else None
