"""Gradient-boosted trees, evaluated for all rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]

ROWS_AT_ONCE = 64
"""Rows walked together: what they need stays in the processor's cache."""
STEPS_TOGETHER = 3
"""After so many steps the rows that have arrived at a leaf are left there, and only the others walk on."""


@dataclass(frozen=True)
class Ensemble:
    """Sum of binary trees over ``float32`` features without missing values.

    All arrays have one entry per node; the trees follow each other. A leaf points to itself.
    """

    feature: Integers
    """Column compared at this node; 0 at leaves."""
    threshold: Floats
    """A row goes left when its value is at most this; +inf at leaves."""
    left: Integers
    right: Integers
    value: Floats
    """What a leaf adds; 0 at inner nodes."""
    roots: Integers
    depth: int

    @cached_property
    def _walk(self) -> _Walk:
        return _Walk.of(self)

    def raw(self, rows: Floats) -> npt.NDArray[np.float64]:
        """Sums of the leaves each of ``rows`` (n, features) arrives at: (n,) log-odds or points."""
        sums = np.zeros(len(rows))
        for start in range(0, len(rows), ROWS_AT_ONCE):
            leaves = self._walk.leaves(rows[start : start + ROWS_AT_ONCE], self.depth)
            sums[start : start + ROWS_AT_ONCE] = leaves.sum(axis=1, dtype=np.float64)
        return sums

    def to_arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """As named arrays for ``numpy.savez``."""
        return {
            f"{name}.feature": self.feature.astype(np.int16),
            f"{name}.threshold": self.threshold,
            f"{name}.left": self.left,
            f"{name}.right": self.right,
            f"{name}.value": self.value,
            f"{name}.roots": self.roots,
            f"{name}.depth": np.asarray([self.depth], dtype=np.int32),
        }

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Ensemble:
        """Raises KeyError for a missing array, ValueError for arrays that are no trees."""
        feature = np.asarray(arrays[f"{name}.feature"], dtype=np.int32)
        left = np.asarray(arrays[f"{name}.left"], dtype=np.int32)
        right = np.asarray(arrays[f"{name}.right"], dtype=np.int32)
        roots = np.asarray(arrays[f"{name}.roots"], dtype=np.int32)
        threshold = np.asarray(arrays[f"{name}.threshold"], dtype=np.float32)
        value = np.asarray(arrays[f"{name}.value"], dtype=np.float32)
        nodes = len(feature)
        if not nodes or any(len(one) != nodes for one in (left, right, threshold, value)):
            raise ValueError(f"the trees of {name!r} are incomplete")
        if any(len(one) and (one.min() < 0 or one.max() >= nodes) for one in (left, right, roots)):
            raise ValueError(f"the trees of {name!r} point outside themselves")
        inner = np.flatnonzero(left != np.arange(nodes))
        reached = np.concatenate([roots, left[inner], right[inner]])
        if len(np.unique(reached)) != len(reached):
            raise ValueError(f"the branches of {name!r} meet again")
        return cls(feature, threshold, left, right, value, roots, int(arrays[f"{name}.depth"][0]))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The same trees in the order they are walked: roots first, two children side by side, the lesser values' first."""

    feature: Places
    threshold: Floats
    first: Places
    """The first child; a leaf itself, from where no value is greater than its threshold."""
    inner: npt.NDArray[np.bool_]
    value: Floats
    roots: int

    @classmethod
    def of(cls, trees: Ensemble) -> _Walk:
        order = trees.roots.tolist()
        left, right = trees.left.tolist(), trees.right.tolist()
        first = []
        for place, node in enumerate(order):  # grows while it is walked
            if left[node] == node:
                first.append(place)
            else:
                first.append(len(order))
                order += (left[node], right[node])
        places = np.asarray(first, dtype=np.intp)
        return cls(
            feature=trees.feature[order].astype(np.intp),
            threshold=trees.threshold[order],
            first=places,
            inner=places != np.arange(len(places)),
            value=trees.value[order],
            roots=len(trees.roots),
        )

    def leaves(self, rows: Floats, depth: int) -> Floats:
        """(rows, trees) values of the leaves arrived at."""
        count, columns = rows.shape
        flat = np.ascontiguousarray(rows).ravel()
        node = np.tile(np.arange(self.roots), count)
        at = np.repeat(np.arange(count) * columns, self.roots)
        arrived, going = node, np.arange(len(node))
        for step in range(depth):
            goes_right = flat.take(self.feature.take(node) + at) > self.threshold.take(node)
            node = self.first.take(node) + goes_right
            if step + 1 < STEPS_TOGETHER:
                arrived = node
                continue
            arrived[going] = node
            on = np.flatnonzero(self.inner.take(node))
            node, at, going = node[on], at[on], going[on]
        return self.value.take(arrived).reshape(count, self.roots)


def sigmoid(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log-odds to probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(raw, -30.0, 30.0))))
