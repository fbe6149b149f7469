"""Candidates beside the printed words: what stands inside, left, right, above and below."""

from __future__ import annotations

import numpy as np

from procession.digitize.layout import Layout
from procession.digitize.learned.trees import Floats
from procession.digitize.learned.wording import RUN_COLUMNS, run_table

FAR = 400.0
"""Points to a neighbour that is not there."""
SLACK_POINTS = 3.0
"""How far a neighbour may reach into the candidate and still stand beside it."""

SIDES = ("left", "right", "above", "below")
WORD_COLUMNS = (
    *("inside_words", "inside_share", "inside_first_x", "inside_last_x", "inside_top", "inside_bottom"),
    *("inside_chars", "touched_words", "typed_inside", "row_words", "row_left_words"),
    *("gap_left2", "gap_above2"),
    *(f"{side}_{name}" for side in SIDES for name in ("gap", "share", "start", "end", *RUN_COLUMNS)),
    *(f"within_{name}" for name in RUN_COLUMNS),
)


def word_table(boxes: Floats, layout: Layout, rows_at_once: int) -> Floats:
    """(boxes, WORD_COLUMNS)."""
    words = np.asarray([word.box for word in layout.words], dtype=np.float32).reshape(-1, 4)
    chars = np.asarray([len(word.text) for word in layout.words], dtype=np.float32)
    typed = np.asarray([layout.typed_in(word) for word in layout.words], dtype=np.float32)
    runs = np.asarray([run.box for run in layout.runs], dtype=np.float32).reshape(-1, 4)
    table = run_table(layout.runs, layout.line_height)
    parts = []
    for start in range(0, len(boxes), rows_at_once):
        some = boxes[start : start + rows_at_once]
        parts.append(np.concatenate([_inside(some, words, chars, typed), _beside(some, runs, table)], axis=1))
    return np.concatenate(parts).astype(np.float32)


def _inside(boxes: Floats, words: Floats, chars: Floats, typed: Floats) -> Floats:
    out = np.zeros((len(boxes), 11), dtype=np.float32)
    out[:, 2:6] = FAR
    if not len(words):
        return out
    x0, y0, x1, y1 = (boxes[:, k, None] for k in range(4))
    cx, cy = (words[:, 0] + words[:, 2]) / 2, (words[:, 1] + words[:, 3]) / 2
    in_row = (cy >= y0) & (cy <= y1)
    inside = in_row & (cx >= x0) & (cx <= x1)
    wide = np.minimum(words[:, 2], x1) - np.maximum(words[:, 0], x0)
    high = np.minimum(words[:, 3], y1) - np.maximum(words[:, 1], y0)
    touch = (wide > 0.5) & (high > 0.5)
    area = np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1.0)
    out[:, 0] = inside.sum(axis=1)
    out[:, 1] = np.where(touch, wide * high, 0.0).sum(axis=1) / area
    some = touch.any(axis=1)
    out[:, 2] = np.where(some, np.where(touch, words[:, 0] - x0, FAR).min(axis=1), FAR)
    out[:, 3] = np.where(some, np.where(touch, x1 - words[:, 2], FAR).min(axis=1), FAR)
    out[:, 4] = np.where(some, np.where(touch, words[:, 1] - y0, FAR).min(axis=1), FAR)
    out[:, 5] = np.where(some, np.where(touch, y1 - words[:, 3], FAR).min(axis=1), FAR)
    out[:, 6] = (inside * chars).sum(axis=1)
    out[:, 7] = touch.sum(axis=1)
    out[:, 8] = (inside * typed).sum(axis=1) / np.maximum(out[:, 0], 1)
    out[:, 9] = in_row.sum(axis=1)
    out[:, 10] = (in_row & (cx < x0)).sum(axis=1)
    return out


def _beside(boxes: Floats, runs: Floats, table: Floats) -> Floats:
    each = 4 + len(RUN_COLUMNS)
    out = np.zeros((len(boxes), 2 + 4 * each + len(RUN_COLUMNS)), dtype=np.float32)
    out[:, :2] = FAR
    for side in range(4):
        out[:, 2 + side * each] = FAR
    if not len(runs):
        return out
    x0, y0, x1, y1 = (boxes[:, k, None] for k in range(4))
    rx0, ry0, rx1, ry1 = (runs[:, k] for k in range(4))
    high = np.minimum(ry1, y1) - np.maximum(ry0, y0)
    wide = np.minimum(rx1, x1) - np.maximum(rx0, x0)
    in_row = high > 0.35 * np.minimum(ry1 - ry0, y1 - y0)
    in_column = wide > np.minimum(4.0, 0.2 * (x1 - x0))
    gaps = (
        np.where(in_row & (rx1 <= x0 + SLACK_POINTS), x0 - rx1, FAR),
        np.where(in_row & (rx0 >= x1 - SLACK_POINTS), rx0 - x1, FAR),
        np.where(in_column & (ry1 <= y0 + SLACK_POINTS), y0 - ry1, FAR),
        np.where(in_column & (ry0 >= y1 - SLACK_POINTS), ry0 - y1, FAR),
    )
    lines = np.arange(len(boxes))
    for side, gap in enumerate(gaps):
        nearest = gap.argmin(axis=1)
        distance = gap[lines, nearest]
        there = distance < FAR
        overlap = high if side < 2 else wide
        extent = (boxes[:, 3] - boxes[:, 1]) if side < 2 else (boxes[:, 2] - boxes[:, 0])
        at = 2 + side * each
        out[:, at] = distance
        out[:, at + 1] = np.where(there, overlap[lines, nearest] / np.maximum(extent, 1.0), 0.0)
        out[:, at + 2] = np.where(there, runs[nearest, 0] - boxes[:, 0], 0.0)
        out[:, at + 3] = np.where(there, runs[nearest, 3 if side < 2 else 2] - boxes[:, 3 if side < 2 else 2], 0.0)
        out[:, at + 4 : at + each] = table[nearest] * there[:, None]
        if side in (0, 2):  # the second nearest tells a lone label from running text
            gap[lines, nearest] = FAR
            out[:, side // 2] = gap.min(axis=1)
    cover = np.where((wide > 0) & (high > 0), wide * high, 0.0)
    most = cover.argmax(axis=1)
    out[:, 2 + 4 * each :] = table[most] * (cover[lines, most] > 0.5)[:, None]
    return out
