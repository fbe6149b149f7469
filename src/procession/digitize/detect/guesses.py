"""Places a rule alone would not trust: proposed all the same, for whoever weighs all the evidence of a page.

Every guess carries a prior below ``candidate.ACCEPT``, so that none becomes a field by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.doubtful import doubtful_marks
from procession.digitize.detect.rules import Rule, Rules, across_between, rising_from, upright_between
from procession.digitize.detect.scene import Scene
from procession.digitize.layout import Layout, union
from procession.digitize.page import Rect

SIDE_POINTS_MIN = (8.0, 6.5)
"""Width and height of the smallest place a letter fits into."""
CELL_SHARE_MAX = 0.5
"""A cell covering more of the page is its frame."""
BAND_POINTS = (17.0, 80.0)
"""An empty cell this high may be written on in its lowest line only."""
LINE_POINTS = 12.0
"""One typed line; forms are set in sixths of an inch."""
TEXT_LINES_MAX = 8
"""A cell with more printed lines holds prose."""
GAP_POINTS_MIN = 14.0
BETWEEN_POINTS_MIN = 9.0
AIR_POINTS = (5.5, 34.0)
"""How far the next thing above a line may be: less is no place, more says nothing about the place's height."""
OPEN_HEIGHT_POINTS = 14.0
"""Height taken for a line without anything close above."""
SAME = 0.8
"""Two boxes that overlap this much (intersection over union) are one proposal."""
GUESSES_MAX = 3_000


def guesses(scene: Scene, found: Sequence[Candidate]) -> list[Candidate]:
    """What ``found`` (the rules' own proposals) does not hold already."""
    known = _Known(found)
    letters = [comb.box for comb in scene.combs]
    out: list[Candidate] = []
    for guess in (*_in_cells(scene), *_on_lines(scene, letters), *doubtful_marks(scene)):
        if len(out) >= GUESSES_MAX:
            break
        small = guess.box.width < SIDE_POINTS_MIN[0] or guess.box.height < SIDE_POINTS_MIN[1]
        x, y = guess.box.centre
        if small or any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in letters):
            continue
        if known.new(guess.box):
            out.append(guess)
    return out


class _Known:
    """Boxes proposed already, by the grid square of their centre."""

    def __init__(self, found: Sequence[Candidate]) -> None:
        self._squares: dict[tuple[int, int], list[Rect]] = {}
        for candidate in found:
            self.new(candidate.box)

    def new(self, box: Rect) -> bool:
        """Whether nothing like ``box`` was there; it is from now on."""
        middle = box.centre
        x, y = int(middle[0] // 24), int(middle[1] // 12)
        for square in ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)):
            if square in self._squares and any(overlap(box, other) >= SAME for other in self._squares[square]):
                return False
        self._squares.setdefault((x, y), []).append(box)
        return True


def overlap(a: Rect, b: Rect) -> float:
    """Intersection over union."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a, b
    width, height = min(ax1, bx1) - max(ax0, bx0), min(ay1, by1) - max(ay0, by0)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - both)


def _in_cells(scene: Scene) -> Iterator[Candidate]:
    page, marks = scene.page, scene.mark_boxes
    for cell in scene.grid.cells:
        if cell.width * cell.height > CELL_SHARE_MAX * page.width * page.height:
            continue
        inner = Rect(cell.x0 + 0.5, cell.y0 + 0.5, cell.x1 - 0.5, cell.y1 - 0.5)
        words = [word.box for word in scene.layout.words_in(inner)]
        blocks = words + [mark for mark in marks if _holds(inner, mark)]
        if not blocks:
            yield Candidate(inner, "text", "small", PRIOR["small"], cell=cell)
            band = _band(inner)
            if band is not None:
                yield Candidate(band, "text", "band", PRIOR["band"], cell=cell)
        else:
            for free in _free_strips(inner, blocks, scene.layout):
                yield Candidate(free, "text", "free", PRIOR["free"], cell=cell)
        yield from _feet(cell, blocks, scene.rules)


def _holds(box: Rect, inner: Rect) -> bool:
    x, y = inner.centre
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def _band(cell: Rect) -> Rect | None:
    """The lowest line of an empty cell: whole lines of equal height fill it."""
    if not BAND_POINTS[0] <= cell.height <= BAND_POINTS[1]:
        return None
    lines = max(2, round(cell.height / LINE_POINTS))
    return Rect(cell.x0, cell.y1 - cell.height / lines, cell.x1, cell.y1)


def _free_strips(cell: Rect, blocks: Sequence[Rect], layout: Layout) -> Iterator[Rect]:
    """What print leaves free of a cell: below, above and between its lines, and beside them."""
    lines = _rows(blocks)
    if len(lines) > TEXT_LINES_MAX:
        return
    text = union(blocks)
    yield Rect(cell.x0, text.y1, cell.x1, cell.y1)
    yield Rect(cell.x0, cell.y0, cell.x1, text.y0)
    for above, below in pairwise(lines):
        top, foot = union(above).y1, union(below).y0
        if foot - top >= BETWEEN_POINTS_MIN:
            yield Rect(cell.x0, top, cell.x1, foot)
    if text.x1 + GAP_POINTS_MIN < cell.x1:
        yield Rect(text.x1 + 1, cell.y0, cell.x1, cell.y1)
    if cell.x0 + GAP_POINTS_MIN < text.x0:
        yield Rect(cell.x0, cell.y0, text.x0 - 1, cell.y1)
    for place, line in enumerate(lines):
        box = union(line)
        top = union(lines[place - 1]).y1 if place else cell.y0
        foot = box.y1 + 1.5 if place + 1 < len(lines) else cell.y1
        top = max(top, foot - 1.6 * max(box.height, layout.line_height))
        edges = [cell.x0, *(x for one in sorted(line) for x in (one.x0 - 1, one.x1 + 1)), cell.x1]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            if end - start >= max(GAP_POINTS_MIN, 1.2 * box.height):
                yield Rect(start, top, end, foot)


def _rows(boxes: Sequence[Rect]) -> list[list[Rect]]:
    rows: list[list[Rect]] = []
    for box in sorted(boxes, key=lambda one: one.centre[1]):
        if rows and box.centre[1] - rows[-1][-1].centre[1] <= 0.5 * max(box.height, rows[-1][-1].height, 6.0):
            rows[-1].append(box)
        else:
            rows.append([box])
    return rows


def _feet(cell: Rect, blocks: Sequence[Rect], rules: Rules) -> Iterator[Candidate]:
    """Places parted by short strokes that rise from a cell's lower edge."""
    rising = [
        side
        for side in upright_between(rules, cell.x0 + 4, cell.x1 - 4)
        if abs(side.end - cell.y1) < 3 and side.start > cell.y0 + 3
    ]
    if not rising:
        return
    top = min(side.start for side in rising)
    if cell.y1 - top < SIDE_POINTS_MIN[1]:
        return
    cuts = sorted([cell.x0, *(side.at for side in rising), cell.x1])
    for start, end in pairwise(cuts):
        first = max([start, *(b.x1 for b in blocks if b.y1 > top + 2 and start - 1 <= b.x0 and b.x1 < start + 14)])
        yield Candidate(Rect(first, top, end, cell.y1), "text", "foot", PRIOR["foot"], cell=cell)


