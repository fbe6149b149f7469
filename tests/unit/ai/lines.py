"""Documents of lines for tests of AI readings, without a PDF: rows of texts, and fields where they are told to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procession.ai.ask import AiInput, Ask, AskedField
from procession.ai.prompts import PROMPT_VERSION
from procession.domain.form import Box, DigitizedDocument, Field, FieldType, Form, Page, Source, Subtype, TextLine
from procession.policy.cascade import TYPES, Why

WIDTH, HEIGHT = 600.0, 800.0
LETTER = 0.01
"""Width of a letter, in parts of the page."""
ROW = 0.03


def lines_of(*rows: str | Sequence[tuple[float, str]], source: Any = "text", sure: float = 1.0) -> tuple[TextLine, ...]:
    """One line a row, or of a row several texts at the given left edges."""
    found: list[TextLine] = []
    for number, row in enumerate(rows):
        for left, text in [(0.1, row)] if isinstance(row, str) else row:
            top = 0.05 + ROW * number
            words, at = [], left
            for word in text.split(" "):
                words.append((round(at, 4), top, round(min(at + LETTER * len(word), 1.0), 4), top + 0.02))
                at += LETTER * (len(word) + 1)
            box = (words[0][0], top, words[-1][2], top + 0.02)
            found.append(
                TextLine(
                    id=f"p1l{len(found) + 1}",
                    page=1,
                    box=box,
                    text=text,
                    words=tuple(words),
                    source=source,
                    confidence=sure,
                )
            )
    return tuple(found)


def field_of(name: str, subtype: Subtype | None = None, **changes: Any) -> Field:
    given: dict[str, Any] = {
        "id": name,
        "page": 1,
        "label": name,
        "name": name,
        "type": TYPES.get(subtype, FieldType.TEXT) if subtype else FieldType.TEXT,
        "subtype": subtype,
        "confidence": 0.95,
        "source": Source.TEXT,
    }
    return Field.model_validate({**given, **changes})


def document(
    lines: Sequence[TextLine], fields: Sequence[Field] = (), kind: Any = "contract", source: Any = "digital"
) -> DigitizedDocument:
    page = Page(number=1, width=WIDTH, height=HEIGHT, source=source)
    flagged = any(field.needs_review for field in fields)
    form = Form(kind=kind, fields=tuple(fields))
    return DigitizedDocument(pages=(page,), form=form, lines=tuple(lines), needs_review=flagged, confidence=0.9)


def asked(subtype: Subtype, field: Field | None = None, **changes: Any) -> AskedField:
    given: dict[str, Any] = {
        "id": field.id if field else subtype.value,
        "field": field.id if field else None,
        "subtype": subtype,
        "type": field.type if field else TYPES.get(subtype, FieldType.TEXT),
        "label": field.label if field else subtype.value.replace("_", " "),
        "why": Why.MISSING,
    }
    return AskedField.model_validate({**given, **changes})


def given(found: DigitizedDocument, *questions: AskedField) -> AiInput:
    ask = Ask(kind=found.form.kind, fields=questions, lines=found.lines, prompt_version=PROMPT_VERSION)
    return AiInput(document=found, ask=ask)


def box_of(lines: Sequence[TextLine], name: str) -> Box:
    return next(line.box for line in lines if line.id == name)
