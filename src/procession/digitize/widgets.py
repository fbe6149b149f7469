"""AcroForm fields as the file declares them: types, choices, flags, values. Read with pikepdf; nothing is executed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pikepdf

from procession.digitize.combs import joined
from procession.digitize.document import Frame
from procession.digitize.page import Rect, Widget, WidgetOption

WIDGETS_MAX = 20_000
"""Widgets read of one page range."""
PARENTS_MAX = 32
"""Levels of a field's tree; deeper is a loop."""
OPTIONS_MAX = 500
STACK_SHARE_MIN = 0.7
"""Boxes to tick that share this much of the place they cover together (IoU) are copies of one another."""
TEXT_STACK_SHARE_MIN = 0.85
"""Likewise for two text widgets, which may overlap without being copies."""
WIDGET_POINTS_MIN = 1.5
"""Nobody can click a thinner one; authors hide helpers so."""
STACK_GRID_POINTS = 8.0
TEXT_CHARS_MAX = 10_000
SCRIPT_CHARS_MAX = 400

HIDDEN = 0x02
NO_VIEW = 0x20
READ_ONLY, REQUIRED = 1 << 0, 1 << 1
MULTILINE = 1 << 12
RADIO, PUSH = 1 << 15, 1 << 16
COMBO, MULTISELECT, COMB = 1 << 17, 1 << 21, 1 << 24

Kind = Literal["text", "checkbox", "radio", "choice", "signature", "button"]

_FORMATS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"AFDate_"), "date"),
    (re.compile(r"AFTime_"), "time"),
    (re.compile(r"AFNumber_\w+\([^)]*[\"'][^\"')]*[$€£¥]"), "currency"),
    (re.compile(r"AFNumber_|AFPercent_"), "number"),
    (re.compile(r"AFSpecial_\w+\(\s*2"), "phone"),
)
FORM_ERRORS = (
    pikepdf.PdfError,
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    IndexError,
)
"""What pikepdf raises for objects that are not what a form says they are."""


@dataclass(slots=True)
class Widgets:
    by_page: dict[int, list[Widget]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Piece:
    """One annotation before the pieces of one field are put together; its box as ``page.Widget`` has it."""

    page: int
    box: Rect
    name: str
    kind: Kind
    flags: int
    on: str
    """Name of the state that means "chosen", for buttons."""
    selected: bool
    node: Any


def read_widgets(data: bytes, frames: Mapping[int, Frame]) -> Widgets:
    """Fields on the pages named in ``frames`` (number from 1 -> frame). Never raises for a broken form: it warns."""
    found = Widgets()
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            form = pdf.Root.get("/AcroForm")
            if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
                found.warnings.append("This PDF holds an XFA form; only what it shows as ordinary fields was read.")
            pieces = _distinct(pieces_of(pdf, form, frames, found.warnings))
            _put_together(pieces, found)
            found.by_page = {number: joined(widgets) for number, widgets in found.by_page.items()}
    except pikepdf.PasswordError:
        found.warnings.append("The form fields are encrypted and were not read.")
    except FORM_ERRORS:
        found.warnings.append("The form fields of this PDF are damaged and were not read.")
    return found


def pieces_of(pdf: Any, form: Any, frames: Mapping[int, Frame], warnings: list[str]) -> Iterator[Piece]:
    """The widgets people see on the pages of ``frames``, copies included. ``form``: the AcroForm, or None."""
    count = 0
    seen: set[tuple[int, int]] = set()
    numbers: dict[tuple[int, int], int] = {}
    for number, frame in frames.items():
        try:
            page = pdf.pages[number - 1]
        except FORM_ERRORS:
            continue
        numbers[page.obj.objgen] = number
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array):
            continue
        for node in items(annotations):
            count += 1
            if count > WIDGETS_MAX:
                warnings.append(f"This PDF has more than {WIDGETS_MAX} annotations; the rest was left out.")
                return
            seen.add(node.objgen)
            piece = _guarded(node, number, frame)
            if piece is not None:
                yield piece
    for node in _orphans(form, seen):
        owner = node.get("/P")
        found = numbers.get(owner.objgen) if isinstance(owner, pikepdf.Dictionary) else None
        if found is None and len(pdf.pages) == 1 and 1 in frames:
            found = 1
        piece = _guarded(node, found, frames[found]) if found is not None else None
        if piece is not None:
            yield piece


