"""Letters, lines and words of an answer, before anything is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.digitize.paper import answers
from procession.digitize.paper.fitting import TEXT_POINTS_MIN, fit, visual, wrapped
from procession.digitize.paper.font import MISSING, drawable, typeface
from procession.domain.form import FieldType, Option
from tests.unit.digitize.papers import a_field


@pytest.mark.parametrize(
    "text",
    ["Zoë Żółcińska", "Ελένη Παπαδοπούλου", "Привіт, Наталю", "Nguyễn Thị", "שלום", "£1,500 – 2½ € ₴", "ŐŰőű ÅÆØ ß"],
)
def test_names_of_europe_are_drawn_as_they_are(text: str) -> None:
    assert drawable(text) == (text, "")


def test_accents_are_put_together_with_their_letters() -> None:
    assert drawable("Zoe\N{COMBINING DIAERESIS}") == ("Zoë", "")


def test_what_cannot_be_drawn_is_shown_as_a_square_and_told() -> None:
    assert drawable("Anna 花 b 花 😀") == (f"Anna {MISSING} b {MISSING} {MISSING}", "花😀")


def test_control_characters_and_marks_of_direction_leave_no_trace() -> None:
    assert drawable("a\x00\x07\x1b[31m\u202e\u200db\tc\r\nd\ufeff") == ("a[31mb c\nd", "")


@given(st.text(max_size=300), st.floats(20, 400), st.floats(5, 14))
def test_no_line_is_wider_than_its_place_and_no_letter_is_lost(text: str, width: float, size: float) -> None:
    shown, _ = drawable(text)
    lines = wrapped(shown, width, size)
    widest = max(typeface().width(letter, size) for letter in (shown or " "))
    assert all(typeface().width(line, size) <= max(width, widest) + 1e-6 for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace("\n", "").replace(" ", "")


@given(st.text(alphabet="abc def\nghi", max_size=400), st.floats(30, 300), st.floats(8, 80))
def test_text_shrinks_to_the_smallest_size_before_it_is_cut(text: str, width: float, height: float) -> None:
    fitted = fit(text, width, height, 11.0, mark=" [1]")
    assert TEXT_POINTS_MIN <= fitted.size <= 11.0
    assert fitted.cut == (fitted.lines[-1].endswith(" [1]"))
    if fitted.cut:
        assert fitted.size == TEXT_POINTS_MIN
        assert typeface().width(fitted.lines[-1], fitted.size) <= max(width, typeface().width("… [1]", fitted.size))


def test_hebrew_is_drawn_from_the_right_and_its_numbers_from_the_left() -> None:
    assert visual("שלום 123") == "123 םולש"
    assert visual("Anna and Ben") == "Anna and Ben"


@pytest.mark.parametrize(
    ("hint", "written"),
    [
        ("Date", "14 May 2030"),
        ("Date (DD/MM/YYYY)", "14/05/2030"),
        ("Date mm/dd/yyyy", "05/14/2030"),
        ("Datum TT.MM.JJJJ", "14.05.2030"),
        ("Date JJ/MM/AAAA", "14/05/2030"),
        ("Date yyyy-mm-dd", "2030-05-14"),
        ("Date (dd/mm/yy)", "14/05/30"),
        ("Month/Day/Year", "05/14/2030"),
    ],
)
def test_a_date_takes_the_order_the_form_prints(hint: str, written: str) -> None:
    assert answers.written(a_field(FieldType.DATE, label=hint)) == written


@pytest.mark.parametrize(
    ("value", "currency", "label", "written"),
    [
        ("2450.00", None, "Fee", "2,450.00"),
        ("2450.00", "GBP", "Fee", "£2,450.00"),
        ("2450.00", "USD", "Fee ($)", "2,450.00"),
        ("1234567", "EUR", "Fee in EUR", "1,234,567"),
        ("-5.50", "GBP", "Refund", "-£5.50"),
        ("100", "SEK", "Fee", "SEK 100"),
        ("ask us", None, "Fee", "ask us"),
    ],
)
def test_money_is_grouped_and_signed_once(value: str, currency: str | None, label: str, written: str) -> None:
    assert answers.written(a_field(FieldType.CURRENCY, value=value, currency=currency, label=label)) == written


def test_a_phone_number_is_grouped_and_one_in_other_words_is_left() -> None:
    assert answers.written(a_field(FieldType.PHONE)) == "+44 20 7946 0123"
    assert answers.written(a_field(FieldType.PHONE, value="020 7946 0123 ext 4")) == "020 7946 0123 ext 4"


def test_an_answer_ticks_the_options_it_names_and_keeps_what_is_no_option() -> None:
    options = tuple(Option(label=label, box=(0.1, 0.1, 0.2, 0.2)) for label in ("Fish", "Meat", "Vegan"))
    picked = answers.chosen(a_field(FieldType.MULTISELECT, options=options, value=["vegan", "Fish", "Nut  roast"]))
    assert [option.label for option in picked.options] == ["Fish", "Vegan"]
    assert picked.other == "Nut  roast"


@pytest.mark.parametrize(("cells", "paper", "digits"), [(8, 612, "05142030"), (8, 595, "14052030"), (6, 595, "140530")])
def test_a_date_for_letter_boxes_follows_the_paper_when_nothing_else_tells(
    cells: int, paper: float, digits: str
) -> None:
    assert answers.digits_of_date(a_field(FieldType.DATE), cells, paper) == digits
    assert answers.digits_of_date(a_field(FieldType.DATE, label="yyyymmdd YYYY-MM-DD"), 8, paper) == "20300514"
    assert answers.digits_of_date(a_field(FieldType.DATE), 7, paper) is None
