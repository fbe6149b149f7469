"""How well forms are digitised: every set through the engine, one table, one JSON object, one row a file.

Two processes, one thread each. ``pages_per_second`` counts CPU time, so it is what one core does; ``rss_mib`` is the
largest resident memory of a process at any moment.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.overhead import one_thread
from bench.report import NotMeasured, say
from bench.scoring import Tally, summary, tally
from bench.sets import CORPUS_VARIABLE, OF_REPOSITORY, PROCESSES, SETS, Form, FormSet, Sources

LENGTH = "a minute without a corpus, about 15 with one"
QUICK_FILES = 6
"""Of each set, in a quick run."""
QUICK_SETS = ("examples", "vendor", "values", "real")
HEADLINE = ("real", "vendor", "generated", "examples")
"""The contract's keys speak of the first of these that ran."""
WORSE_MIN = 0.01
"""A smaller loss of F1 on a file is not listed."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measured:
    result: Json
    pages: int
    cpu_seconds: float
    rss_mib: float


def arguments(parser: argparse.ArgumentParser) -> None:
    corpus = os.environ.get(CORPUS_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "procession-bench"
    parser.add_argument("--corpus", type=Path, default=Path(corpus) if corpus else None, help="folder with form sets")
    parser.add_argument("--sets", help=f"comma-separated, of: {', '.join(SETS)}")
    parser.add_argument("--files", type=int, help="at most so many files of each set")
    parser.add_argument("--rows", type=Path, help="write one JSON line a file there")
    parser.add_argument("--baseline", type=Path, help="rows of an earlier run: lists the files that got worse")
    parser.add_argument("--results", type=Path, help="write what was found there, one JSONL a set")
    parser.add_argument("--cache", type=Path, default=cache, help="keeps the scans and filled copies")
    parser.add_argument("--held-out", action="store_true", help="measure the held-out files of the corpus only")


def analyse(path: Path) -> Measured:
    """What a process of the pool does with one file; a refused document scores as nothing found."""
    from procession.digitize.pipeline import digitize
    from procession.domain.errors import DocumentError

    data = path.read_bytes()
    started = time.process_time()
    try:
        result: Json = digitize(data).model_dump(mode="json")
    except DocumentError as error:
        result = {"error": {"code": error.code}, "pages": []}
    used = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(result, len(result["pages"]), used, peak)


def run(chosen: argparse.Namespace) -> Json:
    names = _names(chosen)
    if chosen.held_out:
        say("warning: the shipped model learned from the held-out files too; its card has figures on unseen forms")
    sources = Sources(chosen.corpus, chosen.cache, chosen.held_out)
    limit = chosen.files or (QUICK_FILES if chosen.quick else None)
    figures: dict[str, Json] = {}
    rows: list[Json] = []
    for name in names:
        of = SETS[name](sources)
        figures[name], lines = _measure(FormSet(of.name, of.forms[:limit], of.scanned, of.ordered), chosen.results)
        rows += lines
        say(f"{name}: {figures[name]['files']} files, {figures[name]['pages_per_second']} pages/s")
    if chosen.rows:
        chosen.rows.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _print_table(figures)
    if chosen.baseline:
        _print_worse(rows, [json.loads(line) for line in chosen.baseline.read_text().splitlines()])
    head = next(name for name in (*HEADLINE, *names) if name in figures)
    first = figures[head]
    digital = [entry["rss_mib"] for entry in figures.values() if not entry["scanned"]] or [first["rss_mib"]]
    return {
        "set": head,
        "files": first["files"],
        "centre_f1": first["centre"]["f1"],
        "iou_f1": first["iou50"]["f1"],
        "type_accuracy": first["type_accuracy"],
        "label_near": first["label_near"],
        "calibration_error": first["calibration_error"],
        "pages_per_second": first["pages_per_second"],
        "rss_mib": max(digital),
        "rss_scanned_mib": max((e["rss_mib"] for e in figures.values() if e["scanned"]), default=None),
        "held_out": chosen.held_out,
        "sets": figures,
    }


def _names(chosen: argparse.Namespace) -> tuple[str, ...]:
    if chosen.sets:
        names = tuple(chosen.sets.split(","))
    elif chosen.corpus is None:
        names = OF_REPOSITORY[:1] if chosen.quick else OF_REPOSITORY
    else:
        names = QUICK_SETS if chosen.quick else tuple(SETS)
    for name in names:
        if name not in SETS:
            raise NotMeasured(f"there is no set `{name}`; known: {', '.join(SETS)}")
        if name not in OF_REPOSITORY and chosen.corpus is None:
            raise NotMeasured(f"set `{name}` needs --corpus or {CORPUS_VARIABLE}")
    return names


def _measure(of: FormSet, keep: Path | None) -> tuple[Json, list[Json]]:
    """New processes for every set, so that its memory is its own."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=one_thread) as pool:
        list(pool.map(analyse, [form.pdf for form in of.forms[:PROCESSES]]))  # warm: what is loaded once is not timed
        measured = list(pool.map(analyse, [form.pdf for form in of.forms]))
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"file": f"{f.name}.pdf"} | m.result) for f, m in zip(of.forms, measured, strict=True)]
        (keep / f"{of.name}.jsonl").write_text("\n".join(lines) + "\n")
    total = Tally()
    rows = []
    for form, one in zip(of.forms, measured, strict=True):
        counted = tally(form.read(), one.result)
        total.add(counted)
        rows.append(_row(of, form, one, counted))
    pages, seconds = sum(one.pages for one in measured), sum(one.cpu_seconds for one in measured)
    figures = summary(total, ordered=of.ordered) | {
        "scanned": of.scanned,
        "pages": pages,
        "pages_per_second": round(pages / seconds, 2),
        "rss_mib": round(max(one.rss_mib for one in measured)),
    }
    return figures, rows


