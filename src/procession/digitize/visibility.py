"""Which printed words a reader sees: none under something opaque, in the colour behind them, clipped away or dust.

Everything on a page is painted in an order: what is painted later lies on top.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from procession.digitize import fpdf
from procession.digitize.fpdf import Colour
from procession.digitize.page import Rect, Word

PAPER: Colour = (255, 255, 255)
CONTRAST_MIN = 8
"""Levels of 255 by which one channel of a word must differ from what lies behind it."""
COVERED_SHARE_MIN = 0.6
"""A word with this much of its box under something opaque cannot be read."""
OPAQUE_ALPHA_MIN = 200
READABLE_POINTS_MIN = 1.5
"""Lower letters are dust to a reader's eye."""
BAND_POINTS = 36.0
CLIP_PATHS_MAX = 12
CLIP_POINTS_MAX = 400
"""A longer outline is a drawing's own; what it leaves of the words is not computed."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Something painted that hides what lies under it, or shows light words on it."""

    order: int
    box: Rect
    colour: Colour | None
    """None for a picture or a gradient."""
    solid: bool
    """Whether it fills its whole box and lets nothing through."""
    picture: int | None = None
    """Handle of PDFium's image object, whose own transparency is not known yet."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One text object: when it is painted, what its clip leaves of the page, whether it belongs to a layer."""

    order: int
    clip: Rect | None = None
    layered: bool = False


