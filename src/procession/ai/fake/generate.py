"""One request from its parsed body to the text of its answer, its usage and its price."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from procession.ai.fake import asked as contract
from procession.ai.fake import schema
from procession.ai.fake.asked import Answer, Asked
from procession.ai.fake.catalogue import ModelConfig
from procession.ai.fake.chance import draw
from procession.ai.fake.faults import Kind, Met
from procession.ai.fake.invent import invented
from procession.ai.fake.obey import obey
from procession.ai.fake.prefixes import Prefixes
from procession.ai.fake.tokens import PER_MESSAGE_TOKENS, PER_REQUEST_TOKENS, split
from procession.ai.fake.wire import ChatRequest, Content, WireError, content_of
from procession.domain.usage import Money, Tier, Tokens

REFUSAL = "I'm sorry, but I can't help with that."
OUTPUT_TOKENS_DEFAULT = 16_384


class Answerer(Protocol):
    """Where answers come from."""

    def answer(self, asked: Asked, model: str) -> list[Answer]:
        """One answer for each question, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request that was accepted: what it says and how many tokens that is."""

    request: ChatRequest
    model: ModelConfig
    content: Content
    tokens: tuple[str, ...]
    """All of the prompt's tokens in order, those of pictures by name."""
    image_tokens: int

    @property
    def output_tokens_max(self) -> int:
        return min(self.request.output_tokens_max or OUTPUT_TOKENS_DEFAULT, self.model.output_tokens)


@dataclass(frozen=True, slots=True)
class Generated:
    text: str
    refused: bool
    finish_reason: str
    tokens: Tokens
    money: Money

    @property
    def usage(self) -> dict[str, Any]:
        """In the API's shape: the prompt's total includes its cached and image tokens."""
        prompt = self.tokens.prompt
        return {
            "prompt_tokens": prompt,
            "completion_tokens": self.tokens.output,
            "total_tokens": prompt + self.tokens.output,
            "prompt_tokens_details": {
                "cached_tokens": self.tokens.cached,
                "cache_write_tokens": self.tokens.written,
                "image_tokens": self.tokens.image,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def prompt_of(request: ChatRequest, model: ModelConfig) -> Prompt:
    """Counts the prompt. Raises WireError when the model cannot take it."""
    content = content_of(request)
    if request.response_format and request.response_format.type == "json_schema":
        given = request.response_format.json_schema
        if given is None:
            raise WireError(400, "Missing required parameter: 'response_format.json_schema'.", param="response_format")
        schema.check(given.schema_, strict=bool(given.strict))
    tokens = _schema_tokens(request)
    image_tokens = 0
    formula = model.formula()
    for role, parts in zip((message.role for message in request.messages), content.parts, strict=True):
        tokens += [f"<{role}>"] * PER_MESSAGE_TOKENS
        for part in parts:
            if isinstance(part, str):
                tokens += split(part)
                continue
            if formula is None:
                raise WireError(400, f"{model.name} does not take images.", param="messages", code="unsupported_value")
            count = formula.tokens(part.width, part.height, part.detail)
            tokens += [f"<{part.sha256}>"] * count
            image_tokens += count
    tokens += ["<answer>"] * PER_REQUEST_TOKENS
    prompt = Prompt(request, model, content, tuple(tokens), image_tokens)
    needed = len(tokens) + (request.output_tokens_max or 0)
    if needed > model.context_tokens:
        raise WireError(
            400,
            f"This model's maximum context length is {model.context_tokens} tokens; the request needs {needed}.",
            param="messages",
            code="context_length_exceeded",
        )
    return prompt


def _schema_tokens(request: ChatRequest) -> list[str]:
    """A schema is put before everything else, as providers do, so it is part of the prefix that is kept."""
    given = request.schema_asked
    return [] if given is None else split(json.dumps(given, separators=(",", ":")))


@dataclass(frozen=True, slots=True)
class Generator:
    answerer: Answerer
    prefixes: Prefixes
    seed: int
    obedient: bool

    def generate(self, prompt: Prompt, tier: Tier, met: Met, cached: int) -> Generated:
        """``cached``: how many of the prompt's first tokens were still there when it arrived."""
        text, refused = self._text(prompt, met)
        pieces = split(text)
        finish = "stop"
        if len(pieces) > prompt.output_tokens_max:
            pieces, finish = pieces[: prompt.output_tokens_max], "length"
            text = "".join(pieces)
        total = len(prompt.tokens)
        written = 0
        if prompt.model.written is not None:
            written = max(0, total - cached - prompt.image_tokens)
        tokens = Tokens.told(total, len(pieces), cached=cached, image=prompt.image_tokens, written=written)
        return Generated(text, refused, finish, tokens, prompt.model.rates(tier).cost(tokens))

    def cached(self, prompt: Prompt, now: float) -> int:
        return self.prefixes.had(prompt.model.name, prompt.request.prompt_cache_key or "", prompt.tokens, now)

    def keep(self, prompt: Prompt, now: float) -> None:
        self.prefixes.keep(prompt.model.name, prompt.request.prompt_cache_key or "", prompt.tokens, now)

    def _text(self, prompt: Prompt, met: Met) -> tuple[str, bool]:
        if met.get(Kind.REFUSAL):
            return REFUSAL, True
        asked = contract.read(prompt.content.texts, len(prompt.content.pictures))
        wanted = prompt.request.schema_asked
        if asked is None:
            return ("OK." if wanted is None else _json(schema.least(wanted, wanted))), False
        answers = self._answers(prompt, asked, met)
        if met.get(Kind.SCHEMA_BREAK):
            return _json({"answers": [{"id": answer["field"], "text": 7} for answer in answers], "note": "done"}), False
        told = {"answers": answers} if wanted is None else schema.fitted(wanted, answers)
        text = _json(told)
        if met.get(Kind.MALFORMED_JSON):
            return f"Here is the data:\n{text[: max(1, len(text) - len(text) // 3)]}", False
        return text, False

    def _answers(self, prompt: Prompt, asked: Asked, met: Met) -> list[dict[str, Any]]:
        answers = self.answerer.answer(asked, prompt.model.name)
        fault = met.get(Kind.WRONG_ANSWERS)
        if fault is not None:
            about = (asked.document or prompt.content.digest, prompt.model.name)
            questions = {question.id: question for question in asked.questions}
            answers = [
                invented(asked, questions[answer.field], fault.quoting, self.seed, *about, answer.field)
                if answer.field in questions and draw(self.seed, "wrong", *about, answer.field) < fault.fields
                else answer
                for answer in answers
            ]
        if self.obedient:
            answers = obey(asked, answers)
        return [answer.told() for answer in answers]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def message_pieces(text: str, size: int = 8) -> Sequence[str]:
    """A streamed answer's parts: a few tokens each."""
    pieces = split(text)
    return ["".join(pieces[start : start + size]) for start in range(0, len(pieces), size)]
