"""The sheet of paper in a photograph: where its corners are, how it looks from straight above, without its shadows.

Four corners are enough for a flat sheet. One that curls stays curled; one that fills the frame is left as it is.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.uint8]
"""RGB, height x width x 3."""

SEARCH_PIXELS = 900
"""Longer side of the small picture in which the sheet is looked for."""
SHEET_SHARE_MIN = 0.2
"""Part of the photograph that a sheet covers at least."""
SHEET_SHARE_MAX = 0.97
"""A sheet that covers more fills the frame: there is nothing to cut away."""
CORNER_DEGREES = (50.0, 130.0)
"""Angles of the corners of a sheet seen from a slant."""
STEP_LEVELS_MIN = 14.0
"""A sheet is lighter than what it lies on by this many of 255 levels, on each of its sides. A printed frame is not."""
SHADE_LEVELS_MIN = 22.0
"""Light that differs by less over the page is left alone, so that printed shades keep their look."""
DARKER_SHARE_MIN = 0.6
"""Of the lightest place within reach: a shadow is not darker, a printed band is."""
BAND_REACH_SHARE = 0.3
PAPERS = ((210 / 297, 595.3, 841.9), (8.5 / 11, 612.0, 792.0), (8.5 / 14, 612.0, 1008.0))
"""Narrow by wide side, and both in points: A sizes, Letter, Legal."""
PAPER_TOLERANCE = 0.06
"""How far a sheet's proportions, measured through perspective, may be from its paper's."""


GROWN_SHARE_MAX = 0.35
"""A printed band along a sheet's side is at most this part of the sheet."""
GROWN_STEPS_MIN = 4
"""Of half a hundredth of the sheet; less is the blur of an edge."""
_GROWTH = np.arange(0.0, GROWN_SHARE_MAX, 0.005)
BAND_COLOUR_MIN = 12.0
"""Distance in CIELAB between a printed band and what the sheet lies on, at both of the band's ends."""

FOCAL_SHARE = 0.78
"""Focal length of a telephone's main camera, in longer sides of its picture: about 28 mm on 36 mm."""


def find_sheet(photo: Colour) -> NDArray[np.float64] | None:
    """The sheet's corners in pixels, clockwise from top left (4 x 2), or None when none stands out."""
    height, width = photo.shape[:2]
    factor = min(1.0, SEARCH_PIXELS / max(height, width))
    small = cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else photo
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (5, 5), 0)
    best: tuple[float, NDArray[np.float64]] | None = None
    for mask in _masks(small, grey):
        for quad in _quads(mask):
            share = cv2.contourArea(quad.astype(np.float32)) / grey.size
            if not SHEET_SHARE_MIN <= share <= SHEET_SHARE_MAX or not _square_enough(quad):
                continue
            quad = _snapped(grey, quad)
            step = _step(grey, quad)
            if step >= STEP_LEVELS_MIN and (best is None or share * min(step, 60.0) > best[0]):
                best = share * min(step, 60.0), quad
    return None if best is None else _grown(small, best[1]) / factor


def _grown(small: NDArray[Any], quad: NDArray[np.float64]) -> NDArray[np.float64]:
    """``quad`` with the printed bands of its sides: a dark letterhead that runs to the edges looks unlike paper.

    Beyond the end of the light paper the sheet goes on as long as its colour ends where its neighbouring sides would
    be, on both ends; a table's does not.
    """
    colours = cv2.cvtColor(cv2.GaussianBlur(small, (5, 5), 0), cv2.COLOR_RGB2LAB).astype(np.float64)
    out = quad.copy()
    for at in range(4):
        one, two, after, before = (quad[(at + step) % 4] for step in range(4))
        along = (two - one) / max(float(np.linalg.norm(two - one)), 1e-6)
        ways = one - before, two - after
        grown = 0
        for step, share in enumerate(_GROWTH[1:], start=1):
            ends = (one + share * ways[0], along), (two + share * ways[1], -along)
            if min(_ends_there(colours, corner, inward) for corner, inward in ends) < BAND_COLOUR_MIN:
                break
            grown = step
        if grown >= GROWN_STEPS_MIN:
            share = _end_of_band(colours, (one, two), ways, grown)
            out[at], out[(at + 1) % 4] = out[at] + share * ways[0], out[(at + 1) % 4] + share * ways[1]
    return out


