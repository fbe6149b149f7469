"""What benchmarks say on the way, and the error of one that could not measure."""

from __future__ import annotations

import sys


class NotMeasured(Exception):
    """There is no figure: something failed, or too little was seen. The benchmark exits 1 and prints no JSON."""


class _Say:
    quiet = False

    def __call__(self, line: str) -> None:
        if not self.quiet:
            print(line, file=sys.stderr, flush=True)


say = _Say()


def percentile(values: list[float], fraction: float) -> float:
    """Nearest rank. Raises NotMeasured when there are none."""
    if not values:
        raise NotMeasured("no samples")
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(fraction * len(ranked)))]
