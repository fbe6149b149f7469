"""Which candidate is which true field: targets for the trees, and hits as ``bench.scoring`` counts them, on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from procession.digitize.learned.trees import Floats

SAME_PLACE_IOU = 0.10
"""A candidate this little worse than the best one for a field is as good."""
QUALITY_MIN = 0.15
"""A candidate that covers less of a field is not one for it, even with its centre inside."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Targets:
    right: Floats
    """1 for candidates that should be kept."""
    field: npt.NDArray[np.int64]
    """Index of the true field, -1 for none."""


def ious(a: Floats, b: Floats) -> Floats:
    """(a, b)."""
    width = np.minimum(a[:, 2, None], b[:, 2]) - np.maximum(a[:, 0, None], b[:, 0])
    height = np.minimum(a[:, 3, None], b[:, 3]) - np.maximum(a[:, 1, None], b[:, 1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    areas = [(one[:, 2] - one[:, 0]) * (one[:, 3] - one[:, 1]) for one in (a, b)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1] - shared, 1e-6), dtype=np.float32)


def centre_hits(a: Floats, b: Floats) -> Bools:
    """(a, b): whether either holds the other's centre."""
    return _centres_in(a, b) | _centres_in(b, a).T


def _centres_in(a: Floats, b: Floats) -> Bools:
    x, y = (a[:, 0] + a[:, 2])[:, None] / 2, (a[:, 1] + a[:, 3])[:, None] / 2
    return np.asarray((b[:, 0] <= x) & (x <= b[:, 2]) & (b[:, 1] <= y) & (y <= b[:, 3]))


def targets(boxes: Floats, true_boxes: Floats) -> Targets:
    right = np.zeros(len(boxes), dtype=np.float32)
    field = np.full(len(boxes), -1, dtype=np.int64)
    if len(boxes) and len(true_boxes):
        quality = np.where(centre_hits(boxes, true_boxes), ious(boxes, true_boxes) + 0.05, 0.0)
        nearest = quality.argmax(axis=1)
        mine = quality.max(axis=1)
        field = np.where(mine > QUALITY_MIN, nearest, -1)
        right = ((field >= 0) & (mine >= quality.max(axis=0)[nearest] - SAME_PLACE_IOU)).astype(np.float32)
    return Targets(right, field)


def matched(weights: Floats) -> list[tuple[int, int]]:
    """Greedy one-to-one pairs of rows and columns, best weight first; weights of 0 are no pair."""
    rows, columns = np.nonzero(weights > 0)
    order = np.argsort(-weights[rows, columns], kind="stable")
    used_rows: set[int] = set()
    used_columns: set[int] = set()
    out = []
    for index in order:
        row, column = int(rows[index]), int(columns[index])
        if row not in used_rows and column not in used_columns:
            used_rows.add(row)
            used_columns.add(column)
            out.append((row, column))
    return out


def hits(boxes: Floats, true_boxes: Floats) -> tuple[Bools, int]:
    """(which boxes have a field by centre, how many pairs reach an IoU of 0.5)."""
    hit = np.zeros(len(boxes), dtype=bool)
    if not len(boxes) or not len(true_boxes):
        return hit, 0
    overlap = ious(boxes, true_boxes)
    for row, _ in matched(np.where(centre_hits(boxes, true_boxes), 1 + overlap, 0.0).astype(np.float32)):
        hit[row] = True
    return hit, len(matched(np.where(overlap >= 0.5, overlap, 0.0).astype(np.float32)))
