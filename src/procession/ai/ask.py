"""What one document is asked, self-contained: the questions, the lines they may be answered from, pages to show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from procession.domain.form import DigitizedDocument, FieldType, Subtype, TextLine
from procession.policy.cascade import Why

LINES_MAX = 1_200
"""Lines that go into one prompt; of a longer document the first, and the last tenth."""
LINE_CHARACTERS_MAX = 400
"""The rest of a longer line is not sent."""
CHARACTERS_MAX = 60_000
"""All lines of one prompt together: what a document may cost is bounded by this, not by its author."""
TAG_DIGITS = 16


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AskedField(_Frozen):
    """One question. ``id`` is an existing field's, or a core value's own word."""

    id: str
    field: str | None
    """The existing field it is about; None for a core value that was not found."""
    subtype: Subtype | None
    type: FieldType
    label: str
    options: tuple[str, ...] = ()
    why: Why
    wants: Literal["value", "mark", "label"] = "value"
    page: int | None = None


class Ask(_Frozen):
    kind: Literal["form", "contract", "invoice", "questionnaire", "other"]
    fields: tuple[AskedField, ...]
    lines: tuple[TextLine, ...]
    pages: tuple[int, ...] = ()
    """Whose pictures go along, in this order."""
    page_sizes: tuple[tuple[float, float], ...] = ()
    """Points, as displayed, of these pages."""
    prefix_first: bool = True
    """Whether what all prompts share stands first, so that a provider keeps it."""
    downscale: bool = True
    prompt_version: str

    @property
    def tag(self) -> str:
        """Names the prompt's content: the same document asked the same is the same prompt."""
        told = hashlib.sha256()
        for line in self.lines:
            told.update(line.id.encode() + b"\0" + line.text.encode("utf-8", "replace") + b"\0")
        return told.hexdigest()[:TAG_DIGITS]

    def line(self, name: str) -> TextLine | None:
        return next((line for line in self.lines if line.id == name), None)


class AiInput(_Frozen):
    """What is kept, sealed, while an answer is waited for: all that ``merge`` needs."""

    document: DigitizedDocument
    """The local result with its lines."""
    ask: Ask
    sha256: str = ""
    """Of the document's bytes."""
    engine: Mapping[str, float] = {}
    """Field id -> the engine's own confidence, where a calibration changed it."""

    def encode(self) -> bytes:
        return self.model_dump_json().encode()

    @classmethod
    def decode(cls, body: bytes) -> AiInput:
        """Raises ValueError for anything else than ``encode`` made."""
        return cls.model_validate_json(body)


def sent_lines(lines: tuple[TextLine, ...]) -> tuple[TextLine, ...]:
    """As many as one prompt may hold."""
    if len(lines) > LINES_MAX:
        last = LINES_MAX // 10
        lines = (*lines[: LINES_MAX - last], *lines[-last:])
    kept, left = [], CHARACTERS_MAX
    for line in lines:
        left -= min(len(line.text), LINE_CHARACTERS_MAX)
        if left < 0:
            break
        kept.append(shortened(line))
    return tuple(kept)


def shortened(line: TextLine) -> TextLine:
    """``line`` up to the last whole word that may be sent."""
    if len(line.text) <= LINE_CHARACTERS_MAX:
        return line
    words: list[str] = []
    length = -1
    for word in line.text.split(" "):
        length += len(word) + 1
        if length > LINE_CHARACTERS_MAX:
            break
        words.append(word)
    update: dict[str, Any] = {"text": " ".join(words), "words": line.words[: len(words)]}
    return line.model_copy(update=update)
