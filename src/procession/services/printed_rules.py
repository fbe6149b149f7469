"""What a form prints about its answers, as rules: "max. 200 characters", "between 1 and 10", "at least 20", "YYYY".

Read in English, French, German, Spanish, Dutch and Italian from a field's label and help, and only where the words
leave no doubt: a rule that is not meant would refuse a right answer, a missing one only lets a wrong one through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from procession.domain.form import Field, FieldType, Subtype

NUMBER_MAX = 1_000_000
"""A larger printed number is no limit of an answer but an amount or a year of its own."""
COMB_DIGITS_MAX = 9
"""A comb of more cells takes an identifier, not a number."""

_N = r"(\d{1,3}(?:[.,\u202f ]\d{3})+|\d{1,7})"
_CHARACTERS = r"(?:characters|chars|letters|digits|zeichen|buchstaben|caracteres|caractères|signes|tekens|caratteri)"
_MOST = (
    r"(?:max(?:imum|imal|imaal|imo|\.)?|up to|at most|no more than|not more than|höchstens|bis zu|au plus|au maximum|"
    r"jusqu'à|como máximo|máximo|máx\.?|hasta|hoogstens|tot|al massimo|massimo|fino a)"
)
_LEAST = (
    r"(?:min(?:imum|imal|imaal|imo|\.)?|at least|no fewer than|not less than|mindestens|au moins|au minimum|"
    r"al menos|como mínimo|mínimo|mín\.?|ten minste|minstens|almeno|minimo)"
)
_CHARACTERS_MOST = re.compile(rf"\b{_MOST}\s*:?\s*{_N}\s*{_CHARACTERS}\b|\b{_N}\s*{_CHARACTERS}\s*max", re.IGNORECASE)
_BETWEEN = re.compile(
    rf"\b(?:between|from|zwischen|von|entre|de|tussen|van|tra|fra|da)\s+{_N}\s*(?:and|to|und|bis|et|à|y|a|en|tot|e)\s+{_N}\b",
    re.IGNORECASE,
)
_SPAN = re.compile(rf"^\W*{_N}\s*(?:[-–—]|to|bis|à|tot)\s*{_N}\W*$")
_AT_MOST = re.compile(rf"\b{_MOST}\s*:?\s*{_N}\b(?!\s*(?:{_CHARACTERS}|%|[.,]\d))", re.IGNORECASE)
_AT_LEAST = re.compile(rf"\b{_LEAST}\s*:?\s*{_N}\b(?!\s*(?:{_CHARACTERS}|%|[.,]\d))", re.IGNORECASE)
_PERCENT = re.compile(r"%|\b(?:percent|per cent|prozent|pour cent|por ciento|procent|per cento)\b", re.IGNORECASE)
_YEAR = re.compile(r"^\W*(?:YYYY|JJJJ|AAAA)\W*$")
_COUNTED = re.compile(
    r"\b(?:number of|how many|no\. of|anzahl|wie viele|nombre d|combien|número de|cuántos|cuántas|aantal|hoeveel|"
    r"numero di|quanti|quante)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """Absent is None. ``minimum`` and ``maximum`` are inclusive."""

    characters_max: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    integer: bool = False


def printed_rules(field: Field) -> Rules:
    """The rules of one field. Numbers get limits only as numbers, texts only a length."""
    said = f"{field.label} {field.help or ''}"
    if field.type is not FieldType.NUMBER:
        return Rules(characters_max=_characters(field, said))
    integer = field.subtype is Subtype.GUEST_COUNT or bool(_COUNTED.search(field.label))
    low, high = _range(said, field.help or "")
    if _YEAR.match(field.help or ""):
        return Rules(minimum=1000, maximum=9999, integer=True)
    if high is None and _PERCENT.search(said):
        low, high = low or 0, 100
    if high is None and field.max_length is not None and integer and field.max_length <= COMB_DIGITS_MAX:
        high = 10**field.max_length - 1
    return Rules(minimum=0 if low is None and integer else low, maximum=high, integer=integer)


def _characters(field: Field, said: str) -> int | None:
    found = _CHARACTERS_MOST.search(said)
    printed = _number(found[1] or found[2]) if found else None
    given = [one for one in (printed, field.max_length) if one]
    return min(given) if given else None


def _range(said: str, hint: str) -> tuple[int | None, int | None]:
    found = _BETWEEN.search(said) or _SPAN.match(hint)
    if found is not None:
        low, high = _number(found[1]), _number(found[2])
        return (low, high) if low is not None and high is not None and low < high else (None, None)
    least, most = _AT_LEAST.search(said), _AT_MOST.search(said)
    low, high = _number(least[1]) if least else None, _number(most[1]) if most else None
    return (low, high) if low is None or high is None or low < high else (None, None)


def _number(text: str) -> int | None:
    value = int(re.sub(r"\D", "", text))
    return value if value <= NUMBER_MAX else None