def _distinct(pieces: Iterable[Piece]) -> list[Piece]:
    """Copies that lie on one another count once, the filled one if any: nobody can click the others."""
    kept: list[Piece] = []
    places: dict[tuple[int, int, int], list[int]] = {}
    for piece in pieces:
        x, y = piece.box.centre
        cx, cy = int(x // STACK_GRID_POINTS), int(y // STACK_GRID_POINTS)
        near = [
            place
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for place in places.get((piece.page, cx + dx, cy + dy), ())
            if _same_place(kept[place], piece)
        ]
        if not near:
            places.setdefault((piece.page, cx, cy), []).append(len(kept))
            kept.append(piece)
        elif not _has_value(kept[near[0]]) and _has_value(piece):
            kept[near[0]] = piece
    return kept


def _same_place(one: Piece, other: Piece) -> bool:
    a, b = one.box, other.box
    ticked = {one.kind, other.kind} & {"checkbox", "radio"}
    share_min = STACK_SHARE_MIN if ticked else TEXT_STACK_SHARE_MIN
    width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return False
    shared = width * height
    return shared >= share_min * (a.width * a.height + b.width * b.height - shared)


def _has_value(piece: Piece) -> bool:
    return piece.selected or (piece.kind in ("text", "choice") and bool(text_of(inherited(piece.node, "/V"))))


def items(array: Any) -> Iterator[Any]:
    """The dictionaries of an array, WIDGETS_MAX at most."""
    for index in range(min(len(array), WIDGETS_MAX + 1)):
        try:
            node = array[index]
        except FORM_ERRORS:
            continue
        if isinstance(node, pikepdf.Dictionary):
            yield node


def _orphans(form: Any, seen: set[tuple[int, int]]) -> Iterator[Any]:
    """Widgets that only the form's own tree knows, because their page forgot them."""
    if not isinstance(form, pikepdf.Dictionary):
        return
    fields = form.get("/Fields")
    stack = [(node, 0) for node in items(fields)] if isinstance(fields, pikepdf.Array) else []
    visited: set[tuple[int, int]] = set()
    while stack and len(visited) < WIDGETS_MAX:
        node, depth = stack.pop()
        if node.objgen in visited or depth > PARENTS_MAX:
            continue
        if node.objgen != (0, 0):
            visited.add(node.objgen)
        kids = node.get("/Kids")
        if isinstance(kids, pikepdf.Array):
            stack.extend((kid, depth + 1) for kid in items(kids))
        elif "/Rect" in node and node.objgen not in seen:
            yield node


def _guarded(node: Any, number: int, frame: Frame) -> Piece | None:
    try:
        return _piece(node, number, frame)
    except FORM_ERRORS:
        return None


def _piece(node: Any, number: int, frame: Frame) -> Piece | None:
    if str(node.get("/Subtype", "/Widget")) != "/Widget":
        return None
    if int(node.get("/F", 0)) & (HIDDEN | NO_VIEW):
        return None
    kind_name = inherited(node, "/FT")
    flags = int(inherited(node, "/Ff") or 0)
    kind = _kind(str(kind_name), flags)
    x0, y0, x1, y1 = (float(value) for value in node["/Rect"])
    box = frame.rect(x0, y0, x1, y1)
    box = Rect(max(box.x0, 0.0), max(box.y0, 0.0), min(box.x1, frame.width), min(box.y1, frame.height))
    if kind is None or kind == "button" or min(box.width, box.height) < WIDGET_POINTS_MIN:
        return None
    on = on_state(node) if kind in ("checkbox", "radio") else ""
    state = str(node.get("/AS", "")).lstrip("/")
    value = inherited(node, "/V")
    chosen = bool(on) and (state == on or (not state and str(value).lstrip("/") == on))
    return Piece(number, box, _full_name(node), kind, flags, on, chosen, node)


def _kind(name: str, flags: int) -> Kind | None:
    if name == "/Tx":
        return "text"
    if name == "/Ch":
        return "choice"
    if name == "/Sig":
        return "signature"
    if name == "/Btn":
        return "button" if flags & PUSH else "radio" if flags & RADIO else "checkbox"
    return None


def chain(node: Any) -> Iterator[Any]:
    """``node`` and what it inherits from, nearest first."""
    for _ in range(PARENTS_MAX):
        if not isinstance(node, pikepdf.Dictionary):
            return
        yield node
        node = node.get("/Parent")


def inherited(node: Any, key: str) -> Any:
    """The nearest value of ``key``, or None."""
    return next((one[key] for one in chain(node) if key in one), None)


def _full_name(node: Any) -> str:
    parts = [text_of(one["/T"]) for one in chain(node) if "/T" in one]
    return ".".join(reversed(parts))


def text_of(value: Any) -> str:
    """A text string or stream of a form as text, TEXT_CHARS_MAX at most."""
    if value is None:
        return ""
    if isinstance(value, pikepdf.Stream):
        return bytes(value.read_bytes()[: TEXT_CHARS_MAX * 2]).decode("utf-8", "replace")[:TEXT_CHARS_MAX]
    return str(value)[:TEXT_CHARS_MAX].replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def on_state(node: Any) -> str:
    """Name of the appearance that means "chosen"."""
    appearance = node.get("/AP")
    normal = appearance.get("/N") if isinstance(appearance, pikepdf.Dictionary) else None
    if isinstance(normal, pikepdf.Dictionary) and not isinstance(normal, pikepdf.Stream):
        for key in normal.keys():  # noqa: SIM118 - a pikepdf dictionary iterates its keys only this way
            if key != "/Off":
                return str(key).lstrip("/")
    state = str(node.get("/AS", "")).lstrip("/")
    return state if state and state != "Off" else "Yes"


def _put_together(pieces: list[Piece], found: Widgets) -> None:
    """Buttons of one name on one page are one field with options; everything else is a field for each piece."""
    groups: dict[tuple[int, str, str], list[Piece]] = {}
    for index, piece in enumerate(pieces):
        grouped = piece.kind in ("radio", "checkbox") and piece.name
        key = (piece.page, piece.kind, piece.name if grouped else f"\0{index}")
        groups.setdefault(key, []).append(piece)
    for group in groups.values():
        try:
            found.by_page.setdefault(group[0].page, []).append(_widget(group))
        except FORM_ERRORS:
            found.warnings.append(f"A form field on page {group[0].page} is damaged and was left out.")


def _widget(group: list[Piece]) -> Widget:
    first = group[0]
    node, flags = first.node, first.flags
    limit = inherited(node, "/MaxLen")
    boxes = [piece.box for piece in group]
    common = {
        "name": first.name,
        "kind": first.kind,
        "box": Rect(
            min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes)
        ),
        "label": text_of(inherited(node, "/TU")),
        "required": bool(flags & REQUIRED),
        "read_only": bool(flags & READ_ONLY),
    }
    if first.kind in ("radio", "checkbox"):
        if len(group) == 1 and first.kind == "checkbox":
            return Widget(**common, value="true" if first.selected else None)  # type: ignore[arg-type]
        options = tuple(_button_option(piece) for piece in group)
        chosen = next((option.value for option in options if option.selected), None)
        return Widget(**common, value=chosen, options=options)  # type: ignore[arg-type]
    value = _value(inherited(node, "/V")) if first.kind != "signature" else _signed(node)
    return Widget(
        **common,  # type: ignore[arg-type]
        value=value,
        options=_choices(node, value) if first.kind == "choice" else (),
        multiline=first.kind == "text" and bool(flags & MULTILINE),
        multiselect=first.kind == "choice" and bool(flags & MULTISELECT),
        comb=first.kind == "text" and bool(flags & COMB) and limit is not None,
        max_length=int(limit) if limit is not None and 0 < int(limit) < 1_000_000 else None,
        format=_format(node),
    )


