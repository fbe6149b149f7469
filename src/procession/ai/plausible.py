"""Whether a value that is really printed is the value of the field it is given for.

A real quote of the wrong line is the invention that looks most like the truth. So the words that name a value on its
page (before it in its sentence, left of it in its row, above it) must name the field, or the value must stand in the
field's own place; and what belongs to another field, or is named as something else, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from procession.ai.ask import AskedField
from procession.ai.derive import Derived, holds, letters_of, same_words, typed_kind, values_in
from procession.digitize.classify import meaning_of
from procession.digitize.values.assign import assigned, mentions
from procession.digitize.values.normal import Hints
from procession.digitize.values.role_words import DATE_ROLES, MONEY_ROLES
from procession.digitize.values.roles import sentence_around
from procession.digitize.vocabulary import fold
from procession.domain.form import Box, Field, FieldType, Subtype, TextLine
from procession.policy.cascade import TYPES

LABEL_WORDS_MAX = 6
"""Words right before a value that are asked for what they name."""
ABOVE_HEIGHTS_MAX = 2.6
"""A line names what stands below it within this many of its heights."""
ASIDE = 0.02
"""Of the page's width: so far a field's value may begin beside its place;"""
ABOVE = 0.015
"""and of its height above or below it."""
LABEL_ASIDE_MAX = 0.35
"""A label stands at most so far left of its place;"""
LABEL_ABOVE_MAX = 0.03
"""or above it."""
ROW_SHARE = 0.5
"""Lines that share so much of their height stand in one row."""
SURE_FROM = 0.85
"""A value of the engine's own from here on owns its words."""

_S = Subtype
_PARTNERS = frozenset({_S.PARTNER_1_NAME, _S.PARTNER_2_NAME})
_LIKE: tuple[frozenset[Subtype], ...] = (
    _PARTNERS,
    frozenset({_S.CEREMONY_VENUE, _S.RECEPTION_VENUE}),
    frozenset({_S.CEREMONY_VENUE, _S.VENUE_ADDRESS}),
    frozenset({_S.RECEPTION_VENUE, _S.VENUE_ADDRESS}),
)
"""What one label may name both of."""
_ROLES = {FieldType.DATE: DATE_ROLES, FieldType.CURRENCY: MONEY_ROLES}
_LOOKS = (
    (FieldType.DATE, re.compile(r"\d{4}-\d\d-\d\d")),
    (FieldType.TIME, re.compile(r"\d\d:\d\d")),
    (FieldType.CURRENCY, re.compile(r"\d+\.\d\d")),
    (FieldType.PHONE, re.compile(r"\+?[\d ()/.-]{7,}")),
    (FieldType.EMAIL, re.compile(r"\S+@\S+")),
)
_OF_DATE: dict[Subtype | None, Subtype | None] = {
    _S.BALANCE_DUE: _S.BALANCE_DUE_DATE,
    _S.DEPOSIT_AMOUNT: None,
    _S.TOTAL_AMOUNT: None,
}
"""What a date is in the row of an amount."""
_SIGNATURES = frozenset({_S.CLIENT_SIGNATURE, _S.VENDOR_SIGNATURE})
_PACKAGE = re.compile(
    r"\b(?:package|collection|coverage|menu|plan|option|formule|forfait|paquete|pack|paket|pakket|pacchetto|arrangement)",
    re.IGNORECASE,
)
"""Words that are part of a package's name."""
_NAMES = frozenset({_S.PARTNER_1_NAME, _S.PARTNER_2_NAME, _S.VENDOR_NAME, _S.CEREMONY_VENUE, _S.RECEPTION_VENUE})
_AFTER_LABEL = re.compile(r"[:?]\s*$")


