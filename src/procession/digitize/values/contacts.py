"""E-mail addresses and phone numbers. A phone number's country is read from the document, never assumed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from procession.digitize.vocabulary import word_set

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[^\W\d_]{2,24}", re.UNICODE)
_PARTED = re.compile(
    r"(?<![\w.@])(?P<local>\w[\w.+-]{2,40})(?: @ ?| ?@ )(?P<host>(?:[\w-]{2,30}\.)+"
    r"(?:com|net|org|de|fr|es|nl|it|uk|au|ie|eu|be|at|ch|us|ca|nz|info|me|io|co|studio|photo|photography|wedding))\b",
    re.IGNORECASE,
)
"""Recognisers part an address at its @: "anna.bell @example.com"."""
_PHONE = re.compile(r"(?<![\w.,/@-])(?:\+|00)?[(]?\d(?:[\d\s()\-/–\u00a0]|\.(?=\d)){5,20}\d(?![\w@]|[.,]\d|\s?[€£$])")
_NANP = re.compile(r"^(?:1[\s.-])?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[\s.-]\d{4}$")
_DATELIKE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$")

_REGION_OF_CURRENCY = {
    "GBP": "GB",
    "AUD": "AU",
    "NZD": "NZ",
    "CAD": "CA",
    "CHF": "CH",
    "INR": "IN",
    "ZAR": "ZA",
    "SEK": "SE",
}
_REGION_OF_TLD = {"uk": "GB", "ie": "IE", "au": "AU", "nz": "NZ", "ca": "CA", "de": "DE", "fr": "FR", "it": "IT"} | {
    "es": "ES", "nl": "NL", "be": "BE", "at": "AT", "ch": "CH", "us": "US", "za": "ZA", "in": "IN"
}  # fmt: skip

_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "www"})
FREE_MAIL = word_set(
    """
    gmail googlemail outlook hotmail live msn yahoo ymail icloud me mac aol proton protonmail gmx web t-online
    orange wanadoo free laposte libero virgilio btinternet sky virginmedia comcast verizon att sbcglobal
    example mail
    """
)
OFFICE_NAMES = word_set(
    """
    orders studio info hello contact bookings booking events event office enquiries inquiries sales admin team
    weddings hi accounts billing support book mail kontakt hallo bonjour hola ciao
    """
)


@dataclass(frozen=True, slots=True)
class FoundEmail:
    start: int
    end: int
    text: str

    @property
    def normal(self) -> str:
        return self.text.lower().replace(" ", "")

    @property
    def local(self) -> str:
        return self.normal.split("@")[0]

    @property
    def company(self) -> str:
        """The domain's own name: "goldenhour" of studio@goldenhour.co.uk."""
        parts = [part for part in self.normal.split("@")[1].split(".")[:-1] if part not in _SECOND_LEVEL]
        return next((part for part in reversed(parts) if part not in FREE_MAIL), parts[-1] if parts else "")

    @property
    def is_office(self) -> bool:
        return re.split(r"[.\-_+\d]", self.local)[0] in OFFICE_NAMES and self.company not in FREE_MAIL


@dataclass(frozen=True, slots=True)
class FoundPhone:
    start: int
    end: int
    text: str
    e164: str | None
    region: str | None
    doubt: str | None = None


def find_emails(text: str) -> list[FoundEmail]:
    found = []
    for match in _EMAIL.finditer(text):
        address = match[0].lstrip("'`.-").rstrip(".-")
        start = match.start() + match[0].index(address)
        found.append(FoundEmail(start, start + len(address), address))
    for match in _PARTED.finditer(text) if "@" in text else ():
        if not any(match.start() < other.end and other.start < match.end() for other in found):
            found.append(FoundEmail(match.start(), match.end(), match[0]))
    return sorted(found, key=lambda one: one.start)


def find_phones(text: str, regions: Sequence[str] = ()) -> list[FoundPhone]:
    """Numbers that look like phone numbers; ``regions`` are countries the document points to, likeliest first."""
    found = []
    for match in _PHONE.finditer(text):
        printed = match[0].rstrip(" .-–(/")
        digits = re.sub(r"\D", "", printed)
        if not 7 <= len(digits) <= 15 or _DATELIKE.match(printed.strip()) or _is_amount(printed):
            continue
        if printed.count("(") != printed.count(")"):
            continue
        found.append(_phone(match.start(), printed, regions))
    return found


def regions_of(currencies: Sequence[str], emails: Sequence[FoundEmail], phones: Sequence[FoundPhone]) -> list[str]:
    """Countries a document points to: of its international numbers, its e-mail domains, its currencies."""
    regions = [phone.region for phone in phones if phone.region]
    regions += [_REGION_OF_TLD[tld] for mail in emails if (tld := mail.normal.rsplit(".", 1)[-1]) in _REGION_OF_TLD]
    regions += [_REGION_OF_CURRENCY[code] for code in currencies if code in _REGION_OF_CURRENCY]
    return list(dict.fromkeys(regions))


def _phone(start: int, printed: str, regions: Sequence[str]) -> FoundPhone:
    end = start + len(printed)
    text = printed
    if text.lstrip().startswith(("+", "00")):
        number = _parse("+" + re.sub(r"^\s*(?:\+|00)", "", text).replace("(0)", ""), None)
        if number:
            return FoundPhone(start, end, text, _e164(number), _region(number))
        return FoundPhone(start, end, text, None, None, "this is no complete phone number")
    if _NANP.match(text.strip()):  # this grouping is only used by countries that share +1
        number = _parse(text, "US")
        if number:
            return FoundPhone(start, end, text, _e164(number), _region(number))
    for region in regions:
        number = _parse(text, region)
        if number:
            return FoundPhone(start, end, text, _e164(number), region)
    return FoundPhone(start, end, text, None, None, "the number does not say its country")


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # reserved ranges (555-01xx) are possible but not valid: printed examples keep their number
    return number if phonenumbers.is_possible_number(number) else None


def _region(number: phonenumbers.PhoneNumber) -> str:
    """The number's country; of a country code that several share, the one with most numbers."""
    precise = phonenumbers.region_code_for_number(number)
    return str(precise or phonenumbers.region_code_for_country_code(number.country_code or 0))


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _is_amount(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(?:[.\s]\d{3})+", text.strip()))
