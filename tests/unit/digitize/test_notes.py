"""Answers typed and signatures drawn over a page with a viewer's pen."""

from __future__ import annotations

import io

import pikepdf
from reportlab.pdfgen.canvas import Canvas

from procession.digitize.notes import TEXT_CHARS_MAX
from procession.digitize.page import Word
from procession.digitize.pipeline import digitize, read_pages
from tests.unit.digitize.made import drawn


def form(canvas: Canvas) -> None:
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 740, "Wedding Contract")
    canvas.setFont("Helvetica", 10)
    for y, label in ((700, "Email"), (670, "Wedding date"), (640, "Total price")):
        canvas.drawString(60, y, label)
        canvas.line(160, y - 2, 400, y - 2)
    canvas.line(60, 560, 260, 560)
    canvas.drawString(60, 548, "Client signature")


def noted(*notes: dict[str, object]) -> bytes:
    with pikepdf.open(io.BytesIO(drawn(form))) as pdf:
        made = [
            pdf.make_indirect(pikepdf.Dictionary({"/Type": pikepdf.Name.Annot, "/F": 4, **note}))  # type: ignore[dict-item]
            for note in notes
        ]
        pdf.pages[0].obj.Annots = pikepdf.Array(made)
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def typed(text: str, y: float, flags: int = 4) -> dict[str, object]:
    return {
        "/Subtype": pikepdf.Name.FreeText,
        "/Contents": pikepdf.String(text),
        "/DA": pikepdf.String("/Helv 10 Tf 0 g"),
        "/Rect": [165, y - 3, 400, y + 11],
        "/F": flags,
    }


INK = {
    "/Subtype": pikepdf.Name.Ink,
    "/Rect": [80, 562, 180, 590],
    "/InkList": [[80, 562, 100, 590, 140, 565, 180, 588]],
}


def words_of(data: bytes) -> list[Word]:
    ((page, _),) = read_pages(data)
    return page.words


def values_of(data: bytes) -> dict[str, object]:
    return {f.subtype.value: f.value for f in digitize(data).form.fields if f.subtype and f.value}


def test_free_text_typed_over_lines_is_read_where_it_lies() -> None:
    data = noted(typed("anna.bell@gmail.com", 700), typed("12 September 2026", 670), typed("$4,200.00", 640))
    found = values_of(data)
    assert found["couple_email"] == "anna.bell@gmail.com"
    assert found["wedding_date"] == "2026-09-12"
    assert found["total_amount"] == "4200.00"
    word = next(word for word in words_of(data) if word.text == "September")
    assert 165 < word.box.x0 < 300
    assert 792 - 685 < word.box.centre[1] < 792 - 665


def test_ink_over_the_line_is_a_signature() -> None:
    assert values_of(noted(INK))["client_signature"] == "signed"
    assert "client_signature" not in values_of(noted())


def test_a_hidden_note_and_one_off_the_page_are_not_read() -> None:
    away = typed("$98,765.00", 640) | {"/Rect": [900, 640, 1000, 652]}
    data = noted(typed("$98,765.00", 640, flags=2), away)
    assert not [word.text for word in words_of(data) if "98,765" in word.text]


def test_a_note_longer_than_the_limit_is_left_out() -> None:
    assert not [w for w in words_of(noted(typed("x" * (TEXT_CHARS_MAX + 1), 700))) if w.text.startswith("xx")]
    assert [w for w in words_of(noted(typed("x" * TEXT_CHARS_MAX, 700))) if w.text.startswith("xx")]
