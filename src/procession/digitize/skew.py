"""How a page picture lies: by how many degrees its lines of text lean, and whether they run up the page.

Projection profiles: along the lines' own direction the rows of a picture change most sharply between ink and paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from procession.digitize.render import Picture

SKEW_DEGREES_MAX = 10.0
"""More than the crookedest feed of a scanner is no skew."""
SKEW_DEGREES_MIN = 0.15
SURER = 1.05
"""A lean must make the rows at least this much sharper than none."""
COARSE_PIXELS, FINE_PIXELS = 200_000, 600_000
"""Sizes of the downscaled picture on which the lean is looked for."""
COARSE_DEGREES, MIDDLE_DEGREES, FINE_DEGREES = 1.0, 0.5, 0.1
INK_MIN = 80
"""Lighter marks are paper."""
SIDEWAYS_SHARE = 0.5
"""Lines run up the page when its rows are less than this part as sharp as its columns."""

Ink = npt.NDArray[np.float32]


def skew_degrees(picture: Picture) -> float:
    """How far text lines lean, in degrees clockwise, 0 when less than SKEW_DEGREES_MIN or not sure."""
    coarse, fine = _ink(picture, COARSE_PIXELS), _ink(picture, FINE_PIXELS)
    if not fine.any():
        return 0.0
    angle = _sharpest(coarse, _between(-SKEW_DEGREES_MAX, SKEW_DEGREES_MAX, COARSE_DEGREES))
    angle = _sharpest(fine, _between(angle - COARSE_DEGREES, angle + COARSE_DEGREES, MIDDLE_DEGREES))
    angle = _sharpest(fine, _between(angle - MIDDLE_DEGREES, angle + MIDDLE_DEGREES, FINE_DEGREES))
    if abs(angle) < SKEW_DEGREES_MIN or abs(angle) > SKEW_DEGREES_MAX:
        return 0.0
    if _sharpness(fine, angle) < SURER * _sharpness(fine, 0.0):
        return 0.0
    return round(angle, 2)


def lies_sideways(picture: Picture) -> bool:
    """Whether the lines of text surely run up or down the picture."""
    ink = _ink(picture, COARSE_PIXELS)
    angles = list(_between(-SKEW_DEGREES_MAX, SKEW_DEGREES_MAX, COARSE_DEGREES))
    rows = max(_sharpness(ink, angle) for angle in angles)
    columns = max(_sharpness(np.ascontiguousarray(ink.T), angle) for angle in angles)
    return rows < SIDEWAYS_SHARE * columns


def _ink(picture: Picture, pixels: int) -> Ink:
    factor = min(1.0, (pixels / max(picture.size, 1)) ** 0.5)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else picture
    ink = np.asarray(255 - small, dtype=np.float32)
    ink[ink < INK_MIN] = 0
    return ink


def _between(low: float, high: float, step: float) -> Iterable[float]:
    return (float(angle) for angle in np.arange(low, high + step / 10, step))


def _sharpest(ink: Ink, angles: Iterable[float]) -> float:
    return max(angles, key=lambda angle: _sharpness(ink, angle))


def _sharpness(ink: Ink, degrees: float) -> float:
    height, width = ink.shape
    # a shear moves columns up or down: as good as a rotation for small angles, and rows keep their ink
    matrix = np.array([[1, 0, 0], [-math.tan(math.radians(degrees)), 1, math.tan(math.radians(degrees)) * width / 2]])
    sheared = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
    rows = sheared.sum(axis=1)
    return float(np.square(np.diff(rows)).sum())
