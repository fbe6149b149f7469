"""Headings part a form into sections; a field belongs to the last heading above it, across pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.columns import Columns
from procession.digitize.layout import Layout, Run
from procession.digitize.page import PageContent, Rect

HEADING_CHARS_MAX = 90
HEADING_WORDS_MAX = 10
LARGER = 1.14
"""Type this much larger than the page's median stands out."""
SECTIONS_MAX = 200
SAME_LINE_POINTS = 3.0

_NUMBER = re.compile(r"^(?:\d{1,2}|[A-Z])[.)]\s+(?=\w{2})")
"""What counts sections: their order says as much."""


@dataclass(frozen=True, slots=True)
class Heading:
    title: str
    page: int
    box: Rect


def find_headings(
    page: PageContent,
    layout: Layout,
    fields: Sequence[Rect],
    labels: Sequence[Rect],
    columns: Columns | None = None,
) -> list[Heading]:
    """Short lines in larger, bold or capital type that name no field; the page's own title is among them.

    Several such lines side by side are the head of a table.
    """
    if not layout.runs:
        return []
    sizes = sorted(run.size for run in layout.runs)
    usual = sizes[len(sizes) // 2]
    taken = {(round(box.x0), round(box.y0)) for box in labels}
    dark = [s.box for s in page.shapes if s.filled and s.fill is not None and max(s.fill) < 215 and s.box.height > 6]
    found: list[Heading] = []
    for run in layout.runs:
        if (round(run.box.x0), round(run.box.y0)) in taken or not _reads_as_heading(run, usual):
            continue
        if any(f.y0 <= run.box.centre[1] <= f.y1 and f.x0 - run.box.x1 < 40 and f.x0 > run.box.x0 for f in fields):
            continue
        panel = any(
            b.x0 <= run.box.centre[0] <= b.x1 and b.y0 <= run.box.centre[1] <= b.y1 and b.height < 40 for b in dark
        )
        if run.size >= LARGER * usual or panel or (run.bold and (run.size >= usual or run.text.isupper())):
            title = _NUMBER.sub("", run.text[:HEADING_CHARS_MAX].strip(" :"))
            found.append(Heading(title, page.number, run.box))
    return [one for one in found if not any(_side_by_side(one.box, other.box, columns) for other in found)][
        :SECTIONS_MAX
    ]


def _side_by_side(one: Rect, other: Rect, columns: Columns | None) -> bool:
    """Whether two headings stand in one line of one column of the page."""
    if one is other or abs(one.centre[1] - other.centre[1]) > SAME_LINE_POINTS:
        return False
    return columns is None or not columns.parts(one, other)


def _reads_as_heading(run: Run, usual: float) -> bool:
    """``usual`` is the size of the page's type; a question in larger type is a heading, in the usual one a label."""
    text = run.text.strip()
    if not 3 <= len(text) <= HEADING_CHARS_MAX or len(text.split()) > HEADING_WORDS_MAX:
        return False
    letters = sum(c.isalpha() for c in text)
    return (
        letters >= 3
        and letters * 2 > len(text)
        and not text.endswith((".", ",", ";") if run.size >= LARGER * usual else (".", ",", ";", "?"))
    )
