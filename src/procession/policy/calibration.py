"""What reviewers' decisions teach about the engine's confidence: a map from what it says to what proves right.

Invariants: the map never falls (a surer field stays surer), it stays within ``MOVE_MAX`` of the shipped confidence
wherever it moves it, and without ``DECISIONS_MIN`` decisions there is none. Few decisions move little: every step
starts with ``PRIOR_DECISIONS`` that say the engine is right as shipped. Decisions come as counts without tenant or
document, so nothing of one tenant shows in another's results but this one curve.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

DECISIONS_MIN = 500
"""Decisions about found fields before the shipped confidence is touched at all."""
PRIOR_DECISIONS = 50.0
"""Imagined decisions in each step of the map that confirm the shipped confidence."""
STEP_DECISIONS = 40
"""Decisions that make one step of the map."""
MOVE_MAX = 0.15
"""How far a confidence is moved at most."""
CONFIDENCE_MIN, CONFIDENCE_MAX = 0.01, 0.995


class Outcome(StrEnum):
    """What became of a field in a finished review."""

    KEPT = "kept"
    REWORDED = "reworded"
    """Right place and type; label, options or value were changed."""
    RETYPED = "retyped"
    REJECTED = "rejected"
    ADDED = "added"
    """The engine had missed it."""


RIGHT = frozenset({Outcome.KEPT, Outcome.REWORDED})
"""What shows that a confidence in place and type was justified."""


@dataclass(frozen=True, slots=True)
class Decided:
    """So many decisions about fields of one confidence."""

    confidence: float
    outcome: Outcome
    count: int = 1


@dataclass(frozen=True, slots=True)
class Calibration:
    version: str
    knots: tuple[tuple[float, float], ...]
    """(the engine's confidence, the share that proves right), both rising; linear in between, flat outside."""

    def confidence(self, engine: float) -> float:
        """``engine``: the engine's own confidence, 0 to 1."""
        place = bisect_right([x for x, _ in self.knots], engine)
        if place == 0 or place == len(self.knots):
            x, y = self.knots[min(place, len(self.knots) - 1)]
            moved = engine + y - x  # as far as the nearest knot was moved
        else:
            (x0, y0), (x1, y1) = self.knots[place - 1 : place + 1]
            moved = y0 + (y1 - y0) * (engine - x0) / (x1 - x0)
        near = min(max(moved, engine - MOVE_MAX), engine + MOVE_MAX)
        return min(max(near, min(engine, CONFIDENCE_MIN)), max(engine, CONFIDENCE_MAX))


SHIPPED = Calibration("shipped", ((0.0, 0.0), (1.0, 1.0)))
"""The engine's confidence as it is: measured on forms the model had not seen."""


def accuracy(outcomes: Iterable[tuple[Outcome, int]]) -> float | None:
    """Share of fields, missed ones among them, that reviewers left as they were found; None before any review."""
    counted = list(outcomes)
    total = sum(count for _, count in counted)
    return sum(count for outcome, count in counted if outcome is Outcome.KEPT) / total if total else None


def refitted(decided: Iterable[Decided], version: str) -> Calibration | None:
    """The calibration these decisions support (isotonic regression over steps); None while there are too few."""
    known = sorted((one for one in decided if one.outcome is not Outcome.ADDED), key=lambda one: one.confidence)
    if sum(one.count for one in known) < DECISIONS_MIN:
        return None
    steps = [(x, (right + PRIOR_DECISIONS * x) / (n + PRIOR_DECISIONS), n) for x, right, n in _steps(known)]
    knots = _rising(steps)
    return Calibration(version, tuple((round(x, 4), round(y, 4)) for x, y in knots))


def _steps(known: Sequence[Decided]) -> list[tuple[float, int, int]]:
    """(mean confidence, right ones, all) of runs of about ``STEP_DECISIONS`` decisions; equal confidences together."""
    steps: list[tuple[float, int, int]] = []
    total, right, count = 0.0, 0, 0
    for place, one in enumerate(known):
        total += one.confidence * one.count
        right += one.count if one.outcome in RIGHT else 0
        count += one.count
        last = place + 1 == len(known)
        if last or (count >= STEP_DECISIONS and known[place + 1].confidence > one.confidence):
            steps.append((total / count, right, count))
            total, right, count = 0.0, 0, 0
    return steps


def _rising(steps: Iterable[tuple[float, float, int]]) -> list[tuple[float, float]]:
    """Pool adjacent violators: neighbours that would fall share their mean, weighted by decisions."""
    pools: list[tuple[list[float], float, float]] = []
    for x, y, n in steps:
        pools.append(([x], y, float(n)))
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            (xs, ya, na), (more, yb, nb) = pools[-2:]
            pools[-2:] = [([*xs, *more], (ya * na + yb * nb) / (na + nb), na + nb)]
    knots = [(x, y) for xs, y, _ in pools for x in ((xs[0],) if len(xs) == 1 else (xs[0], xs[-1]))]
    return [one for one, after in pairwise([*knots, (2.0, 2.0)]) if after[0] > one[0]]
