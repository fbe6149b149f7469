"""Documents made to hurt: each the smallest of its kind."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable

import pikepdf
from PIL import Image

from tests.support.documents import form, locked


def _written(objects: Iterable[bytes], root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a right cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, root, at)
    return bytes(out)


def _one_page(content: bytes, page: bytes = b"", more: Iterable[bytes] = (), catalog: bytes = b"") -> bytes:
    """Objects 1 to 4 are catalog, pages, page and content; ``more`` starts at 5."""
    return _written(
        [
            b"<< /Type /Catalog /Pages 2 0 R " + catalog + b">>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R " + page + b">>",
            content,
            *more,
        ]
    )


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def no_pages() -> bytes:
    return _written([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"])


def cut_short() -> bytes:
    """Nothing of use is left."""
    return form()[:40]


def too_wide() -> bytes:
    """Past the format's own limit of 200 inches."""
    return _one_page(_stream(b""), page=b"/MediaBox [0 0 20000 300] ")


def bomb(blocks: int = 20_000) -> bytes:
    """A gigabyte of drawing (57,344 bytes a block), twice compressed to a few kilobytes."""
    packer, block = zlib.compressobj(9), b"0 0 m 9 9 l S\n" * 4096
    once = b"".join([*(packer.compress(block) for _ in range(blocks)), packer.flush()])
    return _one_page(_stream(zlib.compress(once, 9), b"/Filter [/FlateDecode /FlateDecode]"))


def endless_pages() -> bytes:
    """A page tree that is its own child."""
    return _written(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>"]
    )


def endless_form() -> bytes:
    """A drawing that draws itself."""
    own = _stream(
        b"/X Do /X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
    )
    return _one_page(_stream(b"/X Do"), page=b"/Resources << /XObject << /X 5 0 R >> >> ", more=[own])


def many_objects(count: int = 1_000_000) -> bytes:
    return _one_page(_stream(b""), more=(b"null" for _ in range(count)))


def nested_arrays(depth: int = 200_000) -> bytes:
    return _one_page(_stream(b""), catalog=b"/Deep " + b"[" * depth + b"]" * depth + b" ")


def no_objects() -> bytes:
    """A header, a trailer and nothing between."""
    return b"%PDF-1.7\n" + b"\0" * 4096 + b"\ntrailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"


def picture_bomb(side: int = 20_000) -> bytes:
    """A scanned page of 400 million pixels, all white, in a few hundred kilobytes."""
    packer = zlib.compressobj(9)
    row = b"\xff" * side
    pixels = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 "
    picture = _stream(pixels, entries % (side, side) + b"/Filter /FlateDecode")
    page = b"/Resources << /XObject << /P 5 0 R >> >> "
    return _one_page(_stream(b"300 0 0 300 0 0 cm /P Do"), page=page, more=[picture])


def drawn_without_end(depth: int = 10, times: int = 60) -> bytes:
    """Each drawing draws the next one sixty times: finite, but no machine comes to its end."""
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>"
    levels = [_stream(b"/X Do " * times, entries % (6 + level)) for level in range(depth)]
    last = _stream(b"0 0 m 9 9 l S", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    page = b"/Resources << /XObject << /X 5 0 R >> >> "
    return _one_page(_stream(b"/X Do"), page=page, more=[*levels, last])


def slow(pages: int = 4, pairs: int = 25_000_000) -> bytes:
    """Fifty million operators that draw nothing, on each page: no memory, only time."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 3 0 R >>"
    kids = b" ".join(b"%d 0 R" % number for number in range(4, 4 + pages))
    return _written(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
            _stream(zlib.compress(b"q Q " * pairs, 1), b"/Filter /FlateDecode"),
            *(page for _ in range(pages)),
        ]
    )


def with_script() -> bytes:
    """JavaScript that would run when the file is opened, and a launch action."""
    with pikepdf.open(io.BytesIO(form())) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="while (true) { app.alert('x'); }")
        pdf.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="/bin/true"))
        return _saved(pdf)


def with_attachment() -> bytes:
    with pikepdf.open(io.BytesIO(form())) as pdf:
        pdf.attachments["program.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ" * 1000)
        return _saved(pdf)


def wrong_offsets() -> bytes:
    """Its cross-reference table leads to the wrong places; a reader can find the objects anyway."""
    data = form()
    at = data.rindex(b"startxref")
    return data[:at] + b"startxref\n7\n%%EOF\n"


def without_trailer() -> bytes:
    """Cut off before its trailer: PDFium refuses it, but it can be repaired."""
    data = form()
    return data[: data.rindex(b"trailer")]


def blank_scan() -> bytes:
    """A picture of an empty page: text recognition finds nothing to read."""
    out = io.BytesIO()
    Image.new("L", (600, 800), 250).save(out, "PDF")
    return out.getvalue()


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


REFUSED: dict[str, tuple[bytes, set[str]]] = {
    "empty": (b"", {"empty_file"}),
    "text": (b"Dear couple, " * 100, {"not_a_pdf"}),
    "cut short": (cut_short(), {"damaged_pdf"}),
    "locked": (locked(), {"password_protected"}),
    "no pages": (no_pages(), {"no_pages"}),
    "too wide": (too_wide(), {"page_too_large"}),
    "endless pages": (endless_pages(), {"no_pages", "damaged_pdf", "too_complex"}),
}
"""Name -> document and the codes that tell its owner what is wrong."""

READ: dict[str, bytes] = {
    "script": with_script(),
    "blank scan": blank_scan(),
    "attachment": with_attachment(),
    "wrong offsets": wrong_offsets(),
    "without trailer": without_trailer(),
}
"""Odd, but a person could read them."""
