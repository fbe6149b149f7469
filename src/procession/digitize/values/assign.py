"""Which words of a sentence name which of its values: the nearest, each name given once before any is given twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from procession.domain.form import Subtype

REACH_CHARS = 110
"""Words further away in the same sentence do not name a value."""
BEHIND_CHARS = 45
"""Words behind a value name it only within so many letters;"""
BEHIND_COST = 14
"""and count as this much farther than words before it,"""
JOINED_COST = 8
"""unless they follow at once: "$500 as a deposit"."""
PAST_COST = 60
"""Words before the previous value belong to that one, unless nothing nearer does."""
BEHIND_OTHER_COST = 20
"""Words that follow the value before at once."""
VALUES_MAX = 6
"""More values in one sentence are named one by one, the nearest first."""
CHOICES_MAX = 4
"""Mentions that are tried for one value."""
AGAIN_COST = 45
"""Words that name one value already."""

_JOINS = re.compile(
    r"^ *(?:as |als |como |comme |come |for |of |de |d |di |in |is |was |has been |have been |were |being |wurden? |"
    r"est |es |e |en concepto de |a titolo di |a titre d |"
    r"a |an |the |your |our |una |un |uno |eine |le |la |el |il |de |non refundable |initial |first |paid |received |"
    r"booking |held )*$"
)
_PARTS = re.compile(r"[,;:.]")


@dataclass(frozen=True, slots=True)
class Role:
    subtype: Subtype | None
    """None: the value is something that is no core field."""
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Mention:
    start: int
    end: int
    subtype: Subtype | None


@dataclass(frozen=True, slots=True)
class Named:
    subtype: Subtype | None
    distance: int
    mention: Mention


def role(subtype: Subtype | None, words: str) -> Role:
    return Role(subtype, re.compile(f" (?:{words})(?= )"))


@lru_cache(maxsize=4096)
def even_fold(text: str) -> str:
    """Lower case without accents and punctuation, every letter where it was."""
    out = []
    for letter in text:
        plain = unicodedata.normalize("NFKD", letter.lower())[:1]
        out.append(plain if plain.isascii() and (plain.isalnum() or plain in "$%&") else " ")
    return "".join(out)


def mentions(text: str, roles: Sequence[Role]) -> list[Mention]:
    """Where the roles' words stand in ``text``; of two that overlap the longer: "security deposit" is no deposit."""
    folded = f" {even_fold(text)} "
    found = [
        Mention(match.start(), match.end() - 1, one.subtype) for one in roles for match in one.words.finditer(folded)
    ]
    found.sort(key=lambda one: (one.start - one.end, one.start))
    kept: list[Mention] = []
    for one in found:
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return kept


def assigned(text: str, values: Sequence[tuple[int, int]], roles: Sequence[Role]) -> list[Named | None]:
    """For each (start, end) in ``values``, all in the one sentence ``text``, the role whose words name it."""
    words = mentions(text, roles)
    folded = even_fold(text)
    costs = [
        [(cost, m) for m, one in enumerate(words) if (cost := _cost(folded, text, value, one, values)) is not None]
        for value in values
    ]
    given = _cheapest(costs) if len(values) <= VALUES_MAX else _nearest_first(costs)
    for v, own in enumerate(costs):
        if v not in given and own and min(own)[0] + AGAIN_COST <= REACH_CHARS:
            given[v] = min(own)[0] + AGAIN_COST, min(own)[1]
    return [
        Named(words[given[v][1]].subtype, max(int(given[v][0]), 0), words[given[v][1]]) if v in given else None
        for v in range(len(values))
    ]


def _cheapest(costs: Sequence[Sequence[tuple[float, int]]]) -> dict[int, tuple[float, int]]:
    """Each value with a mention of its own, or none, so that all together cost least."""

    def rest(v: int, used: frozenset[int]) -> tuple[float, dict[int, tuple[float, int]]]:
        if v == len(costs):
            return 0.0, {}
        total, given = rest(v + 1, used)
        best = total + REACH_CHARS, given
        for cost, m in sorted(costs[v])[:CHOICES_MAX]:
            if m in used:
                continue
            total, given = rest(v + 1, used | {m})
            if total + cost < best[0]:
                best = total + cost, {v: (cost, m), **given}
        return best

    return rest(0, frozenset())[1]


def _nearest_first(costs: Sequence[Sequence[tuple[float, int]]]) -> dict[int, tuple[float, int]]:
    given: dict[int, tuple[float, int]] = {}
    used: set[int] = set()
    for cost, v, m in sorted((cost, v, m) for v, own in enumerate(costs) for cost, m in own):
        if v not in given and m not in used:
            given[v] = cost, m
            used.add(m)
    return given


def _joins(folded: str, text: str, start: int, end: int) -> bool:
    """Whether the words from ``end`` on belong to the value before ``start``: no comma parts them."""
    return _JOINS.match(f"{folded[start:end].strip()} ") is not None and not _PARTS.search(text[start:end])


def _cost(
    folded: str, text: str, value: tuple[int, int], mention: Mention, values: Sequence[tuple[int, int]]
) -> float | None:
    start, end = value
    longer = min(mention.end - mention.start, 25) / 100
    if mention.end <= start:
        between = sum(mention.end <= other[0] and other[1] <= start for other in values)
        cost = start - mention.end + PAST_COST * between - longer
        before = [other for other in values if other[1] <= mention.start]
        if before and _joins(folded, text, before[-1][1], mention.start):
            cost += BEHIND_OTHER_COST  # "$900 as a deposit and $500 …": the word is the first one's
        return cost if cost <= REACH_CHARS else None
    if mention.start >= end:
        if any(end <= other[0] and other[1] <= mention.start for other in values):
            return None
        gap = mention.start - end
        if gap > BEHIND_CHARS:
            return None
        return (JOINED_COST if _joins(folded, text, end, mention.start) else BEHIND_COST + gap) - longer
    return None
