"""An answer as it is written on paper: from the normalised value of a field to text, or to the options to tick."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

import phonenumbers

from procession.digitize.page import Rect
from procession.domain.form import Box, Field, FieldType, Option

Manner = Literal["dmy", "mdy", "ymd"]
SIGNED = "signed"
LETTER_PAPER_POINTS = 612.0
"""Width of the paper of those who write the month first."""
TYPED_NAME = "name typed, not signed"
"""Stands beside a typed name on a signature's line."""

_MANNERS: tuple[tuple[re.Pattern[str], Manner], ...] = (
    (re.compile(r"\b[mM]{1,2}\s*[/.\-– ]?\s*[dD]{1,2}\s*[/.\-– ]?\s*[yY]{2,4}"), "mdy"),
    (re.compile(r"\b[yYjJaA]{4}\s*[/.\-– ]?\s*[mM]{2}\s*[/.\-– ]?\s*[dDtTjJ]{2}\b"), "ymd"),
    (re.compile(r"\b[dDtTjJgG]{1,2}\s*[/.\-– ]?\s*[mM]{1,2}\s*[/.\-– ]?\s*[yYjJaA]{2,4}"), "dmy"),
    (re.compile(r"\bmonth\s*[/,]\s*day\s*[/,]\s*year\b", re.IGNORECASE), "mdy"),
    (re.compile(r"\bday\s*[/,]\s*month\s*[/,]\s*year\b", re.IGNORECASE), "dmy"),
)
_SEPARATOR = re.compile(r"[a-zA-Z]\s*([/.\-–])\s*[a-zA-Z]")
_SHORT_YEAR = re.compile(r"(?<![a-zA-Z])[yYjJaA]{2}$")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SIGNS = {"USD": "$", "GBP": "£", "EUR": "€", "AUD": "$", "CAD": "$", "NZD": "$", "CHF": "CHF "}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which options an answer ticks, and what of it is no option."""

    options: tuple[Option, ...]
    other: str = ""


def is_marked(field: Field) -> bool:
    """Whether the answer is ticked rather than written."""
    if field.type is FieldType.CHECKBOX:
        return True
    return any(option.box is not None for option in field.options)


def chosen(field: Field) -> Chosen:
    """For a field whose options have boxes; several answers of one text tick each box of that text."""
    given = field.value if isinstance(field.value, list) else [field.value]
    wanted = {_folded(str(one)): str(one) for one in given if one not in (None, "", False)}
    found = []
    for option in field.options:
        names = {_folded(option.label)} | ({_folded(option.value)} if isinstance(option.value, str) else set())
        if names & wanted.keys():
            found.append((option, names))
    met = {name for _, names in found for name in names}
    other = [text for name, text in wanted.items() if name not in met]
    return Chosen(tuple(option for option, _ in found), ", ".join(other))


def written(field: Field, printed: str = "") -> str:
    """The answer as text. ``printed``: words in and around its place: the order of a date, a currency's sign."""
    value = field.value
    if value is None or value is False:
        return ""
    if isinstance(value, list):
        return ", ".join(_shown(field, str(one)) for one in value)
    if value is True:
        return "Yes"
    text = str(value)
    if field.value_text and field.type is not FieldType.SIGNATURE:
        return field.value_text  # as it was printed, or as a reviewer left it
    match field.type:
        case FieldType.DATE:
            return dated(text, manner_of(hint_of(field, printed))) or text
        case FieldType.CURRENCY:
            return money(text, field.currency, f"{field.label} {printed}")
        case FieldType.PHONE:
            return _phone(text)
        case _:
            return _shown(field, text)


def _shown(field: Field, text: str) -> str:
    """The label of the option that ``text`` names: a list shows labels and stores values."""
    return next((o.label for o in field.options if text in (o.value, o.label) and o.label), text)


def hint_of(field: Field, printed: str = "") -> str:
    return " ".join(part for part in (field.label, field.help or "", printed) if part)


def manner_of(hint: str) -> tuple[Manner, str, bool] | None:
    """(order, separator, two digits for the year) of a date, when the form's words say so."""
    for pattern, manner in _MANNERS:
        found = pattern.search(hint)
        if found:
            separator = _SEPARATOR.search(found.group())
            short = manner != "ymd" and bool(_SHORT_YEAR.search(found.group()))
            return manner, separator.group(1) if separator else "/", short
    return None


def dated(text: str, manner: tuple[Manner, str, bool] | None) -> str | None:
    """An ISO date in the form's order; without one, with the month in letters, which nobody misreads."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if manner is None:
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    order, separator, short = manner
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": f"{day.year % 100:02}" if short else f"{day.year}"}
    return separator.join(parts[one] for one in order)


def digits_of_date(field: Field, cells: int, paper_points: float, printed: str = "") -> str | None:
    """A date for a row of letter boxes; without a hint, the order of the country the paper's width comes from."""
    try:
        day = date.fromisoformat(str(field.value))
    except ValueError:
        return None
    if cells not in (6, 8):
        return None
    manner = manner_of(hint_of(field, printed))
    order: Manner = manner[0] if manner else "mdy" if abs(paper_points - LETTER_PAPER_POINTS) < 3 else "dmy"
    year = f"{day.year}" if cells == 8 else f"{day.year % 100:02}"
    parts = {"d": f"{day.day:02}", "m": f"{day.month:02}", "y": year}
    return "".join(parts[one] for one in order)


def money(text: str, currency: str | None, printed: str) -> str:
    """A plain amount with thousands parted; the sign in front when the paper does not print it."""
    whole, _, cents = text.partition(".")
    if not re.fullmatch(r"-?\d{1,15}", whole) or (cents and not cents.isdigit()):
        return text
    amount = f"{int(whole):,}" + (f".{cents}" if cents else "")
    sign = _SIGNS.get(currency or "", f"{currency} " if currency else "")
    if not sign or sign.strip() in printed or (currency or "-") in printed:
        return amount
    return f"{sign}{amount}" if not amount.startswith("-") else f"-{sign}{amount[1:]}"


def _phone(text: str) -> str:
    """An E.164 number in groups, as people write it; another one as it was given."""
    if not re.fullmatch(r"\+\d{6,15}", text):
        return text
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def points(box: Box, width: float, height: float) -> Rect:
    """Fractions of the page as displayed, as points."""
    return Rect(box[0] * width, box[1] * height, box[2] * width, box[3] * height)
