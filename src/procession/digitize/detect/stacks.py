"""Ruled paper: lines of one width below each other with air between are one place for several lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procession.digitize.detect.candidate import PRIOR, Candidate
from procession.digitize.detect.rules import Grid, Rules
from procession.digitize.layout import Layout
from procession.digitize.page import PageContent, Rect

WIDTH_SHARE_MIN = 0.8
"""Narrower lines below each other are often answers to different questions."""
PITCH_POINTS = (12.0, 34.0)
"""From one line to the next."""
UNEVEN_POINTS = 2.5
LINES_MIN = 2


@dataclass(frozen=True, slots=True)
class Stack:
    rules: tuple[int, ...]
    """Indices into ``Rules.across``."""
    box: Rect
    last: float
    """y of its lowest line."""


def find_stacks(page: PageContent, layout: Layout, rules: Rules, grid: Grid) -> list[Stack]:
    wide = [
        index
        for index, rule in enumerate(rules.across)
        if rule.length >= WIDTH_SHARE_MIN * page.width and index not in grid.closed
    ]
    runs: list[list[int]] = []
    for index in wide:
        if runs and _continues(runs[-1], index, rules, layout):
            runs[-1].append(index)
        else:
            runs.append([index])
    return [stack for run in runs if len(run) >= LINES_MIN and (stack := _stack(run, rules, layout)) is not None]


def _continues(run: Sequence[int], index: int, rules: Rules, layout: Layout) -> bool:
    last, rule = rules.across[run[-1]], rules.across[index]
    pitch = rule.at - last.at
    same = abs(last.start - rule.start) < UNEVEN_POINTS and abs(last.end - rule.end) < UNEVEN_POINTS
    if not same or not PITCH_POINTS[0] <= pitch <= PITCH_POINTS[1]:
        return False
    if len(run) > 1 and abs(pitch - (last.at - rules.across[run[-2]].at)) > UNEVEN_POINTS:
        return False
    return all(layout.typed_in(word) for word in layout.words_in(Rect(rule.start, last.at, rule.end, rule.at)))


def _stack(run: Sequence[int], rules: Rules, layout: Layout) -> Stack | None:
    first, second, last = rules.across[run[0]], rules.across[run[1]], rules.across[run[-1]]
    pitch = second.at - first.at
    above = layout.touching(Rect(first.start, first.at - pitch, first.end, first.at - 0.5))
    top = max([first.at - pitch, *(word.box.y1 + 0.5 for word in above if not layout.typed_in(word))])
    if first.at - top < 5:
        return None  # words stand on the first line: a table's rows, not paper
    return Stack(tuple(run), Rect(first.start, top, first.end, last.at + 1), last.at)


def stack_candidates(stacks: Sequence[Stack]) -> list[Candidate]:
    return [Candidate(stack.box, "textarea", "underline", PRIOR["underline"]) for stack in stacks]
