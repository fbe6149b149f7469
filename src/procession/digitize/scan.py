"""A scanned page becomes the same PageContent a digital page has: words from OCR, lines and shapes from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.ocr import Reading, Recogniser, Upright
from procession.digitize.page import PageContent, Rect
from procession.digitize.raster import trace
from procession.digitize.raster_boxes import MISREAD_BOX, SQUARE_POINTS
from procession.digitize.render import Picture
from procession.digitize.ticks import ink


def read_scan(page: PageContent, picture: Picture, dpi: float, recogniser: Recogniser) -> tuple[PageContent, Upright]:
    """``page`` (what the reader saw) filled from ``picture`` (``render.picture`` of it at ``dpi``)."""
    reading = recogniser.recognise(picture, dpi)
    return drawn_scan(page, reading, dpi), reading.upright


def drawn_scan(page: PageContent, reading: Reading, dpi: float) -> PageContent:
    """``page`` with the words of ``reading``, and the lines and shapes of its picture.

    The content's coordinates, width and height are those of the upright page; ``Upright.displayed`` maps a box back to
    the page as displayed. An invisible text layer that a scanner's software left behind is replaced by our own reading:
    its boxes are often off, and its words are what somebody else's recogniser guessed.
    """
    traced = trace(reading.upright.picture, dpi, reading.words)
    squares = [shape.box for shape in traced.shapes if shape.kind != "other" and shape.box.width <= SQUARE_POINTS[1]]
    words = [word for word in reading.words if not (_short(word.text) and _is_a_square(word.box, squares))]
    return replace(_bare(page, reading), words=words, segments=traced.segments, shapes=traced.shapes)


def known_scan(
    page: PageContent, reading: Reading, dpi: float, marks: Sequence[Rect], signed: Sequence[Rect]
) -> PageContent:
    """Of a page that is known, only the boxes to tick and the places to sign are looked at, not the whole drawing."""
    bare = _bare(page, reading)
    return replace(bare, shapes=ink(reading.upright.picture, dpi, marks, signed, bare.words))


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


def _short(text: str) -> bool:
    return len(text) <= 2 or MISREAD_BOX.match(text) is not None


def _is_a_square(box: Rect, squares: Sequence[Rect]) -> bool:
    """Tesseract reads an empty checkbox as "O", "C]" or "LJ"."""
    x, y = box.centre
    return any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in squares)
