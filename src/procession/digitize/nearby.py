"""The printed words around a place to write that may name it: inside, left, above, below, right, or a table's heads.

Each finder answers with a ``Proposal``; which of them wins is decided for the page as a whole in ``label``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.cells import Cells, frame_of
from procession.digitize.classify import meaning_of
from procession.digitize.columns import Columns
from procession.digitize.detect import Candidate
from procession.digitize.layout import Layout, Run, union
from procession.digitize.page import Rect, Word
from procession.digitize.proposal import Proposal, Relation, ids_of, text_of
from procession.digitize.wording import finished, is_mask, is_sign_mark, is_unit, without_codes
from procession.domain.form import FieldType

LEFT_POINTS_MAX = 90.0
"""A label farther left than this belongs to something else, unless nothing stands between (a table's row)."""
REACH_POINTS = 420.0
"""How far left and up heads of rows and columns are looked for."""
ABOVE_POINTS_MAX = 16.0
BELOW_POINTS_MAX = 13.0
AREA_POINTS_MAX = 64.0
"""How far above the last line of a writing area its label may stand."""
AREA_WORDS_MAX = 8
AREA_SURE = 0.66
SAME_EDGE_POINTS = 6.0
LARGER = 1.14
"""Type this much larger than the page's is a heading."""
CAPTION_SURE = 0.8
FRAMED_CAPTION_SURE = 0.62
"""Frames have their label above or inside far more often than below."""
UNIT_POINTS_MAX = 12.0
BESIDE_POINTS = 14.0
"""Words that end this close to a place name it, whatever else stands around."""
SAME_LINE_POINTS = 3.5
SMALLER = 0.92
"""Type this much smaller than its neighbour's is small print."""
SIGN_MARK_POINTS = 20.0
"""How far before a place its "X" stands."""
BLOCK_LINES_MAX = 3
"""Lines of one wrapped label."""

FRAMED_POINTS_MAX = 40.0
"""A higher frame is an area; one signs in a lower one."""

_LEADER = re.compile(r"^[.·…]+$")


class Nearby:
    """Looks around the places of one page; ``boxes`` are all of them, which no label reaches across."""

    def __init__(self, layout: Layout, candidates: Sequence[Candidate], columns: Columns | None = None) -> None:
        self.layout = layout
        self.columns = columns
        self.boxes = [candidate.box for candidate in candidates]
        self._crossing = [(box.centre[0], box.y0, box.y1, box) for box in self.boxes]
        self._tables = Cells(layout, candidates, lambda box: self.side(box)[0])

    # --- one place --------------------------------------------------------------------------------------------------

    def around(self, candidate: Candidate) -> list[Proposal]:
        """Everything that may name ``candidate``, unsorted."""
        certain = self.inside(candidate) or self._tables.table(candidate)
        if certain is not None:
            return [certain]
        found = [self.left(candidate.box), self.above(candidate.box), self.below(candidate)]
        return [one for one in found if one is not None and one.labelled.label]

    def inside(self, candidate: Candidate) -> Proposal | None:
        if candidate.cell is not None:
            zone = candidate.cell
        elif candidate.widget is not None and candidate.box.height >= 14:
            zone = candidate.box
        else:
            return None
        if candidate.widget is not None and candidate.widget.value:
            return None
        words = self.layout.words_in(zone)
        if not any(c.isalpha() for word in words for c in word.text) or _only_unit(words):
            return None
        if is_mask(text_of(words)):
            return None
        label, hint = _small_print_apart(words)
        found = finished(text_of(label), 1.0, union(word.box for word in label))
        if hint and found.help is None:
            found = replace(found, help=text_of(hint).strip("() ") or None)
        return Proposal(Relation.INSIDE, found, ids_of(words), close=True)

    def left(self, box: Rect) -> Proposal | None:
        height = min(box.height, 16.0)
        band = Rect(max(self.side(box)[0], box.x0 - REACH_POINTS), box.y1 - height - 1, box.x0 + 3, box.y1 + 1)
        if box.height > 30:  # a tall place: its label stands at its first line
            band = Rect(band.x0, box.y0 - 2, band.x1, box.y0 + 16)
        words = sorted(self.layout.words_in(band), key=lambda word: word.box.x1)
        taken = self._leftwards(words, box)
        if not any(c.isalnum() for word in taken for c in word.text) or is_sign_mark(taken):
            return None
        named = without_codes(taken)
        gap = box.x0 - taken[-1].box.x1
        text = text_of(named)
        if gap < BESIDE_POINTS:
            sure = 1.0
        elif text.rstrip().endswith(":"):
            sure = 0.92
        else:
            sure = max(0.3, 0.85 - gap / 160)
        if not any(len(word.text) > 1 and word.text[0].isalpha() for word in named):
            sure = min(sure, 0.5)  # a bare line number, "$" or "X" names nothing by itself
        unit = next((word.text for word in taken if is_unit(word.text)), None)
        found = finished(text, sure, union(word.box for word in named), last_sentence=True)
        if found.unit is None and unit is not None:
            found = replace(found, unit=unit)
        return Proposal(Relation.LEFT, found, ids_of(taken), close=sure >= 0.9)

    def _leftwards(self, words: Sequence[Word], box: Rect) -> list[Word]:
        """Words in reading order that reach up to ``box`` without a wide gap, leader dots left out."""
        taken: list[Word] = []
        edge, leading = box.x0, False
        line = None
        for word in reversed(words):
            if line is not None and abs(word.box.centre[1] - line) > SAME_LINE_POINTS:
                continue
            gap = edge - word.box.x1
            bare = not any(len(one.text) > 1 and one.text[0].isalpha() for one in taken)
            limit = LEFT_POINTS_MAX if bare else 1.6 * max(word.box.height, 8.0)
            if leading:
                limit = max(limit, 30.0)
            if gap > limit or self.crosses(word.box.x1, edge, word.box.centre[1], box):
                break
            edge = word.box.x0
            line = word.box.centre[1]
            leading = bool(_LEADER.match(word.text))
            if not leading:
                taken.append(word)
        return taken[::-1]

    def above(self, box: Rect) -> Proposal | None:
        zone = Rect(box.x0 - 3, box.y0 - ABOVE_POINTS_MAX, box.x1, box.y0 + 2)
        runs = [run for run in self.layout.runs_in(zone) if run.box.centre[1] < box.y0 + 2]
        runs = [run for run in runs if any(c.isalnum() for c in run.text) and not self._between(run.box, box)]
        if not runs:
            return self._far_above(box)
        lowest = max(run.box.y1 for run in runs)
        runs = [run for run in runs if run.box.y1 > lowest - 4]
        best = min(runs, key=lambda run: abs(run.box.x0 - box.x0))
        distance = max(0.0, box.y0 - best.box.y1)
        sure = 0.88 - distance / 60 - min(abs(best.box.x0 - box.x0), 100) / 400
        block, hint = self._block(best)
        found = finished(" ".join(run.text for run in block), sure, union(run.box for run in block))
        if hint is not None and found.help is None:
            found = replace(found, help=hint.text.strip("() ") or None)
        return Proposal(Relation.ABOVE, found, ids_of(w for run in (*block, hint) if run for w in run.words))

    def _far_above(self, box: Rect) -> Proposal | None:
        """A label whose place is a whole area, though only its last line is drawn: nothing but air between."""
        zone = Rect(box.x0 - 3, box.y0 - AREA_POINTS_MAX, box.x1, box.y0)
        runs = [run for run in self.layout.runs_in(zone) if run.box.y1 < box.y0 + 2]
        if not runs:
            return None
        lowest = max(runs, key=lambda run: run.box.y1)
        if abs(lowest.box.x0 - box.x0) > SAME_EDGE_POINTS or len(lowest.words) > AREA_WORDS_MAX:
            return None
        if lowest.bold or not any(c.isalpha() for c in lowest.text) or lowest.size > LARGER * self.layout.usual_size:
            return None
        if self._between(lowest.box, box) or self._writes_after(lowest):
            return None
        return Proposal(Relation.FAR, finished(lowest.text, AREA_SURE, lowest.box), ids_of(lowest.words))

    def _block(self, lowest: Run) -> tuple[list[Run], Run | None]:
        """The lines a label is wrapped over, and the small print between it and its place."""
        block, hint = [lowest], None
        while len(block) < BLOCK_LINES_MAX:
            upper = self._line_above(block[0])
            if upper is None:
                break
            if hint is None and len(block) == 1 and self._hints(upper, block[0]):
                hint, block = block[0], [upper]
            elif _goes_on(upper, block[0]):
                block.insert(0, upper)
            else:
                break
        return block, hint

    def _hints(self, upper: Run, lower: Run) -> bool:
        """Whether ``lower`` is small print that explains the label ``upper``, rather than a label under a heading."""
        if upper.text.rstrip().endswith((".", ",")) or upper.size > 1.1 * self.layout.usual_size:
            return False
        if lower.text.startswith("(") and not lower.bold:
            return True
        return lower.size < SMALLER * min(upper.size, self.layout.usual_size)

    def _line_above(self, run: Run) -> Run | None:
        reach = 0.7 * run.box.height
        zone = Rect(run.box.x0 - 4, run.box.y0 - reach, run.box.x0 + 8, run.box.y0 + 1)
        found = [
            one
            for one in self.layout.runs_in(zone)
            if one is not run and one.box.centre[1] < run.box.y0 + 1 and abs(one.box.x0 - run.box.x0) < 4
        ]
        found = [one for one in found if not self._between(one.box, run.box) and not self._writes_after(one)]
        return max(found, key=lambda one: one.box.y1) if found else None

    def _writes_after(self, run: Run) -> bool:
        """Whether ``run`` stands before a place on its own line, and so names that one."""
        middle = run.box.centre[1]
        return any(0 <= box.x0 - run.box.x1 < 40 and box.y0 <= middle <= box.y1 for box in self.boxes)

    def _between(self, upper: Rect, lower: Rect) -> bool:
        """Whether another place lies between two boxes above each other."""
        x0, x1 = max(upper.x0, lower.x0), max(upper.x0 + 1, min(upper.x1, lower.x1))
        top, bottom = upper.centre[1], lower.y0 + 1
        return any(box != lower and box.x0 < x1 and box.x1 > x0 and top < box.centre[1] < bottom for box in self.boxes)

    def below(self, candidate: Candidate) -> Proposal | None:
        """The caption under a line to write or sign on."""
        box = candidate.box
        framed = candidate.line is None and candidate.kind != "signature" and not self._is_marked_to_sign(box)
        if framed and (frame_of(candidate) is None or box.height > FRAMED_POINTS_MAX):
            return None
        base = candidate.line if candidate.line is not None else box.y1
        zone = Rect(box.x0 - 3, base + 0.5, box.x1 + 3, base + BELOW_POINTS_MAX)
        runs = [run for run in self.layout.runs_in(zone) if run.box.y0 > base - 3]
        runs = [run for run in runs if run.box.x0 > box.x0 - 12 and run.box.x1 < box.x1 + 40]
        runs = [run for run in runs if any(c.isalpha() for c in run.text) and not self._writes_after(run)]
        if not runs:
            return None
        best = min(runs, key=lambda run: (round(run.box.y0 / 5), run.box.x0))
        sure = FRAMED_CAPTION_SURE if framed else CAPTION_SURE
        sure -= max(0.0, best.box.y0 - base - 3) / 60
        if best.size < SMALLER * self.layout.usual_size:
            sure += 0.08
        found = finished(best.text, sure, best.box)
        meaning = meaning_of(found.label)
        signs = meaning is not None and meaning.type in (FieldType.SIGNATURE, FieldType.INITIALS)
        return Proposal(Relation.BELOW, found, ids_of(best.words), close=signs)

    def _is_marked_to_sign(self, box: Rect) -> bool:
        """Whether an X stands before a place."""
        words = self.layout.words_in(Rect(box.x0 - SIGN_MARK_POINTS, box.y0, box.x0 + 1, box.y1 + 2))
        return is_sign_mark(words)

    def mask(self, candidate: Candidate) -> str | None:
        """How to write the answer, printed where it goes: "DD / MM / YYYY"."""
        words = self.layout.words_in(candidate.cell or candidate.box)
        text = text_of(words)
        return text if words and is_mask(text) else None

    def unit(self, box: Rect) -> str | None:
        """What stands right behind a place and says what is counted there: "guests", "€", "hours"."""
        middle = box.y1 - min(box.height, 16.0) / 2
        zone = Rect(box.x1 - 1, middle - 6, box.x1 + UNIT_POINTS_MAX + 40, middle + 6)
        words = sorted(self.layout.words_in(zone), key=lambda word: word.box.x0)
        if not words or words[0].box.x0 - box.x1 > UNIT_POINTS_MAX or not is_unit(words[0].text):
            return None
        return words[0].text.strip("().,:;")

    def small_print(self, box: Rect) -> Run | None:
        """A hint set in small print or brackets right under a place."""
        zone = Rect(box.x0 - 3, box.y1, box.x1 + 3, box.y1 + BELOW_POINTS_MAX)
        for run in sorted(self.layout.runs_in(zone), key=lambda one: one.box.y0):
            if run.box.y0 < box.y1 - 2 or run.box.x0 < box.x0 - 6 or self._writes_after(run):
                continue
            bracketed = run.text.startswith("(") and run.text.rstrip(".").endswith(")")
            if run.size < SMALLER * self.layout.usual_size or bracketed:
                return run
        return None

    def row(self, box: Rect) -> Run | None:
        """Words anywhere left on the line, when nothing nearer names a place."""
        middle = box.centre[1]
        zone = Rect(self.side(box)[0], middle - 4, box.x0, middle + 4)
        runs = [r for r in self.layout.runs_in(zone) if r.box.x1 <= box.x0 + 4]
        runs = [run for run in runs if any(c.isalpha() for c in run.text)]
        return min(runs, key=lambda run: run.box.x0) if runs else None

    def column(self, box: Rect) -> Run | None:
        """Words anywhere above, no wider than a head would be."""
        zone = Rect(box.x0 + 1, max(0.0, box.y0 - REACH_POINTS), box.x1 - 1, box.y0)
        runs = [r for r in self.layout.runs_in(zone) if r.box.y1 <= box.y0 + 2 and any(c.isalpha() for c in r.text)]
        runs = [run for run in runs if run.box.width < 2.5 * box.width + 20]
        return max(runs, key=lambda run: run.box.y1) if runs else None

    def side(self, box: Rect) -> tuple[float, float]:
        """Left and right end of the column of the page that ``box`` stands in."""
        part = self.columns.part_of(box) if self.columns is not None else 0
        if self.columns is None or part in (0, 3):
            return 0.0, self.layout.width
        return (0.0, self.columns.gutter) if part == 1 else (self.columns.gutter, self.layout.width)

    def parted(self, one: Rect, other: Rect) -> bool:
        """Whether two boxes stand in different columns of the page."""
        return self.columns is not None and self.columns.parts(one, other)

    def crosses(self, x0: float, x1: float, y: float, own: Rect) -> bool:
        """Whether another place lies on the line between ``x0`` and ``x1``."""
        low, high = x0 - 1, x1 + 1
        return any(y0 <= y <= y1 and low <= x <= high and one is not own for x, y0, y1, one in self._crossing)


def _only_unit(words: Sequence[Word]) -> bool:
    return len(words) == 1 and is_unit(words[0].text)


def _goes_on(upper: Run, lower: Run) -> bool:
    """Whether a label is wrapped from ``upper`` to ``lower``."""
    if abs(upper.size - lower.size) > 0.06 * upper.size or upper.bold != lower.bold:
        return False
    start = lower.text.lstrip("(")[:1]
    return start.islower() and not upper.text.rstrip().endswith((".", ":", "?", ";"))


def _small_print_apart(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """The words of a cell as label and hint, when its later lines are set in smaller type."""
    first = words[0].size or words[0].box.height
    top = words[0].box.centre[1]
    hint = [w for w in words if w.box.centre[1] > top + 4 and (w.size or w.box.height) < SMALLER * first]
    return [word for word in words if word not in hint], hint
