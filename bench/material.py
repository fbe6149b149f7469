"""The files that are analysed: the bundled examples, made different so that no result can be reused."""

from __future__ import annotations

from pathlib import Path

from bench.report import NotMeasured

FOLDER = Path(__file__).parents[1] / "examples"


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
