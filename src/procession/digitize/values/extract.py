"""All values of a document: in the fields they belong to, or as fields of their own, with the box that proves each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from procession.digitize.classify import classify
from procession.digitize.page import PageContent, Rect
from procession.digitize.values import people, roles, sentences, things
from procession.digitize.values.choose import chosen
from procession.digitize.values.confidence import calibrated
from procession.digitize.values.evidence import ink_in, signatures
from procession.digitize.values.found import TYPES, Found, Kind, Reading, read
from procession.digitize.values.handwriting import HANDWRITING_REASON, UNSURE_BELOW, UNSURE_REASON, handwritten
from procession.digitize.values.labelled import pairs, typed
from procession.digitize.values.normal import Hints, normalise
from procession.digitize.values.passages import union
from procession.digitize.vocabulary import MEANINGS, fold
from procession.digitize.words_at import WordsAt
from procession.domain.form import Box, Category, Field, FieldType, Source, Subtype

REVIEW_BELOW = 0.66
"""Strength of a finder under which a person is asked to look: of such values about one in five is wrong."""
LETTERS_BELOW = 0.6
"""Likewise the recogniser's own confidence in a word."""

LABEL_POINTS_MAX = 260.0
"""So far to the right of its mark a choice's words go."""
HINT_POINTS = 30.0
"""So far from an empty field its heading or a hint may stand."""

_CATEGORIES: dict[Subtype, Category] = {row.subtype: row.category for row in reversed(MEANINGS) if row.subtype}
_BUTTONS = frozenset({FieldType.CHECKBOX, FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT})
_SIGNED = frozenset({FieldType.SIGNATURE, FieldType.INITIALS})
_BLANK = re.compile(r"^[\W_]*$")


def extract_values(pages: Sequence[PageContent], fields: Sequence[Field], kind: Kind = "form") -> list[Field]:
    """``fields`` with the values the pages show, then one new field per core value found in running text.

    A core value that lies in a field's box becomes that field's value. Existing values are never overwritten. New
    fields have source "text" ("ocr" on scanned pages) and ids ``value-1`` …. Words nobody
    sees are never values.
    """
    reading = read(pages, kind)
    by_number = {page.number: page for page in pages}
    words = {page.number: WordsAt(word for word in page.words if word.visible) for page in pages}
    fields = [_with_label_box(field, by_number.get(field.page), words.get(field.page)) for field in fields]
    filled = [answered(field, by_number.get(field.page), words.get(field.page), reading.hints) for field in fields]
    best = [_as_read(found, words[found.page]) for found in chosen(_all(reading), reading)]
    added: list[Field] = []
    unnamed: set[str] = set()
    for found in best:
        page = by_number[found.page]
        if _is_ticked(found, filled):
            continue
        home = _home(found, filled, page)
        if home is not None:
            if _takes(filled[home], found):
                filled[home] = _with(_unswallowed(filled[home], found, page), found, page)
            continue
        rival = _rival(found, filled)
        if rival is not None and not _is_surer(found, filled[rival]):
            continue
        if rival is not None:
            filled[rival] = filled[rival].model_copy(update={"subtype": None})
        if not _blank_on_purpose(found, filled, page):
            added.append(_new_field(found, page, len(added) + 1))
            unnamed |= set() if found.label else {added[-1].id}
    letterhead = {one.id for one in added if one.id in unnamed and _is_letterhead(one, reading, filled, added)}
    return [*filled, *(one for one in added if one.id not in letterhead)]


def _is_ticked(found: Found, fields: Sequence[Field]) -> bool:
    """Whether the value's label asks for a tick: then no words under or beside its boxes are the answer."""
    label = fold(found.label or "").strip(" *?:")
    asked = (field for field in fields if field.options and field.page == found.page)
    return bool(label) and any(fold(field.label).strip(" *?:") == label for field in asked)


def _is_letterhead(one: Field, reading: Reading, filled: Sequence[Field], added: Sequence[Field]) -> bool:
    """Whether a supplier's name only stands over a form: in a plain one, or in questions nobody answered yet."""
    if reading.running or one.subtype is not Subtype.VENDOR_NAME:
        return False
    has_answers = any(field.value is not None for field in filled) or any(
        field.subtype is not Subtype.VENDOR_NAME for field in added
    )
    return reading.kind == "form" or not has_answers


def _as_read(found: Found, words: WordsAt) -> Found:
    """With the doubts named and the measured share of such values that are right; no surer than its worst word."""
    sure = min((word.confidence for word in words.within(found.box)), default=1.0)
    letters = 1.0 if found.value == "signed" else sure
    reason = found.reason
    if reason is None and letters < LETTERS_BELOW:
        reason = UNSURE_REASON
    if reason is None and found.confidence < REVIEW_BELOW:
        reason = "found without a clear label"
    return replace(found, confidence=calibrated(found.confidence) * letters, reason=reason)


