"""A scanned page becomes the same PageContent a digital page has: words from OCR, lines and shapes from the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from procession.digitize.ocr import Recogniser, Upright
from procession.digitize.page import PageContent, Rect
from procession.digitize.raster import trace
from procession.digitize.raster_boxes import MISREAD_BOX, SQUARE_POINTS
from procession.digitize.render import Picture


def read_scan(page: PageContent, picture: Picture, dpi: float, recogniser: Recogniser) -> tuple[PageContent, Upright]:
    """``page`` (what the reader saw) filled from ``picture`` (``render.picture`` of it at ``dpi``).

    The content's coordinates, width and height are those of the upright page; ``Upright.displayed`` maps a box back to
    the page as displayed. An invisible text layer that a scanner's software left behind is replaced by our own reading:
    its boxes are often off, and its words are what somebody else's recogniser guessed.
    """
    reading = recogniser.recognise(picture, dpi)
    upright = reading.upright
    traced = trace(upright.picture, dpi, reading.words)
    squares = [shape.box for shape in traced.shapes if shape.kind != "other" and shape.box.width <= SQUARE_POINTS[1]]
    words = [word for word in reading.words if not (_short(word.text) and _is_a_square(word.box, squares))]
    content = replace(
        page,
        source="scanned",
        width=upright.width,
        height=upright.height,
        words=words,
        segments=traced.segments,
        shapes=traced.shapes,
        widgets=list(page.widgets),
        images=[],
        warnings=list(page.warnings),
    )
    return content, upright


def _short(text: str) -> bool:
    return len(text) <= 2 or MISREAD_BOX.match(text) is not None


def _is_a_square(box: Rect, squares: Sequence[Rect]) -> bool:
    """Tesseract reads an empty checkbox as "O", "C]" or "LJ"."""
    x, y = box.centre
    return any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in squares)
