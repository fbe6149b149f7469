"""Answers typed into a printed form, told from its print, so that its places to write are found as on a blank copy.

Programs that fill in a form, and those that flatten one, draw the answers after everything that is printed, mostly in a
face of their own. Where such a last part of a page's words stands in what would be fields without it, and those fields
are still named by the rest, it is answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from procession.digitize.page import PageContent, Rect, Word

TRIALS_MAX = 2
"""Places where the answers of a page may begin that are tried."""
LINE_WORDS_MAX = 16
"""A line with more words is running text; answers are short."""
LONG_LINES_SHARE_MAX = 0.1
RULED_SHARE_MIN = (0.4, 0.6)
"""Of the answers' lines: over a rule or within an outline; of answers in a face of their own, and of others."""
RULE_POINTS = 9.0
"""How far below an answer's baseline its line may be."""
INSIDE_SHARE_MIN = (0.4, 0.75)
"""Of the answers' words: within fields found without them; in a face of their own, and not."""
NAMED_SHARE_MIN = 0.6
"""Of the fields that hold answers: named by what is printed."""
NAMES_MIN = 3
"""Different names of such fields; where one title names them all, their own names were taken for answers."""
STYLES_MAX = 2
"""Faces and colours that answers are typed in."""
RETURN_LINES = 2.0
"""Answers in a face of the form itself begin above what was printed last, by so many lines."""
TYPED_SHARE_MAX = (0.9, 0.6)
"""Of a page's words: answers, in a face of their own, and not."""
KNOWN_SHARE_MAX = (0.6, 0.3)
"""Of the answers' words: printed before too, as labels often are; in a face of their own, and not."""
MARGIN_POINTS = 2.5

_TICK = re.compile(r"^[xX✓✔✗✘•●■]$")
_DINGBATS = re.compile(r"dingbats|wingdings|webdings", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """Words that may be answers. ``own``: in faces and colours that nothing else of the page is printed in."""

    words: list[Word]
    own: bool


def typed_parts(page: PageContent) -> Iterator[Typed]:
    """What may be the answers of a digital page: its last words, the longest such part first."""
    if page.source != "digital" or page.widgets:
        return
    tried = 0
    for start, own in _starts(page.words):
        typed = [word for word in page.words[start:] if word.visible and not _is_tick(word)]
        if typed and not _is_print(typed, page.words[:start], own) and _looks_typed(typed, page, own):
            yield Typed(typed, own)
            tried += 1
            if tried == TRIALS_MAX:
                return


def without(page: PageContent, typed: Typed) -> PageContent:
    """``page`` as it was before the answers were typed; ticks stay in their boxes."""
    gone = {id(word) for word in typed.words}
    return replace(page, words=[word for word in page.words if id(word) not in gone])


def are_answers(typed: Typed, fields: Sequence[tuple[Rect, str]]) -> bool:
    """Whether ``typed`` answers ``fields``, each a box and its label, found on the page without it."""
    held = [_holding(word, fields) for word in typed.words]
    inside = [place for place in held if place is not None]
    if len(inside) < INSIDE_SHARE_MIN[0 if typed.own else 1] * len(held):
        return False
    used = set(inside)
    names = [fields[place][1] for place in used if fields[place][1]]
    return len(names) >= NAMED_SHARE_MIN * len(used) and len(set(names)) >= min(NAMES_MIN, len(used))


def _holding(word: Word, fields: Sequence[tuple[Rect, str]]) -> int | None:
    x, y = word.box.centre
    for place, (box, _) in enumerate(fields):
        if (
            box.x0 - MARGIN_POINTS <= x <= box.x1 + MARGIN_POINTS
            and box.y0 - MARGIN_POINTS <= y <= box.y1 + MARGIN_POINTS
        ):
            return place
    return None


def _starts(words: Sequence[Word]) -> list[tuple[int, bool]]:
    """Where answers may begin, and whether only faces and colours of their own follow; else the page goes back up."""
    first: dict[tuple[str, tuple[int, int, int]], int] = {}
    for place, word in enumerate(words):
        first.setdefault((word.font, word.colour), place)
    least, found = len(words), []
    styles: set[tuple[str, tuple[int, int, int]]] = set()
    for place in range(len(words) - 1, 0, -1):
        style = (words[place].font, words[place].colour)
        if not _is_tick(words[place]):
            styles.add(style)
        if len(styles) > STYLES_MAX:
            break
        least = min(least, first[style])
        back = words[place - 1].box.y0 - words[place].box.y0 > RETURN_LINES * words[place].box.height
        if least >= place or back:
            found.append((place, least >= place))
    return sorted(found, key=lambda one: (not one[1], one[0]))


def _is_print(typed: Sequence[Word], before: Sequence[Word], own: bool) -> bool:
    if len(typed) > TYPED_SHARE_MAX[0 if own else 1] * (len(typed) + len(before)):
        return True
    said = {word.text.casefold().strip(".,:;()") for word in before}
    known = sum(word.text.casefold().strip(".,:;()") in said for word in typed)
    return known > KNOWN_SHARE_MAX[0 if own else 1] * len(typed)


def _is_tick(word: Word) -> bool:
    return bool(_TICK.match(word.text)) or (len(word.text) == 1 and bool(_DINGBATS.search(word.font)))


def _looks_typed(typed: Sequence[Word], page: PageContent, own: bool) -> bool:
    lines = list(_lines(typed))
    if sum(len(line) > LINE_WORDS_MAX for line in lines) > LONG_LINES_SHARE_MAX * len(lines):
        return False
    ruled = [s.box for s in page.segments if s.horizontal] + [shape.box for shape in page.shapes]
    blanks = [word.box for word in page.words if set(word.text) <= set("_.…")]
    return sum(_ruled(line, ruled, blanks) for line in lines) >= RULED_SHARE_MIN[0 if own else 1] * len(lines)


def _lines(typed: Sequence[Word]) -> Iterator[list[Word]]:
    line = [typed[0]]
    for one, two in pairwise(typed):
        size = max(one.box.height, 1.0)
        if abs(two.box.centre[1] - one.box.centre[1]) < 0.5 * size and -size < two.box.x0 - one.box.x1 < 1.5 * size:
            line.append(two)
        else:
            yield line
            line = [two]
    yield line


def _ruled(line: Sequence[Word], ruled: Sequence[Rect], blanks: Sequence[Rect]) -> bool:
    box = line[0].box
    x, low = box.x0 + 0.5 * min(box.width, box.height), box.y1
    for place in (*ruled, *blanks):
        if not place.x0 - MARGIN_POINTS <= x <= place.x1 + MARGIN_POINTS:
            continue
        if low - 0.5 * box.height <= place.y1 <= low + RULE_POINTS or place.y0 <= box.centre[1] <= place.y1:
            return True
    return False
