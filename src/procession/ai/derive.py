"""The value a quote holds, by the engine's own readers of dates, amounts and the like: never the model's spelling.

A model may write 2027-06-12 for "Saturday 12th June 2027"; what is kept is what our own reader makes of the printed
words, and only when it is the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from procession.ai.quotes import Place
from procession.digitize.values import dates
from procession.digitize.values.contacts import find_emails, find_phones, regions_of
from procession.digitize.values.date_order import date_order
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.values.normal import Hints, normalise
from procession.domain.form import Box, FieldType, Subtype, TextLine

WORDS_LOOKED_AT = 40
"""Of one line, to know the language."""
PHONE_DIGITS = 8
"""The last digits of a phone number, which tell it whatever stands before them."""
TEXT_WORDS_MAX = 40
"""A longer stretch is a passage, not a value of one field."""

PARTNERS = frozenset({Subtype.PARTNER_1_NAME, Subtype.PARTNER_2_NAME})

_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:[,. ]\d{3})+(?![\d])|(?<![\w.,/])\d+(?![\w/]|[.,]\d)")


@dataclass(frozen=True, slots=True)
class Derived:
    """What our own readers make of the words at ``place``, which is only as long as the value."""

    value: str | int | bool
    place: Place
    currency: str | None = None
    doubt: str | None = None
    """Why a person should look although the quote is real."""


def hints_of(lines: Sequence[TextLine]) -> Hints:
    """What the document's plain facts say about how to read its values, as the engine gathers it."""
    texts = [line.text for line in lines]
    currencies = tuple(dict.fromkeys(one.currency for text in texts for one in find_money(text) if one.currency))
    emails = [one for text in texts for one in find_emails(text)]
    phones = [one for text in texts for one in find_phones(text)]
    found = [one for text in texts for one in dates.find_dates(text)]
    tokens = (word for text in texts for word in text.split(" ")[:WORDS_LOOKED_AT])
    proven, likely = date_order(found, tokens, currencies, [one.region for one in phones if one.region])
    return Hints(proven, likely, tuple(regions_of(currencies, emails, phones)), currencies)


def derive(place: Place, value: str, kind: FieldType, subtype: Subtype | None, hints: Hints) -> Derived | None:
    """None when ``value`` cannot be read out of the quoted words."""
    finder = _FINDERS.get(kind)
    if subtype is Subtype.BUDGET_RANGE:
        finder = None  # may be a range: kept as printed
    if finder is None:
        return _words(place, value, kind, subtype, hints)
    fitting = [one for one in finder(place, hints) if _same(kind, one, value, hints)]
    return fitting[0] if fitting else None


def values_in(text: str, kind: FieldType, hints: Hints) -> list[tuple[int, int]]:
    """Where ``text`` holds values of a type that is told by its look."""
    finder = _FINDERS.get(kind)
    if finder is None:
        return []
    return [(one.place.start, one.place.end) for one in finder(Place((), text, 0, len(text)), hints)]


def typed_kind(text: str, hints: Hints) -> FieldType | None:
    """The type a whole text is by its look, so that it is no name and no place."""
    for kind in (FieldType.EMAIL, FieldType.DATE, FieldType.CURRENCY, FieldType.PHONE, FieldType.TIME):
        for start, end in values_in(text, kind, hints):
            if 2 * (end - start) >= len(text.strip()):
                return kind
    return None


def same_words(one: str, other: str) -> bool:
    return letters_of(one) == letters_of(other)


# --- by type ----------------------------------------------------------------------------------------------------------


def _dates(place: Place, hints: Hints) -> Iterator[Derived]:
    for one in dates.find_dates(place.quoted):
        day, doubt, _ = dates.resolve(one, hints.proven, hints.likely)
        yield Derived(day.isoformat(), _at(place, one.start, one.end), doubt=doubt)


def _times(place: Place, hints: Hints) -> Iterator[Derived]:
    for start, end, value in dates.find_times(place.quoted):
        yield Derived(value, _at(place, start, end))


def _money(place: Place, hints: Hints) -> Iterator[Derived]:
    found = find_money(place.quoted, bare=True)
    for one in found:
        yield Derived(one.plain, _at(place, one.start, one.end), settled_currency(one, hints.currencies))
    if found:
        return
    for match in re.finditer(r"(?<![\w.,])\d[\d.,'’ ]*\d(?:[.,]\d\d)?(?![\w/])", place.quoted):
        for one in find_money(match[0], bare=True):
            at = match.start()
            currency = settled_currency(one, hints.currencies)
            yield Derived(one.plain, _at(place, at + one.start, at + one.end), currency)


def _emails(place: Place, hints: Hints) -> Iterator[Derived]:
    for one in find_emails(place.quoted):
        yield Derived(one.normal, _at(place, one.start, one.end))


def _phones(place: Place, hints: Hints) -> Iterator[Derived]:
    for one in find_phones(place.quoted, hints.regions):
        yield Derived(one.e164 or one.text, _at(place, one.start, one.end), doubt=one.doubt)


