"""Answers that are not written in their place: kept whole on pages of their own at the end, so that nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pikepdf
from pikepdf import Array, Dictionary, Name

from procession.digitize.paper.canvas import Canvas
from procession.digitize.paper.fitting import LEADING, runs_right_to_left, visual, wrapped
from procession.digitize.paper.font import EmbeddedFont, drawable, typeface
from procession.domain.errors import TooComplex

PAGES_MAX = 200
"""Pages of answers that did not fit; some three million letters."""
ENTRIES_MAX = 20_000
LABEL_CHARACTERS_MAX = 160
TITLE = "Answers that did not fit"
MARGIN = 54.0
_TITLE_POINTS, _LABEL_POINTS, _TEXT_POINTS = 15.0, 8.5, 10.5
_QUIET = b"0.35 g"
_PLAIN = b"0 g"


class Why(StrEnum):
    """As the page says it."""

    CUT = "too long for its place on the form"
    NO_PLACE = "the form has no place for it"
    TAKEN = "something else is already printed in its place"
    TWICE = "another answer stands in this field, which the file shows in several places"
    UNSIGNED = "only the file of a signature can sign here"


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    page: int
    label: str
    text: str
    why: Why

    @property
    def mark(self) -> str:
        """What stands on the form where the answer breaks off."""
        return f" [{self.number}]"


@dataclass(slots=True)
class Leftovers:
    entries: list[Entry] = field(default_factory=list)

    def next_mark(self) -> str:
        return f" [{len(self.entries) + 1}]"

    def add(self, page: int, label: str, text: str, why: Why) -> Entry:
        """Raises TooComplex past ENTRIES_MAX."""
        if len(self.entries) >= ENTRIES_MAX:
            raise TooComplex(f"More than {ENTRIES_MAX} answers have no place on this form.")
        entry = Entry(len(self.entries) + 1, page, label[:LABEL_CHARACTERS_MAX] or "Unnamed field", text, why)
        self.entries.append(entry)
        return entry

    def append_to(self, pdf: pikepdf.Pdf, font: EmbeddedFont, size: tuple[float, float]) -> int:
        """Pages appended. ``size``: width and height of the form's own pages, in points. Raises TooComplex."""
        if not self.entries:
            return 0
        sheets = _Sheets(font, *_readable(size))
        sheets.line(TITLE, _TITLE_POINTS, _PLAIN)
        sheets.gap(6)
        for entry in self.entries:
            sheets.entry(entry)
        for canvas in sheets.canvases:
            _append(pdf, canvas, sheets.width, sheets.height)
        return len(sheets.canvases)


def _readable(size: tuple[float, float]) -> tuple[float, float]:
    """Paper one can print on, however odd the form's is."""
    width, height = size
    if 400 <= width <= 1300 and 400 <= height <= 1300:
        return width, height
    return 595.28, 841.89


class _Sheets:
    def __init__(self, font: EmbeddedFont, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.canvases: list[Canvas] = []
        self._font = font
        self._room = 0.0

    def entry(self, entry: Entry) -> None:
        head = drawable(f"[{entry.number}]  Page {entry.page}  {entry.label}")[0].replace("\n", " ")
        text = drawable(entry.text)[0]
        self._keep(2 * _LABEL_POINTS * LEADING + _TEXT_POINTS * LEADING)
        for line in wrapped(head, self.width - 2 * MARGIN, _LABEL_POINTS):
            self.line(line, _LABEL_POINTS, _QUIET)
        for line in wrapped(text, self.width - 2 * MARGIN, _TEXT_POINTS):
            self.line(line, _TEXT_POINTS, _PLAIN)
        self.line(f"({entry.why})", _LABEL_POINTS, _QUIET)
        self.gap(9)

    def line(self, text: str, size: float, colour: bytes) -> None:
        self._keep(size * LEADING)
        self._room -= size * LEADING
        canvas = self.canvases[-1]
        canvas.parts.append(colour)
        shown = visual(text)
        width = typeface().width(shown, size)
        x = self.width - MARGIN - width if runs_right_to_left(text) else MARGIN
        canvas.text(shown, x, MARGIN + self._room, size)

    def gap(self, points: float) -> None:
        self._room -= points

    def _keep(self, points: float) -> None:
        """A new page when less than this is left of one."""
        if self.canvases and self._room >= points:
            return
        if len(self.canvases) >= PAGES_MAX:
            raise TooComplex(f"The answers that do not fit on this form would fill more than {PAGES_MAX} pages.")
        self.canvases.append(Canvas(self._font, self.height))
        self._room = self.height - 2 * MARGIN


def _append(pdf: pikepdf.Pdf, canvas: Canvas, width: float, height: float) -> None:
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(width, 2), round(height, 2)]),
        Resources=canvas.resources,
        Contents=pdf.make_stream(canvas.content),
    )
    pdf.pages.append(pikepdf.Page(page))
