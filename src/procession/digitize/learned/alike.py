"""Candidates of one make stand or fall together: the cells of a column, the boxes of a list.

Trees weigh each candidate by itself; on a form they have not seen they may keep every other row of a table. The mean
over its likes (log-odds) is the better judgement of each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from procession.digitize.learned.trees import Floats

SHARED = 0.7
"""Part of a candidate's rating that is the mean over its likes, itself among them; measured on unseen forms."""
EDGE_POINTS = 2.5
"""How far apart the left edges, and the right ones, of likes may be."""
HEIGHT_SHARE, HEIGHT_POINTS = 0.15, 0.5
"""Likes are as high: by this part of the lower one, and these points."""
ROWS_AT_ONCE = 512


def levelled(
    raw: npt.NDArray[np.float64], boxes: Floats, rules: Sequence[str], shared: float = SHARED
) -> npt.NDArray[np.float64]:
    """``raw`` log-odds (n,), each drawn towards the mean over its likes: proposed by the same of ``rules``, with the
    same left and right edge (``boxes``: (n, 4) points) and height."""
    count = len(raw)
    codes: dict[str, int] = {}
    rule = np.asarray([codes.setdefault(name, len(codes)) for name in rules], dtype=np.int64)
    left, right, height = boxes[:, 0], boxes[:, 2], boxes[:, 3] - boxes[:, 1]
    mean = np.empty(count)
    for start in range(0, count, ROWS_AT_ONCE):
        some = slice(start, min(start + ROWS_AT_ONCE, count))
        alike = rule[some, None] == rule
        alike &= np.abs(left[some, None] - left) < EDGE_POINTS
        alike &= np.abs(right[some, None] - right) < EDGE_POINTS
        lower = np.minimum(height[some, None], height)
        alike &= np.abs(height[some, None] - height) < HEIGHT_SHARE * lower + HEIGHT_POINTS
        mean[some] = (alike @ raw) / alike.sum(axis=1)
    return np.asarray((1 - shared) * raw + shared * mean)
