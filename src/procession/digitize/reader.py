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
from procession.digitize.visibility import CONTRAST_MIN, Backdrop, Placed, is_seen, shows_ink

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
    starts = _word_starts(glyphs)
    if _may_hide(glyphs, drawing):  # what is seen and what is not are never one word
        starts = np.union1d(starts, _object_starts(glyphs))
    found = [_seen(word, placed, backdrop, page) for word, placed in _placed_words(glyphs, starts)]
    if len(found) > 1 and _may_hide(glyphs, drawing):
        found = _joined_again(found, starts, _word_starts(glyphs))
    words = [word for word, _ in found]
    layered = [at for at, (word, placed) in enumerate(found) if word.visible and placed is not None and placed.layered]
    return _without_hidden_layers(words, layered, page)


def _seen(word: Word, placed: Placed | None, backdrop: Backdrop, page: OpenPage) -> tuple[Word, Placed | None]:
    seen = word.visible and is_seen(word, placed, backdrop, page.frame.width, page.frame.height, page.raw)
    return (word if seen == word.visible else replace(word, visible=seen)), placed


def _may_hide(glyphs: Glyphs, drawing: Drawing) -> bool:
    """Whether some of the words may be hidden by how they are painted, or by what is painted over them."""
    if any(not style.drawn or min(style.colour) > 255 - CONTRAST_MIN for style in glyphs.styles):
        return True
    first = min((style.placed.order for style in glyphs.styles if style.placed is not None), default=0)
    return any(one.solid and one.order > first for one in drawing.laid)


def _object_starts(glyphs: Glyphs) -> Places:
    return np.flatnonzero(np.concatenate([[True], glyphs.style_of[1:] != glyphs.style_of[:-1]]))


def _joined_again(
    pieces: Sequence[tuple[Word, Placed | None]], starts: Places, words: Places
) -> list[tuple[Word, Placed | None]]:
    """Pieces of one word that are all seen, or all not, as one word again; marks between them follow them."""
    whole = set(words.tolist())
    found: list[tuple[Word, Placed | None]] = []
    for start, (piece, placed) in zip(starts.tolist(), pieces, strict=True):
        alike = bool(found) and (found[-1][0].visible == piece.visible or not _tells(piece) or not _tells(found[-1][0]))
        if start in whole or not alike:
            found.append((piece, placed))
            continue
        last, of = found[-1]
        if not _tells(last):
            last, of = replace(last, visible=piece.visible), placed
        a, b = last.box, piece.box
        box = Rect(min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1))
        found[-1] = replace(last, text=last.text + piece.text, box=box, size=max(last.size, piece.size)), of
    return found


def _tells(word: Word) -> bool:
    """Whether a word holds a letter or a figure; a stop or a dash goes with its word, seen or not."""
    return any(letter.isalnum() for letter in word.text)


def _placed_words(glyphs: Glyphs, starts: Places) -> Iterator[tuple[Word, Placed | None]]:
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
