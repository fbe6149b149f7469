"""Rules nobody writes on: under headings and running heads, and between the printed rows of a table."""

from __future__ import annotations

from statistics import median

from procession.digitize.detect.rules import Rule
from procession.digitize.layout import Layout
from procession.digitize.page import PageContent, Rect, Word

FLUSH_POINTS = 4.0
"""A heading starts where its rule starts."""
LARGER = 1.15
"""Type this much larger than the page's usual is a heading's."""
HEADING_SHARE_MIN = 0.35
"""A heading's rule is at least this part of the page wide; shorter ones may be a bold label's own line."""
STANDS_ON_POINTS = 9.0
"""How far above its rule a heading's foot may be."""
MARGIN_SHARE = 0.07
"""Running heads and feet stand in this part of the page at its top and bottom."""
RUNNING_SHARE_MIN = 0.6


def is_decoration(rule: Rule, page: PageContent, layout: Layout) -> bool:
    """Whether the words that stand on ``rule`` say that it only parts or adorns."""
    words = _standing_on(rule, layout)
    if not words:
        return False
    if rule.length >= RUNNING_SHARE_MIN * page.width and not (
        MARGIN_SHARE * page.height < rule.at < (1 - MARGIN_SHARE) * page.height
    ):
        return True
    first, last = min(word.box.x0 for word in words), max(word.box.x1 for word in words)
    edge = 2 * FLUSH_POINTS
    if first <= rule.start + edge and last >= rule.end - edge and len(_parts(words)) > 1:
        return True  # a printed row reaches from edge to edge
    flush = first <= rule.start + FLUSH_POINTS
    return rule.length >= HEADING_SHARE_MIN * page.width and _stand_out(words, layout) and (flush or len(words) > 2)


def _standing_on(rule: Rule, layout: Layout) -> list[Word]:
    zone = Rect(rule.start - 1, rule.at - STANDS_ON_POINTS, rule.end + 1, rule.at - 0.5)
    return sorted(layout.touching(zone), key=lambda word: word.box.x0)


def _parts(words: list[Word]) -> list[list[Word]]:
    parts = [[words[0]]]
    for word in words[1:]:
        if word.box.x0 - parts[-1][-1].box.x1 > 2 * max(word.box.height, 8.0):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def _stand_out(words: list[Word], layout: Layout) -> bool:
    if all(word.bold for word in words):
        return True
    usual = median(_size(word) for word in layout.words)
    return max(_size(word) for word in words) >= LARGER * usual and all(_size(w) >= usual * 0.98 for w in words)


def _size(word: Word) -> float:
    return word.size or word.box.height
