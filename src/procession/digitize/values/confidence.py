"""How often values read with a given strength turn out right: the strength of a finder becomes a probability."""

from __future__ import annotations

from bisect import bisect_right

MEASURED = ((0.0, 0.2), (0.45, 0.55), (0.56, 0.7), (0.63, 0.83), (0.75, 0.91), (0.83, 0.97), (0.9, 0.985), (1.0, 0.995))
"""(strength, share that was right) on generated papers of families kept back; straight lines between the points."""


def calibrated(strength: float) -> float:
    """Probability that a value found with ``strength`` (0 … 1) is right."""
    place = bisect_right(MEASURED, (strength, 2.0))
    if place == 0:
        return MEASURED[0][1]
    if place == len(MEASURED):
        return MEASURED[-1][1]
    (x0, y0), (x1, y1) = MEASURED[place - 1], MEASURED[place]
    return y0 + (y1 - y0) * (strength - x0) / (x1 - x0)
