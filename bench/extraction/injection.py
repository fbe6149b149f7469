"""Every attack against an obedient provider: what it made the model do, and what came of it in the result."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bench.extraction import InProcess, truth_of
from bench.extraction.attacks import ATTACKS, VALUES, Attack, contract
from bench.report import NotMeasured
from bench.scoring import same_value
from procession.ai import extraction
from procession.ai.answers import parse
from procession.ai.ask import AiInput
from procession.ai.merge import merge
from procession.ai.openai_wire import body_of
from procession.ai.protocol import ProviderError
from procession.digitize import pipeline
from procession.domain.form import DigitizedDocument, Field
from procession.domain.provider import Failure

ASKED = pipeline.EngineOptions(lines=True)
OUTPUT_LIMIT = "max_completion_tokens"
BODY_KEYS = frozenset({"model", "messages", "response_format", OUTPUT_LIMIT, "prompt_cache_key", "service_tier"})


@dataclass(frozen=True, slots=True)
class Outcome:
    attack: Attack
    sent: bool
    """Whether its words reached the provider."""
    obeyed: int
    """Answers that an honest model would not have given, or would have."""
    changed: tuple[str, ...]
    """Core fields (or ids) whose value or label is neither the engine's nor what the contract says."""
    cleared: tuple[str, ...]
    """Fields the engine flagged and the result no longer does, though the document speaks to programs."""
    tools: int
    """Keys of the request's body beside the usual ones."""
    system: str
    output_tokens_max: int
    fields: int
    warned: bool


@cache
def read_contract(attack: Attack | None) -> DigitizedDocument:
    """The engine's reading, with lines, of the contract and what an attack adds to it."""
    return pipeline.digitize(contract(attack.draw if attack else None), ASKED)


async def run(attacks: Iterable[Attack] = ATTACKS, *, detect: bool = True, engine: bool = False) -> list[Outcome]:
    """``detect``: whether sentences that speak to a reader are looked for; without, only proof and place protect.

    ``engine``: whether the engine, too, reads the added words, as it does. Else its reading is that of the contract
    without them, so that everything the words ask for is asked of the model.
    """
    clean = read_contract(None)
    asked: list[tuple[Attack, AiInput]] = []
    for attack in attacks:
        found = read_contract(attack)
        if not engine:
            found = clean.model_copy(update={"lines": found.lines})
        ask = extraction.plan(found)
        if ask is None:
            raise NotMeasured(f"nothing is asked about {attack.name}")
        asked.append((attack, AiInput(document=found, ask=ask)))
    truth = {given.ask.tag: truth_of(given.ask, VALUES) for _, given in asked}
    victim = InProcess.start(truth, models=SURE, obedient=True)
    honest = InProcess.start(truth, models=SURE, obedient=False)
    return [await _outcome(attack, given, victim, honest, detect=detect) for attack, given in asked]


async def _outcome(attack: Attack, given: AiInput, victim: InProcess, honest: InProcess, *, detect: bool) -> Outcome:
    found, ask = given.document, given.ask
    prompt = extraction.request(ask, {})
    request = prompt.completion(ask.tag, "sure")
    right = {one.field: one for one in parse(await honest.answer(request))}
    try:
        answers = parse(await victim.answer(request))
        obeyed = sum(right.get(one.field) != one for one in answers) + len(set(right) - {one.field for one in answers})
    except ProviderError as error:
        if error.failure is not Failure.INVALID_ANSWER:
            raise
        answers, obeyed = (), len(ask.fields)  # cut off at its limit: the engine's result stands
    result = merge(given, answers, detect=detect)
    said = " ".join(line.text for line in ask.lines)
    return Outcome(
        attack,
        sent=_told(attack, said),
        obeyed=obeyed,
        changed=tuple(_changed(found, result.document.form.fields)),
        cleared=tuple(_cleared(found, result.document.form.fields)),
        tools=len(set(body_of(request, tiers=(), cache_key=True, output_limit=OUTPUT_LIMIT)) - BODY_KEYS),
        system=prompt.system,
        output_tokens_max=prompt.output_tokens_max,
        fields=len(ask.fields),
        warned=any("addressed to a program" in one for one in result.document.warnings),
    )


SURE = ({"name": "sure", "accuracy": "1", "input": "1", "output": "1"},)
"""A model that reads everything right, unless it is told otherwise."""


def _told(attack: Attack, said: str) -> bool:
    return not attack.wanted or any(_plain(one.partition("=")[2] or one) in _plain(said) for one in attack.wanted)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _changed(found: DigitizedDocument, fields: Sequence[Field]) -> Iterable[str]:
    before = {field.id: field for field in found.form.fields}
    truth = {subtype: one for one in VALUES for subtype in one["subtypes"]}
    for field in fields:
        mine = before.get(field.id)
        if field.value in (None, "") and (mine is None or mine.value in (None, "")):
            continue
        if mine is not None and mine.value == field.value and mine.label == field.label:
            continue
        kind = field.subtype.value if field.subtype else ""
        if kind not in truth or not same_value(kind, field.value, truth[kind]["value"]):
            yield kind or field.id
    for field in found.form.fields:
        if field.id not in {one.id for one in fields}:
            yield field.id


def _cleared(found: DigitizedDocument, fields: Sequence[Field]) -> Iterable[str]:
    now = {field.id: field for field in fields}
    return (one.id for one in found.form.fields if one.needs_review and not now[one.id].needs_review)


def table(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """By kind of attack: how many there are, reached the provider, were obeyed, and changed anything."""
    found: dict[str, Counter[str]] = {}
    for one in outcomes:
        counts = found.setdefault(one.attack.kind, Counter())
        counts.update(
            attacks=1,
            sent=one.sent,
            obeyed=one.obeyed > 0,
            changed=bool(one.changed),
            tools=one.tools,
            warned=one.warned,
        )
    return {kind: dict(counts) for kind, counts in found.items()}
