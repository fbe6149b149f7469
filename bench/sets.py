"""The sets of forms that are measured: what is in the repository, what a corpus folder holds, what is made of both.

A corpus folder holds ``forms-dev`` and ``vendor-blank-dev`` (``stripped/*.pdf``, ``truth/*.json``) and
``vendor-filled-dev`` (``pdf/*.pdf``, ``truth/*.json``). Scans and filled copies are made once and kept in a cache.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import degrade, fill, filled, material
from bench.formgen import generate
from bench.report import NotMeasured, say

CORPUS_VARIABLE = "PROCESSION_CORPUS"
MADE_VERSION = "2"
"""Raise it when ``degrade``, ``fill`` or the form generator draw anything else: it names the cache's folders."""
HELD_OUT_DIGITS = "012"
GENERATED_SEEDS = range(40)
"""Whoever learns from generated forms takes seeds from 1,000 on, so that these stay unseen."""
PAPERS = 6
"""Generated papers of each family."""
PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Form:
    name: str
    pdf: Path
    truth: Path

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.truth.read_text())
        return found


@dataclass(frozen=True, slots=True)
class FormSet:
    name: str
    forms: tuple[Form, ...]
    scanned: bool = False
    ordered: bool = False
    """Whether the truth lists fields in reading order."""


def held_out(name: str) -> bool:
    """About three in sixteen corpus files, by the hash of the name: looked at by no one, measured at the end."""
    return hashlib.sha256(name.encode()).hexdigest()[0] in HELD_OUT_DIGITS


@dataclass(frozen=True, slots=True)
class Sources:
    corpus: Path | None
    cache: Path
    held_out: bool = False
    """Only the held-out files of the corpus, instead of all others."""

    def corpus_forms(self, folder: str, pdfs: str) -> tuple[Form, ...]:
        if self.corpus is None:
            return ()
        root = self.corpus / folder
        found = [Form(t.stem, root / pdfs / f"{t.stem}.pdf", t) for t in sorted((root / "truth").glob("*.json"))]
        found = [form for form in found if held_out(form.name) == self.held_out]
        if not found:
            raise NotMeasured(f"{root} holds no such forms")
        return tuple(found)

    def made(self, name: str, forms: Sequence[Form], make: Callable[[Form, Path, Path], None]) -> tuple[Form, ...]:
        """The forms made of ``forms``; those the cache lacks are made now, in two processes."""
        root = self.cache / f"{name}-{MADE_VERSION}"
        (root / "stripped").mkdir(parents=True, exist_ok=True)
        (root / "truth").mkdir(exist_ok=True)
        wanted = [Form(f.name, root / "stripped" / f"{f.name}.pdf", root / "truth" / f"{f.name}.json") for f in forms]
        missing = [(f, w) for f, w in zip(forms, wanted, strict=True) if not w.truth.exists() or _newer(f.pdf, w.truth)]
        if missing:
            say(f"{name}: making {len(missing)} files in {root}")
            with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
                for done in [pool.submit(make, f, w.pdf, w.truth) for f, w in missing]:
                    done.result()
        return tuple(wanted)


def _newer(one: Path, two: Path) -> bool:
    return one.stat().st_mtime > two.stat().st_mtime


def _seed(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)


def _write(pdf: Path, data: bytes, truth: Path, entries: dict[str, Any]) -> None:
    """The truth comes last and at once: a file that has one is complete."""
    pdf.write_bytes(data)
    passing = truth.with_suffix(f".{os.getpid()}")
    passing.write_text(json.dumps(entries))
    passing.replace(truth)


def make_scan(form: Form, pdf: Path, truth: Path) -> None:
    data, entries = degrade.scanned(form.pdf.read_bytes(), form.read(), _seed(form.name))
    _write(pdf, data, truth, entries)


def make_filled(form: Form, pdf: Path, truth: Path) -> None:
    entries = form.read()
    _write(pdf, fill.filled(form.pdf.read_bytes(), entries, _seed(form.name)), truth, entries)


def _examples(_: Sources) -> FormSet:
    folder = material.FOLDER
    forms = tuple(Form(t.stem, folder / f"{t.stem}.pdf", t) for t in sorted((folder / "truth").glob("*.json")))
    return FormSet("examples", forms, scanned=True, ordered=True)


def _generated(sources: Sources) -> FormSet:
    root = sources.cache / f"generated-{MADE_VERSION}"
    seeds = [s for s in GENERATED_SEEDS if not (root / "truth" / f"{generate.name(s)}.json").exists()]
    generate.write(root, seeds)
    names = [generate.name(seed) for seed in GENERATED_SEEDS]
    forms = tuple(Form(n, root / "stripped" / f"{n}.pdf", root / "truth" / f"{n}.json") for n in names)
    return FormSet("generated", forms, ordered=True)


def _real(sources: Sources) -> FormSet:
    return FormSet("real", sources.corpus_forms("forms-dev", "stripped"))


def _vendor(sources: Sources) -> FormSet:
    return FormSet("vendor", sources.corpus_forms("vendor-blank-dev", "stripped"))


def _values(sources: Sources) -> FormSet:
    return FormSet("values", sources.corpus_forms("vendor-filled-dev", "pdf"))


def _scans(base: Callable[[Sources], FormSet]) -> Callable[[Sources], FormSet]:
    def build(sources: Sources) -> FormSet:
        of = base(sources)
        name = f"{of.name}_scanned"
        return FormSet(name, sources.made(name, of.forms, make_scan), scanned=True, ordered=of.ordered)

    return build


def _fillings(base: Callable[[Sources], FormSet]) -> Callable[[Sources], FormSet]:
    def build(sources: Sources) -> FormSet:
        of = base(sources)
        name = f"{of.name}_filled"
        return FormSet(name, sources.made(name, of.forms, make_filled), ordered=of.ordered)

    return build


def _papers(name: str, *, kept_back: bool = False, scanned: bool = False) -> Callable[[Sources], FormSet]:
    """Generated contracts, invoices, proposals and questionnaires with values; one a family as a scan."""

    def build(sources: Sources) -> FormSet:
        root = sources.cache / f"{name}-{MADE_VERSION}"
        if not (root / "truth").is_dir():
            filled.write(root, per_family=1 if scanned else PAPERS, kept_back=kept_back, scanned=scanned)
        truths = sorted((root / "truth").glob("*.json"))
        forms = tuple(Form(t.stem, root / "pdf" / f"{t.stem}.pdf", t) for t in truths)
        return FormSet(name, forms, scanned=scanned)

    return build


SETS: dict[str, Callable[[Sources], FormSet]] = {
    "examples": _examples,
    "generated": _generated,
    "vendor": _vendor,
    "values": _values,
    "papers": _papers("papers"),
    "papers_reserved": _papers("papers_reserved", kept_back=True),
    "papers_scanned": _papers("papers_scanned", scanned=True),
    "real": _real,
    "real_filled": _fillings(_real),
    "vendor_filled": _fillings(_vendor),
    "generated_filled": _fillings(_generated),
    "generated_scanned": _scans(_generated),
    "vendor_scanned": _scans(_vendor),
    "real_scanned": _scans(_real),
}
OF_REPOSITORY = (
    "examples",
    "generated",
    "generated_filled",
    "generated_scanned",
    "papers",
    "papers_reserved",
    "papers_scanned",
)
"""What a clone can measure without a corpus."""
