"""``python -m bench.train.extract FOLDER... --out DIR``: interactive forms become training material.

Every PDF with enough AcroForm fields gives a copy without its widgets (``stripped/``) and their boxes as its truth
(``truth/``), as the sets of a corpus have them. Copies of forms that ``--known`` lists (a folder with ``truth/``, file
names ending in the first digits of the bytes' SHA-256) are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

from bench.report import say
from procession.digitize.document import Frame, open_document
from procession.digitize.page import Rect, Widget
from procession.digitize.widgets import read_widgets
from procession.domain.errors import DocumentError

FIELDS_MIN = 8
"""A PDF with fewer is no form worth learning from."""
SIDE_POINTS_MIN = 3.0
"""A smaller widget is hidden."""
DIGITS = 6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.train.extract", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--known", type=Path, help="folder of forms that are measured")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    seen = {path.stem.rsplit("__", 1)[-1] for path in (chosen.known or Path("-")).glob("truth/*.json")}
    for path in sorted(path for folder in chosen.folders for path in folder.glob("*.pdf")):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()[:DIGITS]
        if digest in seen:
            continue
        seen.add(digest)
        try:
            truth, opened = truth_of(data)
            stripped = without_widgets(opened)
        except (DocumentError, pikepdf.PdfError) as error:
            say(f"{path.name}: {type(error).__name__}")
            continue
        if len(truth["fields"]) >= FIELDS_MIN:
            words = re.sub(r"[^a-z0-9]+", "-", path.stem.lower().rsplit("__", 1)[-1]).strip("-")
            _write(chosen.out, f"{words}__{digest}", stripped, truth)
            say(f"{path.name}: {len(truth['fields'])} fields")


def truth_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The widgets as a corpus tells them, and the document as it was opened. Raises DocumentError."""
    document = open_document(data)
    try:
        frames = {number: document.page(number).frame for number in range(1, len(document) + 1)}
        widgets = read_widgets(document.data, frames)
        opened = document.data
    finally:
        document.close()
    fields = [
        entry
        for page, found in sorted(widgets.by_page.items())
        for widget in found
        if widget.kind != "button"
        for entry in _entries(widget, page, frames[page])
    ]
    pages = sorted({entry["page"] for entry in fields})
    return {"pages": len(frames), "scored_pages": pages, "fields": fields}, opened


def without_widgets(data: bytes) -> bytes:
    """The same pages without anything interactive."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            kept = [one for one in page.get("/Annots", []) if one.get("/Subtype") != "/Widget"]
            if "/Annots" in page:
                page["/Annots"] = pikepdf.Array(kept)
        for key in ("/AcroForm", "/Perms", "/OpenAction", "/AA"):
            if key in pdf.Root:
                del pdf.Root[key]
        out = io.BytesIO()
        pdf.save(out, static_id=True)
    return out.getvalue()


def _entries(widget: Widget, page: int, frame: Frame) -> Iterator[dict[str, Any]]:
    boxes = [option.box for option in widget.options if option.box] if widget.kind in ("checkbox", "radio") else []
    for box in boxes or [widget.box]:
        inside = Rect(max(box.x0, 0), max(box.y0, 0), min(box.x1, frame.width), min(box.y1, frame.height))
        if min(inside.width, inside.height) < SIDE_POINTS_MIN:
            continue
        sides = (frame.width, frame.height) * 2
        yield {
            "page": page,
            "type": widget.kind,
            "box": [round(value / side, 5) for value, side in zip(inside, sides, strict=True)],
            "label": widget.label or None,
            "name": widget.name,
            "required": widget.required,
            "multiline": widget.multiline,
            "comb": widget.comb,
        }


def _write(out: Path, name: str, pdf: bytes, truth: dict[str, Any]) -> None:
    for folder in ("stripped", "truth"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    (out / "stripped" / f"{name}.pdf").write_bytes(pdf)
    (out / "truth" / f"{name}.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
