"""One field's text as a value of its type, and what to ask a person when it allows more than one reading."""

from __future__ import annotations

import re
from dataclasses import dataclass

from procession.digitize.values import dates
from procession.digitize.values.contacts import find_emails, find_phones
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.vocabulary import word_set
from procession.domain.form import FieldType, Subtype

Value = str | int | bool

_TRUE = word_set(
    """
    yes on true x 1 ja oui si sí checked ✓ ✔ ☑ ☒ ✗ ✘ selected
    """
)
_FALSE = word_set(
    """
    no off false 0 nein non unchecked ☐ □ ○
    """
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """``value`` is None when the text is no value of the type; then ``ambiguous_reason`` says why."""

    value: Value | None
    currency: str | None = None
    ambiguous_reason: str | None = None
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Hints:
    """What the rest of the document says about how to read a value."""

    proven: dates.Order | None = None
    likely: dates.Order | None = None
    regions: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


def normalise(
    field_type: FieldType, subtype: Subtype | None, text: str, locale_hint: str | Hints | None = None
) -> Normalised:
    """``text`` as the value of a field; ``locale_hint`` is a country code ("US", "GB") or Hints of the document."""
    hints = _hints(locale_hint)
    printed = text.strip()
    if not printed:
        return Normalised(None, confidence=0.0)
    if field_type in (FieldType.SIGNATURE, FieldType.INITIALS):
        return Normalised("signed")
    if field_type is FieldType.DATE:
        return _date(printed, hints)
    if field_type is FieldType.TIME:
        found = dates.find_time(printed)
        return Normalised(found[2]) if found else Normalised(printed, None, "this is no time of day", 0.4)
    if field_type is FieldType.CURRENCY:
        return _money(printed, hints)
    if field_type is FieldType.NUMBER:
        return _number(printed)
    if field_type is FieldType.EMAIL:
        mails = find_emails(printed)
        return Normalised(mails[0].normal) if mails else Normalised(printed, None, "this is no e-mail address", 0.4)
    if field_type is FieldType.PHONE:
        return _phone(printed, hints)
    if field_type is FieldType.CHECKBOX:
        return _tick(printed)
    return Normalised(printed)


def _hints(hint: str | Hints | None) -> Hints:
    if isinstance(hint, Hints):
        return hint
    if not hint:
        return Hints()
    region = hint.upper()[-2:]
    return Hints(likely="mdy" if region == "US" else "dmy", regions=(region,))


def _date(text: str, hints: Hints) -> Normalised:
    found = dates.find_dates(text)
    if not found:
        reason = "the date has no year" if dates.lacks_year(text) else "this is no date"
        return Normalised(text, None, reason, 0.4)
    day, doubt, confidence = dates.resolve(found[0], hints.proven, hints.likely)
    if doubt is None and len({one.candidates for one in found}) > 1:
        doubt, confidence = "there are several dates here", 0.5
    return Normalised(day.isoformat(), None, doubt, confidence)


def _money(text: str, hints: Hints) -> Normalised:
    found = find_money(text, bare=True)
    if not found:
        return Normalised(text, None, "this is no amount of money", 0.4)
    amounts = list(dict.fromkeys(one.plain for one in found))
    if len(amounts) > 1:
        return Normalised(text, settled_currency(found[0], hints.currencies), "a range, not one amount", 0.5)
    return Normalised(amounts[0], settled_currency(found[0], hints.currencies))


def _number(text: str) -> Normalised:
    numbers = re.findall(r"(?<![\d.,])\d{1,3}(?:[,. ]\d{3})+(?![\d])|\d+(?:[.,]\d+)?", text)
    if not numbers:
        return Normalised(text, None, "this is no number", 0.4)
    whole = [re.sub(r"\D", "", one) if re.fullmatch(r"\d+|\d{1,3}(?:[,. ]\d{3})+", one) else one for one in numbers]
    value: Value = int(whole[0]) if whole[0].isdigit() else whole[0].replace(",", ".")
    if len(whole) > 1:
        return Normalised(value, None, f"several numbers fit: {' or '.join(whole[:2])}", 0.5)
    return Normalised(value)


def _phone(text: str, hints: Hints) -> Normalised:
    found = find_phones(text, hints.regions)
    if not found:
        return Normalised(text, None, "this is no complete phone number", 0.4)
    first = found[0]
    return Normalised(first.e164 or first.text, None, first.doubt, 0.6 if first.doubt else 0.95)


def _tick(text: str) -> Normalised:
    folded = text.lower()
    if folded in _TRUE:
        return Normalised(True)
    if folded in _FALSE:
        return Normalised(False)
    return Normalised(True, None, None, 0.8)
