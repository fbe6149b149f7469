"""All fields of a page: its widgets when it has any, otherwise what is drawn."""

from __future__ import annotations

from procession.digitize.detect.areas import area_candidates
from procession.digitize.detect.candidate import PRIOR, Candidate, Kind
from procession.digitize.detect.lines import blank_candidates, line_candidates, without_overlaps
from procession.digitize.detect.marks import find_marks, mark_candidates
from procession.digitize.detect.rules import find_cells, read_rules
from procession.digitize.detect.stacks import find_stacks, stack_candidates
from procession.digitize.layout import Layout
from procession.digitize.page import PageContent, Widget

FIELDS_MAX = 2_000
"""Fields of one page; beyond that something else was drawn."""


def detect_fields(page: PageContent) -> list[Candidate]:
    """Candidates in reading order. Widgets are the author's own word: where a page has them, drawings add nothing."""
    if page.widgets:
        return [_from_widget(widget) for widget in page.widgets if widget.kind != "button"]
    marks = find_marks(page)
    boxes = [mark.box for mark in marks]
    layout = Layout(page, boxes)
    rules = read_rules(page, boxes)
    grid = find_cells(rules)
    found = mark_candidates(marks, page)
    found += area_candidates(page, layout, grid, boxes)
    stacks = find_stacks(page, layout, rules, grid)
    found += stack_candidates(stacks)
    found += line_candidates(page, layout, rules, grid, stacks)
    found += blank_candidates(page)
    kept = without_overlaps(found)
    if len(kept) > FIELDS_MAX:
        page.warnings.append(f"Page {page.number} shows more than {FIELDS_MAX} places to write; the rest was left out.")
    return kept[:FIELDS_MAX]


def _from_widget(widget: Widget) -> Candidate:
    return Candidate(widget.box, _kind(widget), "widget", PRIOR["widget"], widget=widget, max_length=widget.max_length)


def _kind(widget: Widget) -> Kind:
    if widget.kind == "text":
        return "textarea" if widget.multiline else "text"
    if widget.kind == "choice":
        return "multiselect" if widget.multiselect else "choice"
    return "text" if widget.kind == "button" else widget.kind
