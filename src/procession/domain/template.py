"""A template: the approved definition of a form, and what its blank pages look like, to know the form again.

A layout holds the page's printed words, folded to letters, and where each field stands; never what somebody filled in.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constrained

from procession.domain.form import Box, Form

TEMPLATE_PAGES_MAX = 20
"""A longer document is remembered by none of its pages: it is a book, not a form."""
ANCHORS_MAX = 1_500
"""Printed words of one page that are remembered."""
TOKEN_CHARACTERS_MAX = 40
SLOTS = 32
"""Numbers in a page's sketch."""
CANDIDATES_MAX = 3
"""Templates one page is compared with."""

Token = Annotated[str, Constrained(min_length=1, max_length=TOKEN_CHARACTERS_MAX)]
Anchor = tuple[Token, int, int, int, int]
"""A printed word and its box x0, y0, x1, y1 in tenths of a point."""
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


class PageLayout(_Frozen):
    """One upright page. A place whose field is not in the template's form was removed by a reviewer."""

    number: Annotated[int, Constrained(ge=1)]
    width: float
    """Points of the upright page."""
    height: float
    sketch: Annotated[Sketch, Constrained(max_length=SLOTS)] = ()
    anchors: Annotated[tuple[Anchor, ...], Constrained(max_length=ANCHORS_MAX)] = ()
    places: tuple[Place, ...] = ()


class Template(_Frozen):
    """``form`` is blank: no values."""

    id: str
    form: Form
    layouts: tuple[PageLayout, ...]
