"""What one page of a form looks like: its printed words and where fields stand.

Words are folded to letters; what somebody filled in is not among those of a template.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constrained

Fraction = Annotated[float, Constrained(ge=0.0, le=1.0)]
Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""x0, y0, x1, y1"""

ANCHORS_MAX = 1_500
"""Printed words of one page that are remembered."""
TOKEN_CHARACTERS_MAX = 40
SLOTS = 32
"""Numbers in a page's sketch."""

Token = Annotated[str, Constrained(min_length=1, max_length=TOKEN_CHARACTERS_MAX)]
Anchor = tuple[Token, int, int, int, int]
"""A printed word and its box x0, y0, x1, y1 in tenths of a point."""
Spot = tuple[int, int, int, int]
"""A box in tenths of a point."""
Sketch = tuple[int, ...]
"""MinHash of a page's words: equal numbers at equal positions tell how many words two pages share."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Frozen):
    """Where a field and its options stand on the upright page, in fractions of it."""

    field: str
    """The field's id."""
    box: Box | None = None
    """For a value of the text, which has no place to write on: where its words stood."""
    options: tuple[Box | None, ...] = ()


class Lie(_Frozen):
    """How an upright scan lies on the page as displayed."""

    turn: Literal[0, 90, 180, 270]
    """Clockwise degrees."""
    skew_degrees: float
    displayed: tuple[float, float]
    """Width and height in points."""


class PageLayout(_Frozen):
    """One upright page. A place whose field is not in the template's form was removed by a reviewer."""

    number: Annotated[int, Constrained(ge=1)]
    width: float
    """Points of the upright page."""
    height: float
    sketch: Annotated[Sketch, Constrained(max_length=SLOTS)] = ()
    anchors: Annotated[tuple[Anchor, ...], Constrained(max_length=ANCHORS_MAX)] = ()
    veiled: Annotated[tuple[Spot, ...], Constrained(max_length=ANCHORS_MAX)] = ()
    """Where words stand that are not remembered, because they may tell of a person or were not surely read."""
    places: tuple[Place, ...] = ()
    lies: Lie | None = None
    """Of a page just read, whose fields' boxes are still fractions of the page as displayed."""