class Standing(StrEnum):
    NAMED = "named"
    """Its place or the words that name it say that it is this field's."""
    UNNAMED = "unnamed"
    """Nothing says so, nothing speaks against it."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judgement:
    standing: Standing
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The document's lines in reading order, and the fields whose words are theirs."""

    lines: tuple[TextLine, ...]
    fields: tuple[Field, ...]
    hints: Hints
    addressed: frozenset[str] = frozenset()
    """Ids of lines that speak to a reader: they state no value."""

    def owner(self, place: Box, page: int, words: str, but: str | None) -> Field | None:
        """The field that surely holds the value printed at ``place``: ``words``, or part of them, or more."""
        for field in self.fields:
            if field.id == but or field.page != page or field.value in (None, "", []) or field.value_box is None:
                continue
            sure = field.confidence >= SURE_FROM and not field.needs_review
            if sure and _overlap(field.value_box, place) and _say_the_same(field, words):
                return field
        return None


def judge(asked: AskedField, field: Field | None, found: Derived, around: Surroundings) -> Judgement:
    """``field``: the existing one that is asked about, if any."""
    place = found.place
    box = place.box_of(place.start, place.end)
    touched = place.words_of(place.start, place.end)
    if box is None or not touched:
        return Judgement(Standing.REFUSED, "it has no place on the page")
    line = touched[0][0]
    if asked.wants == "label":
        return _judge_label(field, found, box, line.page, around)
    owner = around.owner(box, line.page, place.quoted, asked.field)
    if owner is not None and not may_share(owner.subtype, asked.subtype, found, str(owner.value)):
        return Judgement(Standing.REFUSED, f"these words are the value of “{owner.label}”")
    if reason := _no_value(asked, found, around.hints):
        return Judgement(Standing.REFUSED, reason)
    if any(one.id in around.addressed for one, _ in touched):
        return Judgement(Standing.REFUSED, "the quoted sentence speaks to a reader, it states no value")
    if field is not None and field.box is not None and field.page == line.page and _stands_in(box, field.box):
        return Judgement(Standing.NAMED)
    named = naming(found, line, around)
    if named is not None:
        return _by_name(asked, field, named)
    if field is not None and field.box is not None:
        return Judgement(Standing.REFUSED, "it stands elsewhere on the page than the field")
    return Judgement(Standing.UNNAMED)


def _judge_label(field: Field | None, found: Derived, box: Box, page: int, around: Surroundings) -> Judgement:
    """Words name a place when they stand left of it or right above it, and no other place is nearer to them."""
    if field is None or field.box is None or field.page != page:
        return Judgement(Standing.REFUSED, "it stands elsewhere than the field")
    if any(one.id in around.addressed for one, _ in found.place.words_of(found.place.start, found.place.end)):
        return Judgement(Standing.REFUSED, "the quoted sentence speaks to a reader, it names no place")
    mine = _label_distance(box, field.box)
    others = (other.box for other in around.fields if other.id != field.id and other.page == page and other.box)
    if mine is None or any((theirs := _label_distance(box, other)) is not None and theirs < mine for other in others):
        return Judgement(Standing.REFUSED, "it stands elsewhere than the field")
    return Judgement(Standing.NAMED)


def _label_distance(label: Box, place: Box) -> float | None:
    """How far a label is from a place it may name, in parts of the page; None when it stands nowhere near."""
    beside = place[0] - label[2]
    if _level(label, place) and -ASIDE <= beside <= LABEL_ASIDE_MAX:
        return max(beside, 0.0)
    above = place[1] - label[3]
    if -ABOVE <= above <= LABEL_ABOVE_MAX and label[0] < place[2] and place[0] - ASIDE < label[2]:
        return max(above, 0.0)
    return None


@dataclass(frozen=True, slots=True)
class Naming:
    words: str
    subtype: Subtype | None
    """None: something that is no core field."""
    firm: bool = True
    """False for words as common as "client" or "for", which name a thing without saying which."""


