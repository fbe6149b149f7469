"""What a prompt asks, by the contract of our prompts.

One text part of the messages is a JSON object ``{"document": {"tag"}, "lines": [{"id", "page", "box", "text"}],
"fields": [{"id", "label", "type"}]}``; the answer is ``{"answers": [{"field", "value", "lines", "quote"}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    text: str
    page: int = 1
    box: tuple[float, ...] = ()
    """Left and top edge, and more or not, in whatever unit the prompt has."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    means: str = ""
    """A wedding field's name, where the prompt says which it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    document: str
    """The document's tag, or empty."""
    lines: tuple[Line, ...]
    questions: tuple[Question, ...]
    pictures: int = 0

    def line(self, line_id: str) -> Line | None:
        return next((line for line in self.lines if line.id == line_id), None)


@dataclass(frozen=True, slots=True)
class Answer:
    field: str
    value: str | None = None
    lines: tuple[str, ...] = ()
    quote: str | None = None

    def told(self) -> dict[str, Any]:
        return {"field": self.field, "value": self.value, "lines": list(self.lines), "quote": self.quote}


def read(texts: Sequence[str], pictures: int = 0) -> Asked | None:
    """The last text that follows the contract, or None."""
    for text in reversed(texts):
        if (found := _read(text, pictures)) is not None:
            return found
    return None


def _read(text: str, pictures: int) -> Asked | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict) or not isinstance(given.get("fields"), list):
        return None
    document = given.get("document")
    tag = str(document.get("tag") or document.get("sha256") or "") if isinstance(document, dict) else ""
    lines = tuple(_line(one) for one in given.get("lines") or () if isinstance(one, dict) and "id" in one)
    questions = tuple(_question(one) for one in given["fields"] if isinstance(one, dict) and "id" in one)
    return Asked(tag, lines, questions, pictures)


def _line(given: dict[str, Any]) -> Line:
    page = given.get("page")
    box = given.get("box") or given.get("at")
    return Line(
        str(given["id"]),
        str(given.get("text", "")),
        page if isinstance(page, int) else 1,
        tuple(float(one) for one in box if isinstance(one, int | float)) if isinstance(box, list) else (),
    )


def _question(given: dict[str, Any]) -> Question:
    options = given.get("options")
    return Question(
        str(given["id"]),
        str(given.get("label") or ""),
        str(given.get("type") or "text"),
        tuple(_option(one) for one in options) if isinstance(options, list) else (),
        str(given.get("means") or ""),
    )


def _option(given: Any) -> str:
    return str(given.get("label", "")) if isinstance(given, dict) else str(given)
