"""A page that is drawn from the top down and remembers where each value of the document stands."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

ASCENT, DESCENT = 0.74, 0.22
"""Shares of the type size above and below the base line."""

FontFamily = tuple[str, str, str]
"""Regular, bold and italic face."""
SANS: FontFamily = ("Helvetica", "Helvetica-Bold", "Helvetica-Oblique")
SERIF: FontFamily = ("Times-Roman", "Times-Bold", "Times-Italic")
MONO: FontFamily = ("Courier", "Courier-Bold", "Courier-Oblique")


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it is printed; any of ``subtypes`` may name it."""

    subtypes: tuple[str, ...]
    value: str | int
    """Normalised: ISO 8601, plain decimal, E.164."""
    text: str
    ambiguous: bool = False
    """A date in figures whose order nothing settles."""


Part = str | Value
Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Seen:
    value: Value
    boxes: list[tuple[int, Box]]


class Sheet:
    """Points from the top left; ``y`` is the base line of what is written. ``paper`` is its first page's size."""

    def __init__(self, paper: tuple[float, float], faces: FontFamily = SANS, size: float = 10.0) -> None:
        self.width, self.height = paper
        self.faces, self.size = faces, size
        self.page = 1
        self.seen: dict[tuple[tuple[str, ...], str], Seen] = {}
        self.signed = False
        self._out = io.BytesIO()
        self.canvas = Canvas(self._out, pagesize=paper, invariant=1)

    def line(
        self,
        x: float,
        y: float,
        *parts: Part,
        size: float | None = None,
        bold: bool = False,
        italic: bool = False,
        align: str = "left",
        grey: float = 0.0,
        face: str | None = None,
    ) -> float:
        """Writes ``parts`` on one line; ``x`` is its left end, its right end or its middle. Returns where it ends."""
        size = size or self.size
        face = face or self.faces[1 if bold else 2 if italic else 0]
        whole = sum(stringWidth(_text(part), face, size) for part in parts)
        x -= whole if align == "right" else whole / 2 if align == "center" else 0
        self.canvas.setFillGray(grey)
        self.canvas.setFont(face, size)
        for part in parts:
            width = stringWidth(_text(part), face, size)
            self.canvas.drawString(x, self.height - y, _text(part))
            if isinstance(part, Value):
                self._note(part, (x, y - ASCENT * size, x + width, y + DESCENT * size))
            x += width
        self.canvas.setFillGray(0)
        return x

    def width_of(self, part: Part, size: float | None = None) -> float:
        """Points that ``part`` takes in the regular face."""
        return float(stringWidth(_text(part), self.faces[0], size or self.size))

    def prose(
        self,
        x: float,
        y: float,
        width: float,
        *parts: Part,
        size: float | None = None,
        leading: float = 1.32,
        bold: bool = False,
    ) -> float:
        """Sets ``parts`` as a paragraph of ``width``; a value may break over lines. Returns the next base line."""
        size = size or self.size
        face = self.faces[1 if bold else 0]
        for row in _broken(parts, width, face, size):
            at = x
            for words, value in row:
                self.canvas.setFont(face, size)
                self.canvas.drawString(at, self.height - y, words)
                wide = stringWidth(words.rstrip(), face, size)
                if value is not None:
                    self._note(value, (at, y - ASCENT * size, at + wide, y + DESCENT * size))
                at += stringWidth(words, face, size)
            y += leading * size
        return y + 0.45 * size

    def rule(self, x0: float, y: float, x1: float, *, thick: float = 0.7, grey: float = 0.0) -> None:
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(thick)
        self.canvas.line(x0, self.height - y, x1, self.height - y)
        self.canvas.setStrokeGray(0)

    def upright(self, x: float, y0: float, y1: float, *, grey: float = 0.0) -> None:
        self.canvas.setStrokeGray(grey)
        self.canvas.setLineWidth(0.7)
        self.canvas.line(x, self.height - y0, x, self.height - y1)
        self.canvas.setStrokeGray(0)

    def box(self, x0: float, y0: float, x1: float, y1: float, *, fill: float | None = None) -> None:
        self.canvas.setLineWidth(0.7)
        if fill is not None:
            self.canvas.setFillGray(fill)
        self.canvas.rect(x0, self.height - y1, x1 - x0, y1 - y0, stroke=fill is None, fill=fill is not None)
        self.canvas.setFillGray(0)

    def grid(self, x: Sequence[float], y: Sequence[float]) -> None:
        for row in y:
            self.rule(x[0], row, x[-1])
        for column in x:
            self.upright(column, y[0], y[-1])

    def ink(self, x: float, y: float, dice: random.Random, *, width: float = 90.0) -> None:
        """A pen's signature whose base line is ``y``."""
        path = self.canvas.beginPath()
        path.moveTo(x, self.height - y + 3)
        step = width / 6
        for number in range(6):
            left = x + number * step
            rise = [dice.uniform(-5, 15) for _ in range(3)]
            path.curveTo(
                left + step * 0.3,
                self.height - y + rise[0],
                left + step * 0.6,
                self.height - y + rise[1],
                left + step,
                self.height - y + rise[2] * 0.4,
            )
        self.canvas.setStrokeColorRGB(0.05, 0.1, 0.45)
        self.canvas.setLineWidth(1.1)
        self.canvas.drawPath(path, stroke=1, fill=0)
        self.canvas.setStrokeGray(0)
        self.signed = True

    def next_page(self) -> None:
        self.canvas.showPage()
        self.page += 1

    def pdf(self) -> bytes:
        self.canvas.save()
        return self._out.getvalue()

    def _note(self, value: Value, box: Box) -> None:
        seen = self.seen.setdefault((value.subtypes, str(value.value)), Seen(value, []))
        x0, y0, x1, y1 = box
        share = (x0 / self.width, y0 / self.height, x1 / self.width, y1 / self.height)
        seen.boxes.append((self.page, (round(share[0], 5), round(share[1], 5), round(share[2], 5), round(share[3], 5))))


def _text(part: Part) -> str:
    return part.text if isinstance(part, Value) else part


def _broken(parts: Sequence[Part], width: float, face: str, size: float) -> list[list[tuple[str, Value | None]]]:
    """Lines of (words, the value they belong to)."""
    pieces: list[tuple[str, Value | None]] = []
    for part in parts:
        value = part if isinstance(part, Value) else None
        split = _text(part).split(" ")
        pieces += [(word + (" " if at < len(split) - 1 else ""), value) for at, word in enumerate(split)]
    units: list[list[tuple[str, Value | None]]] = [[]]
    for piece in pieces:  # "Clarke" and the comma after it stay together
        units[-1].append(piece)
        if piece[0].endswith(" "):
            units.append([])
    rows: list[list[tuple[str, Value | None]]] = [[]]
    used = 0.0
    for unit in units:
        wide = sum(stringWidth(words, face, size) for words, _ in unit)
        if used and used + stringWidth("".join(words for words, _ in unit).rstrip(), face, size) > width:
            rows.append([])
            used = 0.0
        used += wide
        for words, value in unit:
            last = rows[-1][-1] if rows[-1] else None
            if last is not None and last[1] is value:
                rows[-1][-1] = (last[0] + words, value)
            elif words:
                rows[-1].append((words, value))
    return [row for row in rows if row]
