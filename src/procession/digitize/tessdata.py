"""Where Tesseract's language files are. Always pass the path: Tesseract's default walks the current folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from procession.domain.errors import InvalidRequest

SHIPPED = Path(__file__).parent / "data" / "tessdata"
"""English travels with the package, so a fresh machine reads scans without any set-up."""

_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,31}")


class MissingLanguage(InvalidRequest):
    """A language was asked for whose Tesseract data is nowhere on this machine."""


def find(languages: Sequence[str], tessdata: str | None = None) -> Path:
    """The first folder that holds ``LANGUAGE.traineddata`` for every one of ``languages``.

    Order: ``tessdata`` (the setting), the package's own folder, ``TESSDATA_PREFIX``, the distributions' folders.
    Raises MissingLanguage naming the Debian package to install.
    """
    if not languages:
        raise MissingLanguage("No language was named for reading scanned pages. Name at least one, for example eng.")
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise MissingLanguage(
                "A language code has letters, digits and underscores only, for example eng or chi_sim."
            )
    folders = list(_folders(tessdata))
    for folder in folders:
        if all((folder / f"{language}.traineddata").is_file() for language in languages):
            return folder
    missing = [one for one in languages if not any((folder / f"{one}.traineddata").is_file() for folder in folders)]
    if not missing:
        raise MissingLanguage(
            f"The data for {', '.join(languages)} lies in different folders. "
            "Put the files into one folder and name it with PROCESSION_OCR__TESSDATA."
        )
    packages = " ".join(f"tesseract-ocr-{one.replace('_', '-').lower()}" for one in missing)
    raise MissingLanguage(
        f"Tesseract has no data for {', '.join(missing)} here. On Debian or Ubuntu: apt install {packages}. "
        "Elsewhere: name the folder of the .traineddata files with PROCESSION_OCR__TESSDATA."
    )


def _folders(tessdata: str | None) -> Iterator[Path]:
    if tessdata:
        yield Path(tessdata)
    yield SHIPPED
    prefix = os.environ.get("TESSDATA_PREFIX")
    if prefix:
        yield Path(prefix)
        yield Path(prefix) / "tessdata"
    # newest version first: /usr/share/tesseract-ocr/5/tessdata
    yield from sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"), reverse=True)
    yield Path("/usr/share/tessdata")
