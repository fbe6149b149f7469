"""The answerer that knows: a truth file, and for each model a share of fields it gets right.

The file is ``{"documents": {TAG OR SHA256: {FIELD: {"value", "lines", "quote"}}}}``; a field is named by its
id, its meaning or its label. ``lines`` and ``quote`` may be left out: then the lines with the value are looked for.
What is neither in the lines nor on a picture is not answered, as a model could not have read it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from procession.ai.fake.asked import Answer, Asked, Line, Question
from procession.ai.fake.chance import draw
from procession.ai.fake.invent import mistaken
from procession.ai.fake.labels import LabelAnswerer


@dataclass(frozen=True, slots=True)
class Truth:
    documents: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @classmethod
    def load(cls, path: Path) -> Truth:
        """Raises ValueError or OSError."""
        return cls.parse(json.loads(path.read_text()))

    @classmethod
    def parse(cls, given: Any) -> Truth:
        documents = given.get("documents") if isinstance(given, dict) else None
        if not isinstance(documents, dict):
            raise ValueError('a truth file is {"documents": {TAG: {FIELD: {"value": …}}}}')
        return cls(
            {tag: {_key(name): one for name, one in fields.items()} for tag, fields in documents.items()},
        )

    def of(self, asked: Asked) -> Mapping[str, Mapping[str, Any]] | None:
        """By the prompt's tag, else by a tag that one of its lines holds."""
        if (found := self.documents.get(asked.document)) is not None:
            return found
        texts = [line.text for line in asked.lines]
        return next((fields for tag, fields in self.documents.items() if tag and any(tag in t for t in texts)), None)


class TruthAnswerer:
    """Right for a model's share of fields, drawn from seed, model, document and field; other documents by label."""

    def __init__(self, truth: Truth, accuracy: Mapping[str, Decimal], seed: int) -> None:
        self._truth = truth
        self._accuracy = accuracy
        self._seed = seed
        self._otherwise = LabelAnswerer()

    def answer(self, asked: Asked, model: str) -> list[Answer]:
        known = self._truth.of(asked)
        if known is None:
            return self._otherwise.answer(asked, model)
        return [self._answered(asked, question, known, model) for question in asked.questions]

    def _answered(self, asked: Asked, question: Question, known: Mapping[str, Mapping[str, Any]], model: str) -> Answer:
        right = _right(asked, question, _known(known, question))
        about = (model, asked.document, question.id or question.label)
        if draw(self._seed, "right", *about) < self._accuracy.get(model, Decimal(1)):
            return right
        return mistaken(asked, question, right, self._seed, *about)


def _known(known: Mapping[str, Mapping[str, Any]], question: Question) -> Mapping[str, Any] | None:
    """By id, meaning or label, in this order."""
    names = (question.id, question.means, question.label)
    return next((known[key] for name in names if name and (key := _key(name)) in known), None)


def _right(asked: Asked, question: Question, known: Mapping[str, Any] | None) -> Answer:
    value = None if known is None else known.get("value")
    if known is None or value is None:
        return Answer(question.id)
    value = str(value)
    quote = str(known.get("quote") or value)
    named = tuple(line for one in known.get("lines") or () if (line := asked.line(str(one))) is not None)
    lines = named or _holding(asked.lines, quote)
    if lines:
        return Answer(question.id, value, tuple(line.id for line in lines), quote)
    return Answer(question.id, value) if asked.pictures else Answer(question.id)


def _holding(lines: tuple[Line, ...], quote: str) -> tuple[Line, ...]:
    """The first line with the quote, or the first two that hold it together."""
    wanted = _key(quote)
    for line in lines:
        if wanted in _key(line.text):
            return (line,)
    for first, second in itertools.pairwise(lines):
        if wanted in _key(f"{first.text} {second.text}"):
            return (first, second)
    return ()


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()