def naming(found: Derived, line: TextLine, around: Surroundings) -> Naming | None:
    """The nearest words that name what is printed at a place, and what they name; None where none do."""
    place = found.place
    low, high = sentence_around(place.text, place.start, place.end)
    sentence, start, end = place.text[low:high], place.start - low, place.end - low
    if (told := _in_sentence(sentence, start, end, found, around.hints)) is not None:
        return told
    if re.search(r"\w", sentence[:start]):
        return None if len(sentence[:start].split()) > LABEL_WORDS_MAX else _of_words(sentence[:start], found)
    before = _left_of(line, around.lines)
    for one in before:
        if (told := _of_words(one.text, found)) is not None:
            return told
    if before and any(c.isalpha() for c in before[0].text):
        return None  # its row has words of its own: what stands above names others
    above = _above(line, around.lines)
    return _of_words(above.text, found) if above is not None else None


def _in_sentence(sentence: str, start: int, end: int, found: Derived, hints: Hints) -> Naming | None:
    """Of dates and amounts the nearest telling words, shared out among all of the sentence's as the engine does."""
    kind = _kind(found)
    if kind not in _ROLES:
        before = sentence[:start]
        words = before.split()
        return _of_words(" ".join(words[-LABEL_WORDS_MAX:]), found) if words else None
    marks = [one for one in values_in(sentence, kind, hints) if not (one[0] < end and start < one[1])]
    marks = sorted([*marks, (start, end)])
    named = assigned(sentence, marks, _ROLES[kind])[marks.index((start, end))]
    if named is None:
        return None
    return Naming(sentence[named.mention.start : named.mention.end].strip(), named.subtype)


def _kind(found: Derived) -> FieldType:
    """The type a value is by its look."""
    if isinstance(found.value, int):
        return FieldType.NUMBER
    return next((kind for kind, look in _LOOKS if look.fullmatch(found.value)), FieldType.TEXT)


def _fits(subtype: Subtype, kind: FieldType) -> bool:
    """Whether a field of this name could hold such a value: the name of a package names no amount beside it."""
    wanted = TYPES.get(subtype, FieldType.TEXT)
    return subtype not in _SIGNATURES and (FieldType.TEXT if wanted is FieldType.ADDRESS else wanted) is kind


def _of_words(text: str, found: Derived) -> Naming | None:
    """What a label's last words name: the longest of them that name anything."""
    words, kind = text.strip(" :*•-–—").split(), _kind(found)
    for count in range(min(len(words), LABEL_WORDS_MAX), 0, -1):
        meaning = meaning_of(" ".join(words[-count:]))
        if meaning is None:
            continue
        subtype = _OF_DATE.get(meaning.subtype, meaning.subtype) if kind is FieldType.DATE else meaning.subtype
        if subtype is None or _fits(subtype, kind):
            return Naming(" ".join(words[-count:]), subtype, firm=subtype is not None)
    roles = _ROLES.get(kind, ())
    told = mentions(text, roles) if len(words) <= LABEL_WORDS_MAX else []
    return Naming(text[told[-1].start : told[-1].end].strip(), told[-1].subtype) if told else None


def _by_name(asked: AskedField, field: Field | None, named: Naming) -> Judgement:
    if field is not None and fold(named.words).strip() and fold(named.words).strip() in fold(field.label):
        return Judgement(Standing.NAMED)
    if asked.subtype is not None and named.subtype is not None:
        pair = frozenset({asked.subtype, named.subtype})
        if len(pair) == 1 or pair in _LIKE:
            return Judgement(Standing.UNNAMED if Subtype.VENUE_ADDRESS in pair and len(pair) > 1 else Standing.NAMED)
    if not named.firm and (field is None or field.box is None):
        return Judgement(Standing.UNNAMED)
    if field is not None and field.box is not None:
        return Judgement(Standing.REFUSED, "it stands elsewhere on the page than the field")
    return Judgement(Standing.REFUSED, f"its own label is “{named.words[:60]}”")


