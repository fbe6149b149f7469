"""The prompt: words all documents share first, then the document as data. Nothing of a document is among the words.

The words stand in text files beside this one, one folder a version. A changed word is a new version: answers to other
words are other answers, and results say which version they come from.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any

from procession.ai.ask import Ask, AskedField
from procession.domain.form import TextLine

PROMPT_VERSION = "2026-11-25.1"
"""Of the words and the schema below; goes into results, cache keys and bills."""
FOLDER = "v1"
PREFIX_TOKENS_MIN = 1_024
"""Providers keep no shorter beginning of a prompt; the shared words are at least as long."""

ANSWERS_MAX = 60
"""Answers to one prompt; as many as there may be questions."""
LINES_PER_ANSWER_MAX = 4
QUOTE_CHARACTERS_MAX = 400


def schema() -> dict[str, Any]:
    """What an answer must look like: the same for every document, so that providers keep it with the words.

    No value may be null: what is not there is left out, which is shorter, and providers limit nullable properties.
    """
    text = {"type": "string"}
    answer = {
        "type": "object",
        "properties": {
            "field": text,
            "value": text,
            "lines": {"type": "array", "items": text},
            "quote": text,
        },
        "required": ["field", "value", "lines", "quote"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": answer}},
        "required": ["answers"],
        "additionalProperties": False,
    }


@lru_cache(maxsize=16)
def shared(kind: str) -> str:
    """The system message for documents of ``kind``: the rules, what the fields mean, what such papers look like."""
    return "\n\n".join(_text(name) for name in ("rules", "fields", f"kind_{kind}"))


@lru_cache(maxsize=4)
def introduction() -> str:
    """What stands between the shared words and the document."""
    return _text("introduction")


def _text(name: str) -> str:
    found = resources.files("procession.ai.prompts") / FOLDER / f"{name}.txt"
    return found.read_text(encoding="utf-8").strip()


def prefix_key(kind: str) -> str:
    """Prompts with the same key begin with the same words."""
    return f"extract-{PROMPT_VERSION}-{kind}"


def data(ask: Ask) -> str:
    """The document and the questions as one JSON object. JSON's own quoting keeps every text inside its string."""
    told = {
        "document": {"tag": ask.tag, "kind": ask.kind, "pages": sorted({line.page for line in ask.lines})},
        "lines": [_line(line) for line in ask.lines],
        "fields": [_field(one) for one in ask.fields],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _line(line: TextLine) -> dict[str, Any]:
    x0, y0, _, _ = line.box
    return {"id": line.id, "at": [round(100 * x0), round(100 * y0)], "text": line.text}


def _field(one: AskedField) -> dict[str, Any]:
    told: dict[str, Any] = {"id": one.id, "label": one.label, "type": one.type.value}
    if one.subtype is not None and one.subtype.value != one.id:
        told["means"] = one.subtype.value
    if one.options:
        told["options"] = list(one.options)
    if one.wants != "value":
        told["wants"] = one.wants
    if one.page is not None:
        told["page"] = one.page
    return told
