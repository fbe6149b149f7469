"""Dates and times as people print them, in six languages. An order that two dates fit is never guessed silently."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from procession.digitize.vocabulary import fold

Order = Literal["dmy", "mdy"]

YEARS = (1950, 2100)

_MONTH_NAMES = (
    "january jan januar janvier enero gennaio januari jaenner janv ene gen",
    "february feb februar fevrier febrero febbraio februari fev fevr febr",
    "march mar marz maerz mars marzo maart mrz mrt",
    "april apr avril abril aprile avr abr",
    "may mai mayo maggio mei mag",
    "june jun juni juin junio giugno giu",
    "july jul juli juillet julio luglio juil lug",
    "august aug aout agosto augustus ago",
    "september sept sep septembre septiembre settembre set",
    "october oct oktober octobre octubre ottobre okt ott",
    "november nov novembre noviembre",
    "december dec dezember decembre diciembre dicembre dez dic",
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_WEEKDAY_NAMES = (
    "monday mon montag lundi lunes lunedi maandag",
    "tuesday tue tues dienstag mardi martes martedi dinsdag",
    "wednesday wed mittwoch mercredi miercoles mercoledi woensdag",
    "thursday thu thur thurs donnerstag jeudi jueves giovedi donderdag",
    "friday fri freitag vendredi viernes venerdi vrijdag",
    "saturday sat samstag sonnabend samedi sabado sabato zaterdag",
    "sunday sun sonntag dimanche domingo domenica zondag",
)
WEEKDAYS: dict[str, int] = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}

_WORD = r"[^\W\d_]{3,12}"
_DAY = r"(?P<day>[0-3]?\d)(?:\s?(?:st|nd|rd|th|er|º|ª)\b)?\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d|['’]\d\d|\d\d(?=\b(?![.,:/\d])))"
_WEEKDAY = rf"(?:(?P<weekday>{_WORD})\.?,?\s+(?:the\s+|den\s+|dem\s+|le\s+|el\s+)?)?"
_PATTERNS = (
    re.compile(r"(?<![\d.,/-])(?P<year>(?:19|20)\d\d)[-/.](?P<month>[01]?\d)[-/.](?P<day>[0-3]?\d)(?![\d/-])"),
    re.compile(
        rf"{_WEEKDAY}(?<![\d.,/-])(?P<a>[0-3]?\d)\s?(?P<separator>[/.\-·])\s?(?P<b>[0-3]?\d)\s?(?P=separator)\s?"
        r"(?P<year>(?:19|20)\d\d|\d\d)(?![\d/-])"
    ),
    re.compile(
        rf"{_WEEKDAY}(?<![\d.,/-]){_DAY}\s*(?:day\s+of\s+|of\s+|de\s+|-|/)?\s*(?P<name>{_WORD})\.?,?\s*(?:de\s+|del\s+|-|/)?\s*"
        rf"{_YEAR}(?!\d)",
        re.IGNORECASE,
    ),
    re.compile(rf"{_WEEKDAY}(?P<name>{_WORD})\.?\s+{_DAY},?\s+{_YEAR}(?!\d)", re.IGNORECASE),
)
_DAY_AND_YEAR = re.compile(r"\d\D*\d\D*\d")
"""What every date has; a text without is not searched for one."""
_NO_YEAR = re.compile(
    rf"(?<!\d)(?:{_DAY}\s*(?:of\s+|de\s+)?(?P<name>{_WORD})|(?P<name2>{_WORD})\s+(?P<day2>[0-3]?\d)(?:st|nd|rd|th)?)(?!\d)"
)
_TIME = re.compile(
    r"(?<![\d.,:/$€£-])(?:(?P<hour>[01]?\d|2[0-3])(?:[:.h](?P<minute>[0-5]\d))?\s?(?P<half>[ap]\.?\s?m\b\.?)"
    r"|(?P<hour24>[01]?\d|2[0-4])\s?[:.h]\s?(?P<minute24>[0-5]\d)(?:\s?(?:uhr|h|hrs?))?(?![\d:]|\.\d)"
    r"|(?P<hour_only>[01]?\d|2[0-3])\s?(?:uhr|o'?clock|heures|h)\b"
    r"|\b(?P<word>noon|midday|midnight|mittag|midi|minuit)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """One date in a text. More than one candidate means that the printed order fits several."""

    start: int
    end: int
    text: str
    candidates: tuple[date, ...]
    numeric: bool
    """Printed with numbers only, so its order says something about the document's other dates."""
    order: Order | None = None
    """The only order that fits, for a numeric date that is not ambiguous."""
    doubt: str | None = None
    """Why a person should look although one date fits, e.g. the weekday does not."""


