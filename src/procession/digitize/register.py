"""Lay a remembered page over a read one: how it is shifted, scaled and leaning, and what differs.

RANSAC (Fischler and Bolles, 1981) over pairs of equal words finds a similarity; least squares over its inliers make it
affine, for a scanner's two directions rarely have quite the same scale. Deterministic: the chance is seeded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from procession.digitize.fingerprint import token
from procession.digitize.page import Rect, Word
from procession.domain.layout import PageLayout

PAIRS_MIN = 6
"""Words in their place below which nothing is certain."""
PAIRS_MAX = 400
REPEATS_MAX = 3
"""A word that stands on a page more often tells little about the place."""
HYPOTHESES = 256
TOLERANCE_POINTS = 5.0
"""How far an inlier may lie from where the transform puts it: letters' boxes differ between readers, paper warps."""
SCALE_MAX = 1.6
"""A copy is printed or photographed at most this much larger, or smaller by its reciprocal."""
LEAN_DEGREES_MAX = 5.0
"""Pages arrive upright; what leans more was laid over wrongly."""
SHEAR_MAX = 0.04
AFFINE_PAIRS_MIN = 12
NEIGHBOURS = 4
"""Words around a place that tell how the paper is warped there."""
DOUBTED_WORD = 0.7
"""A word its recogniser doubts more is no evidence of a change."""
EVIDENCE_LETTERS_MIN = 3
ALIKE_MIN = 0.5
"""Share of letters (difflib) two words have in common when one is the other, misread."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Registration:
    """``matrix`` maps points of the layout's page to points of the page read."""

    matrix: NDArray[np.float64]
    """2 x 3."""
    matched: int
    """Anchors whose word stands where it should."""
    anchors: int
    missing: tuple[Rect, ...]
    """Places, on the page read, of anchors where no word stands at all."""
    foreign: tuple[Word, ...]
    """Words, surely read, that are no anchor and stand where no anchor does."""
    answers: tuple[Word, ...]
    """All words that are no anchor, however sure: what was filled in is among them."""
    found: Points
    """Matched anchors on the layout's page, and next to each how far its word is from where ``matrix`` puts it."""
    shifts: Points

    @property
    def share(self) -> float:
        return self.matched / self.anchors if self.anchors else 0.0

    def place(self, box: Rect) -> Rect:
        """A box of the layout's page on the page read: both in points. Sides stay level; a little warp is followed."""
        x, y = box.centre
        cx, cy = map(float, self.matrix @ np.array([x, y, 1.0]))
        dx, dy = self._warp(x, y)
        half_w = box.width * float(np.hypot(self.matrix[0, 0], self.matrix[1, 0])) / 2
        half_h = box.height * float(np.hypot(self.matrix[0, 1], self.matrix[1, 1])) / 2
        return Rect(cx + dx - half_w, cy + dy - half_h, cx + dx + half_w, cy + dy + half_h)

    def _warp(self, x: float, y: float) -> tuple[float, float]:
        """Median of the nearest words' own shifts, so that one misread box moves nothing."""
        if len(self.found) < NEIGHBOURS:
            return 0.0, 0.0
        distances = np.square(self.found - (x, y)).sum(axis=1)
        near = self.shifts[np.argpartition(distances, NEIGHBOURS - 1)[:NEIGHBOURS]]
        dx, dy = np.median(near, axis=0)
        return float(dx), float(dy)


def register(layout: PageLayout, words: Sequence[Word]) -> Registration | None:
    """None when too few of the layout's words are found again in the same arrangement."""
    seen = [word for word in words if word.visible]
    said = [token(word.text) for word in seen]
    named = [one[0] for one in layout.anchors]
    here = _starts([(one[1] / 10, one[2] / 10, one[4] / 10) for one in layout.anchors])
    there = _starts([(word.box.x0, word.box.y0, word.box.y1) for word in seen])
    pairs = _pairs(named, said)
    if len(pairs) < PAIRS_MIN:
        return None
    matrix = _fitted(here[pairs[:, 0]], there[pairs[:, 1]])
    if matrix is None:
        return None
    return _compared(layout, seen, said, here, there, matrix)


