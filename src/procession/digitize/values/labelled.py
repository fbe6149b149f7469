"""Label and value pairs as forms, tables and questionnaires print them: beside, after a colon, or underneath."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from procession.digitize.asked import ASKED
from procession.digitize.classify import meaning_of
from procession.digitize.values import dates
from procession.digitize.values.answers import (
    LABEL_WORDS_MAX,
    fits,
    fits_surely,
    is_sentence,
    label_meaning,
    unnumbered,
)
from procession.digitize.values.assign import mentions
from procession.digitize.values.found import Found, Reading
from procession.digitize.values.money import find_money, settled_currency
from procession.digitize.values.passages import Layout, Passage, is_leader, style_of
from procession.digitize.values.role_words import DEPOSIT_OR_BALANCE
from procession.digitize.values.soft_labels import soft_meaning
from procession.digitize.vocabulary import Meaning
from procession.domain.form import FieldType, Subtype

FAR_HEIGHTS = 9.0
"""A text so many letter heights to the right is further from a label than the one right under it."""
WIDE_GAP_SPACES = 1.6
"""A label and its answer on one line stand this much further apart than the words of either."""
PREFIX_WORDS_MAX = 5
PROSE_CHARS = 60
"""A line this long that goes on below is running text, and no answer."""
HEADING_SHARE = 1.4
"""A text so much larger than the one over it is no answer to it;"""
SMALL_LABEL_SHARE = 1.8
"""nor is this, where the page sets its labels small."""

_COLON = re.compile(r"(?P<label>[^:?]{2,60}?)\s*(?:[:?]\s*[:–—-]?|\s[–—=]|(?<=\w)[.…]{2,})\s+(?=\S)")
_TELLING = re.compile(r"\d|@|&| (?:and|und|et|y|en|e) ")
_HAS_COLON = re.compile(r"[:?–—=…]|\.\.")
_SEPARATOR = re.compile(r"\s+(?:[|·•;,]|[–—]|and|und|et|y|en|e)?\s*(?:and\s+)?$|[,;|·•]\s*$")
_JOINING = frozenset(
    {"of", "is", "at", "on", "by", "for", "the", "a", "to", "von", "der", "de", "del", "du", "di", "van", "in", "am"}
)
_BOX_SIGNS = "□☐☑☒◯○●◉❏❑▢✓✔"
_BRACKETS = re.compile(r"^(?:\[\s?[xX✓✔]?\s?\]|\(\s?[xX✓✔]?\s?\))(?:\s|$)")
"""Boxes to tick made of brackets."""
_RUN = re.compile(r"^[\W_]*_{3,}|^\.{4,}")
_BLANK = re.compile(r"^[\s_.…\-–—/|()]*$")


@dataclass(frozen=True, slots=True)
class Pair:
    label: str
    meaning: Meaning
    value: Passage
    start: int
    end: int
    strength: float
    """0 … 1: how surely the two belong together."""

    @property
    def text(self) -> str:
        return self.value.text[self.start : self.end]


def pairs(layout: Layout, *, soft: bool = True) -> Iterator[Pair]:
    """``soft``: labels nobody lists count too, where their answers fit what they speak of."""
    for row in layout.rows:
        for chunk in row.chunks:
            if is_option(layout, chunk):
                continue
            inside = list(_inside(chunk))
            if inside:
                yield from inside
                continue
            meaning = label_meaning(chunk.text)
            if meaning is None:
                if other := _glued(chunk) or (_soft_pair(layout, chunk) if soft else None):
                    yield other
                continue
            beside_or_under = _value_of(layout, chunk, meaning)
            if beside_or_under is None and soft and (other := _soft_pair(layout, chunk)):
                yield other
            elif beside_or_under:
                value, strength = beside_or_under
                end = _up_to_label(value.text)
                yield Pair(unnumbered(chunk.text).rstrip(" :?"), meaning, value, 0, end, strength)
            elif glued := _glued(chunk):
                yield glued


def _inside(chunk: Passage) -> Iterator[Pair]:
    """Labels with their values in one chunk: "Date: 5 May 2027 | Time: 3 pm"."""
    if not _HAS_COLON.search(chunk.text):
        return
    marks: list[tuple[int, int, Meaning, str]] = []
    for match in _COLON.finditer(chunk.text):
        named = _label_before(match["label"])
        if named is None:
            continue
        label, meaning = named
        start = match.end("label") - len(label)
        marks.append((start, match.end(), meaning, unnumbered(label).strip()))
    for number, (_, at, meaning, label) in enumerate(marks):
        limit = marks[number + 1][0] if number + 1 < len(marks) else len(chunk.text)
        end = min(_up_to_blank(chunk.text, at), limit)
        while end > at and (cut := _SEPARATOR.search(chunk.text, at, end)) and number + 1 < len(marks):
            end = cut.start() if cut.start() < end else end - 1
        value = chunk.text[at:end]
        if not _BLANK.match(value) and not _RUN.match(value):
            yield Pair(label, meaning, chunk, at, end, 0.95)


def _label_before(text: str) -> tuple[str, Meaning] | None:
    """The label at the end of ``text``, whole where it means something, else its last words: "… Total price"."""
    whole = text.strip()
    meaning = meaning_of(unnumbered(whole))
    if meaning is not None and len(whole.split()) <= LABEL_WORDS_MAX and not re.search(r"\d{3,}|@|[$€£]", whole):
        return whole, meaning
    words = whole.split()
    for count in range(min(PREFIX_WORDS_MAX, len(words) - 1), 0, -1):
        last = " ".join(words[-count:])
        if last[:1].isupper() and (meaning := _whole(last)):
            return last, meaning
    return None


def _whole(text: str) -> Meaning | None:
    """Meaning of words that are a label from end to end, as suppliers word it."""
    meaning = label_meaning(text)
    return meaning if meaning in ASKED or (meaning is not None and meaning.subtype is not None) else None


def _soft_pair(layout: Layout, label: Passage) -> Pair | None:
    """A label nobody lists, with an answer beside or under it whose form fits what the label speaks of."""
    text = label.text
    colon = re.match(r"^([^:]{3,50}):\s+(\S.*)$", text)
    if colon:
        meaning = soft_meaning(colon[1], colon[2])
        at = colon.start(2)
        return Pair(unnumbered(colon[1]), meaning, label, at, _up_to_blank(text, at), 0.88) if meaning else None
    if re.search(r"\d{3}|@", text):
        return None
    right = layout.right_of(label)
    while right is not None and is_leader(right.text):
        right = layout.right_of(right)
    for value, strength in ((right, 0.86), (layout.below(label), 0.82)):
        if value is None or is_option(layout, value) or not _may_be_value(layout, value, label):
            continue
        asked = text.rstrip().endswith(("?", ":")) or style_of(label) != style_of(value)
        if strength < 0.86 and (abs(value.box.x0 - label.box.x0) > 14 or not asked):
            continue
        if meaning := soft_meaning(text, value.text):
            return Pair(unnumbered(text).rstrip(" :?"), meaning, value, 0, _up_to_blank(value.text, 0), strength)
    return None


def _glued(chunk: Passage) -> Pair | None:
    """A label and its answer side by side without a colon, further apart than words are: "E-mail  anna@example.com"."""
    words = chunk.words
    if len(words) < 2 or is_sentence(chunk.text) or any(_RUN.match(word.text) for word in words):
        return None
    gaps = [after.box.x0 - before.box.x1 for before, after in pairwise(words)]
    usual = sorted(gaps)[len(gaps) // 2] if len(gaps) > 2 else 0.28 * chunk.height
    wide_gap = WIDE_GAP_SPACES * max(usual, 0.15 * chunk.height)
    parted = max(gaps[:PREFIX_WORDS_MAX]) >= wide_gap or words[0].bold != words[-1].bold
    if not parted and not _TELLING.search(chunk.text):
        return None
    for count in range(min(PREFIX_WORDS_MAX, len(words) - 1), 0, -1):
        label = " ".join(word.text for word in words[:count])
        rest = " ".join(word.text for word in words[count:])
        meaning = _whole(label)
        if meaning is None or _BLANK.match(rest) or rest.endswith((":", "?")) or words[count - 1].text in _JOINING:
            continue
        wide = gaps[count - 1] >= wide_gap
        styled = words[count - 1].bold != words[count].bold
        start = len(label) + 1
        end = _up_to_blank(chunk.text, start)
        if (wide or styled) and fits(meaning, rest) and rest[:1] not in "(,;-–":
            return Pair(unnumbered(label), meaning, chunk, start, end, 0.9)
        if fits_surely(meaning, rest):
            return Pair(unnumbered(label), meaning, chunk, start, end, 0.85)
    return None


def _value_of(layout: Layout, label: Passage, meaning: Meaning) -> tuple[Passage, float] | None:
    right = layout.right_of(label)
    led = False
    while right is not None and is_leader(right.text):
        right, led = layout.right_of(right), True
    if right is not None and is_option(layout, right):
        return None  # a choice: its marked box is the value
    below = layout.below(label)
    under = below is not None and _may_be_under(layout, below, label, meaning) and fits(meaning, below.text)
    beside = (
        right is not None
        and _may_be_value(layout, right, label)
        and not _is_heading(layout, label)
        and fits(meaning, right.text)
    )
    if right is not None and beside and not (under and not led and _rather_under(layout, label, right, below)):
        return right, 0.95
    if below is not None and under:
        return below, 0.9 if abs(below.box.x0 - label.box.x0) < 8 else 0.75
    return None


def _rather_under(layout: Layout, label: Passage, right: Passage, below: Passage | None) -> bool:
    """Of two that fit, the one under the label: right below its left edge, while the other stands far off or is led."""
    if below is None or abs(below.box.x0 - label.box.x0) > 8 or label.text.rstrip().endswith(":"):
        return False
    close = below.box.y0 - label.box.y1 < 0.9 * label.height
    far = right.box.x0 - label.box.x1 > FAR_HEIGHTS * label.height
    smaller = label.size < 0.92 * below.size
    # what stands beside is a label itself, with its own value under it or beside it
    named = _names(layout, right)
    return close and (far or smaller or named)


def _names(layout: Layout, chunk: Passage) -> bool:
    return label_meaning(chunk.text) is not None or chunk.text.rstrip().endswith(":")


def _may_be_under(layout: Layout, below: Passage, label: Passage, meaning: Meaning) -> bool:
    larger = SMALL_LABEL_SHARE if style_of(label) in layout.label_styles else HEADING_SHARE
    if not _may_be_value(layout, below, label) or label_meaning(below.text) or below.size > label.size * larger:
        return False
    colon = _COLON.match(below.text)
    if (colon and _label_before(colon["label"])) or _glued(below) or _has_answer(layout, below):
        return False
    if fits_surely(meaning, below.text):
        return True
    # under a heading of larger type or a bold one stands the next label, set like the page's other labels
    return style_of(label) in layout.label_styles or style_of(below) not in layout.label_styles


def _has_answer(layout: Layout, chunk: Passage) -> bool:
    """Whether what stands beside or under ``chunk`` answers it, so that it is a label itself."""
    answers = (layout.right_of(chunk), layout.below(chunk))
    return any(one is not None and soft_meaning(chunk.text, one.text) is not None for one in answers)


def _deposits(reading: Reading, value: Passage) -> bool:
    """Whether the row of a table in which ``value`` stands is the deposit's."""
    layout = next(one for one in reading.layouts if one.page.number == value.page)
    if id(value) not in layout.place:
        return False
    lefts = " ".join(left.text for left in layout.left_of(value))
    return any(one.subtype is Subtype.DEPOSIT_AMOUNT for one in mentions(lefts, DEPOSIT_OR_BALANCE))