def _no_value(asked: AskedField, found: Derived, hints: Hints) -> str | None:
    """Why words that are printed are no value of this kind of field at all."""
    text = found.place.text[found.place.start : found.place.end].strip()
    if asked.type is FieldType.NUMBER and _is_part(found, hints):
        return "the quote is part of a date, a time, an amount or a phone number"
    if asked.type in (FieldType.TEXT, FieldType.TEXTAREA, FieldType.ADDRESS):
        if text.endswith((":", "?")) or _is_label(text, asked):
            return "the quote is a label"
        label, colon, _ = text.partition(":")
        if colon and meaning_of(label) is not None:
            return "the quote is another field's label with its value"
    if asked.subtype in _NAMES:
        if typed_kind(text, hints) is not None:
            return "the quote is a date, an amount or an address of another kind, and no name"
        if len(text.split()) > 12:
            return "the quote is a sentence, and no name"
    return None


def _is_label(text: str, asked: AskedField) -> bool:
    if len(text.split()) > LABEL_WORDS_MAX or meaning_of(text) is None:
        return False
    return asked.subtype is not Subtype.PACKAGE_NAME or _PACKAGE.search(text) is None


def _is_part(found: Derived, hints: Hints) -> bool:
    place = found.place
    kinds = (FieldType.DATE, FieldType.TIME, FieldType.CURRENCY, FieldType.PHONE, FieldType.EMAIL)
    spans = (span for kind in kinds for span in values_in(place.text, kind, hints))
    return any(
        start <= place.start and place.end <= end and end - start > place.end - place.start for start, end in spans
    )


def may_share(one: Subtype | None, other: Subtype | None, mine: Derived, theirs: Derived | str) -> bool:
    """Whether the same words may be the value of two fields.

    "Anna & Tom Bell" holds a name of two people, who are not the same; a place may be both the ceremony's and the
    party's, and its address may stand on its line.
    """
    pair = frozenset(kind for kind in (one, other) if kind is not None)
    said = theirs if isinstance(theirs, str) else str(theirs.value)
    if pair == _PARTNERS:
        return not same_words(str(mine.value), said)
    return pair in _LIKE


def _stands_in(box: Box, field: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return field[0] - ASIDE <= x <= field[2] + ASIDE and field[1] - ABOVE <= y <= field[3] + ABOVE


def _say_the_same(field: Field, words: str) -> bool:
    """The box of a value on two lines covers other words too."""
    mine, theirs = letters_of(str(field.value_text or field.value)), letters_of(words)
    return mine in theirs or theirs in mine


def _overlap(one: Box, other: Box) -> bool:
    """Whether the middle of either lies in the other."""
    return holds(one, other) or holds(other, one)


def _left_of(line: TextLine, lines: Iterable[TextLine]) -> list[TextLine]:
    """Lines of the same row before ``line``, nearest first."""
    found = [
        one
        for one in lines
        if one.page == line.page and one is not line and one.box[2] <= line.box[0] + 0.002 and _level(one.box, line.box)
    ]
    return sorted(found, key=lambda one: -one.box[2])


def _level(one: Box, other: Box) -> bool:
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared >= ROW_SHARE * min(one[3] - one[1], other[3] - other[1])


def _above(line: TextLine, lines: Sequence[TextLine]) -> TextLine | None:
    """The nearest line above that shares the left edge or most of the width."""
    height = max(line.box[3] - line.box[1], 0.005)
    found = [
        one
        for one in lines
        if one.page == line.page
        and -0.002 <= line.box[1] - one.box[3] <= ABOVE_HEIGHTS_MAX * height
        and (abs(one.box[0] - line.box[0]) < ASIDE or min(one.box[2], line.box[2]) > max(one.box[0], line.box[0]))
    ]
    nearest = max(found, key=lambda one: one.box[3], default=None)
    # a sentence or a row's value above names nothing below it
    return nearest if nearest is not None and len(nearest.text.split(" ")) <= LABEL_WORDS_MAX else None
