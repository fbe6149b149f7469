"""One digital page as PageContent: words with boxes, strokes, shapes and pictures, and what of it nobody sees."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2.raw as pdfium

from procession.digitize.document import Document, Frame, OpenPage
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.paths import Drawing, read_drawing
from procession.digitize.visibility import Backdrop, Placed, is_seen, shows_ink

CHARACTERS_MAX = 120_000
"""Characters read of one page; a page of a telephone book holds a tenth of it."""
LAYER_SCALE = 1.5
"""Pixels a point of the picture that shows which layers are switched on;"""
LAYER_PIXELS_MAX = 3000
"""and at most this many along its longer side."""
GAP_EM = 0.28
"""A wider gap between two letters, in heights of the line, parts words even without a space."""

_PARTS = re.compile(
    "[_\u2017\uff3f]{2,}|(?<![^\\W_])_|_(?![^\\W_])|[\u2017\uff3f]|\\.{4,}|\u2026{2,}|"
    "[\u2610-\u2612\u25a1\u25a2\u25fb\u25fd\u274f-\u2752\u25cb\u25ef\u2b1c\u2b58\uf06f\uf0a8\uf071\uf072]"
)
"""Blanks and printed boxes; the underscore in "anna_bell@example.com" is neither."""
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Style:
    font: str
    bold: bool
    colour: tuple[int, int, int]
    drawn: bool
    sideways: bool = False
    """Its lines run up or down the page as displayed."""
    placed: Placed | None = None


_PLAIN = _Style("", False, (0, 0, 0), True)


@dataclass(slots=True)
class _Letter:
    text: str
    box: Rect
    style: _Style
    rtl: bool


def read_page(document: Document, number: int) -> PageContent:
    """Raises DamagedPdf and PageTooLarge. A page past one of the named limits is read up to it, with a warning."""
    page = document.page(number)
    try:
        return read_open(page)
    finally:
        page.raw.close()


def read_open(page: OpenPage) -> PageContent:
    frame = page.frame
    drawing = read_drawing(page)
    warnings = list(drawing.warnings)
    words = _words(page, drawing, warnings)
    return PageContent(
        number=page.number,
        width=frame.width,
        height=frame.height,
        rotation=frame.rotation,
        words=words,
        segments=drawing.segments,
        shapes=drawing.shapes,
        images=drawing.images,
        warnings=warnings,
    )


def _words(page: OpenPage, drawing: Drawing, warnings: list[str]) -> list[Word]:
    text = pdfium.FPDFText_LoadPage(page.raw)
    if not text:
        warnings.append(f"The text of page {page.number} cannot be read.")
        return []
    try:
        found: list[Word] = []
        layered: list[int] = []
        backdrop = Backdrop.of(drawing.laid)
        width, height = page.frame.width, page.frame.height
        for run in _runs(_letters(text, page, drawing, warnings)):
            for word, placed in _split(run):
                seen = word.visible and is_seen(word, placed, backdrop, width, height, page.raw)
                if seen and placed is not None and placed.layered:
                    layered.append(len(found))
                found.append(word if seen == word.visible else replace(word, visible=seen))
        return _without_hidden_layers(found, layered, page)
    finally:
        pdfium.FPDFText_ClosePage(text)


def _without_hidden_layers(words: list[Word], layered: Sequence[int], page: OpenPage) -> list[Word]:
    """Words of a layer that is switched off leave no ink on the page as it is shown."""
    if not layered:
        return words
    scale = min(LAYER_SCALE, LAYER_PIXELS_MAX / max(page.frame.width, page.frame.height))
    bitmap = page.raw.render(scale=scale, grayscale=True, may_draw_forms=False)
    picture = bitmap.to_numpy().reshape(bitmap.height, bitmap.width)
    for index in layered:
        if not shows_ink(picture, words[index].box, scale):
            words[index] = replace(words[index], visible=False)
    bitmap.close()
    return words


def _letters(text: Any, page: OpenPage, drawing: Drawing, warnings: list[str]) -> Iterator[_Letter | None]:
    """Letters in reading order; None where a word ends."""
    count = pdfium.FPDFText_CountChars(text)
    if count > CHARACTERS_MAX:
        warnings.append(f"Page {page.number} holds {count} characters; only the first {CHARACTERS_MAX} were read.")
        count = CHARACTERS_MAX
    frame = page.frame
    styles: dict[int, _Style] = {}
    box = pdfium.FS_RECTF()
    reference = ctypes.byref(box)
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if code <= 0x20 or code in (0xA0, 0xAD, 0xFFFE, 0xFFFF) or 0x2000 <= code <= 0x200F or code == 0x3000:
            yield None
            continue
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            continue
        if not pdfium.FPDFText_GetLooseCharBox(text, index, reference):
            continue
        character = chr(code)
        obj = pdfium.FPDFText_GetTextObject(text, index)
        style = _PLAIN
        if obj:
            key = ctypes.addressof(obj.contents)
            known = styles.get(key)
            if known is None:
                known = styles[key] = _style(obj, frame, drawing.placed.get(key))
            style = known
        rect = frame.rect(box.left, box.bottom, box.right, box.top)
        yield _Letter(character, rect, style, code >= 0x590 and unicodedata.bidirectional(character) in ("R", "AL"))


def _style(obj: Any, frame: Frame, placed: Placed | None) -> _Style:
    mode = pdfium.FPDFTextObj_GetTextRenderMode(obj)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    colour = (0, 0, 0)
    opacity = 255
    if pdfium.FPDFPageObj_GetFillColor(obj, red, green, blue, alpha):
        colour, opacity = (red.value, green.value, blue.value), alpha.value
    font = pdfium.FPDFTextObj_GetFont(obj)
    name = _font_name(font) if font else ""
    hidden = mode in (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP) or opacity < 13
    matrix = pdfium.FS_MATRIX()
    turned = bool(pdfium.FPDFPageObj_GetMatrix(obj, matrix)) and abs(matrix.b) > abs(matrix.a)
    sideways = turned != (frame.rotation in (90, 270))
    return _Style(name, bool(_BOLD.search(name)), colour, not hidden, sideways, placed)


def _font_name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(128)
    length = pdfium.FPDFFont_GetBaseFontName(font, buffer, 128)
    name = buffer.raw[: min(length, 128)].split(b"\0")[0].decode("latin-1", "replace")
    return name.split("+", 1)[-1]


def _runs(letters: Iterator[_Letter | None]) -> Iterator[list[_Letter]]:
    run: list[_Letter] = []
    for letter in letters:
        if letter is None or (run and not _joins(run[-1], letter)):
            if run:
                yield run
            run = []
        if letter is None:
            continue
        if run and run[-1].text == letter.text and _same_spot(run[-1].box, letter.box):
            continue  # printed twice to look bold
        run.append(letter)
    if run:
        yield run


def _same_spot(a: Rect, b: Rect) -> bool:
    return abs(a.x0 - b.x0) < 0.15 * a.width and abs(a.y0 - b.y0) < 0.15 * a.height


def _joins(one: _Letter, two: _Letter) -> bool:
    if one.style.sideways != two.style.sideways:
        return False
    first, second = (_lying(one.box), _lying(two.box)) if one.style.sideways else (one.box, two.box)
    height = max(min(first.height, second.height), 1.0)
    overlap = min(first.y1, second.y1) - max(first.y0, second.y0)
    if overlap < 0.5 * height:
        return False
    return max(second.x0 - first.x1, first.x0 - second.x1) <= GAP_EM * height


def _lying(box: Rect) -> Rect:
    return Rect(box.y0, box.x0, box.y1, box.x1)


def _split(run: Sequence[_Letter]) -> Iterator[tuple[Word, Placed | None]]:
    """Blanks of underscores or dots and printed boxes are words of their own: "Name:____" is two."""
    text = "".join(letter.text for letter in run)
    start = 0
    for match in _PARTS.finditer(text):
        if match.start() > start:
            yield _word(run[start : match.start()]), run[start].style.placed
        yield _word(run[match.start() : match.end()]), run[match.start()].style.placed
        start = match.end()
    if start < len(run):
        yield _word(run[start:]), run[start].style.placed


def _word(run: Sequence[_Letter]) -> Word:
    box = Rect(
        min(letter.box.x0 for letter in run),
        min(letter.box.y0 for letter in run),
        max(letter.box.x1 for letter in run),
        max(letter.box.y1 for letter in run),
    )
    style = run[0].style
    return Word(
        text="".join(letter.text for letter in run),
        box=box,
        font=style.font,
        size=round((box.width if style.sideways else box.height) * 0.87, 2),
        bold=style.bold,
        colour=style.colour,
        visible=style.drawn,
        rtl=sum(letter.rtl for letter in run) * 2 > len(run),
    )
