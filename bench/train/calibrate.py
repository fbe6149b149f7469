"""Ratings as shares of right fields: isotonic maps, fitted on forms the trees have not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from bench.train.fit import BUTTONS
from bench.train.matching import hits
from bench.train.rated import Rated
from procession.digitize.learned.judge import choose
from procession.digitize.learned.trees import Floats

KNOTS_MAX = 24
PRIOR_FIELDS = 8.0
"""Pulls the calibration of a small bin towards its rating: so many fields' worth."""


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


def _outcomes(rated: Sequence[Rated], accept: float, family: str) -> tuple[Floats, Floats]:
    """Ratings of what would be kept, and whether each is right by its centre."""
    ratings, right = [np.zeros(0)], [np.zeros(0)]
    for one in rated:
        kept = choose(one.boxes, one.rating, accept)
        hit, _ = hits(one.boxes[kept], one.sample.true_boxes)
        of_family = np.asarray([_family(one.sample.kinds[index]) == family for index in kept], dtype=bool)
        ratings.append(one.rating[kept][of_family])
        right.append(hit[of_family].astype(np.float64))
    return np.concatenate(ratings).astype(np.float32), np.concatenate(right).astype(np.float32)


def _family(kind: str) -> str:
    return "button" if kind in BUTTONS else "text"
