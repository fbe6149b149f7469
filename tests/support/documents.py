"""Small PDFs drawn for tests, each different by its ``mark`` so that nothing is taken for a duplicate."""

from __future__ import annotations

import io
import itertools
import os

import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

_NUMBER = itertools.count()


def _mark() -> str:
    return f"{os.getpid()}-{next(_NUMBER)}"


def form(labels: tuple[str, ...] = ("Bride's name", "E-mail", "Wedding date"), pages: int = 1, mark: str = "") -> bytes:
    """A printed form: a label and a line to write on, for each of ``labels`` on each page."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=A4, invariant=1)
    canvas.setTitle(f"Consultation {mark or _mark()}")
    for page in range(pages):
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(72, 770, f"Wedding consultation {page + 1}")
        canvas.setFont("Helvetica", 11)
        for row, label in enumerate(labels):
            height = 710 - 40 * row
            canvas.drawString(72, height, f"{label}:")
            canvas.line(200, height - 2, 500, height - 2)
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def acroform(mark: str = "") -> bytes:
    """A fillable form with a required text field, a tick box and a choice."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=A4, invariant=1)
    canvas.setTitle(f"Questionnaire {mark or _mark()}")
    canvas.drawString(72, 770, "Menu questionnaire")
    canvas.drawString(72, 700, "Couple's e-mail:")
    canvas.acroForm.textfield(
        name="email", tooltip="Couple's e-mail", x=200, y=690, width=250, height=20, fieldFlags="required"
    )
    canvas.drawString(72, 650, "Vegetarian menu:")
    canvas.acroForm.checkbox(name="vegetarian", tooltip="Vegetarian menu", x=200, y=645, size=16, fieldFlags="")
    canvas.drawString(72, 600, "Number of guests:")
    canvas.acroForm.textfield(name="guests", tooltip="Number of guests", x=200, y=590, width=100, height=20)
    canvas.save()
    return drawn.getvalue()


def locked() -> bytes:
    """Opens with a password only."""
    with pikepdf.open(io.BytesIO(form())) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return out.getvalue()


def truncated() -> bytes:
    return form()[:300]
