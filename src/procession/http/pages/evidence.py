"""A trial's evidence as a picture: geometry only, the template draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from procession.policy.canary import DOCUMENTS
from procession.services.model_views import LookView

WIDTH, HEIGHT = 400.0, 160.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 8.0, 28.0
"""Room for the axes' words."""
TOP_SHARE = 1.25
"""Evidence at the upper edge; what is more is drawn there."""
TICKS = 5


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One look: evidence as a share of what rolls the version back, 0 when it is not worse."""

    documents: int
    share: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Lengths in the picture's own units. ``points``: of a polyline."""

    rows: tuple[Row, ...]
    points: str
    last_x: float
    last_y: float
    threshold_y: float
    half_y: float
    zero_y: float
    x_ticks: tuple[Tick, ...]
    crossed: bool


def picture(looks: Sequence[LookView]) -> Picture | None:
    """None before the first look that could decide anything."""
    if not looks:
        return None
    rows = tuple(Row(one.documents, max(0.0, one.worse / one.bound)) for one in looks)
    most = max(DOCUMENTS, rows[-1].documents)
    places = [(_x(row.documents, most), _y(row.share)) for row in rows]
    return Picture(
        rows=rows,
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places),
        last_x=round(places[-1][0], 1),
        last_y=round(places[-1][1], 1),
        threshold_y=_y(1.0),
        half_y=_y(0.5),
        zero_y=_y(0.0),
        x_ticks=tuple(Tick(_x(number, most), f"{number}") for number in _ticks(most)),
        crossed=rows[-1].share >= 1.0,
    )


def _ticks(most: int) -> list[int]:
    step = max(1, -(-most // TICKS))
    return list(range(0, most + 1, step))


def _x(documents: int, most: int) -> float:
    return round(LEFT + documents / most * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float) -> float:
    inner = HEIGHT - TOP - BOTTOM
    return round(TOP + inner * (1 - min(share, TOP_SHARE) / TOP_SHARE), 1)
