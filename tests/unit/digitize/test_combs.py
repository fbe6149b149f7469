"""Rows of one-letter widgets are read as one field."""

from __future__ import annotations

from procession.digitize.combs import joined
from procession.digitize.page import Rect, Widget


def letter(column: int, value: str | None = None, y: float = 100.0, **other: int | None) -> Widget:
    limit = other.get("limit", 1)
    return Widget(
        f"E{column}", "text", Rect(50 + 17.0 * column, y, 66 + 17.0 * column, y + 18), value=value, max_length=limit
    )


def test_a_row_of_letters_is_one_comb_with_the_row_s_letters_as_its_value() -> None:
    (comb,) = joined([letter(0, "A"), letter(1), letter(2, "7"), letter(3)])
    assert (comb.name, comb.comb, comb.max_length, comb.value) == ("E0", True, 4, "A 7")
    assert comb.box == Rect(50, 100, 117, 118)


def test_an_empty_row_has_no_value() -> None:
    assert joined([letter(0), letter(1), letter(2)])[0].value is None


def test_two_neighbours_rows_below_and_longer_boxes_stay_apart() -> None:
    two = [letter(0), letter(1)]
    assert joined(two) == two
    below = [letter(0), letter(1), letter(2, y=130.0)]
    assert joined(below) == below
    words = [letter(0, limit=None), letter(1, limit=None), letter(2, limit=None)]
    assert joined(words) == words


def test_a_wide_gap_ends_a_row_and_the_order_of_the_others_is_kept() -> None:
    other = Widget("name", "text", Rect(50, 20, 300, 40))
    found = joined([other, letter(0), letter(1), letter(2), letter(5), letter(6), letter(7)])
    assert [(one.name, one.max_length) for one in found] == [("name", None), ("E0", 3), ("E5", 3)]