def _with_label_box(field: Field, page: PageContent | None, words: WordsAt | None) -> Field:
    """A ticked choice is proved by its mark and the words beside it."""
    if page is None or words is None or field.value_box is None or field.type not in _BUTTONS:
        return field
    told = next((o for o in field.options if o.box == field.value_box), None)
    if told is None or field.value in (None, True, False):
        return field
    mark = _points(field.value_box, page)
    row = Rect(mark.x1, mark.y0 - 3, mark.x1 + LABEL_POINTS_MAX, mark.y1 + 3)
    label = told.label.split()
    said: list[Rect] = []
    for word in sorted(words.within(row), key=lambda word: word.box.x0):
        if len(said) == len(label) or word.text != label[len(said)]:
            break
        said.append(word.box)
    return field.model_copy(update={"value_box": _fractions(union([mark, *said]), page)}) if said else field


def _all(reading: Reading) -> list[Found]:
    labelled = [pair for layout in reading.layouts for pair in pairs(layout, soft=reading.told)]
    found = list(roles.dates_by_role(reading)) + list(roles.money_by_role(reading))
    found += typed(reading, labelled)
    found += things.labelled(reading, labelled)
    found += sentences.in_sentences(reading)
    found += things.items(reading)
    found += things.ticked(reading)
    found += things.day_by_neighbours(reading, labelled, found)
    found += people.vendor(reading, labelled)
    names = list(people.couple(reading, labelled))
    found += names
    found += people.contacts(reading, labelled, [str(one.value) for one in names])
    found += signatures(reading, [str(one.value) for one in names])
    return found


def answered(field: Field, page: PageContent | None, seen: WordsAt | None, hints: Hints) -> Field:
    """A drawn field with words in its box has them as its value; a widget's text becomes a value of its type."""
    if page is None or seen is None:
        return field
    if field.source is Source.WIDGET:
        return _normal_widget(field, hints)
    if field.box is None or field.value not in (None, "") or field.type in _BUTTONS:
        return field
    box = _points(field.box, page)
    if field.type in _SIGNED:
        ink = ink_in(page, Rect(box.x0 - 4, box.y0 - 8, box.x1 + 4, box.y1 + 6))
        if ink is None:
            return field
        return field.model_copy(update={"value": "signed", "value_text": None, "value_box": _fractions(ink, page)})
    words = [w for w in seen.within(box) if not _BLANK.match(w.text)]
    written = handwritten(page, box, words)
    if written is not None:
        proof = _fractions(written, page)
        return field.model_copy(update={"value_box": proof, "needs_review": True, "review_reason": HANDWRITING_REASON})
    if not words or (sum(len(w.text) for w in words) < 2 and not words[0].text.isdigit()):
        return field
    text = " ".join(w.text for w in words)
    if text.rstrip(" :?") in field.label or text.rstrip(" *").endswith((":", "?")):
        return field
    normal = normalise(field.type, field.subtype, text, hints)
    sure = min(w.confidence for w in words)
    proof = Rect(
        min(w.box.x0 for w in words),
        min(w.box.y0 for w in words),
        max(w.box.x1 for w in words),
        max(w.box.y1 for w in words),
    )
    update: dict[str, Any] = {
        "value": normal.value,
        "value_text": text,
        "currency": normal.currency,
        "value_box": _fractions(proof, page),
        "confidence": round(min(field.confidence, normal.confidence * sure), 3),
    }
    unsure = UNSURE_REASON if sure < UNSURE_BELOW else None
    return field.model_copy(update=update | _review(field, normal.ambiguous_reason or unsure))


def _normal_widget(field: Field, hints: Hints) -> Field:
    if not isinstance(field.value, str) or not field.value.strip() or field.type in _BUTTONS:
        return field
    normal = normalise(field.type, field.subtype, field.value, hints)
    update: dict[str, Any] = {
        "value": normal.value,
        "value_text": field.value_text or field.value,
        "currency": normal.currency or field.currency,
        "value_box": field.value_box or field.box,
    }
    return field.model_copy(update=update | _review(field, normal.ambiguous_reason))


def _review(field: Field, reason: str | None) -> dict[str, Any]:
    return {"needs_review": True, "review_reason": field.review_reason or reason} if reason else {}


def _home(found: Found, fields: Sequence[Field], page: PageContent) -> int | None:
    """The field in whose box the value stands: with the same subtype, or with none yet and of a type that fits."""
    for index, field in enumerate(fields):
        if field.page != found.page or field.box is None or field.type in _BUTTONS:
            continue
        box = _points(field.box, page)
        inside = _holds(Rect(box.x0 - 4, box.y0 - 10, box.x1 + 4, box.y1 + 6), found.box)
        if field.subtype is found.subtype and inside:
            return index
        wanted = TYPES.get(found.subtype, FieldType.TEXT)
        if inside and wanted in _SIGNED and field.type in _SIGNED:
            return index
        if _swallowed(found, field, box):
            return index
        # the detector put the field beside its answer: the same label on the same line says they are one
        named = found.label is not None and fold(found.label) == fold(field.label)
        if field.subtype is found.subtype and named and found.box.y0 < box.y1 and box.y0 < found.box.y1:
            return index
        same = str(field.value) == str(found.value) or field.value_text == found.text
        if inside and field.subtype is None and same:
            return index
    return None


