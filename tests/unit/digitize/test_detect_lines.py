"""Which drawn lines are places to write, and which only adorn a page."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from procession.digitize.detect import Candidate, detect_fields
from procession.digitize.page import PageContent, Rect, Segment

from .made import drawn, read


def found(draw: object) -> list[Candidate]:
    return detect_fields(read(drawn(draw)))  # type: ignore[arg-type]


def body(canvas: Canvas) -> None:
    """Ordinary text, so that a heading has something to be larger than."""
    for index in range(5):
        canvas.drawString(60, 300 - 14 * index, "Please tell us what we should know about the day.")


def test_the_rule_under_a_bold_heading_is_no_field() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.setFont("Helvetica-Bold", 12)
        canvas.drawString(60, 600, "2. Package and fees")
        canvas.line(60, 596, 552, 596)

    assert found(draw) == []


def test_the_rule_under_a_larger_heading_is_no_field() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.setFont("Helvetica", 15)
        canvas.drawString(60, 600, "Your date")
        canvas.line(60, 596, 552, 596)

    assert found(draw) == []


def test_the_line_after_a_bold_label_is_a_field() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawString(60, 600, "Full name")
        canvas.line(115, 598, 552, 598)

    (field,) = found(draw)
    assert field.box.x0 > 110


def test_the_line_a_plain_label_stands_on_is_a_field() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.drawString(60, 600, "Full name")
        canvas.line(60, 598, 552, 598)

    (field,) = found(draw)
    assert field.box.x0 > 100


def test_the_rule_under_a_running_head_is_no_field() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.drawString(60, 760, "Some Company | Some Form")
        canvas.line(60, 755, 552, 755)

    assert found(draw) == []


def test_rules_below_printed_rows_are_no_fields() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        for index, item in enumerate(("Lights", "Sound", "Travel")):
            y = 600 - 20 * index
            canvas.drawString(60, y, item)
            canvas.drawRightString(552, y, "$120.00")
            canvas.line(60, y - 4, 552, y - 4)

    assert found(draw) == []


def test_ruled_paper_is_one_place_for_several_lines() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(54, 600, "Plan for rain")
        for y in (570, 552, 534):
            canvas.line(54, y, 558, y)

    (field,) = found(draw)
    assert field.kind == "textarea"
    assert field.box.y0 < 792 - 570 < 792 - 534 < field.box.y1


def test_a_single_rule_across_the_page_is_a_separator() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(54, 600, "Some words about the day.")
        canvas.line(54, 500, 558, 500)

    assert found(draw) == []


def test_short_lines_below_each_other_stay_separate() -> None:
    def draw(canvas: Canvas) -> None:
        for y in (570, 552, 534):
            canvas.line(60, y, 260, y)

    assert len(found(draw)) == 3


def test_a_line_whose_answer_is_typed_in_is_one_place() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.drawString(60, 600, "Email")
        canvas.line(95, 598, 260, 598)
        canvas.setFont("Courier", 9)
        canvas.drawString(98, 600, "someone@example.com and more")

    (field,) = found(draw)
    assert (round(field.box.x0), round(field.box.x1)) == (95, 260)


def test_printed_words_on_a_rule_are_no_answer() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.drawString(60, 600, "Email")
        canvas.line(95, 598, 260, 598)
        canvas.drawString(98, 600, "is how we send you the contract")

    assert found(draw) == []


def test_ruled_paper_with_an_answer_on_it_is_still_one_place() -> None:
    def draw(canvas: Canvas) -> None:
        body(canvas)
        canvas.drawString(54, 600, "Special requests")
        for y in (570, 552, 534):
            canvas.line(54, y, 558, y)
        canvas.setFont("Courier", 9)
        canvas.drawString(58, 572, "No fireworks, please.")

    (field,) = found(draw)
    assert field.kind == "textarea"
    assert field.box.y1 - field.box.y0 > 36


def test_a_line_at_the_edge_of_a_scan_is_no_field() -> None:
    def lines(page: PageContent) -> list[Candidate]:
        page.segments.append(Segment(Rect(400, 36, 460, 36), horizontal=True))
        return detect_fields(page)

    assert len(lines(PageContent(1, 612, 792))) == 1
    assert lines(PageContent(1, 612, 792, source="scanned")) == []
