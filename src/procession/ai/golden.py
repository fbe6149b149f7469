"""The golden set: drawn papers as the engine reads them, with what stands in them, to try a model's version on.

A paper is kept as the engine's reading with its lines, so a trial needs no PDF. What is asked is planned anew each
time, as for any document, so the set stays valid when prompts and the choice of questions change.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from procession.ai.ask import AiInput, Ask, AskedField
from procession.ai.extraction import plan
from procession.ai.merge import Merged
from procession.domain.ai import ALL
from procession.domain.form import DigitizedDocument, Field, Source

FILE = "golden.json.gz"
EVERYTHING = replace(ALL, cascade=False)
"""Also what the engine is sure of is asked: the papers are few, and a model is to show what it can read."""
READ = frozenset({"agreed", "added", "added_unsure"})
"""Outcomes of a question whose answer was proved and not refuted by the engine."""


@dataclass(frozen=True, slots=True)
class GoldenPaper:
    name: str
    document: DigitizedDocument
    """With its lines."""
    truth: Mapping[str, Mapping[str, str]]
    """Subtype -> `value` (normalised) and `text` (as printed)."""

    def asked(self) -> Ask | None:
        return plan(self.document, EVERYTHING)

    def answers(self, ask: Ask) -> dict[str, Mapping[str, str]]:
        """Question -> what stands there, of the questions that the paper answers."""
        return {q.id: one for q in ask.fields if q.subtype and (one := self.truth.get(q.subtype.value)) is not None}


@dataclass(frozen=True, slots=True)
class Scored:
    """``silent``: wrong values that nobody is asked to look at."""

    asked: int
    right: int
    silent: int


@lru_cache(maxsize=1)
def golden_set() -> tuple[GoldenPaper, ...]:
    """The package's."""
    body = (resources.files("procession.ai") / FILE).read_bytes()
    return tuple(
        GoldenPaper(one["name"], DigitizedDocument.model_validate(one["document"]), one["truth"])
        for one in json.loads(gzip.decompress(body))["documents"]
    )


def score(paper: GoldenPaper, given: AiInput, merged: Merged | None) -> Scored:
    """What a version's answer made of the paper. ``merged`` None: it gave none that could be used."""
    known = paper.answers(given.ask)
    if merged is None:
        return Scored(len(known), 0, 0)
    right = silent = 0
    for question in given.ask.fields:
        field = _field(question, given, merged)
        truth = known.get(question.id)
        fits = field is not None and truth is not None and same(field.value, truth["value"])
        right += fits and merged.outcomes.get(question.id) in READ
        silent += field is not None and field.source is Source.AI and not fits and not field.needs_review
    return Scored(len(known), right, silent)


def _field(question: AskedField, given: AiInput, merged: Merged) -> Field | None:
    """The field a question is about, or the one its answer made."""
    fields = {field.id: field for field in merged.document.form.fields}
    if question.field is not None:
        return fields.get(question.field)
    before = {field.id for field in given.document.form.fields}
    made = (one for one in fields.values() if one.id not in before and one.subtype == question.subtype)
    return next(made, None)


def same(found: object, truth: str) -> bool:
    """Whether two values say the same, but for case and spacing."""
    return _even(str(found)) == _even(truth)


def _even(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum() or c in ".+@-")
