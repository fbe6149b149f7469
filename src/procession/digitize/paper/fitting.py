"""Text set into a box: the size it gets, where its lines break, and what of it does not fit. Points throughout."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bidi import get_display

from procession.digitize.paper.font import typeface

LEADING = 1.17
"""From one baseline to the next, in sizes of the text."""
SIZE_STEP = 0.5
TEXT_POINTS_MIN = 6.0
"""Smaller print is not read; a lower box is written in as large as it is high."""
FILL_SHARE = 0.86
"""Of a box' height that a single line may take, from descender to ascender."""
MORE = "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class Fitted:
    lines: tuple[str, ...]
    """In the order they are read; each fits the width."""
    size: float
    cut: bool = False
    """Whether the end is missing."""


def size_for(height: float, wanted: float) -> float:
    """The size of a line in a box this high when ``wanted`` is the form's own."""
    return max(1.0, min(wanted, FILL_SHARE * height / (typeface().ascent - typeface().descent) * 1.12))


def fit(
    text: str,
    width: float,
    height: float,
    wanted: float,
    *,
    smallest: float = TEXT_POINTS_MIN,
    leading: float | None = None,
    rows: int | None = None,
    mark: str = "",
) -> Fitted:
    """``text`` (as ``font.drawable`` gives it) at the largest size from ``wanted`` down to ``smallest`` that fits.

    ``rows``: lines there are, when the paper rules them; ``leading``: their distance. What does not fit is cut at a
    word where that is possible and ends in an ellipsis and ``mark``.
    """
    size = wanted
    smallest = min(smallest, wanted)
    while True:
        lines = wrapped(text, width, size)
        room = rows if rows is not None else rows_in(height, size, leading)
        if len(lines) <= room:
            return Fitted(tuple(lines), size)
        if size <= smallest:
            return Fitted(tuple(_cut(lines, room, width, size, mark)), size, cut=True)
        size = max(smallest, size - SIZE_STEP)


def rows_in(height: float, size: float, leading: float | None = None) -> int:
    """Lines of this size in a box this high; one at least."""
    face = typeface()
    first = size * (face.ascent - face.descent) * FILL_SHARE
    return max(1, 1 + int((height - first) / (leading or size * LEADING) + 1e-6))


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Lines no wider than ``width``: broken at blanks, within a word only when it is wider than a line."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if typeface().width(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, width, size)
            lines += full
        lines.append(line)
    return lines


def _pieces(word: str, width: float, size: float) -> list[str]:
    pieces = [""]
    taken = 0.0
    for character in word:
        advance = typeface().width(character, size)
        if pieces[-1] and taken + advance > width:
            pieces.append("")
            taken = 0.0
        pieces[-1] += character
        taken += advance
    return pieces


def _cut(lines: Sequence[str], room: int, width: float, size: float, mark: str) -> list[str]:
    kept = list(lines[:room])
    end = MORE + mark
    line = kept[-1]
    while line and typeface().width(line + end, size) > width:
        line = line.rpartition(" ")[0] if " " in line.strip() else line[:-1]
    kept[-1] = line.rstrip() + end
    return kept


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction of its own runs right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def visual(line: str) -> str:
    """One line's letters from left to right as they are drawn (UAX 9)."""
    if all(unicodedata.bidirectional(character) not in ("R", "AL") for character in line):
        return line
    return str(get_display(line, base_dir="R" if runs_right_to_left(line) else "L"))
