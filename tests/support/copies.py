"""A made-up supplier's form, and copies of it: filled in, scanned a little beside its place, in a new edition."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.0, 842.0
LABELS = (
    "Name of partner one",
    "Name of partner two",
    "E-mail address",
    "Telephone during office hours",
    "Wedding date",
    "Ceremony venue",
    "Number of guests",
    "Favourite flowers",
    "Colour scheme",
)
MEALS = ("Sit-down dinner", "Buffet", "Garden picnic")
TOP, PITCH = 690.0, 32.0
POINTS_PER_MM = 72 / 25.4


def form(
    answers: Mapping[str, str] | None = None,
    *,
    ticked: Sequence[str] = (),
    signed: bool = False,
    scribbled: Sequence[str] = (),
    labels: Sequence[str] = LABELS,
    title: str = "Consultation of Rosewood Flowers",
    pages: int = 1,
    numbered: bool = False,
) -> bytes:
    """Rows of label and rule, a question with three boxes, a place to sign. ``answers``: label -> what is typed.

    ``scribbled``: labels beside which something nobody can read is written by hand.

    ``pages``: as many equal ones; ``numbered``, up to three, each with a line of its own.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=True)
    for number in range(pages):
        _page(canvas, answers or {}, ticked, signed, scribbled, labels, title)
        if numbered:
            canvas.drawString(60, 60, f"Sheet {('one', 'two', 'three')[number]} of this questionnaire")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(
    canvas: Canvas,
    answers: Mapping[str, str],
    ticked: Sequence[str],
    signed: bool,
    scribbled: Sequence[str],
    labels: Sequence[str],
    title: str,
) -> None:
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(60, 770, title)
    canvas.setFont("Helvetica", 10)
    canvas.drawString(60, 745, "Please answer every question and return this sheet four weeks before the wedding.")
    y = TOP
    for label in labels:
        canvas.drawString(60, y, f"{label}:")
        canvas.line(210, y - 2, 530, y - 2)
        if label in answers:
            canvas.setFont("Courier", 11)
            canvas.drawString(214, y, answers[label])
            canvas.setFont("Helvetica", 10)
        if label in scribbled:
            _scribble(canvas, y)
        y -= PITCH
    canvas.drawString(60, y, "How shall we serve the meal?")
    for index, meal in enumerate(MEALS):
        x = 250 + 100 * index
        canvas.rect(x, y - 1, 10, 10)
        canvas.drawString(x + 14, y, meal)
        if meal in ticked:
            canvas.setFont("ZapfDingbats", 10)
            canvas.drawString(x + 1, y, "8")
            canvas.setFont("Helvetica", 10)
    y -= 1.6 * PITCH
    canvas.drawString(60, y, "Signature of the client")
    canvas.line(210, y - 2, 530, y - 2)
    if signed:
        _scribble(canvas, y)


def _scribble(canvas: Canvas, y: float) -> None:
    """A stroke of the pen over a line."""
    canvas.setLineWidth(1.4)
    path = canvas.beginPath()
    path.moveTo(270, y + 2)
    path.curveTo(290, y + 26, 300, y - 8, 320, y + 8)
    path.curveTo(340, y + 24, 350, y - 6, 380, y + 6)
    path.curveTo(390, y + 16, 400, y, 420, y + 4)
    canvas.drawPath(path)
    canvas.setLineWidth(1)


def scanned(data: bytes, *, shift_mm: float = 3.0, degrees: float = 0.5, seed: int = 1, dpi: int = 200) -> bytes:
    """Every page as a picture: shifted right and up, leaning, on greyish paper with noise, as JPEG."""
    chance = np.random.default_rng(seed)
    source = pypdfium2.PdfDocument(data)
    pdf = Pdf.new()
    for page in source:
        width, height = page.get_size()
        grey = page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze()
        away = shift_mm / 25.4 * dpi
        matrix = cv2.getRotationMatrix2D((grey.shape[1] / 2, grey.shape[0] / 2), -degrees, 1.0)
        matrix[:, 2] += (away, -away)
        moved = cv2.warpAffine(grey, matrix, (grey.shape[1], grey.shape[0]), flags=cv2.INTER_CUBIC, borderValue=(255,))
        noisy = np.clip(moved * 0.94 + 6 + chance.normal(0, 6, moved.shape), 0, 255).astype(np.uint8)
        _, packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 60])
        picture = Stream(pdf, packed.tobytes())
        picture.Type, picture.Subtype, picture.Filter = Name.XObject, Name.Image, Name.DCTDecode
        picture.Width, picture.Height = grey.shape[1], grey.shape[0]
        picture.ColorSpace, picture.BitsPerComponent = Name.DeviceGray, 8
        sheet = Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, width, height]),
            Resources=Dictionary(XObject=Dictionary(Scan=picture)),
            Contents=Stream(pdf, f"q {width} 0 0 {height} 0 0 cm /Scan Do Q".encode()),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(sheet)))
    source.close()
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()
