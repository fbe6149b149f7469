"""Answers in AcroForm fields: values set, appearances made, so that the form stays editable and shows what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from procession.digitize.document import Frame
from procession.digitize.page import Rect
from procession.digitize.paper import answers
from procession.digitize.paper.appearance import owner, show_state, shown_value, write_text
from procession.digitize.paper.font import EmbeddedFont
from procession.digitize.paper.leftovers import Leftovers, Why
from procession.digitize.widgets import (
    FORM_ERRORS,
    SCRIPT_CHARS_MAX,
    Piece,
    chain,
    inherited,
    items,
    pieces_of,
    text_of,
)
from procession.domain.form import Field, FieldType

SAME_PLACE_MIN = 0.5
"""Shared part (intersection over union) from which a widget is the one a field was read from."""
LETTERS_MIN = 3
COPIES_MAX = 2_000
"""Widgets of one field."""
_DATE_FORMAT = re.compile(r"AFDate_\w+\(\s*[\"']([^\"']{1,40})[\"']")
_NUMBER_FORMAT = re.compile(r"AF(Number|Percent)_\w+\(")


@dataclass(slots=True)
class Interactive:
    """The widgets of a document and what is written into them."""

    pdf: pikepdf.Pdf
    frames: Mapping[int, Frame]
    font: EmbeddedFont
    leftovers: Leftovers
    lost: dict[str, str] = field(default_factory=dict)
    """Label of an answer -> characters of it that cannot be drawn."""
    _pieces: dict[int, list[Piece]] = field(default_factory=dict)
    _written: dict[tuple[int, int], str] = field(default_factory=dict)
    """What each field was given, so that two answers do not write over one another."""
    _pressed: set[tuple[int, int]] = field(default_factory=set)

    def read(self) -> None:
        form = self.pdf.Root.get("/AcroForm")
        for piece in pieces_of(self.pdf, form, self.frames, []):
            self._pieces.setdefault(piece.page, []).append(piece)

    def write(self, answer: Field, box: Rect | None, options: Sequence[Rect | None]) -> bool:
        """Whether the field has widgets, which then hold its value. Boxes: points of the page as displayed."""
        pieces = self._pieces.get(answer.page)
        if not pieces:
            return False
        buttons = [one for one in pieces if one.kind in ("checkbox", "radio")]
        if answer.options and any(options):
            places = [(o, p) for o, b in zip(answer.options, options, strict=True) for p in _at(buttons, b)]
            if places:
                picked = answers.chosen(answer)
                names = {id(option) for option in picked.options}
                self._press([(piece, id(option) in names) for option, piece in places])
                if picked.other:
                    self.leftovers.add(answer.page, answer.label, picked.other, Why.NO_PLACE)
                return True
        if answer.type is FieldType.CHECKBOX and (found := _at(buttons, box)):
            self._press([(piece, answer.value is True) for piece in found])
            return True
        if found := _at([one for one in pieces if one.kind in ("text", "choice")], box):
            for piece in found:
                self._enter(answer, piece)
            return True
        letters = _letters(pieces, box)
        if letters:
            self._spell(answer, letters)
        return bool(letters)

    # --- buttons ------------------------------------------------------------------------------------------------------

    def _press(self, places: Sequence[tuple[Piece, bool]]) -> None:
        """Set each button, and its field to a state that is chosen."""
        fields: dict[tuple[int, int], tuple[Any, list[str]]] = {}
        for piece, chosen in places:
            above = owner(piece.node)
            _, states = fields.setdefault(_key(above), (above, []))
            if chosen:
                states.append(piece.on)
            show_state(self.pdf, piece.node, piece.on, chosen, self.font, self._rotation(piece))
            self._pressed.add(_key(piece.node))
        handled = {_key(piece.node) for piece, _ in places}
        for above, states in fields.values():
            above["/V"] = Name(f"/{states[0]}") if states else Name.Off
            for kid in _widgets(above):
                if _key(kid) not in handled and str(kid.get("/AS", "/Off")) != "/Off" and not states:
                    kid["/AS"] = Name.Off

    # --- text and lists -----------------------------------------------------------------------------------------------

    def _enter(self, answer: Field, piece: Piece) -> None:
        above = owner(piece.node)
        text, stored = self._text_for(answer, piece)
        earlier = self._written.get(_key(above))
        if earlier and earlier != text:
            if text:
                self.leftovers.add(answer.page, answer.label, text, Why.TWICE)
            return
        self._written[_key(above)] = text
        if "/Rect" in above and "/Kids" in above and not list(_widgets(above))[1:]:
            del above["/Kids"]  # a place to write, not a group: kids that are none hide it from viewers
        if text == shown_value(piece.node) and "/AP" in piece.node:
            return
        limit = _limit(piece)
        for node in (above, piece.node):
            for key in ("/V", "/RV", "/I"):
                if key in node:
                    del node[key]
        if text:
            above["/V"] = _limited(stored, limit) if isinstance(stored, str) else stored
        mark = self.leftovers.next_mark()
        shown = text[:limit] if limit else text
        cut = bool(limit and len(text) > limit)
        for kid in _widgets(above):
            result = write_text(self.pdf, kid, shown, self.font, self._rotation(piece), mark)
            cut = cut or result.cut
            self._lose(answer, result.lost)
        if cut:
            self.leftovers.add(answer.page, answer.label, text, Why.CUT)

    def _text_for(self, answer: Field, piece: Piece) -> tuple[str, Any]:
        """(as shown, as stored)."""
        script = _script(piece.node)
        if piece.kind == "choice":
            return self._choice(answer, piece)
        if _NUMBER_FORMAT.search(script) and isinstance(answer.value, str | int) and not answer.value_text:
            text = str(answer.value)
        elif answer.type is FieldType.DATE and (told := _DATE_FORMAT.search(script)) and not answer.value_text:
            manner = answers.manner_of(told.group(1))
            text = answers.dated(str(answer.value or ""), manner) or answers.written(answer)
        elif answer.type is FieldType.DATE and piece.kind == "text" and (limit := _limit(piece)) in (6, 8):
            width = self.frames[piece.page].width
            text = answers.digits_of_date(answer, limit or 0, width) or answers.written(answer)
        else:
            text = answers.written(answer)
        return text, text

    def _choice(self, answer: Field, piece: Piece) -> tuple[str, Any]:
        given = answer.value if isinstance(answer.value, list) else [answer.value]
        shown, stored = [], []
        for one in given:
            if one in (None, "", False):
                continue
            option = next((o for o in answer.options if str(one) in (o.value, o.label)), None)
            shown.append(option.label if option else str(one))
            stored.append(option.value if option and isinstance(option.value, str) else str(one))
        if not stored:
            return "", ""
        return "\n".join(shown), stored[0] if len(stored) == 1 else Array([pikepdf.String(s) for s in stored])

    def _spell(self, answer: Field, letters: Sequence[Piece]) -> None:
        """One letter a widget."""
        text = answers.written(answer)
        if answer.type is FieldType.DATE:
            text = answers.digits_of_date(answer, len(letters), self.frames[answer.page].width) or text
        if len(text) > len(letters):
            text = "".join(c for c in text if c not in " -/.()")
        for at, piece in enumerate(letters):
            letter = text[at : at + 1].strip()
            above = owner(piece.node)
            if "/V" in above:
                del above["/V"]
            if letter:
                above["/V"] = letter
            self._lose(answer, write_text(self.pdf, piece.node, letter, self.font, self._rotation(piece), "").lost)
        if len(text) > len(letters):
            self.leftovers.add(answer.page, answer.label, answers.written(answer), Why.CUT)

    def adopt(self) -> None:
        """Widgets that only their page knows become fields of the form: else some viewers show none of them."""
        pieces = [piece for listed in self._pieces.values() for piece in listed]
        if not pieces:
            return
        form = self.pdf.Root.get("/AcroForm")
        if not isinstance(form, Dictionary):
            self.pdf.Root["/AcroForm"] = Dictionary(Fields=Array())
            form = self.pdf.Root["/AcroForm"]
        if not isinstance(form.get("/Fields"), Array):
            form["/Fields"] = Array()
        known = {_key(one) for one in items(form["/Fields"])}
        for piece in pieces:
            *_, root = chain(piece.node)
            if _key(root) not in known and root.is_indirect:
                known.add(_key(root))
                form["/Fields"].append(root)

    # --- the rest -----------------------------------------------------------------------------------------------------

    def show_the_rest(self) -> None:
        """Fields with a value and no appearance get one: the file left that to the viewer, which is told no longer."""
        form = self.pdf.Root.get("/AcroForm")
        if not isinstance(form, Dictionary):
            return
        left_to_viewer = bool(form.get("/NeedAppearances", False))
        for piece in (one for pieces in self._pieces.values() for one in pieces):
            if piece.kind == "signature" or _key(piece.node) in self._pressed:
                continue
            if _key(owner(piece.node)) in self._written:
                continue
            if not left_to_viewer and "/AP" in piece.node:
                continue
            if piece.kind in ("checkbox", "radio"):
                show_state(self.pdf, piece.node, piece.on, piece.selected, self.font, self._rotation(piece))
            elif value := shown_value(piece.node):
                write_text(self.pdf, piece.node, value, self.font, self._rotation(piece), "")

    def _rotation(self, piece: Piece) -> int:
        return self.frames[piece.page].rotation

    def _lose(self, answer: Field, lost: str) -> None:
        if lost:
            self.lost[answer.label] = lost


def _at(pieces: Iterable[Piece], box: Rect | None) -> list[Piece]:
    """The widgets that lie where ``box`` does; copies on one another are all meant."""
    return [] if box is None else [piece for piece in pieces if _shared(piece.box, box) >= SAME_PLACE_MIN]


def _letters(pieces: Iterable[Piece], box: Rect | None) -> list[Piece]:
    """Single letter boxes that together are the place, from the left."""
    if box is None:
        return []
    found = [
        piece
        for piece in pieces
        if piece.kind == "text" and _limit(piece) == 1 and _inside(piece.box.centre, box) and piece.box.x1 <= box.x1 + 1
    ]
    found.sort(key=lambda piece: piece.box.x0)
    return found if len(found) >= LETTERS_MIN else []


def _inside(point: tuple[float, float], box: Rect) -> bool:
    return box.x0 <= point[0] <= box.x1 and box.y0 <= point[1] <= box.y1


def _shared(one: Rect, other: Rect) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)


def _widgets(above: Any) -> Iterator[Any]:
    """All places in which one field is shown."""
    if "/Rect" in above:
        yield above
    kids = above.get("/Kids")
    if not isinstance(kids, Array):
        return
    for at, kid in enumerate(items(kids)):
        if at >= COPIES_MAX:
            return
        if "/Rect" in kid and "/T" not in kid:
            yield kid


def _limit(piece: Piece) -> int | None:
    limit = inherited(piece.node, "/MaxLen")
    try:
        return int(limit) if limit is not None and int(limit) > 0 else None
    except FORM_ERRORS:
        return None


def _limited(text: str, limit: int | None) -> str:
    return text[:limit] if limit else text


def _key(node: Any) -> tuple[int, int]:
    """What tells objects of the file apart; those without a number by their name and place."""
    number: tuple[int, int] = node.objgen
    return number if number != (0, 0) else (-1, hash((str(node.get("/T")), str(node.get("/Rect")))))


def _script(node: Any) -> str:
    """The scripts that format a field's value: read for the order of a date, never run."""
    actions = inherited(node, "/AA")
    found = []
    for key in ("/F", "/K"):
        action = actions.get(key) if isinstance(actions, Dictionary) else None
        if isinstance(action, Dictionary) and "/JS" in action:
            found.append(text_of(action["/JS"])[:SCRIPT_CHARS_MAX])
    return "\n".join(found)
