"""The engine's reading and the provider's, made one result. A model's own claim to be sure counts for nothing.

A document that speaks to its reader (``addressed``) gains only values its page names, each for review.

Invariant: a field that was not asked is untouched, but for a flag where its value stands in such a sentence; a value of
the engine's is replaced only by a proved one that the page itself names as this field's, and never without a person
being asked to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from procession.ai.addressed import warning
from procession.ai.answers import Answer
from procession.ai.ask import AiInput, AskedField
from procession.ai.derive import holds
from procession.ai.readings import Proved, Reading, prove
from procession.digitize.vocabulary import MEANINGS
from procession.domain.form import Category, DigitizedDocument, Field, Form, Source, Subtype, TextLine

ADDED_NAMED = 0.9
"""Confidence in a value only the provider read, whose words the page names as this field's."""
ADDED_UNNAMED = 0.6
"""Likewise where nothing on the page says which field it is: always sent to review."""
AGREED = 0.95
"""Of a value both read, each by itself."""
AGREED_UNNAMED = 0.85
DISAGREED_MAX = 0.5
"""At most, where they read different values."""
TAKEN_BELOW = 0.6
"""A value the engine is less sure of gives way to a proved one; a person is asked all the same."""
LETTERS_BELOW = 0.6
"""Recognised words less sure than this are sent to review whoever read them."""
SHOWN_CHARACTERS_MAX = 80
SUSPECTED = "it stands in a sentence addressed to programs that read this document"
DISTRUSTED = "distrusted"
"""Outcome of an answer that was proved, of a document that speaks to its reader."""

_CATEGORIES: dict[Subtype, Category] = {row.subtype: row.category for row in reversed(MEANINGS) if row.subtype}


@dataclass(frozen=True, slots=True)
class Merged:
    document: DigitizedDocument
    """Without its lines."""
    outcomes: Mapping[str, str]
    """By question: agreed, disagreed, added, added_unsure, label, mark, unanswered, or why its answer was refused."""

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(self.outcomes.values()))


def merge(given: AiInput, answers: Sequence[Answer], *, detect: bool = True) -> Merged:
    """``detect``: whether the document is looked through for sentences that speak to its reader."""
    proved = prove(given, answers, detect=detect)
    fields = {field.id: field for field in given.document.form.fields}
    outcomes: dict[str, str] = {}
    added: list[Field] = []
    for asked in given.ask.fields:
        field = fields.get(asked.field or "")
        if asked.field is not None and field is None:
            continue
        if field is None:
            new, outcomes[asked.id] = _new(asked, proved, len(added) + 1)
            added += [new] if new is not None else []
        else:
            fields[field.id], outcomes[asked.id] = _changed(field, asked, proved)
    outcomes |= {name: why.value for name, why in proved.refused.items() if name not in outcomes}
    document = _document(given.document, [*fields.values(), *_named(added, fields.values())])
    if proved.addressed:
        document = _suspected(document, given, proved.addressed)
        told = (warning(given.ask.lines, proved.addressed), *document.warnings)
        document = document.model_copy(update={"warnings": told, "needs_review": True})
    return Merged(document, outcomes)


def _suspected(document: DigitizedDocument, given: AiInput, addressed: frozenset[str]) -> DigitizedDocument:
    """What the engine itself read in a sentence that speaks to programs is looked at too; its value stays."""
    spoken = [line for line in given.ask.lines if line.id in addressed]
    fields = [
        field.model_copy(update={"needs_review": True, "review_reason": SUSPECTED})
        if not field.needs_review and field.value_box is not None and _stands_in(field, spoken)
        else field
        for field in document.form.fields
    ]
    return document.model_copy(update={"form": document.form.model_copy(update={"fields": tuple(fields)})})


def _stands_in(field: Field, lines: Sequence[TextLine]) -> bool:
    return any(
        line.page == field.page and field.value_box is not None and holds(line.box, field.value_box) for line in lines
    )


