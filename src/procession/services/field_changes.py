"""What a reviewer may change about a field, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from procession.domain.errors import InvalidRequest
from procession.domain.form import Field, Option, Section

CHANGEABLE = frozenset({"label", "type", "options", "required", "section", "value", "subtype", "category", "help"})
LABEL_CHARACTERS_MAX = 500
HELP_CHARACTERS_MAX = 2000
VALUE_CHARACTERS_MAX = 10_000
OPTIONS_MAX = 500
_OPTIONS = TypeAdapter(tuple[Option, ...])


def changed(field: Field, changes: Mapping[str, Any], sections: Iterable[Section]) -> Field:
    """``field`` with a reviewer's changes, nothing left to review. Raises InvalidRequest in plain words."""
    if unknown := changes.keys() - CHANGEABLE:
        raise InvalidRequest(f"Field {field.id}: {', '.join(sorted(unknown))[:200]} cannot be changed.")
    values = dict(changes)
    if "options" in values:
        values["options"] = _options(field.id, values["options"])
    if values.get("section") is not None and values["section"] not in {one.id for one in sections}:
        raise InvalidRequest(f"Field {field.id}: there is no section with this id.")
    _check_lengths(field.id, values)
    if "value" in values and values["value"] != field.value:
        values["value_text"] = None  # what is printed is no longer what it says
    whole = {**field.model_dump(), **values, "needs_review": False, "review_reason": None}
    try:
        return Field.model_validate(whole)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(f"Field {field.id}: {first['loc'][0]}: {first['msg']}") from None


def _options(field_id: str, given: Any) -> tuple[Option, ...]:
    """Options as labels or as objects. Labels are unique and not empty."""
    if not isinstance(given, list | tuple) or len(given) > OPTIONS_MAX:
        raise InvalidRequest(f"Field {field_id}: options: a list of at most {OPTIONS_MAX}.")
    try:
        found = _OPTIONS.validate_python([{"label": one} if isinstance(one, str) else one for one in given])
    except ValidationError as error:
        raise InvalidRequest(f"Field {field_id}: options: {error.errors()[0]['msg']}") from None
    labels = [one.label.strip() for one in found]
    if not all(labels) or len(set(labels)) != len(labels) or max(map(len, labels), default=0) > LABEL_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: options: each needs a text of its own.")
    return found


def _check_lengths(field_id: str, values: Mapping[str, Any]) -> None:
    label = values.get("label", "-")
    if not isinstance(label, str) or not label.strip() or len(label) > LABEL_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: label: 1 to {LABEL_CHARACTERS_MAX} characters.")
    if len(str(values.get("help") or "")) > HELP_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: help: at most {HELP_CHARACTERS_MAX} characters.")
    if len(str(values.get("value") or "")) > VALUE_CHARACTERS_MAX:
        raise InvalidRequest(f"Field {field_id}: value: at most {VALUE_CHARACTERS_MAX} characters.")