@lru_cache(maxsize=1024)
def find_dates(text: str) -> tuple[FoundDate, ...]:
    """Dates with day, month and year, left to right, none overlapping another."""
    found: list[FoundDate] = []
    if not _DAY_AND_YEAR.search(text):
        return ()
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            one = _read(match)
            if one and not any(one.start < other.end and other.start < one.end for other in found):
                found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def order_of(dates: Iterable[FoundDate]) -> Order | None:
    """The order a document's own unambiguous numeric dates prove, None when they prove nothing or disagree."""
    orders = {one.order for one in dates if one.order}
    return next(iter(orders)) if len(orders) == 1 else None


def resolve(found: FoundDate, proven: Order | None, likely: Order | None) -> tuple[date, str | None, float]:
    """The date, why a person should look (None: no need), and confidence.

    ``proven`` by the document's other dates and ``likely`` (from its language, currency or phone numbers) only choose
    which date is proposed: a slip or another hand's date is enough to make the proof wrong.
    """
    if len(found.candidates) == 1:
        return found.candidates[0], found.doubt, 0.75 if found.doubt else 0.97
    day_first, month_first = found.candidates
    order = proven or likely
    reason = f"two dates fit: {_spoken(day_first)} or {_spoken(month_first)}"
    if proven:
        first = "day" if proven == "dmy" else "month"
        reason += f"; other dates here put the {first} first"
    return (month_first if order == "mdy" else day_first), reason, 0.75 if proven else 0.6 if likely else 0.5


def lacks_year(text: str) -> bool:
    """Whether the text holds a day and a month but no year."""
    return any(
        fold(match["name"] or match["name2"]).strip() in MONTHS for match in _NO_YEAR.finditer(text)
    ) and not find_dates(text)


def find_time(text: str) -> tuple[int, int, str] | None:
    """First time of day as (start, end, "HH:MM")."""
    found = find_times(text)
    return found[0] if found else None


def find_times(text: str) -> list[tuple[int, int, str]]:
    """Times of day as (start, end, "HH:MM"), left to right."""
    found: list[tuple[int, int, str]] = []
    for match in _TIME.finditer(text):
        if match["word"]:
            value = "00:00" if match["word"].lower() in {"midnight", "minuit"} else "12:00"
            found.append((match.start(), match.end(), value))
            continue
        hour = int(match["hour"] or match["hour24"] or match["hour_only"])
        minute = int(match["minute"] or match["minute24"] or 0)
        half = (match["half"] or "").lower()
        if half:
            if not 1 <= hour <= 12:
                continue
            hour = hour % 12 + (12 if half.startswith("p") else 0)
        if hour < 24:
            found.append((match.start(), match.end(), f"{hour:02d}:{minute:02d}"))
    return found


def _read(match: re.Match[str]) -> FoundDate | None:
    groups = match.groupdict()
    year = _year(groups["year"])
    start = match.start()
    weekday = WEEKDAYS.get(fold(groups.get("weekday") or "").strip())
    if groups.get("weekday") and weekday is None:
        start = match.end("weekday")  # some other word stood before the date
        start += len(match.string[start : match.end()]) - len(match.string[start : match.end()].lstrip(" .,"))
        prefix = re.match(r"(?:the|den|dem|le|el)\s+", match.string[start : match.end()])
        start += prefix.end() if prefix else 0
    text = match.string[start : match.end()]
    numeric = groups.get("a") is not None
    if numeric:
        a, b = int(groups["a"]), int(groups["b"])
        if groups["separator"] in ".·":
            options = [_date(year, b, a)]  # dots are only ever printed day first
            order: Order | None = "dmy"
        else:
            options, order = [_date(year, b, a), _date(year, a, b)], None
    else:
        month = int(groups["month"]) if groups.get("month") else MONTHS.get(fold(groups.get("name") or "").strip(), 0)
        options, order = [_date(year, month, int(groups["day"]))], None
    candidates = list(dict.fromkeys(one for one in options if one))
    if not candidates:
        return None
    if numeric and order is None and len(candidates) == 1 and a != b:
        order = "dmy" if candidates[0].month == b else "mdy"
    doubt = None
    if weekday is not None:
        fitting = [one for one in candidates if one.weekday() == weekday]
        doubt = None if fitting else "the weekday does not fit the date"
        if len(fitting) == 1 and numeric and len(candidates) == 2:
            order = "dmy" if fitting[0].month == b else "mdy"
        candidates = fitting or candidates
    return FoundDate(start, match.end(), text, tuple(candidates), numeric, order, doubt)


def _year(text: str) -> int:
    number = int(text.strip("'’"))
    return number + 2000 if number < 100 else number


def _date(year: int, month: int, day: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if YEARS[0] <= year <= YEARS[1] else None


def _spoken(day: date) -> str:
    return f"{day.day} {day:%B}"


def likely_order(currencies: Sequence[str], phone_regions: Sequence[str]) -> Order | None:
    """What the rest of the document suggests: month first in the United States, day first nearly everywhere else."""
    signs = [*currencies, *phone_regions]
    american = sum(sign in {"USD", "US"} for sign in signs)
    other = sum(sign not in {"USD", "US", "CA", "CAD", ""} for sign in signs)
    if american == other:
        return None
    return "mdy" if american > other else "dmy"
