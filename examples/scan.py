"""Prints a document and scans it: grey, slightly askew, speckled, as JPEG pages."""

from __future__ import annotations

import io
import math

import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image

from examples.paper import Paper

DPI = 150
ASKEW_DEGREES = 0.4
SEED = 20270918


def scanned(paper: Paper) -> bytes:
    """The scan as PDF, one picture a page; moves the paper's truth along with the skew."""
    source = pypdfium2.PdfDocument(paper.finish())
    random = np.random.default_rng(SEED)
    pdf = Pdf.new()
    for page in source:
        picture = page.render(scale=DPI / 72, grayscale=True).to_pil()
        jpeg = _degrade(picture, random)
        _add_page(pdf, jpeg, picture.size, (paper.width, paper.height))
    source.close()
    for entry in paper.truth.fields:
        entry["box"] = _turn(entry["box"], paper.width, paper.height)
    out = io.BytesIO()
    pdf.save(out, static_id=True, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _degrade(picture: Image.Image, random: np.random.Generator) -> bytes:
    turned = picture.rotate(-ASKEW_DEGREES, Image.Resampling.BICUBIC, fillcolor=255)
    grey = np.asarray(turned, dtype=np.float32)
    paper_tone = grey * (238 / 255) + 6 + random.normal(0, 5, grey.shape)
    specks = random.random(grey.shape) < 0.00004
    paper_tone[specks] = 90
    out = io.BytesIO()
    Image.fromarray(np.clip(paper_tone, 0, 255).astype(np.uint8), "L").save(out, "JPEG", quality=55)
    return out.getvalue()


def _add_page(pdf: Pdf, jpeg: bytes, pixels: tuple[int, int], points: tuple[float, float]) -> None:
    image = Stream(pdf, jpeg)
    image.Type, image.Subtype, image.Filter = Name.XObject, Name.Image, Name.DCTDecode
    image.Width, image.Height = pixels
    image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
    drawing = Stream(pdf, f"q {points[0]} 0 0 {points[1]} 0 0 cm /Scan Do Q".encode())
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *points]),
        Resources=Dictionary(XObject=Dictionary(Scan=image)),
        Contents=drawing,
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def _turn(box: list[float], width: float, height: float) -> list[float]:
    """The upright box around the turned one. Clockwise on the page, as PIL's negative angle is."""
    angle = math.radians(ASKEW_DEGREES)
    xs, ys = [], []
    for x, y in ((box[0], box[1]), (box[2], box[1]), (box[0], box[3]), (box[2], box[3])):
        dx, dy = (x - 0.5) * width, (y - 0.5) * height
        xs.append(0.5 + (dx * math.cos(angle) - dy * math.sin(angle)) / width)
        ys.append(0.5 + (dx * math.sin(angle) + dy * math.cos(angle)) / height)
    # the middle line of each edge: a long line's skew must not make its box tall
    return [round(v, 5) for v in (min(xs[0], xs[2]), (ys[0] + ys[1]) / 2, max(xs[1], xs[3]), (ys[2] + ys[3]) / 2)]
