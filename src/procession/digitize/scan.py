"""A scanned page becomes the same PageContent a digital page has: words from OCR, lines and shapes from the picture."""

from __future__ import annotations

from dataclasses import replace

from procession.digitize.ocr import Recogniser, Upright
from procession.digitize.page import PageContent
from procession.digitize.raster import trace
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
    content = replace(
        page,
        source="scanned",
        width=upright.width,
        height=upright.height,
        words=reading.words,
        segments=traced.segments,
        shapes=traced.shapes,
        widgets=list(page.widgets),
        images=[],
        warnings=list(page.warnings),
    )
    return content, upright
