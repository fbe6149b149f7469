"""What a plain integration sends: every page's picture, or the whole text, and one list of fields, every time.

It is a fair one: its instructions are short (shorter than ours), its answer holds values and nothing else, it asks each
document once, and it asks only for the fields such papers have. It does not know what the engine knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.extraction.mix import Document
from procession.ai.pictures import FULL_DPI
from procession.ai.protocol import CompletionRequest, Image
from procession.domain.form import Field, FieldType, Source, Subtype
from procession.policy.cascade import CORE, TYPES

INSTRUCTIONS = (
    "Extract the fields of this wedding supplier's document. Answer with the value of every field as printed, dates as "
    "YYYY-MM-DD, times as HH:MM, amounts as plain decimals, and null where the document does not state it."
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answers": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "value": {"type": ["string", "null"]}},
                "required": ["field", "value"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["answers"],
    "additionalProperties": False,
}


def request(one: Document, tag: str, model: str, pictures: Sequence[bytes]) -> CompletionRequest:
    """With ``pictures`` nothing but them; without, the text of each page."""
    fields = [
        {"id": kind.value, "label": kind.value, "type": TYPES.get(kind, FieldType.TEXT).value} for kind in asked_of(one)
    ]
    lines = [] if pictures else [{"id": f"p{page}", "text": text} for page, text in texts(one).items()]
    told = {"document": {"tag": tag}, "lines": lines, "fields": fields}
    return CompletionRequest(
        request_id=one.name,
        model=model,
        system=INSTRUCTIONS,
        user=(
            *(Image("image/png", png, "high") for png in pictures),
            json.dumps(told, ensure_ascii=False, separators=(",", ":")),
        ),
        schema=SCHEMA,
        output_tokens_max=4096,
    )


def asked_of(one: Document) -> tuple[Subtype, ...]:
    return CORE[one.found.form.kind]


def texts(one: Document) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for line in one.found.lines:
        found.setdefault(line.page, []).append(line.text)
    return {page: "\n".join(lines) for page, lines in found.items()}


def picture_pixels(width_points: float) -> int:
    return round(width_points / 72 * FULL_DPI)


def truth_of(one: Document) -> dict[str, dict[str, Any]]:
    """By field, as the fake provider knows it."""
    if one.truth is None:
        return {}
    return {
        subtype: {"value": str(value["value"]), "quote": value["text"]}
        for value in reversed(one.truth["values"])
        for subtype in value["subtypes"]
    }


def result_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as a result with one field for each value: a plain integration takes it as it comes."""
    fields = [
        Field(
            id=told["field"],
            page=1,
            label=told["field"],
            name=told["field"],
            type=TYPES.get(Subtype(told["field"]), FieldType.TEXT),
            subtype=Subtype(told["field"]),
            value=told["value"],
            source=Source.AI,
        ).model_dump(mode="json")
        for told in answer["answers"]
        if told["value"]
    ]
    return {"form": {"fields": fields}}
