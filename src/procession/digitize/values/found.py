"""What the finders hand to ``extract``: one reading of one core value, and the document they look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from procession.digitize.page import PageContent, Rect
from procession.digitize.values import dates
from procession.digitize.values.contacts import FoundEmail, FoundPhone, find_emails, find_phones, regions_of
from procession.digitize.values.date_order import date_order
from procession.digitize.values.money import FoundMoney, find_money
from procession.digitize.values.normal import Hints, Value
from procession.digitize.values.passages import Layout, Passage, lay_out
from procession.domain.form import FieldType, Subtype

Kind = Literal["form", "contract", "invoice", "questionnaire", "other"]

PAGES_FIRST, PAGES_LAST = 40, 10
"""A longer document is a book: its core values stand at the front, its signatures at the end."""

WORDS_LOOKED_AT = 40
"""Of one paragraph, to know the language."""
FACTS_MIN = 3
"""So many dates, addresses and numbers show that somebody has filled a form in."""

TYPES: dict[Subtype, FieldType] = {
    Subtype.COUPLE_EMAIL: FieldType.EMAIL,
    Subtype.COUPLE_PHONE: FieldType.PHONE,
    Subtype.WEDDING_DATE: FieldType.DATE,
    Subtype.WEDDING_TIME: FieldType.TIME,
    Subtype.GUEST_COUNT: FieldType.NUMBER,
    Subtype.VENUE_ADDRESS: FieldType.ADDRESS,
    Subtype.BUDGET_RANGE: FieldType.CURRENCY,
    Subtype.TOTAL_AMOUNT: FieldType.CURRENCY,
    Subtype.DEPOSIT_AMOUNT: FieldType.CURRENCY,
    Subtype.BALANCE_DUE: FieldType.CURRENCY,
    Subtype.BALANCE_DUE_DATE: FieldType.DATE,
    Subtype.CONTRACT_DATE: FieldType.DATE,
    Subtype.CLIENT_SIGNATURE: FieldType.SIGNATURE,
    Subtype.VENDOR_SIGNATURE: FieldType.SIGNATURE,
}
"""Type of a core value; text for the others."""


@dataclass(frozen=True, slots=True)
class Found:
    subtype: Subtype
    value: Value
    text: str
    page: int
    box: Rect
    """Points of the page."""
    confidence: float
    label: str | None = None
    """The words that name it on the page; None when the sentence alone does."""
    currency: str | None = None
    reason: str | None = None
    """Why a person should look."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The document's text, and what its plain facts say about how to read the others."""

    layouts: tuple[Layout, ...]
    kind: Kind
    hints: Hints
    emails: tuple[tuple[Passage, FoundEmail], ...]
    phones: tuple[tuple[Passage, FoundPhone], ...]
    days: int = 0
    """How many dates are printed."""

    @property
    def running(self) -> bool:
        """Whether sentences carry values; in a form they only do where a label names them."""
        return self.kind in ("contract", "invoice")

    @property
    def told(self) -> bool:
        """Whether the document holds facts of somebody's wedding: labels nobody lists may name more of them."""
        facts = len(self.emails) + len(self.phones) + self.days
        return self.kind not in ("form", "other") or facts >= FACTS_MIN

    def passages(self) -> Iterator[tuple[Layout, Passage]]:
        for layout in self.layouts:
            for passage in layout.paragraphs:
                yield layout, passage


def read(pages: Sequence[PageContent], kind: Kind) -> Reading:
    if len(pages) > PAGES_FIRST + PAGES_LAST:
        pages = [*pages[:PAGES_FIRST], *pages[-PAGES_LAST:]]
    layouts = tuple(lay_out(page) for page in pages)
    texts = [passage for layout in layouts for passage in layout.paragraphs]
    money: list[FoundMoney] = [one for passage in texts for one in find_money(passage.text)]
    currencies = tuple(dict.fromkeys(one.currency for one in money if one.currency))
    emails = tuple((passage, one) for passage in texts for one in find_emails(passage.text))
    first = [one for passage in texts for one in find_phones(passage.text)]
    regions = tuple(regions_of(currencies, [mail for _, mail in emails], first))
    phones = tuple((passage, one) for passage in texts for one in find_phones(passage.text, regions))
    found_dates = [one for passage in texts for one in dates.find_dates(passage.text)]
    tokens = (word.text for passage in texts for word in passage.words[:WORDS_LOOKED_AT])
    abroad = [one.region for one in first if one.region]
    proven, likely = date_order(found_dates, tokens, currencies, abroad)
    hints = Hints(proven, likely, regions, currencies)
    return Reading(layouts, kind, hints, emails, phones, len(found_dates))
