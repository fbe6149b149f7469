"""Answers drawn on the page: text on its line or in its cell, letters in their boxes, ticks, a typed name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from procession.digitize.page import Rect
from procession.digitize.paper import answers
from procession.digitize.paper.canvas import Canvas
from procession.digitize.paper.fitting import (
    LEADING,
    TEXT_POINTS_MIN,
    Fitted,
    fit,
    runs_right_to_left,
    size_for,
    visual,
)
from procession.digitize.paper.font import drawable, typeface
from procession.digitize.paper.leftovers import Leftovers, Why
from procession.digitize.paper.surroundings import NEAR_POINTS, Surroundings
from procession.domain.form import Field, FieldType, Source

PAD_POINTS = 2.5
"""Between the edge of a box and what is written in it."""
ABOVE_RULE = 0.24
"""A baseline's height over the rule it stands on, in sizes: descenders stay clear of the rule."""
TALL = 2.3
"""A box this many sizes high is written in from its top."""
CELL_POINTS_MIN = 4.0
"""Narrower letter boxes are none."""
NOTE_POINTS = 5.5
RING_ASPECT_MIN = 2.2
"""An option's box this much wider than high, with a word in it, is ringed, not ticked."""

_LONG = frozenset({FieldType.TEXTAREA, FieldType.ADDRESS})


@dataclass(frozen=True, slots=True)
class Desk:
    """Where answers of one page are drawn, and where those go that do not fit."""

    page: Surroundings
    canvas: Canvas
    leftovers: Leftovers


def draw(desk: Desk, field: Field) -> str:
    """Write the answer of ``field`` in its place; returns the characters that cannot be drawn.

    What has no place or does not fit goes to the leftovers whole.
    """
    if field.value in (None, False, "", []):
        return ""
    if answers.is_marked(field):
        return _mark(desk, field)
    if field.box is None:
        return _elsewhere(desk, field, answers.written(field), Why.NO_PLACE)
    box = desk.page.rect(field.box)
    if field.type in (FieldType.SIGNATURE, FieldType.INITIALS):
        return _sign(desk, field, box)
    printed = desk.page.words_in(box)
    if _is_row_of_letters(field, box):
        return _letters(desk, field, box, printed)
    return _write(desk, field, box, answers.written(field, printed))


def _elsewhere(desk: Desk, field: Field, text: str, why: Why) -> str:
    desk.leftovers.add(field.page, field.label, text, why)
    return drawable(text)[1]


# --- ticks ------------------------------------------------------------------------------------------------------------


def _mark(desk: Desk, field: Field) -> str:
    if field.type is FieldType.CHECKBOX and field.value is True:
        place = next((option.box for option in field.options if option.box is not None), field.box)
        if place is None:
            return _elsewhere(desk, field, "Yes", Why.NO_PLACE)
        _tick(desk, field, desk.page.rect(place))
        return ""
    picked = answers.chosen(field)
    lost = ""
    for option in picked.options:
        if option.box is None:
            lost += _elsewhere(desk, field, option.label, Why.NO_PLACE)
        else:
            _tick(desk, field, desk.page.rect(option.box))
    if picked.other:
        lost += _elsewhere(desk, field, picked.other, Why.NO_PLACE)
    return lost


def _tick(desk: Desk, field: Field, box: Rect) -> None:
    place = desk.canvas.up(box)
    if box.width > RING_ASPECT_MIN * box.height and desk.page.holds_word(box):
        desk.canvas.ring(place)
    elif field.type is FieldType.RADIO and any(_same(box, circle) for circle in desk.page.circles):
        desk.canvas.dot(place)
    else:
        desk.canvas.tick(place)


def _same(one: Rect, other: Rect) -> bool:
    (ax, ay), (bx, by) = one.centre, other.centre
    return abs(ax - bx) + abs(ay - by) < 3 and abs(one.width - other.width) < 0.4 * one.width


# --- text -------------------------------------------------------------------------------------------------------------


