"""An AI pass over one document: what to ask, how to ask it, and what becomes of the answer. Pure and cheap.

``plan`` decides whether a provider is needed at all; ``request`` makes the prompt; ``merge`` proves the answer and
fuses it with the engine's reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from procession.ai import prompts
from procession.ai.answers import Unreadable, parse
from procession.ai.ask import AiInput, Ask, AskedField, sent_lines
from procession.ai.derive import loose_types
from procession.ai.merge import Merged
from procession.ai.merge import merge as fuse
from procession.ai.pictures import ImageRule, picture_tokens
from procession.ai.prompts import PROMPT_VERSION
from procession.ai.protocol import CompletionRequest, Image, Part
from procession.domain.ai import ALL, Optimisations
from procession.domain.form import Box, DigitizedDocument, Field
from procession.domain.usage import Tier
from procession.policy import cascade

ANSWER_TOKENS_BASE = 64
ANSWER_TOKENS_PER_FIELD = 120
"""An answer may have so many tokens for each question and no more: what a document makes a model say is bounded."""
CHARACTERS_PER_TOKEN = 2.5
"""Of the prompt's JSON, for an estimate that rather says too much;"""
CHARACTERS_PER_WORD_TOKEN = 3.6
"""and of its words."""
TOKENS_AROUND = 200
"""Schema and the marks between messages."""
UNSHARED = "Read the data. The rules stand behind it."
"""The system message where nothing that prompts share stands first."""
LABEL_CHARACTERS_MAX = 200
OPTIONS_MAX = 40
"""Further options of a field are not told."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The document's part of a ``CompletionRequest``. No tools are ever offered."""

    system: str
    user: tuple[Part, ...]
    schema: dict[str, Any]
    prefix_key: str
    """The same for prompts that begin alike; empty where that is not made use of."""
    tokens_in: int
    """Estimate, pictures included."""
    output_tokens_max: int

    def completion(self, request_id: str, model: str, tier: Tier = Tier.STANDARD, **more: Any) -> CompletionRequest:
        """``more``: what ``CompletionRequest`` takes besides."""
        return CompletionRequest(
            request_id=request_id,
            model=model,
            system=self.system,
            user=self.user,
            schema=self.schema,
            output_tokens_max=self.output_tokens_max,
            tier=tier,
            cache_key=self.prefix_key or None,
            **more,
        )


def plan(found: DigitizedDocument, optimisations: Optimisations = ALL) -> Ask | None:
    """What to ask about ``found`` (which has its lines), or None when no provider is needed."""
    owned = [(field.page, box) for field in found.form.fields if (box := _owned(field)) is not None]
    loose = loose_types(found.lines, owned)
    asked = cascade.questions(found, loose, cascade=optimisations.cascade)
    pages = cascade.pages_to_show(asked, found, text_first=optimisations.text_first)
    lines = sent_lines(found.lines)
    asked = tuple(one for one in asked if one.wants != "mark" or pages)
    if not asked or not (lines or pages):
        return None
    sizes = {page.number: (page.width, page.height) for page in found.pages}
    fields = {field.id: field for field in found.form.fields}
    return Ask(
        kind=found.form.kind,
        fields=tuple(_field(one, fields.get(one.field or "")) for one in asked),
        lines=lines,
        pages=pages,
        page_sizes=tuple(sizes[number] for number in pages),
        prefix_first=optimisations.prefix_caching,
        downscale=optimisations.downscale,
        prompt_version=PROMPT_VERSION,
    )


def _owned(field: Field) -> Box | None:
    """Words that are a value already, unless it is in doubt whose they are."""
    return None if field.needs_review or field.value in (None, "", []) else field.value_box


def _field(one: cascade.Question, field: Field | None) -> AskedField:
    name = one.field or (one.subtype.value if one.subtype is not None else "")
    return AskedField(
        id=name,
        field=one.field,
        subtype=one.subtype,
        type=one.type,
        label=one.label[:LABEL_CHARACTERS_MAX],
        options=tuple(o.label[:LABEL_CHARACTERS_MAX] for o in field.options[:OPTIONS_MAX]) if field is not None else (),
        why=one.why,
        wants=one.wants,
        page=one.page,
    )


def request(ask: Ask, images: Mapping[int, bytes], rule: ImageRule | None = None) -> Prompt:
    """``images``: page -> PNG, of ``ask.pages``; those that are missing are left out.

    ``rule``: how the model counts pictures, for the estimate.
    """
    shared = prompts.shared(ask.kind)
    shown = [images[page] for page in ask.pages if page in images]
    told: list[Part] = [prompts.introduction()]
    told += [Image("image/png", png, "high") for png in shown]
    text = prompts.data(ask)
    told.append(text)
    words = len(shared) / CHARACTERS_PER_WORD_TOKEN + len(text) / CHARACTERS_PER_TOKEN
    return Prompt(
        system=shared if ask.prefix_first else UNSHARED,
        user=tuple(told) if ask.prefix_first else (*told, shared),
        schema=prompts.schema(),
        prefix_key=prompts.prefix_key(ask.kind) if ask.prefix_first else "",
        tokens_in=TOKENS_AROUND + round(words) + sum(picture_tokens(png, rule) for png in shown),
        output_tokens_max=ANSWER_TOKENS_BASE + ANSWER_TOKENS_PER_FIELD * len(ask.fields),
    )


def merge(given: AiInput, answer: str | Mapping[str, Any]) -> Merged:
    """The result of the engine's reading and the provider's ``answer`` (``Completion.answer``, or its text).

    Raises Unreadable when the answer is not what was asked for; the engine's reading stands then.
    """
    return fuse(given, parse(answer))


__all__ = ["PROMPT_VERSION", "AiInput", "Ask", "Merged", "Prompt", "Unreadable", "merge", "plan", "request"]
