"""Pages drawn word by word for tests: what a reader would hand on, without a PDF."""

from __future__ import annotations

from collections.abc import Sequence

from procession.digitize.page import PageContent, Rect, Segment, Shape, Word

LETTER_WIDTH = 0.5
"""Of the type size; near enough for Helvetica."""


class Drawn:
    """A page under construction; all measures in points, origin top left."""

    def __init__(self, width: float = 595, height: float = 842, number: int = 1) -> None:
        self.page = PageContent(number, width, height)

    def text(
        self, x: float, y: float, text: str, size: float = 10, *, bold: bool = False, visible: bool = True
    ) -> float:
        """Writes ``text`` with its top at ``y``; returns the x behind it."""
        for word in text.split():
            width = len(word) * size * LETTER_WIDTH
            box = Rect(x, y, x + width, y + size * 1.2)
            self.page.words.append(Word(word, box, size=size, bold=bold, visible=visible))
            x += width + size * 0.28
        return x

    def lines(self, x: float, y: float, texts: Sequence[str], size: float = 10, leading: float = 14) -> float:
        for text in texts:
            self.text(x, y, text, size)
            y += leading
        return y

    def prose(self, x: float, y: float, text: str, size: float = 10, width: float = 480) -> float:
        """A paragraph broken into full lines; returns the y below it."""
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and len(longer) * size * LETTER_WIDTH > width:
                self.text(x, y, line, size)
                y += size * 1.35
                line = word
            else:
                line = longer
        self.text(x, y, line, size)
        return y + size * 2.4

    def table(self, rows: Sequence[tuple[str, str]], x: float = 60, y: float = 150, gap: float = 170) -> float:
        for label, value in rows:
            self.text(x, y, label, bold=True)
            self.text(x + gap, y, value)
            y += 20
        return y

    def rule(self, x0: float, y: float, x1: float) -> None:
        self.page.segments.append(Segment(Rect(x0, y, x1, y + 0.7), horizontal=True, width=0.7))

    def ink(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.page.shapes.append(Shape(Rect(x0, y0, x1, y1), "other", stroked=True, filled=False))
