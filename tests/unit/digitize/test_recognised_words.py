"""What a recogniser makes of a page: sizes of ink, boxes read as letters, figures passed over."""

from __future__ import annotations

import pytest

from procession.digitize.detect import Candidate
from procession.digitize.grouping import group_marks
from procession.digitize.label import Labels
from procession.digitize.layout import Layout, type_size
from procession.digitize.page import Rect, Word
from procession.digitize.wording import is_mark_noise, without_mark_noise

from .drawn import Drawn


def seen(text: str, ink: float) -> Word:
    return Word(text, Rect(60, 100, 120, 100 + ink), size=round(ink, 1), confidence=0.9)


def test_words_of_one_type_are_of_one_size_whatever_letters_they_have() -> None:
    sizes = [type_size(seen(text, ink)) for text, ink in (("name", 5.3), ("Date", 7.2), ("Typing", 9.3), ("gay", 7.4))]
    assert max(sizes) - min(sizes) < 0.2
    assert sizes[0] == pytest.approx(10, abs=0.2)


def test_printed_words_keep_the_size_their_font_has() -> None:
    assert type_size(Word("name", Rect(0, 0, 20, 12), font="Times", size=10)) == 10


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[[]Film", "Film"),
        ("(_)6hours", "6hours"),
        ("© Hand-tied", "Hand-tied"),
        ("[_] Other", "Other"),
        ("|Yes", "Yes"),
    ],
)
def test_a_box_read_as_letters_is_no_part_of_its_option(text: str, plain: str) -> None:
    assert without_mark_noise(text) == plain


@pytest.mark.parametrize("text", ["(optional)", "Film", "[_]", "O'Neill"])
def test_words_and_lone_boxes_stay(text: str) -> None:
    assert without_mark_noise(text) == text
    assert is_mark_noise(text) == (text == "[_]")


def rated(page: Drawn, columns: int) -> list[Candidate]:
    marks = []
    for row, question in enumerate(("Quality of the food", "Friendliness")):
        page.text(60, 200 + 22 * row, question)
        for column in range(columns):
            x, y = 260 + 50 * column, 200 + 22 * row
            marks.append(Candidate(Rect(x, y, x + 10, y + 10), "radio", "circle", 0.95))
    return marks


@pytest.mark.parametrize(("source", "read", "groups"), [("scanned", "", 2), ("scanned", "Good", 0), ("digital", "", 0)])
def test_a_scale_whose_figures_were_passed_over_is_numbered_and_looked_at(source: str, read: str, groups: int) -> None:
    page = Drawn()
    page.page.source = source  # type: ignore[assignment]
    marks = rated(page, 5)
    if read:
        page.text(258, 184, read)
    layout = Layout(page.page, [one.box for one in marks])
    found = [one for one in group_marks(marks, Labels(layout, marks)) if len(one.members) == 5]
    assert len(found) == groups
    for one in found:
        assert [option.label for option in one.labels] == ["1", "2", "3", "4", "5"]
        assert all(option.sure < 0.4 for option in one.labels)
