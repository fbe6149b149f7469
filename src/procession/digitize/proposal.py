"""A proposal for a label: which printed words may name a place, and how they stand to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from procession.digitize.page import Word
from procession.digitize.wording import Labelled


class Relation(StrEnum):
    INSIDE = "inside"
    TABLE = "table"
    LEFT = "left"
    ABOVE = "above"
    BELOW = "below"
    RIGHT = "right"
    FAR = "far"
    """Above a writing area of which only the last line is drawn."""


@dataclass(frozen=True, slots=True)
class Proposal:
    relation: Relation
    labelled: Labelled
    words: frozenset[int]
    """Identities of the layout's words the label is made of: two fields seldom share them."""
    close: bool = False
    """Right beside its place: nothing else may be meant."""


def ids_of(words: Iterable[Word]) -> frozenset[int]:
    return frozenset(id(word) for word in words)


def text_of(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)
