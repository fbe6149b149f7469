"""Label and value pairs as forms, tables and questionnaires print them: beside, after a colon, or underneath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from procession.digitize.classify import meaning_of
from procession.digitize.values import dates
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.values.passages import Layout, Passage, is_leader, style_of
from procession.digitize.vocabulary import Meaning
from procession.domain.form import FieldType, Subtype

LABEL_WORDS_MAX = 9
ANSWER_CHARS_MAX = {True: 100, False: 400}
"""Longest answer to a label that wants a line of text; and to one that wants anything else."""
_COLON = re.compile(r"^(?P<label>[^:?]{2,60}?)\s*[:?]\s+(?P<value>\S.*)$")
_PACKAGE_LABEL = re.compile(
    r"^(?:(?:your|the|selected|chosen|wedding|photography|service|booked|which|what)\s+)*"
    r"(?:package|collection|paket|forfait|formule|paquete|pakket|pacchetto|plan|coverage)\b"
    r"(?=\s*[:?]?$|\s+(?:name|selected|chosen|choice|booked|details|type|do|did|would|are|have)\b)",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"^\(?\d{1,2}[.)]\s+")
_BOX_SIGNS = "□☐☑☒◯○●◉❏❑▢✓✔"
_RUN = re.compile(r"^[\W_]*_{3,}|^\.{4,}")
_BLANK = re.compile(r"^[\s_.…\-–—/|()]*$")


@dataclass(frozen=True, slots=True)
class Pair:
    label: str
    meaning: Meaning
    value: Passage
    start: int
    end: int
    strength: float
    """0 … 1: how surely the two belong together."""

    @property
    def text(self) -> str:
        return self.value.text[self.start : self.end]


def pairs(layout: Layout) -> Iterator[Pair]:
    for row in layout.rows:
        for chunk in row.chunks:
            if is_option(layout, chunk):
                continue
            inside = _COLON.match(chunk.text)
            if inside:
                meaning = meaning_of(inside["label"])
                if meaning and not _BLANK.match(inside["value"]) and not _RUN.match(inside["value"]):
                    label, at = _NUMBERING.sub("", inside["label"]), inside.start("value")
                    yield Pair(label, meaning, chunk, at, _up_to_blank(chunk.text, at), 0.95)
                    continue
            if (meaning := label_meaning(chunk.text)) is None:
                continue
            beside_or_under = _value_of(layout, chunk, meaning)
            if beside_or_under:
                value, strength = beside_or_under
                end = _up_to_blank(value.text, 0)
                yield Pair(_NUMBERING.sub("", chunk.text).rstrip(" :?"), meaning, value, 0, end, strength)


def _holds_options(text: str) -> bool:
    """Whether printed boxes stand among the words, so that they are choices and no answer."""
    return any(sign in text for sign in _BOX_SIGNS)


def label_meaning(text: str) -> Meaning | None:
    """Meaning of a chunk that is nothing but a label."""
    words = text.split()
    if not words or len(words) > LABEL_WORDS_MAX or re.search(r"\d{3,}|@|[$€£]", text):
        return None
    if text.rstrip().endswith((".", ",", ";")) or words[0][:1].islower():
        return None
    meaning = meaning_of(text)
    if meaning and meaning.subtype is Subtype.PACKAGE_NAME and not _PACKAGE_LABEL.match(text):
        return None  # "Essential Package" is the name of one
    return meaning


def _value_of(layout: Layout, label: Passage, meaning: Meaning) -> tuple[Passage, float] | None:
    right = layout.right_of(label)
    while right is not None and is_leader(right.text):
        right = layout.right_of(right)
    if right is not None and is_option(layout, right):
        return None  # a choice: its marked box is the value
    beside = right is not None and _may_be_value(layout, right, label) and not _is_heading(layout, label)
    if right is not None and beside and fits(meaning, right.text):
        return right, 0.95
    below = layout.below(label)
    if below is not None and _may_be_under(layout, below, label) and fits(meaning, below.text):
        return below, 0.9 if abs(below.box.x0 - label.box.x0) < 8 else 0.75
    return None


def _may_be_under(layout: Layout, below: Passage, label: Passage) -> bool:
    if not _may_be_value(layout, below, label) or label_meaning(below.text) or below.size > label.size * 1.4:
        return False
    # under a heading of larger type or a bold one stands the next label, set like the page's other labels
    return style_of(label) in layout.label_styles or style_of(below) not in layout.label_styles


def fits(meaning: Meaning, text: str) -> bool:
    """Whether ``text`` can be an answer to a label of this meaning: a date for a date, no sentence for a name."""
    if len(text) > ANSWER_CHARS_MAX[meaning.type is FieldType.TEXT]:
        return False
    if meaning.type is FieldType.DATE:
        return bool(dates.find_dates(text)) or dates.lacks_year(text)
    if meaning.type is FieldType.TIME:
        return dates.find_time(text) is not None
    if meaning.type is FieldType.CURRENCY:
        return bool(find_money(text, bare=True)) or meaning.subtype is Subtype.BUDGET_RANGE
    if meaning.type is FieldType.EMAIL:
        return "@" in text
    if meaning.type in (FieldType.PHONE, FieldType.NUMBER):
        return any(character.isdigit() for character in text)
    return True


def typed(reading: Reading, pairs: Sequence[Pair]) -> Iterator[Found]:
    """Dates and amounts that stand with a label of the trade."""
    for pair in pairs:
        subtype = pair.meaning.subtype
        if subtype is None:
            continue
        strength = pair.strength * 0.99
        if pair.meaning.type is FieldType.DATE:
            found = dates.find_dates(pair.text)
            if not found or (subtype is Subtype.CONTRACT_DATE and reading.kind == "invoice"):
                continue
            day, reason, sure = dates.resolve(found[0], reading.hints.proven, reading.hints.likely)
            box = pair.value.box_of(pair.start + found[0].start, pair.start + found[0].end)
            yield Found(
                *(subtype, day.isoformat(), found[0].text, pair.value.page, box, sure * strength, pair.label),
                reason=reason,
            )
        elif pair.meaning.type is FieldType.CURRENCY and subtype is not Subtype.BUDGET_RANGE:
            money = find_money(pair.text, bare=True)
            if not money or (money[0].currency is None and not re.search(r"[.,]\d{2}$|\d{3}", money[0].text)):
                continue
            one = money[0]
            yield Found(
                *(subtype, one.plain, one.text, pair.value.page),
                pair.value.box_of(pair.start + one.start, pair.start + one.end),
                0.97 * strength * (1.0 if one.currency else 0.85),
                pair.label,
                currency=settled_currency(one, reading.hints.currencies),
            )


def is_option(layout: Layout, chunk: Passage) -> bool:
    """Whether a checkbox or a radio circle stands right before the words."""
    if chunk.text[0] in _BOX_SIGNS:
        return True
    box = chunk.box
    return any(
        -2 <= box.x0 - one.x1 <= 18 and box.y0 - 4 <= one.centre[1] <= box.y1 + 4
        for one in layout.squares_near(box.centre[1])
    )


def _may_be_value(layout: Layout, chunk: Passage, label: Passage) -> bool:
    if _BLANK.match(chunk.text) or _RUN.match(chunk.text) or _holds_options(chunk.text):
        return False
    return not _label_like(chunk, label) and not is_option(layout, chunk)


def _is_heading(layout: Layout, label: Passage) -> bool:
    """Whether the label's row is the head of a table: three words or more side by side, no figures, no second label."""
    row, position = layout.place[id(label)]
    chunks = layout.rows[row].chunks
    if len(chunks) < 3 or label.text.rstrip().endswith((":", "?")):
        return False
    others = [chunk for at, chunk in enumerate(chunks) if at > position + 1]
    named = any(label_meaning(chunk.text) for chunk in others)
    return not named and not any(re.search(r"\d|@|:", chunk.text) for chunk in chunks)


def _up_to_blank(text: str, start: int) -> int:
    """A run of underscores after the value belongs to the next field."""
    run = re.search(r"\s*_{3,}", text[start:])
    return start + run.start() if run else len(text)


def _label_like(chunk: Passage, label: Passage) -> bool:
    """Whether ``chunk`` is set like ``label`` and names something itself."""
    text = chunk.text.strip()
    if text.endswith((":", "?")) or _COLON.match(text):
        return True
    if re.search(r"\d|@", text):
        return False
    if label.text.isupper() and text.isupper() and len(text.split()) <= 4:
        return True
    if label.bold and chunk.bold and len(text.split()) <= 4:
        return True
    return label_meaning(text) is not None and (chunk.bold or not label.bold)
