"""Opening a PDF: the right error for bytes that are none, and the frame from user space to the displayed page."""

from __future__ import annotations

import io
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium

from procession.digitize import photo
from procession.digitize.page import Rect
from procession.domain.errors import (
    DamagedPdf,
    EmptyFile,
    NoPages,
    NotAPdf,
    PageTooLarge,
    PasswordProtected,
    TooManyPages,
)
from procession.domain.media import Media, media_of

REPAIR_BYTES_MAX = 64 * 1024 * 1024
"""A larger damaged file is not repaired: rewriting it would take more memory than a child has."""

Ordinate = TypeVar("Ordinate", float, npt.NDArray[np.float64])
"""One number, or many of them."""

Rotation = Literal[0, 90, 180, 270]
_ROTATIONS: tuple[Rotation, ...] = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may ask of the engine; names and defaults of ``settings.Sandbox``."""

    pages_max: int = 2000
    page_points_max: float = 14_400.0
    page_pixels_max: int = 40_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """The displayed part of user space (points, y up) and the page's rotation."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: Rotation = 0

    @property
    def width(self) -> float:
        """Points of the page as displayed."""
        return self.right - self.left if self.rotation in (0, 180) else self.top - self.bottom

    @property
    def height(self) -> float:
        return self.top - self.bottom if self.rotation in (0, 180) else self.right - self.left

    def point(self, x: Ordinate, y: Ordinate) -> tuple[Ordinate, Ordinate]:
        """Points of user space on the displayed page, origin top left, y down."""
        if self.rotation == 90:
            return y - self.bottom, x - self.left
        if self.rotation == 180:
            return self.right - x, y - self.bottom
        if self.rotation == 270:
            return self.top - y, self.right - x
        return x - self.left, self.top - y

    def rect(self, x0: float, y0: float, x1: float, y1: float) -> Rect:
        ax, ay = self.point(x0, y0)
        bx, by = self.point(x1, y1)
        return Rect(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


@dataclass(frozen=True, slots=True)
class OpenPage:
    number: int
    raw: Any
    """pypdfium2.PdfPage"""
    frame: Frame


class Document:
    """An open PDF. ``data`` is what PDFium reads: the uploaded bytes, or their repaired copy."""

    def __init__(self, raw: Any, data: bytes, limits: Limits, *, repaired: bool) -> None:
        self.raw = raw
        self.data = data
        self.limits = limits
        self.repaired = repaired

    def __len__(self) -> int:
        return len(self.raw)

    def close(self) -> None:
        self.raw.close()

    def page(self, number: int) -> OpenPage:
        """Page ``number`` (from 1). Raises DamagedPdf when it cannot be loaded, PageTooLarge past the limit."""
        try:
            raw = self.raw[number - 1]
        except (pypdfium2.PdfiumError, IndexError):
            raise DamagedPdf(f"Page {number} of this PDF is damaged. Export it again from where it was made.") from None
        frame = _frame(raw)
        if max(frame.width, frame.height) > self.limits.page_points_max:
            raise PageTooLarge
        return OpenPage(number, raw, frame)


def open_document(data: bytes, limits: Limits | None = None, wanted: Container[int] | None = None) -> Document:
    """``data``: a PDF, a picture, or pictures put together. ``wanted``: the pages (from 1) that will be looked at.

    Raises EmptyFile, NotAPdf, DamagedPdf, PasswordProtected, NoPages, TooManyPages, and for pictures PageTooLarge and
    UnsupportedMediaType. An encrypted file whose user password is empty opens like any other.
    """
    limits = limits or Limits()
    if not data:
        raise EmptyFile
    if media_of(data) is None:
        raise NotAPdf
    raw, read, repaired = opened(data, wanted)
    count = len(raw)
    if count <= limits.pages_max and count:
        return Document(raw, read, limits, repaired=repaired)
    raw.close()
    if count == 0:
        raise NoPages
    raise TooManyPages(f"This PDF has {count} pages; {limits.pages_max} are allowed. Split it and upload the parts.")


def opened(data: bytes, wanted: Container[int] | None = None) -> tuple[Any, bytes, bool]:
    """(pypdfium2.PdfDocument, the bytes it reads, whether these are a repaired copy of ``data``).

    Whoever reads a document opens it through this, so that what one of them could repair all of them can, and pictures
    are pages to all of them. Raises DamagedPdf, PasswordProtected, NoPages, and for pictures what ``photo`` raises.
    """
    if media_of(data) not in (Media.PDF, None):
        data = photo.as_pdf(data, wanted)
    try:
        return pypdfium2.PdfDocument(data), data, False
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise PasswordProtected from None
    rewritten = _rewritten(data)
    try:
        return pypdfium2.PdfDocument(rewritten), rewritten, True
    except pypdfium2.PdfiumError:
        raise DamagedPdf from None


def _rewritten(data: bytes) -> bytes:
    """What PDFium refuses, qpdf can often read and write anew."""
    if len(data) > REPAIR_BYTES_MAX:
        raise DamagedPdf
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if len(pdf.pages) == 0:
                raise NoPages
            out = io.BytesIO()
            pdf.save(out)
            return out.getvalue()
    except pikepdf.PasswordError:
        raise PasswordProtected from None
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError, OverflowError):
        raise DamagedPdf from None


def _frame(page: Any) -> Frame:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        raise DamagedPdf
    rotation = _ROTATIONS[pdfium.FPDFPage_GetRotation(page) % 4]
    left, right = sorted((box.left, box.right))
    bottom, top = sorted((box.bottom, box.top))
    return Frame(left, bottom, max(right, left + 1.0), max(top, bottom + 1.0), rotation)
