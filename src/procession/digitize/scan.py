"""A scanned page becomes the same PageContent a digital page has: words from OCR, lines and shapes from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.ocr import Reading, Recogniser, Upright
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.raster import trace
from procession.digitize.raster_boxes import MISREAD_BOX, ROUND_LETTERS, SQUARE_POINTS, SURE_WORD
from procession.digitize.raster_lines import BARS
from procession.digitize.render import Picture
from procession.digitize.ticks import ink

CLOSING = ")]"
BRACKET_POINTS_MAX = 3.0
"""Width of a printed closing bracket."""
FRAME_HEIGHT_MAX = 30.0
"""Points; a word may be a misreading of a box as high as a line or two, not of a larger one."""
FRAME_SLACK_POINTS = 1.5
"""A word that reaches this near to the upper and the lower side of a box is the box."""
FLAT_POINTS = 2.5
"""Height; flatter words that are not sure are pieces of a rule."""
WRITTEN_BELOW = 0.5
"""Of print, words less sure than this are wrong more often than right: over ink, they are handwriting."""


def read_scan(page: PageContent, picture: Picture, dpi: float, recogniser: Recogniser) -> tuple[PageContent, Upright]:
    """``page`` (what the reader saw) filled from ``picture`` (``render.picture`` of it at ``dpi``)."""
    reading = recogniser.recognise(picture, dpi)
    return drawn_scan(page, reading, dpi), reading.upright


def drawn_scan(page: PageContent, reading: Reading, dpi: float) -> PageContent:
    """``page`` with the words of ``reading``, and the lines and shapes of its picture.

    The content's coordinates, width and height are those of the upright page; ``Upright.displayed`` maps a box back to
    the page as displayed. An invisible text layer that a scanner's software left behind is replaced by our own reading:
    its boxes are often off, and its words are what somebody else's recogniser guessed. Tesseract reads an empty
    checkbox as "O", "C]" or "LJ", and makes words of handwriting that nobody wrote: both stay what they are drawn as.
    """
    traced = trace(reading.upright.picture, dpi, reading.words)
    squares = [shape.box for shape in traced.shapes if shape.kind != "other" and shape.box.width <= SQUARE_POINTS[1]]
    inked = [shape.box for shape in traced.shapes if shape.kind == "other"]
    words = [
        word
        for word in reading.words
        if not (_short(word.text) and _lies_in(squares, word.box))
        and not (word.confidence < WRITTEN_BELOW and _lies_in(inked, word.box))
    ]
    frames = [s.box for s in traced.shapes if s.kind == "rect" and s.stroked and s.box.height <= FRAME_HEIGHT_MAX]
    uprights = [one.box for one in traced.segments if not one.horizontal]
    words = [word for word in words if not is_drawing(word, squares, frames, uprights)]
    words = [part for word in words for part in without_box(word, squares)]
    return replace(_bare(page, reading), words=words, segments=traced.segments, shapes=traced.shapes)


def is_drawing(word: Word, squares: Sequence[Rect], frames: Sequence[Rect], uprights: Sequence[Rect]) -> bool:
    """Whether a box to tick, a box to write in or its dividers were read as ``word``.

    Print leaves air around itself; a misread box reaches from its upper to its lower side.
    """
    box = word.box
    if word.confidence < SURE_WORD and (box.height < FLAT_POINTS or _lies_in(squares, box)):
        return True
    bars = set(word.text) <= BARS
    if (bars or word.confidence < SURE_WORD) and any(_fills(box, one) for one in frames if _holds(one, *box.centre)):
        return True
    return bars and any(_stands_in(one, box) for one in uprights)


def _fills(box: Rect, frame: Rect) -> bool:
    return box.y0 <= frame.y0 + FRAME_SLACK_POINTS and box.y1 >= frame.y1 - FRAME_SLACK_POINTS


def _stands_in(rule: Rect, box: Rect) -> bool:
    """Whether an upright rule runs through ``box`` for most of its height."""
    within = min(rule.y1, box.y1) - max(rule.y0, box.y0)
    return box.x0 - 1 <= rule.centre[0] <= box.x1 + 1 and within >= 0.6 * box.height


def known_scan(
    page: PageContent, reading: Reading, dpi: float, marks: Sequence[Rect], places: Sequence[Rect]
) -> PageContent:
    """Of a page that is known, only the boxes to tick and the places to write are looked at, not the whole drawing."""
    bare = _bare(page, reading)
    return replace(bare, shapes=ink(reading.upright.picture, dpi, marks, places, bare.words))


def _bare(page: PageContent, reading: Reading) -> PageContent:
    return replace(
        page,
        source="scanned",
        width=reading.upright.width,
        height=reading.upright.height,
        words=list(reading.words),
        segments=[],
        shapes=[],
        widgets=list(page.widgets),
        images=[],
        warnings=list(page.warnings),
    )


def without_box(word: Word, squares: Sequence[Rect]) -> list[Word]:
    """A word without the circle or the bracket it was read with: "ONo" is "No", "]No" is "]" and "No"."""
    first, rest = word.text[:1], word.text[1:]
    if not rest or not rest[0].isalpha():
        return [word]
    box, letter = word.box, word.box.width / len(word.text)
    if first in ROUND_LETTERS:
        ends = [one.x1 for one in squares if _holds(one, box.x0 + letter / 2, box.centre[1]) and one.x1 < box.x1]
        return [replace(word, text=rest, box=box._replace(x0=ends[0]))] if ends else [word]
    if first in CLOSING:
        at = box.x0 + letter
        bracket = replace(word, text=first, box=box._replace(x1=box.x0 + min(letter, BRACKET_POINTS_MAX)))
        return [bracket, replace(word, text=rest, box=box._replace(x0=at))]
    return [word]


def _holds(box: Rect, x: float, y: float) -> bool:
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def _short(text: str) -> bool:
    return len(text) <= 2 or MISREAD_BOX.match(text) is not None


def _lies_in(boxes: Sequence[Rect], inner: Rect) -> bool:
    return any(_holds(one, *inner.centre) for one in boxes)
