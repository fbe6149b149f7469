"""Candidates rated, moved and chosen: what of a page's proposals is a field, where exactly, and how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from procession.digitize.detect import Candidate, Proposals, accepted
from procession.digitize.detect.candidate import ACCEPT
from procession.digitize.learned.alike import levelled
from procession.digitize.learned.features import boxes_of, feature_table
from procession.digitize.learned.model import FieldModel, shipped_model
from procession.digitize.learned.peers import overlaps
from procession.digitize.learned.trees import Floats, sigmoid
from procession.digitize.page import PageContent, Rect

CANDIDATES_MAX = 6_000
"""Proposals of one page that are weighed; the rest is left to the rules' order."""
CLASH_SHARE = 0.35
"""Two fields share less than this part of the smaller one."""
SIDE_POINTS_MIN = 4.0
"""A moved box keeps at least this width and height."""
BUTTON_SURE = 0.75
"""Rating from which a place to write becomes a box to tick; and from 1 minus which the other way round."""
BUTTON_POINTS_MAX = 40.0
TRUSTED_SHARE = 0.8
"""Of the rating a candidate needs, where the rules trust it too."""
DRAWN_IOU_MIN = 0.75
"""A box to tick whose moved place still covers the drawn one by so much stays where it is drawn."""
HEADS_HEIGHTS_MAX, HEADS_ROWS_HEIGHTS = 1.5, 12.0
"""The heads of a rating table stand this near above its first row of marks; and so far down its rows are counted."""
RATINGS_MIN = 3
"""Marks in a row that make it one of a rating table."""
RATING_ROWS_MIN = 3
AREA_LINES_MIN = 2
AREA_LINE_SHARE = 0.9
"""Of an area's width, for a line of it."""

_BUTTONS = frozenset({"checkbox", "radio"})


@dataclass(frozen=True, slots=True)
class Ratings:
    """One entry for each candidate."""

    field: npt.NDArray[np.float64]
    """How likely it is the right place of a field, not yet calibrated."""
    button: npt.NDArray[np.float64]
    """How likely it is ticked; 0 for what is not kept anyway."""
    boxes: Floats
    """(n, 4) points, edges moved."""


def weigh(proposals: Proposals, page: PageContent) -> list[Candidate]:
    """The fields of ``page`` by the shipped model; by the rules' own priors when there is none."""
    model = shipped_model("scanned" if page.source == "scanned" else "digital")
    return judged(proposals, page, model) if model is not None else accepted(proposals, page)


def judged(proposals: Proposals, page: PageContent, model: FieldModel) -> list[Candidate]:
    """The fields among ``proposals``: moved to where people write, calibrated, none on top of another."""
    given = proposals.found[:CANDIDATES_MAX]
    if not given:
        return []
    rated = rate(feature_table(given, proposals.scene), given, model)
    kept = areas_whole(given, choose(rated.boxes, rated.field, _least(given, model.accept)))
    is_button = [_is_button(one, float(rated.button[index])) for index, one in enumerate(given)]
    sure = {family: model.confidence(rated.field, family) for family in ("text", "button")}
    boxes = _settled(given, rated.boxes, [index for index in kept if is_button[index]])
    marks = [given[index].box for index in kept if is_button[index]]
    found = []
    for index in kept:
        one, ticked = given[index], is_button[index]
        if not ticked and _heads_ratings(one.box, marks):
            continue
        kind = one.kind if ticked == (one.kind in _BUTTONS) else "checkbox" if ticked else "text"
        box = _inside(Rect(*(float(value) for value in boxes[index])), page)
        confidence = float(sure["button" if ticked else "text"][index])
        found.append(replace(one, box=box, kind=kind, confidence=confidence))
    return found


def rate(features: Floats, candidates: Sequence[Candidate], model: FieldModel) -> Ratings:
    """Only what may be kept is asked where exactly it lies and whether it is ticked; the boxes of the others stay."""
    boxes = boxes_of(candidates)
    field = sigmoid(levelled(model.field.raw(features), boxes, [one.rule for one in candidates]))
    areas = np.asarray([_is_area(one) for one in candidates])
    kept = np.flatnonzero((field >= _least(candidates, model.accept)) | areas)
    likely = features[kept]
    button = np.zeros(len(features))
    button[kept] = sigmoid(model.button.raw(likely))
    moves = np.stack([edge.raw(likely) for edge in model.edges], axis=1)
    boxes[kept] = moved(boxes[kept], moves)
    return Ratings(field, button, boxes)


def moved(boxes: Floats, moves: npt.NDArray[np.float64]) -> Floats:
    """``boxes`` with each edge moved; an edge that would cross the opposite one stays."""
    out = boxes + moves.astype(np.float32)
    for low, high in ((0, 2), (1, 3)):
        crossed = out[:, high] - out[:, low] < SIDE_POINTS_MIN
        out[crossed, low], out[crossed, high] = boxes[crossed, low], boxes[crossed, high]
    return np.asarray(out, dtype=np.float32)


