"""Draws one supplier's document and records, while drawing, what is on it: the truth an analysis can be scored against.

Coordinates here are points with the origin top left and y down; the canvas below has y up.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reportlab.lib.colors import Color, HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

LETTER = (612.0, 792.0)
A4 = (595.28, 841.89)
MARGIN = 54.0
INK = HexColor("#22252b")
SOFT = HexColor("#6b6f76")
PEN = HexColor("#1d3a8f")
WRITING = "Courier"
"""The typeface of answers typed into a printed form."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Vendor:
    """An invented supplier: example.com addresses and 555-01xx numbers only."""

    name: str
    tagline: str
    colour: str
    address: str
    phone: str
    email: str


@dataclass(frozen=True)
class Ask:
    """One thing a form asks. ``options`` make it a choice: one box each, round when ``type`` is radio."""

    label: str
    type: str = "text"
    subtype: str | None = None
    required: bool = False
    options: tuple[str, ...] = ()
    weight: float = 1.0
    value: str | None = None
    """Typed in by the couple; for a choice, the option that is ticked (several joined by ``|``)."""
    normal: str | int | bool | None = None
    """``value`` normalised, when it differs from what is printed."""


@dataclass
class Truth:
    """What the document holds. ``boxes`` are points while drawing, fractions in the JSON."""

    fields: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    signed: bool = False


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]


