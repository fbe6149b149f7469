"""Fields a reviewer drew on the page because the engine had missed them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from procession.domain.errors import InvalidRequest
from procession.domain.form import Field, FieldType, Section, Source
from procession.services import field_changes

ADDED_MAX = 500
"""Fields a reviewer may add to one document."""
SIDE_FRACTION_MIN = 0.002
"""Of the page's width or height: a smaller box is a slip of the mouse (1.2 pt on A4)."""
CHANGEABLE = field_changes.CHANGEABLE | {"page", "box"}

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_NAME = re.compile(r"\W+")


def added(field_id: str, given: Mapping[str, Any], sections: Sequence[Section], pages: int | None = None) -> Field:
    """The field ``given`` (label, page, box; more as of a correction) describes. ``pages``: their number, if known.

    Raises InvalidRequest in plain words.
    """
    if _ID.fullmatch(field_id) is None:
        raise InvalidRequest("An added field's id: 1 to 64 letters, digits, - or _.")
    if unknown := given.keys() - CHANGEABLE:
        raise InvalidRequest(f"Field {field_id}: {', '.join(sorted(unknown))[:200]} cannot be set.")
    if missing := {"label", "page", "box"} - given.keys():
        raise InvalidRequest(f"Field {field_id}: an added field needs {', '.join(sorted(missing))}.")
    page = given["page"]
    if isinstance(page, bool) or not isinstance(page, int) or page < 1 or (pages is not None and page > pages):
        raise InvalidRequest(f"Field {field_id}: page: 1 to {pages or 'the last'}.")
    label = given["label"]
    name = _NOT_NAME.sub("_", label.lower()).strip("_") if isinstance(label, str) else ""
    try:
        blank = Field(
            id=field_id,
            page=page,
            label=field_id,
            name=name[:64] or field_id,
            type=FieldType.TEXT,
            box=given["box"],
            confidence=1.0,
            source=Source.GRAPHICS,
        )
    except ValidationError:
        raise InvalidRequest(f"Field {field_id}: box: four fractions of the page, x0, y0, x1, y1.") from None
    assert blank.box is not None
    x0, y0, x1, y1 = blank.box
    if x1 - x0 < SIDE_FRACTION_MIN or y1 - y0 < SIDE_FRACTION_MIN:
        raise InvalidRequest(f"Field {field_id}: box: too small to write in. Draw it larger.")
    rest = {key: value for key, value in given.items() if key not in ("page", "box")}
    return field_changes.changed(blank, rest, sections)


def placed(fields: Iterable[Field], more: Iterable[Field]) -> list[Field]:
    """``fields`` in their order, each of ``more`` before the first that stands below or right of it."""
    ordered = list(fields)
    for one in more:
        after = next((index for index, other in enumerate(ordered) if _before(one, other)), len(ordered))
        ordered.insert(after, one)
    return ordered


def _before(one: Field, other: Field) -> bool:
    if one.page != other.page or one.box is None or other.box is None:
        return one.page < other.page
    middle = (one.box[1] + one.box[3]) / 2
    if other.box[1] <= middle <= other.box[3]:
        return one.box[0] < other.box[0]
    return middle < other.box[1]
