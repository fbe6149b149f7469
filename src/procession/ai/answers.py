"""A model's answer as it came, checked for its shape only: every word of it is still to be proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Constrained

from procession.ai.prompts import ANSWERS_MAX, QUOTE_CHARACTERS_MAX

ANSWER_CHARACTERS_MAX = 200_000
"""A longer answer is none."""
LINES_NAMED_MAX = 16
"""More lines than this prove nothing."""


class Unreadable(ValueError):
    """The answer is not what the schema asks for."""


@dataclass(frozen=True, slots=True)
class Answer:
    field: str
    value: str
    lines: tuple[str, ...]
    quote: str


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    field: str
    value: str | None = None
    lines: list[str] | None = None
    quote: str | None = None


class _Answers(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    answers: Annotated[list[_Entry], Constrained(max_length=10 * ANSWERS_MAX)]


def parse(told: str | Mapping[str, Any]) -> tuple[Answer, ...]:
    """Entries without a value are left out, quotes are cut to what may be one. Raises Unreadable."""
    if isinstance(told, str) and len(told) > ANSWER_CHARACTERS_MAX:
        raise Unreadable("the answer is too long")
    try:
        found = _Answers.model_validate_json(told) if isinstance(told, str) else _Answers.model_validate(told)
    except ValidationError as error:
        raise Unreadable(f"the answer does not fit its schema in {error.error_count()} places") from None
    return tuple(
        Answer(
            one.field,
            one.value.strip()[:QUOTE_CHARACTERS_MAX],
            tuple(dict.fromkeys(one.lines or ()))[:LINES_NAMED_MAX],
            (one.quote or "").strip()[:QUOTE_CHARACTERS_MAX],
        )
        for one in found.answers
        if one.value is not None and one.value.strip()
    )