def _write(desk: Desk, field: Field, box: Rect, text: str) -> str:
    shown, lost = drawable(text)
    if field.type not in _LONG and "\n" in shown and box.height < 2 * desk.page.size:
        shown = " ".join(shown.split("\n"))
    rules = desk.page.rules_of(box)
    fitted = _on_rules(desk, box, shown, rules) if len(rules) > 1 else _in_box(desk, field, box, shown, rules)
    if fitted.cut:
        desk.leftovers.add(field.page, field.label, text, Why.CUT)
    return lost


def _on_rules(desk: Desk, box: Rect, text: str, rules: list[float]) -> Fitted:
    """Each line of the answer stands on a rule of the paper."""
    leading = median(b - a for a, b in pairwise(rules))
    wanted = min(desk.page.size, 0.74 * leading)
    width = box.width - 2 * PAD_POINTS
    mark = desk.leftovers.next_mark()
    fitted = fit(text, width, 0, wanted, rows=len(rules), smallest=min(TEXT_POINTS_MIN, wanted), mark=mark)
    for line, rule in zip(fitted.lines, rules, strict=False):
        _line(desk, box, line, rule - ABOVE_RULE * fitted.size, fitted.size)
    return fitted


def _in_box(desk: Desk, field: Field, box: Rect, text: str, rules: list[float]) -> Fitted:
    free = desk.page.clear_of_words(box)
    wanted = size_for(free.height, desk.page.size)
    smallest = min(TEXT_POINTS_MIN, wanted)
    width = max(free.width - 2 * PAD_POINTS, 4.0)
    fitted = fit(text, width, free.height - 1, wanted, smallest=smallest, mark=desk.leftovers.next_mark())
    size, face = fitted.size, typeface()
    leading = size * LEADING
    block = (len(fitted.lines) - 1) * leading + face.cap_height * size
    underlined = bool(rules) and not desk.page.is_closed_above(box)
    if free.height > TALL * size and field.type in _LONG:
        first = free.y0 + PAD_POINTS + face.ascent * size * 0.92
    elif underlined and abs(rules[0] - box.y1) <= NEAR_POINTS:
        first = rules[0] - ABOVE_RULE * size - (len(fitted.lines) - 1) * leading
    elif len(fitted.lines) == 1 and free.height > TALL * size and not desk.page.is_closed_above(box):
        first = free.y1 - (ABOVE_RULE + 0.12) * size
    else:
        first = free.centre[1] - block / 2 + face.cap_height * size
    for at, line in enumerate(fitted.lines):
        _line(desk, free, line, first + at * leading, size)
    return fitted


def _line(desk: Desk, box: Rect, line: str, baseline: float, size: float) -> None:
    shown = visual(line)
    x = box.x0 + PAD_POINTS
    if runs_right_to_left(line):
        x = box.x1 - PAD_POINTS - typeface().width(shown, size)
    desk.canvas.text(shown, x, desk.canvas.height - baseline, size)


# --- one letter a box -------------------------------------------------------------------------------------------------


def _is_row_of_letters(field: Field, box: Rect) -> bool:
    """A drawn field has a length only where letter boxes are drawn; a widget's is just a limit."""
    if field.max_length is None or field.source is Source.WIDGET or field.type in _LONG:
        return False
    return box.width / field.max_length >= CELL_POINTS_MIN


def _letters(desk: Desk, field: Field, box: Rect, printed: str) -> str:
    cells = _cells(desk, field, box)
    text = answers.written(field, printed)
    whole, lost = drawable(_for_cells(desk, field, len(cells), printed))
    shown = visual(" ".join(whole.split("\n")))
    size = min(desk.page.size + 1, size_for(box.height, 14.0), 0.95 * min(cell.width for cell in cells) / 0.6)
    baseline = box.centre[1] + typeface().cap_height * size / 2
    for letter, cell in zip(shown, cells, strict=False):
        x = cell.centre[0] - typeface().width(letter, size) / 2
        desk.canvas.text(letter, x, desk.canvas.height - baseline, size)
    if len(shown) > len(cells):
        desk.leftovers.add(field.page, field.label, text, Why.CUT)
    return lost


