"""What is drawn on a page: straight strokes, outlines and pictures, with nested form XObjects' matrices accumulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from typing import Any, Literal, NamedTuple

import pypdfium2.raw as pdfium

from procession.digitize import fpdf
from procession.digitize.document import Frame, OpenPage
from procession.digitize.fpdf import OPAQUE_MIN, Colour
from procession.digitize.page import Rect, Segment, Shape
from procession.digitize.visibility import Laid, Placed, clip_of, in_layer

OBJECTS_MAX = 60_000
"""Graphics objects looked at on one page, nested ones included."""
PATH_POINTS_MAX = 200_000
"""Points of all paths of one page; maps and drawings hold more, forms never."""
PATH_POINTS_EACH_MAX = 4_000
DEPTH_MAX = 12
"""Form XObjects within form XObjects."""
THIN_POINTS = 2.0
"""A filled rectangle thinner than this is a stroke."""
STRAIGHT_SLOPE = 0.0175
"""1 degree."""
RING_POINTS_MAX = 3.0
"""Width of an outline drawn as a filled ring."""
RING_POINTS_MIN = 0.05
RING_PARTS_MAX = 40
FAINT = 250
"""A stroke whose channels are all lighter cannot be seen on paper."""


class Matrix(NamedTuple):
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def times(self, after: Matrix) -> Matrix:
        """First this, then ``after``."""
        return Matrix(
            self.a * after.a + self.b * after.c,
            self.a * after.b + self.b * after.d,
            self.c * after.a + self.d * after.c,
            self.c * after.b + self.d * after.d,
            self.e * after.a + self.f * after.c + after.e,
            self.e * after.b + self.f * after.d + after.f,
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    @property
    def scale(self) -> float:
        return float(abs(self.a * self.d - self.b * self.c) ** 0.5)


Point = tuple[float, float]


@dataclass(slots=True)
class Drawing:
    segments: list[Segment] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    images: list[Rect] = field(default_factory=list)
    laid: list[Laid] = field(default_factory=list)
    """What hides words or stands behind them, in the order it is painted."""
    placed: dict[int, Placed] = field(default_factory=dict)
    """Text objects by their handle."""
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Subpath:
    points: list[Point]
    curved: bool = False
    closed: bool = False


@dataclass(frozen=True, slots=True)
class _Paint:
    stroke: Colour | None
    fill: Colour | None
    width: float


def read_drawing(page: OpenPage) -> Drawing:
    """Strokes and shapes that leave a mark on the page, in displayed coordinates; never raises for odd content."""
    found = Drawing()
    points_left = PATH_POINTS_MAX
    for count, (obj, kind, matrix) in enumerate(_objects(page.raw)):
        if count >= OBJECTS_MAX or points_left <= 0:
            found.warnings.append(f"Page {page.number} holds too many drawn objects; the rest was left out.")
            break
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            clip = _clip(obj, matrix, page.frame)
            found.placed[obj] = Placed(count, clip, in_layer(obj))
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            before = len(found.shapes)
            points_left -= _path(obj, matrix, page.frame, found)
            if len(found.shapes) > before:
                _lay_shapes(obj, matrix, page.frame, count, before, found)
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
            box = _image(obj, matrix, page.frame) if kind == pdfium.FPDF_PAGEOBJ_IMAGE else None
            if box is not None:
                found.images.append(box)
            _lay_picture(obj, matrix, page.frame, count, box, found)
    return found


def _clip(obj: int, outer: Matrix, frame: Frame) -> Rect | None:
    clip = clip_of(obj)
    if clip is None:
        return None
    left, bottom, right, top = clip
    corners = [frame.point(*outer.point(x, y)) for x, y in ((left, bottom), (left, top), (right, bottom), (right, top))]
    return _bounds(corners) if right >= left and top >= bottom else Rect(0, 0, -1, -1)


def _within(box: Rect, clip: Rect | None) -> Rect:
    if clip is None:
        return box
    return Rect(max(box.x0, clip.x0), max(box.y0, clip.y0), min(box.x1, clip.x1), min(box.y1, clip.y1))


def _lay_shapes(obj: int, outer: Matrix, frame: Frame, order: int, first: int, found: Drawing) -> None:
    filled = [shape for shape in found.shapes[first:] if shape.filled]
    if not filled:
        return
    clear = fpdf.has_transparency(obj)
    clip = _clip(obj, outer, frame)
    for shape in filled:
        solid = shape.kind == "rect" and not clear and len(filled) == 1
        found.laid.append(Laid(order, _within(shape.box, clip), shape.fill, solid))


def _lay_picture(obj: int, outer: Matrix, frame: Frame, order: int, box: Rect | None, found: Drawing) -> None:
    clip = _clip(obj, outer, frame)
    if box is None:  # a gradient is as large as its clip
        box = _on_page(clip, frame) if clip is not None else Rect(0, 0, frame.width, frame.height)
    if box is None:
        return
    picture = fpdf.get_object_type(obj) == pdfium.FPDF_PAGEOBJ_IMAGE
    solid = picture and not fpdf.has_transparency(obj)
    found.laid.append(Laid(order, _within(box, clip), None, solid, obj if picture else None))


def _objects(page: Any) -> Iterator[tuple[int, int, Matrix]]:
    """Handle, kind and the matrix around every object, a form's own after it."""
    handle, count = fpdf.handle(page.raw), pdfium.FPDFPage_CountObjects(page)
    yield from _walk(map(fpdf.get_page_object, repeat(handle), range(count)), Matrix(), 0)


