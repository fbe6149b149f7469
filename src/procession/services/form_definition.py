"""From a reviewed result to the form a couple fills in.

What is asked: everything the paper has a place to fill in for. Values that are only printed text (a price, a date in a
paragraph) stay in the result's data: asking a couple for what the supplier already wrote would be noise. Only when a
document has no place to fill in at all (an invoice) are its values asked, for else there would be nothing to ask.
What is never in the form: the values found in the document, and the file's name (which often names a couple). They
belong to whoever filled in that copy.
"""

from __future__ import annotations

from procession.domain.form import Field, FieldType, Form, Source

UNTITLED = "Form"


def definition(reviewed: Form) -> Form:
    """``reviewed`` has its corrections applied: rejected fields are gone. Field names in the answer are unique."""
    asked = [field for field in reviewed.fields if fillable(field)] or list(reviewed.fields)
    taken: set[str] = set()
    fields = tuple(_blank(field, _unique(field.name or field.id, taken)) for field in asked)
    used = {field.section for field in fields}
    sections = tuple(section for section in reviewed.sections if section.id in used)
    return reviewed.model_copy(update={"title": reviewed.title or UNTITLED, "sections": sections, "fields": fields})


def fillable(field: Field) -> bool:
    """Whether the paper has a place for it: a box, options to tick, or an interactive field."""
    return (
        field.box is not None
        or field.source in (Source.WIDGET, Source.GRAPHICS)
        or any(option.box is not None for option in field.options)
    )


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate


def _blank(field: Field, name: str) -> Field:
    """Without what this copy's owner filled in. A ticked box' value stays only where it is the option's own name."""
    options = tuple(
        option if isinstance(option.value, str) else option.model_copy(update={"value": None})
        for option in field.options
    )
    kind = field.type
    if kind in (FieldType.SELECT, FieldType.RADIO, FieldType.MULTISELECT) and not options:
        kind = FieldType.TEXT  # nothing to choose from: let them write
    return field.model_copy(
        update={
            "name": name,
            "type": kind,
            "options": options,
            "value": None,
            "value_text": None,
            "value_box": None,
            "needs_review": False,
            "review_reason": None,
        }
    )
