"""The flattened copy: it looks like the filled one, nothing in it is a field, and nothing in it acts."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from procession.digitize import pipeline
from tests.unit.digitize.made import acroform, blank_form, changed, drawn
from tests.unit.digitize.papers import ANSWERS, fill, pages_of, picture

BOOKING = (Path(__file__).parents[3] / "examples" / "acroform-booking.pdf").read_bytes()


def answers(data: bytes) -> list[object]:
    return [
        field.model_copy(update={"value": field.options[0].value if field.options else ANSWERS.get(field.type)})
        for field in pipeline.digitize(data).form.fields
    ]


@pytest.mark.parametrize("data", [BOOKING, drawn(acroform)], ids=["booking", "all kinds"])
def test_a_flattened_copy_looks_like_the_filled_one_and_has_no_fields(data: bytes) -> None:
    filled, flat = fill(data, answers(data)), fill(data, answers(data), flatten=True)  # type: ignore[arg-type]
    with pikepdf.open(io.BytesIO(flat.pdf)) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert not any(page.obj.get("/Annots") for page in pdf.pages)
    difference = abs(picture(filled.pdf) - picture(flat.pdf))
    assert float((difference > 60).mean()) < 0.002
    words = {word.text for word in pages_of(flat.pdf)[0].words}
    assert {"05/14/2030"} <= words or data is not BOOKING


def acting(pdf: pikepdf.Pdf) -> None:
    """Scripts and actions in every place that holds them, a link, and a note."""
    script = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    pdf.Root.OpenAction = script
    pdf.Root.AA = Dictionary(WC=script)
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("x"), script])))
    page = pdf.pages[0]
    page.obj.AA = Dictionary(O=Dictionary(S=Name.Launch, F=String("calc.exe"), Next=script))
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[10, 10, 60, 30])
    link.A = Dictionary(S=Name.URI, URI=String("https://example.com/terms"), Next=Array([script]))
    bad = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[10, 40, 60, 60], A=script)
    screen = Dictionary(Type=Name.Annot, Subtype=Name.Screen, Rect=[10, 70, 60, 90], A=Dictionary(S=Name.Rendition))
    page.obj.Annots = Array([*page.obj.get("/Annots", []), *map(pdf.make_indirect, (link, bad, screen))])
    item = pdf.make_indirect(Dictionary(Title=String("Chapter"), A=script))
    pdf.Root.Outlines = Dictionary(First=item, Last=item, Count=1)


@pytest.mark.parametrize("form", [acroform, blank_form], ids=["fields", "no fields"])
def test_nothing_in_a_flattened_copy_acts_and_links_still_lead(form: object) -> None:
    data = changed(drawn(form), acting)  # type: ignore[arg-type]
    flat = fill(data, answers(data), flatten=True)  # type: ignore[arg-type]
    with pikepdf.open(io.BytesIO(flat.pdf)) as pdf:
        links = [one for one in pdf.pages[0].Annots if "/A" in one]
        assert [str(one.A.URI) for one in links] == ["https://example.com/terms"]
        assert all(one.Subtype == Name.Link for one in pdf.pages[0].Annots)
        whole = b"".join(one.unparse() for one in pdf.objects if isinstance(one, Dictionary))
    for word in (b"/JavaScript", b"/JS", b"/AA", b"/Launch", b"/Rendition", b"/OpenAction"):
        assert word not in whole


def test_the_editable_copy_keeps_the_forms_own_scripts() -> None:
    """They format what people type later; a sandboxed child never runs them."""
    data = changed(drawn(acroform), acting)
    with pikepdf.open(io.BytesIO(fill(data, answers(data)).pdf)) as pdf:  # type: ignore[arg-type]
        assert Name.JavaScript == pdf.Root.OpenAction.S


def test_an_untouched_page_is_drawn_as_before() -> None:
    data = drawn(blank_form, pages=3)
    flat = fill(data, [], flatten=True)
    assert len(pages_of(flat.pdf)) == 3
    for number in (1, 2, 3):
        assert int(abs(picture(data, number) - picture(flat.pdf, number)).max()) == 0


def test_hidden_fields_are_not_brought_to_light() -> None:
    def hide(pdf: pikepdf.Pdf) -> None:
        for widget in pdf.pages[0].Annots:
            widget.F = 2

    data = changed(drawn(acroform), hide)
    flat = fill(data, [], flatten=True)
    assert "80" not in {word.text for word in pages_of(flat.pdf)[0].words}
