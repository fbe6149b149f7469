"""Gradient boosting (LightGBM), and its trees as the arrays the engine evaluates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from bench.train.matching import Bools, Targets, targets
from bench.train.samples import Sample
from procession.digitize.learned.trees import Ensemble, Floats

SEED = 7
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbose": -1,
    "num_threads": 1,
    "seed": SEED,
    "deterministic": True,
    "force_col_wise": True,
}
TREES = 400
EDGE_TREES = 200
EXTRA_WEIGHT = 0.5
"""Forms of other kinds than those measured teach half as much."""
MOVE_POINTS_MAX = 60.0
"""Longer ways from a candidate's edge to the field's are cut to this."""
BUTTONS = frozenset({"checkbox", "radio"})


@dataclass(frozen=True, slots=True)
class Fitted:
    field: Ensemble
    button: Ensemble
    edges: tuple[Ensemble, Ensemble, Ensemble, Ensemble]


def fit(samples: Sequence[Sample]) -> Fitted:
    """A file weighs as the root of its candidates: one with 400 fields must not rule."""
    samples = [one for one in samples if len(one.boxes)]
    wanted = [targets(one.boxes, one.true_boxes) for one in samples]
    sizes: Counter[tuple[str, str]] = Counter()
    for one in samples:
        sizes[one.set_name, one.file] += len(one.boxes)
    weights = [np.full(len(one.boxes), 15 * sizes[one.set_name, one.file] ** -0.5 * _worth(one)) for one in samples]
    features = np.concatenate([one.features for one in samples])
    field = _boosted("binary", features, np.concatenate([one.right for one in wanted]), np.concatenate(weights), TREES)
    chosen = [one.right > 0 for one in wanted]
    right_features = np.concatenate([one.features[keep] for one, keep in zip(samples, chosen, strict=True)])
    right_weights = np.concatenate([one[keep] for one, keep in zip(weights, chosen, strict=True)])
    moves = np.concatenate([_moves(*one) for one in zip(samples, wanted, chosen, strict=True)])
    buttons = np.concatenate([_buttons(*one) for one in zip(samples, wanted, chosen, strict=True)])
    left, top, right, bottom = (
        _boosted("huber", right_features, moves[:, edge], right_weights, EDGE_TREES) for edge in range(4)
    )
    button = _boosted("binary", right_features, buttons, right_weights, EDGE_TREES // 2)
    return Fitted(field, button, (left, top, right, bottom))


def _worth(sample: Sample) -> float:
    return EXTRA_WEIGHT if sample.set_name.startswith("extra") else 1.0


def _moves(sample: Sample, wanted: Targets, chosen: Bools) -> Floats:
    ways = (
        sample.true_boxes[wanted.field[chosen]] - sample.boxes[chosen] if len(sample.true_boxes) else np.zeros((0, 4))
    )
    return np.asarray(np.clip(ways, -MOVE_POINTS_MAX, MOVE_POINTS_MAX), dtype=np.float32)


def _buttons(sample: Sample, wanted: Targets, chosen: Bools) -> Floats:
    return np.asarray([sample.true_types[index] in BUTTONS for index in wanted.field[chosen]], dtype=np.float32)


def _boosted(objective: str, features: Floats, target: Floats, weight: Floats, trees: int) -> Ensemble:
    data = lightgbm.Dataset(features, target, weight=weight)
    booster = lightgbm.train({**PARAMETERS, "objective": objective, "alpha": 2.0}, data, trees)
    return _exported(booster.dump_model()["tree_info"])


def _exported(trees: Sequence[dict[str, Any]]) -> Ensemble:
    nodes: list[tuple[int, float, int, int, float]] = []
    depth = 0

    def add(node: dict[str, Any], level: int) -> int:
        nonlocal depth
        depth = max(depth, level)
        at = len(nodes)
        if "leaf_value" in node:
            nodes.append((0, np.inf, at, at, node["leaf_value"]))
            return at
        nodes.append((0, 0.0, 0, 0, 0.0))
        left, right = add(node["left_child"], level + 1), add(node["right_child"], level + 1)
        nodes[at] = (node["split_feature"], node["threshold"], left, right, 0.0)
        return at

    roots = [add(tree["tree_structure"], 0) for tree in trees]
    feature, threshold, left, right, value = zip(*nodes, strict=True)
    return Ensemble(
        np.asarray(feature, dtype=np.int32),
        np.asarray(threshold, dtype=np.float32),
        np.asarray(left, dtype=np.int32),
        np.asarray(right, dtype=np.int32),
        np.asarray(value, dtype=np.float32),
        np.asarray(roots, dtype=np.int32),
        depth,
    )
