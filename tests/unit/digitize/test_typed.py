"""A form that was filled in is read as the form it was, whatever its answers are typed in."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from procession.digitize.draft import draft_page
from procession.digitize.pipeline import digitize
from procession.digitize.typed import typed_parts
from tests.unit.digitize.made import drawn, read

QUESTIONS = (
    "Full name", "Street and number", "Town", "Telephone", "Venue of the ceremony", "Colours you like", "Your florist",
)  # fmt: skip
ANSWERS = ("Avery Sample", "12 Example Row", "Springfield", "555 0142", "Larkspur Barn", "sage, ivory", "none so far")
Font = tuple[str, float, tuple[float, float, float]]


def form(canvas: Canvas) -> None:
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 740, "Booking")
    canvas.setFont("Helvetica", 10)
    for row, question in enumerate(QUESTIONS):
        canvas.drawString(60, 700 - 32 * row, question)
        canvas.line(200, 697 - 32 * row, 500, 697 - 32 * row)
    canvas.drawString(60, 460, "Outdoor ceremony?")
    for x, word in ((180, "Yes"), (240, "No")):
        canvas.rect(x, 459, 9, 9)
        canvas.drawString(x + 14, 460, word)


def filled(face: str, size: float, colour: tuple[float, float, float]) -> bytes:
    def draw(canvas: Canvas) -> None:
        form(canvas)
        canvas.setFont(face, size)
        canvas.setFillColorRGB(*colour)
        for row, answer in enumerate(ANSWERS):
            canvas.drawString(204, 700 - 32 * row, answer)
        canvas.drawString(181.5, 460, "X")

    return drawn(draw)


BLANK = digitize(drawn(form)).form.fields


@pytest.mark.parametrize(
    "style",
    [
        ("Courier", 10, (0, 0, 0)), ("Helvetica", 11, (0, 0, 0.4)),
        ("Times-Roman", 9, (0, 0, 0)), ("Helvetica", 10, (0, 0, 0)),
    ],
    ids=["typewriter", "blue", "another face", "the form's own face"],
)  # fmt: skip
def test_a_filled_form_has_the_fields_of_the_blank_one_and_its_answers(style: Font) -> None:
    found = digitize(filled(*style)).form.fields
    assert [(one.label, one.type) for one in found] == [(one.label, one.type) for one in BLANK]
    for one, blank in zip(found, BLANK, strict=True):
        assert one.box == pytest.approx(blank.box, abs=0.004)
    texts = [one.value_text or one.value for one in found[: len(ANSWERS)]]
    assert texts == list(ANSWERS)
    assert found[-1].value == "Yes"


def test_print_is_not_taken_for_answers() -> None:
    """The labels come last and in a face of their own, over the lines they name."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Bold", 16)
        canvas.drawString(60, 740, "Booking")
        for row in range(len(QUESTIONS)):
            canvas.line(60, 690 - 40 * row, 500, 690 - 40 * row)
        canvas.setFont("Helvetica", 10)
        for row, question in enumerate(QUESTIONS):
            canvas.drawString(60, 679 - 40 * row, question)

    page = read(drawn(draw))
    assert [draft.label for draft in draft_page(page).drafts] == list(QUESTIONS)


def test_running_text_at_the_end_of_a_page_is_no_answer() -> None:
    def draw(canvas: Canvas) -> None:
        form(canvas)
        canvas.setFont("Times-Roman", 9)
        for row in range(6):
            canvas.drawString(
                60, 400 - 12 * row, "These terms are part of every booking and bind whoever signs this page, " * 2
            )

    assert not list(typed_parts(read(drawn(draw))))
    assert len(digitize(drawn(draw)).form.fields) == len(BLANK)


def test_a_recognised_page_tells_no_order_of_painting() -> None:
    page = read(filled("Courier", 10, (0, 0, 0)))
    page.source = "scanned"
    assert not list(typed_parts(page))
