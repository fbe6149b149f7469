"""Pages of two columns are read one column after the other; rows of two fields are read row by row."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from procession.digitize.columns import find_columns
from procession.digitize.layout import Layout
from procession.digitize.page import Rect
from procession.digitize.pipeline import digitize

from .drawn import Drawn
from .made import drawn

LEFT = ("Your details", "Full name", "Phone", "E-mail", "City", "Country", "Instagram")
RIGHT = ("The day", "Venue", "Guests", "Theme", "Colours", "Music", "Flowers", "Cake")


def column(canvas: Canvas, x: float, top: float, pitch: float, words: tuple[str, ...]) -> None:
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(x, top + 24, words[0])
    canvas.setFont("Helvetica", 10)
    for row, label in enumerate(words[1:]):
        y = top - pitch * row
        canvas.drawString(x, y, label)
        canvas.line(x + 70, y - 2, x + 220, y - 2)


def form(canvas: Canvas, pitch: float) -> None:
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawString(60, 760, "Wedding Enquiry Form for Two of You")
    column(canvas, 60, 660, 41, LEFT)
    column(canvas, 320, 660, pitch, RIGHT)


def test_columns_of_their_own_are_read_one_after_the_other() -> None:
    found = digitize(drawn(lambda canvas: form(canvas, 35))).form
    titles = {section.id: section.title for section in found.sections}
    assert [field.label for field in found.fields] == [*LEFT[1:], *RIGHT[1:]]
    assert [titles[field.section or ""] for field in found.fields] == [LEFT[0]] * 6 + [RIGHT[0]] * 7


def test_two_fields_in_each_row_are_read_row_by_row() -> None:
    found = digitize(drawn(lambda canvas: form(canvas, 41))).form
    labels = [field.label for field in found.fields]
    assert labels[:4] == ["Full name", "Venue", "Phone", "Guests"]


def places(page: Drawn, x: float, top: float, pitch: float, count: int) -> list[Rect]:
    for row in range(count):
        page.text(x, top + pitch * row, "Label")
    return [Rect(x + 60, top + pitch * row, x + 200, top + pitch * row + 14) for row in range(count)]


def test_what_crosses_the_strip_ends_the_columns() -> None:
    page = Drawn()
    fields = places(page, 60, 100, 41, 10) + places(page, 320, 108, 35, 11)
    page.text(60, 560, "One line of print that reaches from the left margin over to the right one of the sheet")
    found = find_columns(Layout(page.page), fields, page.page)
    assert found is not None
    assert 260 < found.gutter < 320
    assert found.bottom < 575
    assert [found.part_of(Rect(x, y, x + 10, y + 10)) for x, y in ((60, 200), (330, 200), (60, 600))] == [1, 2, 3]
    assert found.parts(fields[0], fields[-1])


def test_a_page_with_fields_on_one_side_has_one_column() -> None:
    page = Drawn()
    fields = places(page, 60, 100, 41, 10)
    places(page, 320, 108, 35, 11)
    assert find_columns(Layout(page.page), fields, page.page) is None