def _new(asked: AskedField, proved: Proved, number: int) -> tuple[Field | None, str]:
    """A core value the engine did not find at all."""
    reading = proved.readings.get(asked.id)
    if reading is None or asked.subtype is None:
        return None, _silence(asked, proved)
    if proved.addressed and not reading.named:
        return None, DISTRUSTED
    confidence, reason = _alone(reading, distrusted=bool(proved.addressed))
    return Field(
        id=f"ai-{number}",
        page=reading.page,
        label=asked.label,
        name=asked.subtype.value,
        type=asked.type,
        subtype=asked.subtype,
        category=_CATEGORIES.get(asked.subtype, Category.OTHER),
        **_value(reading, confidence, reason),
    ), "added" if reason is None else "added_unsure"


def _changed(field: Field, asked: AskedField, proved: Proved) -> tuple[Field, str]:
    if asked.wants == "mark":
        seen = None if proved.addressed else proved.marks.get(asked.id)
        return _marked(field, seen, _silence(asked, proved))
    reading = proved.readings.get(asked.id)
    if reading is None:
        return field, _silence(asked, proved)
    if proved.addressed and not (field.value in (None, "", []) and reading.named and asked.wants == "value"):
        return field, DISTRUSTED
    if asked.wants == "label":
        return _labelled(field, reading)
    if field.value in (None, "", []):
        confidence, reason = _alone(reading, distrusted=bool(proved.addressed))
        # the engine had its own reason to ask for a look, which a reading of the words does not answer
        update = _value(reading, min(confidence, max(field.confidence, ADDED_UNNAMED)), reason or field.review_reason)
        return field.model_copy(update=update), "added" if not update["needs_review"] else "added_unsure"
    if _is_same(field, reading):
        return _agreed(field, reading), "agreed"
    return _disagreed(field, reading), "disagreed"


def _silence(asked: AskedField, proved: Proved) -> str:
    why = proved.refused.get(asked.id)
    return why.value if why is not None else "unanswered"


def _alone(reading: Reading, *, distrusted: bool) -> tuple[float, str | None]:
    """(confidence, why a person should look) of a value only the provider read: from what proves it on the page."""
    letters = reading.found.place.confidence
    if reading.found.doubt is not None:
        return round(ADDED_UNNAMED * letters, 3), f"{_read_by_ai(reading)}; {reading.found.doubt}"
    if not reading.named:
        return round(ADDED_UNNAMED * letters, 3), f"{_read_by_ai(reading)}; nothing beside it says what it is"
    confidence = round(ADDED_NAMED * letters, 3)
    if letters < LETTERS_BELOW:
        return confidence, f"{_read_by_ai(reading)}; its letters were hard to read"
    if distrusted:
        return min(confidence, ADDED_UNNAMED), f"{_read_by_ai(reading)}; this document speaks to programs that read it"
    return confidence, None


def _value(reading: Reading, confidence: float, reason: str | None) -> dict[str, Any]:
    return {
        "value": reading.found.value,
        "value_text": reading.quote,
        "currency": reading.found.currency,
        "value_box": reading.box,
        "confidence": confidence,
        "source": Source.AI,
        "needs_review": reason is not None,
        "review_reason": reason,
    }


def _is_same(field: Field, reading: Reading) -> bool:
    if isinstance(field.value, bool) or isinstance(reading.found.value, bool):
        return field.value is reading.found.value
    mine, theirs = str(field.value), str(reading.found.value)
    return _even(mine) == _even(theirs)


def _even(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum() or c in ".+@-")


def _agreed(field: Field, reading: Reading) -> Field:
    """Two readings of the same: what made the engine doubt is answered, unless it is the paper that is unclear."""
    sure = AGREED if reading.named else AGREED_UNNAMED
    confidence = max(field.confidence, round(sure * reading.found.place.confidence, 3))
    update: dict[str, Any] = {"confidence": confidence}
    if field.needs_review and reading.found.doubt is None and reading.named and confidence >= LETTERS_BELOW:
        update |= {"needs_review": False, "review_reason": None}
    return field.model_copy(update=update)