def _on_lines(scene: Scene, letters: Sequence[Rect]) -> Iterator[Candidate]:
    rules, grid, marks = scene.rules, scene.grid, scene.mark_boxes
    for index, rule in enumerate(rules.across):
        if rule.length < SIDE_POINTS_MIN[0]:
            continue
        feet = grid.feet.get(index, [])
        cuts = [rule.start, *rising_from(rule, rules), rule.end]
        for start, end in pairwise(cuts):
            middle = (start + end) / 2
            if end - start < SIDE_POINTS_MIN[0] or any(low - 2 <= middle <= high + 2 for low, high in feet):
                continue
            if any(abs(box.y0 - rule.at) < 2 and box.x0 - 2 <= start and end <= box.x1 + 2 for box in letters):
                continue  # the upper edge of boxes for letters
            yield from _above(Rule(rule.at, start, end), scene.layout, rules, marks)


def _above(rule: Rule, layout: Layout, rules: Rules, marks: Sequence[Rect]) -> Iterator[Candidate]:
    """The free stretches on a line: all of it, and what printed words standing on it leave."""
    strip = Rect(rule.start, rule.at - 8, rule.end, rule.at - 0.5)
    standing = [word.box for word in layout.touching(strip) if word.box.centre[1] < rule.at] + [
        mark for mark in marks if _touch(strip, mark)
    ]
    edges = [rule.start, *(x for one in sorted(standing) for x in (one.x0 - 1, one.x1 + 1)), rule.end]
    at = rule.start
    stretches = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        at = max(at, start)
        if end - at >= (GAP_POINTS_MIN if standing else SIDE_POINTS_MIN[0]):
            stretches.append((at, end))
    for start, end in stretches:
        air = _air(rule.at, start, end, layout, rules)
        if air < AIR_POINTS[0]:
            continue
        height = air if air <= AIR_POINTS[1] else OPEN_HEIGHT_POINTS
        yield Candidate(Rect(start, rule.at - height, end, rule.at + 0.5), "text", "line", PRIOR["line"], line=rule.at)
        if air > 1.6 * LINE_POINTS:
            box = Rect(start, rule.at - LINE_POINTS, end, rule.at + 0.5)
            yield Candidate(box, "text", "line", PRIOR["line"], line=rule.at)


def _touch(a: Rect, b: Rect) -> bool:
    return b.x1 > a.x0 and b.x0 < a.x1 and b.y1 > a.y0 and b.y0 < a.y1


def _air(at: float, start: float, end: float, layout: Layout, rules: Rules) -> float:
    """Points above a line until a word or another line."""
    zone = Rect(start + 1, at - AIR_POINTS[1] - 8, end - 1, at - 0.5)
    above = [word.box.y1 for word in layout.touching(zone) if word.box.centre[1] < at - 3]
    above += [
        other.at for other in across_between(rules, zone.y0, at - 2) if other.start < end - 2 and other.end > start + 2
    ]
    return at - max(above) if above else AIR_POINTS[1] + 8
