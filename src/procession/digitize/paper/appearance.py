"""How a widget looks with its value: the appearance streams viewers show, made here so that none has to make its own.

ISO 32000-1, 12.7.3.3 (variable text) and 12.5.5 (appearance streams): a form XObject in the widget's own space, turned
by the widget's rotation, with its background, its border and the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from procession.digitize.page import Rect
from procession.digitize.paper.canvas import Canvas, number
from procession.digitize.paper.fitting import LEADING, Fitted, fit, runs_right_to_left, size_for, visual
from procession.digitize.paper.font import EmbeddedFont, drawable, typeface
from procession.digitize.widgets import chain, inherited, text_of

AUTO_POINTS_MAX = 12.0
"""A field that leaves the size of its text to the viewer gets this at most."""
WIDGET_TEXT_POINTS_MIN = 4.0
ALONG = 1.5
"""A field this much longer than high, before its page is turned, is written along its length."""
PAD_POINTS = 2.0
PASSWORD = 1 << 13
MULTILINE = 1 << 12
COMB = 1 << 24
_TEXT_SIZE = re.compile(rb"(-?\d*\.?\d+)\s+Tf\b")
_COLOUR = re.compile(rb"((?:-?\d*\.?\d+\s+){1,4}(?:g|rg|k))(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Look:
    """A widget's own ways: its size (points, in its own space), rotation, text size (0: as fits), colour, alignment."""

    width: float
    height: float
    rotation: int
    size: float
    colour: bytes
    align: int
    border: float
    frame: bytes
    """Operators of background and border."""


def look_of(pdf: pikepdf.Pdf, node: Any, page_rotation: int) -> Look:
    """Raises what pikepdf raises for a widget that is none."""
    x0, y0, x1, y1 = (float(value) for value in node["/Rect"])
    width, height = abs(x1 - x0), abs(y1 - y0)
    characteristics = node.get("/MK")
    given = characteristics.get("/R") if isinstance(characteristics, Dictionary) else None
    rotation = int(given) % 360 if given is not None else page_rotation
    rotation = rotation if rotation in (90, 180, 270) else 0
    if given is None and rotation in (90, 270) and width > ALONG * height:
        rotation = 0  # the form lies sideways on its page, and so does what is written
    if rotation in (90, 270):
        width, height = height, width
    asked = _default_appearance(pdf, node)
    size = _TEXT_SIZE.search(asked)
    colour = _COLOUR.search(asked)
    border = _border_width(node, characteristics)
    return Look(
        max(width, 1.0),
        max(height, 1.0),
        rotation,
        min(max(float(size.group(1)), 0.0), 144.0) if size else 0.0,
        colour.group(1) if colour else b"0 g",
        int(inherited(node, "/Q") or _of_form(pdf, "/Q") or 0),
        border,
        _frame(characteristics, max(width, 1.0), max(height, 1.0), border),
    )


def _of_form(pdf: pikepdf.Pdf, key: str) -> Any:
    form = pdf.Root.get("/AcroForm")
    return form.get(key) if isinstance(form, Dictionary) else None


def _default_appearance(pdf: pikepdf.Pdf, node: Any) -> bytes:
    given = inherited(node, "/DA")
    given = given if given is not None else _of_form(pdf, "/DA")
    return bytes(given)[:400] if isinstance(given, pikepdf.String) else b""


def _border_width(node: Any, characteristics: Any) -> float:
    if not isinstance(characteristics, Dictionary) or "/BC" not in characteristics:
        return 0.0
    style = node.get("/BS")
    if isinstance(style, Dictionary):
        return min(max(float(style.get("/W", 1)), 0.0), 12.0)
    border = node.get("/Border")
    return min(max(float(border[2]), 0.0), 12.0) if isinstance(border, Array) and len(border) > 2 else 1.0


def _frame(characteristics: Any, width: float, height: float, border: float) -> bytes:
    if not isinstance(characteristics, Dictionary):
        return b""
    parts = []
    background, edge = characteristics.get("/BG"), characteristics.get("/BC")
    if isinstance(background, Array) and (fill := _colour(background, (b"g", b"rg", b"k"))):
        parts.append(b"%s 0 0 %s %s re f" % (fill, number(width), number(height)))
    if border and isinstance(edge, Array) and (stroke := _colour(edge, (b"G", b"RG", b"K"))):
        half = border / 2
        inner = (number(half), number(half), number(width - border), number(height - border))
        parts.append(b"%s %s w %s %s %s %s re S" % (stroke, number(border), *inner))
    return b"q " + b" ".join(parts) + b" Q" if parts else b""


def _colour(given: Any, operators: tuple[bytes, bytes, bytes]) -> bytes:
    values = [min(max(float(one), 0.0), 1.0) for one in given]
    operator = {1: operators[0], 3: operators[1], 4: operators[2]}.get(len(values))
    return b" ".join(number(one) for one in values) + b" " + operator if operator else b""


@dataclass(frozen=True, slots=True)
class Shown:
    """``lost``: characters that cannot be drawn; ``cut``: whether the end does not fit."""

    lost: str = ""
    cut: bool = False


