"""PDFs the digitize tests make for themselves: fictional forms, drawn with ReportLab."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
from reportlab.pdfgen.canvas import Canvas

from procession.digitize.document import open_document
from procession.digitize.page import PageContent
from procession.digitize.reader import read_page

WIDTH, HEIGHT = 612.0, 792.0


def drawn(draw: Callable[[Canvas], None], pages: int = 1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    for _ in range(pages):
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(data: bytes, number: int = 1) -> PageContent:
    document = open_document(data)
    try:
        return read_page(document, number)
    finally:
        document.close()


def blank_form(canvas: Canvas) -> None:
    """A heading, a line, an underscore blank, a box, two yes/no squares; y counts from the bottom."""
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 740, "Booking Form")
    canvas.setFont("Helvetica", 10)
    canvas.drawString(60, 700, "Full name *")
    canvas.line(140, 698, 400, 698)
    canvas.drawString(60, 670, "Email: ______________________________")
    canvas.drawString(60, 640, "Notes")
    canvas.rect(60, 560, 400, 72)
    canvas.drawString(60, 520, "Outdoor ceremony?")
    for x, word in ((180, "Yes"), (240, "No")):
        canvas.rect(x, 519, 9, 9)
        canvas.drawString(x + 14, 520, word)


def acroform(canvas: Canvas) -> None:
    form = canvas.acroForm
    form.textfield(name="guests", tooltip="Guest count", x=100, y=700, width=200, height=18, value="80", maxlen=4)
    form.checkbox(name="vegan", tooltip="Vegan menu", x=100, y=660, size=14, checked=True)
    for index, value in enumerate(("noon", "dusk")):
        form.radio(
            name="hour", tooltip="Ceremony hour", value=value, selected=value == "dusk", x=100 + 60 * index, y=620
        )
    form.choice(name="dish", tooltip="Dish", value="Soup", options=["Soup", "Pie"], x=100, y=580, width=120, height=18)


def changed(data: bytes, change: Callable[[pikepdf.Pdf], None], **save: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(out, **save)
    return out.getvalue()
