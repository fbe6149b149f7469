"""Writes the ten example PDFs and their truth: ``python -m examples.make_examples [FOLDER]``.

The same bytes come out every time (``--check`` compares them with what is there and writes nothing), so a changed
example shows in review. Licence of the documents: Apache-2.0, like the code; everybody in them is invented.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from examples import documents, forms, interactive, scan
from examples.paper import Paper

HERE = Path(__file__).parent

EXAMPLES: tuple[tuple[str, str, str | None, Callable[[], Paper], Callable[[Paper], bytes]], ...] = (
    ("consultation-form", "questionnaire", None, forms.consultation, Paper.finish),
    ("day-timeline", "form", None, forms.timeline, Paper.finish),
    ("feedback-form", "questionnaire", None, forms.feedback, Paper.finish),
    ("photography-contract", "contract", "usd", documents.photography_contract, Paper.finish),
    ("venue-contract", "contract", "usd", documents.venue_contract, Paper.finish),
    ("catering-questionnaire", "questionnaire", None, forms.catering, Paper.finish),
    ("invoice", "invoice", "usd", documents.invoice, Paper.finish),
    ("scanned-flower-order", "form", None, forms.flower_order, scan.scanned),
    ("filled-music-form", "form", "usd", documents.filled_form, Paper.finish),
    ("acroform-booking", "form", None, interactive.booking, interactive.with_widgets),
)
"""Name, kind, currency, what draws it, what makes the file of the drawing."""

WARM_UP = ("acroform-booking", "photography-contract", "invoice")
"""Also lie in the package: the sandbox's server reads them once, so that its children start warm."""


def generate() -> dict[str, bytes]:
    """Every file by its path below the examples folder."""
    files: dict[str, bytes] = {}
    for name, kind, currency, draw, make in EXAMPLES:
        paper = draw()
        files[f"{name}.pdf"] = make(paper)
        truth: dict[str, Any] = paper.truth_json(name, kind, currency)
        if name in WARM_UP:
            files[f"../src/procession/sandbox/data/{name}.pdf"] = files[f"{name}.pdf"]
        files[f"truth/{name}.json"] = (json.dumps(truth, indent=1, ensure_ascii=False) + "\n").encode()
    return files


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=HERE)
    arguments.add_argument("--check", action="store_true")
    chosen = arguments.parse_args()
    files = generate()
    if chosen.check:
        stale = [n for n, data in files.items() if not (p := chosen.folder / n).exists() or p.read_bytes() != data]
        for name in stale:
            print(f"{name} differs from what the script draws", file=sys.stderr)
        return 1 if stale else 0
    for name, data in files.items():
        path = chosen.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        print(f"{len(data):>9,} {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
