"""How fast digital pages are read, beside pdfplumber and docling-parse on the same files in the same run.

Every reader runs alone in a new process with one thread; pages a second are counted by CPU time. All give words with
boxes and what is drawn: that is what ``pages_per_second`` compares. ``detect_pages_per_second`` is ours with fields and
their labels on top; ``whole_pages_per_second`` adds types, sections and values.
"""

from __future__ import annotations

import argparse
import logging
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.ocr import arguments
from bench.overhead import one_thread
from bench.report import NotMeasured, say
from bench.sets import SETS, Sources

LENGTH = "half a minute without a corpus, about two with one"
FILES_QUICK = 8
"""Of each set, in a quick run."""

Json = dict[str, Any]
Reader = Callable[[Path], int]
"""Reads a file whole; returns its pages."""

__all__ = ["LENGTH", "arguments", "run"]


def run(chosen: argparse.Namespace) -> Json:
    sources = Sources(chosen.corpus, chosen.cache)
    names = ("real", "vendor") if chosen.corpus else ("generated",)
    sets: dict[str, Json] = {}
    for name in names:
        paths = [form.pdf for form in SETS[name](sources).forms][: FILES_QUICK if chosen.quick else None]
        measured = {}
        for reader in READERS:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=one_thread) as pool:
                measured[reader] = pool.submit(_measure, reader, paths).result()
        if len({pages for pages, _, _ in measured.values()}) != 1:
            raise NotMeasured(f"the readers do not agree on the number of pages of {name}")
        sets[name] = {reader: _figures(*found) for reader, found in measured.items()}
        for reader, entry in sets[name].items():
            say(f"{name:<10} {reader:<14} {entry['pages_per_second']:>7.2f} pages/s, {entry['rss_mib']} MiB")
    head = sets[names[0]]
    ours = head["procession"]["pages_per_second"]
    return {
        "set": names[0],
        "pages": head["procession"]["pages"],
        "pages_per_second": ours,
        "detect_pages_per_second": head["detection"]["pages_per_second"],
        "whole_pages_per_second": head["whole"]["pages_per_second"],
        "pdfplumber_pages_per_second": head["pdfplumber"]["pages_per_second"],
        "docling_parse_pages_per_second": head["docling-parse"]["pages_per_second"],
        "ratio_vs_pdfplumber": round(ours / head["pdfplumber"]["pages_per_second"], 2),
        "ratio_vs_docling_parse": round(ours / head["docling-parse"]["pages_per_second"], 2),
        "rss_mib": head["whole"]["rss_mib"],
        "sets": sets,
    }


def _figures(pages: int, seconds: float, rss_mib: float) -> Json:
    return {"pages": pages, "pages_per_second": round(pages / seconds, 2), "rss_mib": round(rss_mib)}


def _measure(name: str, paths: Sequence[Path]) -> tuple[int, float, float]:
    """Pages, CPU seconds and peak MiB; the first file is read once before, so that what is loaded once is not timed."""
    logging.disable(logging.ERROR)  # pdfminer warns of fonts
    read = READERS[name]
    read(paths[0])
    started = time.process_time()
    pages = sum(read(path) for path in paths)
    seconds = time.process_time() - started
    return pages, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _procession(path: Path) -> int:
    from procession.digitize.document import open_document
    from procession.digitize.reader import read_page

    document = open_document(path.read_bytes())
    try:
        for number in range(1, len(document) + 1):
            read_page(document, number)
        return len(document)
    finally:
        document.close()


def _detection(path: Path) -> int:
    from procession.digitize.pipeline import analyze_pages

    return len(analyze_pages(path.read_bytes(), 1, 2000).pages)


def _whole(path: Path) -> int:
    from procession.digitize.pipeline import digitize

    return len(digitize(path.read_bytes()).pages)


def _pdfplumber(path: Path) -> int:
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            page.extract_words()
            _ = page.lines, page.rects, page.curves
            page.close()
        return len(pdf.pages)


def _docling_parse(path: Path) -> int:
    from docling_parse.pdf_parser import DoclingPdfParser

    document = DoclingPdfParser(loglevel="fatal").load(str(path))
    for _, page in document.iterate_pages():
        _ = page.word_cells, page.shapes
    return int(document.number_of_pages())


READERS: dict[str, Reader] = {
    "procession": _procession,
    "detection": _detection,
    "whole": _whole,
    "pdfplumber": _pdfplumber,
    "docling-parse": _docling_parse,
}
