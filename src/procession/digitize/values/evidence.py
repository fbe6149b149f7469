"""Signatures: ink on or above the line, a picture, or a typed signature. A date beside the line proves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from procession.digitize.classify import meaning_of
from procession.digitize.page import PageContent, Rect
from procession.digitize.values import dates
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.passages import Layout, Passage, union
from procession.digitize.vocabulary import fold
from procession.domain.form import Subtype

ZONE_POINTS = (190.0, 44.0)
"""Width and height of the place for a signature where no line shows it."""
INK_POINTS_MIN = (14.0, 4.0)

_SCRIPT_FONT = re.compile(
    r"script|signature|handwrit|brush|dancing|vibes|cursive|caveat|pacifico|sacramento|allura|segoesc|lucida ?hand|"
    r"bradley|mistral|satisfy|sign",
    re.IGNORECASE,
)
_TYPED = re.compile(r"^\s*/s/\s*\S|(?:digitally|electronically) signed|e-?signed by", re.IGNORECASE)


def signatures(reading: Reading, names: Sequence[str] = ()) -> Iterator[Found]:
    """One per signature label whose place holds ink, a picture or a typed signature.

    ``names`` are people the document names: only theirs, typed on the line, may count as signatures.
    """
    known = {fold(name) for name in names}
    for layout in reading.layouts:
        for row in layout.rows:
            for chunk in row.chunks:
                subtype = _signature_label(chunk)
                if subtype is None:
                    continue
                found = _evidence(layout, chunk, subtype, known)
                if found:
                    yield found


def ink_in(page: PageContent, zone: Rect) -> Rect | None:
    """Box of the pen strokes or the picture inside ``zone`` (points), or None."""
    marks = [
        shape.box
        for shape in page.shapes
        if shape.kind == "other"
        and shape.box.width >= INK_POINTS_MIN[0]
        and shape.box.height >= INK_POINTS_MIN[1]
        and shape.box.height <= 120
        and _inside(shape.box, zone)
    ]
    marks += [
        image
        for image in page.images
        if image.width < 0.6 * page.width and image.height < 0.25 * page.height and _inside(image, zone)
    ]
    return union(marks) if marks else None


def _signature_label(chunk: Passage) -> Subtype | None:
    if len(chunk.words) > 8 or dates.find_dates(chunk.text):
        return None
    meaning = meaning_of(chunk.text)
    if meaning and meaning.subtype in (Subtype.CLIENT_SIGNATURE, Subtype.VENDOR_SIGNATURE):
        return meaning.subtype
    return None


def _evidence(layout: Layout, label: Passage, subtype: Subtype, known: set[str]) -> Found | None:
    name = label.text.strip(" :_")
    for zone, sure in _zones(layout, label):
        ink = ink_in(layout.page, zone)
        if ink:
            return Found(subtype, "signed", "", layout.page.number, ink, sure, name)
        typed = _typed_in(layout, zone, label, known)
        if typed:
            text, box, script = typed
            reason = None if script else "a typed name stands where the signature goes"
            return Found(subtype, "signed", text, layout.page.number, box, 0.9 if script else 0.6, name, reason=reason)
    return None


def _zones(layout: Layout, label: Passage) -> Iterator[tuple[Rect, float]]:
    """Where ink would be: above the rule over the label, on the rule beside it, else the room above the label."""
    width, height = ZONE_POINTS
    box = label.box
    for rule in layout.page.segments:
        if not rule.horizontal or rule.box.width < 50:
            continue
        line = rule.box
        over = -3 <= box.y0 - line.y1 <= 16 and line.x0 - 12 <= box.x0 <= line.x1
        beside = abs(line.y1 - box.y1) <= 8 and -4 <= line.x0 - box.x1 <= 60
        if over or beside:
            yield Rect(line.x0 - 6, line.y0 - height, line.x1 + 6, line.y1 + 8), 0.95
    beside_box = next((s.box for s in layout.page.shapes if s.kind == "rect" and _holds_signature(s.box, box)), None)
    if beside_box:
        yield beside_box, 0.92
    yield Rect(box.x0 - 6, box.y0 - height, max(box.x1, box.x0 + width), box.y0 + 2), 0.85


def _holds_signature(shape: Rect, label: Rect) -> bool:
    if not (60 <= shape.width <= 330 and 14 <= shape.height <= 110):
        return False
    right = abs(shape.centre[1] - label.centre[1]) < shape.height / 2 and -4 <= shape.x0 - label.x1 <= 40
    under_or_over = (
        min(abs(shape.y0 - label.y1), abs(label.y0 - shape.y1)) <= 12 and shape.x0 - 10 <= label.x0 <= shape.x1
    )
    return right or under_or_over


def _typed_in(layout: Layout, zone: Rect, label: Passage, known: set[str]) -> tuple[str, Rect, bool] | None:
    for row in layout.rows:
        for chunk in row.chunks:
            if chunk is label or not _inside(chunk.box, zone):
                continue
            if _TYPED.search(chunk.text):
                return chunk.text, chunk.box, True
            if dates.find_dates(chunk.text) or meaning_of(chunk.text):
                continue
            if all(_SCRIPT_FONT.search(word.font) for word in chunk.words):
                return chunk.text, chunk.box, True
            if fold(chunk.text) in known and chunk.box.y1 <= label.box.y1 + 2 and zone.height < 60:
                return chunk.text, chunk.box, False
    return None


def _inside(box: Rect, zone: Rect) -> bool:
    x, y = box.centre
    return zone.x0 <= x <= zone.x1 and zone.y0 - 4 <= y <= zone.y1 + 4