def _end_of_band(
    colours: NDArray[np.float64],
    side: tuple[NDArray[np.float64], NDArray[np.float64]],
    ways: tuple[NDArray[np.float64], NDArray[np.float64]],
    grown: int,
) -> float:
    """The step of growth, about ``grown`` at most, where the colour along the whole side changes most."""
    height, width = colours.shape[:2]
    middles = []
    for share in _GROWTH[: grown + GROWN_STEPS_MIN]:
        one, two = side[0] + share * ways[0], side[1] + share * ways[1]
        line = np.linspace(one, two, 80)[4:-4].round().astype(int)
        x, y = np.clip(line[:, 0], 0, width - 1), np.clip(line[:, 1], 0, height - 1)
        middles.append(np.median(colours[y, x], axis=0))
    changes = np.linalg.norm(np.diff(np.asarray(middles), axis=0), axis=1)
    return float(_GROWTH[GROWN_STEPS_MIN + int(np.argmax(changes[GROWN_STEPS_MIN:]))])


def _ends_there(colours: NDArray[np.float64], corner: NDArray[np.float64], inward: NDArray[np.float64]) -> float:
    """How unlike the colours on both sides of a sheet's edge are; 0 outside the photograph."""
    height, width = colours.shape[:2]
    reach = 0.012 * max(height, width)
    found = []
    for point in (corner + reach * inward, corner - reach * inward):
        x, y = round(float(point[0])), round(float(point[1]))
        if not (2 <= x < width - 2 and 2 <= y < height - 2):
            return 0.0
        found.append(np.median(colours[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3), axis=0))
    return float(np.linalg.norm(found[0] - found[1]))


def _masks(small: NDArray[Any], grey: NDArray[Any]) -> list[NDArray[Any]]:
    """Where the sheet may be: light and colourless places by several thresholds, and what strong edges enclose."""
    level, light = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    masks = [light, (grey > min(250.0, level + 25)).astype(np.uint8) * 255]
    saturation = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)[:, :, 1]
    masks.append(((saturation < 60) & (grey > 90)).astype(np.uint8) * 255)
    closed = cv2.getStructuringElement(cv2.MORPH_RECT, (9, 9))
    masks = [
        cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, closed), cv2.MORPH_CLOSE, closed) for mask in masks
    ]
    edges = cv2.dilate(cv2.Canny(grey, 40, 120), np.ones((5, 5), np.uint8))
    return [*masks, edges]


def _quads(mask: NDArray[Any]) -> list[NDArray[np.float64]]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:3]:
        hull = cv2.convexHull(contour)
        if cv2.contourArea(hull) < SHEET_SHARE_MIN * mask.size:
            continue
        around = cv2.arcLength(hull, True)
        for tolerance in (0.015, 0.025, 0.04, 0.06):
            rough = cv2.approxPolyDP(hull, tolerance * around, True).reshape(-1, 2).astype(np.float64)
            if len(rough) == 4 and cv2.isContourConvex(rough.astype(np.float32)):
                ordered = _ordered(rough)
                found.append(_refined(ordered, hull.reshape(-1, 2).astype(np.float64)))
                break
    return found