@dataclass(slots=True)
class Backdrop:
    """All that is laid on one page, by horizontal bands."""

    laid: Sequence[Laid] = ()
    bands: dict[int, list[Laid]] = field(default_factory=dict)
    alphas: dict[int, NDArray[np.uint8] | None] = field(default_factory=dict)
    """Of the pictures looked at so far, by their place in the order."""

    @classmethod
    def of(cls, laid: Sequence[Laid]) -> Backdrop:
        bands: dict[int, list[Laid]] = defaultdict(list)
        for one in laid:
            for band in range(int(one.box.y0 // BAND_POINTS), int(one.box.y1 // BAND_POINTS) + 1):
                bands[band].append(one)
        return cls(laid, dict(bands))

    def at(self, x: float, y: float) -> Iterator[Laid]:
        """What is laid over the point, the topmost first."""
        for one in reversed(self.bands.get(int(y // BAND_POINTS), ())):
            if one.box.x0 <= x <= one.box.x1 and one.box.y0 <= y <= one.box.y1:
                yield one

    def opaque(self, one: Laid, box: Rect, page: Any) -> bool:
        """Whether something solid lets nothing through where ``box`` lies; of a picture its own alpha decides."""
        if one.picture is None:
            return True
        if one.order not in self.alphas:
            self.alphas[one.order] = _alpha(one.picture, page)
        alpha = self.alphas[one.order]
        if alpha is None:
            return True
        height, width = alpha.shape
        across, down = width / max(one.box.width, 0.01), height / max(one.box.height, 0.01)
        rows = slice(max(int((box.y0 - one.box.y0) * down), 0), int((box.y1 - one.box.y0) * down) + 1)
        columns = slice(max(int((box.x0 - one.box.x0) * across), 0), int((box.x1 - one.box.x0) * across) + 1)
        part = alpha[rows, columns]
        return part.size > 0 and float(part.mean()) >= OPAQUE_ALPHA_MIN


def is_seen(word: Word, placed: Placed | None, backdrop: Backdrop, width: float, height: float, page: Any) -> bool:
    """Whether ``word`` can be read on a page of ``width`` by ``height`` points; ``page`` is PDFium's."""
    x0, y0, x1, y1 = word.box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if not (0 <= x <= width and 0 <= y <= height):
        return False
    if (x1 - x0 < READABLE_POINTS_MIN and y1 - y0 < READABLE_POINTS_MIN) or word.size < READABLE_POINTS_MIN * 0.87:
        return False
    order = placed.order if placed is not None else None
    if placed is not None and placed.clip is not None and not _holds(placed.clip, x, y):
        return False
    if int(y // BAND_POINTS) not in backdrop.bands:
        return min(word.colour) <= 255 - CONTRAST_MIN
    behind: list[Laid] = []
    for one in backdrop.at(x, y):
        if order is not None and one.order > order:
            if one.solid and _share(word.box, one.box) >= COVERED_SHARE_MIN and backdrop.opaque(one, word.box, page):
                return False
            continue
        behind.append(one)
        if one.solid:
            break
    if not behind or not behind[-1].solid:
        behind.append(Laid(-1, word.box, PAPER, solid=True))
    return any(one.colour is None or _differs(word.colour, one.colour) for one in behind)


def clip_of(obj: int) -> tuple[float, float, float, float] | None:
    """What an object's clip leaves, in the object's own space: left, bottom, right, top. None: everything."""
    clip = fpdf.get_clip_path(obj)
    count = fpdf.count_clip_paths(clip) if clip else 0
    if not 0 < count <= CLIP_PATHS_MAX:
        return None
    found: tuple[float, float, float, float] | None = None
    for index in range(count):
        segments = fpdf.count_clip_segments(clip, index)
        points = list(fpdf.clip_points(clip, index, segments)) if 0 < segments <= CLIP_POINTS_MAX else []
        if not points:
            continue
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        part = (min(xs), min(ys), max(xs), max(ys))
        found = part if found is None else (
            max(found[0], part[0]), max(found[1], part[1]), min(found[2], part[2]), min(found[3], part[3])
        )  # fmt: skip
    return found


def in_layer(obj: int) -> bool:
    """Whether an object is marked as optional content, which a reader may have switched off."""
    count = fpdf.count_marks(obj)
    return count > 0 and any(fpdf.mark_name(obj, index) == "OC" for index in range(count))


def shows_ink(picture: NDArray[np.uint8], box: Rect, scale: float) -> bool:
    """Whether anything is to be seen in ``box`` of a page's grey ``picture`` with ``scale`` pixels a point."""
    rows = slice(max(int(box.y0 * scale), 0), int(box.y1 * scale) + 1)
    columns = slice(max(int(box.x0 * scale), 0), int(box.x1 * scale) + 1)
    part = picture[rows, columns]
    return part.size > 0 and int(part.max()) - int(part.min()) >= CONTRAST_MIN


def _alpha(picture: int, page: Any) -> NDArray[np.uint8] | None:
    """Alpha of an image as it is drawn, or None when it has none."""
    bitmap = pdfium.FPDFImageObj_GetRenderedBitmap(page.pdf, page, ctypes.cast(picture, pdfium.FPDF_PAGEOBJECT))
    if not bitmap:
        return None
    try:
        if pdfium.FPDFBitmap_GetFormat(bitmap) != pdfium.FPDFBitmap_BGRA:
            return None
        width, height = pdfium.FPDFBitmap_GetWidth(bitmap), pdfium.FPDFBitmap_GetHeight(bitmap)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        buffer = pdfium.FPDFBitmap_GetBuffer(bitmap)
        raw = ctypes.string_at(buffer, stride * height)
        pixels = np.frombuffer(raw, dtype=np.uint8).reshape(height, stride)
        return pixels[:, 3 : 4 * width : 4].copy()
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)


def _differs(a: Colour, b: Colour) -> bool:
    return max(abs(p - q) for p, q in zip(a, b, strict=True)) >= CONTRAST_MIN


def _holds(box: Rect, x: float, y: float) -> bool:
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


def _share(inner: Rect, outer: Rect) -> float:
    width = min(inner.x1, outer.x1) - max(inner.x0, outer.x0)
    height = min(inner.y1, outer.y1) - max(inner.y0, outer.y0)
    area = max(inner.width * inner.height, 0.01)
    return max(width, 0.0) * max(height, 0.0) / area