def _settled(given: Sequence[Candidate], boxes: Floats, ticked: Sequence[int]) -> Floats:
    """``boxes`` with all marks to tick of one make moved alike, by the median of their ways.

    One moved for itself would leave its row of options; what is wrong with the box of one (a letter's cell is larger
    than the square in it, a scan's outline has blurred) is wrong with all.
    """
    out = boxes.copy()
    makes: dict[tuple[str, int, int], list[int]] = {}
    for index in ticked:
        one = given[index]
        if one.kind in _BUTTONS:
            makes.setdefault((one.rule, round(one.box.width / 2), round(one.box.height / 2)), []).append(index)
    for alike in makes.values():
        drawn = boxes_of([given[index] for index in alike])
        settled = drawn + np.median(boxes[alike] - drawn, axis=0)
        out[alike] = drawn if _iou(drawn[0], settled[0]) >= DRAWN_IOU_MIN else settled
    return out


def _least(candidates: Sequence[Candidate], accept: float) -> npt.NDArray[np.float64]:
    """The rating each candidate needs."""
    return np.asarray([accept * (TRUSTED_SHARE if one.confidence >= ACCEPT else 1.0) for one in candidates])


def choose(boxes: Floats, rating: npt.NDArray[np.float64], accept: float | npt.NDArray[np.float64]) -> list[int]:
    """Indices of what is kept, best first: the surer of two that lay claim to one place."""
    wanted = rating >= accept
    order = [int(index) for index in np.argsort(-rating, kind="stable") if wanted[index]]
    shared = overlaps(boxes[order], boxes[order]) > CLASH_SHARE
    kept: list[int] = []
    gone = np.zeros(len(order), dtype=bool)
    for place in range(len(order)):
        if not gone[place]:
            kept.append(order[place])
            gone |= shared[place]
    return kept


def areas_whole(given: Sequence[Candidate], kept: list[int]) -> list[int]:
    """``kept`` with the lines of a writing area replaced by the area, where the rules are sure that it is one."""
    out = list(kept)
    for index, area in enumerate(given):
        if not _is_area(area) or index in out:
            continue
        lines = [one for one in out if _line_of(given[one].box, area.box)]
        if len(lines) >= AREA_LINES_MIN:
            out = [one for one in out if one not in lines] + [index]
    return out


def _is_area(one: Candidate) -> bool:
    return one.kind == "textarea" and one.confidence >= ACCEPT


def _line_of(line: Rect, area: Rect) -> bool:
    wide = line.width >= AREA_LINE_SHARE * area.width
    return wide and area.x0 - 2 <= line.centre[0] <= area.x1 + 2 and area.y0 - 2 <= line.centre[1] <= area.y1 + 2


def _iou(one: Floats, other: Floats) -> float:
    wide = min(float(one[2]), float(other[2])) - max(float(one[0]), float(other[0]))
    tall = min(float(one[3]), float(other[3])) - max(float(one[1]), float(other[1]))
    common = max(wide, 0.0) * max(tall, 0.0)
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return common / max(sum(areas) - common, 1e-6)


def _is_head_of_ratings(cell: Rect, marks: Sequence[Rect]) -> bool:
    """Whether ``cell`` stands among the heads of a rating table: between its columns, right above its rows of marks."""
    rows: dict[int, list[Rect]] = {}
    for mark in marks:
        if 0 <= mark.y0 - cell.y1 <= HEADS_ROWS_HEIGHTS * cell.height:
            rows.setdefault(round((mark.y0 - cell.y1) / cell.height), []).append(mark)
    x = cell.centre[0]
    under = [row for row in rows.values() if len(row) >= RATINGS_MIN]
    under = [row for row in under if min(one.x0 for one in row) - 4 <= x <= max(one.x1 for one in row) + 4]
    if len(under) < RATING_ROWS_MIN:
        return False
    first = min(under, key=lambda row: row[0].y0)
    pitch = (max(one.x0 for one in first) - min(one.x0 for one in first)) / (len(first) - 1)
    return first[0].y0 - cell.y1 <= HEADS_HEIGHTS_MAX * cell.height and cell.width <= 1.2 * pitch


def _heads_ratings(cell: Rect, marks: Sequence[Rect]) -> bool:
    """Whether ``cell`` stands right over the questions of a rating table: right of it, row after row of marks."""
    if _is_head_of_ratings(cell, marks):
        return True
    below = [mark.y0 - cell.y1 for mark in marks if mark.x0 >= cell.x1 - 3 and mark.y0 - cell.y1 >= 0]
    if not below or min(below) > HEADS_HEIGHTS_MAX * cell.height:
        return False
    rows = Counter(round(gap / cell.height) for gap in below if gap <= 6 * cell.height)
    return sum(count >= RATINGS_MIN for count in rows.values()) >= RATING_ROWS_MIN


def _is_button(one: Candidate, rating: float) -> bool:
    if one.kind in _BUTTONS:
        return rating > 1 - BUTTON_SURE
    return rating > BUTTON_SURE and max(one.box.width, one.box.height) < BUTTON_POINTS_MAX


def _inside(box: Rect, page: PageContent) -> Rect:
    return Rect(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, page.width), min(box.y1, page.height))
