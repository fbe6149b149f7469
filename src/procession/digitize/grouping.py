"""Boxes to tick that answer one question become one field with options."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from procession.digitize.detect import Candidate
from procession.digitize.label import Labels
from procession.digitize.layout import Run, union
from procession.digitize.matrix import find_matrices
from procession.digitize.page import Rect
from procession.digitize.wording import Labelled, finished

OPTIONS_MAX = 40
COLUMN_GAP_HEIGHTS = 3.2
"""Boxes below each other belong together up to this many heights apart."""
ROW_GAP_POINTS = 190.0
ALIGNED_POINTS = 3.5
"""Boxes in one line, or below each other, stand this exactly."""
LIST_MIN = 3
"""So many options make a title above them, or beside, the name of a list."""
TITLE_WORDS_MAX = 9
OPTION_WORDS_MAX = 4
"""Longer options are statements, each agreed to by itself."""
TITLE_GAP_POINTS = 45.0
TITLE_INDENT_POINTS = 24.0
TITLE_HEIGHTS = 1.9
"""A title ends so many heights of a box above its list at most."""
ROW_MIN = 2
"""Options side by side that may go on below."""
WRAP_HEIGHTS = 1.9
"""A list goes on in the next line when that starts closer than so many heights of a box."""

_YES_NO = frozenset(
    {"yes", "no", "ja", "nein", "oui", "non", "si", "sí", "sì", "nee", "true", "false", "n/a", "unknown"}
)
_ONE = re.compile(r"\b(?:check|select|choose|tick|mark|circle)\s+(?:only\s+)?one\b|\bone only\b", re.IGNORECASE)
_ASKS = re.compile(r"[?:]\s*$|\b(?:check|select|choose|tick|mark)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Group:
    members: tuple[Candidate, ...]
    labels: tuple[Labelled, ...]
    question: Labelled | None
    kind: str
    """"radio", "multiselect", or "checkbox" for one that stands alone."""

    @property
    def box(self) -> Rect:
        return union(member.box for member in self.members)


def group_marks(marks: Sequence[Candidate], labels: Labels) -> list[Group]:
    """Rows first, then columns of what stands alone; a group needs a question, otherwise each box is its own field."""
    rows = _rows(marks, labels)
    named = {
        id(mark): labelled
        for row in rows
        for mark, labelled in zip(row, labels.of_row([one.box for one in row]), strict=True)
    }
    groups = [
        Group(rated.members, rated.heads, rated.question, "radio" if rated.radio else "multiselect")
        for rated in find_matrices(rows, labels)
    ]
    lone: list[Candidate] = []
    done = {id(mark) for group in groups for mark in group.members}
    for row in _wrapped(_rows([mark for mark in marks if id(mark) not in done], labels), named, labels):
        group = _group(row, [named[id(mark)] for mark in row], labels) if len(row) > 1 else None
        if group is not None:
            groups.append(group)
        else:
            lone.extend(row)
    for column in _side_by_side(_columns(lone), labels):
        group = _group(column, [named[id(mark)] for mark in column], labels) if len(column) > 1 else None
        if group is not None:
            groups.append(group)
        else:
            groups += [Group((mark,), (named[id(mark)],), None, "checkbox") for mark in column]
    return groups


def _group(members: Sequence[Candidate], named: Sequence[Labelled], labels: Labels) -> Group | None:
    if len(members) > OPTIONS_MAX or any(not one.label for one in named):
        return None
    words = {one.label.lower() for one in named}
    yes_no = len(words & _YES_NO) >= 2
    asked = labels.question(_asked_from(members, named), far=yes_no)
    if asked is None and not yes_no:
        return None
    asks = yes_no or all(m.kind == "radio" for m in members) or (asked is not None and _ASKS.search(asked.text))
    if asked is not None and not asks and not _names_a_list(asked, members, named):
        return None
    if asked is not None and any(one.box is not None and one.box == asked.box for one in named):
        return None
    return Group(tuple(members), tuple(named), _question(asked), _kind(members, yes_no=yes_no, asked=asked))


def _asked_from(members: Sequence[Candidate], named: Sequence[Labelled]) -> Rect:
    """Where to look for the question from: the first line of options, or their whole column."""
    line = [one.box for one in members if abs(one.box.centre[1] - members[0].box.centre[1]) < ALIGNED_POINTS]
    box = union(line) if len(line) > 1 else union(one.box for one in members)
    first = named[0].box
    leads = first is not None and len(line) > 1 and first.x1 <= members[0].box.x0 + 2
    return Rect(first.x0, box.y0, box.x1, box.y1) if first is not None and leads else box


def _names_a_list(asked: Run, members: Sequence[Candidate], named: Sequence[Labelled]) -> bool:
    """Whether ``asked``, though no question, is the title of several short options beside or below each other."""
    if len(members) < LIST_MIN:
        return False
    if len(asked.words) > TITLE_WORDS_MAX or asked.text.rstrip().endswith((".", ",", ";")):
        return False
    if any(one.sure < 1.0 or len(one.label.split()) > OPTION_WORDS_MAX for one in named):
        return False
    first = members[0].box
    if asked.box.x1 <= first.x0 + 2 and asked.box.y0 < first.centre[1] < asked.box.y1:
        return first.x0 - asked.box.x1 < TITLE_GAP_POINTS
    indented = -TITLE_INDENT_POINTS <= asked.box.x0 - first.x0 <= 6
    return indented and first.y0 - asked.box.y1 < TITLE_HEIGHTS * first.height


def _wrapped(rows: Sequence[list[Candidate]], named: dict[int, Labelled], labels: Labels) -> list[list[Candidate]]:
    """Rows that go on in the next line as one."""
    out: list[list[Candidate]] = []
    starts: list[Candidate] = []
    for row in rows:
        above = out[-1] if out else None
        if above is not None and len(above) >= ROW_MIN and _goes_on(starts, above, row, named, labels):
            above.extend(row)
        else:
            out.append(list(row))
            starts = row
    return out


def _goes_on(
    first_row: Sequence[Candidate],
    above: Sequence[Candidate],
    row: Sequence[Candidate],
    named: dict[int, Labelled],
    labels: Labels,
) -> bool:
    """Whether ``row`` continues the options ``above``: in their columns, or from their question's start on."""
    last, first = above[-1].box, row[0].box
    if not 0 < first.y0 - last.y1 < WRAP_HEIGHTS * max(last.height, 8.0) or above[0].kind != row[0].kind:
        return False
    if {named[id(mark)].label.lower() for mark in (*row, *first_row)} & _YES_NO:
        return False
    aligned = all(any(abs(one.box.x0 - mark.box.x0) <= 2 for one in first_row) for mark in row)
    flush = len(first_row) >= LIST_MIN and abs(first_row[0].box.x0 - first.x0) <= 2
    if not aligned and not flush and not _wraps_below(first_row, first, labels):
        return False
    asked = labels.question(first)
    beside = asked is not None and asked.box.y0 < first.centre[1] < asked.box.y1
    start = min(above[0].box.x0, first.x0)
    between = labels.layout.words_in(Rect(start - 30, last.y1 + 2.5, first.x0 + 60, first.y0 - 2.5))
    return not beside and not between


