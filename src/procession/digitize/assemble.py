"""Ranges of pages become one document: title, kind, sections across pages, unique names, values, confidence."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from typing import Any

from procession.digitize.certainty import Evidence, confidence_of, review_reason
from procession.digitize.classify import classify, meaning_of
from procession.digitize.draft import Draft
from procession.digitize.fingerprint import seen_of
from procession.digitize.kind import document_kind, document_title
from procession.digitize.merge import chosen_of, with_known
from procession.digitize.ocr import TURNS, Turn
from procession.digitize.page import PageContent, Rect
from procession.digitize.parts import PagePart, PagesPart, Turned
from procession.digitize.section import Heading
from procession.digitize.text_lines import text_lines
from procession.digitize.values import extract_values
from procession.digitize.wording import mask_kind
from procession.domain.form import (
    Box,
    DigitizedDocument,
    Field,
    FieldType,
    Form,
    KnownForm,
    Option,
    Page,
    Section,
    Source,
)

NAME_CHARS_MAX = 60
WARNINGS_MAX = 100
TELLING_MIN = 2
"""So many dates, amounts and addresses in the text show that a page is filled."""
_INITIAL = re.compile(r"initials?$", re.IGNORECASE)
_NAME_PART = re.compile(r"\b(?:first|last|given|family|fore|sur) ?names?\b", re.IGNORECASE)
_TELLING = frozenset({FieldType.DATE, FieldType.CURRENCY, FieldType.EMAIL, FieldType.PHONE, FieldType.TIME})


def assemble_parts(parts: Sequence[PagesPart]) -> DigitizedDocument:
    since = time.perf_counter()
    pages = sorted((page for part in parts for page in part.pages), key=lambda page: page.content.number)
    chosen = chosen_of(parts)
    drafted = [page for page in pages if page.known is None or page.known.verdict != "same"]
    contents = [page.content for page in drafted]
    title = document_title(contents) if chosen is None else chosen.form.title
    sections, fields = _sections_and_fields(drafted, title)
    kind = document_kind(contents, fields, title) if chosen is None else chosen.form.kind
    if drafted:
        fields = _unique(_without_labels(extract_values(contents, fields, kind)))
    fields = [_in_section(field, sections) for field in fields]
    known: KnownForm | None = None
    if chosen is not None:
        sections, fields, known = with_known(chosen, pages, sections, fields)
    turned = {page.content.number: page.turned for page in pages if page.turned is not None}
    fields = [_on_page(field, turned[field.page]) if field.page in turned else field for field in fields]
    timings = _summed([part.timings_ms for part in parts])
    timings["assemble"] = (time.perf_counter() - since) * 1000
    used = {field.section for field in fields}
    return DigitizedDocument(
        pages=tuple(_page(page) for page in pages),
        form=Form(
            title=title,
            kind=kind,
            sections=tuple(section for section in sections if section.id in used),
            fields=tuple(fields),
        ),
        confidence=_overall(fields),
        needs_review=any(field.needs_review for field in fields)
        or any(page.turned for page in pages)
        or (known is not None and known.changed),
        warnings=tuple(dict.fromkeys(one for part in parts for one in part.warnings))[:WARNINGS_MAX],
        timings_ms={name: round(value, 1) for name, value in timings.items()},
        usage=_summed([part.usage for part in parts]),
        known=known,
        layouts=tuple(
            seen_of(page.content, None if page.turned is None else page.turned.lie, frozenset(page.draft.typed))
            for page in (pages if all(part.remember for part in parts) else ())
        ),
        lines=text_lines(pages) if all(part.lines for part in parts) else (),
    )


def _summed(tables: Sequence[dict[str, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for table in tables:
        for name, value in table.items():
            out[name] = round(out.get(name, 0) + value, 4)
    return out


def _page(page: PagePart) -> Page:
    content = page.content
    width, height = page.turned.displayed if page.turned else (content.width, content.height)
    return Page(
        number=content.number,
        width=round(width, 2),
        height=round(height, 2),
        rotation=content.rotation,
        source=content.source,
        text_turn=_turn(page.turned.turn if page.turned else 0),
    )


def _turn(degrees: int) -> Turn:
    return TURNS[degrees // 90 % 4]


def _sections_and_fields(pages: Sequence[PagePart], title: str | None) -> tuple[list[Section], list[Field]]:
    sections: list[Section] = []
    fields: list[Field] = []
    current: str | None = None
    for page in pages:
        given = page.draft.headings
        named = max((h.box.y0 for h in given if h.title == title), default=-1.0)
        place = 0
        for index, draft in enumerate(page.draft.drafts):
            for heading in given[place : draft.headings_before]:
                if heading.box.y0 > named:  # above the document's name stands the letterhead
                    current = heading.title
                    if not sections or sections[-1].title != current:
                        sections.append(_section(sections, heading))
            place = max(place, draft.headings_before)
            beside = page.draft.drafts[max(0, index - 1) : index + 2]
            fields.append(_field(draft, _asked(draft, beside), current, page.content, len(fields) + 1))
        left = [heading for heading in given[place:] if heading.box.y0 > named]
        if left:  # it goes on with the next page
            current = left[-1].title
            sections.append(_section(sections, left[-1]))
    return sections, fields


def _section(before: Sequence[Section], heading: Heading) -> Section:
    return Section(id=f"section-{len(before) + 1}", title=heading.title, page=heading.page)


def _without_labels(fields: Sequence[Field]) -> list[Field]:
    """Without "values" of the text that are only the printed label of a field on the page.

    On a filled page it is the other way round: the empty space below an answer took the answer for its label.
    """
    labels = {field.label.casefold() for field in fields if field.source is not Source.TEXT}
    filled = sum(field.source is Source.TEXT and field.type in _TELLING for field in fields) >= TELLING_MIN
    return [
        field
        for field in fields
        if field.source is not Source.TEXT
        or str(field.value_text or field.value).casefold().strip(" :*?") not in labels
        or field.type in _TELLING
        or (filled and meaning_of(str(field.value)) is None)
    ]


def _in_section(field: Field, sections: Sequence[Section]) -> Field:
    """``field`` naming its section by id: until here it is the heading's words, which tell what a field means."""
    above = [one for one in sections if one.title == field.section and one.page <= field.page]
    return field.model_copy(update={"section": above[-1].id if above else None})