def _starts(boxes: Sequence[tuple[float, float, float]]) -> Points:
    """(x0, y0, y1) as where each word begins: its end moves when a recogniser takes the rule behind it along."""
    return np.array([(x0, (y0 + y1) / 2) for x0, y0, y1 in boxes], dtype=np.float64).reshape(-1, 2)


def _pairs(named: Sequence[str], said: Sequence[str]) -> NDArray[np.intp]:
    """(anchor, word) of equal words, rare ones first: a word that is on the page once is sure to be meant."""
    often_here, often_there = Counter(named), Counter(said)
    where: dict[str, list[int]] = {}
    for index, word in enumerate(said):
        if word and often_there[word] <= REPEATS_MAX:
            where.setdefault(word, []).append(index)
    found = [
        (often_here[name] * len(where[name]), index, other)
        for index, name in enumerate(named)
        if often_here[name] <= REPEATS_MAX and name in where
        for other in where[name]
    ]
    found.sort()
    return np.array([one[1:] for one in found[:PAIRS_MAX]], dtype=np.intp).reshape(-1, 2)


def _fitted(here: Points, there: Points) -> NDArray[np.float64] | None:
    """The transform most pairs agree on."""
    p, q = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    chance = np.random.default_rng(len(p))
    first, second = chance.integers(0, len(p), (2, HYPOTHESES))
    span = max(float(np.ptp(here[:, 0])), float(np.ptp(here[:, 1])), 1.0)
    apart = np.abs(p[second] - p[first]) > 0.1 * span
    first, second = first[apart], second[apart]
    if not len(first):
        return None
    turn = (q[second] - q[first]) / (p[second] - p[first])
    scale = np.abs(turn)
    sane = (scale < SCALE_MAX) & (scale > 1 / SCALE_MAX)
    sane &= np.abs(np.angle(turn, deg=True)) <= LEAN_DEGREES_MAX
    turn, first = turn[sane], first[sane]
    if not len(turn):
        return None
    shift = q[first] - turn * p[first]
    off = np.abs(turn[:, None] * p[None, :] + shift[:, None] - q[None, :])
    votes = (off <= TOLERANCE_POINTS).sum(axis=1)
    best = int(np.argmax(votes))
    if votes[best] < PAIRS_MIN:
        return None
    a, b = turn[best].real, turn[best].imag
    matrix = np.array([[a, -b, shift[best].real], [b, a, shift[best].imag]])
    return _refined(here, there, matrix)


def _refined(here: Points, there: Points, matrix: NDArray[np.float64]) -> NDArray[np.float64] | None:
    whole = np.column_stack([here, np.ones(len(here))])
    for _ in range(2):
        near = np.hypot(*(whole @ matrix.T - there).T) <= TOLERANCE_POINTS
        if near.sum() < AFFINE_PAIRS_MIN or np.linalg.matrix_rank(whole[near] - whole[near].mean(axis=0), 5.0) < 2:
            break
        better = np.linalg.lstsq(whole[near], there[near], rcond=None)[0].T
        if not _sane(better):
            break
        matrix = better
    near = np.hypot(*(whole @ matrix.T - there).T) <= TOLERANCE_POINTS
    return matrix if near.sum() >= PAIRS_MIN else None


def _sane(matrix: NDArray[np.float64]) -> bool:
    across, down = np.hypot(*matrix[:, 0]), np.hypot(*matrix[:, 1])
    if not (1 / SCALE_MAX < across < SCALE_MAX and 1 / SCALE_MAX < down < SCALE_MAX):
        return False
    return bool(abs(matrix[:, 0] @ matrix[:, 1]) / (across * down) <= SHEAR_MAX)


