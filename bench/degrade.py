"""Prints a form and scans it badly: 200 dpi, 2 degrees askew, noise, JPEG at quality 40; the truth moves along."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Pdf, Stream

DPI = 200
SKEW_DEGREES = 2.0
NOISE = 8.0
"""Standard deviation, in levels of 256."""
JPEG_QUALITY = 40

Grey = NDArray[np.uint8]


def scanned(data: bytes, truth: dict[str, Any], seed: int) -> tuple[bytes, dict[str, Any]]:
    """The scored pages as pictures, numbered from 1, and their truth. Even seeds turn clockwise, odd ones back."""
    degrees = SKEW_DEGREES if seed % 2 == 0 else -SKEW_DEGREES
    random = np.random.default_rng(seed)
    numbers = truth["scored_pages"]
    source = pypdfium2.PdfDocument(data)
    pdf = Pdf.new()
    sizes: dict[int, tuple[float, float]] = {}
    for number in numbers:
        page = source[number - 1]
        sizes[number] = page.get_size()
        grey = page.render(scale=DPI / 72, grayscale=True).to_numpy()
        add_picture(pdf, *jpeg(worn(grey.reshape(grey.shape[:2]), degrees, random)), sizes[number])
    source.close()
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    fields = [
        entry | {"page": numbers.index(entry["page"]) + 1, "box": turned(entry["box"], *sizes[entry["page"]], degrees)}
        for entry in truth["fields"]
        if entry["page"] in numbers
    ]
    count = len(numbers)
    return out.getvalue(), truth | {"pages": count, "scored_pages": list(range(1, count + 1)), "fields": fields}


def worn(grey: Grey, degrees: float, random: np.random.Generator) -> Grey:
    """A page picture turned about its centre (positive is clockwise), on greyish paper, with noise."""
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    askew = cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255).astype(np.float32)
    noise = random.standard_normal(askew.shape, dtype=np.float32) * NOISE
    paper: Grey = np.clip(askew * (240 / 255) + 6 + noise, 0, 255).astype(np.uint8)
    return paper


def jpeg(grey: Grey) -> tuple[bytes, tuple[int, int]]:
    """JPEG bytes, and (width, height) in pixels."""
    done, packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done
    return packed.tobytes(), (grey.shape[1], grey.shape[0])


def add_picture(pdf: Pdf, packed: bytes, pixels: tuple[int, int], points: tuple[float, float]) -> None:
    """A page of ``points`` (width, height) that is one grey JPEG."""
    image = Stream(pdf, packed)
    image.Type, image.Subtype, image.Filter = Name.XObject, Name.Image, Name.DCTDecode
    image.Width, image.Height = pixels
    image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 8
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, *points]),
        Resources=Dictionary(XObject=Dictionary(Scan=image)),
        Contents=Stream(pdf, f"q {points[0]} 0 0 {points[1]} 0 0 cm /Scan Do Q".encode()),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def turned(box: Sequence[float], width: float, height: float, degrees: float) -> list[float]:
    """The box (fractions) of the same size whose centre went round with the page.

    Not the hull of the turned corners: two degrees would make the box of a line across the page twice as tall.
    """
    angle = math.radians(degrees)
    dx, dy = ((box[0] + box[2]) / 2 - 0.5) * width, ((box[1] + box[3]) / 2 - 0.5) * height
    x = 0.5 + (dx * math.cos(angle) - dy * math.sin(angle)) / width
    y = 0.5 + (dx * math.sin(angle) + dy * math.cos(angle)) / height
    half_width, half_height = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    around = (x - half_width, y - half_height, x + half_width, y + half_height)
    return [round(min(1.0, max(0.0, value)), 5) for value in around]
