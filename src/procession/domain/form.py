"""The form definition and the result of an analysis: the contract of ``analyze --json`` and ``/result``.

Boxes are fractions of the page as displayed, origin top left; page numbers start at 1; absent is null.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constrained

from procession.domain.layout import Box as Box
from procession.domain.layout import Fraction, PageLayout


class FieldType(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    CURRENCY = "currency"
    ADDRESS = "address"
    SELECT = "select"
    RADIO = "radio"
    CHECKBOX = "checkbox"
    MULTISELECT = "multiselect"
    SIGNATURE = "signature"
    INITIALS = "initials"


class Subtype(StrEnum):
    """Core wedding fields (READING). A field that is none of them has no subtype."""

    PARTNER_1_NAME = "partner_1_name"
    PARTNER_2_NAME = "partner_2_name"
    COUPLE_EMAIL = "couple_email"
    COUPLE_PHONE = "couple_phone"
    WEDDING_DATE = "wedding_date"
    WEDDING_TIME = "wedding_time"
    GUEST_COUNT = "guest_count"
    CEREMONY_VENUE = "ceremony_venue"
    RECEPTION_VENUE = "reception_venue"
    VENUE_ADDRESS = "venue_address"
    BUDGET_RANGE = "budget_range"
    SERVICES_NEEDED = "services_needed"
    TIMELINE_PREFERENCES = "timeline_preferences"
    SPECIAL_REQUESTS = "special_requests"
    VENDOR_NAME = "vendor_name"
    PACKAGE_NAME = "package_name"
    TOTAL_AMOUNT = "total_amount"
    DEPOSIT_AMOUNT = "deposit_amount"
    BALANCE_DUE = "balance_due"
    BALANCE_DUE_DATE = "balance_due_date"
    CONTRACT_DATE = "contract_date"
    CLIENT_SIGNATURE = "client_signature"
    VENDOR_SIGNATURE = "vendor_signature"


class Category(StrEnum):
    COUPLE = "couple"
    WEDDING = "wedding"
    VENUE = "venue"
    BUDGET = "budget"
    SERVICES = "services"
    TIMELINE = "timeline"
    PREFERENCES = "preferences"
    CONTRACT = "contract"
    OTHER = "other"


class Source(StrEnum):
    WIDGET = "widget"
    GRAPHICS = "graphics"
    TEXT = "text"
    OCR = "ocr"
    AI = "ai"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(_Frozen):
    label: str
    box: Box | None = None
    value: str | bool | None = None
    """What choosing this option stores; for a filled form's box, true or false."""


class Field(_Frozen):
    """One fillable field, or one value found in text, with where it stands and how sure we are."""

    id: str
    page: Annotated[int, Constrained(ge=1)]
    section: str | None = None
    label: str
    name: str
    type: FieldType
    subtype: Subtype | None = None
    category: Category = Category.OTHER
    required: bool = False
    help: str | None = None
    max_length: int | None = None
    options: tuple[Option, ...] = ()
    box: Box | None = None
    value: str | int | bool | list[str] | None = None
    """Normalised: true/false, ISO dates, plain decimal amounts, E.164 phones, lower-case e-mail, integers, "signed"."""
    value_text: str | None = None
    """As printed."""
    currency: str | None = None
    value_box: Box | None = None
    confidence: Fraction = 0.0
    source: Source
    needs_review: bool = False
    review_reason: str | None = None


class Section(_Frozen):
    id: str
    title: str
    page: Annotated[int, Constrained(ge=1)]


class Form(_Frozen):
    title: str | None = None
    kind: Literal["form", "contract", "invoice", "questionnaire", "other"] = "form"
    sections: tuple[Section, ...] = ()
    fields: tuple[Field, ...] = ()


class Page(_Frozen):
    number: Annotated[int, Constrained(ge=1)]
    width: float
    """Points, as displayed (after rotation and crop)."""
    height: float
    rotation: Literal[0, 90, 180, 270] = 0
    source: Literal["digital", "scanned", "mixed"] = "digital"
    text_turn: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which a scan's text leans on the page as displayed."""


class ErrorDetail(_Frozen):
    code: str
    message: str


class KnownForm(_Frozen):
    """The approved definition a document was read by."""

    template_id: str
    approved_on: date
    changed: bool
    """Whether something on these pages differs from what was approved."""
    kept: int
    """Fields that are as they were approved."""
    fresh: int
    """Fields that the approved definition does not have, or no longer surely."""
    lost: int
    """Approved fields that were not found again."""


class TextLine(_Frozen):
    """A stretch of seen text on one line, given when asked for: what a reading of values quotes as its evidence."""

    id: str
    """``p1l3``: the third line of page 1 in reading order."""
    page: Annotated[int, Constrained(ge=1)]
    box: Box
    text: str
    """Words parted by single spaces."""
    words: tuple[Box, ...]
    """Of each word its box."""
    source: Literal["text", "ocr"]
    confidence: Fraction = 1.0
    """Of the least surely recognised word; 1.0 for printed text."""


class DigitizedDocument(_Frozen):
    """What the engine makes of one document's bytes: no ids of jobs, no tenants."""

    pages: tuple[Page, ...]
    form: Form
    confidence: Fraction | None = None
    needs_review: bool = False
    warnings: tuple[str, ...] = ()
    timings_ms: dict[str, float] = {}
    usage: dict[str, Any] = {}
    """CPU seconds, pages by source, words read."""
    known: KnownForm | None = None
    layouts: tuple[PageLayout, ...] = ()
    """The printed words of the pages and their places, when asked for: what a template is made of."""
    lines: tuple[TextLine, ...] = ()
    """The seen text, when asked for; never part of a stored result."""


class AnalysisResult(_Frozen):
    """The published result (JSON Schema: ``AnalysisResult.model_json_schema()``)."""

    id: str | None
    file: str | None
    sha256: str | None
    status: str
    pages: tuple[Page, ...] = ()
    form: Form | None = None
    confidence: Fraction | None = None
    needs_review: bool = False
    degraded: bool = False
    engine_version: str | None = None
    provider: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    template_id: str | None = None
    reused_from: str | None = None
    timings_ms: dict[str, float] = {}
    usage: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    error: ErrorDetail | None = None
