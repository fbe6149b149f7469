"""Every answer proved or refused: the quote found, the value read out of it by us, and whether it is this field's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from procession.ai.addressed import addressed
from procession.ai.answers import Answer
from procession.ai.ask import AiInput, AskedField
from procession.ai.derive import Derived, derive, hints_of
from procession.ai.plausible import Judgement, Standing, Surroundings, judge, may_share
from procession.ai.quotes import places
from procession.domain.form import Box, Field, FieldType

_SIGNED = frozenset({FieldType.SIGNATURE, FieldType.INITIALS})
_TRUE = frozenset({"signed", "true", "yes", "ticked", "checked", "initialled"})


class Refusal(StrEnum):
    """Why an answer counts for nothing."""

    NOT_ASKED = "not_asked"
    TWICE = "twice"
    """Two answers for one field that differ."""
    NO_SUCH_QUOTE = "no_such_quote"
    NOT_IN_QUOTE = "not_in_quote"
    """The value cannot be read out of the quoted words."""
    IMPLAUSIBLE = "implausible"
    """The words are another field's, or no value of this one."""
    SHARED = "shared"
    """The same words were given for fields that mean different things."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One proved answer."""

    asked: AskedField
    found: Derived
    judgement: Judgement
    page: int
    box: Box

    @property
    def named(self) -> bool:
        return self.judgement.standing is Standing.NAMED

    @property
    def words(self) -> frozenset[tuple[str, int]]:
        """The printed words it was read from: line and place in the line."""
        place = self.found.place
        return frozenset((line.id, index) for line, index in place.words_of(place.start, place.end))

    @property
    def quote(self) -> str:
        return self.found.place.quoted


@dataclass(frozen=True, slots=True)
class Proved:
    readings: Mapping[str, Reading]
    """By question, of values and labels."""
    marks: Mapping[str, str]
    """By question, what a picture is said to show: nothing of it can be proved."""
    refused: Mapping[str, Refusal]
    """By question, or by the field an answer names that nobody asked about."""
    addressed: frozenset[str] = frozenset()
    """Ids of the lines in which the document speaks to its reader."""


def prove(given: AiInput, answers: Sequence[Answer], *, detect: bool = True) -> Proved:
    asked = {one.id: one for one in given.ask.fields}
    readings: dict[str, Reading] = {}
    marks: dict[str, str] = {}
    refused: dict[str, Refusal] = {}
    told = addressed(given.ask.lines) if detect else frozenset()
    around = Surroundings(given.ask.lines, given.document.form.fields, hints_of(given.ask.lines), told)
    fields = {field.id: field for field in given.document.form.fields}
    for name, own in _by_field(answers).items():
        question = asked.get(name)
        if question is None:
            refused[name] = Refusal.NOT_ASKED
        elif len({(one.value, one.lines, one.quote) for one in own}) > 1:
            refused[name] = Refusal.TWICE
        elif question.wants == "mark":
            marks[name] = _mark(question, own[0].value)
        else:
            read = _read(question, own[0], fields.get(question.field or ""), around)
            if isinstance(read, Reading):
                readings[name] = read
            else:
                refused[name] = read
    for name in _sharing(readings.values()):
        refused[name] = Refusal.SHARED
        del readings[name]
    return Proved(readings, marks, refused, told)


def _by_field(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for one in answers:
        found.setdefault(one.field, []).append(one)
    return found


def _mark(asked: AskedField, value: str) -> str:
    if asked.type in _SIGNED:
        return "signed" if value.casefold() in _TRUE else "empty"
    return value


def _read(asked: AskedField, answer: Answer, field: Field | None, around: Surroundings) -> Reading | Refusal:
    """The best of the places where the quote stands: one that is named before one that is not."""
    found = places(around.lines, answer.lines, answer.quote)
    if not found:
        return Refusal.NO_SUCH_QUOTE
    kind = FieldType.TEXT if asked.wants == "label" else asked.type
    subtype = None if asked.wants == "label" else asked.subtype
    derived = [one for at in found if (one := derive(at, answer.value, kind, subtype, around.hints)) is not None]
    if not derived:
        return Refusal.NOT_IN_QUOTE
    judged = [(judge(asked, field, one, around), one) for one in derived]
    order = (Standing.NAMED, Standing.UNNAMED, Standing.REFUSED)
    judgement, best = min(judged, key=lambda one: order.index(one[0].standing))
    box = best.place.box_of(best.place.start, best.place.end)
    touched = best.place.words_of(best.place.start, best.place.end)
    if judgement.standing is Standing.REFUSED or box is None:
        return Refusal.IMPLAUSIBLE
    if not best.place.exact:
        best = replace(best, doubt=best.doubt or "the recognised letters differ a little from the quote")
    return Reading(asked, best, judgement, touched[0][0].page, box)


def _sharing(readings: Iterable[Reading]) -> set[str]:
    """Questions answered from words that answer another question too."""
    known = list(readings)
    found: set[str] = set()
    for index, one in enumerate(known):
        for other in known[index + 1 :]:
            if one.words & other.words and not may_share(
                one.asked.subtype, other.asked.subtype, one.found, other.found
            ):
                found |= {one.asked.id, other.asked.id}
    return found
