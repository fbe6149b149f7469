"""Opaque cursors: the id a page ended with. Clients give back what they were given."""

from __future__ import annotations

import base64
import re

from procession.domain.errors import InvalidRequest

_ID = re.compile(r"[a-z]+_[0-9a-z]{26}")


def encode(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def decode(cursor: str | None) -> str | None:
    """Raises InvalidRequest for anything ``encode`` did not make."""
    if cursor is None:
        return None
    try:
        found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        found = ""
    if not _ID.fullmatch(found):
        raise InvalidRequest("cursor: give back `next_cursor` exactly as it was given.")
    return found
