"""A known page's fields: as they were approved, in their places on this copy, with what this copy's owner filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procession.digitize.page import PageContent, Rect, Widget
from procession.digitize.recall import Match, Placed, Verdict
from procession.digitize.ticks import near, ticked
from procession.digitize.values.contacts import find_emails, find_phones, regions_of
from procession.digitize.values.date_order import date_order
from procession.digitize.values.dates import find_dates
from procession.digitize.values.evidence import ink_in
from procession.digitize.values.extract import answered
from procession.digitize.values.money import find_money
from procession.digitize.values.normal import Hints
from procession.digitize.words_at import WordsAt
from procession.domain.form import Box, Field, FieldType, Source

KNOWN_CONFIDENCE = 0.99
"""Of a field somebody approved, on a page that is the same."""
SETTLED_POINTS = (160.0, 24.0, 40.0, 10.0)
"""Left of, above, right of and below a field: where nothing may differ for it to be certainly the same."""
SIGNATURE_POINTS = (6.0, 30.0, 6.0, 10.0)
"""Left of, above, right of and below a place to sign: signatures rise over their line."""
UNREAD_REASON = "something is written here that could not be read"
HOLDERS = frozenset({FieldType.RADIO, FieldType.SELECT, FieldType.MULTISELECT})

_SIGNED = frozenset({FieldType.SIGNATURE, FieldType.INITIALS})


@dataclass(frozen=True, slots=True)
class KnownPage:
    """``fields``: boxes are fractions of the upright page. ``removed``: where a reviewer left something out."""

    verdict: Verdict
    fields: tuple[Field, ...]
    removed: tuple[Rect, ...] = ()


def known_page(match: Match, page: PageContent) -> KnownPage:
    """``page``: read, with its widgets, shapes and pictures; of a scan, the shapes of ``zones`` are enough."""
    changed = _Changes(match) if match.verdict == "changed" else None
    placed = [one for one in match.placed if changed is None or changed.is_settled(one)]
    answers = WordsAt(match.registration.answers)
    hints = hints_of(page)
    asked = [one for one in placed if one.field is not None]
    marks = [box for one in asked if one.field is not None for box in _mark_boxes(one, one.field)]
    marked = dict(zip(marks, ticked(page, marks), strict=True))
    widgets = _widgets(asked, page)
    return KnownPage(
        match.verdict,
        tuple(_read(one, one.field, page, answers, hints, marked, widgets.get(one.id)) for one in asked if one.field),
        tuple(one.box for one in placed if one.field is None and one.box is not None),
    )


def fits_widgets(match: Match, widgets: Sequence[Widget]) -> bool:
    """Whether every interactive field stands in a place that is known; else the file was changed."""
    places = [box for one in match.placed for box in (one.box, *one.options) if box is not None]
    boxes = [one.box for one in widgets if one.kind != "button" and not one.read_only]
    return all(near(boxes, places, 4.0))


def zones(match: Match) -> tuple[list[Rect], list[Rect]]:
    """(boxes to tick, places to sign or to write) of a match: where a scan's ink matters."""
    fields = [(one, one.field) for one in match.placed if one.field is not None]
    left, above, right, below = SIGNATURE_POINTS
    places = []
    for one, known in fields:
        box = one.box
        if box is None or known.type is FieldType.CHECKBOX or (known.type in HOLDERS and known.options):
            continue
        if known.type in _SIGNED:
            box = Rect(box.x0 - left, box.y0 - above, box.x1 + right, box.y1 + below)
        places.append(box)
    return [box for one, known in fields for box in _mark_boxes(one, known)], places


def hints_of(page: PageContent) -> Hints:
    """What the page's words say about the order of dates, the country of phone numbers and the currency."""
    text = " ".join(word.text for word in page.words if word.visible)
    if not any(character.isdigit() for character in text):
        return Hints()
    currencies = tuple(dict.fromkeys(one.currency for one in find_money(text) if one.currency))
    phones = find_phones(text)
    regions = tuple(regions_of(currencies, find_emails(text), phones))
    abroad = [one.region for one in phones if one.region]
    proven, likely = date_order(find_dates(text), text.split(), currencies, abroad)
    return Hints(proven, likely, regions, currencies)


def _mark_boxes(placed: Placed, known: Field) -> list[Rect]:
    if known.type is FieldType.CHECKBOX and not known.options:
        return [placed.box] if placed.box is not None else []
    return [box for box in placed.options if box is not None]


def _widgets(asked: Sequence[Placed], page: PageContent) -> dict[str, Widget]:
    """Field id -> the interactive field in its place, if there is one."""
    found: dict[str, Widget] = {}
    for widget in page.widgets:
        x, y = widget.box.centre
        for one in asked:
            box = one.box
            if box is not None and box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1:
                found.setdefault(one.id, widget)
                break
    return found


