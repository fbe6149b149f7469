"""What is trained on beside the measured sets: more forms of a corpus, blank and scanned, and generated ones. Never
measured.

``forms-extra`` of a corpus folder holds them as ``forms-dev`` does; without it generated forms are all there is more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.formgen import generate
from bench.sets import MADE_VERSION, SETS, Form, FormSet, Sources, make_scan

EXTRA_FOLDER = "forms-extra"
LEARNED_SEEDS = range(1_000, 1_040)
"""Of generated forms; those that are measured have seeds below."""
MEASURED = ("real", "vendor", "real_scanned", "vendor_scanned", "real_filled", "vendor_filled")
LEARNED = {"digital": ("real", "vendor"), "scanned": ("real_scanned", "vendor_scanned", "real", "vendor")}
"""For each model, the sets it learns from: scans teach nothing about digital pages, but these do about scans. Filled
forms are read as the blank ones they were."""


def measured(sources: Sources, names: Sequence[str]) -> list[FormSet]:
    return [SETS[name](sources) for name in names]


def extra(sources: Sources, of: str) -> list[FormSet]:
    """For the model ``of``. Generated forms teach the one for digital pages."""
    root = Path(sources.corpus or ".") / EXTRA_FOLDER
    truths = sorted((root / "truth").glob("*.json"))
    if not truths:
        return [_generated(sources)] if of == "digital" else []
    forms = tuple(Form(t.stem, root / "stripped" / f"{t.stem}.pdf", t) for t in truths)
    blank = FormSet("extra", forms)
    if of == "digital":
        return [blank, _generated(sources)]
    return [blank, FormSet("extra_scanned", sources.made("extra_scanned", forms, make_scan), scanned=True)]


def _generated(sources: Sources) -> FormSet:
    root = sources.cache / f"extra_generated-{MADE_VERSION}"
    generate.write(root, [s for s in LEARNED_SEEDS if not (root / "truth" / f"{generate.name(s)}.json").exists()])
    names = [generate.name(seed) for seed in LEARNED_SEEDS]
    forms = tuple(Form(n, root / "stripped" / f"{n}.pdf", root / "truth" / f"{n}.json") for n in names)
    return FormSet("extra_generated", forms)
