"""A form definition as JSON Schema (draft 2020-12), and answers validated against exactly that schema.

Answers come from HTML forms as text; ``read`` brings them to the schema's types before they are validated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from procession.domain.form import Field, FieldType, Form, Option
from procession.services.printed_rules import Rules, printed_rules

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT_CHARACTERS_MAX = 500
TEXTAREA_CHARACTERS_MAX = 10_000
ADDRESS_CHARACTERS_MAX = 1000
EMAIL_CHARACTERS_MAX = 254
INITIALS_CHARACTERS_MAX = 10

_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
_TIME = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
_EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
_PHONE = r"^[+(]?\d[\d ()./+x-]{3,30}$"
_AMOUNT = r"^-?\d{1,12}(\.\d{1,2})?$"
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_SYMBOLS = re.compile(r"[^\d.,\-]")


def answer_of(option: Option) -> str:
    """What choosing an option answers: its label, unless the document gave it a value of its own."""
    return option.value if isinstance(option.value, str) and option.value else option.label


def json_schema(form: Form) -> dict[str, Any]:
    """The schema one answer to the form validates against: an object with one property per field's name."""
    return {
        "$schema": DRAFT,
        "type": "object",
        "title": form.title or "Form",
        "properties": {field.name: _property(field) for field in form.fields},
        "required": [field.name for field in form.fields if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    described: dict[str, Any] = {"title": field.label}
    if field.help:
        described["description"] = field.help
    described |= _shape(field)
    described["x-type"] = field.type.value
    described["x-category"] = field.category.value
    if field.subtype is not None:
        described["x-subtype"] = field.subtype.value
    return described


def _shape(field: Field) -> dict[str, Any]:
    choices = list(dict.fromkeys(answer_of(option) for option in field.options))
    match field.type:
        case FieldType.CHECKBOX:
            return {"type": "boolean", **({"const": True} if field.required else {})}
        case FieldType.MULTISELECT:
            items = {"type": "string", **({"enum": choices} if choices else {"maxLength": TEXT_CHARACTERS_MAX})}
            return {"type": "array", "items": items, "uniqueItems": True, **({"minItems": 1} if field.required else {})}
        case FieldType.SELECT | FieldType.RADIO if choices:
            return {"type": "string", "enum": choices}
        case FieldType.NUMBER:
            return _number_shape(printed_rules(field))
        case _:
            return _text(field)


def _text(field: Field) -> dict[str, Any]:
    most, extra = _TEXTS.get(field.type, (TEXT_CHARACTERS_MAX, {}))
    printed = printed_rules(field).characters_max
    if printed is not None and field.type not in _WRITTEN_OTHERWISE:
        most = min(most, printed)
    return {"type": "string", "minLength": 1, "maxLength": most, **extra}


_WRITTEN_OTHERWISE = frozenset({FieldType.DATE, FieldType.TIME, FieldType.CURRENCY})
"""Answered in another way than on paper, so the paper's number of characters says nothing."""


def _number_shape(rules: Rules) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "integer" if rules.integer else "number"}
    if rules.minimum is not None:
        shape["minimum"] = rules.minimum
    if rules.maximum is not None:
        shape["maximum"] = rules.maximum
    return shape


_TEXTS: dict[FieldType, tuple[int, dict[str, Any]]] = {
    FieldType.TEXTAREA: (TEXTAREA_CHARACTERS_MAX, {}),
    FieldType.ADDRESS: (ADDRESS_CHARACTERS_MAX, {}),
    FieldType.INITIALS: (INITIALS_CHARACTERS_MAX, {}),
    FieldType.EMAIL: (EMAIL_CHARACTERS_MAX, {"format": "email", "pattern": _EMAIL}),
    FieldType.PHONE: (32, {"pattern": _PHONE}),
    FieldType.DATE: (10, {"format": "date", "pattern": _DATE}),
    FieldType.TIME: (8, {"pattern": _TIME}),
    FieldType.CURRENCY: (16, {"pattern": _AMOUNT}),
}


# --- answers ----------------------------------------------------------------------------------------------------------


def read(form: Form, given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in the schema's types: numbers from text, amounts without symbols, empty answers left out.

    What cannot be read stays as it was given, and fails validation.
    """
    fields = {field.name: field for field in form.fields}
    answers: dict[str, Any] = {}
    for name, value in given.items():
        plain = value.strip() if isinstance(value, str) else value
        if plain in ("", None) or plain == []:
            continue
        field = fields.get(name)
        answers[name] = plain if field is None else _typed(field, plain)
    return answers


def _typed(field: Field, value: Any) -> Any:
    if field.type is FieldType.NUMBER and isinstance(value, str):
        return _number(value)
    if field.type is FieldType.CURRENCY:
        return _amount(value)
    if field.type is FieldType.EMAIL and isinstance(value, str):
        return value.lower()
    if field.type is FieldType.MULTISELECT and isinstance(value, str):
        return [value]
    if field.type is FieldType.CHECKBOX and isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return value


_WORDS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}


def _number(text: str) -> int | float | str:
    plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return text
    if not number.is_finite() or abs(number) > Decimal(10) ** 15:
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _amount(value: Any) -> Any:
    """``$1,500.00`` -> ``1500.00``; a JSON number becomes its text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{Decimal(str(value)):f}"
    if not isinstance(value, str):
        return value
    plain = _SYMBOLS.sub("", value)
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain or value


def problems(form: Form, answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """``{"field", "message"}`` for each answer that is missing or wrong, in plain words, in the form's order."""
    import jsonschema  # slow to import, and most processes never validate an answer

    validator = jsonschema.Draft202012Validator(
        json_schema(form), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    fields = {field.name: field for field in form.fields}
    found: dict[str, str] = {}
    for error in validator.iter_errors(dict(answers)):
        for name in _names(error, fields):
            found.setdefault(name, _message(fields.get(name), str(error.validator)))
    order = {name: place for place, name in enumerate(fields)}
    return [
        {"field": name, "message": found[name]} for name in sorted(found, key=lambda one: order.get(one, len(order)))
    ]


def _names(error: Any, fields: Mapping[str, Field]) -> Iterable[str]:
    """The fields an error is about."""
    if error.absolute_path:
        return [str(error.absolute_path[0])]
    if error.validator == "required":
        return [name for name in error.validator_value if name not in error.instance]
    return sorted(name for name in error.instance if name not in fields)


_WRONG: dict[FieldType, str] = {
    FieldType.EMAIL: "This is not an e-mail address. It looks like name@example.com.",
    FieldType.PHONE: "This is not a phone number. Use digits, with + and the country code if you like.",
    FieldType.DATE: "This is not a date. Use year-month-day, such as 2030-05-04.",
    FieldType.TIME: "This is not a time. Use hours and minutes, such as 14:30.",
    FieldType.NUMBER: "This is not a number. Use digits only.",
    FieldType.CURRENCY: "This is not an amount of money. Use digits, such as 1500 or 1500.00.",
    FieldType.SELECT: "Choose one of the answers listed.",
    FieldType.RADIO: "Choose one of the answers listed.",
    FieldType.MULTISELECT: "Choose from the answers listed, each once.",
    FieldType.CHECKBOX: "Tick the box or leave it empty.",
}


def _message(field: Field | None, rule: str) -> str:
    if field is None:
        return "This form has no such question."
    if rule == "required":
        return "Please answer this question."
    if rule in ("const", "minItems"):
        return "Please tick this." if field.type is FieldType.CHECKBOX else "Please choose at least one."
    if rule == "maxLength":
        return f"This answer is too long: at most {_text(field)['maxLength']} characters."
    if rule in ("minimum", "maximum"):
        return _limits(printed_rules(field))
    if rule == "type" and field.type is FieldType.NUMBER and printed_rules(field).integer:
        return "This is not a whole number. Use digits only."
    return _WRONG.get(field.type, "This answer does not fit the question.")


def _limits(rules: Rules) -> str:
    if rules.minimum is None:
        return f"This cannot be more than {rules.maximum:,}."
    if rules.maximum is None:
        return f"This cannot be less than {rules.minimum:,}."
    return f"This must be between {rules.minimum:,} and {rules.maximum:,}."
