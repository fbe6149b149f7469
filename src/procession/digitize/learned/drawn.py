"""Candidates beside what is drawn: rules along their edges, the table they stand in, the panel behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from procession.digitize.detect.candidate import Candidate
from procession.digitize.detect.rules import Grid, Rule
from procession.digitize.detect.scene import Scene
from procession.digitize.layout import Layout
from procession.digitize.learned.trees import Floats
from procession.digitize.learned.words import FAR
from procession.digitize.page import PageContent

ON_POINTS = 1.6
"""A rule this near to an edge is that edge."""

DRAWN_COLUMNS = (
    *(
        f"{edge}_{name}"
        for edge in ("top", "bottom", "left", "right")
        for name in ("off", "covered", "longer", "start", "end", "outward", "inward")
    ),
    *("stroke_width", "stroke_light", "stroke_dashed"),
    *("panel_light", "panel_width", "panel_height", "panel_own", "panel_stroked", "panels"),
    *("row_cells", "column_cells", "row_filled", "column_filled", "first_column", "first_row", "cell_words"),
    *("column_words_above", "row_words_left"),
)


def drawn_table(
    candidates: Sequence[Candidate],
    boxes: Floats,
    scene: Scene,
    rows_at_once: int,
) -> Floats:
    """(candidates, DRAWN_COLUMNS)."""
    across, down = _rules(scene.rules.across), _rules(scene.rules.down)
    panels = _panels(scene.page)
    strokes = _strokes(scene.page)
    cells = _Cells(scene.grid, scene.layout, rows_at_once)
    parts = []
    for start in range(0, len(boxes), rows_at_once):
        some = boxes[start : start + rows_at_once]
        turned = some[:, [1, 0, 3, 2]]
        parts.append(
            np.concatenate(
                [
                    _edge(some, across, 1),
                    _edge(some, across, 3),
                    _edge(turned, down, 1),
                    _edge(turned, down, 3),
                    _stroke(some, strokes),
                    _panel(some, panels),
                    cells.around(candidates[start : start + rows_at_once]),
                ],
                axis=1,
            )
        )
    return np.concatenate(parts).astype(np.float32)


def _rules(rules: Sequence[Rule]) -> Floats:
    return np.asarray([(rule.at, rule.start, rule.end) for rule in rules], dtype=np.float32).reshape(-1, 3)


def _edge(boxes: Floats, rules: Floats, side: int) -> Floats:
    """The rule at y = ``boxes[:, side]``: how far off, how much of the edge it covers, how much longer it is, its ends
    against the edge's, and the next rules outward and inward."""
    out = np.full((len(boxes), 7), FAR, dtype=np.float32)
    out[:, 1:5] = 0.0
    if not len(rules):
        return out
    start, end, edge = boxes[:, 0, None], boxes[:, 2, None], boxes[:, side, None]
    at, low, high = rules[:, 0], rules[:, 1], rules[:, 2]
    width = np.maximum(end - start, 1.0)
    share = (np.minimum(end, high) - np.maximum(start, low)) / width
    along = share > 0.5
    off = np.where(along, at - edge, FAR)
    lines = np.arange(len(boxes))
    nearest = np.abs(off).argmin(axis=1)
    distance = off[lines, nearest]
    there = np.asarray(np.abs(distance) < FAR)
    out[:, 0] = distance
    out[:, 1] = np.where(there, np.clip(share[lines, nearest], 0, 1), 0)
    out[:, 2] = np.where(there, (high - low)[nearest] / width[:, 0], 0)
    out[:, 3] = np.where(there, low[nearest] - start[:, 0], 0)
    out[:, 4] = np.where(there, high[nearest] - end[:, 0], 0)
    outward = (at - edge) * (1 if side == 3 else -1)
    out[:, 5] = np.where(along & (outward > ON_POINTS), outward, FAR).min(axis=1)
    out[:, 6] = np.where(along & (-outward > ON_POINTS), -outward, FAR).min(axis=1)
    return out


def _strokes(page: PageContent) -> Floats:
    rows = [(*one.box, one.width, min(one.colour) / 255, one.dashed) for one in page.segments[:4000] if one.horizontal]
    return np.asarray(rows, dtype=np.float32).reshape(-1, 7)