def typed(reading: Reading, pairs: Sequence[Pair]) -> Iterator[Found]:
    """Dates and amounts that stand with a label of the trade."""
    for pair in pairs:
        subtype = pair.meaning.subtype
        if subtype is None:
            continue
        strength = pair.strength * 0.99
        if pair.meaning.type is FieldType.DATE:
            found = dates.find_dates(pair.text)
            if not found or (subtype is Subtype.CONTRACT_DATE and reading.kind == "invoice"):
                continue
            if subtype is Subtype.BALANCE_DUE_DATE and _deposits(reading, pair.value):
                continue
            day, reason, sure = dates.resolve(found[0], reading.hints.proven, reading.hints.likely)
            box = pair.value.box_of(pair.start + found[0].start, pair.start + found[0].end)
            yield Found(
                *(subtype, day.isoformat(), found[0].text, pair.value.page, box, sure * strength, pair.label),
                reason=reason,
            )
        elif pair.meaning.type is FieldType.CURRENCY and subtype is not Subtype.BUDGET_RANGE:
            money = find_money(pair.text, bare=True)
            if not money or (money[0].currency is None and not re.search(r"[.,]\d{2}$|\d{3}", money[0].text)):
                continue
            one = money[0]
            yield Found(
                *(subtype, one.plain, one.text, pair.value.page),
                pair.value.box_of(pair.start + one.start, pair.start + one.end),
                0.97 * strength * (1.0 if one.currency else 0.85),
                pair.label,
                currency=settled_currency(one, reading.hints.currencies),
            )