def _row(of: FormSet, form: Form, one: Measured, counted: Tally) -> Json:
    figures = summary(counted, ordered=of.ordered)
    kept = ("fields", "predicted", "type_accuracy", "label_near", "calibration_error", "flagged")
    return {
        "set": of.name,
        "file": form.name,
        "centre_f1": figures["centre"]["f1"],
        "iou_f1": figures["iou50"]["f1"],
        "values_f1": figures["values_f1"]["f1"] if figures["values_f1"] else None,
        **{key: figures[key] for key in kept},
        "pages": one.pages,
        "cpu_seconds": round(one.cpu_seconds, 3),
        "error": (one.result.get("error") or {}).get("code"),
    }


_LINES: tuple[tuple[str, str], ...] = (
    ("files", "files"),
    ("fields", "fields"),
    ("centre F1", "centre.f1"),
    ("  precision", "centre.precision"),
    ("  recall", "centre.recall"),
    ("IoU 0.5 F1", "iou50.f1"),
    ("recall text", "recall.text"),
    ("recall button", "recall.button"),
    ("recall signature", "recall.signature"),
    ("type accuracy", "type_accuracy"),
    ("semantic type", "semantic_type"),
    ("core subtype", "subtype_accuracy"),
    ("label near", "label_near"),
    ("label overlap", "label_overlap"),
    ("required", "required_accuracy"),
    ("section", "section_accuracy"),
    ("order", "order_accuracy"),
    ("option groups", "groups"),
    ("group question", "group_question"),
    ("option label", "option_label"),
    ("calibration error", "calibration_error"),
    ("flagged", "flagged"),
    ("unflagged hit", "unflagged_hit"),
    ("unflagged right", "unflagged_right"),
    ("sure (>= .9) hit", "sure_hit"),
    ("sure share", "sure_share"),
    ("values F1", "values_f1.f1"),
    ("evidence", "evidence"),
    ("signature present", "signature_presence"),
    ("values calibration", "values_calibration_error"),
    ("values flagged", "values_flagged"),
    ("unflagged values ok", "values_unflagged_right"),
    ("ambiguous flagged", "ambiguous_flagged"),
    ("pages/s a core", "pages_per_second"),
    ("peak MiB", "rss_mib"),
)


def _print_table(figures: dict[str, Json]) -> None:
    width = max(10, *(len(name) for name in figures))
    say(" " * 18 + "".join(f"{name:>{width + 2}}" for name in figures))
    for title, key in _LINES:
        cells = [_cell(entry, key) for entry in figures.values()]
        if any(cell != "-" for cell in cells):
            say(f"{title:<18}" + "".join(f"{cell:>{width + 2}}" for cell in cells))


def _cell(entry: Json, key: str) -> str:
    value: Any = entry
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) and value <= 1 else f"{value}"


def _print_worse(rows: list[Json], earlier: list[Json]) -> None:
    before = {(row["set"], row["file"]): row for row in earlier}
    worse = 0
    for row in rows:
        old = before.get((row["set"], row["file"]))
        for key in ("centre_f1", "iou_f1", "values_f1"):
            if old and old.get(key) is not None and row[key] is not None and row[key] < old[key] - WORSE_MIN:
                worse += 1
                say(f"worse: {row['set']}/{row['file']} {key} {old[key]:.3f} -> {row[key]:.3f}")
    say(f"{worse} figures of files got worse by more than {WORSE_MIN}")