def _stroke(boxes: Floats, strokes: Floats) -> Floats:
    """Width, lightness and dashes of the stroke at the bottom edge."""
    out = np.full((len(boxes), 3), -1.0, dtype=np.float32)
    if not len(strokes):
        return out
    middle = (strokes[:, 1] + strokes[:, 3]) / 2
    off = np.abs(boxes[:, 3, None] - middle)
    near = (strokes[:, 0] < boxes[:, 2, None] - 2) & (strokes[:, 2] > boxes[:, 0, None] + 2) & (off < 3)
    off = np.where(near, off, FAR)
    nearest = off.argmin(axis=1)
    there = np.asarray(off[np.arange(len(boxes)), nearest] < FAR)
    return np.where(there[:, None], strokes[nearest, 4:], out).astype(np.float32)


def _panels(page: PageContent) -> Floats:
    rows = [
        (*one.box, min(one.fill) / 255 if one.fill is not None else 1.0, one.stroked)
        for one in page.shapes[:4000]
        if one.kind != "ellipse" and (one.filled or one.stroked) and one.box.width > 6 and one.box.height > 6
    ]
    return np.asarray(rows, dtype=np.float32).reshape(-1, 6)


def _panel(boxes: Floats, panels: Floats) -> Floats:
    """The smallest panel around the candidate's centre."""
    out = np.zeros((len(boxes), 6), dtype=np.float32)
    out[:, 0] = 2.0
    if not len(panels):
        return out
    x, y = (boxes[:, 0] + boxes[:, 2])[:, None] / 2, (boxes[:, 1] + boxes[:, 3])[:, None] / 2
    around = (panels[:, 0] <= x) & (x <= panels[:, 2]) & (panels[:, 1] <= y) & (y <= panels[:, 3])
    size = (panels[:, 2] - panels[:, 0]) * (panels[:, 3] - panels[:, 1])
    held = np.where(around, size, np.inf)
    smallest = held.argmin(axis=1)
    there = np.asarray(around.any(axis=1))
    chosen = panels[smallest]
    same = np.abs(chosen[:, :4] - boxes).max(axis=1) < 3
    found = np.stack(
        [
            chosen[:, 4],
            chosen[:, 2] - chosen[:, 0],
            chosen[:, 3] - chosen[:, 1],
            same.astype(np.float32),
            chosen[:, 5],
            around.sum(axis=1),
        ],
        axis=1,
    )
    return np.where(there[:, None], found, out).astype(np.float32)


class _Cells:
    """The page's tables: how many likes a cell has in its row and column, and how many of them hold words."""

    def __init__(self, grid: Grid, layout: Layout, rows_at_once: int) -> None:
        self._boxes = np.asarray(grid.cells, dtype=np.float32).reshape(-1, 4)
        self._words = np.zeros(len(self._boxes), dtype=np.float32)
        middles = np.asarray([word.box.centre for word in layout.words], dtype=np.float32).reshape(-1, 2)
        for start in range(0, len(self._boxes) if len(middles) else 0, rows_at_once):
            x0, y0, x1, y1 = (self._boxes[start : start + rows_at_once, k, None] for k in range(4))
            x, y = middles[:, 0], middles[:, 1]
            self._words[start : start + rows_at_once] = ((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).sum(axis=1)

    def around(self, candidates: Sequence[Candidate]) -> Floats:
        out = np.full((len(candidates), 9), -1.0, dtype=np.float32)
        held = [index for index, one in enumerate(candidates) if one.cell is not None]
        if not held or not len(self._boxes):
            return out
        cells = np.asarray([candidates[index].cell for index in held], dtype=np.float32).reshape(-1, 4)
        boxes = self._boxes
        in_row = (np.abs(boxes[:, 1] - cells[:, 1, None]) < 2) & (np.abs(boxes[:, 3] - cells[:, 3, None]) < 2)
        in_column = (np.abs(boxes[:, 0] - cells[:, 0, None]) < 2) & (np.abs(boxes[:, 2] - cells[:, 2, None]) < 2)
        filled = self._words > 0
        rows, columns = in_row.sum(axis=1), in_column.sum(axis=1)
        out[held] = np.stack(
            [
                rows,
                columns,
                (in_row & filled).sum(axis=1) / np.maximum(rows, 1),
                (in_column & filled).sum(axis=1) / np.maximum(columns, 1),
                ~(in_row & (boxes[:, 0] < cells[:, 0, None] - 2)).any(axis=1),
                ~(in_column & (boxes[:, 1] < cells[:, 1, None] - 2)).any(axis=1),
                (in_row & in_column).astype(np.float32) @ self._words,
                (in_column & (boxes[:, 1] < cells[:, 1, None] - 2)).astype(np.float32) @ self._words,
                (in_row & (boxes[:, 0] < cells[:, 0, None] - 2)).astype(np.float32) @ self._words,
            ],
            axis=1,
        )
        return out