def _takes(field: Field, found: Found) -> bool:
    """Whether a field takes the value that stands in it: a widget's own value is the document's own word."""
    if field.value in (None, "") or field.subtype is None:
        return True
    return field.source is not Source.WIDGET and field.type not in _SIGNED and str(field.value) != str(found.value)


def _rival(found: Found, fields: Sequence[Field]) -> int | None:
    """A field elsewhere that holds a value of the same meaning."""
    return next(
        (i for i, field in enumerate(fields) if field.subtype is found.subtype and field.value not in (None, "")), None
    )


def _is_surer(found: Found, field: Field) -> bool:
    """Whether a value with a label of its own is to be trusted more than what lies in a field that was drawn."""
    if field.source is Source.WIDGET or field.type in _SIGNED or str(field.value) == str(found.value):
        return False
    return found.label is not None and found.confidence > field.confidence


def _swallowed(found: Found, field: Field, box: Rect) -> bool:
    """An answer on the first part of a rule reads like the end of its label: "Email anna@example.com ____".

    Or only its first words do, where the field begins amid the answer: "Phone 0491 ____".
    """
    level = found.box.y0 - 6 <= box.centre[1] <= found.box.y1 + 8
    if not level or not -6 <= box.x0 - found.box.x0 <= found.box.width + 24:
        return False
    label, words = fold(field.label).strip(" *"), found.text.split()
    if box.x0 >= found.box.x1 - 6:
        words = [" ".join(words)]
    starts = (fold(" ".join(words[:count])).strip() for count in range(len(words), 0, -1))
    return any(start and label.endswith(start) for start in starts)


def _unswallowed(field: Field, found: Found, page: PageContent) -> Field:
    """The field with the answer cut off its label and its box drawn back over the answer."""
    if field.box is None or not _swallowed(found, field, _points(field.box, page)):
        return field
    at = field.label.rfind(found.text.split()[0])
    label = (field.label[:at].strip(" :") if at > 0 else "") or found.label or field.label
    meaning = classify(label, field.section or "", field.type.value if field.type in _SIGNED else "text")
    proof = _fractions(found.box, page)
    box = (min(field.box[0], proof[0]), min(field.box[1], proof[1]), field.box[2], max(field.box[3], proof[3]))
    kind = TYPES.get(found.subtype, meaning.type)
    update = {"label": label, "name": label, "box": box, "type": kind, "subtype": found.subtype, "value": None}
    return field.model_copy(update=update | {"category": meaning.category})


def _blank_on_purpose(found: Found, fields: Sequence[Field], page: PageContent) -> bool:
    """A drawn field of this meaning is empty right there: what was found is a heading or a hint, no value."""
    if found.subtype in (Subtype.VENDOR_NAME, Subtype.CLIENT_SIGNATURE, Subtype.VENDOR_SIGNATURE):
        return False
    if found.label is None:
        return False
    named = fold(found.label)
    reach = HINT_POINTS if TYPES.get(found.subtype, FieldType.TEXT) is FieldType.TEXT else 0.0
    return any(
        field.subtype is found.subtype
        and field.value in (None, "")
        and named in fold(field.label)
        and field.page == found.page
        and field.box is not None
        and field.box[1] * page.height < found.box.y1 + reach
        and field.box[3] * page.height > found.box.y0 - reach
        for field in fields
    )


def _with(field: Field, found: Found, page: PageContent) -> Field:
    update: dict[str, Any] = {
        "value": found.value,
        "value_text": found.text or None,
        "value_box": _fractions(found.box, page),
        "currency": found.currency or field.currency,
        "subtype": field.subtype or found.subtype,
        "category": _CATEGORIES.get(found.subtype, field.category),
        "confidence": round(max(field.confidence, found.confidence), 3)
        if not found.reason
        else round(found.confidence, 3),
    }
    return field.model_copy(update=update | _review(field, found.reason))


def _new_field(found: Found, page: PageContent, number: int) -> Field:
    reason = found.reason
    return Field(
        id=f"value-{number}",
        page=found.page,
        label=found.label or found.subtype.value.replace("_", " ").capitalize(),
        name=found.subtype.value,
        type=TYPES.get(found.subtype, FieldType.TEXT),
        subtype=found.subtype,
        category=_CATEGORIES.get(found.subtype, Category.OTHER),
        value=found.value,
        value_text=found.text or None,
        currency=found.currency,
        value_box=_fractions(found.box, page),
        confidence=round(min(max(found.confidence, 0.0), 1.0), 3),
        source=Source.TEXT if page.source == "digital" else Source.OCR,
        needs_review=reason is not None,
        review_reason=reason,
    )


def _holds(outer: Rect, inner: Rect) -> bool:
    x, y = inner.centre
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1


def _points(box: Box, page: PageContent) -> Rect:
    return Rect(box[0] * page.width, box[1] * page.height, box[2] * page.width, box[3] * page.height)


def _fractions(box: Rect, page: PageContent) -> Box:
    def part(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    return part(box.x0, page.width), part(box.y0, page.height), part(box.x1, page.width), part(box.y1, page.height)
