from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from procession.digitize import glyphs
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


def test_letters_printed_twice_to_look_bold_are_read_once() -> None:
    def draw(canvas: Canvas) -> None:
        for letter, x in (("D", 60), ("D", 60.4), ("a", 68.2), ("a", 68.6), ("y", 74.8), ("y", 75.2)):
            canvas.drawString(x, 400, letter)

    assert [word.text for word in read(drawn(draw)).words] == ["Day"]


def test_a_wide_gap_parts_words_that_no_space_parts() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 400, "First")
        canvas.drawString(60 + canvas.stringWidth("First") + 8, 400, "last")

    assert [word.text for word in read(drawn(draw)).words] == ["First", "last"]


def test_letters_of_a_line_that_runs_up_the_page_are_one_word() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(100, 100)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Margin")

    (word,) = read(drawn(draw)).words
    assert word.text == "Margin"
    assert word.box.height > 2 * word.box.width


def test_words_off_the_page_and_dust_are_not_visible() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, -40, "Below")
        canvas.setFont("Helvetica", 1)
        canvas.drawString(60, 400, "dust")

    assert not any(word.visible for word in read(drawn(draw)).words)


def test_a_page_with_too_many_letters_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 400, "Twelve chars")

    whole = read(drawn(draw))
    monkeypatch.setattr(glyphs, "CHARACTERS_MAX", 12)
    assert read(drawn(draw)) == whole
    monkeypatch.setattr(glyphs, "CHARACTERS_MAX", 11)
    cut = read(drawn(draw))
    assert [word.text for word in cut.words] == ["Twelve", "char"]
    assert "only the first 11 were read" in cut.warnings[0]
