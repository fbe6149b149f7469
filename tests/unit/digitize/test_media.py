"""Kinds of files by their first bytes, and pictures put together as one document."""

from __future__ import annotations

import io
import zipfile

import pytest

from procession.domain.errors import DamagedPdf, EmptyFile, InvalidRequest, NotAPdf, TooManyPages, UnsupportedMediaType
from procession.domain.media import PICTURES_MAX, Media, bundle, media_of, pictures_of

JPEG = b"\xff\xd8\xff\xe0" + b"one"
PNG = b"\x89PNG\r\n\x1a\n" + b"two"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (b"%PDF-1.7\n", Media.PDF),
        (b"x" * 1019 + b"%PDF-", Media.PDF),
        (b"x" * 1020 + b"%PDF-", None),
        (JPEG, Media.JPEG),
        (PNG, Media.PNG),
        (HEIC, Media.HEIC),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heic", Media.HEIC),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1", None),
        (b"GIF89a", None),
        (b"II*\0", None),
        (b"<svg/>", None),
        (b"PK\x03\x04", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, media: Media | None) -> None:
    assert media_of(data) is media


def test_one_picture_stays_as_it_is() -> None:
    assert bundle([JPEG]) == JPEG


def test_pictures_come_out_as_they_went_in_and_always_as_the_same_bytes() -> None:
    together = bundle([PNG, JPEG, HEIC])
    assert media_of(together) is Media.PICTURES
    assert pictures_of(together) == [PNG, JPEG, HEIC]
    assert together == bundle([PNG, JPEG, HEIC])
    assert together != bundle([JPEG, PNG, HEIC])


@pytest.mark.parametrize(
    ("files", "error"),
    [([], EmptyFile), ([JPEG, b""], EmptyFile), ([JPEG, b"text"], NotAPdf), ([JPEG, b"%PDF-1.4"], InvalidRequest)],
)
def test_only_pictures_are_put_together(files: list[bytes], error: type[Exception]) -> None:
    with pytest.raises(error):
        bundle(files)


def test_as_many_pictures_as_the_limit_and_not_one_more() -> None:
    assert len(pictures_of(bundle([JPEG] * PICTURES_MAX))) == PICTURES_MAX
    with pytest.raises(TooManyPages):
        bundle([JPEG] * (PICTURES_MAX + 1))


def zipped(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_that_unpacks_is_no_document() -> None:
    assert media_of(zipped([("1.png", PNG * 500)], zipfile.ZIP_DEFLATED)) is None
    bomb = bytearray(zipped([("1.jpg", JPEG), ("2.jpg", JPEG)]))
    method = bomb.rindex(b"PK\x01\x02") + 10
    bomb[method] = zipfile.ZIP_DEFLATED
    with pytest.raises(UnsupportedMediaType):
        pictures_of(bytes(bomb))


def test_too_many_entries_and_a_cut_archive_are_refused() -> None:
    with pytest.raises(TooManyPages):
        pictures_of(zipped([(f"{n}.jpg", JPEG) for n in range(PICTURES_MAX + 1)]))
    with pytest.raises(DamagedPdf):
        pictures_of(bundle([JPEG, PNG])[:-30])
