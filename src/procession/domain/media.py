"""What kind of file an upload is, told from its first bytes, and several pictures put together as one document.

Nothing here decodes a picture: that is done in the sandbox only.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from enum import StrEnum

from procession.domain.errors import (
    DamagedPdf,
    EmptyFile,
    InvalidRequest,
    NotAPdf,
    TooManyPages,
    UnsupportedMediaType,
)

PDF_MAGIC = b"%PDF-"
PDF_MAGIC_WITHIN_BYTES = 1024
"""Readers accept the header anywhere in the first kilobyte (ISO 32000-1, implementation note 13)."""
PICTURES_MAX = 100
"""Pictures put together as one document."""
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
"""A ZIP entry's local header (APPNOTE 4.3.7)."""
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""ZIP's first date: the same pictures give the same bytes, so a second upload is known again."""


class Media(StrEnum):
    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"
    HEIC = "image/heic"
    PICTURES = "application/zip"
    """Pictures in page order, stored without compression by ``bundle``."""


PICTURES = frozenset({Media.JPEG, Media.PNG, Media.HEIC})
SUFFIXES = {Media.PDF: ".pdf", Media.JPEG: ".jpg", Media.PNG: ".png", Media.HEIC: ".heic", Media.PICTURES: ".zip"}
DECLARED = frozenset({*Media, "application/x-pdf", "image/jpg", "image/heif", "application/x-zip-compressed"})
"""Media types that senders give these files."""


def media_of(data: bytes) -> Media | None:
    """By its signature; None for anything else. A ZIP counts when its first entry is a stored picture."""
    if PDF_MAGIC in data[:PDF_MAGIC_WITHIN_BYTES]:
        return Media.PDF
    picture = _picture(data)
    if picture is not None:
        return picture
    if data[:4] == b"PK\x03\x04" and len(data) > _LOCAL_HEADER.size:
        header = _LOCAL_HEADER.unpack_from(data)
        method, start = header[3], _LOCAL_HEADER.size + header[9] + header[10]
        if method == zipfile.ZIP_STORED and _picture(data[start : start + 64]) is not None:
            return Media.PICTURES
    return None


def _picture(data: bytes) -> Media | None:
    if data[:3] == b"\xff\xd8\xff":
        return Media.JPEG
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return Media.PNG
    if data[4:8] == b"ftyp" and {data[8:12], *(data[at : at + 4] for at in range(16, 64, 4))} & _HEIC_BRANDS:
        return Media.HEIC
    return None


def bundle(pictures: Sequence[bytes]) -> bytes:
    """One document of ``pictures``, a page each, in this order: the same pictures always give the same bytes.

    A single picture is returned as it is. Raises EmptyFile, NotAPdf, TooManyPages, and InvalidRequest when a PDF is
    among them.
    """
    if not pictures:
        raise EmptyFile
    if len(pictures) == 1:
        return pictures[0]
    if len(pictures) > PICTURES_MAX:
        raise TooManyPages(f"At most {PICTURES_MAX} pictures can be one document; these are {len(pictures)}.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, picture in enumerate(pictures, start=1):
            if not picture:
                raise EmptyFile(f"Picture {number} is empty. Check the original and upload it again.")
            media = media_of(picture)
            if media is None:
                raise NotAPdf(f"File {number} is no picture. Take JPEG, PNG or HEIC pictures of the pages.")
            if media not in PICTURES:
                raise InvalidRequest("Only pictures can be put together as one document. Upload a PDF by itself.")
            archive.writestr(zipfile.ZipInfo(f"{number:03d}{SUFFIXES[media]}", _EPOCH), picture)
    return out.getvalue()


def pictures_of(data: bytes) -> list[bytes]:
    """The pictures of a document that is one picture, or several put together. For the sandbox: ``data`` is hostile.

    Raises DamagedPdf, TooManyPages, UnsupportedMediaType (a ZIP of something else).
    """
    if media_of(data) is not Media.PICTURES:
        return [data]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > PICTURES_MAX:
                raise TooManyPages(f"At most {PICTURES_MAX} pictures can be one document; these are {len(entries)}.")
            # stored entries are no larger than the file; overlapping ones would be
            if any(one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 for one in entries):
                raise UnsupportedMediaType("Of ZIP files, only stored JPEG, PNG and HEIC pictures can be read.")
            if sum(one.file_size for one in entries) > len(data):
                raise DamagedPdf("This ZIP file is damaged. Upload the pictures themselves.")
            pictures = [archive.read(one) for one in entries]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, struct.error, ValueError):
        raise DamagedPdf("This ZIP file is damaged. Upload the pictures themselves.") from None
    if any(media_of(picture) not in PICTURES for picture in pictures):
        raise UnsupportedMediaType("Of ZIP files, only stored JPEG, PNG and HEIC pictures can be read.")
    return pictures
