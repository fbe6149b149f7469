"""Whether a quote stands in the lines it is said to come from, and where: nothing a model says is taken on trust.

A quote is verbatim when it is the lines' text but for white space, a hyphen at the end of a line, the shapes of
quotation marks and dashes, and ligatures. In recognised text, letters a recogniser confuses count as one, and of every
LETTERS_PER_SLIP letters one may differ; a figure never may.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procession.ai.prompts import LINES_PER_ANSWER_MAX
from procession.domain.form import Box, TextLine

LETTERS_PER_SLIP = 12
SLIPS_MAX = 3
QUOTE_LETTERS_MIN = 2
"""A shorter quote proves nothing, unless it is a figure."""

_EVEN = str.maketrans(
    dict.fromkeys("’‘‛′`´ʼ", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—−\xad", "-") | {"…": "..."}
)
_CONFUSED = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1", "|": "1", "i": "1", "S": "5", "s": "5", "B": "8"})
_BROKEN = re.compile(r"(?<=\w)[-‐]\s+(?=\w)")
"""A hyphen that ended a line, copied with the quote."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: words ``first`` to ``last`` of the joined ``lines``, whose text is ``text``."""

    lines: tuple[TextLine, ...]
    text: str
    """The lines' own text, joined by spaces."""
    start: int
    end: int
    """The quote is ``text[start:end]``."""
    exact: bool = True
    """False when recognised letters had to be allowed for."""

    @property
    def quoted(self) -> str:
        return self.text[self.start : self.end]

    @property
    def confidence(self) -> float:
        """Of the least surely recognised line it stands in."""
        return min((line.confidence for line, _ in self.words_of(self.start, self.end)), default=0.0)

    def words_of(self, start: int, end: int) -> list[tuple[TextLine, int]]:
        """(line, index of a word in it) of every word that ``text[start:end]`` touches."""
        found: list[tuple[TextLine, int]] = []
        at = 0
        for line in self.lines:
            for index, word in enumerate(line.text.split(" ")):
                if at < end and at + len(word) > start and index < len(line.words):
                    found.append((line, index))
                at += len(word) + 1
        return found

    def box_of(self, start: int, end: int) -> Box | None:
        """Of the words that ``text[start:end]`` touches, on the page of the first."""
        touched = self.words_of(start, end)
        boxes = [line.words[index] for line, index in touched if line.page == touched[0][0].page]
        if not boxes:
            return None
        return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)

    def narrowed(self, start: int, end: int) -> Place:
        return Place(self.lines, self.text, start, end, self.exact)


def places(lines: Sequence[TextLine], named: Sequence[str], quote: str) -> list[Place]:
    """Every place in the ``named`` lines where ``quote`` stands; empty when it stands in none.

    ``lines``: all of the document in reading order. One line is enough when it holds the quote; several hold it
    together only where they follow one another.
    """
    if len(_squeezed(quote)[0]) < QUOTE_LETTERS_MIN and not quote.strip().isdigit():
        return []
    order = {line.id: index for index, line in enumerate(lines)}
    indices = sorted(order[name] for name in named if name in order)
    if not indices or len(indices) != len(set(named)):
        return []  # a line that does not exist: then nothing else said of it is worth much
    found = [place for index in indices for place in _within((lines[index],), quote)]
    if found:
        return found
    follow = indices[-1] - indices[0] == len(indices) - 1
    if not follow or not 1 < len(indices) <= LINES_PER_ANSWER_MAX:
        return []
    return _within(tuple(lines[index] for index in indices), quote)


def _within(lines: tuple[TextLine, ...], quote: str) -> list[Place]:
    text = " ".join(line.text for line in lines)
    mine, origin = _squeezed(text, _breaks(lines))
    wanted, _ = _squeezed(quote)
    joined, _ = _squeezed(_BROKEN.sub("", quote))
    found = [
        Place(lines, text, origin[at], origin[at + len(one) - 1] + 1)
        for one in dict.fromkeys((wanted, joined))
        for at in _all(mine, one)
        if _is_whole(text, origin[at], origin[at + len(one) - 1] + 1)
    ]
    if found or not any(line.source == "ocr" for line in lines):
        return found
    at = _nearly(mine, wanted)
    if at is None:
        return []
    start, end = at
    return [Place(lines, text, origin[start], origin[end - 1] + 1, exact=False)]


def _breaks(lines: Sequence[TextLine]) -> frozenset[int]:
    """Where in the joined text a hyphen ends a line that goes on in the next one."""
    found, at = set(), 0
    for line in lines[:-1]:
        at += len(line.text)
        if line.text.translate(_EVEN).endswith("-"):
            found.add(at - 1)
        at += 1
    return frozenset(found)


def _squeezed(text: str, breaks: frozenset[int] = frozenset()) -> tuple[str, list[int]]:
    """Without white space, marks and ligatures evened out; and of each letter where it stood."""
    letters: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(text):
        if letter.isspace() or at in breaks or unicodedata.category(letter) in ("Cf", "Cc"):
            continue
        for one in unicodedata.normalize("NFKC", letter.translate(_EVEN)).translate(_EVEN):
            if not one.isspace():
                letters.append(one)
                origin.append(at)
    return "".join(letters), origin


def _all(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0 and wanted:
        yield at
        at = text.find(wanted, at + 1)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` cuts no word and no number in two: "500" is not quoted from "1,500"."""
    before, after = text[:start], text[end:]
    if before and before[-1].isalnum() and text[start].isalnum():
        return False
    if after and after[0].isalnum() and text[end - 1].isalnum():
        return False
    if text[start].isdigit() and len(before) > 1 and before[-1] in ".,'’" and before[-2].isdigit():
        return False
    return not (text[end - 1].isdigit() and len(after) > 1 and after[0] in ".,'’" and after[1].isdigit())


def _nearly(text: str, wanted: str) -> tuple[int, int] | None:
    """Start and end of the stretch of recognised ``text`` that is ``wanted`` but for few letters."""
    mine, theirs = text.translate(_CONFUSED), wanted.translate(_CONFUSED)
    at = mine.find(theirs)
    if at >= 0 and len(theirs) >= LETTERS_PER_SLIP // 2:
        return at, at + len(wanted)
    allowed = min(len(wanted) // LETTERS_PER_SLIP, SLIPS_MAX)
    if not allowed:
        return None
    end, slips = _nearest(mine, theirs)
    if slips > allowed:
        return None
    start, _ = _nearest(mine[:end][::-1], theirs[::-1])
    start = end - start
    if start >= end or not _same_figures(text[start:end], wanted):
        return None
    return start, end


def _same_figures(mine: str, theirs: str) -> bool:
    return [c for c in mine if c.isdigit()] == [c for c in theirs if c.isdigit()]


def _nearest(text: str, wanted: str) -> tuple[int, int]:
    """(end, slips) of the stretch of ``text`` with the fewest slips from ``wanted``: Sellers' algorithm."""
    row = list(range(len(wanted) + 1))
    best = (0, row[-1])
    for end, letter in enumerate(text, 1):
        diagonal, row[0] = row[0], 0
        for at, other in enumerate(wanted, 1):
            step = min(row[at] + 1, row[at - 1] + 1, diagonal + (letter != other))
            diagonal, row[at] = row[at], step
        if row[-1] < best[1]:
            best = (end, row[-1])
    return best
