"""What states, stages and types are called on the pages. One place, so every page says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from procession.domain.analysis import OBJECTIVE_SECONDS, Priority, Stage, State
from procession.domain.billing import Action
from procession.domain.form import FieldType
from procession.domain.template import CHANGED_FORM, KNOWN_FORM
from procession.services.cost_views import BudgetView
from procession.services.views import AnalysisView

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Saying:
    """A state in words. ``tone`` names its colour and its shape together: colour never speaks alone."""

    text: str
    tone: str


STAGES: dict[str, str] = {
    Stage.UPLOADED: "Starting",
    Stage.PARSING: "Opening the document",
    Stage.RECOGNITION: "Reading scanned pages",
    Stage.FIELD_DETECTION: "Finding fields",
    Stage.AWAITING_AI: "Waiting for the AI",
    Stage.EXTRACTION: "Reading values",
    Stage.VALIDATION: "Checking",
    Stage.DONE: "Finishing",
}

ACTIVE = frozenset({State.PENDING.value, State.PROCESSING.value})
READABLE = frozenset({State.REQUIRES_REVIEW.value, State.COMPLETED.value})
"""States in which there is a result to review."""


def state(
    status: str, stage: str | None = None, *, form_id: str | None = None, cancelling: bool = False, paused: bool = False
) -> Saying:
    """The state of an analysis as the lists say it."""
    if cancelling and status in ACTIVE:
        return Saying("Cancelling", "quiet")
    match status:
        case State.PENDING:
            return Saying("Paused by the operator", "look") if paused else Saying("Waiting for its turn", "busy")
        case State.PROCESSING:
            return Saying(STAGES.get(stage or "", "Working"), "busy")
        case State.REQUIRES_REVIEW:
            return Saying("Ready for your review", "look")
        case State.COMPLETED:
            return Saying("Form made" if form_id else "Read, every field clear", "good")
        case State.FAILED:
            return Saying("Could not be read", "wrong")
        case _:
            return Saying("Cancelled", "quiet")


PRIORITIES: dict[str, str] = {Priority.URGENT: "Now", Priority.STANDARD: "Soon", Priority.LOW: "Can wait"}


def objective(priority: str) -> str:
    """How soon a class is promised: "within 2 minutes"."""
    seconds = OBJECTIVE_SECONDS[Priority(priority)]
    minutes = seconds // MINUTE
    return "within an hour" if seconds == HOUR else f"within {minutes} minutes"


TYPES: dict[str, str] = {
    FieldType.TEXT: "Text, one line",
    FieldType.TEXTAREA: "Text, several lines",
    FieldType.EMAIL: "E-mail address",
    FieldType.PHONE: "Phone number",
    FieldType.DATE: "Date",
    FieldType.TIME: "Time",
    FieldType.NUMBER: "Number",
    FieldType.CURRENCY: "Amount of money",
    FieldType.ADDRESS: "Postal address",
    FieldType.SELECT: "Choose one, from a list",
    FieldType.RADIO: "Choose one, as buttons",
    FieldType.CHECKBOX: "Tick box",
    FieldType.MULTISELECT: "Tick any of several",
    FieldType.SIGNATURE: "Signature",
    FieldType.INITIALS: "Initials",
}

WITH_OPTIONS = frozenset({FieldType.SELECT.value, FieldType.RADIO.value, FieldType.MULTISELECT.value})

KINDS: dict[str, str] = {
    "form": "Form",
    "contract": "Contract",
    "invoice": "Invoice",
    "questionnaire": "Questionnaire",
    "other": "Document",
}


PAGE_SOURCES: dict[str, str] = {"digital": "printed text", "scanned": "scanned picture", "mixed": "text and scans"}


def by_ai(field: Mapping[str, Any]) -> str:
    """Where a value comes from that the engine did not read by itself, with its proof."""
    if field["value_text"] is None:
        return f"AI read this on page {field['page']}; its place is marked there."
    return f"AI read this in “{field['value_text']}” on page {field['page']}; its place is marked there."


def known_tone(warning: str) -> str:
    """How the page tells that an approved definition was used; empty for any other warning."""
    if warning.startswith(KNOWN_FORM):
        return "good"
    return "look" if warning.startswith(CHANGED_FORM) else ""


def thousands(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def count(number: int | None, one: str, many: str | None = None) -> str:
    """``3 fields``, ``1 field``."""
    if number is None:
        return f"– {many or one + 's'}"
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dollars(amount: str | Decimal) -> str:
    """``$1,234.50``; below a dollar to a hundredth of a cent. A little is never shown as nothing."""
    exactly = Decimal(amount)
    if exactly == 0 or exactly >= 1:
        return f"${exactly:,.2f}"
    if exactly < Decimal("0.0001"):
        return "under $0.0001"
    return "$" + f"{exactly:.4f}".removesuffix("00")


def used_percent(budget: BudgetView) -> int:
    """Of its limit, spent and set aside together; a budget of nothing is used up."""
    limit, used = Decimal(budget.limit), Decimal(budget.spent) + Decimal(budget.set_aside)
    return int(used * 100 / limit) if limit else 100


BUDGETS: dict[str, Saying] = {
    "fine": Saying("Within", "good"),
    Action.WARN: Saying("Nearly used up", "look"),
    Action.DEGRADE: Saying("Cheapest only", "look"),
    Action.STOP: Saying("Used up: AI stops", "wrong"),
}


def budget(state: str) -> Saying:
    return BUDGETS[state]


def decision(action: str, cause: str) -> Saying:
    """What was done about costs."""
    if cause == "spike":
        return Saying("An unusual hour", "look")
    return {
        Action.WARN.value: Saying("A budget is nearly used up", "look"),
        Action.DEGRADE.value: Saying("Cheapest routes only", "look"),
    }.get(action, Saying("No calls to AI", "wrong"))


def size(number: int) -> str:
    """Bytes in MB, as the uploads' limits are stated."""
    megabytes = number / (1024 * 1024)
    return f"{megabytes:,.1f} MB" if megabytes < 10 and megabytes != int(megabytes) else f"{megabytes:,.0f} MB"


def duration(seconds: float | None) -> str:
    """``4 s``, ``3 min``, ``2 h``, ``5 days``; rounded down, as people say it."""
    if seconds is None:
        return "–"
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < 2 * DAY:
        return f"{whole // HOUR} h"
    return f"{whole // DAY} days"


def ago(moment: datetime, now: datetime) -> str:
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 10 else f"{duration(seconds)} ago"


def exact(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M:%S} UTC"


def file(job: AnalysisView) -> str:
    """The uploaded file's name; its key may be gone with the document."""
    return job.file or "Erased document"


def sentence(text: str) -> str:
    """A reason as a sentence of its own."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "…")) else ".")
