"""Rows of boxes for one letter each: one field, also where printed dashes or air part its groups of boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.rules import Rule, Rules, upright_between
from procession.digitize.layout import Layout, union
from procession.digitize.page import PageContent, Rect

LETTER_POINTS_MAX = 22.0
"""Width of a box for one letter."""
LETTER_ASPECT = (0.4, 1.5)
"""Width by height."""
UNEVEN_POINTS = 1.5
"""How far boxes of one row may differ in size and place."""
CELLS_MIN = 4
GAP_CELLS_MAX = (0.6, 1.6)
"""Widest gap within one field, in boxes: bare, and with a separator in it ("12 / 31 / 2026", thousands)."""
SEPARATOR_CELLS = (0.8, 1.2)
"""Room for a separator within one field, in boxes, where it cannot be read."""
SEPARATOR_CHARS_MAX = 1
PARTS, PART_PRIOR = 2, 0.4
"""So many groups may be fields of their own: a postcode's two halves."""


TICK_POINTS = (2.5, 30.0)
"""Height of the strokes that part letters on a line."""
TICK_UNEVEN_SHARE = 0.2
LETTER_LINE_POINTS = (6.0, 30.0)
"""Length of a line for one letter."""
LETTER_HEIGHT_POINTS = 14.0
"""Height taken for letters on a line whose ticks are short."""


@dataclass(frozen=True, slots=True)
class Comb:
    box: Rect
    cells: tuple[Rect, ...]
    groups: tuple[Rect, ...]


def find_combs(page: PageContent, rules: Rules, cells: Sequence[Rect], layout: Layout) -> list[Comb]:
    found = list(_closed_combs(page, cells, layout))
    for more in (_open_combs, _dashed_combs):
        taken = [comb.box for comb in found]
        found += [comb for comb in more(rules, layout) if not any(_meet(comb.box, box) for box in taken)]
    return found


def _meet(a: Rect, b: Rect) -> bool:
    return a.x0 < b.x1 - 2 and b.x0 < a.x1 - 2 and a.y0 < b.y1 - 2 and b.y0 < a.y1 - 2


def _closed_combs(page: PageContent, cells: Sequence[Rect], layout: Layout) -> Iterator[Comb]:
    rows = [row for row in _rows(cells) if all(_is_letter(box) for box in row)]
    columns = _columns(cells)
    dashes = [s.box for s in page.segments if s.horizontal and s.box.width < LETTER_POINTS_MAX]
    chains: list[list[list[Rect]]] = []
    for row in sorted(rows, key=lambda one: (round(one[0].y0 / 3), one[0].x0)):
        if chains and _continues(chains[-1][-1], row, layout, dashes, faint=page.source == "scanned"):
            chains[-1].append(row)
        else:
            chains.append([row])
    for chain in chains:
        members = [box for row in chain for box in row]
        groups = tuple(union(row) for row in chain)
        alone = len(members) < CELLS_MIN
        if len(members) < 2 or (alone and any(_in_table(box, columns) for box in members)):
            continue
        if all(_free(box, layout) for box in groups):
            yield Comb(union(members), tuple(members), groups)


def _open_combs(rules: Rules, layout: Layout) -> Iterator[Comb]:
    """Lines parted into places for letters by ticks that stand on them."""
    for rule in rules.across:
        ticks = [
            side
            for side in upright_between(rules, rule.start - 2, rule.end + 2)
            if abs(side.end - rule.at) < 2.5 and TICK_POINTS[0] <= rule.at - side.start <= TICK_POINTS[1]
        ]
        inner = [side.at for side in ticks if rule.start + 3 < side.at < rule.end - 3]
        cuts = [rule.start, *inner, rule.end]
        pitches = [right - left for left, right in pairwise(cuts)]
        if len(pitches) < CELLS_MIN or max(pitches) > LETTER_POINTS_MAX:
            continue
        usual = median(pitches)
        if any(abs(pitch - usual) > TICK_UNEVEN_SHARE * usual for pitch in pitches):
            continue
        height = max(rule.at - min(side.start for side in ticks), min(LETTER_HEIGHT_POINTS, 1.2 * usual))
        box = Rect(rule.start, rule.at - height, rule.end, rule.at)
        if _free(box, layout):
            letters = tuple(Rect(left, box.y0, right, box.y1) for left, right in pairwise(cuts))
            yield Comb(box, letters, (box,))


