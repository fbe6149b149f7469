"""Pages as models judge them that have not seen their forms: folds, ratings, F1 of the candidates alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.report import say
from bench.sets import PROCESSES
from bench.train.fit import Fitted, fit
from bench.train.matching import hits
from bench.train.samples import Sample
from procession.digitize.learned.alike import levelled
from procession.digitize.learned.judge import choose, moved
from procession.digitize.learned.trees import Floats, sigmoid

FOLDS = 6
ACCEPTS = np.arange(0.20, 0.61, 0.02)

Json = dict[str, Any]


@dataclass(slots=True)
class Rated:
    """A page as a model that has not seen its form judges it."""

    sample: Sample
    rating: npt.NDArray[np.float64]
    boxes: Floats
    fold: int


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


def cross_validated(measured: Sequence[Sample], extra: Sequence[Sample]) -> tuple[list[Rated], list[Fitted]]:
    """Each page of ``measured`` by trees that saw no form of its group, of ``extra`` neither; and these, by fold."""
    folds = fold_of(measured)
    known = [*measured, *extra]
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(fit, [one for one in known if folds.get(one.group) != fold]) for fold in range(FOLDS)]
        fitted = [job.result() for job in jobs]
    say(f"{FOLDS} folds trained")
    return [rate(one, fitted[folds[one.group]], folds[one.group]) for one in measured], fitted


def rate(sample: Sample, fitted: Fitted, fold: int = 0) -> Rated:
    moves = np.stack([edge.raw(sample.features) for edge in fitted.edges], axis=1)
    rating = sigmoid(levelled(fitted.field.raw(sample.features), sample.boxes, sample.rules))
    return Rated(sample, rating, moved(sample.boxes, moves), fold)


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
