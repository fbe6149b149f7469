from __future__ import annotations

import pytest

from procession.digitize.kind import document_kind, document_title

from .drawn import Drawn


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Wedding Photography Contract", "contract"),
        ("INVOICE", "invoice"),
        ("Wedding Questionnaire", "questionnaire"),
        ("Floral Order Form", "form"),
        ("Hochzeitsvertrag", "contract"),
        ("Facture", "invoice"),
    ],
)
def test_the_heading_names_the_kind(heading: str, kind: str) -> None:
    page = Drawn()
    page.text(60, 50, heading, 18, bold=True)
    page.prose(60, 120, "Some words that say nothing about what this is.")
    assert document_kind([page.page]) == kind
    assert document_title([page.page]) == heading


def test_many_questions_make_a_questionnaire() -> None:
    page = Drawn()
    page.text(60, 50, "Getting ready together", 18)
    page.lines(60, 100, ["Who are you?", "Where do you live?", "What music do you like?", "Which colours?"], leading=40)
    assert document_kind([page.page]) == "questionnaire"


def test_an_empty_document_has_neither_title_nor_kind() -> None:
    assert document_title([Drawn().page]) is None
    assert document_kind([Drawn().page]) == "other"


def test_the_largest_type_is_the_title_even_below_an_address() -> None:
    page = Drawn()
    page.lines(60, 30, ["12 High Street", "Bath"])
    page.text(60, 90, "Wedding Menu Choices", 20)
    page.prose(60, 140, "Please choose one starter and one main course for each guest.")
    assert document_title([page.page]) == "Wedding Menu Choices"


def test_words_nobody_sees_are_no_title() -> None:
    page = Drawn()
    page.text(60, 30, "INVOICE", 30, visible=False)
    page.text(60, 90, "Booking form", 16)
    assert document_title([page.page]) == "Booking form"
    assert document_kind([page.page]) == "form"


def letterhead(title: str) -> Drawn:
    page = Drawn()
    page.text(60, 30, "Larch & Linden Events", 24, bold=True)
    page.text(400, 30, "hello@larchlinden.example", 9)
    page.text(60, 100, title, 18, bold=True)
    page.prose(60, 160, "Please fill in what you know and leave the rest for our first meeting.")
    return page


def test_the_senders_larger_name_is_no_title() -> None:
    assert document_title([letterhead("Wedding Consultation Form").page]) == "Wedding Consultation Form"


def test_a_title_without_a_word_for_a_document_still_comes_before_the_sender() -> None:
    assert document_title([letterhead("How Did We Do?").page]) == "How Did We Do?"


def test_a_name_that_stands_again_in_the_foot_line_is_the_senders() -> None:
    page = Drawn()
    page.text(60, 30, "Larch & Linden", 24, bold=True)
    page.text(60, 100, "Your evening with us", 18, bold=True)
    page.prose(60, 160, "Please fill in what you know and leave the rest for our first meeting.")
    page.text(60, 800, "Larch & Linden | hello@larchlinden.example | +1 555 0100 200", 8)
    assert document_title([page.page]) == "Your evening with us"


def test_a_sender_alone_is_the_best_title_there_is() -> None:
    page = Drawn()
    page.text(60, 30, "Larch & Linden", 24, bold=True)
    page.text(400, 30, "hello@larchlinden.example", 9)
    page.prose(60, 160, "Thank you for asking us.")
    assert document_title([page.page]) == "Larch & Linden"
