"""What work with an AI provider is measured in: tokens by kind, the tier they were served at, and exact money."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum

CURRENCY = "USD"
"""What providers list their prices in."""

DIGITS_MAX = 50
"""Digits an amount may have; a sum that needs more is an error, as is everything else that would have to be rounded."""

_EXACT = Context(prec=DIGITS_MAX, traps=[Inexact, InvalidOperation])
_MILLION_PLACES = -6


class Tier(StrEnum):
    """How fast, and at what share of the price, a provider serves a request."""

    STANDARD = "standard"
    """At once."""
    FLEX = "flex"
    """Slower and cheaper; may be refused when the provider has no room."""
    BATCH = "batch"
    """Within a day, in a file of many."""


class TokenKind(StrEnum):
    """The kinds a provider charges apart. A token is of one kind only."""

    INPUT = "input"
    """Text of the prompt that was read anew."""
    CACHED = "cached"
    """Part of the prompt the provider still had."""
    WRITTEN = "written"
    """Text of the prompt that was kept for later, where keeping has a price of its own."""
    IMAGE = "image"
    """Pictures in the prompt."""
    OUTPUT = "output"
    """The answer, with what the model thought before it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts as the provider told them, never an estimate of ours. Disjoint: their sum is everything charged."""

    input: int = 0
    cached: int = 0
    image: int = 0
    output: int = 0
    written: int = 0

    def __post_init__(self) -> None:
        if min(self.input, self.cached, self.image, self.output, self.written) < 0:
            raise ValueError("a count of tokens is negative")

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.cached + other.cached,
            self.image + other.image,
            self.output + other.output,
            self.written + other.written,
        )

    @property
    def prompt(self) -> int:
        """Everything that was sent."""
        return self.input + self.cached + self.image + self.written

    def of(self, kind: TokenKind) -> int:
        return int(getattr(self, kind.value))

    def by_kind(self) -> dict[str, int]:
        return {kind.value: self.of(kind) for kind in TokenKind}

    @classmethod
    def told(cls, prompt: int, output: int, *, cached: int = 0, image: int = 0, written: int = 0) -> Tokens:
        """From a provider's usage, where the prompt's total includes its cached, written and image tokens.

        A cached prompt begins with text, so cached tokens are taken from its text first; of the pictures, what is left.
        """
        cached = min(cached, prompt)
        image = min(image, prompt - cached)
        written = min(written, prompt - cached - image)
        return cls(prompt - cached - image - written, cached, image, output, written)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount. Arithmetic that would have to round raises ``decimal.Inexact``; floats are refused."""

    amount: Decimal
    currency: str = CURRENCY

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise TypeError("an amount of money is a finite Decimal")

    @classmethod
    def parse(cls, text: str, currency: str = CURRENCY) -> Money:
        """``"0.0125"``. Raises ValueError when it is no plain decimal number."""
        return cls(decimal(text), currency)

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if not isinstance(factor, int | Decimal):
            raise TypeError("money is multiplied by whole or decimal numbers only")
        return Money(_EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        """Plain decimal, no exponent, no needless zeros."""
        return plain(self.amount)

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.amount

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str = CURRENCY) -> Money:
        found = NOTHING if currency == CURRENCY else cls(Decimal(0), currency)
        for amount in amounts:
            found = found + amount
        return found


NOTHING = Money(Decimal(0))


def per_million(price: Money, count: int) -> Money:
    """What ``count`` tokens cost at a price per million tokens, exactly."""
    amount = _EXACT.multiply(price.amount, Decimal(count))
    return Money(_EXACT.scaleb(amount, _MILLION_PLACES), price.currency)


def decimal(text: str) -> Decimal:
    """A plain decimal number from text. Raises ValueError."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is no decimal number") from None
    if not found.is_finite():
        raise ValueError(f"{text!r} is no decimal number")
    return found


def plain(amount: Decimal) -> str:
    """``"0.0125"``: no exponent, no needless zeros."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


@dataclass(frozen=True, slots=True)
class Rates:
    """Money per million tokens of each kind."""

    input: Money
    cached: Money
    image: Money
    output: Money
    written: Money

    def of(self, kind: TokenKind) -> Money:
        found: Money = getattr(self, kind.value)
        return found

    def cost(self, tokens: Tokens) -> Money:
        return Money.total(
            (per_million(self.of(kind), tokens.of(kind)) for kind in TokenKind), currency=self.input.currency
        )

    @classmethod
    def parse(
        cls, input: str, output: str, cached: str | None = None, image: str | None = None, written: str | None = None
    ) -> Rates:
        """From decimal text; what is not given costs as much as input."""
        plain_input = Money.parse(input)
        others = [plain_input if text is None else Money.parse(text) for text in (cached, image, written)]
        return cls(plain_input, others[0], others[1], Money.parse(output), others[2])

    def times(self, factor: Decimal) -> Rates:
        return Rates(*(self.of(kind) * factor for kind in _ORDER))


_ORDER = (TokenKind.INPUT, TokenKind.CACHED, TokenKind.IMAGE, TokenKind.OUTPUT, TokenKind.WRITTEN)


PICO = Decimal(10) ** 12
"""Picodollars of a dollar: what tables keep, in whole numbers."""


def to_pico(money: Money) -> int:
    """Raises ``decimal.Inexact`` for an amount finer than a picodollar."""
    return int(_EXACT.to_integral_exact(_EXACT.multiply(money.amount, PICO)))


def from_pico(amount: int) -> Money:
    return Money(_EXACT.divide(Decimal(amount), PICO))
