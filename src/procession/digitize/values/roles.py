"""Which of several dates or amounts is which: by the nearest telling words beside, before or above."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procession.digitize.classify import meaning_of
from procession.digitize.values import dates
from procession.digitize.values.assign import Named, Role, assigned, mentions
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.values.passages import Layout, Passage
from procession.digitize.values.role_words import DATE_ROLES, DEPOSIT_OR_BALANCE, MONEY_ROLES
from procession.domain.form import Subtype

HEADING_SHARE = 1.25
"""Type so much larger than a value's is no label's but a heading's."""
SHORT_CHARS = 120
"""In a form longer texts are explanations."""

_SENTENCE = re.compile(
    r"(?<!\b[A-Z])(?<!\bNo)(?<!\bno)(?<!\bCo)(?<!\bSt)(?<!\bInc)(?<!\bLtd)(?<!\bapprox)(?<![\s(]\d)(?<![\s(]\d\d)[.;!?]\s+(?=[A-Z“\"(\d€£$])"
)
_ARTICLE = re.compile(r"^(?:le|am|den|el|il|op|on|the|der)\s+$", re.IGNORECASE)
_UNIT_PRICE = re.compile(
    r"^\W{0,3}(?:/|per|each|an|a|pro|par|por|al)\s*(?:additional\s+)?(?:hour|hr|person|guest|head|mile|km|day|item|table|plate|stunde|person|heure|hora|ora)\b",
    re.IGNORECASE,
)


_OF_ROW: dict[Subtype, Subtype | None] = {
    Subtype.DEPOSIT_AMOUNT: None,
    Subtype.BALANCE_DUE: Subtype.BALANCE_DUE_DATE,
    Subtype.BALANCE_DUE_DATE: Subtype.BALANCE_DUE_DATE,
    Subtype.WEDDING_DATE: Subtype.WEDDING_DATE,
    Subtype.CONTRACT_DATE: Subtype.CONTRACT_DATE,
}
"""What a date is in a row of that name."""
_MONEY = frozenset({Subtype.DEPOSIT_AMOUNT, Subtype.BALANCE_DUE, Subtype.TOTAL_AMOUNT})


def dates_by_role(reading: Reading) -> Iterator[Found]:
    for layout, passage in reading.passages():
        if not reading.running and len(passage.text) > SHORT_CHARS:
            continue
        found = dates.find_dates(passage.text)
        named = _roles_of(layout, passage, [(one.start, one.end) for one in found], DATE_ROLES)
        for one, role_of in zip(found, named, strict=True):
            if role_of is None or role_of.subtype is None or not _named(reading, role_of):
                continue
            if role_of.subtype is Subtype.CONTRACT_DATE and reading.kind == "invoice":
                continue  # an invoice's date of issue is no contract's
            day, reason, confidence = dates.resolve(one, reading.hints.proven, reading.hints.likely)
            yield Found(
                role_of.subtype,
                day.isoformat(),
                one.text,
                passage.page,
                passage.box_of(one.start, one.end),
                confidence * role_of.strength,
                role_of.label,
                reason=reason,
            )


def money_by_role(reading: Reading) -> Iterator[Found]:
    for layout, passage in reading.passages():
        if not reading.running and len(passage.text) > SHORT_CHARS:
            continue
        labelled_cell = id(passage) in layout.place and bool(layout.left_of(passage))
        found = find_money(passage.text, bare=labelled_cell)
        named = _roles_of(layout, passage, [(one.start, one.end) for one in found], MONEY_ROLES)
        for one, role_of in zip(found, named, strict=True):
            if _UNIT_PRICE.match(passage.text[one.end :]):
                continue
            if role_of is None or role_of.subtype is None or not _named(reading, role_of):
                continue
            if one.currency is None and not re.search(r"[.,]\d{2}$|\d{3}", one.text):
                continue
            yield Found(
                role_of.subtype,
                one.plain,
                one.text,
                passage.page,
                passage.box_of(one.start, one.end),
                0.97 * role_of.strength * (1.0 if one.currency else 0.85),
                role_of.label,
                currency=settled_currency(one, reading.hints.currencies),
            )


