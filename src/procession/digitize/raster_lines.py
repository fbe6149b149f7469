"""Straight rules of a page picture: solid, broken, dotted, thin and light grey ones, but not the strokes of letters.

A rule is found by what it keeps up along its whole length: the darkness of each pixel against the paper around it is
averaged along the rule (so that noise and dots even out), and its least value over half the shortest rule must still
stand out. Rows of text keep that up too where letters stand close; recognised words and the raw picture rule them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from procession.digitize.page import Rect, Segment, Word
from procession.digitize.render import Picture

LINE_POINTS_MIN = 18.0
"""Shorter runs of ink are strokes of letters."""
TICK_POINTS_MIN = 4.0
"""Shortest upright stroke that stands on a rule: the divider between two letters of a comb."""
LINE_THICKNESS_POINTS_MAX = 3.5
GAP_POINTS_MAX = 3.0
"""Breaks of a scanned rule that are closed."""
CRACK_POINTS_MAX = 1.0
"""Breaks that are closed between pieces shorter than a rule, too."""
SHORT_POINTS_MIN = 8.0
"""Shortest rule that stands alone: a place for an initial or a tick."""
SHORT_THICKNESS_MAX = 2.2
SHORT_FULLNESS_MIN = 0.6
BARS = frozenset("|I[](){}LJl!_")
"""What a recogniser reads where an upright rule stands."""
DASH_GAP_POINTS = 6.0
"""A stroke this near to a word, at half its height, is a dash."""
DOT_POINTS_MAX = 5.0
"""Longest dot or dash of a dotted rule."""
BLUR_POINTS = 3.2
"""Along this length darkness is averaged; dots closer than this are one rule."""
CONTRAST_MIN = 6.0
"""Grey levels (of 255) a rule stands out by, averaged along it; less is the grain of the paper."""
SOLID_SHARE = 0.85
"""Part of a solid rule's length that is inked."""
WORDS_SHARE_MAX = 0.6
"""A run covered by printed words for more than this is made of their letters."""
RUNS_MAX = 6_000
"""Runs looked at in one picture; a dense tax form holds a tenth of it."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Pixels, as if horizontal: ``x`` along the rule."""

    x0: int
    y0: int
    x1: int
    y1: int
    solid: bool
    level: float


def find_lines(dark: Picture, dpi: float, words: Sequence[Word], noise: float) -> list[Segment]:
    """Segments in points. ``dark``: how much darker than the paper around it each pixel is; ``noise``: its grain."""
    scale = 72 / dpi
    printed = [word for word in words if word.confidence >= 0.5 and any(c.isalnum() for c in word.text)]
    printed = [word for word in printed if not set(word.text) <= BARS]
    boxes = np.array([word.box for word in printed], dtype=np.float32).reshape(-1, 4) / scale
    across = [run for run in _runs(dark, dpi, noise, LINE_POINTS_MIN) if not _in_words(run, boxes, solid_under=True)]
    turned = np.ascontiguousarray(dark.T)
    lying = boxes[:, [1, 0, 3, 2]] if len(boxes) else boxes
    upright = [
        run for run in _runs(turned, dpi, noise, LINE_POINTS_MIN) if not _in_words(run, lying, solid_under=False)
    ]
    upright += _ticks(turned, dpi, noise, across, upright, lying)
    return [_segment(run, scale, horizontal=True) for run in across] + [
        _segment(run, scale, horizontal=False) for run in upright
    ]


def short_rules(strong: Picture, segments: Sequence[Segment], dpi: float, words: Sequence[Word]) -> list[Segment]:
    """Level strokes shorter than a rule that touch no other ink and are no dashes. ``strong``: 1 where there is ink."""
    scale = 72 / dpi
    rest = strong.copy()
    for one in segments:
        x0, y0, x1, y1 = (round(value / scale) for value in one.box)
        rest[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2] = 0
    count, _, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    x, y, width, height, area = stats[1:count].T
    fits = (width * scale >= SHORT_POINTS_MIN) & (width * scale < LINE_POINTS_MIN)
    fits &= (height * scale <= SHORT_THICKNESS_MAX) & (area >= SHORT_FULLNESS_MIN * width * height)
    found = []
    for at in np.flatnonzero(fits)[:RUNS_MAX]:
        left, top = float(x[at]) * scale, float(y[at]) * scale
        box = Rect(left, top, left + float(width[at]) * scale, top + float(height[at]) * scale)
        if not any(_is_dash(box, word) for word in words):
            found.append(Segment(box, True, round(box.height, 2)))
    return found


