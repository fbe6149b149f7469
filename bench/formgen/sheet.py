"""A sheet of paper with a cursor: draws in points (origin top left, y down), keeps the truth, turns pages."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from typing import Any, Literal

from reportlab.lib.colors import Color, HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from bench.formgen.wording import Question

A4, LETTER = (595.28, 841.89), (612.0, 792.0)
INK = HexColor("#1d1f24")
COLOURS = ("#7a3e5d", "#2f6f4f", "#9a5b1d", "#274b8f", "#3a3a3a", "#b05a5a", "#5b7f95")
TINTS = ("#efece6", "#eaf1f7", "#f4ecf1", "#edf5ee", "#eeeeee", "#dfe7ee")

Box = tuple[float, float, float, float]
Labels = Literal["left", "above", "below", "inside"]
Blank = Literal["rule", "box", "tint", "dots", "underscores", "white"]
Mark = Literal["square", "circle", "glyph", "brackets"]


@dataclass(frozen=True, slots=True)
class Style:
    """How one form looks throughout, as one supplier's forms do."""

    size: tuple[float, float]
    margin: float
    font: str
    bold: str
    points: float
    pitch: float
    """Points from one row to the next."""
    labels: Labels
    blank: Blank
    check: Mark
    round: Mark
    columns: int
    colour: Color
    tint: Color
    line: float
    """Width of rules, points."""
    grey: Color
    """Colour of rules."""
    colon: bool
    mark: str
    """What a required question carries."""
    mark_red: bool
    mark_first: bool
    heading: Literal["bold", "band", "rule", "caps", "numbered", "boxed"]
    lift: float
    """Points a rule's field leaves free above the rule's own row: a widget's height is the pitch less this."""

    @classmethod
    def draw(cls, chance: random.Random, required: str) -> Style:
        points = chance.choice((8.0, 8.5, 9.0, 9.5, 10.0, 11.0))
        font, bold = chance.choice(
            (("Helvetica", "Helvetica-Bold"),) * 3 + (("Times-Roman", "Times-Bold"), ("Courier", "Courier-Bold"))
        )
        blank: Blank = chance.choice(("rule", "rule", "rule", "box", "box", "tint", "dots", "underscores", "white"))
        labels: Labels = chance.choice(("left", "left", "left", "above"))
        if blank in ("rule", "box"):
            labels = chance.choice(("left", "left", "above", "below" if blank == "rule" else "inside"))
        return cls(
            size=chance.choice((A4, LETTER)),
            margin=chance.uniform(32, 68),
            font=font,
            bold=bold,
            points=points,
            pitch=points * chance.uniform(1.9, 2.9),
            labels=labels,
            blank=blank,
            check=chance.choice(("square", "square", "square", "glyph", "brackets")),
            round=chance.choice(("circle", "circle", "square", "brackets")),
            columns=chance.choice((1, 1, 1, 1, 2)),
            colour=HexColor(chance.choice(COLOURS)),
            tint=HexColor(chance.choice(TINTS)),
            line=chance.choice((0.3, 0.5, 0.7, 0.7, 1.0)),
            grey=HexColor(chance.choice(("#000000", "#000000", "#333333", "#808080", "#b0b0b0"))),
            colon=chance.random() < 0.5,
            mark=chance.choice(("*", "*", " *", f" {required}")),
            mark_red=chance.random() < 0.5,
            mark_first=chance.random() < 0.15,
            heading=chance.choice(("bold", "band", "rule", "caps", "numbered", "boxed")),
            lift=chance.uniform(0.0, 3.0),
        )


