"""Answers that go back onto the paper they belong to, and the PDF that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from procession.domain.form import Field

NOTES_MAX = 50
NOTE_CHARACTERS_MAX = 400


@dataclass(frozen=True, slots=True)
class PaperAnswers:
    """``fields``: what to write, each field's ``value`` its answer; an interactive field without one is emptied."""

    fields: tuple[Field, ...]
    turns: Mapping[int, int] = field(default_factory=dict)
    """Page -> degrees clockwise by which its text leans as displayed; pages that are not named stand upright."""
    taken: frozenset[str] = frozenset()
    """Ids of fields in whose place something else is printed already: their answers go to a page at the end."""


@dataclass(frozen=True, slots=True)
class FilledPdf:
    """``notes``: in plain words what whoever uses the copy should know, NOTES_MAX at most."""

    pdf: bytes
    notes: tuple[str, ...] = ()
    pages_appended: int = 0