def is_option(layout: Layout, chunk: Passage) -> bool:
    """Whether a checkbox or a radio circle stands right before the words."""
    if chunk.text[0] in _BOX_SIGNS or _BRACKETS.match(chunk.text):
        return True
    box = chunk.box
    return any(
        -2 <= box.x0 - one.x1 <= 18 and box.y0 - 4 <= one.centre[1] <= box.y1 + 4
        for one in layout.squares_near(box.centre[1])
    )


def _holds_options(text: str) -> bool:
    """Whether printed boxes stand among the words, so that they are choices and no answer."""
    return any(sign in text for sign in _BOX_SIGNS)


def _may_be_value(layout: Layout, chunk: Passage, label: Passage) -> bool:
    if _BLANK.match(chunk.text) or _RUN.match(chunk.text) or _holds_options(chunk.text):
        return False
    if (
        style_of(chunk) in layout.label_only
        and style_of(label) == style_of(chunk)
        and not re.search(r"\d|@", chunk.text)
    ):
        return False  # set as nothing but labels are on this page
    return not _label_like(chunk, label) and not is_option(layout, chunk)


def _is_heading(layout: Layout, label: Passage) -> bool:
    """Whether the label's row is the head of a table: three words or more side by side, no figures, no second label."""
    row, position = layout.place[id(label)]
    chunks = layout.rows[row].chunks
    if len(chunks) < 3 or label.text.rstrip().endswith((":", "?")):
        return False
    if position + 1 < len(chunks) and style_of(chunks[position + 1]) != style_of(label):
        return False
    others = [chunk for at, chunk in enumerate(chunks) if at > position + 1]
    named = any(label_meaning(chunk.text) for chunk in others)
    return not named and not any(re.search(r"\d|@|:", chunk.text) for chunk in chunks)


