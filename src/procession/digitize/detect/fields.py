"""All fields of a page: its widgets when it has any, otherwise what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from procession.digitize.detect.areas import area_candidates
from procession.digitize.detect.candidate import ACCEPT, PRIOR, Candidate, Kind
from procession.digitize.detect.guesses import guesses
from procession.digitize.detect.lines import blank_candidates, line_candidates, without_overlaps
from procession.digitize.detect.marks import mark_candidates
from procession.digitize.detect.scene import Scene, look_at
from procession.digitize.detect.stacks import find_stacks, stack_candidates
from procession.digitize.page import PageContent, Rect, Widget

FIELDS_MAX = 2_000
"""Fields of one page; beyond that something else was drawn."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Every place of a page somebody may write, tick or sign, and what they were found in."""

    found: list[Candidate]
    """Overlapping, in no order; guesses under ``ACCEPT`` among them."""
    scene: Scene


Weigh = Callable[[Proposals, PageContent], list[Candidate]]
"""Decides which of a page's proposals are fields."""


def detect_fields(page: PageContent, weigh: Weigh | None = None) -> list[Candidate]:
    """Fields of ``page``. Widgets are the author's own word: where a page has them, drawings add nothing.

    ``weigh`` chooses among the proposals; without it the rules' own priors do (``accepted``).
    """
    if page.widgets:
        return [_from_widget(widget) for widget in page.widgets if widget.kind != "button"]
    kept = (weigh or accepted)(candidates(page), page)
    if len(kept) > FIELDS_MAX:
        page.warnings.append(f"Page {page.number} shows more than {FIELDS_MAX} places to write; the rest was left out.")
    return kept[:FIELDS_MAX]


def accepted(proposals: Proposals, page: PageContent) -> list[Candidate]:
    """Rules alone: what they trust, the surer of two that lay claim to one place."""
    return without_overlaps([one for one in proposals.found if one.confidence >= ACCEPT])


def candidates(page: PageContent) -> Proposals:
    """What is drawn and printed on ``page``, its widgets aside, as proposals."""
    scene = look_at(page)
    found = mark_candidates(scene.marks, page)
    found += area_candidates(page, scene.layout, scene.grid, scene.mark_boxes, scene.combs)
    stacks = find_stacks(page, scene.layout, scene.rules, scene.grid)
    found += stack_candidates(stacks)
    lines = line_candidates(page, scene.layout, scene.rules, scene.grid, stacks)
    found += [line for line in lines if not any(_on_comb(line.box, comb.box) for comb in scene.combs)]
    found += blank_candidates(page, [*scene.grid.cells, *scene.mark_boxes])
    found += guesses(scene, found)
    return Proposals(found, scene)


def _on_comb(line: Rect, comb: Rect) -> bool:
    return comb.x0 - 2 <= line.x0 and line.x1 <= comb.x1 + 2 and comb.y0 <= line.centre[1] <= comb.y1


def _from_widget(widget: Widget) -> Candidate:
    return Candidate(widget.box, _kind(widget), "widget", PRIOR["widget"], widget=widget, max_length=widget.max_length)


def _kind(widget: Widget) -> Kind:
    if widget.kind == "text":
        return "textarea" if widget.multiline else "text"
    if widget.kind == "choice":
        return "multiselect" if widget.multiselect else "choice"
    return "text" if widget.kind == "button" else widget.kind
