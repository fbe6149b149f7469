"""Lines to write on: rules with nothing above them but air, and runs of underscores or dots in the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.decoration import is_decoration
from procession.digitize.detect.rules import Grid, Rule, Rules, across_between, rising_from
from procession.digitize.detect.stacks import Stack
from procession.digitize.layout import BLANK, Layout
from procession.digitize.page import PageContent, Rect

LENGTH_POINTS_MIN = 12.0
BESIDE_WORDS_POINTS_MIN = 40.0
"""What is left of a rule beside words that stand on it must be longer: rules under headings end anywhere."""
UNLABELLED_LESS = 0.05
"""A line without a label beside or below it is a place to write a little less often."""
OPEN_SHARE_MIN = 0.5
"""Words cover less than the rest of a rule to write on."""
HEIGHT_POINTS = (9.0, 16.0)
"""How high the place above a line is taken to be: as the air allows, between these."""
UNDER_POINTS = 1.0
"""Widgets people draw reach a little below the line."""
SEPARATOR_SHARE = 0.8
"""A rule wider than this part of the page, with no label beside it, parts sections."""
EDGE_SHARE = 0.03
"""Nobody writes in this part of a page at its top and bottom."""
SCAN_EDGE_SHARE = 0.055
"""On scanned pages: shadows, creases and the light letters of a dark letterhead look like lines there."""
DOTS_CHARS_MIN = 12
LEADER_POINTS = 24.0
"""Dots that end this near before a box lead the eye to it."""


def line_candidates(
    page: PageContent, layout: Layout, rules: Rules, grid: Grid, stacks: Sequence[Stack] = ()
) -> list[Candidate]:
    """``stacks`` are ruled paper, one field each already."""
    found: list[Candidate] = []
    stacked = {index for stack in stacks for index in stack.rules}
    for index, rule in enumerate(rules.across):
        if index in stacked or rule.length < LENGTH_POINTS_MIN or is_decoration(rule, page, layout):
            continue
        closed = grid.closed.get(index, [])
        if not closed and _answered(rule, layout):
            box = Rect(rule.start, rule.at - HEIGHT_POINTS[1], rule.end, rule.at + UNDER_POINTS)
            found.append(Candidate(box, "text", "underline", PRIOR["underline"], line=rule.at))
            continue
        for start, end in _open_parts(rule, layout, rules):
            if any(low - 2 <= (start + end) / 2 <= high + 2 for low, high in closed):
                continue
            candidate = _on_rule(Rule(rule.at, start, end), page, layout, rules)
            if candidate is not None:
                found.append(candidate)
    return found


def blank_candidates(page: PageContent, boxes: Sequence[Rect] = ()) -> list[Candidate]:
    """Underscores people write on; dots only when nothing printed follows them (a table of contents has numbers) and
    none of the drawn ``boxes`` either."""
    blanks = [w for w in page.words if w.visible and BLANK.match(w.text) and w.text[0] in "_‗＿"]
    blanks += [
        w
        for w in page.words
        if w.visible and BLANK.match(w.text) and w.text[0] in ".…" and len(w.text) >= DOTS_CHARS_MIN
        if _last(w, page) and not _leads_to(w.box, boxes)
    ]
    blanks.sort(key=lambda w: (round(w.box.centre[1] / 3), w.box.x0))
    joined: list[Rect] = []
    for word in blanks:
        box = word.box
        last = joined[-1] if joined else None
        if last is not None and abs(last.y1 - box.y1) < 2 and -2 < box.x0 - last.x1 < 4:
            joined[-1] = Rect(last.x0, min(last.y0, box.y0), box.x1, max(last.y1, box.y1))
        else:
            joined.append(box)
    return [
        Candidate(Rect(b.x0, b.y0, b.x1, b.y1), "text", "blank", PRIOR["blank"], line=b.y1)
        for b in joined
        if b.width >= 10
    ]


def _leads_to(dots: Rect, boxes: Sequence[Rect]) -> bool:
    y = dots.centre[1]
    return any(-2 <= box.x0 - dots.x1 <= LEADER_POINTS and box.y0 - 2 <= y <= box.y1 + 2 for box in boxes)


def _last(word: object, page: PageContent) -> bool:
    box: Rect = word.box  # type: ignore[attr-defined]
    y = box.centre[1]
    return not any(w.box.x0 >= box.x1 - 1 and w.box.y0 <= y <= w.box.y1 and w is not word for w in page.words)


def _open_parts(rule: Rule, layout: Layout, rules: Rules) -> list[tuple[float, float]]:
    """The rule without what words stand on, parted where vertical rules rise from it."""
    cuts = [rule.start, *rising_from(rule, rules), rule.end]
    parts: list[tuple[float, float]] = []
    for start, end in pairwise(cuts):
        strip = Rect(start, rule.at - 7.5, end, rule.at - 0.5)
        words = sorted((w for w in layout.touching(strip) if w.box.centre[1] < rule.at), key=lambda w: w.box.x0)
        at = start
        needed = BESIDE_WORDS_POINTS_MIN if words else LENGTH_POINTS_MIN
        free: list[tuple[float, float]] = []
        for word in words:
            if word.box.x0 - at >= needed:
                free.append((at, word.box.x0))
            at = max(at, word.box.x1)
        if end - at >= needed:
            free.append((at, end))
        if sum(high - low for low, high in free) >= OPEN_SHARE_MIN * (end - start):
            parts += free
    return parts


def _on_rule(rule: Rule, page: PageContent, layout: Layout, rules: Rules) -> Candidate | None:
    air = _air(rule, layout, rules)
    if air < HEIGHT_POINTS[0]:
        return None
    left = _label_left(rule, layout)
    labelled = left or _caption_below(rule, layout)
    if rule.length > SEPARATOR_SHARE * page.width and not left:
        return None
    margin = (SCAN_EDGE_SHARE if page.source == "scanned" else EDGE_SHARE) * page.height
    if not margin <= rule.at <= page.height - margin:
        return None
    confidence = PRIOR["underline"] if labelled else PRIOR["underline"] - UNLABELLED_LESS
    height = min(HEIGHT_POINTS[1], air)
    box = Rect(rule.start, rule.at - height, rule.end, rule.at + UNDER_POINTS)
    return Candidate(box, "text", "underline", confidence, line=rule.at)


def _answered(rule: Rule, layout: Layout) -> bool:
    """Whether everything on a line beside its label was typed in by somebody: the whole line is the place."""
    words = layout.touching(Rect(rule.start, rule.at - 7.5, rule.end, rule.at - 0.5))
    return bool(words) and all(layout.typed_in(word) for word in words) and _label_left(rule, layout)


def _air(rule: Rule, layout: Layout, rules: Rules) -> float:
    """Points above the rule until a word or another rule."""
    zone = Rect(rule.start + 1, rule.at - HEIGHT_POINTS[1] - 6, rule.end - 1, rule.at - 0.5)
    above = [w.box.y1 for w in layout.touching(zone) if w.box.centre[1] < rule.at - 3]
    above += [
        other.at
        for other in across_between(rules, zone.y0, rule.at - 2)
        if other.start < rule.end - 2 and other.end > rule.start + 2
    ]
    return rule.at - max(above) if above else HEIGHT_POINTS[1] + 6


def _label_left(rule: Rule, layout: Layout) -> bool:
    return bool(layout.touching(Rect(rule.start - 12, rule.at - 9, rule.start - 0.5, rule.at)))


def _caption_below(rule: Rule, layout: Layout) -> bool:
    below = layout.touching(Rect(rule.start, rule.at + 1, rule.end, rule.at + 11))
    return bool(below) and sum(w.box.width for w in below) < 1.2 * rule.length


def without_overlaps(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Where two lay claim to one place the surer stays; the smaller of two nested boxes."""
    kept: list[Candidate] = []
    order = sorted(candidates, key=lambda c: (c.kind not in ("checkbox", "radio"), c.box.width * c.box.height))
    for candidate in order:
        box = candidate.box
        area = box.width * box.height
        clash = False
        for other in kept:
            width = min(box.x1, other.box.x1) - max(box.x0, other.box.x0)
            height = min(box.y1, other.box.y1) - max(box.y0, other.box.y0)
            if width > 0 and height > 0 and width * height > 0.4 * min(area, other.box.width * other.box.height):
                clash = True
                break
        if not clash:
            kept.append(candidate)
    return kept
