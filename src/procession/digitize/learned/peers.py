"""Candidates beside each other: how many likes a candidate has, how regularly they stand, and who competes with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from procession.digitize.detect.candidate import Candidate
from procession.digitize.learned.trees import Floats
from procession.digitize.learned.words import FAR

PEER_COLUMNS = (
    *("peers_rule", "peers_rule_share", "peers_column", "peers_row", "peers_size", "peers_left", "peers_right_edge"),
    *("next_above", "next_below", "next_left", "next_right", "pitch_even"),
    *("rivals", "rival_prior", "rival_smaller", "rival_larger", "rivals_box", "rivals_line", "rivals_mark"),
    *("page_candidates",),
)
_BOXES = frozenset({"cell", "box", "comb", "band", "free", "foot"})
_MARKS = frozenset({"square", "circle", "glyph", "oval", "picture", "small"})


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """(boxes, others): shared area as a part of the smaller of the two."""
    width = np.minimum(boxes[:, 2, None], others[:, 2]) - np.maximum(boxes[:, 0, None], others[:, 0])
    height = np.minimum(boxes[:, 3, None], others[:, 3]) - np.maximum(boxes[:, 1, None], others[:, 1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    area, areas = _area(boxes), _area(others)
    return np.asarray(shared / np.maximum(np.minimum(area[:, None], areas), 0.5), dtype=np.float32)


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.float32)


class _Near:
    """Who stands how to whom, for some rows against all."""

    def __init__(self, some: Floats, boxes: Floats, start: int) -> None:
        self.mine = np.arange(start, start + len(some))[:, None] == np.arange(len(boxes))
        x0, y0, x1, y1 = (some[:, k, None] for k in range(4))
        self.left_edge = np.abs(boxes[:, 0] - x0) < 2
        self.right_edge = np.abs(boxes[:, 2] - x1) < 2
        self.column = self.left_edge & self.right_edge & ~self.mine
        middle, middles = (y0 + y1) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
        self.row = (np.abs(middle - middles) < 4) & ~self.mine
        width, widths = x1 - x0, boxes[:, 2] - boxes[:, 0]
        height, heights = y1 - y0, boxes[:, 3] - boxes[:, 1]
        self.size = (np.abs(width - widths) < 2) & (np.abs(height - heights) < 2) & ~self.mine
        wide = np.minimum(x1, boxes[:, 2]) - np.maximum(x0, boxes[:, 0])
        aligned = (wide > 0.5 * np.minimum(width, widths)) & ~self.mine
        self.above = np.where(aligned & (middles < middle - 3), middle - middles, FAR)
        self.below = np.where(aligned & (middles > middle + 3), middles - middle, FAR)
        self.before = np.where(self.row & (boxes[:, 0] < x0 - 2), x0 - boxes[:, 2], FAR)
        self.after = np.where(self.row & (boxes[:, 0] > x0 + 2), boxes[:, 0] - x1, FAR)
        self.shared = np.where(self.mine, 0.0, overlaps(some, boxes))


def peer_table(candidates: Sequence[Candidate], boxes: Floats, rows_at_once: int) -> Floats:
    """(candidates, PEER_COLUMNS)."""
    rules = _rules(candidates)
    priors = np.asarray([one.confidence for one in candidates], dtype=np.float32)
    group = np.asarray([0 if one.rule in _BOXES else 1 if one.rule in _MARKS else 2 for one in candidates])
    area = _area(boxes)
    count = len(candidates)
    parts = []
    for start in range(0, count, rows_at_once):
        some = boxes[start : start + rows_at_once]
        near = _Near(some, boxes, start)
        alike = (rules[start : start + rows_at_once, None] == rules) & ~near.mine
        rival = near.shared > 0.4
        up, down = near.above.min(axis=1), near.below.min(axis=1)
        mine = area[start : start + rows_at_once, None]
        parts.append(
            np.stack(
                [
                    alike.sum(axis=1),
                    alike.sum(axis=1) / max(count, 1),
                    (near.column & alike).sum(axis=1),
                    (near.row & alike).sum(axis=1),
                    (near.size & alike).sum(axis=1),
                    (near.left_edge & alike).sum(axis=1),
                    (near.right_edge & alike).sum(axis=1),
                    up,
                    down,
                    near.before.min(axis=1),
                    near.after.min(axis=1),
                    np.abs(up - down),
                    rival.sum(axis=1),
                    np.where(rival, priors, 0.0).max(axis=1),
                    (rival & (area < 0.9 * mine)).sum(axis=1),
                    (rival & (area > 1.1 * mine)).sum(axis=1),
                    (rival & (group == 0)).sum(axis=1),
                    (rival & (group == 2)).sum(axis=1),
                    (rival & (group == 1)).sum(axis=1),
                    np.full(len(some), count),
                ],
                axis=1,
            )
        )
    return np.concatenate(parts).astype(np.float32)


def _rules(candidates: Sequence[Candidate]) -> npt.NDArray[np.int64]:
    codes: dict[str, int] = {}
    return np.asarray([codes.setdefault(one.rule, len(codes)) for one in candidates])
