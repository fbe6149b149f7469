"""Pages of lists: a size within the limit and an opaque cursor that the services give and take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from procession.domain.errors import InvalidRequest

CURSOR_CHARACTERS_MAX = 512
PAGE_SIZE = 50
"""Items in a page when nobody says how many."""


@dataclass(frozen=True, slots=True)
class Paging:
    cursor: str | None
    limit: int


async def paging(
    request: Request,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next_cursor` as given")] = None,
    limit: Annotated[int | None, Query(ge=1, description="items per page, at most `http.page_size_max`")] = None,
) -> Paging:
    """Raises InvalidRequest for a page larger than `http.page_size_max`."""
    most = request.app.state.application.settings.http.page_size_max
    if limit is None:
        limit = min(PAGE_SIZE, most)
    if limit > most:
        raise InvalidRequest(f"limit: at most {most} items come in one page. Follow `next_cursor` for the rest.")
    return Paging(cursor or None, limit)


Paged = Annotated[Paging, Depends(paging)]
