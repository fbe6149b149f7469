"""Forms that were filled in and flattened: the answers hide no place, and printed text is never taken for one."""

from __future__ import annotations

from dataclasses import replace

from procession.digitize.detect import candidates
from procession.digitize.detect.answers import PRINTED_WORDS_MIN, answers_of, without_answers
from procession.digitize.page import Rect, Shape

from .drawn import Drawn


def set_in(drawn: Drawn, font: str, since: int = 0) -> None:
    words = drawn.page.words
    words[since:] = [replace(word, font=font) for word in words[since:]]


def form() -> Drawn:
    drawn = Drawn()
    for place, label in enumerate(("Your first and last name", "Email address or mobile", "What are you planning")):
        drawn.text(60, 100 + 60 * place, label)
        drawn.rule(60, 135 + 60 * place, 400)
    drawn.text(60, 300, "Please send this sheet back to us")
    set_in(drawn, "Gotham-Book")
    return drawn


def filled(font: str = "Helvetica") -> Drawn:
    drawn = form()
    printed = len(drawn.page.words)
    for y, answer in ((123, "Robin Sample"), (183, "robin@example.com"), (243, "a summer party")):
        drawn.text(64, y, answer)
    set_in(drawn, font, printed)
    return drawn


def test_words_printed_last_in_a_face_of_their_own_are_answers() -> None:
    assert [word.text for word in answers_of(filled().page)] == [
        "Robin",
        "Sample",
        "robin@example.com",
        "a",
        "summer",
        "party",
    ]


def test_a_blank_form_holds_no_answers() -> None:
    page = form().page
    assert answers_of(page) == []
    assert without_answers(page) is page


def test_answers_in_the_forms_own_face_are_left_alone() -> None:
    assert answers_of(filled("Gotham-Book").page) == []


def test_text_that_only_follows_a_heading_in_another_face_is_printed() -> None:
    drawn = Drawn()
    for line in range(PRINTED_WORDS_MIN // 4):
        drawn.text(60, 60 + 20 * line, "A title in capitals")
    set_in(drawn, "Gotham-Book")
    printed = len(drawn.page.words)
    for line in range(6):
        drawn.text(60, 160 + 40 * line, "Your name and address:")
    set_in(drawn, "Helvetica", printed)
    assert answers_of(drawn.page) == []


def test_a_page_with_few_words_of_its_own_holds_no_answers() -> None:
    drawn = Drawn()
    drawn.text(60, 60, "Guest list")
    set_in(drawn, "Gotham-Book")
    drawn.text(60, 80, "Robin Sample")
    set_in(drawn, "Helvetica", 2)
    assert answers_of(drawn.page) == []


def test_a_filled_form_gets_the_proposals_of_the_blank_one() -> None:
    blank = [one.box for one in candidates(form().page).found]
    assert [one.box for one in candidates(filled().page).found] == blank


def test_a_tick_typed_into_a_box_still_ticks_it() -> None:
    drawn = filled()
    drawn.page.shapes.append(Shape(Rect(420, 120, 432, 132), "rect", stroked=True, filled=False))
    before = len(drawn.page.words)
    drawn.text(423, 121, "✔")
    set_in(drawn, "ZapfDingbats", before)
    assert [one.ticked for one in candidates(drawn.page).found if one.kind == "checkbox"] == [True]
