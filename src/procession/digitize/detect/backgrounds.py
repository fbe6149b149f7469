"""White fills on white paper: word processors lay one behind every line of a paragraph, and nobody sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from procession.digitize.page import PageContent, Rect, Shape

WHITE = 250
"""The darkest channel of a fill that cannot be told from paper."""
EDGE_POINTS = 3.0
"""Lines of one paragraph have their edges in the same stripe, so wide."""
LIKES_MIN = 3
"""Fills of one column that make it a text's; fewer may be boxes on a ground that is not known (a gradient)."""
WORDED_SHARE_MIN = 0.5
"""So many of them hold printed words: places to write are empty."""

_Boxes = npt.NDArray[np.float64]


def unseen_backgrounds(page: PageContent) -> frozenset[int]:
    """Places in ``page.shapes`` of the fills behind running text that cannot be seen."""
    columns: dict[tuple[int, int], list[int]] = {}
    for index, shape in enumerate(page.shapes):
        if _is_white(shape):
            box = shape.box
            columns.setdefault((round(box.x0 / EDGE_POINTS), round(box.x1 / EDGE_POINTS)), []).append(index)
    columns = {edges: likes for edges, likes in columns.items() if len(likes) >= LIKES_MIN}
    if not columns:
        return frozenset()
    middles = _boxes([(*word.box.centre, 0.0, 0.0) for word in page.words if word.visible])
    coloured = [index for index, shape in enumerate(page.shapes) if shape.filled and not _is_paper(shape)]
    grounds = _boxes([page.shapes[index].box for index in coloured])
    pictures = _boxes(page.images)
    unseen: set[int] = set()
    for likes in columns.values():
        boxes = _boxes([page.shapes[index].box for index in likes])
        if _worded(boxes, middles) < WORDED_SHARE_MIN * len(likes):
            continue
        for index, box in zip(likes, boxes, strict=True):
            under = grounds[: np.searchsorted(coloured, index)]  # what is painted later hides nothing of it
            if not (_touches(under, box) or _touches(pictures, box)):
                unseen.add(index)
    return frozenset(unseen)


def _is_white(shape: Shape) -> bool:
    return shape.kind == "rect" and not shape.stroked and shape.filled and _is_paper(shape)


def _is_paper(shape: Shape) -> bool:
    return shape.fill is not None and min(shape.fill) >= WHITE


def _boxes(rows: Sequence[Rect] | Sequence[tuple[float, float, float, float]]) -> _Boxes:
    return np.asarray(rows, dtype=np.float64).reshape(-1, 4)


def _worded(boxes: _Boxes, middles: _Boxes) -> int:
    """How many of a column's boxes hold the middle of a word."""
    x0, x1 = boxes[0, 0], boxes[0, 2]
    rows = np.sort(middles[(middles[:, 0] >= x0) & (middles[:, 0] <= x1), 1])
    return int((np.searchsorted(rows, boxes[:, 3]) > np.searchsorted(rows, boxes[:, 1])).sum())


def _touches(others: _Boxes, box: _Boxes) -> bool:
    wide = np.minimum(others[:, 2], box[2]) - np.maximum(others[:, 0], box[0])
    high = np.minimum(others[:, 3], box[3]) - np.maximum(others[:, 1], box[1])
    return bool(((wide > 0.5) & (high > 0.5)).any())
