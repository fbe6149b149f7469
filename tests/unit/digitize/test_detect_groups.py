"""Boxes to tick that answer one question: rating tables, lists under a title, lists that wrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.pdfgen.canvas import Canvas

from procession.digitize.draft import Draft, draft_page

from .made import drawn, read


def drafts(draw: Callable[[Canvas], None]) -> list[Draft]:
    return list(draft_page(read(drawn(draw))).drafts)


def options(draft: Draft) -> list[str]:
    return [option.label for option in draft.options]


def rating_table(
    canvas: Canvas, heads: Sequence[str], rows: Sequence[str], mark: Callable[[Canvas, float, float], None]
) -> None:
    for column, head in enumerate(heads):
        canvas.drawCentredString(305 + 60 * column, 620, head)
    for index, row in enumerate(rows):
        y = 600 - 20 * index
        canvas.drawString(60, y, row)
        for column in range(len(heads)):
            mark(canvas, 300 + 60 * column, y)


def circle(canvas: Canvas, x: float, y: float) -> None:
    canvas.circle(x + 5, y + 4, 5)


def square(canvas: Canvas, x: float, y: float) -> None:
    canvas.rect(x, y - 1, 10, 10)


def in_a_row(canvas: Canvas, x: float, y: float, words: Sequence[str]) -> None:
    for index, word in enumerate(words):
        square(canvas, x + 90 * index, y)
        canvas.drawString(x + 90 * index + 14, y, word)


def test_each_row_of_a_rating_table_is_one_question_with_the_heads_as_options() -> None:
    rows = ("Value for money", "Timing on the day", "Friendliness of the team")
    found = drafts(lambda canvas: rating_table(canvas, ("1", "2", "3", "4", "5"), rows, circle))
    assert [one.label for one in found] == list(rows)
    assert {one.kind for one in found} == {"radio"}
    assert all(options(one) == ["1", "2", "3", "4", "5"] for one in found)
    assert all(one.missing is None for one in found)


def test_squares_under_yes_and_no_take_one_answer_a_row() -> None:
    found = drafts(lambda canvas: rating_table(canvas, ("Yes", "No"), ("Parking", "Power"), square))
    assert [(one.kind, one.label, options(one)) for one in found] == [
        ("radio", "Parking", ["Yes", "No"]),
        ("radio", "Power", ["Yes", "No"]),
    ]


def test_squares_under_other_heads_take_several_answers_a_row() -> None:
    heads = ("Ceremony", "Dinner", "Party")
    found = drafts(lambda canvas: rating_table(canvas, heads, ("Sound", "Lights"), square))
    assert [(one.kind, options(one)) for one in found] == [("multiselect", list(heads))] * 2


def test_boxes_without_heads_make_no_table() -> None:
    found = drafts(lambda canvas: rating_table(canvas, ("", "", ""), ("Sound", "Lights"), square))
    assert all(one.kind == "checkbox" for one in found)


def test_short_options_beside_a_title_are_one_field() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 600, "Music")
        in_a_row(canvas, 100, 600, ("Band", "DJ", "Quartet"))

    (found,) = drafts(draw)
    assert (found.kind, found.label, options(found)) == ("multiselect", "Music", ["Band", "DJ", "Quartet"])


def test_options_that_go_on_in_the_next_line_stay_with_their_title() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 618, "Services needed")
        in_a_row(canvas, 64, 600, ("Planning", "Flowers", "Music", "Film"))
        in_a_row(canvas, 64, 583, ("Cake", "Cars"))

    (found,) = drafts(draw)
    assert found.label == "Services needed"
    assert options(found) == ["Planning", "Flowers", "Music", "Film", "Cake", "Cars"]


def test_statements_under_a_title_are_agreed_to_one_by_one() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 618, "Terms")
        for index in range(3):
            square(canvas, 64, 600 - 18 * index)
            canvas.drawString(80, 600 - 18 * index, f"I have read page {index + 1} of the contract")

    assert [one.kind for one in drafts(draw)] == ["checkbox"] * 3


def test_a_list_below_its_title_is_one_field() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 616, "Meal style")
        for index, word in enumerate(("Plated", "Buffet", "Family style", "Cocktail")):
            square(canvas, 62, 600 - 16 * index)
            canvas.drawString(78, 600 - 16 * index, word)

    (found,) = drafts(draw)
    assert (found.label, options(found)) == ("Meal style", ["Plated", "Buffet", "Family style", "Cocktail"])


def test_options_in_two_columns_under_a_question_are_one_field_row_by_row() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 618, "How did you hear about us?")
        for index, word in enumerate(("Friends", "Venue", "Fair", "Internet", "Other")):
            x, y = 64 + 230 * (index % 2), 600 - 18 * (index // 2)
            square(canvas, x, y)
            canvas.drawString(x + 14, y, word)

    (found,) = drafts(draw)
    assert found.label == "How did you hear about us?"
    assert options(found) == ["Friends", "Venue", "Fair", "Internet", "Other"]


def test_options_wrap_to_below_the_question_beside_them() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 600, "Services needed")
        in_a_row(canvas, 160, 600, ("Photos", "Film", "Album"))
        in_a_row(canvas, 66, 583, ("Drone",))

    (found,) = drafts(draw)
    assert (found.label, options(found)) == ("Services needed", ["Photos", "Film", "Album", "Drone"])


def test_yes_and_no_at_the_end_of_the_line_answer_the_question_at_its_start() -> None:
    def draw(canvas: Canvas) -> None:
        for row, question in enumerate(("Do you need parking? . . . . . . . . . . .", "Is the venue booked? *")):
            canvas.drawString(60, 600 - 20 * row, question)
            in_a_row(canvas, 400, 600 - 20 * row, ("Yes", "No"))

    one, other = drafts(draw)
    assert (one.label, options(one), one.required) == ("Do you need parking?", ["Yes", "No"], False)
    assert (other.label, options(other), other.required) == ("Is the venue booked?", ["Yes", "No"], True)


def test_words_before_their_boxes_name_them_where_nothing_follows_the_last() -> None:
    def draw(canvas: Canvas) -> None:
        for row, question in enumerate(("Are you married?", "Do you have children?")):
            y = 600 - 20 * row
            canvas.drawString(60, y, question)
            for column, word in enumerate(("Yes", "No")):
                canvas.drawRightString(420 + 60 * column, y, word)
                square(canvas, 425 + 60 * column, y)

    found = drafts(draw)
    assert [(one.label, options(one)) for one in found] == [
        ("Are you married?", ["Yes", "No"]),
        ("Do you have children?", ["Yes", "No"]),
    ]
