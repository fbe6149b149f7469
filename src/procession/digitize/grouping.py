"""Boxes to tick that answer one question become one field with options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.detect import Candidate
from procession.digitize.label import Labelled, Labels, finished
from procession.digitize.layout import Run, union
from procession.digitize.page import Rect

OPTIONS_MAX = 40
COLUMN_GAP_HEIGHTS = 3.2
"""Boxes below each other belong together up to this many heights apart."""
ROW_GAP_POINTS = 190.0

_YES_NO = frozenset({"yes", "no", "ja", "nein", "oui", "non", "si", "sí", "nee", "true", "false", "n/a", "unknown"})
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
    named = {id(mark): labels.of_mark(mark.box) for mark in marks}
    groups: list[Group] = []
    lone: list[Candidate] = []
    for row in _rows(marks):
        group = _group(row, [named[id(mark)] for mark in row], labels) if len(row) > 1 else None
        if group is not None:
            groups.append(group)
        else:
            lone.extend(row)
    for column in _columns(lone):
        group = _group(column, [named[id(mark)] for mark in column], labels) if len(column) > 1 else None
        if group is not None:
            groups.append(group)
        else:
            groups += [Group((mark,), (named[id(mark)],), None, "checkbox") for mark in column]
    return groups


def _group(members: Sequence[Candidate], named: Sequence[Labelled], labels: Labels) -> Group | None:
    if len(members) > OPTIONS_MAX or any(not one.label for one in named):
        return None
    asked = labels.question(union(member.box for member in members))
    words = {one.label.lower() for one in named}
    yes_no = len(words & _YES_NO) >= 2
    if asked is None and not yes_no:
        return None
    if asked is not None and not (yes_no or all(m.kind == "radio" for m in members) or _ASKS.search(asked.text)):
        return None
    if asked is not None and any(one.box is not None and one.box == asked.box for one in named):
        return None
    return Group(tuple(members), tuple(named), _question(asked), _kind(members, yes_no=yes_no, asked=asked))


def _question(asked: Run | None) -> Labelled | None:
    return finished(asked.text, 0.9, asked.box) if asked is not None else None


def _kind(members: Sequence[Candidate], *, yes_no: bool, asked: Run | None) -> str:
    if yes_no or all(member.kind == "radio" for member in members):
        return "radio"
    return "radio" if asked is not None and _ONE.search(asked.text) else "multiselect"


def _rows(marks: Sequence[Candidate]) -> list[list[Candidate]]:
    rows: list[list[Candidate]] = []
    for mark in sorted(marks, key=lambda m: (round(m.box.centre[1] / 3), m.box.x0)):
        last = rows[-1][-1] if rows else None
        same = last is not None and abs(last.box.centre[1] - mark.box.centre[1]) < 3.5
        if same and last is not None and 0 < mark.box.x0 - last.box.x1 < ROW_GAP_POINTS:
            rows[-1].append(mark)
        else:
            rows.append([mark])
    return rows


def _columns(marks: Sequence[Candidate]) -> list[list[Candidate]]:
    columns: list[list[Candidate]] = []
    for mark in sorted(marks, key=lambda m: (round(m.box.x0 / 3), m.box.y0)):
        last = columns[-1][-1] if columns else None
        same = last is not None and abs(last.box.x0 - mark.box.x0) < 3
        if same and last is not None:
            gap = mark.box.y0 - last.box.y1
            if 0 <= gap < COLUMN_GAP_HEIGHTS * max(mark.box.height, 8.0):
                columns[-1].append(mark)
                continue
        columns.append([mark])
    return columns
