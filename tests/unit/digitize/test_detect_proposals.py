"""What is proposed beside what rules alone accept: boxes for letters, free parts of cells, lines in doubt."""

from __future__ import annotations

import pytest

from procession.digitize.detect import ACCEPT, Candidate, candidates, detect_fields
from procession.digitize.detect.areas import FREE_POINTS_MIN
from procession.digitize.detect.guesses import overlap
from procession.digitize.detect.lines import LEADER_POINTS
from procession.digitize.page import PageContent, Rect, Segment, Shape

from .drawn import Drawn


def upright(page: PageContent, x: float, y0: float, y1: float) -> None:
    page.segments.append(Segment(Rect(x - 0.3, y0, x + 0.3, y1), horizontal=False, width=0.6))


def letters(drawn: Drawn, x: float, y: float, count: int, side: float = 14.4) -> float:
    """A row of boxes for letters, 18 high; returns its right end."""
    end = x + count * side
    drawn.rule(x, y, end)
    drawn.rule(x, y + 18, end)
    for place in range(count + 1):
        upright(drawn.page, x + place * side, y, y + 18)
    return end


def cell(drawn: Drawn, box: Rect) -> None:
    drawn.rule(box.x0, box.y0, box.x1)
    drawn.rule(box.x0, box.y1, box.x1)
    upright(drawn.page, box.x0, box.y0, box.y1)
    upright(drawn.page, box.x1, box.y0, box.y1)


def proposed(drawn: Drawn) -> list[Candidate]:
    return candidates(drawn.page).found


def near(found: list[Candidate], box: Rect) -> float:
    """How well the best of ``found`` covers ``box``."""
    return max((overlap(one.box, box) for one in found), default=0.0)


def test_groups_of_letter_boxes_parted_by_a_printed_dash_are_one_field() -> None:
    drawn = Drawn()
    drawn.text(60, 100, "Social security number")
    end = letters(drawn, 60, 120, 3)
    drawn.text(end + 4, 123, "-")
    end = letters(drawn, end + 14.4, 120, 2)
    drawn.text(end + 4, 123, "-")
    end = letters(drawn, end + 14.4, 120, 4)
    (field,) = detect_fields(drawn.page)
    assert (field.rule, field.max_length) == ("comb", 9)
    assert overlap(field.box, Rect(60, 120, end, 138)) > 0.9


def test_letter_boxes_parted_by_a_word_are_two_fields() -> None:
    drawn = Drawn()
    end = letters(drawn, 60, 120, 4)
    drawn.text(end + 3, 123, "to")
    letters(drawn, end + 18, 120, 4)
    assert [one.max_length for one in detect_fields(drawn.page)] == [4, 4]


def test_three_letter_boxes_by_themselves_are_a_field_and_narrow_columns_of_a_table_are_none() -> None:
    drawn = Drawn()
    letters(drawn, 60, 120, 3)
    assert [one.rule for one in detect_fields(drawn.page)] == ["comb"]
    for row in range(1, 4):
        letters(drawn, 60, 120 + 18 * row, 3)
    assert not [one for one in detect_fields(drawn.page) if one.rule == "comb"]


def test_a_guess_is_proposed_and_is_no_field_by_rules_alone() -> None:
    drawn = Drawn()
    cell(drawn, Rect(60, 100, 200, 124))
    lower = Rect(60, 112, 200, 124)
    guesses = [one for one in proposed(drawn) if one.confidence < ACCEPT]
    assert near(guesses, lower) > 0.85
    assert near(detect_fields(drawn.page), lower) < 0.6


@pytest.mark.parametrize(
    ("label_y", "free"),
    [(101, Rect(60, 113, 200, 140)), (127, Rect(60, 100, 200, 127))],
    ids=["label at the top", "label at the foot"],
)
def test_what_a_label_leaves_of_its_cell_is_proposed(label_y: float, free: Rect) -> None:
    drawn = Drawn()
    cell(drawn, Rect(60, 100, 200, 140))
    drawn.text(62, label_y, "Employee address")
    assert near(proposed(drawn), free) > 0.8


def test_short_strokes_that_rise_from_a_cells_foot_part_it() -> None:
    drawn = Drawn()
    cell(drawn, Rect(60, 100, 200, 130))
    drawn.text(62, 101, "State and number")
    upright(drawn.page, 90, 117, 130)
    found = proposed(drawn)
    assert near(found, Rect(60, 117, 90, 130)) > 0.8
    assert near(found, Rect(90, 117, 200, 130)) > 0.8


def test_nothing_is_proposed_twice() -> None:
    drawn = Drawn()
    for row in range(4):
        cell(drawn, Rect(60, 100 + 24 * row, 200, 124 + 24 * row))
    found = proposed(drawn)
    pairs = [(a, b) for place, a in enumerate(found) for b in found[place + 1 :] if overlap(a.box, b.box) >= 0.8]
    assert found
    assert not pairs


def test_ticks_on_a_line_make_places_for_letters() -> None:
    drawn = Drawn()
    drawn.rule(100, 200, 212)
    for place in range(9):
        upright(drawn.page, 100 + 14 * place, 194, 200)
    (field,) = detect_fields(drawn.page)
    assert (field.rule, field.max_length) == ("comb", 8)


