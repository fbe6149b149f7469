"""One digital page as PageContent: words with boxes, strokes, shapes and pictures, and what of it nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from procession.digitize.document import Document, OpenPage
from procession.digitize.glyphs import Glyphs, Places, read_glyphs
from procession.digitize.page import PageContent, Rect, Word
from procession.digitize.paths import Drawing, read_drawing
from procession.digitize.visibility import Backdrop, Placed, is_seen, shows_ink

LAYER_SCALE = 1.5
"""Pixels a point of the picture that shows which layers are switched on;"""
LAYER_PIXELS_MAX = 3000
"""and at most this many along its longer side."""

_PARTS = re.compile(
    "[_\u2017\uff3f]{2,}|(?<![^\\W_])_|_(?![^\\W_])|[\u2017\uff3f]|\\.{4,}|\u2026{2,}|"
    "[\u2610-\u2612\u25a1\u25a2\u25fb\u25fd\u274f-\u2752\u25cb\u25ef\u2b1c\u2b58\uf06f\uf0a8\uf071\uf072]"
)
"""Blanks and printed boxes; the underscore in "anna_bell@example.com" is neither."""


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
    glyphs = read_glyphs(page, drawing.placed, warnings)
    words = _words(glyphs, page, drawing) if glyphs is not None and glyphs.text else []
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


def _words(glyphs: Glyphs, page: OpenPage, drawing: Drawing) -> list[Word]:
    backdrop = Backdrop.of(drawing.laid)
    width, height = page.frame.width, page.frame.height
    found: list[Word] = []
    layered: list[int] = []
    for word, placed in _placed_words(glyphs):
        seen = word.visible and is_seen(word, placed, backdrop, width, height, page.raw)
        if seen and placed is not None and placed.layered:
            layered.append(len(found))
        found.append(word if seen == word.visible else replace(word, visible=seen))
    return _without_hidden_layers(found, layered, page)


def _placed_words(glyphs: Glyphs) -> Iterator[tuple[Word, Placed | None]]:
    starts = _word_starts(glyphs)
    low = np.minimum.reduceat(glyphs.boxes, starts, axis=0)
    high = np.maximum.reduceat(glyphs.boxes, starts, axis=0)
    boxes = np.concatenate([low[:, :2], high[:, 2:]], axis=1).tolist()
    ends = np.append(starts[1:], len(glyphs.text))
    rtl = (np.add.reduceat(glyphs.rtl.astype(np.int64), starts) * 2 > ends - starts).tolist()
    texts = [glyphs.text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    for text, corners, style_of, back in zip(texts, boxes, glyphs.style_of[starts].tolist(), rtl, strict=True):
        box, style = Rect(*corners), glyphs.styles[style_of]
        size = round((box.width if style.sideways else box.height) * 0.87, 2)
        word = Word(text, box, style.font, size, style.bold, style.colour, style.drawn, rtl=back)
        yield word, style.placed


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


def _word_starts(glyphs: Glyphs) -> Places:
    """Blanks of underscores or dots and printed boxes are words of their own: "Name:____" is two."""
    parted = glyphs.starts.copy()
    for start, end in pairwise([*np.flatnonzero(glyphs.starts).tolist(), len(glyphs.text)]):
        text = glyphs.text[start:end]
        if text.isalnum():
            continue
        for match in _PARTS.finditer(text):
            parted[start + match.start()] = True
            if match.end() < len(text):
                parted[start + match.end()] = True
    return np.flatnonzero(parted)
