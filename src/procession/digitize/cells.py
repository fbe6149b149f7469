"""Tables to fill in: a cell that shares its sides with others is named by the heads of its row and its column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from procession.digitize.detect import Candidate
from procession.digitize.layout import Layout, Run, union
from procession.digitize.page import Rect, Word
from procession.digitize.proposal import Proposal, Relation, ids_of, text_of
from procession.digitize.wording import finished

TOUCH_POINTS = 2.5
"""Cells of one table lie closer than this."""


class Cells:
    """The framed places of one page. ``start_of`` gives where the column of the page begins that a box stands in."""

    def __init__(self, layout: Layout, candidates: Sequence[Candidate], start_of: Callable[[Rect], float]) -> None:
        self.layout = layout
        self._start_of = start_of
        framed = [frame for candidate in candidates if (frame := frame_of(candidate)) is not None]
        self._cells = [frame for frame in framed if not layout.words_in(frame)]
        self._line_of = {id(word): run for run in layout.runs for word in run.words}

    def table(self, candidate: Candidate) -> Proposal | None:
        """The heads of row and column of a cell that shares its sides with other places to write."""
        cell = frame_of(candidate)
        if cell is None:
            return None
        stack = self._stack(cell)
        if len(stack) < 2 or not self._beside_cell(cell):
            return None
        column = self._column_head(stack[0])
        if not column:
            return None
        head = text_of(column)
        row = self._row_head(cell)
        words = ids_of(column)
        if row is not None and not words & ids_of(row.words):
            counted = row.text.strip(" .:)").isdigit()  # a number says which row, and is no name
            name = f"{head} {row.text.strip(' .:)')}" if counted else f"{finished(row.text, 0.9).label} {head}"
            found = finished(name, 0.9, row.box)
        else:
            named = finished(head, 0.9, union(word.box for word in column))
            found = replace(named, label=f"{named.label} {stack.index(cell) + 1}")
        return Proposal(Relation.TABLE, found, frozenset(), close=True)

    def _beside_cell(self, cell: Rect) -> bool:
        return any(
            min(abs(one.x1 - cell.x0), abs(one.x0 - cell.x1)) < TOUCH_POINTS
            and abs(one.y0 - cell.y0) < TOUCH_POINTS
            and abs(one.y1 - cell.y1) < TOUCH_POINTS
            for one in self._cells
        )

    def _stack(self, cell: Rect) -> list[Rect]:
        """The cells of one column that touch each other, top to bottom."""
        column = sorted(
            (c for c in self._cells if abs(c.x0 - cell.x0) < TOUCH_POINTS and abs(c.x1 - cell.x1) < TOUCH_POINTS),
            key=lambda one: one.y0,
        )
        stack: list[Rect] = []
        for one in column:
            if stack and one.y0 - stack[-1].y1 > TOUCH_POINTS:
                if cell in stack:
                    break
                stack = []
            stack.append(one)
        return stack if cell in stack else [cell]

    def _column_head(self, top: Rect) -> list[Word]:
        """The words right above a column, in its width."""
        zone = Rect(top.x0 + 1, max(0.0, top.y0 - 46.0), top.x1 - 1, top.y0 + 1)
        words = [w for w in self.layout.words_in(zone) if self._line_of[id(w)].box.width < 2.5 * top.width + 20]
        taken: list[Word] = []
        edge = top.y0 - 10
        for word in sorted(words, key=lambda one: -one.box.y1):
            if word.box.y1 < edge - 4:
                break
            taken.append(word)
            edge = min(edge, word.box.y0)
        if not any(c.isalpha() for word in taken for c in word.text):
            return []
        return sorted(taken, key=lambda one: (round(one.box.centre[1] / 4), one.box.x0))

    def _row_head(self, cell: Rect) -> Run | None:
        """What a table's row is about, numbers too (times of a day); never text that runs on beside several rows."""
        first = min(
            (c.x0 for c in self._cells if abs(c.y0 - cell.y0) < TOUCH_POINTS and abs(c.y1 - cell.y1) < TOUCH_POINTS),
            default=cell.x0,
        )
        middle = cell.centre[1]
        reach = max(4.0, min(cell.height, 40.0) / 2 - 2)
        start = max(self._start_of(cell), first - 260)
        runs = self.layout.runs_in(Rect(start, middle - reach, first, middle + reach))
        runs = [run for run in runs if run.box.x1 <= first + 4 and cell.y0 - 1 <= run.box.centre[1] <= cell.y1 + 1]
        runs = [run for run in runs if any(c.isalnum() for c in run.text)]
        if not runs:
            return None
        best = min(runs, key=lambda run: run.box.x0)
        margin = Rect(best.box.x0 - 2, cell.y0 - cell.height, best.box.x0 + 2, cell.y1 + cell.height)
        lines = [r for r in self.layout.runs_in(margin) if abs(r.box.x0 - best.box.x0) < 3]
        crowded = len(lines) > 4 and cell.height < 1.9 * best.box.height
        return None if crowded else best


def frame_of(candidate: Candidate) -> Rect | None:
    """The cell or box drawn around a place; tables are made of these."""
    if candidate.cell is not None or candidate.rule != "box":
        return candidate.cell
    box = candidate.box
    return Rect(box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)
