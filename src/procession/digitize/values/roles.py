"""Which of several dates or amounts is which: by the nearest telling words beside, before or above."""

# ruff: noqa: E501 - a pattern with its synonyms reads better in one line

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procession.digitize.classify import meaning_of
from procession.digitize.values import dates
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.values.passages import Layout, Passage
from procession.digitize.vocabulary import fold
from procession.domain.form import Subtype

REACH_CHARS = 110
"""Words further away in the same sentence do not name a value."""

_SENTENCE = re.compile(
    r"(?<!\b[A-Z])(?<!\bNo)(?<!\bno)(?<!\bCo)(?<!\bSt)(?<!\bInc)(?<!\bLtd)(?<!\bapprox)(?<!\d)[.;!?]\s+(?=[A-Z“\"(\d€£$])"
)
_UNIT_PRICE = re.compile(
    r"^\W{0,3}(?:/|per|each|an|a|pro|par|por|al)\s*(?:additional\s+)?(?:hour|hr|person|guest|head|mile|km|day|item|table|plate|stunde|person|heure|hora|ora)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Role:
    subtype: Subtype | None
    """None: the value is something that is no core field."""
    words: re.Pattern[str]


def _role(subtype: Subtype | None, words: str) -> Role:
    return Role(subtype, re.compile(f" (?:{words})(?= )"))


DATE_ROLES = (
    _role(
        Subtype.WEDDING_DATE,
        r"wedding|weddings|event|ceremony|marriage|married|nuptials|big day|celebration|reception|held on|takes? place|taking place|"
        r"save the date|when|elopement|function|hochzeit\w*|trauung|veranstaltung\w*|mariage|boda|bruiloft|trouw\w*|matrimonio|nozze",
    ),
    _role(
        Subtype.BALANCE_DUE_DATE,
        r"due|no later than|pay by|payable|please pay|payment|paid|on or before|balance|remaining|remainder|settled?|fallig\w*|"
        r"zahlbar|restzahlung|restbetrag|d?echeance|solde|saldo|vencimiento|vervaldatum|scadenza",
    ),
    _role(
        Subtype.CONTRACT_DATE,
        r"agreement|contract|entered into|dated|made on|made this|made as of|effective|date of issue|issue date|issued|as of|"
        r"agreement date|quote date|proposal date|prepared on|vertrag\w*|ausgestellt|contrat|contrato|overeenkomst|contratto",
    ),
    _role(
        None,
        r"deposit|retainer|booking fee|first payment|signatures?|signed|sign|expires?|expiry|valid until|deliver\w*|rehearsal|"
        r"cancel\w*|birth|born|dob|tasting|arrival|engagement|consultation|proof|gallery|meeting|visit|revised|updated|printed|"
        r"menu choices?|final numbers|numbers|on booking|on signing|anzahlung|acompte|instal?ment 1",
    ),
)
MONEY_ROLES = (
    _role(
        Subtype.DEPOSIT_AMOUNT,
        r"deposit|retainer|booking fee|reservation fee|down payment|downpayment|first payment|first instal?ment|advance|holding fee|"
        r"anzahlung|acompte|arrhes|senal|anticipo|aanbetaling|acconto|caparra",
    ),
    _role(
        Subtype.BALANCE_DUE,
        r"balance|remaining|remainder|outstanding|final payment|final instal?ment|second payment|amount due|amount owing|to pay|"
        r"restbetrag|restzahlung|solde|reste|saldo|pendiente|restant|restbedrag",
    ),
    _role(
        Subtype.TOTAL_AMOUNT,
        r"total|contract price|contract sum|contract value|total fee|fee|price|investment|grand total|cost|"
        r"agreed fee|quote|gesamt\w*|preis|honorar|montant|prix|importe|precio|totaal\w*|prijs|totale|prezzo",
    ),
    _role(
        None,
        r"overtime|late fee|late payment|travel|each|per person|per head|hourly|additional|subtotal|sub total|tax|vat|discount|"
        r"interest|penalty|security deposit|damage deposit|damages|insurance|mileage|extra|unit price|gratuity|tip|service charge|"
        r"refunded|up to|budget|mwst|tva|iva|btw",
    ),
)


def dates_by_role(reading: Reading) -> Iterator[Found]:
    for layout, passage in reading.passages():
        found = dates.find_dates(passage.text)
        for one in found:
            marks = [(other.start, other.end) for other in found]
            role = _role_at(layout, passage, one.start, one.end, marks, DATE_ROLES)
            if role is None or role.subtype is None or not _named(reading, role):
                continue
            if role.subtype is Subtype.CONTRACT_DATE and reading.kind == "invoice":
                continue  # an invoice's date of issue is no contract's
            day, reason, confidence = dates.resolve(one, reading.hints.proven, reading.hints.likely)
            yield Found(
                role.subtype,
                day.isoformat(),
                one.text,
                passage.page,
                passage.box_of(one.start, one.end),
                confidence * role.strength,
                role.label,
                reason=reason,
            )


def money_by_role(reading: Reading) -> Iterator[Found]:
    for layout, passage in reading.passages():
        labelled_cell = id(passage) in layout.place and bool(layout.left_of(passage))
        found = find_money(passage.text, bare=labelled_cell)
        for one in found:
            if _UNIT_PRICE.match(passage.text[one.end :]):
                continue
            marks = [(other.start, other.end) for other in found]
            role = _role_at(layout, passage, one.start, one.end, marks, MONEY_ROLES)
            if role is None or role.subtype is None or not _named(reading, role):
                continue
            if one.currency is None and not re.search(r"[.,]\d{2}$|\d{3}", one.text):
                continue
            yield Found(
                role.subtype,
                one.plain,
                one.text,
                passage.page,
                passage.box_of(one.start, one.end),
                0.97 * role.strength * (1.0 if one.currency else 0.85),
                role.label,
                currency=settled_currency(one, reading.hints.currencies),
            )


@dataclass(frozen=True, slots=True)
class _Named:
    subtype: Subtype | None
    strength: float
    label: str | None


def _named(reading: Reading, role: _Named) -> bool:
    """In a form only a label of the trade names a value; explanations are full of dates and amounts."""
    return reading.running or (role.label is not None and meaning_of(role.label) is not None)


def _role_at(
    layout: Layout, passage: Passage, start: int, end: int, marks: Sequence[tuple[int, int]], roles: Sequence[Role]
) -> _Named | None:
    """The sentence around the value names it; failing that the row's cells to the left, then what stands above."""
    before, after = _sentence(passage.text, start, end)
    if named := _nearest(before, after, [(s - start, e - end) for s, e in marks], roles):
        subtype, distance = named
        prose = bool(after.strip(" .,;")) or len(before) > 40
        return _Named(subtype, (0.93 if prose else 0.99) - distance / 1000, None if prose else before.strip(" :?"))
    if id(passage) not in layout.place or before.strip(" :–—-•*("):
        return None
    lefts = layout.left_of(passage)
    for left in lefts:
        if named := _nearest(left.text, "", [], roles):
            return _Named(named[0], 0.98, left.text.strip(" :?"))
    above = layout.above(passage)
    if above is None or _alone(lefts):
        return None
    named = _nearest(above.text, "", [], roles)
    return _Named(named[0], 0.93, above.text.strip(" :?")) if named else None


def _alone(lefts: Sequence[Passage]) -> bool:
    """A cell whose row has a name of its own is not named by the cell above."""
    return any(re.search(r"[^\W\d_]{3}", left.text) for left in lefts)


def _sentence(text: str, start: int, end: int) -> tuple[str, str]:
    low = max((match.end() for match in _SENTENCE.finditer(text, 0, start)), default=0)
    stop = _SENTENCE.search(text, end)
    high = stop.start() if stop else len(text)
    return text[low:start], text[end:high]


def _nearest(
    before: str, after: str, marks: Sequence[tuple[int, int]], roles: Sequence[Role]
) -> tuple[Subtype | None, int] | None:
    """The role whose words stand nearest; words behind the value count only when close, and not past another value."""
    earlier = [-end for start, end in marks if start < 0]
    limit = min([REACH_CHARS, *(distance for distance in earlier if distance > 0)])
    text = fold(before[-REACH_CHARS:])
    best: tuple[float, Subtype | None] | None = None
    for role in roles:
        for match in role.words.finditer(text):
            distance = float(len(text) - match.end())
            # words before the previous value belong to that one, unless nothing nearer does
            distance += 60 if distance > limit else 0
            # "balance due date" and "security deposit": the longer name wins over its own tail
            distance -= min(len(match[0]), 25) / 100
            if best is None or distance < best[0]:
                best = (distance, role.subtype)
    following = fold(after[:45])
    for role in roles:
        if behind := role.words.search(following):
            distance = float(behind.start() + 14)
            if best is None or distance < best[0]:
                best = (distance, role.subtype)
    if best is None or best[0] > REACH_CHARS:
        return None
    return best[1], int(best[0])
