"""How well and how fast pictures of pages are read, beside Tesseract alone on the same pictures in the same run.

Ours and Tesseract's process run side by side, one thread each; seconds are CPU time. Words are compared as multisets:
case and punctuation folded, words without a letter or digit left out. A run of words in the right order is compared
for the page in two columns only.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench import degrade, scans
from bench.overhead import one_thread
from bench.report import NotMeasured, say
from bench.sets import CORPUS_VARIABLE, Sources

LENGTH = "three minutes without a corpus, about 8 with one"
PAGES_EACH = 10
"""Of each set of forms."""
PAGES_QUICK = 2
QUICK_KINDS = ("worn", "clean", "turned_90", "shaded")
BINS = 10
"""Of confidences, for the calibration error."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    kind: str
    seconds: float
    """CPU time of one page."""
    words: tuple[tuple[str, float], ...]
    """Text and confidence, in reading order."""
    truth: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    reads: tuple[Read, ...]
    rss_mib: float


def arguments(parser: argparse.ArgumentParser) -> None:
    corpus = os.environ.get(CORPUS_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "procession-bench"
    parser.add_argument("--corpus", type=Path, default=Path(corpus) if corpus else None, help="folder with form sets")
    parser.add_argument("--cache", type=Path, default=cache, help="keeps the generated forms")


def run(chosen: argparse.Namespace) -> Json:
    sources = Sources(chosen.corpus, chosen.cache)
    pages = scans.originals(sources, PAGES_QUICK if chosen.quick else PAGES_EACH)
    if chosen.quick:
        pages = pages[: PAGES_QUICK * 2]
    with tempfile.TemporaryDirectory() as folder:
        made = scans.scans(pages)
        wanted = (one for one in made if not chosen.quick or one.kind in (*QUICK_KINDS, "two_columns"))
        paths = scans.write(Path(folder), wanted)
        say(f"{len(paths)} pictures of {len(pages) + 1} pages")
        with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=one_thread) as pool:
            ours, theirs = pool.submit(_procession, paths), pool.submit(_tesseract, paths)
            mine, alone = ours.result(), theirs.result()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=one_thread) as pool:
            whole, rss = pool.submit(_whole_pages, [path for path in paths if scans.read(path).kind == "worn"]).result()
    return figures(mine, alone) | {"whole_seconds_per_page": round(whole, 3), "whole_rss_mib": round(rss)}


def _procession(paths: Sequence[Path]) -> Side:
    from procession.digitize.ocr import Recogniser

    reads = []
    with Recogniser.ready() as recogniser:
        recogniser.recognise(scans.read(paths[0]).picture, scans.DPI)  # what is loaded once is not timed
        for path in paths:
            scan = scans.read(path)
            started = time.process_time()
            reading = recogniser.recognise(scan.picture, scan.dpi)
            seconds = time.process_time() - started
            words = tuple((word.text, word.confidence) for word in reading.words)
            reads.append(Read(scan.kind, seconds, words, scan.words))
    return Side(tuple(reads), _peak_mib())


def _tesseract(paths: Sequence[Path]) -> Side:
    """Tesseract as it comes: the whole page, automatic layout, nothing done to the picture before or to words after."""
    import tesserocr

    from procession.digitize import tessdata

    folder = str(tessdata.find(("eng",), None)) + os.sep
    reads = []
    with tesserocr.PyTessBaseAPI(path=folder, lang="eng", psm=tesserocr.PSM.AUTO) as api:
        api.SetVariable("debug_file", "")
        for path in [paths[0], *paths]:
            scan = scans.read(path)
            height, width = scan.picture.shape
            started = time.process_time()
            api.SetImageBytes(scan.picture.tobytes(), width, height, 1, width)
            api.SetSourceResolution(round(scan.dpi))
            api.Recognize()
            words = tuple((text, 1.0) for text in api.GetUTF8Text().split())
            reads.append(Read(scan.kind, time.process_time() - started, words, scan.words))
    return Side(tuple(reads[1:]), _peak_mib())


