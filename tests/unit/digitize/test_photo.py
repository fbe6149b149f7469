"""Photographs of paper: the sheet found and flattened, and pictures nobody should decode refused."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from procession.digitize import photo, photo_sheet
from procession.digitize.document import Limits, open_document
from procession.digitize.pipeline import digitize
from procession.digitize.render import picture, render_page
from procession.domain.errors import DamagedPdf, NotAPdf, PageTooLarge, UnsupportedMediaType
from procession.domain.media import bundle
from tests.unit.digitize.made import blank_form, drawn

HEIC = Path(__file__).parent / "data" / "form.heic"
CORNERS = np.array([[190.0, 170], [1050, 130], [1110, 1330], [120, 1290]])


def page() -> photo_sheet.Colour:
    document = open_document(drawn(blank_form))
    try:
        grey = picture(document.page(1).raw, 150.0, document.limits)
    finally:
        document.close()
    return np.dstack([grey] * 3)


def photographed(sheet: photo_sheet.Colour, width: int = 1200, height: int = 1500) -> photo_sheet.Colour:
    """``sheet`` at CORNERS on a dark desk, lit from the top left, with the grain of a sensor."""
    tall, wide = sheet.shape[:2]
    edges = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(edges, CORNERS.astype(np.float32))
    seen = cv2.warpPerspective(sheet, matrix, (width, height))
    mask = cv2.warpPerspective(np.full_like(sheet, 255), matrix, (width, height))
    y, x = np.mgrid[0:height, 0:width]
    light = (1.0 - 0.4 * (x / width) * (y / height))[..., None]
    grain = np.random.default_rng(3).normal(0, 4, (height, width, 1))
    return np.clip(np.where(mask > 127, seen * 0.9, 60.0) * light + grain, 0, 255).astype(np.uint8)


def encoded(pixels: photo_sheet.Colour, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_the_corners_of_a_slanted_sheet_are_found() -> None:
    found = photo_sheet.find_sheet(photographed(page()))
    assert found is not None
    assert np.abs(found - CORNERS).max() < 8


@pytest.mark.parametrize("turns", range(4))
def test_a_dark_letterhead_that_runs_to_the_edges_belongs_to_the_sheet(turns: int) -> None:
    sheet = page()
    sheet[: round(0.11 * len(sheet))] = (122, 62, 93)
    cv2.putText(sheet, "Letterhead in white", (120, 90), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (255, 255, 255), 3)
    found = photo_sheet.find_sheet(photographed(np.ascontiguousarray(np.rot90(sheet, turns))))
    assert found is not None
    assert np.abs(found - CORNERS).max() < 12


def test_a_dark_letterhead_is_not_lightened_like_a_shadow() -> None:
    sheet = page()
    sheet[: round(0.11 * len(sheet))] = (122, 62, 93)
    light = (1.0 - 0.5 * np.linspace(0, 1, sheet.shape[1]))[None, :, None]
    lit = photo_sheet.without_shadows((sheet * light).astype(np.uint8))
    band, paper = lit[: round(0.1 * len(sheet))], lit[round(0.2 * len(sheet)) :]
    assert np.median(band, axis=(0, 1)).max() < 180
    assert np.median(paper, axis=(0, 1)).min() > 235


def test_a_frame_printed_on_a_page_that_fills_the_picture_is_no_sheet() -> None:
    sheet = np.full((1500, 1200, 3), 250, dtype=np.uint8)
    cv2.rectangle(sheet, (150, 150), (1050, 1350), (0, 0, 0), 6)
    assert photo_sheet.find_sheet(sheet) is None


@pytest.mark.parametrize(("tilt", "pan", "off"), [(28, 0, 0.03), (20, 14, 0.01), (-12, 25, 0.01), (0, 0, 0.01)])
def test_the_proportions_of_a_sheet_seen_from_a_slant_are_those_of_the_sheet(
    tilt: float, pan: float, off: float
) -> None:
    focal, width, height = 1400.0, 1200, 1600
    turn, _ = cv2.Rodrigues(np.radians([tilt, pan, 0.0]))
    flat = np.array([[-105, -148.5, 0], [105, -148.5, 0], [105, 148.5, 0], [-105, 148.5, 0]])
    seen = flat @ turn.T + np.array([8, -5, 420])
    quad = seen[:, :2] / seen[:, 2:] * focal + np.array([width / 2, height / 2])
    assert photo_sheet.proportions(quad, width, height) == pytest.approx(210 / 297, rel=off)


def test_known_papers_get_their_size_and_others_their_shape() -> None:
    assert photo_sheet.paper_points(0.70) == pytest.approx((595.3, 841.9))
    assert photo_sheet.paper_points(1.30) == pytest.approx((792.0, 612.0))
    assert photo_sheet.paper_points(0.40) == pytest.approx((336.8, 841.9), abs=0.1)


def test_shadows_go_and_an_even_page_stays_as_it_is() -> None:
    sheet = np.full((800, 600, 3), 240, dtype=np.uint8)
    assert photo_sheet.without_shadows(sheet) is sheet
    shaded = sheet.copy()
    shaded[400:] = 150
    flat = photo_sheet.without_shadows(shaded)
    assert abs(int(np.median(flat[:380])) - int(np.median(flat[420:]))) < 4


def test_a_photographed_form_is_read_like_its_scan() -> None:
    form = digitize(encoded(photographed(cv2.resize(page(), None, fx=1.4, fy=1.4)), quality=90)).form
    labels = {field.label for field in form.fields}
    assert {"Full name", "Email", "Notes", "Outdoor ceremony?"} <= labels


@pytest.mark.parametrize(("orientation", "turned"), [(1, 0), (6, 1), (3, 2), (8, 3)])
def test_a_picture_is_turned_as_the_camera_was_held(orientation: int, turned: int) -> None:
    held = np.full((60, 40, 3), 255, dtype=np.uint8)
    held[:30, :20] = 0
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen, _ = photo.decoded(encoded(np.rot90(held, turned), "PNG", exif=exif.tobytes()))
    assert np.array_equal(seen, held)


def test_transparent_places_are_white_and_deep_greys_keep_their_shade() -> None:
    clear = np.zeros((20, 20, 4), dtype=np.uint8)
    assert photo.decoded(encoded(clear, "PNG"))[0].min() == 255
    deep = io.BytesIO()
    Image.fromarray(np.full((20, 20), 0x8000, dtype=np.uint16)).save(deep, "PNG")
    assert photo.decoded(deep.getvalue())[0].mean() == pytest.approx(128, abs=1)


def test_a_scanned_picture_has_the_size_its_resolution_says() -> None:
    _, size = photo.developed(encoded(np.full((1100, 850, 3), 250, dtype=np.uint8), "PNG", dpi=(100, 100)))
    assert size == pytest.approx((612, 792), abs=1)


def test_heic_is_read() -> None:
    pixels, _ = photo.decoded(HEIC.read_bytes())
    assert pixels.shape == (1100, 850, 3)
    assert pixels.min() < 60
    assert np.median(pixels) > 240


def test_pictures_put_together_are_pages_in_order() -> None:
    narrow, wide = np.full((1100, 850, 3), 250, dtype=np.uint8), np.full((850, 1100, 3), 250, dtype=np.uint8)
    document = open_document(bundle([encoded(narrow, "PNG"), encoded(wide, "PNG")]))
    try:
        frames = [document.page(number).frame for number in (1, 2)]
    finally:
        document.close()
    assert [frame.width < frame.height for frame in frames] == [True, False]


def test_only_the_page_asked_for_is_decoded() -> None:
    whole, broken = encoded(page(), "PNG"), encoded(page(), "PNG")[:400]
    png = render_page(bundle([whole, broken]), 1, 300, Limits())
    with Image.open(io.BytesIO(png)) as image:
        assert image.width == 300
    with pytest.raises(DamagedPdf):
        render_page(bundle([whole, broken]), 2, 300, Limits())


def test_pixels_up_to_the_limit_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "PHOTO_PIXELS_MAX", 100 * 80)
    assert photo.decoded(encoded(np.zeros((80, 100, 3), dtype=np.uint8)))[0].shape == (80, 100, 3)
    with pytest.raises(PageTooLarge):
        photo.decoded(encoded(np.zeros((81, 100, 3), dtype=np.uint8)))


def test_a_side_up_to_the_limit_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo, "PHOTO_SIDE_MAX", 100)
    assert photo.decoded(encoded(np.zeros((10, 100, 3), dtype=np.uint8)))[0].shape == (10, 100, 3)
    with pytest.raises(PageTooLarge):
        photo.decoded(encoded(np.zeros((10, 101, 3), dtype=np.uint8)))


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_001, 10), (9_000, 8_000)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(PageTooLarge):
        photo.decoded(png_header(*size))


@pytest.mark.parametrize("keep", [3, 12, 60, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIC"])
def test_a_cut_picture_is_a_damaged_one(kind: str, keep: float) -> None:
    data = HEIC.read_bytes() if kind == "HEIC" else encoded(page(), kind)
    cut = data[: int(keep if keep > 1 else keep * len(data))]
    with pytest.raises((DamagedPdf, NotAPdf)):
        photo.decoded(cut)


@pytest.mark.parametrize("seed", range(12))
def test_garbled_pictures_never_raise_anything_else(seed: int) -> None:
    random = np.random.default_rng(seed)
    for data in (HEIC.read_bytes(), encoded(page()), encoded(page(), "PNG")):
        garbled = np.frombuffer(data, dtype=np.uint8).copy()
        at = random.integers(0, len(garbled), 1 + len(garbled) // 200)
        garbled[at] = random.integers(0, 256, len(at))
        with contextlib.suppress(DamagedPdf, NotAPdf, PageTooLarge):
            photo.decoded(garbled.tobytes())


def test_a_zip_of_something_else_within_is_unsupported() -> None:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("1.png", encoded(page(), "PNG"))
        archive.writestr("2.txt", b"hello")
    with pytest.raises(UnsupportedMediaType):
        photo.as_pdf(out.getvalue())
