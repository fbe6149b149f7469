"""What somebody typed into a form before it was sent: printed last, in a face the form itself does not use."""

from __future__ import annotations

import re
from collections.abc import Sequence

from procession.digitize.detect.marks import TICK
from procession.digitize.page import PageContent, Word

PRINTED_WORDS_MIN = 12
"""A page with fewer words of its own says too little about its own faces."""
BESIDE_SHARE_MIN = 0.5
"""Answers stand between the printed words: of their height so much is beside these. Text in another face that only
follows a heading stands below it."""
_TYPED_FACE = re.compile(
    r"(?:helvetica|helv|courier(?:new|std|newps)?|times(?:-?roman|newroman)?|arial|myriadpro|zapfdingbats|calibri|"
    r"liberationsans|segoeui|noto ?sans)(?:ps|mt|std|lt|psmt|ltstd)*(?:-(?:roman|regular))?",
    re.IGNORECASE,
)
"""The faces viewers and filling programs set answers in."""

Style = tuple[str, tuple[int, int, int]]


def answers_of(page: PageContent) -> list[Word]:
    """The words at the end of a page's painting order that are set as nothing before them is.

    Flattening prints a form's answers over the finished page. Without a face of their own (the form is set in
    Helvetica, and so are the answers) nothing tells them apart here, and none are returned; nor on scans.
    """
    words = [word for word in page.words if word.visible and word.font]
    start = _tail(words)
    printed, typed = words[:start], words[start:]
    return typed if typed and len(printed) >= PRINTED_WORDS_MIN and _beside(printed, typed) else []


def without_answers(page: PageContent) -> PageContent:
    """``page`` as it was printed but for its ticks, which belong to their boxes; ``page`` when nobody wrote on it."""
    typed = {id(word) for word in answers_of(page) if not TICK.match(word.text)}
    if not typed:
        return page
    return PageContent(
        number=page.number,
        width=page.width,
        height=page.height,
        rotation=page.rotation,
        source=page.source,
        words=[word for word in page.words if id(word) not in typed],
        segments=page.segments,
        shapes=page.shapes,
        images=page.images,
    )


def _tail(words: Sequence[Word]) -> int:
    """Where the answers start; the number of words when there are none."""
    first: dict[Style, int] = {}
    for index, word in enumerate(words):
        first.setdefault(_style(word), index)
    start = earliest = len(words)
    for index in range(len(words) - 1, -1, -1):
        word = words[index]
        if word.bold or not _TYPED_FACE.fullmatch(word.font):
            break
        earliest = min(earliest, first[_style(word)])
        if earliest >= index:
            start = index
    return start


def _beside(printed: Sequence[Word], typed: Sequence[Word]) -> bool:
    top, foot = min(word.box.y0 for word in typed), max(word.box.y1 for word in typed)
    first, last = min(word.box.y0 for word in printed), max(word.box.y1 for word in printed)
    return min(foot, last) - max(top, first) >= BESIDE_SHARE_MIN * (foot - top)


def _style(word: Word) -> Style:
    return word.font, word.colour
