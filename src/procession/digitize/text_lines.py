"""The seen text of a document as lines with names and places: what a reader quotes from, and is held to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.parts import PagePart, Turned
from procession.digitize.values.found import PAGES_FIRST, PAGES_LAST
from procession.digitize.values.passages import lay_out, union
from procession.domain.form import Box, TextLine

LINES_PER_PAGE_MAX = 1_000
"""Further lines of a page are left out."""
WORDS_PER_LINE_MAX = 60
"""A longer line is given as several."""
WORD_CHARACTERS_MAX = 200
"""The rest of a longer word is left out."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that leave no ink."""


def text_lines(pages: Sequence[PagePart]) -> tuple[TextLine, ...]:
    """Lines in reading order: of a row every stretch by itself, paragraphs of columns together.

    Words nobody sees and characters without ink are left out; so are the middle pages of a book.
    """
    if len(pages) > PAGES_FIRST + PAGES_LAST:
        pages = [*pages[:PAGES_FIRST], *pages[-PAGES_LAST:]]
    return tuple(line for page in pages for line in _of_page(page.content, page.turned))


def _of_page(page: PageContent, turned: Turned | None) -> Iterator[TextLine]:
    number = 0
    for words in _stretches(page):
        seen = [(text, word) for word in words if (text := _inked(word.text))]
        for start in range(0, len(seen), WORDS_PER_LINE_MAX):
            part = seen[start : start + WORDS_PER_LINE_MAX]
            number += 1
            if number > LINES_PER_PAGE_MAX:
                return
            yield TextLine(
                id=f"p{page.number}l{number}",
                page=page.number,
                box=_fractions(union([word.box for _, word in part]), page, turned),
                text=" ".join(text for text, _ in part),
                words=tuple(_fractions(word.box, page, turned) for _, word in part),
                source="ocr" if page.source == "scanned" else "text",
                confidence=round(min(max(min(word.confidence for _, word in part), 0.0), 1.0), 3),
            )


def _stretches(page: PageContent) -> Iterator[list[Word]]:
    layout = lay_out(page)
    home = {id(word): id(chunk) for row in layout.rows for chunk in row.chunks for word in chunk.words}
    for paragraph in layout.paragraphs:
        line: list[Word] = []
        for word in paragraph.words:
            if line and home[id(word)] != home[id(line[-1])]:
                yield line
                line = []
            line.append(word)
        yield line


def _inked(text: str) -> str:
    """Without what leaves no ink, and in one piece: a line's words are told apart by its spaces."""
    kept = "".join(c for c in text[:WORD_CHARACTERS_MAX] if unicodedata.category(c) not in _UNSEEN)
    return "".join(kept.split())


def _fractions(box: Rect, page: PageContent, turned: Turned | None) -> Box:
    (width, height) = (page.width, page.height) if turned is None else turned.displayed
    lies = box if turned is None else turned.on_page(box)

    def part(value: float, whole: float) -> float:
        return round(min(max(value / max(whole, 1.0), 0.0), 1.0), 5)

    return part(lies.x0, width), part(lies.y0, height), part(lies.x1, width), part(lies.y1, height)