def _whole_pages(paths: Sequence[Path]) -> tuple[float, float]:
    """CPU seconds a page from a scanned PDF to its fields, and the peak in MiB."""
    import io

    from pikepdf import Pdf

    from procession.digitize.pipeline import analyze_pages

    pdf = Pdf.new()
    for path in paths:
        picture = scans.read(path).picture
        height, width = picture.shape
        degrade.add_picture(pdf, *degrade.jpeg(picture), (width * 72 / scans.DPI, height * 72 / scans.DPI))
    out = io.BytesIO()
    pdf.save(out)
    analyze_pages(out.getvalue(), 1, 1)
    started = time.process_time()
    part = analyze_pages(out.getvalue(), 1, len(paths))
    if len(part.pages) != len(paths):
        raise NotMeasured("a scanned page was left out")
    return (time.process_time() - started) / len(paths), _peak_mib()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def figures(mine: Side, alone: Side) -> Json:
    kinds = {kind: _side_by_side(mine, alone, kind) for kind in dict.fromkeys(read.kind for read in mine.reads)}
    for kind, entry in kinds.items():
        say(f"{kind:<12} word F1 {entry['word_f1']:.3f} (Tesseract {entry['tesseract_word_f1']:.3f}), "
            f"{entry['seconds_per_page']:.2f} s ({entry['tesseract_seconds_per_page']:.2f} s)")  # fmt: skip
    worn = kinds["worn"]
    return {
        "pages": len(mine.reads),
        "seconds_per_page": worn["seconds_per_page"],
        "word_f1": worn["word_f1"],
        "rss_mib": round(mine.rss_mib),
        "tesseract_seconds_per_page": worn["tesseract_seconds_per_page"],
        "tesseract_word_f1": worn["tesseract_word_f1"],
        "tesseract_rss_mib": round(alone.rss_mib),
        "seconds_ratio": round(worn["seconds_per_page"] / worn["tesseract_seconds_per_page"], 3),
        "word_f1_ratio": round(worn["word_f1"] / max(worn["tesseract_word_f1"], 0.001), 3),
        "confidence_error": round(calibration_error(mine.reads), 4),
        "kinds": kinds,
    }


def _side_by_side(mine: Side, alone: Side, kind: str) -> Json:
    ours, theirs = ([read for read in side.reads if read.kind == kind] for side in (mine, alone))
    entry: Json = {
        "pages": len(ours),
        "word_f1": round(word_f1(ours), 4),
        "tesseract_word_f1": round(word_f1(theirs), 4),
        "seconds_per_page": round(sum(read.seconds for read in ours) / len(ours), 3),
        "tesseract_seconds_per_page": round(sum(read.seconds for read in theirs) / len(theirs), 3),
    }
    if kind == "two_columns":
        entry |= {"in_order": round(in_order(ours), 4), "tesseract_in_order": round(in_order(theirs), 4)}
    return entry


def folded(text: str) -> str:
    """As words are compared: letters and digits only, case folded; empty for a word without any."""
    return re.sub(r"[\W_]+", "", text).casefold()


def word_f1(reads: Sequence[Read]) -> float:
    """Of all words of ``reads`` together, as multisets page by page."""
    hit = found = wanted = 0
    for read in reads:
        words = Counter(filter(None, (folded(text) for text, _ in read.words)))
        truth = Counter(filter(None, map(folded, read.truth)))
        hit += (words & truth).total()
        found += words.total()
        wanted += truth.total()
    return 2 * hit / (found + wanted) if found + wanted else 1.0


def in_order(reads: Sequence[Read]) -> float:
    """Share of the true words that are read in their order."""
    kept = total = 0
    for read in reads:
        words = [word for word in (folded(text) for text, _ in read.words) if word]
        truth = [word for word in map(folded, read.truth) if word]
        kept += sum(block.size for block in SequenceMatcher(None, words, truth, autojunk=False).get_matching_blocks())
        total += len(truth)
    return kept / max(total, 1)


def calibration_error(reads: Sequence[Read]) -> float:
    """Expected calibration error of the words' confidences: their mean distance from the share that is right."""
    counts, sure, right = [0] * BINS, [0.0] * BINS, [0] * BINS
    for read in reads:
        truth = Counter(filter(None, map(folded, read.truth)))
        for text, confidence in read.words:
            word = folded(text)
            if not word:
                continue
            place = min(int(confidence * BINS), BINS - 1)
            counts[place] += 1
            sure[place] += confidence
            if truth[word] > 0:
                truth[word] -= 1
                right[place] += 1
    total = sum(counts)
    return sum(abs(s - r) for s, r in zip(sure, right, strict=True)) / total if total else 0.0
