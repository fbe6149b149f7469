"""What a model knows of weddings without being told: how papers name the usual fields, and how values are written."""

from __future__ import annotations

import re
from datetime import date

NAMES: dict[str, tuple[str, ...]] = {
    "partner_1_name": ("bride", "partner 1", "client name", "name"),
    "partner_2_name": ("groom", "partner 2", "spouse"),
    "couple_email": ("email", "e mail", "email address"),
    "couple_phone": ("phone", "mobile", "telephone", "tel"),
    "wedding_date": ("wedding date", "date of wedding", "event date", "date of event"),
    "wedding_time": ("ceremony time", "start time", "time of ceremony"),
    "guest_count": ("guest count", "number of guests", "guests"),
    "ceremony_venue": ("ceremony venue", "ceremony location", "venue"),
    "reception_venue": ("reception venue", "reception location", "venue"),
    "venue_address": ("venue address", "address"),
    "budget_range": ("budget",),
    "vendor_name": ("vendor", "supplier", "company"),
    "package_name": ("package", "collection"),
    "total_amount": ("total", "total price", "total amount"),
    "deposit_amount": ("deposit", "retainer", "booking fee"),
    "balance_due": ("balance", "balance due", "amount due"),
    "balance_due_date": ("balance due date", "due by", "due date"),
    "contract_date": ("contract date", "date of agreement", "dated"),
}
"""Names a paper may print for a field, the surest first."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS = re.compile(r"\d+")


def names(meaning: str, label: str) -> tuple[str, ...]:
    """What to look for: the label that was printed, or the usual names of a wedding field."""
    return NAMES.get(meaning) or NAMES.get(label) or (label.replace("_", " "),)


def normalised(kind: str | None, text: str) -> str:
    """A value as prompts ask for it: ISO dates, 24-hour times, plain amounts and counts; anything else as printed."""
    found: str | None = None
    if kind == "date":
        found = _date(text)
    elif kind == "time":
        found = _time(text)
    elif kind in ("currency", "number"):
        found = _amount(text)
    return text if found is None else found


def _date(text: str) -> str | None:
    numbers = [int(one) for one in _DIGITS.findall(text)]
    month = next((n for n, name in enumerate(_MONTHS, 1) if re.search(rf"\b{name}", text.lower())), None)
    if month is not None and len(numbers) == 2:
        day, year = numbers
    elif month is None and len(numbers) == 3:
        if numbers[0] > 31:
            year, month, day = numbers
        else:
            day, month, year = numbers  # day first; a paper that puts the month first misleads it
    else:
        return None
    year += 2000 if year < 100 else 0
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _time(text: str) -> str | None:
    numbers = [int(one) for one in _DIGITS.findall(text)]
    if not numbers:
        return None
    hour, minute = numbers[0], numbers[1] if len(numbers) > 1 else 0
    half = text.lower().replace(".", "")
    if "pm" in half and hour < 12:
        hour += 12
    elif "am" in half and hour == 12:
        hour = 0
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None


def _amount(text: str) -> str | None:
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    if not digits:
        return None
    whole, mark, rest = digits, "", ""
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0 and len(digits) - last - 1 in (1, 2):
        whole, mark, rest = digits[:last], ".", digits[last + 1 :]
    return re.sub(r"[.,]", "", whole) + mark + rest
