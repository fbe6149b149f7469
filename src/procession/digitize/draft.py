"""A page's fields before the whole document is known: labelled and in reading order. Boxes are points of the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from procession.digitize.columns import Columns, find_columns
from procession.digitize.detect import Candidate, detect_fields
from procession.digitize.grouping import Group, group_marks
from procession.digitize.label import Labels
from procession.digitize.layout import Layout
from procession.digitize.learned import weigh
from procession.digitize.legend import Legend, read_legend
from procession.digitize.page import PageContent, Rect, Widget
from procession.digitize.section import Heading, find_headings
from procession.digitize.typed import are_answers, typed_parts, without
from procession.digitize.wording import Labelled, cleaned, is_acceptance, is_required

NO_LABEL = "no label was found beside this field"
TOOLTIP_CHARS_MAX = 200
FIRST_LINE_POINTS = 14.0
"""A heading beside the first line of a tall place stands before it."""

_MARKS = frozenset({"checkbox", "radio"})
_NAMED = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class DraftOption:
    label: str
    box: Rect | None
    value: str
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    page: int
    box: Rect
    label: str
    kind: str
    """What ``classify`` takes: what is drawn, or the format a widget names."""
    confidence: float
    """Of the place alone: the measured share of such places that are fields."""
    source: str
    """"widget", "graphics" or "ocr"."""
    name: str = ""
    """The file's own name of a widget."""
    context: str = ""
    required: bool = False
    help: str | None = None
    max_length: int | None = None
    options: tuple[DraftOption, ...] = ()
    value: str | bool | list[str] | None = None
    headings_before: int = 0
    """How many of the page's headings are read before it."""
    label_sure: float = 1.0
    read_sure: float = 1.0
    """Mean confidence of the recogniser in the label's letters; 1.0 for printed text."""
    missing: str | None = None
    """What was not found, in words."""


@dataclass(frozen=True, slots=True)
class PageDraft:
    drafts: tuple[Draft, ...]
    headings: tuple[Heading, ...]
    typed: tuple[int, ...] = ()
    """Which of the page's words are answers that were typed into it."""


NOTHING_DRAFTED = PageDraft((), ())


def draft_page(page: PageContent) -> PageDraft:
    """The fields of ``page``; of one that was filled in, those of the form before it was."""
    for typed in typed_parts(page):
        drafted = _drafted(without(page, typed))
        if are_answers(typed, [(draft.box, draft.label) for draft in drafted.drafts]):
            gone = {id(word) for word in typed.words}
            return replace(drafted, typed=tuple(i for i, word in enumerate(page.words) if id(word) in gone))
    return _drafted(page)


def _drafted(page: PageContent) -> PageDraft:
    candidates = detect_fields(page, weigh)
    marks = [one for one in candidates if one.kind in _MARKS and (one.widget is None or not one.widget.options)]
    option_boxes = [o.box for one in candidates if one.widget for o in one.widget.options if o.box]
    layout = Layout(page, [one.box for one in marks] + option_boxes)
    columns = find_columns(layout, [one.box for one in candidates], page)
    labels = Labels(layout, candidates, columns)
    drawn = [one for one in candidates if one.widget is None]
    drafts: list[Draft] = []
    named: list[Rect] = []
    legend = read_legend(layout.runs)
    groups = group_marks([one for one in drawn if one.kind in _MARKS], labels)
    for group in groups:
        drafts.append(_of_group(group, page, legend, layout))
        named += [one.box for one in (*group.labels, group.question) if one is not None and one.box is not None]
    places = [one for one in candidates if _is_place(one)]
    found = labels.of_all(places, named)
    for candidate in candidates:
        if candidate.widget is not None:
            drafts.append(_of_widget(candidate, candidate.widget, labels, found.get(id(candidate)), page, legend))
        elif candidate.kind not in _MARKS:
            labelled = found[id(candidate)]
            if labelled.box is not None:
                named.append(labelled.box)
            required = legend.requires(labelled, bold=layout.is_bold(labelled.box))
            read_sure = _read_sure([labelled], layout) if page.source == "scanned" else 1.0
            drafts.append(_of_place(candidate, labelled, page, required, read_sure))
    headings = find_headings(page, layout, [draft.box for draft in drafts], named, columns)
    headings.sort(key=lambda one: (columns.part_of(one.box) if columns else 0, one.box.y0))
    ordered = [_after(headings, draft, columns) for draft in in_reading_order(drafts, columns)]
    return PageDraft(tuple(ordered), tuple(headings))


def _after(headings: Sequence[Heading], draft: Draft, columns: Columns | None) -> Draft:
    """``draft`` with the number of headings that stand above it or in the columns before its own."""
    part = columns.part_of(draft.box) if columns else 0
    first_line = draft.box.y0 + min(draft.box.height, FIRST_LINE_POINTS)
    before = sum(
        (columns.part_of(one.box) if columns else 0, one.box.centre[1]) <= (part, first_line) for one in headings
    )
    return replace(draft, headings_before=before)


def _is_place(candidate: Candidate) -> bool:
    """Whether one writes or signs there; boxes to tick are labelled by ``grouping``."""
    if candidate.kind in _MARKS:
        return False
    return candidate.widget is None or not (candidate.widget.options and candidate.widget.kind in _MARKS)


