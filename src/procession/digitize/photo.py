"""Pictures of paper become an image-only PDF, a page each, so that whatever reads a document reads pictures too.

Only the sandboxed child calls this: every byte is hostile. Decoders: Pillow's JPEG and PNG, libheif's HEIC.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Container

import numpy as np
import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from procession.digitize import photo_sheet
from procession.digitize.photo_sheet import Colour
from procession.domain.errors import DamagedPdf, NotAPdf, PageTooLarge
from procession.domain.media import Media, media_of, pictures_of

PHOTO_PIXELS_MAX = 64_000_000
"""Pixels of one picture before it is reduced; today's telephones take 50 million at most in their usual modes."""
PHOTO_PIXELS_KEPT = 14_000_000
"""A larger picture is reduced to this at once: 300 dots an inch of a Letter page are 8 million."""
PHOTO_SIDE_MAX = 20_000
PAGE_DPI = 200.0
"""What a page of a picture is stored at: what OCR reads best, and enough for a reviewer."""
PAGE_POINTS_MIN = 72.0
JPEG_QUALITY = 88
SCANNER_DPI = (100.0, 1200.0)
"""Resolution a picture names is believed within this; cameras write 72."""


def as_pdf(data: bytes, wanted: Container[int] | None = None) -> bytes:
    """A PDF with a page for each picture of ``data``; the pages not ``wanted`` (from 1) are blank, to save their cost.

    Raises NotAPdf, DamagedPdf, PageTooLarge, TooManyPages, UnsupportedMediaType.
    """
    pictures = pictures_of(data)
    document = pypdfium2.PdfDocument.new()
    try:
        for number, picture in enumerate(pictures, start=1):
            if wanted is not None and number not in wanted:
                document.new_page(PAGE_POINTS_MIN, PAGE_POINTS_MIN)
                continue
            page, size = developed(picture)
            _add_page(document, page, size)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
    finally:
        document.close()


def developed(picture: bytes) -> tuple[Colour, tuple[float, float]]:
    """The sheet in a picture, flat, evenly lit, at most PAGE_DPI; and its width and height in points.

    Raises NotAPdf, DamagedPdf, PageTooLarge.
    """
    photo, dpi = decoded(picture)
    height, width = photo.shape[:2]
    quad = photo_sheet.find_sheet(photo)
    if quad is None:
        size = _scanned_size(width, height, dpi) or photo_sheet.paper_points(width / height)
        whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
        return photo_sheet.without_shadows(_at_page_size(photo, whole, size)), size
    size = photo_sheet.paper_points(photo_sheet.proportions(quad, width, height))
    return photo_sheet.without_shadows(_at_page_size(photo, quad, size)), size


def warm_up() -> None:
    """Load the decoders. A JPEG and a PNG are read; a HEIC picture is not, for its decoder would start a thread."""
    import pi_heif  # noqa: F401

    for kind in ("JPEG", "PNG"):
        out = io.BytesIO()
        Image.new("RGB", (64, 64), (255, 255, 255)).save(out, kind)
        as_pdf(out.getvalue())


def _at_page_size(photo: Colour, quad: np.ndarray, size: tuple[float, float]) -> Colour:
    pixels = max(16, round(size[0] * PAGE_DPI / 72)), max(16, round(size[1] * PAGE_DPI / 72))
    if photo.shape[1::-1] == pixels:
        return photo
    return photo_sheet.straightened(photo, quad, *pixels)


def _scanned_size(width: int, height: int, dpi: float | None) -> tuple[float, float] | None:
    """Points of a picture whose resolution is known, when that makes a page of a size people print on."""
    if dpi is None:
        return None
    points = width * 72 / dpi, height * 72 / dpi
    return points if min(points) >= 200 and max(points) <= 1300 else None


def decoded(picture: bytes) -> tuple[Colour, float | None]:
    """RGB pixels as the camera was held, on white, at most PHOTO_PIXELS_KEPT; and the dots an inch a scanner named."""
    media = media_of(picture)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own warning of large pictures; the limit here is stricter
            image = _opened(picture, media)
            with image:
                width, height = image.size
                if width * height > PHOTO_PIXELS_MAX or max(width, height) > PHOTO_SIDE_MAX:
                    raise PageTooLarge(
                        f"This picture has {width} x {height} pixels; "
                        f"{PHOTO_PIXELS_MAX // 1_000_000} million are allowed. Take it at a lower resolution."
                    )
                if media is Media.JPEG and width * height > PHOTO_PIXELS_KEPT:
                    image.draft("RGB", (width // 2, height // 2))  # decodes a half or a quarter, never less than asked
                dpi = _dpi(image)
                pixels = _upright(image)
    except Image.DecompressionBombError:
        raise PageTooLarge("This picture has too many pixels. Take it at a lower resolution.") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError):
        # Pillow raises all of these for broken files
        raise DamagedPdf("This picture is damaged and cannot be opened. Take it again or export it anew.") from None
    return pixels, dpi


def _opened(picture: bytes, media: Media | None) -> Image.Image:
    if media is Media.HEIC:
        import pi_heif

        pi_heif.options.DECODE_THREADS = 0
        pi_heif.options.THUMBNAILS = False
        heif: Image.Image = pi_heif.HeifImageFile(io.BytesIO(picture))
        heif.seek(0)
        return heif
    if media in (Media.JPEG, Media.PNG):
        return Image.open(io.BytesIO(picture), formats=("JPEG", "MPO") if media is Media.JPEG else ("PNG",))
    raise NotAPdf


def _upright(image: Image.Image) -> Colour:
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion clips them
        deep = np.asarray(image, dtype=np.uint32)
        image = Image.fromarray((deep >> 8 if deep.max(initial=0) > 255 else deep).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGB", with_alpha.size, (255, 255, 255))
        white.paste(with_alpha, mask=with_alpha.getchannel("A"))
        white.info.update({name: value for name, value in image.info.items() if name == "exif"})
        image = white
    reduced = image.convert("RGB")
    over = reduced.width * reduced.height / PHOTO_PIXELS_KEPT
    if over > 1:
        side = over**0.5
        reduced = reduced.resize(
            (int(reduced.width / side), int(reduced.height / side)), Image.Resampling.BILINEAR, reducing_gap=1.5
        )
    turned = ImageOps.exif_transpose(_with_orientation(reduced, image))
    return np.asarray(turned, dtype=np.uint8).copy()


def _with_orientation(reduced: Image.Image, image: Image.Image) -> Image.Image:
    """``reduced`` with the orientation ``image`` carries, and nothing else of its metadata; libheif turned HEIC."""
    turn = image.getexif().get(0x0112, 1)
    reduced.info = {}
    exif = reduced.getexif()
    exif.clear()
    exif[0x0112] = turn if isinstance(turn, int) and 1 <= turn <= 8 else 1
    return reduced


def _dpi(image: Image.Image) -> float | None:
    given = image.info.get("dpi")
    try:
        value = float(given[0]) if isinstance(given, tuple) and given else 0.0
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return value if SCANNER_DPI[0] <= value <= SCANNER_DPI[1] else None


def _add_page(document: pypdfium2.PdfDocument, pixels: Colour, size: tuple[float, float]) -> None:
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=JPEG_QUALITY)
    packed.seek(0)
    image = pypdfium2.PdfImage.new(document)
    image.load_jpeg(packed, inline=True)
    image.set_matrix(pypdfium2.PdfMatrix().scale(*size))
    page = document.new_page(*size)
    page.insert_obj(image)
    page.gen_content()
    page.close()
