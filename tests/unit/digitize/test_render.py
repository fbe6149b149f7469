from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from procession.digitize import render
from procession.domain.errors import DamagedPdf, InvalidRequest, PageTooLarge
from procession.domain.form import Field, FieldType, Source


@dataclass(frozen=True)
class Limits:
    page_points_max: float = 14_400.0
    page_pixels_max: int = 4_000_000


def pdf(width: float = 400, height: float = 200, *, widget: bool = False, rotation: int = 0) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height))
    canvas.setFillColorRGB(0, 0, 0)
    canvas.rect(0, height - 20, 40, 20, stroke=0, fill=1)
    if widget:
        canvas.acroForm.textfield(
            name="a", value="HELLO", x=100, y=50, width=200, height=40, fontSize=24, borderWidth=2
        )
    canvas.save()
    if not rotation:
        return out.getvalue()
    with pikepdf.open(io.BytesIO(out.getvalue())) as document:
        document.pages[0].Rotate = rotation
        turned = io.BytesIO()
        document.save(turned)
    return turned.getvalue()


def pixels(png: bytes) -> np.ndarray:  # type: ignore[type-arg]
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("L"))


def test_a_page_is_drawn_as_wide_as_asked_for() -> None:
    shown = pixels(render.render_page(pdf(), 1, 800, Limits()))
    assert shown.shape == (400, 800)
    assert shown[5, 5] < 50
    assert shown[300, 700] > 250


def test_a_turned_page_is_drawn_as_displayed() -> None:
    shown = pixels(render.render_page(pdf(rotation=90), 1, 200, Limits()))
    assert shown.shape == (400, 200)
    assert shown[5, 195] < 50


def test_filled_form_fields_are_drawn() -> None:
    with_field = pixels(render.render_page(pdf(widget=True), 1, 800, Limits()))
    assert (with_field[230:290, 220:580] < 128).sum() > 200


def test_too_many_pixels_are_refused() -> None:
    with pytest.raises(PageTooLarge):
        render.render_page(pdf(), 1, 4000, Limits())


def test_a_page_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(PageTooLarge):
        render.render_page(pdf(width=2000), 1, 100, Limits(page_points_max=1000))


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_page_that_does_not_exist_is_refused(number: int) -> None:
    with pytest.raises(InvalidRequest, match="pages 1 to 1"):
        render.render_page(pdf(), number, 100, Limits())


def test_what_is_no_pdf_is_damaged() -> None:
    with pytest.raises(DamagedPdf):
        render.render_page(b"%PDF-1.7 nothing", 1, 100, Limits())


def test_the_grey_picture_gives_up_resolution_for_the_pixel_limit() -> None:
    document = pypdfium2.PdfDocument(pdf())
    full = render.picture(document[0], 72, Limits())
    assert full.shape == (200, 400)
    assert full.dtype == np.uint8
    small = render.picture(document[0], 720, Limits(page_pixels_max=20_000))
    assert small.size <= 20_000
    document.close()


def test_boxes_are_drawn_with_numbers_and_doubtful_ones_dashed() -> None:
    blank = io.BytesIO()
    Image.new("RGB", (400, 200), "white").save(blank, "PNG")
    sure = Field(
        id="a", page=1, label="A", name="a", type=FieldType.TEXT, box=(0.2, 0.1, 0.8, 0.3), source=Source.GRAPHICS
    )
    doubtful = sure.model_copy(update={"id": "b", "box": (0.2, 0.6, 0.8, 0.8), "needs_review": True})
    with Image.open(io.BytesIO(render.overlay(blank.getvalue(), [sure, doubtful]))) as drawn:
        image = np.asarray(drawn.convert("RGB")).astype(int)
    solid, dashed = image[20, 100:300], image[120, 100:300]
    assert np.ptp(solid.sum(axis=1)) == 0
    assert np.ptp(dashed.sum(axis=1)) > 100
    assert (image[15:30, 60:80].min() < 100).any()


def test_what_could_be_repaired_to_be_read_can_be_drawn() -> None:
    whole = pdf()
    cut = whole[: whole.rindex(b"trailer")]
    assert render.render_page(cut, 1, 100, Limits()) == render.render_page(whole, 1, 100, Limits())
