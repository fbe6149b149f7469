"""How often a canary that is worse is rolled back, and how often one that is equal: thousands of drawn trials.

Each trial draws documents as they come: a fifth to the canary. Of every document the fields are right by chance, those
of one document more alike than those of two (beta-binomial; ``correlation``), the number of fields varies by a half
either way, every third document is reviewed, and latency and cost are drawn log-normally, alike for both versions.
``policy.canary.decide`` is asked after every document of the canary, up to its fiftieth.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.report import NotMeasured, say
from procession.policy.canary import DOCUMENTS, Action, Arm, Counted, Measured, Outcomes, decide

LENGTH = "10,000 trials of each kind, about 15 minutes on one core"
SEEDS, QUICK_SEEDS = 10_000, 150
SHARE = 0.2
POINTS = 0.10
ACCURACIES = (0.80, 0.90, 0.97)
FIELDS = (5, 10, 20, 30)
CORRELATIONS = (0.0, 0.05)
REVIEWED_EVERY = 3
AT_ONCE = 250
SEED = 20_260_504
NOW = datetime(2026, 5, 4, tzinfo=UTC)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trial. ``fields``: a document's, on average; ``worse``: of the canary, as a share of its fields."""

    accuracy: float
    fields: int
    correlation: float
    worse: float


@dataclass(frozen=True, slots=True)
class Trials:
    """Of one kind: the share rolled back that were ten points worse, and that were equal."""

    accuracy: float
    fields: int
    correlation: float
    caught: float
    false: float
    documents_p50: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """Running sums of trials (rows) over an arm's documents; column n: after n documents."""

    counted: tuple[Ints, ...]
    reviewed: tuple[Ints, ...]
    latency: tuple[Floats, Floats]
    cost: tuple[Floats, Floats]

    def arm(self, row: int, documents: int) -> Arm:
        return Arm(
            _counted(self.counted, row, documents),
            _counted(self.reviewed, row, documents),
            Measured(documents, *(float(sums[row, documents]) for sums in self.latency)),
            Measured(documents, *(float(sums[row, documents]) for sums in self.cost)),
        )


def _counted(sums: tuple[Ints, ...], row: int, documents: int) -> Counted:
    return Counted(*(int(one[row, documents]) for one in sums))


def _running(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([np.zeros((len(values), 1), values.dtype), np.cumsum(values, 1)], 1)


def _sums(fields: Ints, right: Ints) -> tuple[Ints, ...]:
    there = (fields > 0).astype(np.int64)
    return tuple(_running(one) for one in (there, fields, right, fields**2, right**2, right * fields))


def drawn(rng: np.random.Generator, trials: int, documents: int, kind: Kind, accuracy: float) -> Drawn:
    shape = (trials, documents)
    fields = rng.integers(max(1, kind.fields // 2), kind.fields + kind.fields // 2 + 1, shape)
    shares: Floats | float = accuracy
    if kind.correlation:
        strength = (1 - kind.correlation) / kind.correlation
        shares = rng.beta(accuracy * strength, (1 - accuracy) * strength, shape)
    right = rng.binomial(fields, shares)
    reviewed = np.where(np.arange(documents) % REVIEWED_EVERY == 0, 1, 0)
    latency, cost = rng.normal(1.0, 0.6, shape), rng.normal(18.0, 0.5, shape)
    return Drawn(
        _sums(fields, right),
        _sums(fields * reviewed, right * reviewed),
        (_running(latency), _running(latency**2)),
        (_running(cost), _running(cost**2)),
    )


def rolled_back_at(rng: np.random.Generator, trials: int, kind: Kind) -> list[int | None]:
    """For each trial the canary's documents when it was rolled back; None: it was not, within ``DOCUMENTS``."""
    between = rng.negative_binomial(1, SHARE, (trials, DOCUMENTS))  # the baseline's documents before each of the canary
    of_baseline = np.cumsum(between, 1)
    canary = drawn(rng, trials, DOCUMENTS, kind, kind.accuracy - kind.worse)
    baseline = drawn(rng, trials, int(of_baseline.max()), kind, kind.accuracy)
    return [
        next(
            (
                documents
                for documents in range(1, DOCUMENTS + 1)
                if _decided(canary.arm(row, documents), baseline.arm(row, int(of_baseline[row, documents - 1])))
                is Action.ROLL_BACK
            ),
            None,
        )
        for row in range(trials)
    ]


def _decided(canary: Arm, baseline: Arm) -> Action:
    return decide(Outcomes(canary, baseline, NOW), NOW).action


def measured(kind: Kind, seeds: int) -> tuple[float, float | None]:
    """(share of trials rolled back, the canary's documents by then at the median)."""
    rng = np.random.default_rng([SEED, round(100 * kind.accuracy), kind.fields, round(1000 * kind.correlation)])
    ended: list[int | None] = []
    while len(ended) < seeds:
        ended += rolled_back_at(rng, min(AT_ONCE, seeds - len(ended)), kind)
    found = sorted(one for one in ended if one is not None)
    return len(found) / seeds, float(np.median(found)) if found else None


def run(quick: bool) -> dict[str, Any]:
    seeds, rows = QUICK_SEEDS if quick else SEEDS, list[Trials]()
    for correlation in CORRELATIONS:
        for fields in FIELDS:
            for accuracy in ACCURACIES:
                caught, after = measured(Kind(accuracy, fields, correlation, POINTS), seeds)
                false, _ = measured(Kind(accuracy, fields, correlation, 0.0), seeds)
                rows.append(Trials(accuracy, fields, correlation, caught, false, after))
                say(
                    f"accuracy {accuracy:.2f}, {fields} fields, correlation {correlation}: 10 points worse rolled back "
                    f"{caught:.1%} (median after {after} documents), equal {false:.1%}"
                )
    if not rows:
        raise NotMeasured("no trial was drawn")
    enough = [row for row in rows if row.fields >= 10]
    return {
        "seeds": seeds,
        "caught_min": min(row.caught for row in rows),
        "caught_min_from_10_fields": min(row.caught for row in enough),
        "false_max": max(row.false for row in rows),
        "kinds": [asdict(row) for row in rows],
    }
