"""The letters of a page as arrays: read by PDFium one by one, joined into runs and told apart all at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from procession.digitize import fpdf
from procession.digitize.document import Frame, OpenPage
from procession.digitize.visibility import Placed

CHARACTERS_MAX = 120_000
"""Characters read of one page; a page of a telephone book holds a tenth of it."""
GAP_EM = 0.28
"""A wider gap between two letters, in heights of the line, parts words even without a space."""

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_UNSEEN = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
_RTL_FROM = 0x590
"""Letters of lower code points all run left to right."""


@dataclass(frozen=True, slots=True)
class Style:
    font: str
    bold: bool
    colour: tuple[int, int, int]
    drawn: bool
    sideways: bool = False
    """Its lines run up or down the page as displayed."""
    placed: Placed | None = None


PLAIN = Style("", False, (0, 0, 0), True)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Letters in reading order, without the white space between them; all of one length."""

    text: str
    """One character a letter."""
    boxes: Numbers
    """(n, 4) points of the displayed page: x0, y0, x1, y1."""
    styles: list[Style]
    style_of: Places
    """Index into ``styles``."""
    rtl: Flags
    starts: Flags
    """Whether a new run of letters begins here."""


def read_glyphs(page: OpenPage, placed: Mapping[int, Placed], warnings: list[str]) -> Glyphs | None:
    """The letters of ``page``, whose text objects (by handle) are ``placed``.

    None when it has no text, with a warning when that cannot be read.
    """
    text = pdfium.FPDFText_LoadPage(page.raw)
    if not text:
        warnings.append(f"The text of page {page.number} cannot be read.")
        return None
    try:
        count = pdfium.FPDFText_CountChars(text)
        if count > CHARACTERS_MAX:
            warnings.append(f"Page {page.number} holds {count} characters; only the first {CHARACTERS_MAX} were read.")
            count = CHARACTERS_MAX
        return _read(text, count, page.frame, placed) if count > 0 else None
    finally:
        pdfium.FPDFText_ClosePage(text)


def _read(text: Any, count: int, frame: Frame, placed: Mapping[int, Placed]) -> Glyphs:
    handle = fpdf.handle(text)
    codes = np.fromiter(map(fpdf.get_unicode, repeat(handle), range(count)), np.int64, count)
    space = _is_space(codes)
    letters = np.flatnonzero(~space & ~((codes >= 0xD800) & (codes <= 0xDFFF)) & (codes <= 0x10FFFF))
    raw = np.zeros((len(letters), 4), np.float32)  # left, top, right, bottom: FS_RECTF
    places, first = letters.tolist(), raw.ctypes.data
    rows = range(first, first + raw.nbytes, raw.itemsize * 4)
    boxed = np.fromiter(map(fpdf.get_loose_char_box, repeat(handle), places, rows), np.int32, len(places)) != 0
    letters, raw = letters[boxed], raw[boxed]
    objects = list(map(fpdf.get_text_object, repeat(handle), letters.tolist()))
    known: dict[int | None, int] = {}
    style_of = np.fromiter((known.setdefault(one, len(known)) for one in objects), np.int64, len(objects))
    fonts: dict[int, str] = {}
    styles = [_style(one, frame, fonts, placed.get(one)) if one else PLAIN for one in known]
    boxes = _displayed(raw.astype(np.float64), frame)
    codes = codes[letters]
    spaces = np.cumsum(space)[letters]
    after_space = np.ones(len(letters), bool)
    after_space[1:] = spaces[1:] != spaces[:-1]
    sideways = np.fromiter((style.sideways for style in styles), bool, len(styles))[style_of]
    starts = after_space | ~_joined(boxes, sideways)
    again = _printed_twice(codes, boxes) & ~starts
    if again.any():
        kept = ~again
        codes, boxes, style_of = codes[kept], boxes[kept], style_of[kept]
        starts = after_space[kept] | ~_joined(boxes, sideways[kept])
    return Glyphs("".join(map(chr, codes.tolist())), boxes, styles, style_of, _is_rtl(codes), starts)


def _is_space(codes: Places) -> Flags:
    found: Flags = (
        (codes <= 0x20)
        | (codes == 0xA0)
        | (codes == 0xAD)
        | (codes == 0xFFFE)
        | (codes == 0xFFFF)
        | ((codes >= 0x2000) & (codes <= 0x200F))
        | (codes == 0x3000)
    )
    return found


def _is_rtl(codes: Places) -> Flags:
    found = codes >= _RTL_FROM
    for place in np.flatnonzero(found).tolist():
        found[place] = unicodedata.bidirectional(chr(int(codes[place]))) in ("R", "AL")
    return found


def _displayed(raw: Numbers, frame: Frame) -> Numbers:
    """(n, 4) left, top, right, bottom of user space as x0, y0, x1, y1 of the page."""
    ax, ay = frame.point(raw[:, 0], raw[:, 3])
    bx, by = frame.point(raw[:, 2], raw[:, 1])
    return np.stack([np.minimum(ax, bx), np.minimum(ay, by), np.maximum(ax, bx), np.maximum(ay, by)], axis=1)


def _joined(boxes: Numbers, sideways: Flags) -> Flags:
    """(n,) whether a letter goes on where the one before it ends; the first does not."""
    lying = np.where(sideways[:, None], boxes[:, [1, 0, 3, 2]], boxes)
    x0, y0, x1, y1 = lying.T
    heights = y1 - y0
    height = np.maximum(np.minimum(heights[:-1], heights[1:]), 1.0)
    overlap = np.minimum(y1[:-1], y1[1:]) - np.maximum(y0[:-1], y0[1:])
    gap = np.maximum(x0[1:] - x1[:-1], x0[:-1] - x1[1:])
    found = np.zeros(len(boxes), bool)
    found[1:] = (sideways[:-1] == sideways[1:]) & ~(overlap < 0.5 * height) & (gap <= GAP_EM * height)
    return found


def _printed_twice(codes: Places, boxes: Numbers) -> Flags:
    """(n,) whether a letter is the one before it once more, to look bold."""
    found = np.zeros(len(codes), bool)
    before = boxes[:-1]
    moved = np.abs(boxes[1:, :2] - before[:, :2])
    near = moved < 0.15 * (before[:, 2:] - before[:, :2])
    found[1:] = (codes[1:] == codes[:-1]) & near.all(axis=1)
    return found


def _style(obj: int, frame: Frame, fonts: dict[int, str], placed: Placed | None) -> Style:
    colour, opacity = fpdf.fill_colour(obj) or ((0, 0, 0), 255)
    font = fpdf.get_font(obj)
    if font is None:
        name = ""
    elif font in fonts:
        name = fonts[font]
    else:
        name = fonts[font] = fpdf.font_name(font).split("+", 1)[-1]
    hidden = fpdf.get_render_mode(obj) in _UNSEEN or opacity < fpdf.OPAQUE_MIN
    matrix = fpdf.matrix(obj)
    turned = matrix is not None and abs(matrix[1]) > abs(matrix[0])
    sideways = turned != (frame.rotation in (90, 270))
    return Style(name, bool(_BOLD.search(name)), colour, not hidden, sideways, placed)