@dataclass(frozen=True, slots=True)
class _Named:
    subtype: Subtype | None
    strength: float
    label: str | None


def _named(reading: Reading, role_of: _Named) -> bool:
    """In a form only a label of the trade names a value; explanations are full of dates and amounts."""
    return reading.running or (role_of.label is not None and meaning_of(role_of.label) is not None)


def _roles_of(
    layout: Layout, passage: Passage, marks: Sequence[tuple[int, int]], roles: Sequence[Role]
) -> list[_Named | None]:
    """The sentence around each value names it; failing that the row's cells to the left, then what stands above."""
    out: list[_Named | None] = []
    done: dict[tuple[int, int], list[Named | None]] = {}
    for start, end in marks:
        low, high = sentence_around(passage.text, start, end)
        inside = [(s, e) for s, e in marks if low <= s and e <= high]
        if (low, high) not in done:
            done[low, high] = assigned(passage.text[low:high], [(s - low, e - low) for s, e in inside], roles)
        named = done[low, high][inside.index((start, end))]
        if named is not None:
            out.append(_insentence_around(passage.text[low:high], start - low, end - low, named))
        else:
            out.append(_by_cells(layout, passage, passage.text[low:start], roles))
    return out


def _insentence_around(sentence: str, start: int, end: int, named: Named) -> _Named:
    before, after = sentence[:start], sentence[end:]
    prose = bool(after.strip(" .,;")) or len(before) > 40
    subtype = named.subtype
    if subtype is Subtype.BALANCE_DUE_DATE and named.mention.end <= start:
        # "a deposit, payable by": when the deposit is due is no core value
        owed = [one for one in mentions(before, DEPOSIT_OR_BALANCE) if one.end <= start]
        if owed and max(owed, key=lambda one: one.end).subtype is Subtype.DEPOSIT_AMOUNT:
            subtype = None
    return _Named(subtype, (0.93 if prose else 0.99) - named.distance / 1000, None if prose else before.strip(" :?"))


def _by_cells(layout: Layout, passage: Passage, before: str, roles: Sequence[Role]) -> _Named | None:
    if id(passage) not in layout.place or _ARTICLE.sub("", before).strip(" :–—-•*("):
        return None
    lefts = [left for left in layout.left_of(passage) if "@" not in left.text]
    for left in lefts:
        meaning = meaning_of(left.text)
        if meaning is not None and meaning.subtype is not None:
            if roles is MONEY_ROLES and meaning.subtype in _MONEY:
                return _Named(meaning.subtype, 0.98, left.text.strip(" :?"))
            if roles is DATE_ROLES and meaning.subtype in _OF_ROW:
                return _Named(_OF_ROW[meaning.subtype], 0.98, left.text.strip(" :?"))
        if named := _last(left.text, roles):
            return _Named(named.subtype, 0.98, left.text.strip(" :?"))
    above = layout.above(passage)
    if above is None or _alone(lefts) or above.size > HEADING_SHARE * passage.size:
        return None
    named = _last(above.text, roles)
    return _Named(named.subtype, 0.93, above.text.strip(" :?")) if named else None


def _last(text: str, roles: Sequence[Role]) -> Named | None:
    """What the last telling words of a cell name: the value stands behind or under them."""
    return assigned(text + " ", [(len(text) + 1, len(text) + 2)], roles)[0]


def _alone(lefts: Sequence[Passage]) -> bool:
    """A cell whose row has a name of its own is not named by the cell above."""
    return any(re.search(r"[^\W\d_]{3}", left.text) for left in lefts)


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence of ``text[start:end]`` begins and ends."""
    low = max((match.end() for match in _SENTENCE.finditer(text, 0, start)), default=0)
    stop = _SENTENCE.search(text, end)
    return low, stop.start() if stop else len(text)
