"""Rating tables: rows of boxes to tick under common column heads. Each row is a question, the heads are its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from procession.digitize.detect import Candidate
from procession.digitize.label import Labels
from procession.digitize.layout import union
from procession.digitize.page import Rect, Word
from procession.digitize.wording import Labelled, finished

ALIGNED_POINTS = 3.0
"""Boxes of one column lie this close to one vertical."""
ROWS_MIN = 2
PITCH_POINTS_MAX = 48.0
"""From one row to the next."""
HEAD_POINTS_MAX = 42.0
"""How far above the first row its heads may stand; longer heads take several lines."""
HEAD_GAP_POINTS = 8.0
"""Lines of one head lie closer than this."""
SAME_LINE_POINTS = 3.5
SCALE_MIN = 3
NUMBERED_SURE = 0.3
"""Of a scale's heads that could not be read: a person looks."""

_YES = frozenset({"yes", "no", "ja", "nein", "oui", "non", "si", "sí", "sì", "n/a"})


@dataclass(frozen=True, slots=True)
class MatrixRow:
    members: tuple[Candidate, ...]
    heads: tuple[Labelled, ...]
    question: Labelled
    radio: bool
    """Whether one answer excludes the others."""


def find_matrices(rows: Sequence[Sequence[Candidate]], labels: Labels) -> list[MatrixRow]:
    """``rows`` are boxes side by side, top to bottom; what is part of no table is left out."""
    found: list[MatrixRow] = []
    table: list[Sequence[Candidate]] = []
    for row in [*rows, ()]:
        if table and row and _aligned(table[-1], row):
            table.append(row)
            continue
        if len(table) >= ROWS_MIN:
            found += _table(table, labels)
        table = [row] if len(row) > 1 and not any(labels.of_mark(mark.box).sure == 1.0 for mark in row) else []
    return found


def _aligned(above: Sequence[Candidate], row: Sequence[Candidate]) -> bool:
    if len(above) != len(row) or not 0 < row[0].box.y0 - above[0].box.y0 <= PITCH_POINTS_MAX:
        return False
    return all(
        abs(one.box.centre[0] - other.box.centre[0]) <= ALIGNED_POINTS for one, other in zip(above, row, strict=True)
    )


def _table(table: Sequence[Sequence[Candidate]], labels: Labels) -> list[MatrixRow]:
    heads = _heads(table[0], labels)
    if heads is None:
        return []
    pitch = min(row[0].box.centre[1] - above[0].box.centre[1] for above, row in pairwise(table))
    found = []
    for row in table:
        question = _row_text(row, pitch, labels)
        if question is None:
            return []
        found.append(MatrixRow(tuple(row), heads, question, _excludes(row, heads)))
    return found


def _heads(first: Sequence[Candidate], labels: Labels) -> tuple[Labelled, ...] | None:
    centres = [mark.box.centre[0] for mark in first]
    reach = min(right - left for left, right in pairwise(centres)) / 2
    top = min(mark.box.y0 for mark in first)
    heads = []
    for x in centres:
        zone = Rect(x - reach, max(0.0, top - HEAD_POINTS_MAX), x + reach, top)
        words = _lowest_block(labels.layout.words_in(zone), top)
        if not words and not labels.layout.recognised:
            return None
        box = union(word.box for word in words) if words else None
        heads.append(finished(" ".join(word.text for word in words), 1.0, box))
    if all(head.label for head in heads):
        return tuple(heads)
    return _numbered(heads) if labels.layout.recognised else None


def _numbered(heads: Sequence[Labelled]) -> tuple[Labelled, ...] | None:
    """The heads of a scale whose figures a recogniser passed over: those it read are figures in their places."""
    counted = [str(place) for place in range(1, len(heads) + 1)]
    if len(heads) < SCALE_MIN or any(
        head.label and head.label != number for head, number in zip(heads, counted, strict=True)
    ):
        return None
    return tuple(Labelled(number, sure=NUMBERED_SURE) for number in counted)


def _lowest_block(words: Sequence[Word], top: float) -> list[Word]:
    """The lines right above the first row, without what stands higher with air between."""
    taken: list[Word] = []
    lowest = max((word.box.centre[1] for word in words), default=0.0)
    line = [word for word in words if lowest - word.box.centre[1] < SAME_LINE_POINTS]
    if line and all(word.text.isdigit() for word in line):
        return line  # figures stand in one line; what is above them is another question
    edge = top - HEAD_GAP_POINTS
    for word in sorted(words, key=lambda one: -one.box.y1):
        if taken and word.box.y1 < edge - HEAD_GAP_POINTS:
            break
        taken.append(word)
        edge = min(edge, word.box.y0)
    return sorted(taken, key=lambda one: (round(one.box.centre[1] / 4), one.box.x0))


def _row_text(row: Sequence[Candidate], pitch: float, labels: Labels) -> Labelled | None:
    middle, reach = row[0].box.centre[1], 0.45 * pitch
    start, _ = labels.nearby.side(row[0].box)
    words = labels.layout.words_in(Rect(start, middle - reach, row[0].box.x0, middle + reach))
    text = " ".join(word.text for word in words)
    if not any(c.isalpha() for c in text):
        return None
    return finished(text, 1.0, union(word.box for word in words))


def _excludes(row: Sequence[Candidate], heads: Sequence[Labelled]) -> bool:
    if all(mark.kind == "radio" for mark in row):
        return True
    words = [head.label.casefold() for head in heads]
    return all(word.isdigit() for word in words) or len(_YES.intersection(words)) >= 2