def _ordered(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clockwise as seen, from the corner nearest the top left."""
    centre = corners.mean(axis=0)
    angles = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    turned = corners[np.argsort(angles)]
    return np.roll(turned, -int(np.argmin(turned.sum(axis=1))), axis=0)


def _refined(corners: NDArray[np.float64], hull: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each side as a line through the outline's points along its middle; a folded or rounded corner does no harm."""
    dense = np.concatenate(
        [np.linspace(hull[at], hull[(at + 1) % len(hull)], 40, endpoint=False) for at in range(len(hull))]
    )
    lines = []
    for at in range(4):
        start, end = corners[at], corners[(at + 1) % 4]
        along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        place = (dense - start) @ along / max(float(np.linalg.norm(end - start)), 1e-6)
        off = np.abs((dense - start) @ np.array([-along[1], along[0]]))
        near = dense[(place > 0.1) & (place < 0.9) & (off < 0.02 * float(np.linalg.norm(end - start)))]
        if len(near) < 8:
            return corners
        vx, vy, x, y = (
            float(value) for value in cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        )
        lines.append(np.array([vy, -vx, vx * y - vy * x]))  # a x + b y + c = 0
    out = []
    for at in range(4):
        crossing = np.cross(lines[at - 1], lines[at])
        if abs(float(crossing[2])) < 1e-9:
            return corners
        out.append(crossing[:2] / crossing[2])
    moved = np.array(out)
    return moved if float(np.abs(moved - corners).max()) < 0.05 * float(np.abs(corners).max()) else corners


def _snapped(grey: NDArray[Any], quad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each side moved to where it gets light most suddenly, a hundredth of the picture away at most."""
    height, width = grey.shape
    reach = max(3, round(0.012 * max(height, width)))
    centre = quad.mean(axis=0)
    lines = []
    for at in range(4):
        start, end = quad[at], quad[(at + 1) % 4]
        length = max(float(np.linalg.norm(end - start)), 1e-6)
        normal = np.array([-(end - start)[1], (end - start)[0]]) / length
        if float((centre - start) @ normal) < 0:
            normal = -normal
        along = np.linspace(start, end, 60)[6:-6]
        offsets = np.arange(-reach, reach + 1)
        points = along[None] + offsets[:, None, None] * normal
        columns = np.clip(points[..., 0].round().astype(int), 0, width - 1)
        rows = np.clip(points[..., 1].round().astype(int), 0, height - 1)
        profile = np.median(grey[rows, columns].astype(np.float64), axis=1)
        rise = np.diff(profile)
        moved = float(offsets[int(np.argmax(rise))]) + 1.0 if float(rise.max()) > 4 else 0.0
        one, two = start + moved * normal, end + moved * normal
        lines.append(np.cross([*one, 1.0], [*two, 1.0]))
    crossings = [np.cross(lines[at - 1], lines[at]) for at in range(4)]
    if any(abs(float(crossing[2])) < 1e-9 for crossing in crossings):
        return quad
    return np.array([crossing[:2] / crossing[2] for crossing in crossings])


def _square_enough(quad: NDArray[np.float64]) -> bool:
    for at in range(4):
        one, two = quad[at - 1] - quad[at], quad[(at + 1) % 4] - quad[at]
        size = float(np.linalg.norm(one) * np.linalg.norm(two))
        if size < 1:
            return False
        degrees = float(np.degrees(np.arccos(np.clip(float(one @ two) / size, -1, 1))))
        if not CORNER_DEGREES[0] <= degrees <= CORNER_DEGREES[1]:
            return False
    return True


def _step(grey: NDArray[Any], quad: NDArray[np.float64]) -> float:
    """By how many levels the inside is lighter than the outside, on the side where that is least."""
    height, width = grey.shape
    centre = quad.mean(axis=0)
    reach = 0.018 * max(height, width)
    steps = []
    for at in range(4):
        start, end = quad[at], quad[(at + 1) % 4]
        along = np.linspace(start, end, 60)[6:-6]
        normal = np.array([-(end - start)[1], (end - start)[0]]) / max(float(np.linalg.norm(end - start)), 1e-6)
        if float((centre - start) @ normal) < 0:
            normal = -normal
        inside, outside = along + reach * normal, along - reach * normal
        seen = (outside.min(axis=1) >= 0) & (outside[:, 0] < width) & (outside[:, 1] < height)
        if seen.mean() < 0.3:
            continue  # this side runs along the edge of the photograph
        pick = [tuple(points[seen].astype(int).T) for points in (inside, outside)]
        light, dark = (grey[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] for x, y in pick)
        steps.append(float(np.median(light)) - float(np.median(dark)))
    return min(steps) if len(steps) >= 2 else 0.0


def proportions(quad: NDArray[np.float64], width: int, height: int) -> float:
    """Width by height of the flat sheet with these corners, seen by a camera whose axis meets the picture's middle.

    After Zhang and He, "Whiteboard scanning and image enhancement", 2007, equations 11 to 20; where the view is too
    straight for them, the focal length of a usual telephone.
    """
    m1, m2, m4, m3 = (np.array([x - width / 2, y - height / 2, 1.0]) for x, y in quad)  # m3 left below, m4 right below
    across = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3]))
    down = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1]))
    plain = across / max(down, 1e-6)
    k2 = float(np.dot(np.cross(m1, m4), m3) / np.dot(np.cross(m2, m4), m3))
    k3 = float(np.dot(np.cross(m1, m4), m2) / np.dot(np.cross(m3, m4), m2))
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    longest = max(width, height)
    focal2 = (FOCAL_SHARE * longest) ** 2
    if abs(n2[2]) > 0.02 and abs(n3[2]) > 0.02:  # else the sheet leans one way only, and its corners do not tell
        told = -float(n2[0] * n3[0] + n2[1] * n3[1]) / float(n2[2] * n3[2])
        if (0.4 * longest) ** 2 <= told <= (3.0 * longest) ** 2:
            focal2 = told
    size = np.array([1 / focal2, 1 / focal2, 1.0])
    ratio = float(np.sqrt(float((n2 * n2) @ size) / float((n3 * n3) @ size)))
    return ratio if 0.6 * plain <= ratio <= 1.67 * plain else plain


def paper_points(ratio: float) -> tuple[float, float]:
    """Width and height in points of the paper with these proportions, width by height; others are as long as A4."""
    narrow = min(ratio, 1 / ratio)
    share, short, long = min(PAPERS, key=lambda one: abs(one[0] - narrow))
    if abs(share - narrow) > PAPER_TOLERANCE * share:
        short, long = PAPERS[0][2] * narrow, PAPERS[0][2]
    return (short, long) if ratio <= 1 else (long, short)


def straightened(photo: Colour, quad: NDArray[np.float64], width: int, height: int) -> Colour:
    """The sheet seen from straight above, ``width`` x ``height`` pixels."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    seen = max(float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[2] - quad[3])))
    if seen > 1.5 * width:  # sampling alone would drop thin rules
        photo = np.asarray(cv2.blur(photo, (max(1, round(seen / width)),) * 2), dtype=np.uint8)
    return np.asarray(
        cv2.warpPerspective(photo, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.uint8,
    )


def without_shadows(page: Colour) -> Colour:
    """Paper as light as its lightest place, where the light on it differs."""
    height, width = page.shape[:2]
    factor = min(1.0, 400 / max(height, width))
    small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else page
    # print is thinner than the disc, panels and shadows are not
    paper = cv2.medianBlur(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((11, 11), np.uint8)), 9)
    lightness = paper.max(axis=2)
    low, high = (float(np.percentile(lightness, share)) for share in (3, 97))
    if high - low < SHADE_LEVELS_MIN and high > 200:
        return page
    light = cv2.resize(_without_bands(paper), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(page, np.maximum(light, 24), scale=245), dtype=np.uint8)


def _without_bands(paper: NDArray[Any]) -> NDArray[Any]:
    """The light on a page, nowhere much darker than around: what is darker is printed so, and stays printed."""
    reach = max(3, round(BAND_REACH_SHARE * max(paper.shape[:2]))) | 1
    around = cv2.dilate(paper, np.ones((reach, reach), np.uint8))
    least = (DARKER_SHARE_MIN * cv2.blur(around, (reach, reach))).astype(np.uint8)
    return np.asarray(np.maximum(paper, least))