def _up_to_blank(text: str, start: int) -> int:
    """A run of underscores after the value belongs to the next field."""
    run = re.search(r"\s*(?:_{3,}|\.{4,})", text[start:])
    return start + run.start() if run else len(text)


def _up_to_label(text: str) -> int:
    """A label of the next column that follows without a gap is no part of the value."""
    end = _up_to_blank(text, 0)
    if not text.endswith(":"):
        return end
    starts = [match.start() for match in re.finditer(r"(?<=\s)\S", text)]
    return next((at - 1 for at in starts[-PREFIX_WORDS_MAX:] if _whole(text[at:].rstrip(" :"))), end)


def _label_like(chunk: Passage, label: Passage) -> bool:
    """Whether ``chunk`` is set like ``label`` and names something itself."""
    text = chunk.text.strip()
    if text.endswith((":", "?")):
        return True
    colon = _COLON.match(text)
    if colon and _label_before(colon["label"]):
        return True
    if re.search(r"\d|@", text):
        return False
    if label.text.isupper() and text.isupper() and len(text.split()) <= 4:
        return True
    meaning = label_meaning(text)
    if meaning is not None and meaning in ASKED:
        return True  # word for word what suppliers call things
    if label.bold and chunk.bold and len(text.split()) <= 4:
        return True
    return meaning is not None and (chunk.bold or not label.bold)
