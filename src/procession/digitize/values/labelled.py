"""Label and value pairs as forms, tables and questionnaires print them: beside, after a colon, or underneath."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from procession.digitize.classify import meaning_of
from procession.digitize.values.passages import Layout, Passage
from procession.digitize.vocabulary import Meaning
from procession.domain.form import Subtype

LABEL_WORDS_MAX = 9
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
            beside_or_under = _value_of(layout, chunk)
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


def _value_of(layout: Layout, label: Passage) -> tuple[Passage, float] | None:
    right = layout.right_of(label)
    if right is not None and is_option(layout, right):
        return None  # a choice: its marked box is the value
    if right is not None and _may_be_value(layout, right, label) and not _is_heading(layout, label):
        return right, 0.95
    below = layout.below(label)
    if below is None or not _may_be_value(layout, below, label) or label_meaning(below.text):
        return None
    if below.size > label.size * 1.4:
        return None
    return below, 0.9 if abs(below.box.x0 - label.box.x0) < 8 else 0.75


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