@dataclass(slots=True)
class Sheet:
    style: Style
    chance: random.Random
    fields: list[dict[str, Any]] = field(default_factory=list)
    page: int = 1
    column: int = 0
    y: float = 0.0
    section: str | None = None
    groups: int = 0
    top: float = 0.0
    """Where a column begins on this page."""
    canvas: Canvas = field(init=False)
    _buffer: io.BytesIO = field(default_factory=io.BytesIO)

    def __post_init__(self) -> None:
        self.canvas = Canvas(self._buffer, pagesize=self.style.size, invariant=1)
        self.y = self.top = self.style.margin

    # --- room ---

    @property
    def x0(self) -> float:
        return self.style.margin + self.column * (self._column_width + 20)

    @property
    def x1(self) -> float:
        return self.x0 + self._column_width

    @property
    def _column_width(self) -> float:
        inner = self.style.size[0] - 2 * self.style.margin
        return (inner - 20 * (self.style.columns - 1)) / self.style.columns

    @property
    def bottom(self) -> float:
        return self.style.size[1] - self.style.margin - 24

    def need(self, height: float) -> None:
        """Turns to the next column or page when fewer than ``height`` points are left."""
        if self.y + height <= self.bottom:
            return
        if self.column + 1 < self.style.columns:
            self.column += 1
        else:
            self.canvas.showPage()
            self.page, self.column, self.top = self.page + 1, 0, self.style.margin
        self.y = self.top

    # --- strokes ---

    def span(self, words: str, font: str | None = None, points: float | None = None) -> float:
        return float(stringWidth(words, font or self.style.font, points or self.style.points))

    def text(
        self,
        words: str,
        x: float,
        y: float,
        font: str | None = None,
        points: float | None = None,
        colour: Color = INK,
        align: Literal["left", "centre", "right"] = "left",
    ) -> float:
        """One line with its baseline at ``y``; returns where it ends."""
        font, points = font or self.style.font, points or self.style.points
        span = self.span(words, font, points)
        start = x - span if align == "right" else x - span / 2 if align == "centre" else x
        self.canvas.setFillColor(colour)
        self.canvas.setFont(font, points)
        self.canvas.drawString(start, self.style.size[1] - y, words)
        return start + span

    def fitting(self, words: str, width: float, font: str | None = None, points: float | None = None) -> float:
        """The size at which ``words`` are no wider than ``width``, at most the style's."""
        points = points or self.style.points
        return min(points, points * width / max(1.0, self.span(words, font, points)))

    def rule(self, x0: float, x1: float, y: float, colour: Color | None = None, width: float | None = None) -> None:
        self.canvas.setStrokeColor(colour or self.style.grey)
        self.canvas.setLineWidth(width or self.style.line)
        self.canvas.line(x0, self.style.size[1] - y, x1, self.style.size[1] - y)

    def upright(self, x: float, y0: float, y1: float) -> None:
        self.canvas.setStrokeColor(self.style.grey)
        self.canvas.setLineWidth(self.style.line)
        self.canvas.line(x, self.style.size[1] - y0, x, self.style.size[1] - y1)

    def frame(self, box: Box, fill: Color | None = None, stroke: bool = True, colour: Color | None = None) -> None:
        self.canvas.setStrokeColor(colour or self.style.grey)
        self.canvas.setLineWidth(self.style.line)
        if fill is not None:
            self.canvas.setFillColor(fill)
        x0, y0, x1, y1 = box
        self.canvas.rect(x0, self.style.size[1] - y1, x1 - x0, y1 - y0, stroke=int(stroke), fill=int(fill is not None))

    def mark(self, kind: Mark, box: Box) -> None:
        """A box to tick: drawn, a letter of a symbol font, or typed brackets."""
        x0, y0, x1, y1 = box
        if kind == "circle":
            self.canvas.setStrokeColor(INK)
            self.canvas.setLineWidth(0.8)
            self.canvas.circle((x0 + x1) / 2, self.style.size[1] - (y0 + y1) / 2, (x1 - x0) / 2, stroke=1, fill=0)
        elif kind == "glyph":
            self.text("\u274f", x0, y1 - 0.5, "ZapfDingbats", (x1 - x0) / 0.76)
        elif kind == "brackets":
            self.text("[", x0, y1 - 2)
            self.text("]", x1, y1 - 2, align="right")
        else:
            self.frame(box, white if self.chance.random() < 0.2 else None, colour=INK)

    # --- labels and truth ---

    def label(self, question: Question, x: float, y: float, points: float | None = None, bold: bool = False) -> float:
        """The question with its colon and required mark; returns where it ends."""
        style = self.style
        font = style.bold if bold else style.font
        red = HexColor("#b3261e") if style.mark_red else INK
        if question.required and style.mark_first and style.mark.strip() == "*":
            x = self.text("* ", x, y, style.bold, points, red)
        end = self.text(question.label, x, y, font, points)
        if question.required and not (style.mark_first and style.mark.strip() == "*"):
            end = self.text(style.mark, end + 1, y, style.font, points, red)
        colon = style.colon and question.type != "checkbox" and question.label[-1] not in "?.:"
        return self.text(":", end, y, font, points) if colon else end

    def label_width(self, question: Question) -> float:
        mark = self.span(self.style.mark) + 2 if question.required else 0.0
        return self.span(question.label) + mark + self.span(":")

    def add(
        self,
        question: Question,
        box: Box,
        *,
        option: str | None = None,
        group: int | None = None,
        label: str | None = None,
        multiline: bool = False,
        comb: bool = False,
    ) -> None:
        """Records one box. ``group``: the boxes of one choice share the number ``new_group`` gave."""
        width, height = self.style.size
        kind = question.type
        meaning = kind if kind in ("date", "signature", "radio", "checkbox", "multiselect") else "text"
        spoken = question.label if label is None else label
        self.fields.append(
            {
                "page": self.page,
                "type": kind,
                "semantic_type": meaning,
                "subtype": question.subtype if group is None or question.subtype else None,
                "group": question.label if group is not None else None,
                "box": [round(v, 5) for v in (box[0] / width, box[1] / height, box[2] / width, box[3] / height)],
                "label": option if group is not None and kind != "radio" and option else spoken,
                "option": option,
                "required": question.required,
                "multiline": multiline,
                "options": list(question.options) or None,
                "comb": comb,
                "section": self.section,
                "name": f"g{group}" if group is not None else f"f{len(self.fields)}",
            }
        )

    def new_group(self) -> int:
        self.groups += 1
        return self.groups

    def finish(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()
