"""Amounts of money with their currency, as plain decimals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from price_parser import Price

CURRENCIES = (
    "USD",
    "EUR",
    "GBP",
    "CHF",
    "AUD",
    "CAD",
    "NZD",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "ZAR",
    "INR",
    "SGD",
    "HKD",
)
_DIGIT = re.compile(r"\d")
_SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "zł": "PLN", "Kč": "CZK", "Fr.": "CHF", "SFr.": "CHF"}
_DOLLARS = {"US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD"}

_SIGN = rf"(?:(?:US|AU?|CA?|NZ|S|HK)?\$|[€£₹]|\b(?:{'|'.join(CURRENCIES)})\b|zł|Kč|\bS?Fr\.)"
_NUMBER = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?(?!\d)"
_WITH_SIGN = re.compile(
    rf"(?P<before>{_SIGN})\s?(?P<number>{_NUMBER})(?:\s?[-–]{{1,2}}(?=\s|$))?"
    rf"|(?P<number2>{_NUMBER})(?:,-)?\s?(?P<after>{_SIGN})"
)
_BARE = re.compile(rf"^\s*(?P<number>{_NUMBER})\s*$")


@dataclass(frozen=True, slots=True)
class FoundMoney:
    start: int
    end: int
    text: str
    amount: Decimal
    currency: str | None
    """ISO 4217; None when the text prints no currency."""
    dollar: bool = False
    """Printed as a bare dollar sign, which several countries share."""

    @property
    def plain(self) -> str:
        return f"{self.amount:.2f}"


def find_money(text: str, *, bare: bool = False) -> list[FoundMoney]:
    """Amounts with a currency sign or code; with ``bare`` also a text that is nothing but a number."""
    found: list[FoundMoney] = []
    if not _DIGIT.search(text):
        return found
    for match in _WITH_SIGN.finditer(text):
        amount = _amount(match["number"] or match["number2"])
        if amount is None:
            continue
        sign = match["before"] or match["after"]
        found.append(FoundMoney(match.start(), match.end(), match[0], amount, _code(sign), dollar=sign == "$"))
    if not found and bare:
        alone = _BARE.match(text)
        amount = _amount(alone["number"]) if alone else None
        if alone and amount is not None:
            found.append(FoundMoney(alone.start("number"), alone.end("number"), alone["number"], amount, None))
    return found


def settled_currency(found: FoundMoney, codes: Sequence[str]) -> str | None:
    """A bare dollar takes the dollar code the document prints elsewhere (``codes``), else US dollars."""
    if found.dollar:
        return next((code for code in codes if code in {"AUD", "CAD", "NZD", "SGD", "HKD"}), "USD")
    return found.currency or (codes[0] if len(set(codes)) == 1 else None)


def _code(sign: str) -> str | None:
    if sign in CURRENCIES:
        return sign
    return _SYMBOLS.get(sign) or _DOLLARS.get(sign) or ("USD" if sign == "$" else None)


def _amount(text: str) -> Decimal | None:
    plain = re.sub(r"[\s'’\u00a0\u202f]", "", text)
    amount = Price.fromstring(plain).amount
    return amount if amount is not None and amount < Decimal(10) ** 9 else None
