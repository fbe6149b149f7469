"""From a reviewed document to what is remembered of it: the approved form without values, and its blank pages."""

from __future__ import annotations

from collections.abc import Iterable

from procession.digitize.fingerprint import blank_of, token
from procession.domain.form import DigitizedDocument, Field, Form
from procession.domain.template import Remembered

ANCHORS_MIN = 15
"""Printed words below which no page of a document would be known again surely."""


def remembered(document: DigitizedDocument, approved: Form) -> Remembered | None:
    """``document``: as the engine found it, with its layouts. ``approved``: its form as the reviewer left it.

    None when the pages say too little, or the document is too long to be a form.
    """
    if not any(len(layout.anchors) >= ANCHORS_MIN for layout in document.layouts):
        return None
    values = frozenset(_said_in((*document.form.fields, *approved.fields)))
    kept = {one.id for one in approved.fields}
    left_out = [one for one in document.form.fields if one.id not in kept]
    layouts = tuple(
        blank_of(layout, [one for one in (*approved.fields, *left_out) if one.page == layout.number], values)
        for layout in document.layouts
    )
    form = approved.model_copy(update={"fields": tuple(blank(one) for one in approved.fields)})
    return Remembered(form=form, layouts=layouts)


def blank(field: Field) -> Field:
    """Without what was filled in, and with nothing left to review."""
    options = tuple(
        one if isinstance(one.value, str) else one.model_copy(update={"value": None}) for one in field.options
    )
    nothing = {"value": None, "value_text": None, "value_box": None, "currency": None}
    return field.model_copy(update={**nothing, "options": options, "needs_review": False, "review_reason": None})


def _said_in(fields: Iterable[Field]) -> Iterable[str]:
    """Tokens of all values. Options that were chosen are words of the form."""
    for field in fields:
        if field.options:
            continue
        for value in (field.value, field.value_text):
            if isinstance(value, str):
                yield from filter(None, map(token, value.split()))
