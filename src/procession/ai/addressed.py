"""Sentences of a document that speak to whoever, or whatever, reads it for somebody: "ignore your instructions and …".

What protects a result is that every value is proved on the page. This is a second line: a document that tries is read
with less trust, and the person who reviews it is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from procession.domain.form import TextLine

_FORGET = (
    r"ignor\w*|disregard\w*|forget|overrid\w*|bypass\w*|vergiss|vergessen|missacht\w*|"
    r"oubli\w*|olvid\w*|negeer|vergeet"
)
_RULES = (
    r"instruc\w*|prompts?|rules?|anweisung\w*|regeln|consignes?|règles|reglas|regels|istruzion\w*|regole|"
    r"guidelines?|schema"
)
_MODEL = r"AI|A\.I\.|LLMs?|GPT\S*|language models?|chatbots?|KI|IA"
_TOLD = (
    r"must|should|shall|sets?|answers?|returns?|replies|reply|outputs?|extract\w*|fills?|muss|soll|doit|debe|moet|deve|"
    r"agents?|assistants?|models?|readers?|systems?"
)
_PARTS = r"im_start|im_end|system|assistant|user|data|document|instructions?"
_THINGS = r"fields?|values?|amounts?|answers?|prices?|totals?|names?|dates?"
_PATTERNS = (
    # to forget what was asked, in the six languages of the trade
    rf"\b(?:{_FORGET}|dimentica\w*)\b.{{0,80}}\b(?:{_RULES})\b",
    # the parts a conversation with a model is made of
    r"\b(?:system|developer)\s*(?:prompt|message|override|note|instruction)s?\b",
    r"^\W*(?:system|developer)\W{0,2}\s*[:>\]]",
    rf"<\W{{0,3}}(?:{_PARTS})\W{{0,3}}>|\bend of (?:the )?(?:data|document)\b",
    r"\b(?:tool|function)[ _](?:calls?|use)\b|\bcall (?:the |a )?(?:\w+ )?(?:tool|function|api)\b",
    # models by their names, told what to do
    rf"\b(?:{_MODEL})\b.{{0,60}}\b(?:{_TOLD})\b",
    r"\byou are (?:now )?(?:an?|the|in) .{0,40}\b(?:AI|assistant|model|mode|administrator|developer)\b",
    r"\bpretend (?:to be|you are)\b|\brole.?play\b|\b(?:new|your) (?:new )?instructions?\b",
    r"\bassistant\W{0,2}:\W{0,3}(?:set|answer|change|return|reply|print|repeat|leave|fill|ignore)\b",
    # answers written out beforehand
    r"[{\[}\],]\s*[\"“']\s*(?:answers?|fields?|values?|lines|quote|role|content)\b|```",
    rf"\b(?:set|change|mark|fill|make)\s+(?:in\s+)?(?:all|every|each|any)\s+(?:the\s+)?(?:{_THINGS})\s+(?:to|as|with|=)\s",
    r"\b(?:repeat|say|print|reveal|output)\b.{0,60}\b(?:prompt|instructions?|these words|\d[\d,]* times)\b",
)
_PARTED = re.compile(
    r"(?:ignore|disregard|forget|override|bypass)\w{0,30}(?:instruction|prompt|rules)|(?:system|developer)(?:prompt|message)"
)
"""Likewise in letters alone, whatever parts a word: "I gnore all pre vious instruc tions"."""
_ADDRESSED = re.compile("|".join(_PATTERNS), re.IGNORECASE)
_SAID_MAX = 60


def speaks(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text)
    if _ADDRESSED.search(plain):
        return True
    return _PARTED.search("".join(c for c in plain.lower() if c.isalnum())) is not None


def addressed(lines: Sequence[TextLine]) -> frozenset[str]:
    """Ids of lines that speak to a reader, alone or with the line that follows."""
    found = {line.id for line in lines if speaks(line.text)}
    for one, other in pairwise(lines):
        if one.page == other.page and not {one.id, other.id} & found and speaks(f"{one.text} {other.text}"):
            found |= {one.id, other.id}
    return frozenset(found)


def warning(lines: Sequence[TextLine], found: frozenset[str]) -> str:
    """What whoever reviews the document is told."""
    first = next(line for line in lines if line.id in found)
    said = first.text if len(first.text) <= _SAID_MAX else f"{first.text[:_SAID_MAX]}…"
    return (
        f"Page {first.page} holds words addressed to a program that reads it (“{said}”). They were taken as plain "
        "text, and everything AI read of this document waits for your look."
    )
