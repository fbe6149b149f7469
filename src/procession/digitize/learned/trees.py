"""Gradient-boosted trees, evaluated for all rows at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Sum of binary trees over ``float32`` features without missing values.

    All arrays have one entry per node; the trees follow each other. A leaf points to itself, so that rows may be
    walked down a fixed number of steps without asking who has arrived.
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

    def raw(self, rows: Floats) -> npt.NDArray[np.float64]:
        """Sums of the leaves each of ``rows`` (n, features) arrives at: (n,) log-odds or points."""
        count = len(rows)
        if not count:
            return np.zeros(0)
        node = np.repeat(self.roots[None, :], count, axis=0)
        line = np.arange(count)[:, None]
        for _ in range(self.depth):
            goes_left = rows[line, self.feature[node]] <= self.threshold[node]
            node = np.where(goes_left, self.left[node], self.right[node])
        return np.asarray(self.value[node].sum(axis=1, dtype=np.float64))

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
        return cls(feature, threshold, left, right, value, roots, int(arrays[f"{name}.depth"][0]))


def sigmoid(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Log-odds to probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(raw, -30.0, 30.0))))
