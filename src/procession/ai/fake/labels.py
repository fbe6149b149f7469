"""The answerer that needs nothing: it looks for a field's label in the lines and takes what stands beside it.

As good as a mediocre model: it reads ``Label: value``, a value of the right kind on the
label's row or the lines after it; it knows no context, so a document with two names or two totals misleads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from procession.ai.fake import wedding
from procession.ai.fake.asked import Answer, Asked, Line, Question

LABEL_SHARE_MIN = 0.6
"""Share of a label's words a line must hold."""
LINES_AFTER = 2
"""How many lines after the label may hold the value."""

_WORD = re.compile(r"\w+")
_BLANK = re.compile(r"^[\s_.…\-:;*]*$")
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
KINDS: dict[str, re.Pattern[str]] = {
    "date": re.compile(
        rf"\b(\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}"
        rf"|\d{{1,2}}(st|nd|rd|th)?\.? (of )?({_MONTHS})\w*\.?,? \d{{4}}"
        rf"|({_MONTHS})\w*\.? \d{{1,2}}(st|nd|rd|th)?,? \d{{4}})\b",
        re.IGNORECASE,
    ),
    "email": re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),
    "phone": re.compile(r"(?<!\w)\+?\(?\d[\d\s().\-/]{6,}\d"),
    "currency": re.compile(
        r"([$€£]|USD|EUR|GBP)\s?\d[\d,. ]*\d|\d[\d,.]*\d\s?([$€£]|USD|EUR|GBP)\b|\b\d[\d,]*\.\d\d\b"
    ),
    "number": re.compile(r"\b\d[\d,.]*\b"),
    "time": re.compile(r"\b\d{1,2}([:.]\d{2})?\s?([ap]\.?m\.?)\b|\b\d{1,2}:\d{2}\b", re.IGNORECASE),
}
_LIKE = {"tel": "phone", "money": "currency", "amount": "currency", "price": "currency", "integer": "number"}


def kind_of(question: Question) -> str | None:
    """The pattern a value of this field follows, or None when it may be any text."""
    named = _LIKE.get(question.type, question.type)
    return named if named in KINDS else None


class LabelAnswerer:
    """Reads lines only; a picture tells it nothing."""

    def answer(self, asked: Asked, model: str) -> list[Answer]:
        del model
        return [_answered(asked, question) for question in asked.questions]


def _answered(asked: Asked, question: Question) -> Answer:
    for name in wedding.names(question.means or question.id, question.label):
        words = {word.lower() for word in _WORD.findall(name)}
        for place in _labelled(asked.lines, words):
            for line, text in _beside(asked.lines, place, words):
                if (quote := _value(question, text)) is not None:
                    value = wedding.normalised(kind_of(question), quote)
                    return Answer(question.id, value, (line.id,), quote)
    return Answer(question.id)


def _labelled(lines: tuple[Line, ...], words: set[str]) -> list[int]:
    """Places of the lines that hold the label, the surest first."""
    if not words:
        return []
    shares = ((_share(words, line), -place) for place, line in enumerate(lines))
    return [-place for share, place in sorted(shares, reverse=True) if share >= LABEL_SHARE_MIN]


def _share(words: set[str], line: Line) -> float:
    found = {word.lower() for word in _WORD.findall(line.text)}
    return len(words & found) / len(words)


def _beside(lines: tuple[Line, ...], place: int, words: set[str]) -> Iterator[tuple[Line, str]]:
    """Texts that may hold the value, nearest first: the label's line after it, the rest of its row, the next lines."""
    own = lines[place]
    end = max((m.end() for m in _WORD.finditer(own.text) if m.group().lower() in words), default=0)
    yield own, own.text[end:].lstrip(" :\t?*.")
    if len(own.box) > 1:
        row = [line for line in lines if line.page == own.page and line.box[1:2] == own.box[1:2]]
        yield from ((line, line.text) for line in sorted(row, key=lambda line: line.box) if line.box > own.box)
    for line in lines[place + 1 : place + 1 + LINES_AFTER]:
        if line.page == own.page:
            yield line, line.text


def _value(question: Question, text: str) -> str | None:
    """The words of ``text`` that are a value of the question's kind, or None."""
    if _BLANK.match(text):
        return None
    if question.options:
        return next((option for option in question.options if option and option.lower() in text.lower()), None)
    kind = kind_of(question)
    if kind is None:
        return text.strip()
    found = KINDS[kind].search(text)
    return found.group().strip() if found else None