def _button_option(piece: Piece) -> WidgetOption:
    tip = text_of(piece.node.get("/TU")) if "/Parent" in piece.node else ""
    return WidgetOption(label=tip, value=piece.on, box=piece.box, selected=piece.selected)


def _value(value: Any) -> str | None:
    if isinstance(value, pikepdf.Array):
        return "\n".join(text_of(one) for one in list(value)[:OPTIONS_MAX]) or None
    return text_of(value) or None


def _signed(node: Any) -> str | None:
    return "signed" if isinstance(inherited(node, "/V"), pikepdf.Dictionary) else None


def _choices(node: Any, value: str | None) -> tuple[WidgetOption, ...]:
    options = inherited(node, "/Opt")
    chosen = set((value or "").split("\n"))
    out: list[WidgetOption] = []
    if isinstance(options, pikepdf.Array):
        for entry in list(options)[:OPTIONS_MAX]:
            pair = isinstance(entry, pikepdf.Array) and len(entry) >= 2
            stored, shown = (text_of(entry[0]), text_of(entry[1])) if pair else (text_of(entry), text_of(entry))
            out.append(WidgetOption(shown, stored, selected=bool(stored) and stored in chosen))
    return tuple(out)


def _format(node: Any) -> str | None:
    actions = inherited(node, "/AA")
    for key in ("/F", "/K"):
        action = actions.get(key) if isinstance(actions, pikepdf.Dictionary) else None
        if isinstance(action, pikepdf.Dictionary) and "/JS" in action:
            script = text_of(action["/JS"])[:SCRIPT_CHARS_MAX]
            for pattern, name in _FORMATS:
                if pattern.search(script):
                    return name
    return None
