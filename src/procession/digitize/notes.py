"""What people type and draw onto a PDF with a viewer's pen: free text becomes words, ink and stamps become marks.

Such annotations lie on top of the page and are no part of its content, yet they are how many a form is filled in.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2.raw as pdfium

from procession.digitize.document import Frame, OpenPage
from procession.digitize.page import PageContent, Rect, Shape, Word

NOTES_MAX = 500
"""Annotations looked at on one page."""
TEXT_CHARS_MAX = 2000
"""Characters read of one of them."""
HIDDEN = 0x02 | 0x20
"""Flags of annotations that no viewer shows."""
SIZE_POINTS = (6.0, 24.0)
"""Type sizes that are believed; others are taken from the height of the box."""
LEADING = 1.2
LETTER_WIDTH = 0.5
"""Of the type size, on average."""

_SIZE = re.compile(r"([\d.]+)\s+Tf")


def add_notes(content: PageContent, page: OpenPage) -> None:
    """Adds words and marks of the page's annotations to what was read of it."""
    words, marks = read_notes(page)
    content.words += words
    content.shapes += marks


def read_notes(page: OpenPage) -> tuple[list[Word], list[Shape]]:
    """(words of free text, marks of ink and stamps) in displayed coordinates; what cannot be read is left out."""
    words: list[Word] = []
    marks: list[Shape] = []
    for index in range(min(max(pdfium.FPDFPage_GetAnnotCount(page.raw), 0), NOTES_MAX)):
        note = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not note:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(note)
            box = _box(note, page.frame)
            if box is None or pdfium.FPDFAnnot_GetFlags(note) & HIDDEN:
                continue
            if kind == pdfium.FPDF_ANNOT_FREETEXT:
                words += _words(_string(note, b"Contents"), _size(note), box)
            elif kind in (pdfium.FPDF_ANNOT_INK, pdfium.FPDF_ANNOT_STAMP):
                marks.append(Shape(box, "other", stroked=True, filled=False))
        finally:
            pdfium.FPDFPage_CloseAnnot(note)
    return words, marks


def _box(note: Any, frame: Frame) -> Rect | None:
    raw = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(note, raw):
        return None
    box = frame.rect(raw.left, raw.bottom, raw.right, raw.top)
    x, y = box.centre
    return box if 0 <= x <= frame.width and 0 <= y <= frame.height and min(box.width, box.height) > 1 else None


def _string(note: Any, key: bytes) -> str:
    length = pdfium.FPDFAnnot_GetStringValue(note, key, None, 0)
    if not 2 < length <= 2 * (TEXT_CHARS_MAX + 1):  # in bytes, with the closing zero
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    pdfium.FPDFAnnot_GetStringValue(note, key, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def _size(note: Any) -> float | None:
    found = _SIZE.search(_string(note, b"DA"))
    size = float(found[1]) if found and found[1].count(".") <= 1 and found[1] != "." else 0.0
    return size if SIZE_POINTS[0] <= size <= SIZE_POINTS[1] else None


def _words(text: str, size: float | None, box: Rect) -> list[Word]:
    """The words of ``text`` where a viewer sets them: from the top left of the box, a line under the other."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
    if not lines:
        return []
    size = size or min(max(box.height / (LEADING * len(lines)), SIZE_POINTS[0]), SIZE_POINTS[1])
    longest = max(len(line) for line in lines)
    letter = min(size * LETTER_WIDTH, box.width / longest)
    top = box.y0 + max((box.height - LEADING * size * len(lines)) / 2, 0.0)
    found = []
    for number, line in enumerate(lines):
        y = top + number * LEADING * size
        for match in re.finditer(r"\S+", line):
            x0, x1 = box.x0 + match.start() * letter, box.x0 + match.end() * letter
            found.append(Word(match[0], Rect(x0, y, x1, y + LEADING * size), size=size))
    return found
