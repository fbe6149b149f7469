"""The files that are analysed: the bundled examples, made different so that no result can be reused."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf

from bench.report import NotMeasured

FOLDER = Path(__file__).parents[1] / "examples"


PACKETS = {
    "enquiry.pdf": ("consultation-form",),
    "contracts.pdf": ("photography-contract", "venue-contract", "invoice"),
    "planning.pdf": ("day-timeline", "catering-questionnaire", "feedback-form"),
    "orders.pdf": ("scanned-flower-order", "filled-music-form"),
    "booking.pdf": ("acroform-booking",),
}
"""Every example once, bound into documents as long as real ones: 2.6 pages on average."""


def packets() -> dict[str, bytes]:
    """Five documents of 1 to 4 pages: the ten examples' thirteen pages, one of them a scan, one with form widgets."""
    files = every()
    bound = {name: _bound([files[f"{member}.pdf"] for member in members]) for name, members in PACKETS.items()}
    if len(files) != sum(map(len, PACKETS.values())):
        raise NotMeasured("an example is in no packet, or in two")
    return bound


def _bound(documents: list[bytes]) -> bytes:
    if len(documents) == 1:
        return documents[0]
    out = io.BytesIO()
    with pikepdf.new() as packet:
        for data in documents:
            with pikepdf.open(io.BytesIO(data)) as document:
                packet.pages.extend(document.pages)
        packet.save(out)
    return out.getvalue()


def digital() -> dict[str, bytes]:
    """The examples whose words can be read without OCR."""
    return {name: data for name, data in every().items() if not name.startswith("scanned")}


def every() -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.pdf"))}
    if not files:
        raise NotMeasured(f"no example PDFs in {FOLDER}")
    return files


def copies(files: dict[str, bytes], rounds: int, salt: str) -> list[tuple[str, bytes]]:
    """Each file ``rounds`` times, interleaved; a comment after the end of the file makes every copy's bytes its own."""
    return [
        (name, data + f"\n% {salt} {number}\n".encode()) for number in range(rounds) for name, data in files.items()
    ]