def _wraps_below(first_row: Sequence[Candidate], first: Rect, labels: Labels) -> bool:
    """Whether a line of options starts below the question that stands before the line above."""
    asked = labels.question(first_row[0].box)
    if asked is None or not asked.box.y0 < first_row[0].box.centre[1] < asked.box.y1:
        return False
    return asked.box.x0 - 2 <= first.x0 < asked.box.x1


def _side_by_side(columns: Sequence[list[Candidate]], labels: Labels) -> list[list[Candidate]]:
    """Columns of options that start in one line under one question as one, row by row."""
    out: list[list[Candidate]] = []
    for column in columns:
        first = column[0].box
        left = next((one for one in out if _continues(one, column, labels)), None)
        if left is None or labels.nearby.parted(left[0].box, first):
            out.append(list(column))
        else:
            left.extend(column)
    return [sorted(one, key=lambda mark: (round(mark.box.centre[1] / 4), mark.box.x0)) for one in out]


def _continues(left: Sequence[Candidate], column: Sequence[Candidate], labels: Labels) -> bool:
    """Whether ``column`` holds the second half of the options ``left``, and has no question of its own."""
    one, other = left[0].box, column[0].box
    if abs(one.centre[1] - other.centre[1]) > ALIGNED_POINTS or left[0].kind != column[0].kind or len(left) < ROW_MIN:
        return False
    if other.x0 <= one.x1 or len(column) > len(left):
        return False
    heights = [mark.box.centre[1] for mark in left]
    if any(min(abs(mark.box.centre[1] - y) for y in heights) > ALIGNED_POINTS for mark in column):
        return False
    asked, own = labels.question(one), labels.question(other)
    return asked is not None and (own is None or own is asked)


def _question(asked: Run | None) -> Labelled | None:
    return finished(asked.text, 0.9, asked.box) if asked is not None else None


def _kind(members: Sequence[Candidate], *, yes_no: bool, asked: Run | None) -> str:
    if yes_no or all(member.kind == "radio" for member in members):
        return "radio"
    return "radio" if asked is not None and _ONE.search(asked.text) else "multiselect"


def _rows(marks: Sequence[Candidate], labels: Labels) -> list[list[Candidate]]:
    """Boxes side by side, top to bottom."""
    rows: list[list[Candidate]] = []
    for line in _clusters(marks, lambda one: one.box.centre[1]):
        last: Candidate | None = None
        for mark in sorted(line, key=lambda one: one.box.x0):
            near = last is not None and 0 < mark.box.x0 - last.box.x1 < ROW_GAP_POINTS
            if near and last is not None and not labels.nearby.parted(last.box, mark.box):
                rows[-1].append(mark)
            else:
                rows.append([mark])
            last = mark
    return rows


def _columns(marks: Sequence[Candidate]) -> list[list[Candidate]]:
    """Boxes below each other, left to right."""
    columns: list[list[Candidate]] = []
    for stack in _clusters(marks, lambda one: one.box.x0):
        last: Candidate | None = None
        for mark in sorted(stack, key=lambda one: one.box.y0):
            if last is not None and 0 <= mark.box.y0 - last.box.y1 < COLUMN_GAP_HEIGHTS * max(mark.box.height, 8.0):
                columns[-1].append(mark)
            else:
                columns.append([mark])
            last = mark
    return columns


def _clusters(marks: Sequence[Candidate], place: Callable[[Candidate], float]) -> list[list[Candidate]]:
    """Boxes whose ``place`` (points) is about the same, measured from the first."""
    clusters: list[list[Candidate]] = []
    for mark in sorted(marks, key=place):
        cluster = clusters[-1] if clusters else None
        if cluster is not None and place(mark) - place(cluster[0]) < ALIGNED_POINTS:
            cluster.append(mark)
        else:
            clusters.append([mark])
    return clusters