def in_reading_order(drafts: Sequence[Draft], columns: Columns | None = None) -> list[Draft]:
    """Column after column; in each, rows from top to bottom, within a row from left to right."""
    if columns is not None:
        parts: list[list[Draft]] = [[], [], [], []]
        for draft in drafts:
            parts[columns.part_of(draft.box)].append(draft)
        return [draft for part in parts for draft in in_reading_order(part)]
    ordered: list[Draft] = []
    row: list[Draft] = []
    for draft in sorted(drafts, key=lambda one: (_middle(one), one.box.x0)):
        if row and _middle(draft) - _middle(row[0]) > 6.0:
            ordered += sorted(row, key=lambda one: one.box.x0)
            row = []
        row.append(draft)
    return ordered + sorted(row, key=lambda one: one.box.x0)


def _middle(draft: Draft) -> float:
    box = draft.box
    return box.y0 + min(box.height, 24.0) / 2


def _source(page: PageContent) -> str:
    return "ocr" if page.source == "scanned" else "graphics"


def _of_place(
    candidate: Candidate, labelled: Labelled, page: PageContent, required: bool, read_sure: float = 1.0
) -> Draft:
    return Draft(
        page.number,
        candidate.box,
        labelled.label,
        candidate.kind,
        round(candidate.confidence, 3),
        _source(page),
        required=required,
        help=labelled.help,
        max_length=candidate.max_length,
        label_sure=labelled.sure,
        read_sure=read_sure,
        missing=None if labelled.label else NO_LABEL,
    )


def _read_sure(labelled: Sequence[Labelled | None], layout: Layout) -> float:
    """Mean confidence in the words of some labels."""
    boxes = [one.box for one in labelled if one is not None and one.box is not None]
    words = [word.confidence for box in boxes for word in layout.words_in(box)]
    return round(sum(words) / len(words), 3) if words else 1.0


def _of_group(group: Group, page: PageContent, legend: Legend, layout: Layout) -> Draft:
    confidence = round(sum(member.confidence for member in group.members) / len(group.members), 3)
    sure = min(one.sure for one in group.labels)
    read_sure = _read_sure([*group.labels, group.question], layout) if page.source == "scanned" else 1.0
    if group.kind == "checkbox":
        (mark,), (labelled,) = group.members, group.labels
        return Draft(
            *(page.number, mark.box, labelled.label, "checkbox", confidence, _source(page)),
            required=legend.requires(labelled) or is_acceptance(labelled.label),
            help=labelled.help,
            value=True if mark.ticked else None,
            label_sure=sure,
            read_sure=read_sure,
            missing=None if labelled.label else NO_LABEL,
        )
    question = group.question or Labelled("", sure=0.5)
    options = tuple(
        DraftOption(one.label, mark.box, one.label, mark.ticked)
        for mark, one in zip(group.members, group.labels, strict=True)
    )
    chosen = [option.value for option in options if option.selected]
    value: str | list[str] | None = (chosen[0] if group.kind == "radio" else chosen) if chosen else None
    return Draft(
        *(page.number, group.box, question.label, group.kind, confidence, _source(page)),
        required=legend.requires(question),
        help=question.help,
        options=options,
        value=value,
        label_sure=min(sure, question.sure),
        read_sure=read_sure,
        missing=None if question.label else "no question was found for these boxes",
    )


def _of_widget(
    candidate: Candidate, widget: Widget, labels: Labels, found: Labelled | None, page: PageContent, legend: Legend
) -> Draft:
    tooltip = " ".join(widget.label.split())
    told = cleaned(tooltip[:TOOLTIP_CHARS_MAX]) if _NAMED.search(tooltip) else ""
    if widget.options and widget.kind in _MARKS:
        asked = labels.question(widget.box)
        printed = Labelled(cleaned(asked.text), is_required(asked.text)) if asked else Labelled("", sure=0.0)
    elif widget.kind == "checkbox":
        printed = labels.of_mark(widget.box)
    else:
        printed = found or Labelled("", sure=0.0)
    label = told or printed.label
    value: str | bool | list[str] | None = widget.value
    if widget.kind == "checkbox" and not widget.options:
        value = True if widget.value == "true" else None
    if widget.multiselect and widget.value:
        value = widget.value.split("\n")
    kind: str = candidate.kind
    if kind == "checkbox" and widget.options:
        kind = "radio"
    if kind == "text" and widget.format:
        kind = widget.format
    return Draft(
        *(page.number, widget.box, label or _readable(widget.name), kind, 0.99 if label else 0.9, "widget"),
        name=widget.name,
        required=widget.required or legend.requires(printed),
        help=printed.help,
        max_length=widget.max_length,
        options=_widget_options(widget, labels, told),
        value=value,
        missing=None if label else NO_LABEL,
    )


def _widget_options(widget: Widget, labels: Labels, told: str) -> tuple[DraftOption, ...]:
    out = []
    for option in widget.options:
        label = cleaned(option.label)
        if option.box is not None and (not label or label == told):
            label = labels.of_mark(option.box).label or label
        out.append(DraftOption(label or option.value or "?", option.box, option.value, option.selected))
    return tuple(out)


def _readable(name: str) -> str:
    """ "form1[0].Page1[0].guest_count[0]" as "guest count"; the last resort for a widget nobody labelled."""
    last = re.sub(r"\[\d+\]", "", name.rsplit(".", 1)[-1])
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", last)).strip()
