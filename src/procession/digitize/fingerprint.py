"""What a blank form's page looks like, so that a filled, scanned or shifted copy of it is known again.

Two steps, both cheap. A *sketch* of the page's words finds candidates among many templates: MinHash (Broder, 1997),
whose share of equal numbers estimates the share of common words, so typed answers and misread letters lower it but do
not break it. The *layout* keeps each printed word's place; ``register`` lays one over the other to be sure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from procession.digitize.page import PageContent, Rect, Word
from procession.domain.form import Box, Field
from procession.domain.template import (
    ANCHORS_MAX,
    SLOTS,
    TOKEN_CHARACTERS_MAX,
    Anchor,
    PageLayout,
    Place,
    Sketch,
)

TOKEN_LETTERS_MIN = 2
SKETCH_LETTERS_MIN = 3
"""Shorter words stand on every page."""
SURE_WORD = 0.6
"""A word its recogniser doubts more than this is no anchor."""
ANSWER_MARGIN_POINTS = 2.0
"""Words this near to a field's box may be its answer, so they are no part of the blank page."""

_NOT_LETTERS = re.compile(r"[\W\d_]+")


def _constants(name: bytes) -> NDArray[np.uint64]:
    """Random-looking and for ever the same: a sketch must mean the same in every process and version."""
    digests = b"".join(hashlib.blake2b(b"%s %d" % (name, slot), digest_size=8).digest() for slot in range(SLOTS))
    return np.frombuffer(digests, dtype="<u8")


_FACTORS = _constants(b"factor") | np.uint64(1)
_OFFSETS = _constants(b"offset")


def token(text: str) -> str:
    """The letters of a word, folded; empty when it has too few to say anything ("1.", "a", "___")."""
    if text.isascii():
        plain = _NOT_LETTERS.sub("", text.lower())
    else:
        plain = unicodedata.normalize("NFKD", text.casefold())
        plain = _NOT_LETTERS.sub("", "".join(c for c in plain if not unicodedata.combining(c)))
    return plain[:TOKEN_CHARACTERS_MAX] if len(plain) >= TOKEN_LETTERS_MIN else ""


def sketch(tokens: Iterable[str]) -> Sketch:
    """``SLOTS`` numbers, or none for a page that says too little. Multiply-shift hashing (Dietzfelbinger, 1996)."""
    distinct = {one for one in tokens if len(one) >= SKETCH_LETTERS_MIN}
    if not distinct:
        return ()
    digests = b"".join(hashlib.blake2b(one.encode(), digest_size=8).digest() for one in sorted(distinct))
    hashed = np.frombuffer(digests, dtype="<u8")
    mixed = (hashed[:, None] * _FACTORS[None, :] + _OFFSETS[None, :]) >> np.uint64(32)
    return tuple(int(one) for one in mixed.min(axis=0))


def likeness(one: Sketch, other: Sketch) -> float:
    """Estimate of the share of words two pages have in common (Jaccard), 0 to 1."""
    return sum(a == b for a, b in zip(one, other, strict=False)) / SLOTS


def layout_of(page: PageContent, fields: Sequence[Field]) -> PageLayout:
    """``fields`` are the page's, their boxes fractions of ``page``: what stands in them is an answer, unless it is the
    field's own label."""
    zones = [_Zone(_grown(_points(box, page)), _said(field)) for field in fields for box in _written(field)]
    values = [_grown(_points(field.value_box, page)) for field in fields if field.value_box and not field.options]
    anchors: list[Anchor] = []
    for word in page.words:
        said = token(word.text)
        if not said or not word.visible or word.confidence < SURE_WORD or _in_any(word.box, values):
            continue
        if any(_holds(zone.box, word.box) and said not in zone.said for zone in zones):
            continue
        anchors.append((said, *_tenths(word.box)))
        if len(anchors) == ANCHORS_MAX:
            break
    return PageLayout(
        number=page.number,
        width=round(page.width, 2),
        height=round(page.height, 2),
        sketch=sketch(one[0] for one in anchors),
        anchors=tuple(anchors),
        places=tuple(
            Place(field=one.id, box=one.box or one.value_box, options=tuple(option.box for option in one.options))
            for one in fields
            if one.box or one.value_box or any(option.box for option in one.options)
        ),
    )


def sketch_of(words: Sequence[Word]) -> Sketch:
    """The sketch of all words on a page, answers among them."""
    return sketch(token(word.text) for word in words if word.visible and word.confidence >= SURE_WORD)


class _Zone(NamedTuple):
    box: Rect
    said: frozenset[str]
    """Words of the field's label: they may be printed inside its box."""


def _written(field: Field) -> list[Box]:
    """Where this copy's owner may have written. Beside options' boxes stand words of the blank form."""
    return [field.box] if field.box is not None and not field.options else []


def _said(field: Field) -> frozenset[str]:
    return frozenset(token(word) for word in f"{field.label} {field.help or ''}".split())


def _points(box: Box, page: PageContent) -> Rect:
    return Rect(box[0] * page.width, box[1] * page.height, box[2] * page.width, box[3] * page.height)


def _grown(box: Rect) -> Rect:
    by = ANSWER_MARGIN_POINTS
    return Rect(box.x0 - by, box.y0 - by, box.x1 + by, box.y1 + by)


def _holds(zone: Rect, box: Rect) -> bool:
    x, y = box.centre
    return zone.x0 <= x <= zone.x1 and zone.y0 <= y <= zone.y1


def _in_any(box: Rect, zones: Sequence[Rect]) -> bool:
    return any(_holds(zone, box) for zone in zones)


def _tenths(box: Rect) -> tuple[int, int, int, int]:
    return round(box.x0 * 10), round(box.y0 * 10), round(box.x1 * 10), round(box.y1 * 10)
