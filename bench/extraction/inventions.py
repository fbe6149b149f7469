"""A provider that is right nine times of ten and makes up the tenth: what of it reaches a result, and what AI adds.

Two settings. ``cascade``: the product's, where only doubts are asked. ``blind``: the engine's values are taken away and
everything is asked, so that every value of the result is the provider's; the hardest test of proof and place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.extraction import truth_of
from bench.filled import Filled, as_scan
from bench.report import NotMeasured
from bench.scoring import Tally, same_value, tally
from procession.ai import extraction
from procession.ai.ask import AiInput, Ask
from procession.ai.fake.asked import read as read_prompt
from procession.ai.fake.chance import draw
from procession.ai.fake.invent import Quoting, invented
from procession.ai.fake.truth import Truth, TruthAnswerer
from procession.digitize import pipeline
from procession.domain.ai import Optimisations
from procession.domain.form import DigitizedDocument, Field
from procession.policy.cascade import MARKS

INVENTED_SHARE = 0.1
ASKED = pipeline.EngineOptions(lines=True)


@dataclass(slots=True)
class Measured:
    asked: int = 0
    """Questions, which is also how many fields could have been spoilt."""
    fields: int = 0
    """Fields of all results."""
    invented: int = 0
    unflagged: int = 0
    """Inventions in a result that nobody is asked to look at."""
    flagged: int = 0
    added_unflagged: int = 0
    """Values only the provider read that go to no review; and how many of them are right."""
    added_unflagged_right: int = 0
    added_flagged: int = 0
    added_flagged_right: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    examples: list[tuple[str, str, object]] = field(default_factory=list)

    @property
    def unflagged_share(self) -> float:
        """Of the fields that were asked about: the smaller, so the stricter, of the two ways to count."""
        return self.unflagged / max(self.asked, 1)


@dataclass(frozen=True, slots=True)
class Read:
    """A document, what it says, and the engine's reading with its lines."""

    name: str
    truth: dict[str, Any]
    found: DigitizedDocument


def read(documents: Iterable[Filled], *, scanned: bool = False) -> list[Read]:
    return [
        Read(one.name, one.truth, pipeline.digitize(as_scan(one.pdf) if scanned else one.pdf, ASKED))
        for one in documents
    ]


def measure(
    documents: Sequence[Read], seeds: Iterable[int], *, blind: bool = False, quoting: Quoting = "mixed"
) -> Measured:
    found = Measured()
    seeds = tuple(seeds)
    for one in documents:
        local = blinded(one.found) if blind else one.found
        ask = extraction.plan(local, Optimisations(cascade=not blind))
        told = {"form": local.form.model_dump(mode="json")}
        for seed in seeds:
            found.before.add(tally(one.truth, told))
            if ask is None:
                found.after.add(tally(one.truth, told))
                continue
            answers, made_up = answered(ask, one.truth, seed, quoting)
            result = extraction.merge(AiInput(document=local, ask=ask), answers)
            found.outcomes.update(result.counts)
            found.fields += len(result.document.form.fields)
            found.after.add(tally(one.truth, {"form": result.document.form.model_dump(mode="json")}))
            _count(found, one, local, ask, result.document, made_up)
    return found


def blinded(found: DigitizedDocument) -> DigitizedDocument:
    """Without the values the engine read, but for marks, which no words can prove."""
    empty = {"value": None, "value_text": None, "value_box": None, "currency": None}
    fields = [
        field if field.type in MARKS else field.model_copy(update=empty)
        for field in found.form.fields
        if not field.id.startswith("value-")
    ]
    return found.model_copy(update={"form": found.form.model_copy(update={"fields": tuple(fields)})})


def answered(ask: Ask, truth: dict[str, Any], seed: int, quoting: Quoting) -> tuple[dict[str, Any], frozenset[str]]:
    """What the provider answers, and for which questions it makes its answer up."""
    prompt = read_prompt([part for part in extraction.request(ask, {}).user if isinstance(part, str)])
    if prompt is None:
        raise NotMeasured("the fake provider does not read our prompt")
    known = Truth.parse({"documents": {ask.tag: truth_of(ask, truth["values"])}})
    questions = {one.id: one for one in prompt.questions}
    made_up = frozenset(one for one in questions if draw(seed, "wrong", ask.tag, one) < INVENTED_SHARE)
    answers = [
        invented(prompt, questions[one.field], quoting, seed, ask.tag, one.field) if one.field in made_up else one
        for one in TruthAnswerer(known, {}, seed).answer(prompt, "any")
    ]
    return {"answers": [one.told() for one in answers if one.value is not None and one.quote is not None]}, made_up


def _count(
    found: Measured, one: Read, local: DigitizedDocument, ask: Ask, after: DigitizedDocument, made_up: frozenset[str]
) -> None:
    before = {field.id: field for field in local.form.fields}
    now = {field.id: field for field in after.form.fields}
    added = {field.subtype: field for field in after.form.fields if field.id not in before}
    for question in ask.fields:
        if question.wants != "value":
            continue
        found.asked += 1
        found.invented += question.id in made_up
        field = now.get(question.field) if question.field else added.get(question.subtype)
        if field is None or field.value in (None, "") or field == before.get(field.id):
            continue
        right = _is_right(field, one.truth)
        alone = before[field.id].value in (None, "") if field.id in before else True
        if alone and field.needs_review:
            found.added_flagged += 1
            found.added_flagged_right += right
        elif alone:
            found.added_unflagged += 1
            found.added_unflagged_right += right
        if question.id in made_up and not right:
            found.flagged += field.needs_review
            found.unflagged += not field.needs_review
            if not field.needs_review:
                found.examples.append((one.name, str(field.subtype or field.label), field.value))


def _is_right(field: Field, truth: dict[str, Any]) -> bool:
    kind = field.subtype.value if field.subtype else ""
    return any(kind in one["subtypes"] and same_value(kind, field.value, one["value"]) for one in truth["values"])
