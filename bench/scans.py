"""Pictures of pages whose words are known: as a good scanner, a bad one and a hurried person would make them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph

from bench import degrade, material
from bench.degrade import Grey
from bench.sets import SETS, Form, Sources
from procession.digitize.document import open_document
from procession.digitize.reader import read_page

DPI = 200
LOW_DPI = 120
SHADE_LEVELS = 90.0
"""How much darker than its light corner the dark corner of a shaded page is."""


@dataclass(frozen=True, slots=True)
class Original:
    name: str
    data: bytes
    page: int
    """From 1."""

    def words(self) -> tuple[str, ...]:
        """What a reader sees printed, in the order of the file."""
        document = open_document(self.data)
        try:
            return tuple(word.text for word in read_page(document, self.page).words if word.visible)
        finally:
            document.close()

    def picture(self, dpi: int) -> Grey:
        document = pypdfium2.PdfDocument(self.data)
        try:
            grey: Grey = document[self.page - 1].render(scale=dpi / 72, grayscale=True).to_numpy()
            return grey.reshape(grey.shape[:2]).copy()
        finally:
            document.close()


@dataclass(frozen=True, slots=True)
class Scan:
    kind: str
    name: str
    picture: Grey
    dpi: float
    words: tuple[str, ...]


def originals(sources: Sources, each: int) -> list[Original]:
    """First pages: ``each`` of the generated forms that are in English, and of every corpus set when there is one."""
    found: list[Original] = []
    for name in ("generated", *(("real", "vendor") if sources.corpus else ())):
        forms = [form for form in SETS[name](sources).forms if form.read().get("language", "en") == "en"]
        found += [Original(f"{name}/{form.name}", form.pdf.read_bytes(), _first_page(form)) for form in forms[:each]]
    return found


def _first_page(form: Form) -> int:
    return int(next(iter(form.read().get("scored_pages") or [1])))


def in_columns() -> Original:
    """The contracts among the examples, their sentences set in two narrow columns."""
    style = getSampleStyleSheet()["BodyText"]
    story: list[Flowable] = []
    for name in ("photography-contract.pdf", "venue-contract.pdf"):
        words = Original(name, material.every()[name], 1).words()
        text = [word for word in words if not set(word) <= set("_.…")]
        story += [
            Paragraph(" ".join(text[at : at + 60]).replace("&", "&amp;"), style) for at in range(0, len(text), 60)
        ]
    out = io.BytesIO()
    width, height = A4
    column = (width - 3 * 50) / 2
    frames = [Frame(50 + number * (column + 50), 50, column, height - 100) for number in range(2)]
    BaseDocTemplate(out, pagesize=A4, pageTemplates=[PageTemplate(frames=frames)]).build(story)
    return Original("two-columns", out.getvalue(), 1)


def _clean(one: Original, _: int) -> tuple[Grey, float]:
    return one.picture(DPI), DPI


def _worn(one: Original, seed: int) -> tuple[Grey, float]:
    degrees = degrade.SKEW_DEGREES if seed % 2 else -degrade.SKEW_DEGREES
    return _packed(degrade.worn(one.picture(DPI), degrees, np.random.default_rng(seed))), DPI


def _turned(quarters: int) -> Callable[[Original, int], tuple[Grey, float]]:
    def make(one: Original, seed: int) -> tuple[Grey, float]:
        grey, dpi = _worn(one, seed)
        return np.ascontiguousarray(np.rot90(grey, quarters)), dpi

    return make


def _faint(one: Original, seed: int) -> tuple[Grey, float]:
    """Grey print on coloured paper."""
    paper = one.picture(DPI).astype(np.float32) * (80 / 255) + 120
    noise = np.random.default_rng(seed).standard_normal(paper.shape, dtype=np.float32) * 4
    return _packed(np.clip(paper + noise, 0, 255).astype(np.uint8)), DPI


def _shaded(one: Original, seed: int) -> tuple[Grey, float]:
    """A shadow from one corner, and a lean of five degrees."""
    grey = degrade.worn(one.picture(DPI), 5.0 if seed % 2 else -5.0, np.random.default_rng(seed)).astype(np.float32)
    height, width = grey.shape
    slope = (np.linspace(0, 1, height)[:, None] + np.linspace(0, 1, width)[None, :]) / 2
    return _packed(np.clip(grey - SHADE_LEVELS * slope, 0, 255).astype(np.uint8)), DPI


def _coarse(one: Original, seed: int) -> tuple[Grey, float]:
    """A low resolution; the engine asks for its own, so the picture is drawn larger again."""
    grey = degrade.worn(one.picture(LOW_DPI), 1.0, np.random.default_rng(seed))
    larger = cv2.resize(_packed(grey), None, fx=DPI / LOW_DPI, fy=DPI / LOW_DPI, interpolation=cv2.INTER_LINEAR)
    return np.asarray(larger, dtype=np.uint8), DPI


def _packed(grey: Grey) -> Grey:
    done, packed = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, degrade.JPEG_QUALITY])
    assert done
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


KINDS: dict[str, Callable[[Original, int], tuple[Grey, float]]] = {
    "worn": _worn,
    "clean": _clean,
    "turned_90": _turned(1),
    "turned_180": _turned(2),
    "faint": _faint,
    "shaded": _shaded,
    "coarse": _coarse,
}
"""``worn`` as ``degrade`` scans: 200 dpi, 2 degrees askew, noise, JPEG at quality 40."""


def scans(pages: list[Original]) -> Iterator[Scan]:
    """Every page in every kind, then two columns, worn."""
    for kind, make in KINDS.items():
        for seed, page in enumerate(pages):
            yield Scan(kind, page.name, *make(page, seed), page.words())
    columns = in_columns()
    yield Scan("two_columns", columns.name, *_worn(columns, 1), columns.words())


def write(folder: Path, made: Iterator[Scan]) -> list[Path]:
    """One .npz a scan, so that every reader gets the same pixels."""
    paths = []
    for number, scan in enumerate(made):
        path = folder / f"{number:03}.npz"
        np.savez(path, picture=scan.picture, about=np.array([scan.kind, scan.name, str(scan.dpi), *scan.words]))
        paths.append(path)
    return paths


def read(path: Path) -> Scan:
    with np.load(path, allow_pickle=False) as arrays:
        kind, name, dpi, *words = arrays["about"].tolist()
        return Scan(kind, name, arrays["picture"], float(dpi), tuple(words))
