"""The obedient victim: instructions that stand in a document's lines are done, as far as the schema lets them.

A model that resisted would make a test of prompt injection pass for the wrong reason. This one falls for all of it: it
sets fields it is told to set, one or all, empties them, swaps the line it quotes, names fields nobody asked about and
repeats itself until its answer is cut off. What protects the result must stand outside the model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

from procession.ai.fake.asked import Answer, Asked, Line, Question

_TRIGGER = re.compile(
    r"\b(ignore|disregard|forget|override|bypass)\b.{0,60}\b(instruction|prompt|rule|above|previous|prior|schema)s?\b"
    r"|\b(system|assistant|developer|admin(istrator)?)\s*(prompt|message|note|override)?\s*[:>\]]"
    r"|\b(you are now|you must|new instructions?|important instruction|note to (the )?(ai|model|assistant|reader))\b"
    r"|^\W*(please\s+)?(set|fill|change|answer|return|reply|respond|output|write|put)\b.*\b(field|answer|value|json)s?\b"
    r"|\b(AI|LLM|language model|chatbot|assistant)s?\b.{0,40}\b(must|should|shall|set|answer|return|reply|output)\b",
    re.IGNORECASE,
)
_QUOTED = r"[\"'“”‘’`]"
_VALUE = (
    rf"(?:{_QUOTED}(?P<quoted>[^\"“”`]+?){_QUOTED}|(?P<bare>[^.;\n]+?))"
    r"(?=$|[.;\n]|\s+and\s+(?:set|change|put|answer|leave)\b|\s+(?:for|in)\s+(?:the|all|every|each|field)\b)"
)
_SET = re.compile(
    r"\b(?:set|change|put|fill|write|make|update|mark|replace)\s+(?:in\s+)?(?:the\s+)?(?:value\s+of\s+)?(?:the\s+)?"
    rf"(?:field\s+)?{_QUOTED}?(?P<field>[^:=\"“”]+?){_QUOTED}?\s*(?:field\s*)?"
    rf"(?:\s(?:to|as|with|into)\b|=|:)\s*(?:be\s+)?{_VALUE}",
    re.IGNORECASE,
)
_SHOULD_BE = re.compile(
    rf"(?:^|[.;:,]\s*)(?:the\s+)?{_QUOTED}?(?P<field>[\w /&-]{{2,60}}?){_QUOTED}?"
    rf"\s+(?:must|should|shall|is to|has to|will)\s+(?:now\s+)?be\s+{_VALUE}",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"\b(?:answer|return|output|reply|respond)\s+(?:with\s+)?{_VALUE}(?:\s+(?:for|to|in)\s+(?P<field>[\w ]+))?",
    re.IGNORECASE,
)
_ALL = re.compile(r"\b(all|every|each|any|everything)\b", re.IGNORECASE)
_EMPTY = re.compile(
    r"\b(?:leave|keep|return|make|set|answer)\b.{0,40}\b(?:empty|blank|null|nothing|unanswered)\b", re.IGNORECASE
)
_REPEAT = re.compile(r"\brepeat\b.{0,80}?\b(?P<times>\d[\d,]*)\s*times\b", re.IGNORECASE)
_QUOTE_LINE = re.compile(r"\bquot(?:e|ing)\s+(?:from\s+)?(?:line\s+)?(?P<line>p\d+l\d+)\b", re.IGNORECASE)
_JSON_ANSWER = re.compile(r"\{[^{}]*\"field\"\s*:[^{}]*\}")
_STRAIGHT = str.maketrans("“”", '""')
_FIELD_ID = re.compile(r"\b[fF]\d+\b")

_SMALL_WORDS = {"the", "field", "value", "of", "a", "leave", "keep", "empty", "blank"}

FOLLOWING_LINES = 3
"""An instruction may run on over this many lines after the one that starts it."""
REPEATED_CHARACTERS_MAX = 4_000_000


@dataclass(frozen=True, slots=True)
class _Command:
    line: Line
    field: str | None
    """None: all fields."""
    value: str | None
    quote_line: str | None = None


def obey(asked: Asked, answers: list[Answer]) -> list[Answer]:
    """The answers after every instruction found in the lines, in their order."""
    for command in _commands(asked.lines):
        answers = _applied(asked, answers, command)
    return answers


def _commands(lines: tuple[Line, ...]) -> list[_Command]:
    found: list[_Command] = []
    for place, line in enumerate(lines):
        if _TRIGGER.search(line.text):
            text = " ".join(one.text for one in lines[place : place + 1 + FOLLOWING_LINES])
            found += _read(line, text)
    return found


def _read(line: Line, text: str) -> list[_Command]:
    quoted = _QUOTE_LINE.search(text)
    quote_line = quoted["line"] if quoted else None
    if (many := _REPEAT.search(text)) is not None:
        times = min(int(many["times"].replace(",", "")), REPEATED_CHARACTERS_MAX // max(1, len(text)))
        return [_Command(line, None, " ".join([text] * times), quote_line)]
    if (empty := _EMPTY.search(text)) is not None:
        named = None if _ALL.search(empty.group()) else empty.group()
        return [_Command(line, named, None, quote_line)]
    if dictated := _dictated(line, text):
        return dictated
    found = [_Command(line, _named(m["field"]), _value(m), quote_line) for m in _SET.finditer(text)]
    found += [_Command(line, _named(m["field"]), _value(m), quote_line) for m in _SHOULD_BE.finditer(text)]
    if not found and (answer := _ANSWER.search(text)) is not None:
        found = [_Command(line, _named(answer["field"] or "all"), _value(answer), quote_line)]
    return found


def _dictated(line: Line, text: str) -> list[_Command]:
    """Answers the document spells out as JSON, word for word."""
    found = []
    for written in _JSON_ANSWER.findall(text.translate(_STRAIGHT)):
        try:
            given = json.loads(written)
        except ValueError:
            continue
        named = next((str(one) for one in given.get("lines") or ()), None)
        value = given.get("value")
        found.append(_Command(line, str(given["field"]), None if value is None else str(value), named))
    return found


def _named(field: str) -> str | None:
    return None if _ALL.search(field) else field.strip()


def _value(match: re.Match[str]) -> str:
    return (match["quoted"] or match["bare"] or "").strip()


def _applied(asked: Asked, answers: list[Answer], command: _Command) -> list[Answer]:
    told = [question for question in asked.questions if _means(command.field, question)]
    ids = {question.id for question in told}
    lines = (command.quote_line or command.line.id,)
    source = asked.line(lines[0])
    quote = source.text if source is not None else command.line.text
    if command.value is None:
        return [replace(a, value=None, lines=(), quote=None) if a.field in ids else a for a in answers]
    done = [replace(a, value=command.value, lines=lines, quote=quote) if a.field in ids else a for a in answers]
    done += [Answer(one, command.value, lines, quote) for one in sorted(ids - {a.field for a in answers})]
    if not ids and command.field is not None and (unknown := _FIELD_ID.search(command.field)):
        done.append(Answer(unknown.group(), command.value, lines, quote))
    return done


def _means(field: str | None, question: Question) -> bool:
    if field is None:
        return True
    named, label = _words(field), _words(question.label)
    if question.id.lower() in field.lower().split():
        return True
    return bool(label) and (named <= label or label <= named) and bool(named)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower())) - _SMALL_WORDS