def _asked(draft: Draft, beside: Sequence[Draft]) -> str:
    """What a label asks for: "Initial" between the parts of a name is the middle one, nobody signs there."""
    if _INITIAL.match(draft.label) and any(_NAME_PART.search(one.label) for one in beside):
        return f"Middle {draft.label}"
    return draft.label


def _field(draft: Draft, asked: str, section: str | None, page: PageContent, number: int) -> Field:
    shown = mask_kind(f"{draft.label} {draft.help or ''}") if draft.kind == "text" else None
    found = classify(asked, draft.context or section or "", shown or draft.kind)
    evidence = Evidence(draft.source, draft.confidence, draft.label_sure, draft.read_sure, draft.missing)
    confidence = confidence_of(evidence)
    reason = review_reason(evidence, confidence)
    value = draft.value
    return Field(
        id=f"field-{number}",
        page=draft.page,
        section=section,
        label=draft.label,
        name=draft.label or draft.name,
        type=found.type,
        subtype=found.subtype,
        category=found.category,
        required=draft.required,
        help=draft.help,
        max_length=draft.max_length,
        options=tuple(
            Option(label=o.label or o.value, box=_fractions(o.box, page) if o.box else None, value=o.value)
            for o in draft.options
        ),
        box=_fractions(draft.box, page),
        value=value,
        value_text=None if value is None or isinstance(value, bool) else _text(value),
        value_box=_fractions(_chosen(draft), page) if value is not None else None,
        confidence=confidence,
        source=Source(draft.source),
        needs_review=reason is not None,
        review_reason=reason,
    )


def _text(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _chosen(draft: Draft) -> Rect:
    return next((o.box for o in draft.options if o.selected and o.box is not None), draft.box)


def _fractions(box: Rect, page: PageContent) -> Box:
    def part(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    return part(box.x0, page.width), part(box.y0, page.height), part(box.x1, page.width), part(box.y1, page.height)


def _unique(fields: Sequence[Field]) -> list[Field]:
    """Ids and names nobody shares; a name is the label as a key: "Guest count" is guest_count."""
    names: dict[str, int] = {}
    out = []
    for field in fields:
        base = slug(field.name) or slug(field.label) or (field.subtype or field.type).value
        names[base] = names.get(base, 0) + 1
        name = base if names[base] == 1 else f"{base}_{names[base]}"
        while name != base and name in names:
            names[base] += 1
            name = f"{base}_{names[base]}"
        names.setdefault(name, 1)
        out.append(field.model_copy(update={"name": name}))
    return out


def slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"\W+", "_", plain)[:NAME_CHARS_MAX].strip("_")


def _on_page(field: Field, turned: Turned) -> Field:
    update: dict[str, Any] = {
        "box": _back(field.box, turned),
        "value_box": _back(field.value_box, turned),
        "options": tuple(o.model_copy(update={"box": _back(o.box, turned)}) for o in field.options),
    }
    return field.model_copy(update=update)


def _back(box: Box | None, turned: Turned) -> Box | None:
    if box is None:
        return None
    (width, height), (shown_width, shown_height) = turned.upright, turned.displayed
    lies = turned.on_page(Rect(box[0] * width, box[1] * height, box[2] * width, box[3] * height))

    def part(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    return (
        part(lies.x0, shown_width),
        part(lies.y0, shown_height),
        part(lies.x1, shown_width),
        part(lies.y1, shown_height),
    )


def _overall(fields: Sequence[Field]) -> float | None:
    """Mean of the fields'; a document without fields has none."""
    return round(sum(field.confidence for field in fields) / len(fields), 3) if fields else None
