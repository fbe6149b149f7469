"""What nobody can see on a page is never read as a value; what can be seen is, however it is painted."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from procession.digitize.pipeline import digitize
from tests.unit.digitize.made import drawn, read

SECRET = "Total price: $98,765.00"


def white(canvas: Canvas) -> None:
    canvas.setFillGray(1)
    canvas.drawString(60, 400, SECRET)


def nearly_white(canvas: Canvas) -> None:
    canvas.setFillGray(0.985)
    canvas.drawString(60, 400, SECRET)


def invisible_mode(canvas: Canvas) -> None:
    text = canvas.beginText(60, 400)
    text.setTextRenderMode(3)
    text.textOut(SECRET)
    canvas.drawText(text)


def transparent(canvas: Canvas) -> None:
    canvas.saveState()
    canvas.setFillAlpha(0)
    canvas.drawString(60, 400, SECRET)
    canvas.restoreState()


def off_page(canvas: Canvas) -> None:
    canvas.drawString(60, -40, SECRET)


def tiny(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 0.6)
    canvas.drawString(60, 400, SECRET)


def zero_size(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 0)
    canvas.drawString(60, 400, SECRET)


def under_a_white_box(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    canvas.setFillGray(1)
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)


def under_a_black_bar(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)


def under_a_picture(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 10), (120, 160, 90))), 50, 390, 300, 24)


def in_the_colour_of_its_panel(canvas: Canvas) -> None:
    canvas.setFillColorRGB(0.1, 0.2, 0.4)
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)
    canvas.drawString(60, 400, SECRET)


def clipped_away(canvas: Canvas) -> None:
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(50, 700, 300, 40)
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.drawString(60, 400, SECRET)
    canvas.restoreState()


def in_a_clip_text_mode(canvas: Canvas) -> None:
    text = canvas.beginText(60, 400)
    text.setTextRenderMode(7)
    text.textOut(SECRET)
    canvas.drawText(text)


def under_a_box_within_a_form(canvas: Canvas) -> None:
    canvas.beginForm("inner")
    canvas.drawString(10, 10, SECRET)
    canvas.setFillGray(1)
    canvas.rect(0, 0, 300, 30, stroke=0, fill=1)
    canvas.endForm()
    canvas.translate(50, 390)
    canvas.doForm("inner")


UNSEEN = (
    white, nearly_white, invisible_mode, transparent, off_page, tiny, zero_size, under_a_white_box, under_a_black_bar,
    under_a_picture, in_the_colour_of_its_panel, clipped_away, in_a_clip_text_mode, under_a_box_within_a_form,
)  # fmt: skip


def on_white(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)


def light_grey(canvas: Canvas) -> None:
    canvas.setFillGray(0.75)
    canvas.drawString(60, 400, SECRET)


def white_on_a_dark_panel(canvas: Canvas) -> None:
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)
    canvas.setFillGray(1)
    canvas.drawString(60, 400, SECRET)


def white_on_a_picture(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.new("RGB", (60, 10), (20, 60, 90))), 50, 390, 300, 24)
    canvas.setFillGray(1)
    canvas.drawString(60, 400, SECRET)


def white_on_a_gradient(canvas: Canvas) -> None:
    canvas.linearGradient(50, 390, 350, 414, ("#203040", "#102030"))
    canvas.setFillGray(1)
    canvas.drawString(60, 400, SECRET)


def dark_on_a_white_box(canvas: Canvas) -> None:
    canvas.setFillGray(0.5)
    canvas.rect(40, 380, 400, 60, stroke=0, fill=1)
    canvas.setFillGray(1)
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)
    canvas.setFillGray(0)
    canvas.drawString(60, 400, SECRET)


def under_a_highlighter(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    canvas.setFillColorRGB(1, 1, 0, alpha=0.4)
    canvas.rect(50, 390, 300, 24, stroke=0, fill=1)


def under_a_see_through_picture(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    image = Image.new("RGBA", (60, 10), (0, 0, 0, 0))
    canvas.drawImage(ImageReader(image), 50, 390, 300, 24, mask="auto")


def beside_a_clipped_box(canvas: Canvas) -> None:
    canvas.drawString(60, 400, SECRET)
    canvas.saveState()
    path = canvas.beginPath()
    path.rect(400, 390, 100, 24)
    canvas.clipPath(path, stroke=0, fill=0)
    canvas.setFillGray(1)
    canvas.rect(0, 0, 600, 800, stroke=0, fill=1)
    canvas.restoreState()


SEEN = (
    on_white, light_grey, white_on_a_dark_panel, white_on_a_picture, white_on_a_gradient, dark_on_a_white_box,
    under_a_highlighter, under_a_see_through_picture, beside_a_clipped_box,
)  # fmt: skip


@pytest.mark.parametrize("draw", UNSEEN, ids=lambda one: one.__name__)
def test_what_nobody_can_see_is_no_visible_word_and_no_value(draw: Callable[[Canvas], None]) -> None:
    def page(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(60, 760, "Wedding Contract")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(60, 730, "The total fee is $4,200.00 and the deposit is $1,000.00.")
        draw(canvas)

    data = drawn(page)
    assert not [word.text for word in read(data).words if word.visible and "98,765" in word.text]
    values = {field.value for field in digitize(data).form.fields}
    assert "98765.00" not in values
    assert "4200.00" in values


@pytest.mark.parametrize("draw", SEEN, ids=lambda one: one.__name__)
def test_what_can_be_seen_is_visible_however_it_is_painted(draw: Callable[[Canvas], None]) -> None:
    assert all(word.visible for word in read(drawn(draw)).words)


def test_a_hidden_word_that_touches_a_visible_one_hides_nothing_but_itself() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(60, 400, "covered@example.com")
        canvas.setFillGray(1)
        canvas.rect(50, 392, 106, 20, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.drawString(157, 400, "Twins")
        text = canvas.beginText(60, 300)
        text.textOut("Seen")
        text.setTextRenderMode(3)
        text.textOut("secret")
        canvas.drawText(text)

    seen = {word.text: word.visible for word in read(drawn(page)).words}
    assert seen == {"covered@example.com": False, "Twins": True, "Seen": True, "secret": False}


def layered(canvas: Canvas) -> None:
    canvas.drawString(60, 400, "Shown")


def _with_layer(data: bytes, *, shown: bool) -> bytes:
    """The page's text put on a layer that is switched on or off."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("Prices")))
        settings = pikepdf.Dictionary(ON=[layer] if shown else [], OFF=[] if shown else [layer], Order=[layer])
        pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=settings)
        page = pdf.pages[0]
        page.obj.Resources.Properties = pikepdf.Dictionary(MC0=layer)
        content = page.Contents.read_bytes()
        page.obj.Contents = pdf.make_stream(b"/OC /MC0 BDC\n" + content + b"\nEMC")
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


@pytest.mark.parametrize("shown", [True, False])
def test_words_of_a_layer_are_visible_when_it_is_switched_on(shown: bool) -> None:
    words = read(_with_layer(drawn(layered), shown=shown)).words
    assert [word.visible for word in words] == ([shown] if words else [])