def write_text(pdf: pikepdf.Pdf, node: Any, value: str, font: EmbeddedFont, page_rotation: int, mark: str) -> Shown:
    """Give a text or choice widget an appearance that shows ``value``. ``mark`` ends what had to be cut."""
    look = look_of(pdf, node, page_rotation)
    flags = int(inherited(node, "/Ff") or 0)
    limit = inherited(node, "/MaxLen")
    shown, lost = drawable("*" * len(value) if flags & PASSWORD else value)
    canvas = Canvas(font)
    if flags & COMB and limit is not None and not flags & (MULTILINE | PASSWORD):
        cut = _comb(canvas, look, shown, max(1, min(int(limit), 500)))
    else:
        rows = None if flags & MULTILINE else 1
        fitted = _block(canvas, look, shown if flags & MULTILINE else " ".join(shown.split("\n")), rows, mark)
        cut = fitted.cut
    edge = max(look.border, 0.5)
    clip = (number(edge), number(edge), number(look.width - 2 * edge), number(look.height - 2 * edge))
    content = look.frame + b"\n/Tx BMC\nq %s %s %s %s re W n\n%s\n%s\nQ\nEMC\n" % (*clip, look.colour, canvas.content)
    _set(node, Dictionary(N=_stream(pdf, content, look, font)))
    if look.rotation and isinstance(node.get("/MK"), Dictionary):
        node["/MK"]["/R"] = look.rotation
    elif look.rotation:
        node["/MK"] = Dictionary(R=look.rotation)
    return Shown(lost, cut)


def _block(canvas: Canvas, look: Look, text: str, rows: int | None, mark: str) -> Fitted:
    pad = PAD_POINTS + look.border
    width, height = max(look.width - 2 * pad, 2.0), max(look.height - 2 * look.border, 2.0)
    highest = size_for(height, AUTO_POINTS_MAX)
    wanted = min(look.size, size_for(height, look.size)) if look.size else highest
    smallest = min(wanted, WIDGET_TEXT_POINTS_MIN)
    fitted = fit(text, width, height - 2 * PAD_POINTS, wanted, rows=rows, smallest=smallest, mark=mark)
    face, size = typeface(), fitted.size
    if rows == 1:
        first = (look.height - face.cap_height * size) / 2
    else:
        first = look.height - look.border - PAD_POINTS - face.ascent * size
    for at, line in enumerate(fitted.lines):
        turned = visual(line)
        spare = width - face.width(turned, size)
        align = 2 if look.align == 0 and runs_right_to_left(line) else look.align
        x = pad + (spare / 2 if align == 1 else spare if align == 2 else 0.0)
        canvas.text(turned, x, first - at * size * LEADING, size)
    return fitted


def _comb(canvas: Canvas, look: Look, text: str, cells: int) -> bool:
    width = look.width / cells
    size = size_for(look.height - 2 * look.border, look.size or AUTO_POINTS_MAX)
    size = min(size, 1.5 * width)
    face = typeface()
    y = (look.height - face.cap_height * size) / 2
    for at, letter in enumerate(visual(text)[:cells]):
        canvas.text(letter, (at + 0.5) * width - face.width(letter, size) / 2, y, size)
    return len(text) > cells


def show_state(pdf: pikepdf.Pdf, node: Any, on: str, chosen: bool, font: EmbeddedFont, page_rotation: int) -> None:
    """Set a button to its state; the looks it lacks are made."""
    appearance = node.get("/AP")
    normal = appearance.get("/N") if isinstance(appearance, Dictionary) else None
    if not isinstance(normal, Dictionary) or isinstance(normal, pikepdf.Stream):
        normal = Dictionary()
        _set(node, Dictionary(N=normal))
        normal = node["/AP"]["/N"]
    look = look_of(pdf, node, page_rotation)
    for name, ticked in ((f"/{on}", True), ("/Off", False)):
        if not isinstance(normal.get(name), pikepdf.Stream):
            canvas = Canvas(font)
            if ticked:
                canvas.tick(Rect(0, 0, look.width, look.height))
            content = look.frame + b"\nq 0 g 0 G\n" + canvas.content + b"\nQ\n"
            normal[name] = _stream(pdf, content, look, font)
    node["/AS"] = Name(f"/{on}") if chosen else Name.Off


def _stream(pdf: pikepdf.Pdf, content: bytes, look: Look, font: EmbeddedFont) -> Any:
    turn = {90: [0, 1, -1, 0, 0, 0], 180: [-1, 0, 0, -1, 0, 0], 270: [0, -1, 1, 0, 0, 0]}
    stream = pdf.make_stream(content)
    stream["/Type"], stream["/Subtype"] = Name.XObject, Name.Form
    stream["/BBox"] = Array([0, 0, round(look.width, 3), round(look.height, 3)])
    if look.rotation:
        stream["/Matrix"] = Array(turn[look.rotation])
    stream["/Resources"] = Canvas(font).resources
    return stream


def _set(node: Any, appearance: Any) -> None:
    node["/AP"] = appearance


def owner(node: Any) -> Any:
    """The field a widget belongs to: the nearest with a name."""
    return next((one for one in chain(node) if "/T" in one), node)


def shown_value(node: Any) -> str:
    """What a text or choice field holds, as it is shown."""
    value = inherited(node, "/V")
    if isinstance(value, Array):
        return "\n".join(text_of(one) for one in value)
    return text_of(value)
