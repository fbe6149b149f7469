"""Cells of a table are labelled by their row and their column; a heading never becomes a value."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from procession.digitize.draft import draft_page
from procession.digitize.pipeline import digitize
from procession.domain.form import FieldType

from .made import drawn, read


def table(canvas: Canvas, heads: Sequence[str], rows: Sequence[str]) -> None:
    for row in range(len(rows) + 1):
        for column in range(len(heads) + 1):
            canvas.rect(60 + 100 * column, 600 - 24 * row, 100, 24)
    for column, head in enumerate(heads):
        canvas.drawString(166 + 100 * column, 608, head)
    for row, name in enumerate(rows):
        canvas.drawString(66, 584 - 24 * row, name)


def test_a_cell_is_named_by_its_row_and_its_column() -> None:
    page = read(drawn(lambda canvas: table(canvas, ("Meat", "Fish"), ("Adults", "Children"))))
    wanted = ["Adults Meat", "Adults Fish", "Children Meat", "Children Fish"]
    cells = [one.label for one in draft_page(page).drafts if one.label in wanted]
    assert cells == wanted


def test_times_name_the_rows_of_a_timeline() -> None:
    page = read(drawn(lambda canvas: table(canvas, ("Where", "Who"), ("09:00", "10:30"))))
    labels = [one.label for one in draft_page(page).drafts]
    assert {"09:00 Where", "09:00 Who", "10:30 Where", "10:30 Who"} <= set(labels)


def test_a_label_of_another_field_is_no_value() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(60, 640, "The ceremony")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 615, "Type of ceremony")
        for index, word in enumerate(("Religious", "Civil")):
            canvas.circle(155 + 90 * index, 619, 5)
            canvas.drawString(166 + 90 * index, 615, word)

    fields = digitize(drawn(draw)).form.fields
    assert "Type of ceremony" not in [field.value for field in fields]


def test_a_question_in_larger_type_opens_a_section() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(60, 740, "Some Form")
        canvas.setFont("Helvetica", 13)
        canvas.drawString(60, 640, "Recommend us?")
        canvas.setFont("Helvetica", 10)
        for index in range(6):
            canvas.drawString(60, 600 - 30 * index, f"Friend {index}")
            canvas.line(110, 598 - 30 * index, 400, 598 - 30 * index)

    assert [section.title for section in digitize(drawn(draw)).form.sections] == ["Recommend us?"]


def test_served_at_asks_for_a_time() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 600, "Meal served at")
        canvas.line(140, 598, 400, 598)

    (field,) = digitize(drawn(draw)).form.fields
    assert field.type is FieldType.TIME


def test_bold_heads_of_a_table_open_no_section_and_a_sections_number_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(60, 740, "Some Form")
        canvas.setFont("Helvetica-Bold", 13)
        canvas.drawString(60, 660, "2. Food and drinks")
        canvas.setFont("Helvetica-Bold", 10)
        table(canvas, ("Meat", "Fish", "Vegan"), ("Adults", "Children"))

    form = digitize(drawn(draw)).form
    assert [section.title for section in form.sections] == ["Food and drinks"]
    assert {field.section for field in form.fields} == {form.sections[0].id}


def test_a_number_before_a_row_stands_behind_its_columns_head() -> None:
    page = read(drawn(lambda canvas: table(canvas, ("Item", "Price"), ("1", "2."))))
    labels = [one.label for one in draft_page(page).drafts]
    assert {"Item 1", "Price 1", "Item 2", "Price 2"} <= set(labels)