def _is_dash(box: Rect, word: Word) -> bool:
    """Within a word, or beside one at half its height."""
    if not any(c.isalnum() for c in word.text):
        return False
    middle, height = box.centre[1], word.box.height
    if not word.box.y0 - 1 <= middle <= word.box.y1 - 0.12 * height:
        return False
    return box.x0 < word.box.x1 + DASH_GAP_POINTS and box.x1 > word.box.x0 - DASH_GAP_POINTS


def _segment(run: _Run, scale: float, *, horizontal: bool) -> Segment:
    x0, y0, x1, y1 = run.x0 * scale, run.y0 * scale, run.x1 * scale, run.y1 * scale
    shade = max(0, min(255, round(255 - run.level)))
    shade = 0 if shade < 128 else shade
    box = Rect(x0, y0, x1, y1) if horizontal else Rect(y0, x0, y1, x1)
    return Segment(box, horizontal, round((y1 - y0), 2), (shade, shade, shade), dashed=not run.solid)


def _runs(
    dark: Picture, dpi: float, noise: float, shortest: float, wanted: Callable[[int, int, int, int], bool] | None = None
) -> list[_Run]:
    """Rules of at least ``shortest`` points that run along x; ``wanted`` is asked first, with x0, y0, x1, y1."""
    length = max(5, round(shortest * dpi / 72)) | 1
    blur = max(3, round(min(BLUR_POINTS, shortest / 4) * dpi / 72)) | 1
    gap, crack = (max(1, round(points * dpi / 72)) | 1 for points in (GAP_POINTS_MAX, CRACK_POINTS_MAX))
    thick = max(2, round(LINE_THICKNESS_POINTS_MAX * dpi / 72)) + 2
    # averaged along the rule, and a little across, for a rule that is a touch crooked steps by a pixel
    even = cv2.blur(cv2.dilate(dark, np.ones((2, 1), np.uint8)), (blur, 1))
    kept = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((1, (length // 2) | 1), np.uint8))
    thin = cv2.subtract(kept, cv2.morphologyEx(kept, cv2.MORPH_OPEN, np.ones(((thick + 1) | 1, 1), np.uint8)))
    mask: NDArray[Any] = (thin > max(CONTRAST_MIN, 1.5 * noise)).astype(np.uint8)
    # cracks are closed between any pieces, wider gaps between long ones only: a row of checkboxes is no broken rule
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, crack), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for x, y, width, height, _ in stats[1 : min(count, RUNS_MAX)]:
        at = int(x), int(y), int(x + width), int(y + height)
        if wanted is not None and not wanted(*at):
            continue
        run = _measured(dark, *at, thick, noise)
        if run is not None:
            found += _pieces(dark, run, dpi, noise, length)
    return found


def _measured(dark: Picture, x0: int, y0: int, x1: int, y1: int, thick: int, noise: float) -> _Run | None:
    """The run's rows by their darkness, or None when it does not stand out from what lies beside it."""
    if y1 - y0 > 2 * thick or x1 - x0 < 4 * min(y1 - y0, thick):
        return None
    margin = 3
    top, bottom = max(0, y0 - thick), min(dark.shape[0], y1 + thick)
    part = dark[top:bottom, x0:x1]
    rows: NDArray[Any] = part.mean(axis=1)
    inner = rows[y0 - top : y1 - top]
    peak = float(inner.max())
    if peak < CONTRAST_MIN:
        return None
    inked = np.flatnonzero(inner >= 0.4 * peak) + (y0 - top)
    first, last = int(inked[0]), int(inked[-1]) + 1
    above, below = (
        rows[max(0, first - margin - 2) : max(0, first - margin + 1)],
        rows[last + margin - 1 : last + margin + 2],
    )
    beside = max(float(above.mean()) if above.size else 0.0, float(below.mean()) if below.size else 0.0)
    if peak - beside < max(CONTRAST_MIN, 0.35 * peak):
        return None
    line = part[first:last].max(axis=0)
    share = float(_inked(line, noise).mean())
    solid = share >= SOLID_SHARE
    if not solid:
        # rows of letters look like dots, but are never as thin, and never stand alone
        near = rows[max(0, first - thick) : first].mean() if first else 0.0
        under = rows[last : last + thick].mean() if last < len(rows) else 0.0
        if max(float(near), float(under)) > 0.25 * peak or share < 0.15 or last - first > thick // 2:
            return None
    return _Run(x0, top + first, x1, top + last, solid, float(np.median(line)))


def _inked(line: NDArray[Any], noise: float) -> NDArray[np.bool_]:
    """Where a rule's darkest pixels are ink."""
    return np.asarray(line >= max(0.5 * float(np.percentile(line, 80)), 2 * noise))


def _pieces(dark: Picture, run: _Run, dpi: float, noise: float, length: int) -> list[_Run]:
    """``run`` itself, when its gaps are cracks or part dots; else its pieces that are long enough alone.

    The sides of checkboxes one under the other look like a broken rule; their pieces are shorter than a rule.
    """
    gap, dot = round(GAP_POINTS_MAX * dpi / 72), DOT_POINTS_MAX * dpi / 72
    crack = max(2, round(CRACK_POINTS_MAX * dpi / 72))
    inked = np.concatenate(([0], _inked(dark[run.y0 : run.y1, run.x0 : run.x1].max(axis=0), noise).view(np.int8), [0]))
    starts, ends = np.flatnonzero(np.diff(inked) == 1), np.flatnonzero(np.diff(inked) == -1)
    joined: list[list[int]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if joined and start - joined[-1][1] <= crack:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    if not joined:
        return []
    if len(joined) < 2 or float(np.median([end - start for start, end in joined])) <= dot:
        return [replace(run, x0=run.x0 + joined[0][0], x1=run.x0 + joined[-1][1])]
    long: list[list[int]] = []
    for start, end in joined:
        if end - start < length:
            continue
        if long and start - long[-1][1] <= gap:
            long[-1][1] = end
        else:
            long.append([start, end])
    return [replace(run, x0=run.x0 + start, x1=run.x0 + end) for start, end in long]


def _in_words(run: _Run, boxes: NDArray[Any], *, solid_under: bool) -> bool:
    """Whether printed words cover the run: their letters made it. ``solid_under``: at their feet, a rule is a rule."""
    if not len(boxes):
        return False
    middle = (run.y0 + run.y1) / 2
    height = boxes[:, 3] - boxes[:, 1]
    foot = np.where(run.solid and solid_under, 0.08 * height, -1.0)
    held = boxes[
        (boxes[:, 1] <= middle + 1) & (middle <= boxes[:, 3] - foot) & (boxes[:, 2] > run.x0) & (boxes[:, 0] < run.x1)
    ]
    if not len(held):
        return False
    covered, reached = 0.0, float(run.x0)
    for x0, x1 in sorted((float(box[0]), float(box[2])) for box in held):
        start, end = max(x0 - 2, reached), min(x1 + 2, run.x1)
        if end > start:
            covered, reached = covered + end - start, end
    return covered > WORDS_SHARE_MAX * (run.x1 - run.x0)


def _ticks(
    turned: Picture, dpi: float, noise: float, across: Sequence[_Run], upright: Sequence[_Run], words: NDArray[Any]
) -> list[_Run]:
    """Short upright strokes that stand on or hang from a rule and are part of no letter. All as if horizontal."""
    if not across:
        return []
    near = max(2, round(1.6 * dpi / 72))
    ends = np.zeros_like(turned)
    for run in across:
        ends[run.x0 : run.x1, max(0, run.y0 - near) : run.y1 + near] = 1
    longer = np.zeros_like(turned)
    for run in upright:
        longer[max(0, run.y0 - 2) : run.y1 + 2, max(0, run.x0 - 2) : run.x1 + 2] = 1
    most = LINE_POINTS_MIN * dpi / 72

    def stands(x0: int, y0: int, x1: int, y1: int) -> bool:
        if x1 - x0 >= most or y1 - y0 > 2 * near:
            return False
        middle = (y0 + y1) // 2
        row = ends[middle]
        touches = row[max(0, x0 - near) : x0 + near].any() or row[max(0, x1 - near) : x1 + near].any()
        return bool(touches) and not longer[middle, (x0 + x1) // 2]

    runs = _runs(turned, dpi, 2 * noise, TICK_POINTS_MIN, stands)
    return [run for run in runs if run.solid and not _in_words(run, words, solid_under=False)]