def _for_cells(desk: Desk, field: Field, cells: int, printed: str) -> str:
    value = str(field.value)
    if field.type is FieldType.DATE:
        return answers.digits_of_date(field, cells, desk.page.frame.width, printed) or value
    text = field.value_text or value
    return text if len(text) <= cells else "".join(c for c in text if c not in " -/.()")


def _cells(desk: Desk, field: Field, box: Rect) -> list[Rect]:
    """The letter boxes as they are drawn, or the place divided evenly."""
    count = max(1, field.max_length or 1)
    boxes = sorted(
        cell
        for cell in desk.page.cells
        if cell.width < 2.5 * cell.height and cell.width < 1.6 * box.width / count and _inside(cell, box)
    )
    if len(boxes) == count:
        return boxes
    edges = sorted(
        line.centre[0]
        for line in desk.page.uprights
        if box.x0 + NEAR_POINTS < line.centre[0] < box.x1 - NEAR_POINTS
        and min(line.y1, box.y1) - max(line.y0, box.y0) > 0.4 * min(box.height, line.height)
    )
    between = [Rect(a, box.y0, b, box.y1) for a, b in pairwise([box.x0, *edges, box.x1])]
    if len(between) == count:
        return between
    closed = [cell for cell in between if _has_foot(desk, cell)]
    if len(closed) == count:
        return closed  # where a dash is printed the row of boxes is open below
    width = box.width / count
    return [Rect(box.x0 + at * width, box.y0, box.x0 + (at + 1) * width, box.y1) for at in range(count)]


def _has_foot(desk: Desk, cell: Rect) -> bool:
    middle = cell.centre[0]
    return any(rule.x0 <= middle <= rule.x1 and abs(rule.y0 - cell.y1) <= NEAR_POINTS for rule in desk.page.rules)


def _inside(cell: Rect, box: Rect) -> bool:
    x, y = cell.centre
    return box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1


# --- signatures -------------------------------------------------------------------------------------------------------


def _sign(desk: Desk, field: Field, box: Rect) -> str:
    """A typed name leans and says what it is: it must not be taken for ink."""
    text = str(field.value)
    if text == answers.SIGNED:
        return _elsewhere(desk, field, "Signed, as the reviewer noted; no name was typed.", Why.NO_PLACE)
    shown, lost = drawable(" ".join(text.split()))
    shown = visual(shown)
    face = typeface()
    note = f"({answers.TYPED_NAME})" if field.type is FieldType.SIGNATURE else ""
    note_width = face.width(note, NOTE_POINTS) + 6 if note else 0.0
    wanted = size_for(box.height, desk.page.size + 1.5)
    room = box.width - 2 * PAD_POINTS - note_width
    size = min(wanted, max(TEXT_POINTS_MIN, wanted * room / max(face.width(shown, wanted), 1.0)))
    if face.width(shown, size) > box.width - 2 * PAD_POINTS - note_width:
        fitted = fit(shown, max(room, 4.0), 0, size, rows=1, smallest=size, mark=desk.leftovers.next_mark())
        desk.leftovers.add(field.page, field.label, f"{text} ({answers.TYPED_NAME})", Why.CUT)
        shown = fitted.lines[0]
    rules = desk.page.rules_of(box)
    baseline = rules[-1] - ABOVE_RULE * size if rules else box.y1 - (ABOVE_RULE + 0.1) * size
    if desk.page.is_closed_above(box):
        baseline = box.centre[1] + face.cap_height * size / 2
    y = desk.canvas.height - baseline
    desk.canvas.text(shown, box.x0 + PAD_POINTS, y, size, slanted=True)
    if note:
        desk.canvas.text(note, box.x1 - face.width(note, NOTE_POINTS) - PAD_POINTS, y, NOTE_POINTS)
    return lost
