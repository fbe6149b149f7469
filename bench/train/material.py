"""What is trained on beside the measured sets: more forms of a corpus, blank and scanned. Never measured.

``forms-extra`` of a corpus folder holds them as ``forms-dev`` does; without it the measured sets teach alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.sets import SETS, Form, FormSet, Sources, make_scan

EXTRA_FOLDER = "forms-extra"
MEASURED = ("real", "vendor", "real_scanned", "vendor_scanned", "real_filled", "vendor_filled")
LEARNED = {"digital": ("real", "vendor"), "scanned": ("real_scanned", "vendor_scanned", "real", "vendor")}
"""For each model, the sets it learns from: scans teach nothing about digital pages, but these do about scans. Filled
forms are read as the blank ones they were."""


def measured(sources: Sources, names: Sequence[str]) -> list[FormSet]:
    return [SETS[name](sources) for name in names]


def extra(sources: Sources, of: str) -> list[FormSet]:
    """For the model ``of``; empty without the folder."""
    root = Path(sources.corpus or ".") / EXTRA_FOLDER
    truths = sorted((root / "truth").glob("*.json"))
    if not truths:
        return []
    forms = tuple(Form(t.stem, root / "stripped" / f"{t.stem}.pdf", t) for t in truths)
    blank = FormSet("extra", forms)
    if of == "digital":
        return [blank]
    return [blank, FormSet("extra_scanned", sources.made("extra_scanned", forms, make_scan), scanned=True)]
