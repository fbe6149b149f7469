from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.unit.digitize.made import blank_form, changed, drawn, read


def test_blanks_are_words_of_their_own() -> None:
    words = [word.text for word in read(drawn(blank_form)).words]
    assert "Email:" in words
    assert any(set(word) == {"_"} for word in words)


def test_white_words_are_not_visible_unless_on_a_dark_panel() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(50, 600, 200, 30, fill=1)
        canvas.setFillGray(1)
        canvas.drawString(60, 610, "Panel")
        canvas.drawString(60, 400, "Hidden")

    seen = {word.text: word.visible for word in read(drawn(draw)).words}
    assert seen == {"Panel": True, "Hidden": False}


def test_words_in_invisible_render_mode_are_not_visible() -> None:
    def draw(canvas: Canvas) -> None:
        text = canvas.beginText(60, 400)
        text.setTextRenderMode(3)
        text.textOut("Ghost")
        canvas.drawText(text)

    assert [word.visible for word in read(drawn(draw)).words] == [False]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_words_of_a_rotated_page_stand_where_it_shows_them(degrees: int) -> None:
    data = changed(drawn(blank_form), lambda pdf: pdf.pages[0].rotate(degrees, relative=False))
    page = read(data)
    word = next(word for word in page.words if word.text == "Booking")
    x, y = word.box.centre
    assert page.rotation == degrees
    expected = {0: (0, 0), 90: (1, 0), 180: (1, 1), 270: (0, 1)}[degrees]
    assert (round(x / page.width), round(y / page.height)) == expected


def test_strokes_inside_nested_form_xobjects_are_where_they_are_drawn() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("inner")
        canvas.line(0, 0, 100, 0)
        canvas.endForm()
        canvas.beginForm("outer")
        canvas.translate(10, 20)
        canvas.doForm("inner")
        canvas.endForm()
        canvas.translate(100, 200)
        canvas.doForm("outer")

    (segment,) = read(drawn(draw)).segments
    assert segment.horizontal
    assert segment.box == pytest.approx((110, 572, 210, 572), abs=0.1)