def test_brackets_are_boxes_to_tick_and_words_in_brackets_are_none() -> None:
    drawn = Drawn()
    end = drawn.text(60, 100, "[")
    end = drawn.text(end + 2, 100, "] Card (by post)")
    drawn.text(end, 100, "( x ) Cash")
    marks = [one for one in detect_fields(drawn.page) if one.kind in ("checkbox", "radio")]
    assert [(one.kind, one.ticked) for one in marks] == [("checkbox", False), ("radio", True)]


@pytest.mark.parametrize(("count", "expected"), [(2, 0), (3, 3)])
def test_ovals_of_one_size_are_places_to_tick_when_there_are_several(count: int, expected: int) -> None:
    drawn = Drawn()
    for place in range(count):
        drawn.ink(60, 100 + 20 * place, 74, 106 + 20 * place)
        drawn.text(80, 98 + 20 * place, "Choice")
    assert len([one for one in detect_fields(drawn.page) if one.kind == "radio"]) == expected


def test_a_narrow_empty_column_is_proposed_as_boxes_to_tick() -> None:
    drawn = Drawn()
    for row in range(4):
        cell(drawn, Rect(200, 100 + 22 * row, 240, 122 + 22 * row))
    slots = [one for one in proposed(drawn) if one.kind == "checkbox"]
    assert len(slots) == 4
    assert not [one for one in detect_fields(drawn.page) if one.kind == "checkbox"]


@pytest.mark.parametrize(("separator", "fields"), [("-", 1), ("and", 0)])
def test_short_lines_for_letters_in_groups_are_one_place(separator: str, fields: int) -> None:
    drawn = Drawn()
    for start in (100, 190):
        for place in range(3):
            drawn.rule(start + 24 * place, 140, start + 24 * place + 18)
    drawn.text(172, 128, separator)
    combs = [one for one in proposed(drawn) if one.rule == "comb"]
    assert len(combs) == fields
    assert all(overlap(one.box, Rect(100, 126, 256, 140.7)) > 0.9 for one in combs)


@pytest.mark.parametrize(("height", "parted"), [(300, False), (60, True)])
def test_the_edges_of_a_background_part_no_cell(height: float, parted: bool) -> None:
    drawn = Drawn()
    cell(drawn, Rect(60, 100, 400, 130))
    panel = Rect(200, 90, 595, 90 + height * 2)
    drawn.page.shapes.append(Shape(panel, "rect", stroked=False, filled=True, fill=(220, 250, 255)))
    boxes = [one.box for one in proposed(drawn) if one.rule in ("box", "small")]
    assert any(box.width < 250 for box in boxes) == parted


@pytest.mark.parametrize(("source", "fields"), [("scanned", 1), ("digital", 3)])
def test_on_a_scan_room_for_a_letter_parts_groups_of_one_field(source: str, fields: int) -> None:
    """Printed commas between the groups of an amount are too light to be recognised."""
    drawn = Drawn()
    x = 100.0
    for count in (2, 3, 3):
        x = letters(drawn, x, 300, count) + 14.4
    drawn.page.source = source  # type: ignore[assignment]
    combs = [one for one in proposed(drawn) if one.rule == "comb" and (one.max_length or 0) >= 2]
    whole = [one for one in combs if one.max_length == 8]
    assert len(whole) == (1 if fields == 1 else 0)


def test_print_in_the_middle_of_a_cell_is_what_it_holds_and_a_number_at_its_edge_leaves_room() -> None:
    drawn = Drawn()
    box = Rect(60, 100, 160, 118)
    cell(drawn, box)
    drawn.text(105, 103, "R")
    assert not detect_fields(drawn.page)
    drawn = Drawn()
    cell(drawn, box)
    drawn.text(64, 103, "14b")
    (field,) = detect_fields(drawn.page)
    assert near([field], Rect(84, 100, 160, 118)) > 0.8


@pytest.mark.parametrize(("gap", "fields"), [(8.0, 0), (LEADER_POINTS, 0), (LEADER_POINTS + 6, 1)])
def test_dots_that_lead_to_a_box_are_no_place_to_write(gap: float, fields: int) -> None:
    drawn = Drawn()
    start = drawn.text(60, 100, "Number of guests")
    end = drawn.text(start, 100, "." * 40)
    drawn.page.shapes.append(Shape(Rect(end - 2.8 + gap, 98, end + 60 + gap, 114), "rect", stroked=True, filled=False))
    assert len([one for one in detect_fields(drawn.page) if one.rule == "blank"]) == fields


def test_underscores_before_a_box_are_one() -> None:
    drawn = Drawn()
    start = drawn.text(60, 100, "Number of guests")
    end = drawn.text(start, 100, "_" * 40)
    drawn.page.shapes.append(Shape(Rect(end + 6, 98, end + 66, 114), "rect", stroked=True, filled=False))
    assert len([one for one in detect_fields(drawn.page) if one.rule == "blank"]) == 1


@pytest.mark.parametrize(("left", "fields"), [(FREE_POINTS_MIN[1] + 0.1, 1), (FREE_POINTS_MIN[1] - 0.1, 0)])
def test_a_line_of_small_type_fits_below_a_label_in_its_cell(left: float, fields: int) -> None:
    drawn = Drawn()
    label = drawn.page.words
    drawn.text(64, 100.5, "Last name of the person", size=7)
    foot = max(word.box.y1 for word in label) + left + 0.65  # half a stroke, and a point inside the frame
    cell(drawn, Rect(60, 100, 220, foot))
    assert len(detect_fields(drawn.page)) == fields