def _dashed_combs(rules: Rules, layout: Layout) -> Iterator[Comb]:
    """Short equal lines beside each other, one for each letter, dashes or strokes between their groups."""
    short = [rule for rule in rules.across if LETTER_LINE_POINTS[0] <= rule.length <= LETTER_LINE_POINTS[1]]
    rows: list[list[Rule]] = []
    for rule in sorted(short, key=lambda one: (round(one.at), one.start)):
        last = rows[-1][-1] if rows else None
        if last is not None and abs(last.at - rule.at) < 1.0 and _follows(last, rule, layout):
            rows[-1].append(rule)
        else:
            rows.append([rule])
    for row in rows:
        if len(row) < CELLS_MIN:
            continue
        height = min(LETTER_HEIGHT_POINTS, max(one.length for one in row))
        cells = tuple(Rect(one.start, one.at - height, one.end, one.at) for one in row)
        if all(_free(cell, layout) for cell in cells):
            yield Comb(union(cells), cells, (union(cells),))


def _follows(last: Rule, rule: Rule, layout: Layout) -> bool:
    gap = rule.start - last.end
    if abs(last.length - rule.length) > UNEVEN_POINTS or not 0 < gap <= GAP_CELLS_MAX[1] * last.length:
        return False
    words = layout.words_in(Rect(last.end, last.at - LETTER_HEIGHT_POINTS, rule.start, last.at + 2))
    if any(word.text.isalnum() or len(word.text) > SEPARATOR_CHARS_MAX for word in words):
        return False
    return bool(words) or gap <= GAP_CELLS_MAX[0] * last.length


def comb_candidates(combs: Sequence[Comb]) -> Iterator[Candidate]:
    for comb in combs:
        count = len(comb.cells)
        yield Candidate(comb.box, "text", "comb", PRIOR["comb"], max_length=count, cell=comb.box)
        if len(comb.groups) == PARTS:
            for group in comb.groups:
                yield Candidate(group, "text", "comb", PART_PRIOR, cell=group)


def _is_letter(box: Rect) -> bool:
    aspect = box.width / max(box.height, 0.1)
    return box.width <= LETTER_POINTS_MAX and LETTER_ASPECT[0] <= aspect <= LETTER_ASPECT[1]


def _rows(cells: Sequence[Rect]) -> list[list[Rect]]:
    """Boxes that share their sides."""
    ordered = sorted(cells, key=lambda box: (round(box.y0 / 3), round(box.y1 / 3), box.x0))
    rows: list[list[Rect]] = []
    for box in ordered:
        last = rows[-1][-1] if rows else None
        if last is not None and _alike(last, box) and abs(last.x1 - box.x0) < UNEVEN_POINTS:
            rows[-1].append(box)
        else:
            rows.append([box])
    return rows


def _alike(one: Rect, other: Rect) -> bool:
    return (
        abs(one.y0 - other.y0) < UNEVEN_POINTS
        and abs(one.y1 - other.y1) < UNEVEN_POINTS
        and abs(one.width - other.width) < UNEVEN_POINTS
    )


def _continues(
    row: Sequence[Rect], following: Sequence[Rect], layout: Layout, dashes: Sequence[Rect], faint: bool
) -> bool:
    """Whether two rows are one field. ``faint``: light print is not recognised; room for a letter parts them."""
    last, first = row[-1], following[0]
    gap = first.x0 - last.x1
    if not _alike(last, first) or not 0 <= gap <= GAP_CELLS_MAX[1] * last.width:
        return False
    between = Rect(last.x1, last.y0, first.x0, last.y1)
    words = layout.words_in(between)
    if any(len(word.text) > SEPARATOR_CHARS_MAX or word.text.isalnum() for word in words):
        return False
    dashed = any(between.x0 <= d.x0 and d.x1 <= between.x1 and between.y0 < d.y0 < between.y1 for d in dashes)
    if faint and SEPARATOR_CELLS[0] <= gap / last.width <= SEPARATOR_CELLS[1]:
        dashed = not layout.words_in(union(following))  # ".00" is printed, not to be filled in
    return gap <= GAP_CELLS_MAX[1 if words or dashed else 0] * last.width


def _free(group: Rect, layout: Layout) -> bool:
    """Nothing printed in it; ".00" after an amount often stands in another type, so it looks typed in."""
    words = layout.words_in(group)
    zeros = bool(words) and all(set(word.text) == {"0"} for word in words)
    return not zeros and all(layout.typed_in(word) for word in words)


def _columns(cells: Sequence[Rect]) -> dict[tuple[int, int], list[Rect]]:
    found: dict[tuple[int, int], list[Rect]] = {}
    for box in cells:
        found.setdefault((round(box.x0 / 2), round(box.x1 / 2)), []).append(box)
    return {key: sorted(boxes, key=lambda box: box.y0) for key, boxes in found.items()}


def _in_table(box: Rect, columns: dict[tuple[int, int], list[Rect]]) -> bool:
    """Whether a box of the same width touches ``box`` above or below."""
    column = columns[(round(box.x0 / 2), round(box.x1 / 2))]
    return any(abs(above.y1 - below.y0) < 2 and box in (above, below) for above, below in pairwise(column))
