"""Candidates rated, moved and chosen: what of a page's proposals is a field, where exactly, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from procession.digitize.detect import Candidate, Proposals, accepted
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

_BUTTONS = frozenset({"checkbox", "radio"})


@dataclass(frozen=True, slots=True)
class Ratings:
    """One entry for each candidate."""

    field: npt.NDArray[np.float64]
    """How likely it is the right place of a field, not yet calibrated."""
    button: npt.NDArray[np.float64]
    boxes: Floats
    """(n, 4) points, edges moved."""


def weigh(proposals: Proposals, page: PageContent) -> list[Candidate]:
    """The fields of ``page`` by the shipped model; by the rules' own priors when there is none."""
    model = shipped_model()
    return judged(proposals, page, model) if model is not None else accepted(proposals, page)


def judged(proposals: Proposals, page: PageContent, model: FieldModel) -> list[Candidate]:
    """The fields among ``proposals``: moved to where people write, calibrated, none on top of another."""
    given = proposals.found[:CANDIDATES_MAX]
    if not given:
        return []
    rated = rate(feature_table(given, proposals.scene), given, model)
    kept = choose(rated.boxes, rated.field, model.accept)
    is_button = [_is_button(one, float(rated.button[index])) for index, one in enumerate(given)]
    sure = {family: model.confidence(rated.field, family) for family in ("text", "button")}
    found = []
    for index in kept:
        one, ticked = given[index], is_button[index]
        kind = one.kind if ticked == (one.kind in _BUTTONS) else "checkbox" if ticked else "text"
        # a box to tick is drawn where it is; moved by fractions of a point it would leave its row of options
        drawn = ticked and one.kind in _BUTTONS
        box = one.box if drawn else _inside(Rect(*(float(value) for value in rated.boxes[index])), page)
        confidence = float(sure["button" if ticked else "text"][index])
        found.append(replace(one, box=box, kind=kind, confidence=confidence))
    return found


def rate(features: Floats, candidates: Sequence[Candidate], model: FieldModel) -> Ratings:
    boxes = boxes_of(candidates)
    moves = np.stack([edge.raw(features) for edge in model.edges], axis=1)
    return Ratings(sigmoid(model.field.raw(features)), sigmoid(model.button.raw(features)), moved(boxes, moves))


def moved(boxes: Floats, moves: npt.NDArray[np.float64]) -> Floats:
    """``boxes`` with each edge moved; an edge that would cross the opposite one stays."""
    out = boxes + moves.astype(np.float32)
    for low, high in ((0, 2), (1, 3)):
        crossed = out[:, high] - out[:, low] < SIDE_POINTS_MIN
        out[crossed, low], out[crossed, high] = boxes[crossed, low], boxes[crossed, high]
    return np.asarray(out, dtype=np.float32)


def choose(boxes: Floats, rating: npt.NDArray[np.float64], accept: float) -> list[int]:
    """Indices of what is kept, best first: the surer of two that lay claim to one place."""
    order = [int(index) for index in np.argsort(-rating, kind="stable") if rating[index] >= accept]
    shared = overlaps(boxes[order], boxes[order]) > CLASH_SHARE
    kept: list[int] = []
    gone = np.zeros(len(order), dtype=bool)
    for place in range(len(order)):
        if not gone[place]:
            kept.append(order[place])
            gone |= shared[place]
    return kept


def _is_button(one: Candidate, rating: float) -> bool:
    if one.kind in _BUTTONS:
        return rating > 1 - BUTTON_SURE
    return rating > BUTTON_SURE and max(one.box.width, one.box.height) < BUTTON_POINTS_MAX


def _inside(box: Rect, page: PageContent) -> Rect:
    return Rect(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, page.width), min(box.y1, page.height))