def _numbers(place: Place, hints: Hints) -> Iterator[Derived]:
    for match in _NUMBER.finditer(place.quoted):
        yield Derived(int(re.sub(r"\D", "", match[0])), _at(place, match.start(), match.end()))


_FINDERS = {
    FieldType.DATE: _dates,
    FieldType.TIME: _times,
    FieldType.CURRENCY: _money,
    FieldType.EMAIL: _emails,
    FieldType.PHONE: _phones,
    FieldType.NUMBER: _numbers,
}


def _at(place: Place, start: int, end: int) -> Place:
    return place.narrowed(place.start + start, place.start + end)


def _same(kind: FieldType, ours: Derived, value: str, hints: Hints) -> bool:
    mine = str(ours.value)
    if kind is FieldType.DATE:
        return value.strip() == mine or mine in _isos(value, hints) or value.strip() in _isos(ours.place.quoted, hints)
    if kind is FieldType.TIME:
        found = dates.find_time(value)
        return mine == (found[2] if found else value.strip().zfill(5))
    if kind is FieldType.CURRENCY:
        return _decimal(mine) == _decimal(value)
    if kind is FieldType.EMAIL:
        return mine == value.lower().replace(" ", "")
    if kind is FieldType.PHONE:
        theirs = re.sub(r"\D", "", value)[-PHONE_DIGITS:]
        return len(theirs) == PHONE_DIGITS and re.sub(r"\D", "", mine).endswith(theirs)
    return mine == re.sub(r"[^\d]", "", value)


def _isos(text: str, hints: Hints) -> set[str]:
    """Every day ``text`` may be: an order that figures leave open is not the model's to settle."""
    return {day.isoformat() for one in dates.find_dates(text) for day in one.candidates}


def _decimal(text: str) -> Decimal | None:
    found = find_money(text, bare=True)
    if found:
        return found[0].amount
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None


def _words(place: Place, value: str, kind: FieldType, subtype: Subtype | None, hints: Hints) -> Derived | None:
    """The printed words that are ``value`` within the quote."""
    stretch = _find_words(place.quoted, value)
    if stretch is None and subtype in PARTNERS and (name := _shared_name(place.quoted, value)) is not None:
        return Derived(name, place)
    if stretch is None:
        return None if place.exact else Derived(value, place)  # recognised otherwise; whoever keeps it flags it
    narrowed = _at(place, *stretch)
    printed = narrowed.quoted.strip(" ,;")
    if not any(c.isalnum() for c in printed) or len(printed.split()) > TEXT_WORDS_MAX:
        return None
    normal = normalise(kind, subtype, printed, hints) if kind is not FieldType.CURRENCY else None
    if normal is None or normal.value is None:
        return Derived(printed, narrowed)
    return Derived(normal.value, narrowed, normal.currency, normal.ambiguous_reason)


def _shared_name(text: str, value: str) -> str | None:
    """ "Anna Bell" of "Anna & Tom Bell": the printed words that are the name, others between them left out."""
    wanted, printed = value.split(), re.findall(r"[^\s,;&]+", text)
    kept: list[str] = []
    for word in printed:
        if len(kept) < len(wanted) and letters_of(word) == letters_of(wanted[len(kept)]):
            kept.append(word)
    return " ".join(kept) if len(kept) == len(wanted) >= 2 else None


def _find_words(text: str, value: str) -> tuple[int, int] | None:
    """Where ``value`` stands in ``text``, whatever the case and the marks between its words."""
    wanted = letters_of(value)
    if not wanted:
        return None
    letters: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(text):
        for one in letters_of(letter):
            letters.append(one)
            origin.append(at)
    start = "".join(letters).find(wanted)
    while start >= 0:
        low, high = origin[start], origin[start + len(wanted) - 1] + 1
        cut = (low > 0 and text[low - 1].isalnum()) or (high < len(text) and text[high].isalnum())
        if not cut:
            while high < len(text) and text[high] in ").!?'\"”’":
                high += 1
            return low, high
        start = "".join(letters).find(wanted, start + 1)
    return None


def letters_of(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in plain if c.isalnum() or c in "&+@")


def loose_types(lines: Iterable[TextLine], owned: Iterable[tuple[int, Box]]) -> frozenset[FieldType]:
    """Types of which the lines hold a value outside the ``owned`` places (page, box)."""
    taken: dict[int, list[Box]] = {}
    for page, box in owned:
        taken.setdefault(page, []).append(box)
    free = [_free(line, taken.get(line.page, ())) for line in lines]
    hints = Hints()
    return frozenset(kind for kind in _FINDERS if any(values_in(text, kind, hints) for text in free))


def _free(line: TextLine, taken: Sequence[Box]) -> str:
    words = zip(line.text.split(" "), line.words, strict=False)
    return " ".join(word for word, box in words if not any(holds(one, box) for one in taken))


def holds(outer: Box, inner: Box) -> bool:
    """Whether the middle of ``inner`` lies in ``outer``."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
