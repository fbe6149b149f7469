"""Rules as drawn, made comparable: pieces of one line joined, edges of boxes among them, cells where they cross."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from procession.digitize.detect.backgrounds import unseen_backgrounds
from procession.digitize.page import PageContent, Rect

TOUCH_POINTS = 2.0
"""Lines closer than this meet."""
RULES_MAX = 4_000
"""Rules looked at in each direction; drawings hold more, forms do not."""
CELLS_MAX = 4_000
BACKGROUND_SHARE = 0.25
"""A panel without an outline that covers more of the page is its background; its edges part nothing."""
CELL_POINTS_MIN = (9.0, 7.0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule at y=``at`` from x=``start`` to ``end``, or a vertical one with x and y exchanged."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Rules:
    across: tuple[Rule, ...]
    """Sorted by y."""
    down: tuple[Rule, ...]
    """Sorted by x."""


def read_rules(page: PageContent, marks: Sequence[Rect]) -> Rules:
    """All rules of the page, without the sides of the checkboxes ``marks``."""
    across: list[Rule] = []
    down: list[Rule] = []
    for segment in page.segments:
        box = segment.box
        if _on_mark(box, marks):
            continue
        if segment.horizontal:
            across.append(Rule((box.y0 + box.y1) / 2, box.x0, box.x1))
        else:
            down.append(Rule((box.x0 + box.x1) / 2, box.y0, box.y1))
    unseen = unseen_backgrounds(page)
    for index, shape in enumerate(page.shapes):
        box = shape.box
        if shape.kind != "rect" or not (shape.stroked or shape.filled) or index in unseen or _on_mark(box, marks):
            continue
        if not shape.stroked and box.width * box.height > BACKGROUND_SHARE * page.width * page.height:
            continue
        across += [Rule(box.y0, box.x0, box.x1), Rule(box.y1, box.x0, box.x1)]
        down += [Rule(box.x0, box.y0, box.y1), Rule(box.x1, box.y0, box.y1)]
    return Rules(tuple(_joined(across)), tuple(_joined(down)))


def _on_mark(box: Rect, marks: Sequence[Rect]) -> bool:
    if max(box.width, box.height) > 30:
        return False
    return any(
        mark.x0 - 1 <= box.x0 and box.x1 <= mark.x1 + 1 and mark.y0 - 1 <= box.y0 and box.y1 <= mark.y1 + 1
        for mark in marks
    )


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Pieces that lie on one line and touch become one rule."""
    ordered = sorted(rules, key=lambda one: (one.at, one.start))[: RULES_MAX * 4]
    lanes: list[list[Rule]] = []
    for rule in ordered:
        if lanes and rule.at - lanes[-1][0].at <= 1.2:
            lanes[-1].append(rule)
        else:
            lanes.append([rule])
    joined: list[Rule] = []
    for lane in lanes:
        lane.sort(key=lambda one: one.start)
        at, start, end = lane[0].at, lane[0].start, lane[0].end
        for rule in lane[1:]:
            if rule.start <= end + 1.5:
                end = max(end, rule.end)
            else:
                joined.append(Rule(at, start, end))
                at, start, end = rule.at, rule.start, rule.end
        joined.append(Rule(at, start, end))
    joined.sort(key=lambda one: one.at)
    return joined[:RULES_MAX]


@dataclass(frozen=True, slots=True)
class Grid:
    cells: tuple[Rect, ...]
    closed: dict[int, list[tuple[float, float]]]
    """Index into ``rules.across`` -> stretches of that rule that bound a cell."""
    feet: dict[int, list[tuple[float, float]]]
    """Of these, the stretches a cell ends on."""


def find_cells(rules: Rules) -> Grid:
    """Smallest rectangles whose four sides are drawn."""
    columns = [rule.at for rule in rules.down]
    crossing: dict[int, list[int]] = {}
    for index, rule in enumerate(rules.across):
        low = bisect_left(columns, rule.start - TOUCH_POINTS)
        found = []
        for other in range(low, len(columns)):
            if columns[other] > rule.end + TOUCH_POINTS:
                break
            side = rules.down[other]
            if side.start - TOUCH_POINTS <= rule.at <= side.end + TOUCH_POINTS:
                found.append(other)
        crossing[index] = found
    cells: list[Rect] = []
    closed: dict[int, list[tuple[float, float]]] = {}
    feet: dict[int, list[tuple[float, float]]] = {}
    for top, first in enumerate(rules.across):
        sides = [s for s in crossing[top] if rules.down[s].end > first.at + CELL_POINTS_MIN[1]]
        for left, right in pairwise(sides):
            cell = _cell_below(rules, crossing, top, left, right)
            if cell is None or len(cells) >= CELLS_MAX:
                continue
            bottom, box = cell
            if box.width >= CELL_POINTS_MIN[0]:
                cells.append(box)
            for edge in (top, bottom):
                closed.setdefault(edge, []).append((box.x0, box.x1))
            feet.setdefault(bottom, []).append((box.x0, box.x1))
    return Grid(tuple(cells), closed, feet)


def _cell_below(
    rules: Rules, crossing: dict[int, list[int]], top: int, left: int, right: int
) -> tuple[int, Rect] | None:
    reach = min(rules.down[left].end, rules.down[right].end) + TOUCH_POINTS
    for bottom in range(top + 1, len(rules.across)):
        rule = rules.across[bottom]
        if rule.at > reach:
            return None
        if rule.at - rules.across[top].at < CELL_POINTS_MIN[1]:
            continue
        if left in crossing[bottom] and right in crossing[bottom]:
            a, b = rules.across[top], rule
            return bottom, Rect(rules.down[left].at, a.at, rules.down[right].at, b.at)
    return None


def upright_between(rules: Rules, start: float, end: float) -> tuple[Rule, ...]:
    """Upright rules with x strictly between ``start`` and ``end``, from left to right."""
    low = bisect_right(rules.down, start, key=lambda side: side.at)
    return rules.down[low : bisect_left(rules.down, end, key=lambda side: side.at)]


def across_between(rules: Rules, top: float, foot: float) -> tuple[Rule, ...]:
    """Rules with y strictly between ``top`` and ``foot``, from top to bottom."""
    low = bisect_right(rules.across, top, key=lambda rule: rule.at)
    return rules.across[low : bisect_left(rules.across, foot, key=lambda rule: rule.at)]


def rising_from(rule: Rule, rules: Rules) -> list[float]:
    """x of the upright rules that part what is above ``rule``, from left to right."""
    between = upright_between(rules, rule.start + 3, rule.end - 3)
    return [side.at for side in between if side.start < rule.at - 5 <= side.end + 3]
