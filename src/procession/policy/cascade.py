"""Which fields of a document an AI provider is asked about: only what the engine is unsure of, and why.

Invariant: a field that the engine is sure of is never asked, so no answer can change it; where nothing is to be asked,
no provider is called at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from enum import StrEnum

from procession.domain.form import DigitizedDocument, Field, FieldType, Source, Subtype

VALUE_SURE_FROM = 0.85
"""A value of at least this confidence that nothing speaks against is not asked."""
PLACE_SURE_FROM = {Source.WIDGET: 0.5, Source.GRAPHICS: 0.9, Source.OCR: 0.75}
"""Below it the doubt is whether there is a place to fill in at all, which no text can settle."""
MARK_SURE_FROM = 0.8
"""Likewise a tick or a signature that was seen on a scan."""
TOLD_MIN = 3
"""A form with fewer answers is blank, or hardly begun: what it does not ask for is not missing."""
QUESTIONS_MAX = 60
"""Of one document; the first of them are asked."""

MARKS = frozenset({FieldType.SIGNATURE, FieldType.INITIALS, FieldType.CHECKBOX, FieldType.RADIO, FieldType.MULTISELECT})
"""Answered by ink, not by words: only a picture shows them."""
_SIGNED = frozenset({FieldType.SIGNATURE, FieldType.INITIALS})

_S = Subtype
_COUPLE = (_S.PARTNER_1_NAME, _S.PARTNER_2_NAME, _S.COUPLE_EMAIL, _S.COUPLE_PHONE)
_DAY = (_S.WEDDING_DATE, _S.WEDDING_TIME, _S.GUEST_COUNT, _S.CEREMONY_VENUE, _S.VENUE_ADDRESS)
_MONEY = (_S.TOTAL_AMOUNT, _S.DEPOSIT_AMOUNT, _S.BALANCE_DUE, _S.BALANCE_DUE_DATE)
CORE: dict[str, tuple[Subtype, ...]] = {
    "contract": (*_COUPLE, *_DAY, _S.VENDOR_NAME, _S.PACKAGE_NAME, *_MONEY, _S.CONTRACT_DATE),
    "invoice": (*_COUPLE, _S.WEDDING_DATE, _S.VENDOR_NAME, _S.PACKAGE_NAME, *_MONEY),
    "questionnaire": (*_COUPLE, *_DAY),
    "form": (*_COUPLE, *_DAY),
    "other": (*_COUPLE, *_DAY, _S.VENDOR_NAME, _S.PACKAGE_NAME, *_MONEY),
}
"""What a filled document of each kind is expected to say somewhere."""
ALIKE: dict[Subtype, frozenset[Subtype]] = {
    _S.CEREMONY_VENUE: frozenset({_S.CEREMONY_VENUE, _S.RECEPTION_VENUE}),
}
"""One of them is enough."""
TYPES: dict[Subtype, FieldType] = {
    _S.COUPLE_EMAIL: FieldType.EMAIL,
    _S.COUPLE_PHONE: FieldType.PHONE,
    _S.WEDDING_DATE: FieldType.DATE,
    _S.WEDDING_TIME: FieldType.TIME,
    _S.GUEST_COUNT: FieldType.NUMBER,
    _S.VENUE_ADDRESS: FieldType.ADDRESS,
    _S.TOTAL_AMOUNT: FieldType.CURRENCY,
    _S.DEPOSIT_AMOUNT: FieldType.CURRENCY,
    _S.BALANCE_DUE: FieldType.CURRENCY,
    _S.BALANCE_DUE_DATE: FieldType.DATE,
    _S.CONTRACT_DATE: FieldType.DATE,
}
"""Type of a core value; text for the others."""
_ONLY_LETTERHEAD = frozenset({_S.VENDOR_NAME})


class Why(StrEnum):
    """Why a field is asked."""

    LOW_CONFIDENCE = "low_confidence"
    FLAGGED = "flagged"
    """The engine itself sends it to review."""
    MISSING = "missing"
    """A core field of this kind of document that was not found."""
    DOUBTFUL_INK = "doubtful_ink"
    """A tick or a signature that may be none, or may have been missed."""
    NO_LABEL = "no_label"
    """A place to write whose label is in doubt."""
    EVERYTHING = "everything"
    """The cascade is switched off."""


@dataclass(frozen=True, slots=True)
class Question:
    """``field`` is an existing field's id, or None for a core value that was not found."""

    field: str | None
    subtype: Subtype | None
    type: FieldType
    label: str
    why: Why
    page: int | None = None
    wants: str = "value"
    """"value", "mark" (whether it is ticked or signed) or "label"."""


