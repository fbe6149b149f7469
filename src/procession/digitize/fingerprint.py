"""What a blank form's page looks like, so that a filled, scanned or shifted copy of it is known again.

Two steps, both cheap. A *sketch* of the page's words finds candidates among many templates: MinHash (Broder, 1997),
whose share of equal numbers estimates the share of common words, so typed answers and misread letters lower it but do
not break it. The *layout* keeps each printed word's place; ``register`` lays one over the other to be sure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from procession.digitize.lying import upright
from procession.digitize.page import PageContent, Rect, Word
from procession.domain.form import Box, Field
from procession.domain.layout import (
    ANCHORS_MAX,
    SLOTS,
    TOKEN_CHARACTERS_MAX,
    Anchor,
    Lie,
    PageLayout,
    Place,
    Sketch,
    Spot,
)

TOKEN_LETTERS_MIN = 2
SKETCH_LETTERS_MIN = 3
"""Shorter words stand on every page."""
SURE_WORD = 0.6
"""A word its recogniser doubts more than this is no anchor."""
ANSWER_MARGIN_POINTS = 2.0
"""Words this near to a field's box may be its answer, so they are no part of the blank page."""

_TELLING = re.compile(r"[\d@]")
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
    return blank_of(seen_of(page), fields)


def seen_of(page: PageContent, lies: Lie | None = None, typed: Collection[int] = ()) -> PageLayout:
    """All the page's words that are surely read, answers among them: ``blank_of`` makes a layout of it.

    Words with figures or an @ are veiled: they rarely name a field, and often a person. So are those at the places
    ``typed`` among the page's words, which are known to be answers.
    """
    anchors: list[Anchor] = []
    veiled: list[Spot] = []
    for number, word in enumerate(page.words):
        said = token(word.text) if word.visible else ""
        if not said:
            continue
        if number in typed or word.confidence < SURE_WORD or _TELLING.search(word.text):
            veiled.append(_tenths(word.box))
        elif len(anchors) < ANCHORS_MAX:
            anchors.append((said, *_tenths(word.box)))
    return PageLayout(
        number=page.number,
        width=round(page.width, 2),
        height=round(page.height, 2),
        anchors=tuple(anchors),
        veiled=tuple(veiled[:ANCHORS_MAX]),
        lies=lies,
    )


def blank_of(seen: PageLayout, fields: Sequence[Field], values: frozenset[str] = frozenset()) -> PageLayout:
    """``seen`` without what was filled in, and with the fields' places on the upright page.

    ``fields``: the page's, their boxes fractions of it as displayed. ``values``: tokens of everything filled in
    anywhere in the document; a name that stands in a box may stand in a sentence too.
    """
    places = [_place(one, seen) for one in fields]
    zones = [
        _Zone(_grown(_points(place.box, seen)), _said(one))
        for one, place in zip(fields, places, strict=True)
        if one.box is not None and place.box is not None and not one.options  # beside options stand printed words
    ]
    proofs = [
        _grown(_on_upright(one.value_box, seen)) for one in fields if one.value_box is not None and not one.options
    ]
    labels = frozenset[str]().union(*(_said(one) for one in fields))
    anchors: list[Anchor] = []
    veiled = list(seen.veiled)
    for anchor in seen.anchors:
        box = _of_anchor(anchor)
        if any(_holds(zone.box, box) and anchor[0] not in zone.said for zone in zones):
            continue
        if _in_any(box, proofs) or (anchor[0] in values and anchor[0] not in labels):
            veiled.append(anchor[1:])
        else:
            anchors.append(anchor)
    return PageLayout(
        number=seen.number,
        width=seen.width,
        height=seen.height,
        sketch=sketch(one[0] for one in anchors),
        anchors=tuple(anchors),
        veiled=tuple(veiled[:ANCHORS_MAX]),
        places=tuple(one for one in places if one.box or any(one.options)),
    )


def _place(field: Field, seen: PageLayout) -> Place:
    box = field.box or field.value_box
    return Place(
        field=field.id,
        box=None if box is None else _fractions(_on_upright(box, seen), seen),
        options=tuple(
            None if one.box is None else _fractions(_on_upright(one.box, seen), seen) for one in field.options
        ),
    )


def _on_upright(box: Box, seen: PageLayout) -> Rect:
    """Points of the upright page."""
    if seen.lies is None:
        return _points(box, seen)
    width, height = seen.lies.displayed
    shown = Rect(box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    return upright(shown, seen.lies, seen.width, seen.height)


def _of_anchor(anchor: Anchor) -> Rect:
    _, x0, y0, x1, y1 = anchor
    return Rect(x0 / 10, y0 / 10, x1 / 10, y1 / 10)


def sketch_of(words: Sequence[Word]) -> Sketch:
    """The sketch of all words on a page, answers among them."""
    return sketch(token(word.text) for word in words if word.visible and word.confidence >= SURE_WORD)


class _Zone(NamedTuple):
    box: Rect
    said: frozenset[str]
    """Words of the field's label: they may be printed inside its box."""


def _said(field: Field) -> frozenset[str]:
    return frozenset(token(word) for word in f"{field.label} {field.help or ''}".split())


def _points(box: Box, page: PageLayout) -> Rect:
    return Rect(box[0] * page.width, box[1] * page.height, box[2] * page.width, box[3] * page.height)


def _fractions(box: Rect, page: PageLayout) -> Box:
    def part(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    return part(box.x0, page.width), part(box.y0, page.height), part(box.x1, page.width), part(box.y1, page.height)


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
