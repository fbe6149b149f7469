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
            inside = _COLON.match(chunk.text)
            if inside:
                meaning = meaning_of(inside["label"])
                if meaning and not _BLANK.match(inside["value"]):
                    label, at = _NUMBERING.sub("", inside["label"]), inside.start("value")
                    yield Pair(label, meaning, chunk, at, len(chunk.text), 0.95)
                    continue
            if (meaning := label_meaning(chunk.text)) is None:
                continue
            beside_or_under = _value_of(layout, chunk)
            if beside_or_under:
                value, strength = beside_or_under
                yield Pair(_NUMBERING.sub("", chunk.text).rstrip(" :?"), meaning, value, 0, len(value.text), strength)


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
    if right is not None and not _label_like(right, label) and not _BLANK.match(right.text):
        return right, 0.95
    below = layout.below(label)
    if below is None or _label_like(below, label) or _BLANK.match(below.text):
        return None
    if below.size > label.size * 1.4:
        return None
    return below, 0.9 if abs(below.box.x0 - label.box.x0) < 8 else 0.75


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