def questions(document: DigitizedDocument, loose: Set[FieldType], *, cascade: bool = True) -> tuple[Question, ...]:
    """What to ask about ``document``, in reading order.

    ``loose``: types of which the text holds a value that belongs to no field yet; a missing core value of another type
    is not asked, as it cannot be printed anywhere. Without ``cascade`` every field that can hold a value is asked.
    """
    fields = document.form.fields
    filled = is_filled(fields, document.form.kind)
    scanned = frozenset(page.number for page in document.pages if page.source != "digital")
    asked = [one for field in fields if (one := _about(field, filled, scanned, cascade)) is not None]
    told = sum(field.value not in (None, "", []) and field.type not in MARKS for field in fields)
    known = document.known is not None and not document.known.changed
    whole = document.form.kind in ("form", "questionnaire") and (known or told < TOLD_MIN)
    if not cascade or (filled and not whole):
        asked += _missing(document.form.kind, fields, loose, cascade)
    return tuple(asked[:QUESTIONS_MAX])


def is_filled(fields: Iterable[Field], kind: str) -> bool:
    """Whether the document says something of a wedding, not only asks. Contracts and invoices always do."""
    if kind in ("contract", "invoice"):
        return True
    return any(field.value not in (None, "", []) and field.subtype not in _ONLY_LETTERHEAD for field in fields)


def _about(field: Field, filled: bool, scanned: Set[int], cascade: bool) -> Question | None:
    empty = field.value in (None, "", [])
    if not cascade:
        return _asked(field, Why.EVERYTHING, "mark" if field.type in MARKS else "value")
    if field.type in MARKS:
        return _asked(field, Why.DOUBTFUL_INK, "mark") if _is_doubtful(field, filled, scanned, empty) else None
    if not empty:
        if field.type is FieldType.PHONE and field.needs_review and not str(field.value).startswith("+"):
            return None  # the paper does not say its country, and no reading of it will
        if field.needs_review:
            return _asked(field, Why.FLAGGED, "value")
        return _asked(field, Why.LOW_CONFIDENCE, "value") if field.confidence < VALUE_SURE_FROM else None
    if not field.needs_review or field.confidence < PLACE_SURE_FROM.get(field.source, 0.0):
        return None
    if filled and field.value_box is not None:  # something is written there that could not be read
        return _asked(field, Why.FLAGGED, "value")
    return _asked(field, Why.NO_LABEL, "label")


def _is_doubtful(field: Field, filled: bool, scanned: Set[int], empty: bool) -> bool:
    if field.source is Source.WIDGET or not filled:
        return False
    if field.type in _SIGNED:
        # ink of its own is found surely on digital pages; on a scan a thin stroke may be missed, or be a smudge
        return field.needs_review or (field.page in scanned and (empty or field.confidence < MARK_SURE_FROM))
    return not empty and field.page in scanned and (field.needs_review or field.confidence < MARK_SURE_FROM)


def _missing(kind: str, fields: Iterable[Field], loose: Set[FieldType], cascade: bool) -> Iterable[Question]:
    there = {field.subtype for field in fields if field.subtype is not None}
    for subtype in CORE.get(kind, ()):
        shape = TYPES.get(subtype, FieldType.TEXT)
        if there & ALIKE.get(subtype, frozenset({subtype})):
            continue
        if cascade and shape in TYPED and shape not in loose:
            continue
        label = subtype.value.replace("_", " ").capitalize()
        yield Question(None, subtype, shape, label, Why.MISSING if cascade else Why.EVERYTHING)


TYPED = frozenset(
    {FieldType.EMAIL, FieldType.PHONE, FieldType.DATE, FieldType.TIME, FieldType.NUMBER, FieldType.CURRENCY}
)
"""Types whose values are told by their look."""


def _asked(field: Field, why: Why, wants: str) -> Question:
    return Question(field.id, field.subtype, field.type, field.label, why, field.page, wants)


def pages_to_show(
    asked: Iterable[Question], document: DigitizedDocument, *, text_first: bool = True
) -> tuple[int, ...]:
    """Pages whose pictures go along: those of marks asked about, and scans with anything that is asked.

    A core value that was not found may stand on any page of a scan. Without ``text_first`` every page is shown.
    """
    asked = tuple(asked)
    if not asked:
        return ()
    numbers = [page.number for page in document.pages]
    if not text_first:
        return tuple(numbers)
    scanned = frozenset(page.number for page in document.pages if page.source != "digital")
    shown = {one.page for one in asked if one.page is not None and (one.wants == "mark" or one.page in scanned)}
    if any(one.page is None for one in asked):
        shown |= scanned
    return tuple(number for number in numbers if number in shown)
