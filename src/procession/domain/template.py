"""A template: the approved definition of a form, and what its blank pages look like, to know the form again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constrained

from procession.domain.form import Form
from procession.domain.layout import PageLayout

TEMPLATE_PAGES_MAX = 20
"""A longer document is remembered by none of its pages: it is a book, not a form."""
CANDIDATES_MAX = 3
"""Templates one page is compared with."""
LOOKUPS_MAX = 5
"""Pages of a document, in a range of it, that are looked up before it counts as unknown."""
KNOWN_FORM = "Known form:"
CHANGED_FORM = "Changed form:"
"""How the warning begins that tells which approved definition was used."""


class Remembered(BaseModel):
    """What is stored of a template. ``form`` is blank: no values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    form: Form
    layouts: Annotated[tuple[PageLayout, ...], Constrained(max_length=TEMPLATE_PAGES_MAX)]


class Template(Remembered):
    id: str
    approved_at: datetime
