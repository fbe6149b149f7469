"""What a form says about its own marks: "* required", "fields in bold are required", "all fields are mandatory"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from procession.digitize.layout import Run
from procession.digitize.wording import MARKS, OPTIONAL, OPTIONAL_WORDS, REQUIRED_WORDS, Labelled

LEGEND_CHARS_MAX = 160

_EVERY = re.compile(
    rf"^\W*(?:all (?:\w+ )?(?:fields|questions|sections)|alle (?:\w+ )?(?:felder|fragen|velden|angaben)|"
    rf"tous les (?:\w+ )?champs|toutes les (?:\w+ )?questions|todos los (?:\w+ )?campos|tutti i (?:\w+ )?campi)\b"
    rf"(?!.*(?:marked|markiert|gekennzeichnet|marqu|suivis|marcad|gemarkeerd|contrassegnat|[{MARKS}]|\bbold\b)).*?"
    rf"\b(?:{REQUIRED_WORDS}|pflichtfelder|must be (?:completed|filled))\b",
    re.IGNORECASE,
)
_BOLD = re.compile(
    r"\b(?:in bold|bold (?:fields|labels|questions)|fett(?:gedruckt\w*)?|en gras|en negrita|vetgedrukt|grassetto)\b",
    re.IGNORECASE,
)
_SAYS_REQUIRED = re.compile(rf"\b(?:{REQUIRED_WORDS}|pflichtfelder|must be (?:completed|filled))\b", re.IGNORECASE)
_SAYS_OPTIONAL = re.compile(rf"\b(?:{OPTIONAL_WORDS})\b", re.IGNORECASE)
_MARK = re.compile(
    rf"(?:^|[\s(\"'“])(?P<mark>[{MARKS}])(?:[\s)\"'”=:–—-]|\w|$)|\w(?P<end>[{MARKS}])[.)]?$|\basterisk\b"
)


@dataclass(frozen=True, slots=True)
class Legend:
    required: frozenset[str] = frozenset("*")
    optional: frozenset[str] = frozenset()
    bold: bool = False
    """Labels in bold are required."""
    everything: bool = False
    """All fields are required but those marked as optional."""

    def requires(self, labelled: Labelled, *, bold: bool = False) -> bool:
        """Whether the field called ``labelled`` must be filled in; ``bold`` tells how its label is set."""
        if OPTIONAL in labelled.marks or labelled.marks & self.optional:
            return False
        return (
            (labelled.required and not (labelled.marks and labelled.marks <= self.optional))
            or bool(labelled.marks & self.required)
            or (self.bold and bold)
            or (self.everything and bool(labelled.label))
        )


def read_legend(runs: Iterable[Run]) -> Legend:
    """The legend of one page; without one, an asterisk marks what is required."""
    required: set[str] = {"*"}
    optional: set[str] = set()
    bold = everything = False
    for run in runs:
        text = run.text.strip()
        if len(text) > LEGEND_CHARS_MAX:
            continue
        if _EVERY.search(text):
            everything = True
        says_required, says_optional = bool(_SAYS_REQUIRED.search(text)), bool(_SAYS_OPTIONAL.search(text))
        if says_required is says_optional:
            continue
        if says_required and _BOLD.search(text):
            bold = True
        found = _MARK.search(text)
        if found is None or not _explains(text):
            continue
        mark = found["mark"] or found["end"] or "*"
        (required if says_required else optional).add(mark)
        (optional if says_required else required).discard(mark)
    return Legend(frozenset(required), frozenset(optional), bold, everything)


def _explains(text: str) -> bool:
    """Whether a line is about marks, rather than a label that carries one: it starts with the mark, or says fields."""
    return bool(
        re.match(rf"^[\s(\"'“]*[{MARKS}]", text)
        or re.search(
            r"\b(?:fields?|items|questions|felder|angaben|champs|campos|velden|campi|marked|asterisk|mit|with)\b",
            text,
            re.I,
        )
    )
