"""What the generators of proposals look at, read once for a page."""

from __future__ import annotations

from dataclasses import dataclass

from procession.digitize.detect.candidate import Mark
from procession.digitize.detect.letters import Comb, find_combs
from procession.digitize.detect.marks import find_marks
from procession.digitize.detect.rules import Grid, Rules, find_cells, read_rules
from procession.digitize.layout import Layout
from procession.digitize.page import PageContent, Rect


@dataclass(frozen=True, slots=True)
class Scene:
    page: PageContent
    marks: tuple[Mark, ...]
    layout: Layout
    rules: Rules
    grid: Grid
    combs: tuple[Comb, ...]

    @property
    def mark_boxes(self) -> list[Rect]:
        return [mark.box for mark in self.marks]


def look_at(page: PageContent) -> Scene:
    marks = find_marks(page)
    boxes = [mark.box for mark in marks]
    layout = Layout(page, boxes)
    rules = read_rules(page, boxes)
    grid = find_cells(rules)
    return Scene(page, tuple(marks), layout, rules, grid, tuple(find_combs(page, rules, grid.cells, layout)))
