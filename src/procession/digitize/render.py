"""Pictures of pages: the PNG a reviewer sees, the grey picture OCR reads, and a PNG with the fields' boxes drawn on it.

PDFium draws; it never runs a document's JavaScript here (the library is built without it, and no form action is fired).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from procession.digitize.document import opened
from procession.domain.errors import DamagedPdf, InvalidRequest, PageTooLarge
from procession.domain.form import Field, FieldType

Picture = NDArray[np.uint8]
"""Grey, height x width, 0 is black."""

WIDTH_PX_MIN = 16
PNG_LEVEL = 3
"""zlib's level for page pictures: three times as fast as the default for a tenth more bytes."""

_COLOURS: dict[FieldType, tuple[int, int, int]] = {
    FieldType.SIGNATURE: (146, 64, 14),
    FieldType.INITIALS: (146, 64, 14),
    FieldType.CHECKBOX: (6, 95, 70),
    FieldType.RADIO: (6, 95, 70),
    FieldType.MULTISELECT: (6, 95, 70),
    FieldType.SELECT: (6, 95, 70),
}
_COLOUR_OTHER = (29, 78, 216)
_COLOUR_REVIEW = (185, 28, 28)


class RenderLimits(Protocol):
    """The two limits a picture obeys; ``pipeline.Limits`` and ``settings.Sandbox`` both fit."""

    @property
    def page_points_max(self) -> float: ...

    @property
    def page_pixels_max(self) -> int: ...


def render_page(data: bytes, number: int, width_px: int, limits: RenderLimits) -> bytes:
    """PNG of page ``number`` (from 1), ``width_px`` wide, with what its form fields show.

    Raises DamagedPdf, PasswordProtected, NoPages, PageTooLarge, and InvalidRequest for a page that does not exist.
    """
    document, _, _ = opened(data, {number})
    try:
        if not 1 <= number <= len(document):
            raise InvalidRequest(f"This document has pages 1 to {len(document)}; there is no page {number}.")
        has_form = _init_forms(document)
        page = _load(document, number)
        try:
            width_points, _ = _size(page, limits)
            pixels = _bitmap(page, max(width_px, WIDTH_PX_MIN) / width_points, limits, forms=has_form, grey=False)
        finally:
            page.close()
    finally:
        document.close()
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=PNG_LEVEL)
    return out.getvalue()


def picture(page: Any, dpi: float, limits: RenderLimits) -> Picture:
    """Grey picture of an open pypdfium2 page, as displayed, at ``dpi`` (less where the pixel limit demands it)."""
    width, height = _size(page, limits)
    scale = dpi / 72
    wanted = width * scale * height * scale
    if wanted > limits.page_pixels_max:
        scale *= (limits.page_pixels_max / wanted) ** 0.5 * 0.999
    return _bitmap(page, scale, limits, forms=False, grey=True)


def overlay(png: bytes, fields: Sequence[Field]) -> bytes:
    """``png`` with one box per field, numbered in their order; one that needs review is red and dashed."""
    with Image.open(io.BytesIO(png)) as opened:
        image = opened.convert("RGB")
    draw = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(size=max(10, image.width // 90))
    for number, field in enumerate(fields, start=1):
        box = field.box or field.value_box
        if box is None:
            continue
        colour = _COLOUR_REVIEW if field.needs_review else _COLOURS.get(field.type, _COLOUR_OTHER)
        corners = (box[0] * image.width, box[1] * image.height, box[2] * image.width, box[3] * image.height)
        draw.rectangle(corners, fill=(*colour, 28))
        _outline(draw, corners, colour, dashed=field.needs_review)
        _tag(draw, corners, str(number), colour, font)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=PNG_LEVEL)
    return out.getvalue()


def _init_forms(document: Any) -> bool:
    """Whether widgets can be drawn. XFA and broken forms are drawn without them rather than not at all."""
    try:
        kind = document.get_formtype()
        if kind == 0:
            return False
        document.init_forms()
    except (pypdfium2.PdfiumError, ValueError, RuntimeError):
        return False
    return document.formenv is not None


def _load(document: Any, number: int) -> Any:
    try:
        return document[number - 1]
    except pypdfium2.PdfiumError:
        raise DamagedPdf(f"Page {number} of this PDF is damaged. Export it again from where it was made.") from None


def _size(page: Any, limits: RenderLimits) -> tuple[float, float]:
    width, height = page.get_size()
    if max(width, height) > limits.page_points_max:
        raise PageTooLarge
    return max(float(width), 1.0), max(float(height), 1.0)


def _bitmap(page: Any, scale: float, limits: RenderLimits, *, forms: bool, grey: bool) -> NDArray[np.uint8]:
    """Pixels as RGB (height, width, 3) or grey (height, width). Raises PageTooLarge past ``page_pixels_max``."""
    width, height = _size(page, limits)
    if width * scale * height * scale > limits.page_pixels_max:
        raise PageTooLarge
    bitmap = page.render(scale=scale, may_draw_forms=forms, grayscale=grey, rev_byteorder=not grey)
    try:
        pixels = np.array(bitmap.to_numpy(), dtype=np.uint8)  # a copy: the bitmap's memory goes with it
    finally:
        bitmap.close()
    if grey:
        return pixels.reshape(pixels.shape[0], pixels.shape[1])
    return np.ascontiguousarray(pixels[:, :, :3])


def _outline(
    draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: tuple[int, int, int], *, dashed: bool
) -> None:
    width = 2
    if not dashed:
        draw.rectangle(box, outline=colour, width=width)
        return
    x0, y0, x1, y1 = box
    for start, end in (((x0, y0), (x1, y0)), ((x0, y1), (x1, y1)), ((x0, y0), (x0, y1)), ((x1, y0), (x1, y1))):
        _dashes(draw, start, end, colour, width)


def _dashes(
    draw: ImageDraw.ImageDraw,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: tuple[int, int, int],
    width: int,
    dash_px: float = 6.0,
) -> None:
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    steps = int(length // dash_px) + 1
    for step in range(0, steps, 2):
        low, high = step / steps, min((step + 1) / steps, 1.0)
        draw.line(
            [
                (start[0] + (end[0] - start[0]) * low, start[1] + (end[1] - start[1]) * low),
                (start[0] + (end[0] - start[0]) * high, start[1] + (end[1] - start[1]) * high),
            ],
            fill=colour,
            width=width,
        )


def _tag(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    text: str,
    colour: tuple[int, int, int],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 6, bottom - top + 4
    x = max(0.0, box[0] - width)
    y = max(0.0, box[1] - height / 2)
    draw.rectangle((x, y, x + width, y + height), fill=(*colour, 255))
    draw.text((x + 3 - left, y + 2 - top), text, fill=(255, 255, 255), font=font)
