"""Whether a version may be deployed: it read the golden set, and is not worse than the live version did there.

Both read the same documents, so their difference is taken document by document. Invariants: a version without an
evaluation does not pass; one that is worse than allowed in any measure does not either, whatever the others say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LOSS_MAX = 0.02
"""Share of the asked fields by which a version may be behind the live one."""
ACCURACY_MIN = 0.7
"""Share of the asked fields a version reads right at least, when no version is live to compare with."""
INVENTED_MAX = 0.02
"""Share of the fields whose value it may have wrong without anybody being asked to look."""
COST_TIMES_MAX = 1.25
LATENCY_TIMES_MAX = 1.5
"""Times the live version's, of the whole set's cost and of the typical call."""
FAILED_MAX = 0.05
"""Share of documents it may give no usable answer for."""
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Read:
    """One golden document as one version read it. ``silent``: wrong values that nobody was told to check."""

    name: str
    asked: int
    right: int
    silent: int
    seconds: float
    cost_pico: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    passed: bool
    reasons: tuple[str, ...]
    """Why it may not be deployed; when it may, what speaks for it."""
    figures: Mapping[str, float]


def accuracy(read: Sequence[Read]) -> float:
    """Share of the asked fields that were read right; not a number for none."""
    asked = sum(one.asked for one in read)
    return sum(one.right for one in read) / asked if asked else math.nan


def judge(candidate: Sequence[Read], live: Sequence[Read] | None) -> Gate:
    """``live``: the same documents as the live version read them; None when none is live."""
    if not candidate or not sum(one.asked for one in candidate):
        return Gate(False, ("the golden set asked nothing, so nothing is known",), {})
    figures = _figures(candidate)
    refused = []
    failed, silent = figures["failed"], figures["silent"]
    if failed > FAILED_MAX:
        refused.append(f"{failed:.1%} of the documents got no usable answer, and {FAILED_MAX:.0%} is allowed")
    if silent > INVENTED_MAX:
        refused.append(
            f"{silent:.1%} of the values are wrong with nobody asked to look, and {INVENTED_MAX:.0%} is allowed"
        )
    if live is None:
        if figures["accuracy"] < ACCURACY_MIN:
            refused.append(f"{figures['accuracy']:.1%} of the fields are right, and {ACCURACY_MIN:.0%} is asked for")
        return _gate(refused, figures, f"{figures['accuracy']:.1%} of the fields are right; no version is live")
    before = _figures(live)
    figures |= {f"live_{name}": value for name, value in before.items()}
    if before["accuracy"] - figures["accuracy"] > LOSS_MAX + ROUNDING:
        refused.append(
            f"{figures['accuracy']:.1%} of the fields are right, the live version has {before['accuracy']:.1%}, "
            f"and {100 * LOSS_MAX:.0f} points less is allowed"
        )
    for what, most in (("cost", COST_TIMES_MAX), ("seconds", LATENCY_TIMES_MAX)):
        times = figures[what] / before[what] if before[what] > 0 else math.inf if figures[what] > 0 else 1.0
        if times > most:
            name = "latency" if what == "seconds" else what
            refused.append(f"{name} is {times:.2f} times the live version's, and {most:g} times is allowed")
    told = f"{figures['accuracy']:.1%} of the fields are right, the live version has {before['accuracy']:.1%}"
    return _gate(refused, figures, told)


def _gate(refused: list[str], figures: Mapping[str, float], otherwise: str) -> Gate:
    return Gate(not refused, tuple(refused) or (otherwise,), figures)


def _figures(read: Sequence[Read]) -> dict[str, float]:
    """``seconds``: of a typical call; ``cost``: of the whole set, in picodollars."""
    asked = sum(one.asked for one in read)
    seconds = sorted(one.seconds for one in read)
    return {
        "documents": float(len(read)),
        "fields": float(asked),
        "accuracy": accuracy(read),
        "silent": sum(one.silent for one in read) / asked if asked else 0.0,
        "failed": sum(one.failed for one in read) / len(read) if read else 0.0,
        "seconds": seconds[len(seconds) // 2] if seconds else 0.0,
        "cost": float(sum(one.cost_pico for one in read)),
    }
