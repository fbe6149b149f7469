"""An hour of a supplier platform's documents, made by code: what comes, in which class, when, and what comes twice."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

from bench.extraction.enquiries import enquiry
from bench.extraction.enquiries import truth as enquiry_truth
from bench.filled import FAMILIES, RESERVED, as_scan, draw
from bench.formgen import generate
from bench.overhead import one_thread
from bench.report import NotMeasured
from bench.sets import PROCESSES
from bench.templates import APPROVED_AT
from procession.digitize import pipeline
from procession.digitize.recall import Recall
from procession.digitize.remember import remembered
from procession.domain.analysis import Priority
from procession.domain.form import DigitizedDocument
from procession.domain.template import Template

SEED = 20_271
SECONDS = 3600
CLASSES = ((Priority.URGENT, 50), (Priority.STANDARD, 30), (Priority.LOW, 20))
"""Shares of the classes, in percent."""
BLANK_SEEDS = range(100, 140)


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents of each stratum. ``copies``: of each of ``templates`` approved forms, filled in differently."""

    blank: int
    templates: int
    copies: int
    families: int
    """Documents of each family of contracts, invoices, questionnaires and letters; the kept-back ones too."""
    every: int
    """Of these families, each ``every``-th."""
    scans: int
    duplicates: int


FULL = Counts(blank=16, templates=5, copies=6, families=1, every=1, scans=8, duplicates=6)
QUICK = Counts(blank=4, templates=2, copies=4, families=1, every=4, scans=2, duplicates=2)


@dataclass(frozen=True, slots=True)
class Made:
    """A document before it is read."""

    name: str
    stratum: str
    pdf: bytes
    truth: dict[str, Any] | None
    template: bytes | None = None
    """The blank form that was approved before."""


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    stratum: str
    pdf: bytes
    truth: dict[str, Any] | None
    found: DigitizedDocument
    """The engine's reading, with lines."""
    priority: Priority
    at: float
    """Seconds after the hour began."""
    copy_of: str | None = None
    """The document whose bytes these are."""


def documents(counts: Counts) -> list[Document]:
    """In the order they arrive; the same every time."""
    made = [*_blank(counts), *_copies(counts), *_filled(counts)]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=one_thread) as pool:
        read = list(pool.map(_read, made, chunksize=2))
    chance = random.Random(SEED)
    classes, shares = [one for one, _ in CLASSES], [share for _, share in CLASSES]
    arrived = [
        Document(one.name, one.stratum, one.pdf, one.truth, found, chance.choices(classes, shares)[0], 0.0)
        for one, found in zip(made, read, strict=True)
    ]
    again = chance.sample([one for one in arrived if one.truth is not None], counts.duplicates)
    arrived += [replace(one, name=f"{one.name}-again", stratum="duplicate", copy_of=one.name) for one in again]
    times = sorted(chance.uniform(0, SECONDS) for _ in arrived)
    chance.shuffle(arrived)
    arrived.sort(key=lambda one: one.copy_of is not None and chance.random() < 0.9)  # mostly after the first
    return _firsts_first([replace(one, at=at) for one, at in zip(arrived, times, strict=True)])


def _firsts_first(arrived: Sequence[Document]) -> list[Document]:
    """A copy is one of what came before: where it drew the earlier time, the two change places."""
    out = list(arrived)
    for place, one in enumerate(out):
        first = next((at for at, other in enumerate(out) if other.name == one.copy_of), None)
        if first is not None and first > place:
            out[place], out[first] = replace(out[first], at=one.at), replace(one, at=out[first].at)
    return out


def _blank(counts: Counts) -> Iterator[Made]:
    for seed in BLANK_SEEDS[: counts.blank]:
        yield Made(f"blank-{seed}", "blank form", generate.form(seed)[0], None)


def _copies(counts: Counts) -> Iterator[Made]:
    for layout in range(counts.templates):
        blank, _ = enquiry(layout, None)
        for number in range(counts.copies):
            couple = f"couple {number}"
            pdf, _ = enquiry(layout, couple)
            yield Made(f"copy-{layout}-{number}", "approved form", pdf, enquiry_truth(layout, couple), blank)


def _filled(counts: Counts) -> Iterator[Made]:
    families = (*FAMILIES, *RESERVED)[:: counts.every]
    drawn = [draw(family, number, SEED) for family in families for number in range(counts.families)]
    for one in drawn:
        yield Made(one.name, one.family.kind, one.pdf, one.truth)
    step = max(1, len(drawn) // counts.scans)
    for one in [draw(one.family, 7, SEED) for one in drawn[::step][: counts.scans]]:
        yield Made(f"{one.name}-scan", "scan", as_scan(one.pdf), one.truth)


def _read(one: Made) -> DigitizedDocument:
    options = pipeline.EngineOptions(lines=True)
    if one.template is None:
        return pipeline.digitize(one.pdf, options)
    first = pipeline.digitize(one.template, pipeline.EngineOptions(remember=True))
    approved = first.form.model_copy(
        update={"fields": tuple(f.model_copy(update={"needs_review": False}) for f in first.form.fields)}
    )
    kept = remembered(first, approved)
    if kept is None:
        raise NotMeasured(f"the form of {one.name} cannot be remembered")
    template = Template(id=one.name, approved_at=APPROVED_AT, form=kept.form, layouts=kept.layouts)
    return pipeline.digitize(one.pdf, options, recall=Recall(lambda _: (template,)))