def _read(
    placed: Placed,
    known: Field,
    page: PageContent,
    answers: WordsAt,
    hints: Hints,
    marked: dict[Rect, bool],
    widget: Widget | None,
) -> Field:
    box = None if placed.box is None else _fractions(placed.box, page)
    options = tuple(
        option.model_copy(update={"box": None if at is None else _fractions(at, page)})
        for option, at in zip(known.options, _padded(placed.options, len(known.options)), strict=True)
    )
    drawn = Source.GRAPHICS if page.source == "digital" else Source.OCR
    printed = known.box is None and not options
    field = known.model_copy(
        update={
            "page": page.number,
            "box": box,
            "options": options,
            "confidence": KNOWN_CONFIDENCE,
            "source": (Source.TEXT if drawn is Source.GRAPHICS else drawn) if printed else drawn,
        }
    )
    if widget is not None:
        return answered(_of_widget(field, widget), page, answers, hints)
    if known.type is FieldType.CHECKBOX and not options:
        is_on = placed.box is not None and marked[placed.box]
        return field.model_copy(update={"value": True, "value_box": box}) if is_on else field
    if known.type in HOLDERS and options:
        return _chosen(field, [at is not None and marked[at] for at in _padded(placed.options, len(options))])
    read = answered(field, page, answers, hints)
    if read.value is None and page.source == "scanned" and placed.box is not None:
        read = _unread(read, page, placed.box)
    return read.model_copy(update={"box": None}) if printed else read


def _unread(field: Field, page: PageContent, box: Rect) -> Field:
    """Ink without words is handwriting, or print too faint to read."""
    ink = ink_in(page, box)
    if ink is None or field.type in _SIGNED:
        return field
    update = {"needs_review": True, "review_reason": UNREAD_REASON, "value_box": _fractions(ink, page)}
    return field.model_copy(update=update)


def _chosen(field: Field, on: Sequence[bool]) -> Field:
    chosen = [option for option, is_on in zip(field.options, on, strict=True) if is_on]
    if not chosen:
        return field
    values = [option.value if isinstance(option.value, str) else option.label for option in chosen]
    update: dict[str, Any] = {
        "value": values if field.type is FieldType.MULTISELECT else values[0],
        "value_text": ", ".join(values),
        "value_box": chosen[0].box,
    }
    if len(chosen) > 1 and field.type is not FieldType.MULTISELECT:
        update |= {"needs_review": True, "review_reason": f"{len(chosen)} boxes are ticked, and one is asked for"}
    return field.model_copy(update=update)


def _of_widget(field: Field, widget: Widget) -> Field:
    """The field with what its interactive twin holds."""
    update: dict[str, Any] = {"source": Source.WIDGET}
    picked = [one for one in widget.options if one.selected]
    if field.type is FieldType.CHECKBOX and not field.options:
        if widget.value == "true":
            update |= {"value": True, "value_box": field.box}
    elif picked:
        values = [one.value or one.label for one in picked]
        update |= {"value": values if field.type is FieldType.MULTISELECT else values[0], "value_box": field.box}
        update |= {"value_text": ", ".join(values)}
    elif widget.value and not widget.options:
        update |= {"value": widget.value, "value_text": widget.value, "value_box": field.box}
    return field.model_copy(update=update)


def _padded(boxes: Sequence[Rect | None], length: int) -> list[Rect | None]:
    """A reviewer may have added options, which stand nowhere."""
    return [*boxes[:length], *([None] * (length - len(boxes)))]


class _Changes:
    """Where a changed page is as it was."""

    def __init__(self, match: Match) -> None:
        found = match.registration
        kept = np.column_stack([found.found, np.ones(len(found.found))]) @ found.matrix.T + found.shifts
        self._kept = kept
        places = [box for one in match.placed for box in (one.box, *one.options) if box is not None]
        foreign = [word.box for word in found.foreign]
        outside = [box for box, is_answer in zip(foreign, near(foreign, places, 6.0), strict=True) if not is_answer]
        self._differs = np.array([box.centre for box in (*found.missing, *outside)], dtype=np.float64).reshape(-1, 2)

    def is_settled(self, placed: Placed) -> bool:
        """Some printed word around it stands where it did, and none went or came there."""
        boxes = [box for box in (placed.box, *placed.options) if box is not None]
        if not boxes:
            return False
        left, above, right, below = SETTLED_POINTS
        around = Rect(
            min(box.x0 for box in boxes) - left,
            min(box.y0 for box in boxes) - above,
            max(box.x1 for box in boxes) + right,
            max(box.y1 for box in boxes) + below,
        )
        return _count(self._kept, around) > 0 and _count(self._differs, around) == 0


def _count(points: np.ndarray[Any, np.dtype[np.float64]], box: Rect) -> int:
    x, y = points[:, 0], points[:, 1]
    return int(((x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1)).sum())


def _fractions(box: Rect, page: PageContent) -> Box:
    def part(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    return part(box.x0, page.width), part(box.y0, page.height), part(box.x1, page.width), part(box.y1, page.height)