def _walk(objects: Iterable[int | None], outer: Matrix, depth: int) -> Iterator[tuple[int, int, Matrix]]:
    for obj in objects:
        if not obj:
            continue
        kind = fpdf.get_object_type(obj)
        yield obj, kind, outer
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < DEPTH_MAX:
            within = range(max(0, fpdf.count_form_objects(obj)))
            yield from _walk(map(fpdf.get_form_object, repeat(obj), within), _matrix(obj).times(outer), depth + 1)


def _matrix(obj: int) -> Matrix:
    found = fpdf.matrix(obj)
    return Matrix(*found) if found is not None else Matrix()


def _image(obj: int, outer: Matrix, frame: Frame) -> Rect | None:
    matrix = _matrix(obj).times(outer)
    corners = [frame.point(*matrix.point(x, y)) for x, y in ((0, 0), (1, 0), (0, 1), (1, 1))]
    return _on_page(_bounds(corners), frame)


def _on_page(box: Rect, frame: Frame) -> Rect | None:
    """The part of ``box`` on the page; None when there is none, or its numbers are no numbers."""
    clipped = Rect(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, frame.width), min(box.y1, frame.height))
    return clipped if clipped.x1 >= clipped.x0 and clipped.y1 >= clipped.y0 else None


def _bounds(points: list[Point]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rect(min(xs), min(ys), max(xs), max(ys))


def _path(obj: int, outer: Matrix, frame: Frame, found: Drawing) -> int:
    """Adds what the path shows; returns how many points it has."""
    count: int = fpdf.count_segments(obj)
    if count <= 0:
        return 1
    if count > PATH_POINTS_EACH_MAX:
        return PATH_POINTS_EACH_MAX // 40  # an illustration; not looked at
    matrix = _matrix(obj).times(outer)
    paint = _paint(obj, matrix.scale)
    if paint.stroke is None and paint.fill is None:
        return 1
    parts = _subpaths(obj, count, matrix, frame)
    if paint.fill is not None and paint.stroke is None and 2 <= len(parts) <= RING_PARTS_MAX:
        parts = _without_rings(parts, paint, frame, found)
    for part in parts:
        _add(part, paint, frame, found)
    return count


def _without_rings(parts: list[_Subpath], paint: _Paint, frame: Frame, found: Drawing) -> list[_Subpath]:
    """A rectangle filled but for a slightly smaller one within it is an outline: design programs draw borders so."""
    rest = list(parts)
    for outer in parts:
        for inner in parts:
            if outer is inner or outer not in rest or inner not in rest or not _rings(outer, inner):
                continue
            rest = [part for part in rest if part is not outer and part is not inner]
            _add_ring(outer, inner, paint.fill or (0, 0, 0), frame, found)
    return rest


def _add_ring(outer: _Subpath, inner: _Subpath, colour: Colour, frame: Frame, found: Drawing) -> None:
    """A border on all sides is an outline; on some sides it is the strokes of these."""
    a, b = _bounds(outer.points), _bounds(inner.points)
    bounds = _on_page(b, frame)
    if bounds is None or min(colour) >= FAINT:
        return
    bars = (
        Rect(a.x0, a.y0, b.x0, a.y1),
        Rect(a.x0, a.y0, a.x1, b.y0),
        Rect(b.x1, a.y0, a.x1, a.y1),
        Rect(a.x0, b.y1, a.x1, a.y1),
    )
    drawn = [bar for bar in bars if min(bar.width, bar.height) > RING_POINTS_MIN]
    if len(drawn) == len(bars):
        kind = _curve_kind(inner, bounds) if inner.curved else "rect"
        found.shapes.append(Shape(bounds, kind, stroked=True, filled=False))
        return
    for bar in drawn:
        shown = _on_page(bar, frame)
        if shown is not None:
            _add_bar(shown, colour, found)


def _rings(outer: _Subpath, inner: _Subpath) -> bool:
    if outer.curved != inner.curved or not (outer.curved or (_is_rectangle(outer) and _is_rectangle(inner))):
        return False
    a, b = _bounds(outer.points), _bounds(inner.points)
    sides = (b.x0 - a.x0, b.y0 - a.y0, a.x1 - b.x1, a.y1 - b.y1)
    thin = all(-RING_POINTS_MIN <= side <= RING_POINTS_MAX for side in sides)
    return thin and max(sides) > RING_POINTS_MIN and min(b.width, b.height) > 3


def _paint(obj: int, scale: float) -> _Paint:
    filled, stroked = fpdf.draw_mode(obj)
    stroke = _colour(fpdf.stroke_colour(obj)) if stroked else None
    fill = _colour(fpdf.fill_colour(obj)) if filled else None
    if stroke is not None and min(stroke) >= FAINT:
        stroke = None
    return _Paint(stroke, fill, max(fpdf.stroke_width(obj) * scale, 0.1))


def _colour(named: tuple[Colour, int] | None) -> Colour | None:
    if named is None:
        return (0, 0, 0)
    colour, alpha = named
    return colour if alpha >= OPAQUE_MIN else None


def _subpaths(obj: int, count: int, matrix: Matrix, frame: Frame) -> list[_Subpath]:
    parts: list[_Subpath] = []
    for kind, x, y, closes in fpdf.segments(obj, count):
        point = frame.point(*matrix.point(x, y))
        if kind == pdfium.FPDF_SEGMENT_MOVETO or not parts:
            parts.append(_Subpath([point]))
        else:
            parts[-1].points.append(point)
            parts[-1].curved |= kind == pdfium.FPDF_SEGMENT_BEZIERTO
        parts[-1].closed |= closes
    return parts


def _add(part: _Subpath, paint: _Paint, frame: Frame, found: Drawing) -> None:
    if len(part.points) < 2:
        return
    bounds = _on_page(_bounds(part.points), frame)
    if bounds is None:
        return
    if part.curved:
        _add_curve(part, bounds, paint, found)
        return
    rectangle = _is_rectangle(part)
    if (
        paint.fill is not None
        and (rectangle or len(part.points) <= 3)
        and min(bounds.width, bounds.height) < THIN_POINTS
    ):
        if min(paint.fill) < FAINT:
            _add_bar(bounds, paint.fill, found)
        return
    if rectangle:
        if min(bounds.width, bounds.height) < THIN_POINTS:
            _add_bar(bounds, paint.stroke or (0, 0, 0), found)
        else:
            found.shapes.append(Shape(bounds, "rect", paint.stroke is not None, paint.fill is not None, paint.fill))
        return
    if paint.stroke is not None:
        _add_strokes(part, paint, frame, found)
    if paint.fill is not None or len(part.points) > 6:
        found.shapes.append(Shape(bounds, "other", paint.stroke is not None, paint.fill is not None, paint.fill))


def _add_curve(part: _Subpath, bounds: Rect, paint: _Paint, found: Drawing) -> None:
    (ax, ay), (bx, by) = part.points[0], part.points[-1]
    closed = part.closed or paint.fill is not None or max(abs(ax - bx), abs(ay - by)) < 0.05 * max(bounds.width, 1.0)
    kind = _curve_kind(part, bounds) if closed else "other"
    found.shapes.append(Shape(bounds, kind, paint.stroke is not None, paint.fill is not None, paint.fill))


def _curve_kind(part: _Subpath, bounds: Rect) -> Literal["rect", "ellipse", "other"]:
    """A circle by its proportions, a rectangle with round corners by its width; anything else is a drawing."""
    points = len(part.points)
    if max(bounds.width, bounds.height) > 3 and 0.75 <= bounds.width / max(bounds.height, 0.01) <= 1.33:
        return "ellipse" if 10 <= points <= 30 else "other"
    return "rect" if bounds.width > 1.6 * bounds.height >= 12.8 and 10 <= points <= 24 else "other"


def _add_bar(bounds: Rect, colour: Colour, found: Drawing) -> None:
    horizontal = bounds.width >= bounds.height
    found.segments.append(Segment(bounds, horizontal, min(bounds.width, bounds.height), colour))


def _add_strokes(part: _Subpath, paint: _Paint, frame: Frame, found: Drawing) -> None:
    points = [*part.points, part.points[0]] if part.closed else part.points
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = abs(ax - bx), abs(ay - by)
        if max(dx, dy) < 2 or min(dx, dy) > max(0.3, STRAIGHT_SLOPE * max(dx, dy)):
            continue
        box = _on_page(Rect(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)), frame)
        if box is not None:
            found.segments.append(Segment(box, dx >= dy, paint.width, paint.stroke or (0, 0, 0)))


def _is_rectangle(part: _Subpath) -> bool:
    points = part.points
    if len(points) == 5 and max(abs(points[0][0] - points[4][0]), abs(points[0][1] - points[4][1])) < 0.1:
        points = points[:4]
    if len(points) != 4:
        return False
    xs, ys = sorted({round(x, 1) for x, _ in points}), sorted({round(y, 1) for _, y in points})
    if xs[-1] - xs[0] > 400 * (ys[-1] - ys[0] + 0.01) and not part.closed:
        return False
    low, high, left, right = ys[0], ys[-1], xs[0], xs[-1]
    corners = {(left, low), (left, high), (right, low), (right, high)}
    near = {(left if x - left < right - x else right, low if y - low < high - y else high) for x, y in points}
    straight = all(
        min(abs(x - left), abs(x - right)) < 0.5 and min(abs(y - low), abs(y - high)) < 0.5 for x, y in points
    )
    return straight and near == corners