def _compared(
    layout: PageLayout, seen: Sequence[Word], said: Sequence[str], here: Points, there: Points, matrix: Points
) -> Registration:
    expected = np.column_stack([here, np.ones(len(here))]) @ matrix.T
    where: dict[str, list[int]] = {}
    for index, word in enumerate(said):
        if word:
            where.setdefault(word, []).append(index)
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    lost: list[int] = []
    for index, anchor in enumerate(layout.anchors):
        near = _nearest(expected[index], there, [one for one in where.get(anchor[0], ()) if one not in used])
        if near is None:
            lost.append(index)
        else:
            used.add(near)
            pairs.append((index, near))
    rest = [index for index in range(len(seen)) if index not in used]
    missing, explained = _misread(layout, lost, expected, matrix, seen, said, rest)
    foreign = tuple(
        seen[one]
        for one in rest
        if one not in explained
        and len(said[one]) >= EVIDENCE_LETTERS_MIN
        and seen[one].confidence >= DOUBTED_WORD
        and not _is_veiled(layout, matrix, seen[one].box)
    )
    matched = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    shifts = there[matched[:, 1]] - expected[matched[:, 0]]
    answers = tuple(seen[one] for one in rest if one not in explained)
    return Registration(matrix, len(pairs), len(layout.anchors), missing, foreign, answers, here[matched[:, 0]], shifts)


def _is_veiled(layout: PageLayout, matrix: Points, box: Rect) -> bool:
    """Whether a word stands here whose letters the layout does not remember."""
    for x0, y0, x1, y1 in layout.veiled:
        ax, ay = matrix @ np.array([x0 / 10, y0 / 10, 1.0])
        bx, by = matrix @ np.array([x1 / 10, y1 / 10, 1.0])
        if box.x0 < bx + TOLERANCE_POINTS and box.x1 > ax - TOLERANCE_POINTS and ay <= box.centre[1] <= by:
            return True
    return False


def _nearest(at: NDArray[np.float64], there: Points, candidates: Sequence[int]) -> int | None:
    best, least = None, TOLERANCE_POINTS
    for one in candidates:
        off = float(max(abs(there[one, 0] - at[0]), abs(there[one, 1] - at[1])))
        if off <= least:
            best, least = one, off
    return best


def _misread(
    layout: PageLayout,
    lost: Sequence[int],
    expected: Points,
    matrix: NDArray[np.float64],
    seen: Sequence[Word],
    said: Sequence[str],
    rest: Sequence[int],
) -> tuple[tuple[Rect, ...], set[int]]:
    """Places of lost anchors where nothing like them stands, and the words that are anchors read wrongly."""
    missing: list[Rect] = []
    explained: set[int] = set()
    boxes = np.array([seen[one].box for one in rest], dtype=np.float64).reshape(-1, 4)
    for index in lost:
        name, x0, y0, x1, y1 = layout.anchors[index]
        width, height = (x1 - x0) / 10 * float(matrix[0, 0]), (y1 - y0) / 10 * float(matrix[1, 1])
        x, y = expected[index]
        place = Rect(x, y - height / 2, x + width, y + height / 2)
        over = (boxes[:, 0] < place.x1) & (boxes[:, 2] > place.x0) & (boxes[:, 1] < place.y1) & (boxes[:, 3] > place.y0)
        like = [one for one in (rest[int(i)] for i in np.flatnonzero(over)) if _alike(name, said[one], seen[one])]
        explained.update(like)
        if not like:
            missing.append(place)
    return tuple(missing), explained


def _alike(name: str, said: str, word: Word) -> bool:
    """Whether ``said`` may be ``name`` read wrongly, cut, or read together with its neighbour."""
    if word.confidence < DOUBTED_WORD:
        return True
    if not said:
        return False
    return name in said or said in name or SequenceMatcher(None, name, said, autojunk=False).ratio() >= ALIKE_MIN