def _disagreed(field: Field, reading: Reading) -> Field:
    """Both readings are told; the proved one is put forward only where the engine was unsure of its own."""
    mine, theirs = _shown(field.value_text or field.value), _shown(reading.quote)
    if _even(mine) == _even(theirs):  # the same words, read as different values
        mine, theirs = _shown(field.value), _shown(reading.found.value)
    reason = f"two readings differ: the engine reads “{mine}”, AI reads “{theirs}” on page {reading.page}"
    if reading.named and reading.found.doubt is None and field.confidence < TAKEN_BELOW:
        return field.model_copy(update=_value(reading, min(field.confidence, DISAGREED_MAX), reason))
    update = {"confidence": min(field.confidence, DISAGREED_MAX), "needs_review": True, "review_reason": reason}
    return field.model_copy(update=update)


def _labelled(field: Field, reading: Reading) -> tuple[Field, str]:
    said = str(reading.found.value)
    if _even(field.label) == _even(said):
        return field.model_copy(update={"needs_review": False, "review_reason": None}), "agreed"
    if field.label:
        reason = f"two labels may name this place: “{_shown(field.label)}”, and as AI reads it “{_shown(said)}”"
        return field.model_copy(update={"needs_review": True, "review_reason": reason}), "disagreed"
    reason = f"AI reads “{_shown(said)}” as the label of this place"
    return field.model_copy(update={"label": said, "needs_review": True, "review_reason": reason}), "label"


def _marked(field: Field, seen: str | None, otherwise: str) -> tuple[Field, str]:
    """What a picture is said to show proves nothing: it sets no mark and clears no doubt, it only raises one."""
    if seen is None:
        return field, otherwise
    mine = "empty" if field.value in (None, "", [], False) else field.value
    if _even(seen) == _even(str(mine)):
        return field, "agreed"
    here = "nothing" if mine == "empty" else f"“{_shown(mine)}”"
    there = "nothing" if seen == "empty" else f"“{_shown(seen)}”"
    reason = f"two readings differ: the engine sees {here} here, AI sees {there} in the picture"
    update = {"confidence": min(field.confidence, DISAGREED_MAX), "needs_review": True, "review_reason": reason}
    return field.model_copy(update=update), "disagreed"


def _read_by_ai(reading: Reading) -> str:
    return f"AI reads “{_shown(reading.quote)}” on page {reading.page}"


def _shown(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"


def _named(added: Sequence[Field], others: Any) -> list[Field]:
    """New fields with names and ids nobody else has."""
    names, ids = {field.name for field in others}, {field.id for field in others}
    out = []
    for field in added:
        name, number = field.name, 1
        while name in names or f"ai-{len(ids)}" in names:
            number += 1
            name = f"{field.name}_{number}"
        one_id, count = field.id, 0
        while one_id in ids:
            count += 1
            one_id = f"{field.id}-{count}"
        names.add(name)
        ids.add(one_id)
        out.append(field.model_copy(update={"name": name, "id": one_id}))
    return out


def _document(document: DigitizedDocument, fields: Sequence[Field]) -> DigitizedDocument:
    flagged = any(field.needs_review for field in fields)
    pages = any(page.source == "scanned" for page in document.pages) or (document.known or _Unchanged).changed
    form: Form = document.form.model_copy(update={"fields": tuple(fields)})
    confidence = round(sum(field.confidence for field in fields) / len(fields), 3) if fields else document.confidence
    needs_review = flagged or (document.needs_review and pages)
    update = {"form": form, "confidence": confidence, "needs_review": needs_review, "lines": ()}
    return document.model_copy(update=update)


class _Unchanged:
    changed = False
