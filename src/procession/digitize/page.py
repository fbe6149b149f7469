"""What a reader sees on one page, before anybody interprets it. The reader, OCR and the detectors meet here.

Coordinates are points of the page as displayed (rotation and crop applied), origin top left, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Rect(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    box: Rect
    font: str = ""
    size: float = 0.0
    """Points."""
    bold: bool = False
    colour: tuple[int, int, int] = (0, 0, 0)
    visible: bool = True
    """False for invisible render mode, white on white, or off the page: never a value."""
    confidence: float = 1.0
    """1.0 for digital text; the recogniser's own for OCR."""
    rtl: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight stroke (or a filled rectangle thinner than 2 pt), horizontal or vertical within 1 degree."""

    box: Rect
    horizontal: bool
    width: float = 1.0
    colour: tuple[int, int, int] = (0, 0, 0)
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A closed outline that is no thin stroke: a rectangle, a circle (checkbox, radio), a filled panel."""

    box: Rect
    kind: Literal["rect", "ellipse", "other"]
    stroked: bool
    filled: bool
    fill: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class WidgetOption:
    label: str
    value: str
    box: Rect | None = None
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Widget:
    """One AcroForm field's presence on one page; a radio group or a multi-box field is one Widget with options."""

    name: str
    kind: Literal["text", "checkbox", "radio", "choice", "signature", "button"]
    box: Rect
    label: str = ""
    """The field's tooltip (TU), or empty."""
    value: str | None = None
    options: tuple[WidgetOption, ...] = ()
    required: bool = False
    read_only: bool = False
    multiline: bool = False
    multiselect: bool = False
    comb: bool = False
    max_length: int | None = None
    format: str | None = None
    """"date", "time", "number", "currency", "phone" … when the field's format action says so (never executed)."""


@dataclass(slots=True)
class PageContent:
    number: int
    width: float
    height: float
    rotation: Literal[0, 90, 180, 270] = 0
    source: Literal["digital", "scanned", "mixed"] = "digital"
    words: list[Word] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    widgets: list[Widget] = field(default_factory=list)
    images: list[Rect] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
