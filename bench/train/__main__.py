"""``python -m bench.train --corpus DIR [--sets a,b]``: cross-validate, calibrate, train on everything, write the model.

Figures come from forms the trees have not seen: folds part forms by kind, all variants of one form together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from bench.report import say
from bench.sets import CORPUS_VARIABLE, SETS, Sources
from bench.train.fit import BUTTONS, Fitted, fit
from bench.train.matching import hits
from bench.train.samples import Sample, load
from procession.digitize import learned
from procession.digitize.learned.judge import choose, moved
from procession.digitize.learned.model import MODEL_FILE, FieldModel
from procession.digitize.learned.trees import Floats, sigmoid

FOLDS = 6
KNOTS_MAX = 24
ACCEPTS = np.arange(0.20, 0.61, 0.02)
PRIOR_FIELDS = 8.0
"""Pulls the calibration of a small bin towards its rating: so many fields' worth."""

Json = dict[str, Any]


@dataclass(slots=True)
class Rated:
    """A page as a model that has not seen its form judges it."""

    sample: Sample
    rating: npt.NDArray[np.float64]
    boxes: Floats


def main() -> None:
    chosen = _arguments()
    sources = Sources(chosen.corpus, chosen.cache)
    names = chosen.sets.split(",")
    samples = load([SETS[name](sources) for name in names], chosen.cache / "pages")
    say(f"{len(samples)} pages, {sum(len(one.boxes) for one in samples)} candidates")
    rated = cross_validated(samples)
    accept = best_accept(rated)
    about: Json = {"sets": names, "accept": round(accept, 2), "unseen": {}, "rules_boxes": {}}
    for name in names:
        of_set = [one for one in rated if one.sample.set_name == name]
        about["unseen"][name] = figures(of_set, accept) | {
            "calibration_error": calibration_error(of_set, rated, accept)
        }
        about["rules_boxes"][name] = figures([_unmoved(one) for one in of_set], accept)["iou_f1"]
    print(json.dumps(about, indent=1))
    if chosen.rows:
        _write_rows(chosen.rows, rated, accept)
    if chosen.cv_only:
        return
    model = as_model(fit(samples), calibrations(rated, accept), accept, samples)
    data = model.to_bytes()
    chosen.out.write_bytes(data)
    say(f"{chosen.out}: {len(data)} bytes, version {model.version}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    corpus = os.environ.get(CORPUS_VARIABLE)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "procession-bench"
    parser.add_argument("--corpus", type=Path, default=Path(corpus) if corpus else None)
    parser.add_argument("--cache", type=Path, default=cache, help="keeps scans, filled copies and pages once read")
    parser.add_argument("--sets", default="real,vendor,real_scanned,vendor_scanned,real_filled,vendor_filled")
    parser.add_argument("--out", type=Path, default=Path(learned.__file__).parent / MODEL_FILE)
    parser.add_argument("--rows", type=Path, help="write one JSON line a file there: what unseen models made of it")
    parser.add_argument("--cv-only", action="store_true", help="print the figures, write no model")
    return parser.parse_args()


def fold_of(samples: Sequence[Sample]) -> Mapping[str, int]:
    """Group -> fold; dealt out by size, so that folds hold about as many fields."""
    sizes: dict[str, int] = {}
    for one in samples:
        sizes[one.group] = sizes.get(one.group, 0) + len(one.true_boxes)
    totals = [0] * FOLDS
    out = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold = totals.index(min(totals))
        totals[fold] += sizes[group]
        out[group] = fold
    return out


def cross_validated(samples: Sequence[Sample]) -> list[Rated]:
    folds = fold_of(samples)
    out: list[Rated] = []
    for fold in range(FOLDS):
        fitted = fit([one for one in samples if folds[one.group] != fold])
        out += [_rated(one, fitted) for one in samples if folds[one.group] == fold]
        say(f"fold {fold + 1} of {FOLDS}")
    return out


def _rated(sample: Sample, fitted: Fitted) -> Rated:
    moves = np.stack([edge.raw(sample.features) for edge in fitted.edges], axis=1)
    return Rated(sample, sigmoid(fitted.field.raw(sample.features)), moved(sample.boxes, moves))


def _unmoved(one: Rated) -> Rated:
    return Rated(one.sample, one.rating, one.sample.boxes)


def figures(rated: Sequence[Rated], accept: float) -> Json:
    found = true = centre = strict = 0
    for one in rated:
        kept = choose(one.boxes, one.rating, accept)
        hit, good = hits(one.boxes[kept], one.sample.true_boxes)
        found, true = found + len(kept), true + len(one.sample.true_boxes)
        centre, strict = centre + int(hit.sum()), strict + good
    whole = max(found + true, 1)
    return {
        "fields": true,
        "precision": round(centre / max(found, 1), 4),
        "recall": round(centre / max(true, 1), 4),
        "centre_f1": round(2 * centre / whole, 4),
        "iou_f1": round(2 * strict / whole, 4),
    }


def best_accept(rated: Sequence[Rated]) -> float:
    """Where the mean over the sets of centre and IoU F1 is best."""
    by_set: dict[str, list[Rated]] = {}
    for one in rated:
        by_set.setdefault(one.sample.set_name, []).append(one)

    def mean(accept: float) -> float:
        found = [figures(of_set, accept) for of_set in by_set.values()]
        return float(np.mean([one["centre_f1"] + one["iou_f1"] for one in found]))

    return float(max(ACCEPTS, key=mean))


def _outcomes(rated: Sequence[Rated], accept: float, family: str | None = None) -> tuple[Floats, Floats]:
    """Ratings of what would be kept, and whether each is right by its centre."""
    ratings, right = [np.zeros(0)], [np.zeros(0)]
    for one in rated:
        kept = choose(one.boxes, one.rating, accept)
        hit, _ = hits(one.boxes[kept], one.sample.true_boxes)
        of_family = np.asarray([family in (None, _family(one.sample.kinds[index])) for index in kept], dtype=bool)
        ratings.append(one.rating[kept][of_family])
        right.append(hit[of_family].astype(np.float64))
    return np.concatenate(ratings).astype(np.float32), np.concatenate(right).astype(np.float32)


def _family(kind: str) -> str:
    return "button" if kind in BUTTONS else "text"


def calibrations(rated: Sequence[Rated], accept: float) -> dict[str, tuple[Floats, Floats]]:
    return {family: calibration(*_outcomes(rated, accept, family)) for family in ("text", "button")}


def calibration(rating: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Isotonic: (ratings, share that is right), at most KNOTS_MAX pairs of bins with about as many fields each."""
    order = np.argsort(rating, kind="stable")
    bins = np.array_split(order, min(KNOTS_MAX, max(1, len(order) // 25)))
    bins = [one for one in bins if len(one)]
    if not bins:
        return np.asarray([0.0, 1.0], dtype=np.float32), np.asarray([0.0, 1.0], dtype=np.float32)
    x = np.asarray([rating[one].mean() for one in bins])
    sizes = np.asarray([len(one) for one in bins], dtype=np.float64)
    y = np.asarray([(right[one].sum() + PRIOR_FIELDS * rating[one].mean()) / (len(one) + PRIOR_FIELDS) for one in bins])
    rising = isotonic_regression(y, weights=sizes).x
    return x.astype(np.float32), np.clip(rising, 0.01, 0.995).astype(np.float32)


def calibration_error(of_set: Sequence[Rated], rated: Sequence[Rated], accept: float) -> float:
    """Ten bins, as ``bench.scoring``; each half of the forms measured by the other half's calibration."""
    off = np.zeros(10)
    count = 0
    for half in (0, 1):
        maps = calibrations([one for one in rated if _half(one) != half], accept)
        for family, (x, y) in maps.items():
            rating, right = _outcomes([one for one in of_set if _half(one) == half], accept, family)
            sure = np.interp(rating, x, y)
            bins = np.minimum((sure * 10).astype(int), 9)
            off += np.bincount(bins, sure - right, 10)
            count += len(rating)
    return round(float(np.abs(off).sum()) / max(count, 1), 4)


def _half(one: Rated) -> int:
    return hashlib.sha256(one.sample.group.encode()).digest()[0] % 2


def as_model(
    fitted: Fitted, maps: Mapping[str, tuple[Floats, Floats]], accept: float, samples: Sequence[Sample]
) -> FieldModel:
    seen = hashlib.sha256()
    for one in samples:
        seen.update(one.features.tobytes())
        seen.update(one.true_boxes.tobytes())
    return FieldModel(fitted.field, fitted.edges, fitted.button, maps, accept, seen.hexdigest()[:12])


def _write_rows(path: Path, rated: Sequence[Rated], accept: float) -> None:
    files: dict[tuple[str, str], list[Rated]] = {}
    for one in rated:
        files.setdefault((one.sample.set_name, one.sample.file), []).append(one)
    with path.open("w") as out:
        for (set_name, file), pages in sorted(files.items()):
            out.write(json.dumps({"set": set_name, "file": file, **figures(pages, accept)}) + "\n")


if __name__ == "__main__":
    main()
