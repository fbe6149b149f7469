"""Closed places to write in: table cells and boxes, whole when empty, the free part when their label stands inside."""

from __future__ import annotations

from collections.abc import Sequence

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.letters import Comb, comb_candidates
from procession.digitize.detect.rules import Grid
from procession.digitize.layout import Layout, union
from procession.digitize.page import PageContent, Rect, Word

FREE_POINTS_MIN = (22.0, 6.5)
"""Width and height somebody can write in."""
TEXTAREA_LINES = 2.6
"""A place higher than this many lines takes several."""
PRINTED_CHARS_MAX = 4
"""Longest word that stands in an amount's cell beside the amount: "14b", "$", ".00"."""
CENTRED_SHARE = 0.12
"""Of a cell's width: print whose two sides differ by less stands in its middle, and is what the cell holds."""
DARK = 190
"""A panel with a darker fill is a heading's background."""


def area_candidates(
    page: PageContent, layout: Layout, grid: Grid, marks: Sequence[Rect], combs: Sequence[Comb]
) -> list[Candidate]:
    dark = [s.box for s in page.shapes if s.filled and s.fill is not None and max(s.fill) < DARK and s.box.height > 4]
    found = list(comb_candidates(combs))
    taken = [comb.box for comb in combs]
    for cell in grid.cells:
        if cell.width < FREE_POINTS_MIN[0] or cell.height < FREE_POINTS_MIN[1] or _too_large(cell, page):
            continue
        x, y = cell.centre
        if any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in taken):
            continue
        if any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in dark):
            continue
        if any(cell.x0 <= m.centre[0] <= cell.x1 and cell.y0 <= m.centre[1] <= cell.y1 for m in marks):
            continue
        candidate = _in_cell(cell, layout)
        if candidate is not None:
            found.append(candidate)
    return found


def _too_large(cell: Rect, page: PageContent) -> bool:
    return cell.height > 0.5 * page.height or cell.width * cell.height > 0.4 * page.width * page.height


def _in_cell(cell: Rect, layout: Layout) -> Candidate | None:
    inner = Rect(cell.x0 + 1, cell.y0 + 1, cell.x1 - 1, cell.y1 - 1)
    words = layout.words_in(inner)
    if not words:
        return _candidate(inner, cell, layout, PRIOR["box"])
    free = _free_part(inner, words, layout)
    return _candidate(free, cell, layout, PRIOR["cell"]) if free is not None else None


def _candidate(box: Rect, cell: Rect, layout: Layout, confidence: float) -> Candidate:
    lines = box.height / max(layout.line_height, 6.0)
    kind = "textarea" if lines >= TEXTAREA_LINES and box.width > 120 else "text"
    rule = "box" if confidence == PRIOR["box"] else "cell"
    return Candidate(box, kind, rule, confidence, cell=cell)  # type: ignore[arg-type]


def _free_part(cell: Rect, words: Sequence[Word], layout: Layout) -> Rect | None:
    """Below a label at the top, right of a label at the left, or nothing."""
    text = union(word.box for word in words)
    below = Rect(cell.x0, max(text.y1, cell.y0), cell.x1, cell.y1)
    printed = text.y1 - text.y0
    if below.height >= max(FREE_POINTS_MIN[1], 0.38 * cell.height) and text.y0 - cell.y0 < 0.35 * cell.height:
        return below
    one_line = printed < 1.7 * layout.line_height
    label = " ".join(word.text for word in words)
    if printed < 1.7 * layout.line_height and cell.height < 2.2 * layout.line_height:
        gap = _gap_between(cell, words)
        if gap is not None:
            return gap
    right = Rect(text.x1 + 3, cell.y0, cell.x1, cell.y1)
    if one_line and text.x0 - cell.x0 < 14 and label.rstrip().endswith((":", "?", "$", "#")) and right.width >= 36:
        return right
    return None


def _gap_between(cell: Rect, words: Sequence[Word]) -> Rect | None:
    """The place for an amount between a line's number and the printed cents or currency."""
    if any(len(word.text) > PRINTED_CHARS_MAX for word in words) or len(words) > 4:
        return None
    gaps = []
    at = cell.x0
    for word in sorted(words, key=lambda one: one.box.x0):
        gaps.append((word.box.x0 - at, at, word.box.x0))
        at = max(at, word.box.x1)
    gaps.append((cell.x1 - at, at, cell.x1))
    if len(gaps) == 2 and abs(gaps[0][0] - gaps[1][0]) < CENTRED_SHARE * cell.width:
        return None
    width, start, end = max(gaps)
    if width < max(FREE_POINTS_MIN[0], 0.45 * cell.width):
        return None
    return Rect(start + (1 if start > cell.x0 else 0), cell.y0, end - (1 if end < cell.x1 else 0), cell.y1)
