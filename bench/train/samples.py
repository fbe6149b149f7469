"""Pages of the form sets as training samples: candidates with their features, beside the true boxes."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.sets import PROCESSES, Form, FormSet
from procession import digitize
from procession.digitize.detect import candidates
from procession.digitize.learned.features import boxes_of, feature_table
from procession.digitize.learned.trees import Floats
from procession.digitize.page import PageContent, Rect
from procession.digitize.parts import Turned
from procession.digitize.pipeline import Limits, read_pages

READING = (
    *("reader", "glyphs", "fpdf", "visibility", "paths", "document", "page"),
    *("ocr", "raster", "raster_boxes", "raster_lines", "raster_overdrawn", "raster_panels", "skew", "scan", "render"),
)
"""Modules that decide what a page's content is; when one changes, pages are read again."""
CANDIDATES_MAX = 6_000
_CHECKSUM_BEFORE = re.compile(r"^[0-9a-f]{6}-")


@dataclass(slots=True)
class Sample:
    """One page. Boxes are points of the upright page."""

    set_name: str
    file: str
    group: str
    """Forms of one kind, and all variants of one form, are either trained on or measured, never both."""
    rules: list[str]
    kinds: list[str]
    boxes: Floats
    features: Floats
    true_boxes: Floats
    true_types: list[str]


def load(sets: Sequence[FormSet], cache: Path) -> list[Sample]:
    """All scored pages."""
    cache.mkdir(parents=True, exist_ok=True)
    jobs = [(one.name, form, cache) for one in sets for form in one.forms]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return [sample for found in pool.map(_of_form, jobs, chunksize=2) for sample in found]


def _of_form(job: tuple[str, Form, Path]) -> list[Sample]:
    set_name, form, cache = job
    truth = form.read()
    return [
        _of_page(set_name, form.name, content, turned, truth)
        for content, turned in cached_pages(form, cache)
        if content.number in truth["scored_pages"]
    ]


def cached_pages(form: Form, cache: Path) -> list[tuple[PageContent, Turned | None]]:
    """Read (and recognised) once, then kept in ``cache`` by the bytes and the reader's sources."""
    data = form.pdf.read_bytes()
    kept = cache / f"{hashlib.sha256(data).hexdigest()[:24]}-{_reader_version()}.pickle"
    if kept.exists():
        found: list[tuple[PageContent, Turned | None]] = pickle.loads(kept.read_bytes())
        return found
    pages = read_pages(data, limits=Limits())
    kept.write_bytes(pickle.dumps(pages))
    return pages


@lru_cache
def _reader_version() -> str:
    sources = hashlib.sha256()
    for name in READING:
        sources.update((Path(digitize.__file__).parent / f"{name}.py").read_bytes())
    return sources.hexdigest()[:8]


def group_of(name: str) -> str:
    """What forms of one kind share: the file's name without the checksums before and after it."""
    return _CHECKSUM_BEFORE.sub("", name.split("__")[0])


def _of_page(set_name: str, name: str, content: PageContent, turned: Turned | None, truth: dict[str, Any]) -> Sample:
    proposals = candidates(content)
    found = proposals.found[:CANDIDATES_MAX]
    entries = [entry for entry in truth["fields"] if entry["page"] == content.number]
    true_boxes = [_upright(entry["box"], content, turned) for entry in entries]
    return Sample(
        set_name=set_name,
        file=name,
        group=group_of(name),
        rules=[one.rule for one in found],
        kinds=[one.kind for one in found],
        boxes=boxes_of(found),
        features=feature_table(found, proposals.scene),
        true_boxes=np.asarray(true_boxes, dtype=np.float32).reshape(-1, 4),
        true_types=[entry["type"] for entry in entries],
    )


def _upright(box: Sequence[float], content: PageContent, turned: Turned | None) -> tuple[float, ...]:
    """A true box in points of the upright page. A turned one keeps its size; its centre moves."""
    if turned is None:
        return tuple(value * side for value, side in zip(box, (content.width, content.height) * 2, strict=True))
    width, height = turned.displayed
    half_width, half_height = (box[2] - box[0]) * width / 2, (box[3] - box[1]) * height / 2
    if turned.turn % 180:
        half_width, half_height = half_height, half_width
    # three centres tell the whole turn
    known = np.asarray([(0.0, 0.0), (100.0, 0.0), (0.0, 100.0)])
    shown = np.asarray([turned.on_page(Rect(x - 1, y - 1, x + 1, y + 1)).centre for x, y in known])
    matrix = np.linalg.solve(np.column_stack([shown, np.ones(3)]), known)
    x, y = np.asarray([(box[0] + box[2]) / 2 * width, (box[1] + box[3]) / 2 * height, 1.0]) @ matrix
    return (float(x - half_width), float(y - half_height), float(x + half_width), float(y + half_height))
