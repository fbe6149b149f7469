"""What a label asks for: field type, core wedding subtype and category. Words live in ``vocabulary``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from procession.digitize.asked import ASKED
from procession.digitize.vocabulary import (
    CATEGORY_WORDS,
    CURRENCY_WORDS,
    MEANINGS,
    NUMBER_WORDS,
    TEXTAREA_WORDS,
    Meaning,
    fold,
)
from procession.domain.form import Category, FieldType, Subtype

LABEL_WORDS_MAX = 14
"""A longer label is a sentence; only its beginning and end are asked for meaning."""

_BUTTONS = frozenset({"checkbox", "radio", "multiselect", "select", "choice"})
_SHAPES = {kind.value: kind for kind in FieldType}
_OTHER_PARTY = re.compile(
    r" (?:venue|vendor|supplier|photographer|planner|coordinator|emergency|day of|on site|onsite|office|company|"
    r"best mans?|maid of honou?r|officiant|caterer|dj|parents?|mother|father|witness|guest|billing|"
    r"accounts?|second contact) "
)
_INITIALLED = re.compile(r" (?:please initial|initial each|initial (?:here|below)|your initials) ")
_SUBTYPE_FORMS: dict[Subtype, frozenset[FieldType]] = {
    Subtype.BUDGET_RANGE: frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT, FieldType.CHECKBOX}),
    Subtype.SERVICES_NEEDED: frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT, FieldType.CHECKBOX}),
    Subtype.PACKAGE_NAME: frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT, FieldType.CHECKBOX}),
    Subtype.GUEST_COUNT: frozenset({FieldType.RADIO, FieldType.SELECT}),
    Subtype.TIMELINE_PREFERENCES: frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT}),
    Subtype.CEREMONY_VENUE: frozenset({FieldType.SELECT, FieldType.RADIO}),
    Subtype.RECEPTION_VENUE: frozenset({FieldType.SELECT, FieldType.RADIO}),
}
"""Core fields that may be asked as a choice; any other subtype on a box or a choice is a mistake."""


class Classification(NamedTuple):
    type: FieldType
    subtype: Subtype | None
    category: Category


def classify(label: str, context: str = "", kind: str = "text") -> Classification:
    """``label`` as printed, ``context`` the section's title or the group's question, ``kind`` what is drawn.

    ``kind`` is a FieldType's word, or "choice", or a format a widget names ("date", "currency" ...); "text" leaves the
    type to the label. A drawn kind other than text and textarea is kept: a square stays a checkbox whatever it says.
    """
    folded = fold(label)
    meaning = _meaning(folded)
    fixed = _fixed_type(kind)
    if fixed is not None:
        return _keep(fixed, meaning, folded, context)
    if meaning is None and kind == "text" and _INITIALLED.search(fold(context)):
        return Classification(FieldType.INITIALS, None, Category.CONTRACT)
    if meaning is None:
        shown = FieldType.TEXTAREA if kind == "textarea" else _type_of(folded)
        return Classification(shown, None, category_of(folded, context))
    subtype = meaning.subtype
    if subtype in (Subtype.COUPLE_EMAIL, Subtype.COUPLE_PHONE) and _OTHER_PARTY.search(folded + fold(context)[1:]):
        return Classification(meaning.type, None, category_of(folded, context))
    shown = meaning.type
    if shown is FieldType.TEXT and kind == "textarea":
        shown = FieldType.TEXTAREA
    if shown is FieldType.TIME and subtype is None and " date " in folded:
        shown = FieldType.TEXT
    if subtype is None and meaning.category is Category.OTHER:
        return Classification(shown, None, category_of(folded, context))
    return Classification(shown, subtype, meaning.category)


def meaning_of(label: str) -> Meaning | None:
    """The vocabulary's row for a label, or None: for finding values beside labels in running documents."""
    return _meaning(fold(label))


def category_of(folded_label: str, context: str = "") -> Category:
    return _category(folded_label) or _category(fold(context)) or Category.OTHER


@lru_cache(maxsize=8192)
def _category(folded: str) -> Category | None:
    return next((category for category, pattern in CATEGORY_WORDS if pattern.search(folded)), None)


@lru_cache(maxsize=8192)
def _meaning(folded: str) -> Meaning | None:
    words = folded.split()
    if not words:
        return None
    if len(words) > LABEL_WORDS_MAX:
        return None
    return next((row for row in (*ASKED, *MEANINGS) if row.pattern.search(folded)), None)


def _fixed_type(kind: str) -> FieldType | None:
    if kind == "choice":
        return FieldType.SELECT
    known = _SHAPES.get(kind)
    return None if known in (None, FieldType.TEXT, FieldType.TEXTAREA) else known


def _keep(fixed: FieldType, meaning: Meaning | None, folded: str, context: str) -> Classification:
    """The drawing decides the type; the words may still give subtype and category where they fit that type."""
    if meaning is None:
        lone = fixed.value in _BUTTONS and not (fixed is FieldType.RADIO and folded.strip())
        meaning = _meaning(fold(context)) if lone else None  # a radio field's question is its own
    subtype = meaning.subtype if meaning is not None else None
    if fixed in (FieldType.SIGNATURE, FieldType.INITIALS):
        signs = subtype if subtype in (Subtype.CLIENT_SIGNATURE, Subtype.VENDOR_SIGNATURE) else None
        if fixed is FieldType.SIGNATURE and signs is None and _OTHER_PARTY.search(folded):
            signs = Subtype.VENDOR_SIGNATURE
        return Classification(fixed, signs, Category.CONTRACT)
    if fixed.value in _BUTTONS:
        if subtype is not None and fixed not in _SUBTYPE_FORMS.get(subtype, frozenset()):
            subtype = None
    elif meaning is not None and meaning.type is not fixed and subtype is not None:
        subtype = None  # a widget formatted as money is no wedding date whatever its label
    if subtype is not None and meaning is not None:
        return Classification(fixed, subtype, meaning.category)
    return Classification(fixed, None, category_of(folded, context))


def _type_of(folded: str) -> FieldType:
    if TEXTAREA_WORDS.search(folded):
        return FieldType.TEXTAREA
    if NUMBER_WORDS.search(folded):
        return FieldType.NUMBER
    if CURRENCY_WORDS.search(folded):
        return FieldType.CURRENCY
    return FieldType.TEXT