class Paper:
    """A canvas with a cursor. ``finish`` gives the PDF's bytes; ``truth_json`` what was drawn on it."""

    def __init__(
        self, vendor: Vendor, title: str, size: tuple[float, float] = LETTER, style: str = "line", air: float = 3
    ) -> None:
        """``style``: answers go on a line or in a box; ``air``: points between rows."""
        self.vendor, self.title, self.style, self.air = vendor, title, style, air
        self.width, self.height = size
        self._buffer = io.BytesIO()
        # invariant: no dates and no random id in the file; uncompressed: the same bytes whatever zlib is installed
        self.canvas = Canvas(self._buffer, pagesize=size, invariant=1, pageCompression=0)
        self.canvas.setTitle(f"{vendor.name} - {title}")
        self.canvas.setAuthor(vendor.name)
        self.page, self.y = 0, 0.0
        self.truth = Truth()
        self.colour: Color = HexColor(vendor.colour)
        self.new_page()

    # --- page furniture ---

    @property
    def inner(self) -> float:
        return self.width - 2 * MARGIN

    def new_page(self) -> None:
        if self.page:
            self.canvas.showPage()
        self.page += 1
        self._header() if self.page == 1 else self._running_head()
        self._footer()

    def _header(self) -> None:
        c = self.canvas
        c.setFillColor(self.colour)
        c.rect(0, self.height - 84, self.width, 84, stroke=0, fill=1)
        self.text(self.vendor.name, MARGIN, 38, "Times-Bold", 22, white)
        self.text(self.vendor.tagline, MARGIN, 56, "Helvetica", 9, white)
        for i, line in enumerate((self.vendor.phone, self.vendor.email, self.vendor.address)):
            self.text(line, self.width - MARGIN, 32 + 13 * i, "Helvetica", 8.5, white, align="right")
        self.text(self.title, MARGIN, 118, "Times-Bold", 19, INK)
        self.y = 132

    def _running_head(self) -> None:
        self.text(f"{self.vendor.name}  |  {self.title}", MARGIN, 34, "Helvetica", 8.5, SOFT)
        self.rule(MARGIN, self.width - MARGIN, 40, self.colour, 1.2)
        self.y = 52

    def _footer(self) -> None:
        line = f"{self.vendor.name}   {self.vendor.phone}   {self.vendor.email}"
        self.text(line, MARGIN, self.height - 28, "Helvetica", 7.5, SOFT)
        self.text(f"Page {self.page}", self.width - MARGIN, self.height - 28, "Helvetica", 7.5, SOFT, align="right")

    # --- strokes of the pen ---

    def text(
        self, words: str, x: float, y: float, font: str, size: float, colour: Color = INK, align: str = "left"
    ) -> Box:
        """Draws one line with its baseline at ``y``; returns the box around it."""
        span = stringWidth(words, font, size)
        x0 = x - span if align == "right" else x - span / 2 if align == "centre" else x
        self.canvas.setFillColor(colour)
        self.canvas.setFont(font, size)
        self.canvas.drawString(x0, self.height - y, words)
        return (x0, y - 0.75 * size, x0 + span, y + 0.22 * size)

    def rule(self, x0: float, x1: float, y: float, colour: Color = INK, width: float = 0.7) -> None:
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(width)
        self.canvas.line(x0, self.height - y, x1, self.height - y)

    def frame(self, box: Box, colour: Color = INK, width: float = 0.7, fill: Color | None = None) -> None:
        x0, y0, x1, y1 = box
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(width)
        if fill is not None:
            self.canvas.setFillColor(fill)
        self.canvas.rect(x0, self.height - y1, x1 - x0, y1 - y0, stroke=1, fill=int(fill is not None))

    def ring(self, box: Box) -> None:
        x0, y0, x1, y1 = box
        self.canvas.setStrokeColor(INK)
        self.canvas.setLineWidth(0.8)
        self.canvas.circle((x0 + x1) / 2, self.height - (y0 + y1) / 2, (x1 - x0) / 2, stroke=1, fill=0)

    def scribble(self, x: float, y: float) -> Box:
        """A signature in ink, baseline at ``y``."""
        c, h = self.canvas, self.height
        c.setStrokeColor(PEN)
        c.setLineWidth(1.3)
        path = c.beginPath()
        path.moveTo(x, h - y + 3)
        for i in range(7):
            left, tall = x + 14 * i, 15 if i in (0, 4) else 7
            path.curveTo(left + 4, h - y + tall, left + 9, h - y + tall, left + 8, h - y + 1)
            path.curveTo(left + 7, h - y - 4, left + 11, h - y - 1, left + 14, h - y + 3)
        c.drawPath(path, stroke=1, fill=0)
        return (x, y - 15, x + 98, y + 3)

    # --- blocks ---

    def section(self, title: str) -> None:
        self.y += 22
        self.text(title, MARGIN, self.y, "Helvetica-Bold", 11.5, self.colour)
        self.rule(MARGIN, self.width - MARGIN, self.y + 5, self.colour, 0.9)
        self.y += 8

    def paragraph(self, words: str, size: float = 9.0, colour: Color = INK, font: str = "Helvetica") -> None:
        self.prose([(words, None, None)], size, colour, font)

    def prose(
        self,
        parts: Sequence[tuple[str, str | None, str | int | None]],
        size: float = 9.5,
        colour: Color = INK,
        font: str = "Helvetica",
    ) -> None:
        """Running text of (words, subtype or None, normalised value): a part with a subtype is a value to be found."""
        x, step = MARGIN, size * 1.42
        self.y += step + 3
        for words, subtype, value in parts:
            boxes: list[Box] = []
            face = f"{font}-Bold" if subtype else font
            x += stringWidth(" ", face, size) if words.startswith(" ") else 0
            for token in re.findall(r"\S+\s*", words):
                span = stringWidth(token.rstrip(), face, size)
                if x + span > self.width - MARGIN:
                    x, self.y = MARGIN, self.y + step
                box = self.text(token.rstrip(), x, self.y, face, size, colour)
                x += stringWidth(token, face, size)
                same_line = boxes and abs(boxes[-1][3] - box[3]) < 1
                if same_line:
                    boxes[-1] = (boxes[-1][0], boxes[-1][1], box[2], box[3])
                else:
                    boxes.append(box)
            if subtype and value is not None:
                self.add_value(subtype, value, words.strip(), boxes)
        self.y += 2

    def rows(self, *rows: Sequence[Ask]) -> None:
        """Each row shares the width by weight, in the paper's style."""
        for row in rows:
            self.row(row)

    def row(self, asks: Sequence[Ask]) -> None:
        gap, total = 18.0, sum(a.weight for a in asks)
        usable, x, deepest = self.inner - gap * (len(asks) - 1), MARGIN, self.y
        for ask in asks:
            right = x + usable * ask.weight / total
            deepest = max(deepest, self._ask(ask, x, right, self.y))
            x = right + gap
        self.y = deepest + self.air

    def _ask(self, ask: Ask, x0: float, x1: float, top: float) -> float:
        """Draws one question in its column; returns where the next row may start."""
        if ask.type in ("radio", "checkbox", "multiselect"):
            return self._choices(ask, x0, x1, top)
        if ask.type == "textarea":
            return self._area(ask, x0, x1, top)
        if self.style == "box":
            self.label(ask, x0, top + 15, 8.5)
            box = (x0, top + 19, x1, top + 39)
            self.frame(box, SOFT, 0.8)
            self.answer(ask, x0 + 5, top + 33)
            self.add_field(ask, box)
            return top + 41
        end = self.label(ask, x0, top + 22, 9.5) + 6
        self.rule(end, x1, top + 24)
        self.answer(ask, end + 4, top + 21)
        self.add_field(ask, (end, top + 8, x1, top + 24))
        return top + 25

    def _area(self, ask: Ask, x0: float, x1: float, top: float) -> float:
        self.label(ask, x0, top + 17, 9.0)
        box = (x0, top + 22, x1, top + 70)
        if self.style == "box":
            self.frame(box, SOFT, 0.8)
        else:
            for y in (top + 38, top + 54, top + 70):
                self.rule(x0, x1, y)
        self.answer(ask, x0 + 5, top + 35)
        self.add_field(ask, box)
        return top + 73

    def _choices(self, ask: Ask, x0: float, x1: float, top: float) -> float:
        x, y, size, chosen = x0, top + 17, 9.5, set((ask.value or "").split("|"))
        if len(ask.options) > 1 or ask.options[0] != ask.label:
            x = self.label(ask, x0, y, 9.5) + 14
            if sum(stringWidth(o, "Helvetica", 9.5) + 32 for o in ask.options) > x1 - x:
                x, y = x0 + 4, y + 17
        for option in ask.options:
            need = size + 6 + stringWidth(option, "Helvetica", 9.5)
            if x + need > x1 + 1 and x > x0 + 4:
                x, y = x0 + 4, y + 17
            box = (x, y - 8.5, x + size, y + 1)
            self.ring(box) if ask.type == "radio" else self.frame(box, INK, 0.8)
            if option in chosen:
                self.text("X", x + size / 2, y, "Helvetica-Bold", 10, PEN, align="centre")
            self.text(option, x + size + 5, y, "Helvetica", 9.5)
            self.add_field(ask, box, option)
            x += need + 16
        return y + 5

    def label(self, ask: Ask, x: float, y: float, size: float) -> float:
        """Returns where the label ends."""
        end = self.text(ask.label, x, y, "Helvetica", size)[2]
        return self.text("*", end + 2, y, "Helvetica-Bold", size, HexColor("#b3261e"))[2] if ask.required else end

    def answer(self, ask: Ask, x: float, y: float) -> None:
        if ask.value is None:
            return
        if ask.type in ("signature", "initials"):
            self.scribble(x, y)
            self.truth.signed = True
            return
        box = self.text(ask.value, x, y, WRITING, 10, PEN)
        if ask.subtype:
            self.add_value(ask.subtype, ask.value if ask.normal is None else ask.normal, ask.value, [box])

    def scale(self, asks: Sequence[Ask], heads: Sequence[str]) -> None:
        """A rating table: one question a line, one circle a column."""
        first, step = MARGIN + self.inner * 0.5, self.inner * 0.5 / len(heads)
        self.y += 16
        for i, head in enumerate(heads):
            self.text(head, first + step * (i + 0.5), self.y, "Helvetica-Bold", 8, SOFT, align="centre")
        self.y += 5
        for ask in asks:
            self.rule(MARGIN, self.width - MARGIN, self.y, HexColor("#d8d4cc"), 0.5)
            self.label(ask, MARGIN, self.y + 14, 9.5)
            for i, option in enumerate(ask.options):
                centre = first + step * (i + 0.5)
                box = (centre - 5, self.y + 5, centre + 5, self.y + 15)
                self.ring(box)
                self.add_field(ask, box, option)
            self.y += 20

    def grid(self, heads: Sequence[tuple[str, float, str]], rows: Sequence[str], row_height: float = 24) -> None:
        """A table with printed first cells; every other cell is a field named ROW COLUMN."""
        total = sum(weight for _, weight, _ in heads)
        edges = [MARGIN]
        for _, weight, _ in heads:
            edges.append(edges[-1] + self.inner * weight / total)
        self.y += 10
        head = (MARGIN, self.y, self.width - MARGIN, self.y + 18)
        self.frame(head, INK, 0.8, HexColor("#efece6"))
        for (title, _, _), x in zip(heads, edges, strict=False):
            self.text(title, x + 5, self.y + 12.5, "Helvetica-Bold", 8.5)
        self.y += 18
        for name in rows:
            for i, (title, _, kind) in enumerate(heads):
                cell = (edges[i], self.y, edges[i + 1], self.y + row_height)
                self.frame(cell, INK, 0.6)
                if i == 0:
                    self.text(name, cell[0] + 5, self.y + row_height / 2 + 3, "Helvetica", 9)
                else:
                    self.add_field(Ask(f"{name} {title}", kind), cell)
            self.y += row_height

    def facts(self, rows: Sequence[tuple[str, str, str | None, str | int | None]], split: float = 0.32) -> None:
        """A two-column table of (label, printed value, subtype or None, normalised value)."""
        middle = MARGIN + self.inner * split
        self.y += 8
        for label, printed, subtype, value in rows:
            self.frame((MARGIN, self.y, self.width - MARGIN, self.y + 20), HexColor("#bdb8ae"), 0.5)
            self.text(label, MARGIN + 6, self.y + 13.5, "Helvetica-Bold", 9)
            box = self.text(printed, middle, self.y + 13.5, "Helvetica", 9.5)
            if subtype:
                self.add_value(subtype, printed if value is None else value, printed, [box])
            self.y += 20

    # --- the truth ---

    def add_field(self, ask: Ask, box: Box, option: str | None = None) -> None:
        meaning = (
            ask.type if ask.type in ("date", "signature", "initials", "radio", "checkbox", "multiselect") else "text"
        )
        grouped = option is not None and option != ask.label
        self.truth.fields.append(
            {
                "page": self.page,
                "type": ask.type,
                "semantic_type": meaning,
                "subtype": ask.subtype,
                "group": ask.label if grouped else None,
                "box": self.fractions(box),
                "label": option if grouped and ask.type != "radio" else ask.label,
                "option": option,
                "required": ask.required,
                "multiline": ask.type == "textarea",
                "options": list(ask.options) or None,
                "comb": False,
                "name": self._name(ask, option),
            }
        )

    def _name(self, ask: Ask, option: str | None) -> str:
        """One name a question: the boxes of a choice share it, a second "Date" on the page gets a number."""
        name = slug(f"p{self.page} {ask.label}")
        if option is None:
            taken = sum(f["label"] == ask.label and f["page"] == self.page for f in self.truth.fields)
            return f"{name}_{taken + 1}" if taken else name
        return name

    def add_value(self, subtype: str, value: str | int | bool, printed: str, boxes: Sequence[Box]) -> None:
        entry = {
            "subtypes": [subtype],
            "value": value,
            "text": printed,
            "boxes": [{"page": self.page, "box": self.fractions(box)} for box in boxes],
        }
        same = [v for v in self.truth.values if v["subtypes"] == [subtype] and v["value"] == value]
        if same:
            same[0]["boxes"] += entry["boxes"]
        else:
            self.truth.values.append(entry)

    def fractions(self, box: Box) -> list[float]:
        x0, y0, x1, y1 = box
        return [
            round(x0 / self.width, 5),
            round(y0 / self.height, 5),
            round(x1 / self.width, 5),
            round(y1 / self.height, 5),
        ]

    def finish(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()

    def truth_json(self, name: str, kind: str, currency: str | None = None) -> dict[str, Any]:
        """``fields_count`` counts questions: the boxes of one choice are one field."""
        return {
            "id": name,
            "licence": "Apache-2.0",
            "title": self.title,
            "kind": kind,
            "currency": currency,
            "pages": self.page,
            "scored_pages": list(range(1, self.page + 1)),
            "fields_count": len({(f["page"], f["name"]) for f in self.truth.fields}),
            "signature_present": self.truth.signed,
            "fields": self.truth.fields,
            "values": self.truth.values,
        }
