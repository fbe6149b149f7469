"""Wrong answers that look right: what models make up, and what they take from the wrong line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from procession.ai.fake.asked import Answer, Asked, Line, Question
from procession.ai.fake.chance import draw, stream
from procession.ai.fake.labels import KINDS, kind_of

Quoting = Literal["false", "other_line", "mixed"]
"""``false``: a quote that stands nowhere; ``other_line``: what another line really says; ``mixed``: half of each."""

MISSED_SHARE = 0.5
"""Of a model's own mistakes, the share it answers with null; the others come from another line."""

_NAMES = ("Rosalind Hart", "Jonas Weller", "Amira Doyle", "Theo Lindqvist", "Carla Nunes", "Imogen Fry")
_PLACES = ("The Old Granary", "Larkfield Barn", "Harbour House", "Villa Serena", "St Anne's Hall")
_WORDS = ("as agreed", "to be confirmed", "included", "standard package", "two hours")


def invented(asked: Asked, question: Question, quoting: Quoting, seed: int, *about: object) -> Answer:
    """A plausible value with a false quote, or one that another line really holds, quoted."""
    chance = stream(seed, "invent", *about)
    if quoting == "mixed":
        quoting = "false" if chance.random() < 0.5 else "other_line"
    if quoting == "other_line" and (taken := _from_another_line(asked, question, chance)) is not None:
        return taken
    value = _plausible(question, chance)
    line = chance.choice(asked.lines).id if asked.lines else None
    return Answer(question.id, value, (line,) if line else (), f"{question.label}: {value}")


def mistaken(asked: Asked, question: Question, right: Answer, seed: int, *about: object) -> Answer:
    """A model's own mistake: it sees nothing, or takes the value of another line. Never the right answer."""
    if right.value is not None and draw(seed, "missed", *about) < MISSED_SHARE:
        return Answer(question.id)
    for attempt in range(3):
        found = invented(asked, question, "other_line", seed, attempt, *about)
        if found.value != right.value and not set(found.lines) & set(right.lines):
            return found
    return Answer(question.id) if right.value is not None else invented(asked, question, "false", seed, *about)


def _from_another_line(asked: Asked, question: Question, chance: random.Random) -> Answer | None:
    kind = kind_of(question)
    holding: Sequence[tuple[Line, str]]
    if kind is None:
        holding = [(line, line.text.strip()) for line in asked.lines if any(c.isalpha() for c in line.text)]
    else:
        holding = [(line, m.group().strip()) for line in asked.lines if (m := KINDS[kind].search(line.text))]
    if not holding:
        return None
    line, text = chance.choice(holding)
    value = chance.choice(question.options) if question.options else text
    return Answer(question.id, value, (line.id,), text)


def _plausible(question: Question, chance: random.Random) -> str:
    if question.options:
        return chance.choice(question.options)
    kind = kind_of(question)
    made = {
        "date": lambda: f"{chance.randint(2026, 2028)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "email": lambda: f"{chance.choice(_NAMES).split()[0].lower()}@{chance.choice(('mail', 'post'))}.example",
        "phone": lambda: f"+44 20 7946 0{chance.randint(0, 999):03}",
        "currency": lambda: f"{chance.randint(2, 99)}{chance.choice(('00', '50'))}.00",
        "number": lambda: str(chance.randint(2, 180)),
        "time": lambda: f"{chance.randint(9, 23)}:{chance.choice(('00', '30'))}",
    }
    if kind is not None:
        return made[kind]()
    if question.type in ("checkbox", "boolean"):
        return chance.choice(("true", "false"))
    label = question.label.lower()
    if "name" in label:
        return chance.choice(_NAMES)
    if any(word in label for word in ("venue", "location", "place", "address")):
        return chance.choice(_PLACES)
    return chance.choice(_WORDS)
