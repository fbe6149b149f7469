"""A child asks which approved forms a page may be one of; the parent, which alone knows any, answers with a few."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from procession.domain.errors import Internal
from procession.domain.layout import Sketch
from procession.domain.template import CANDIDATES_MAX, TEMPLATE_PAGES_MAX
from procession.sandbox.frames import Kind, encode, encode_json


@dataclass(frozen=True, slots=True)
class Candidate:
    id: str
    approved_at: datetime
    body: bytes
    """``Remembered`` as JSON."""


Lookup = Callable[[Sketch], Awaitable[Sequence[Candidate]]]
"""Likeliest first. Gives forms of one tenant only: whoever makes it sees to that."""


class Recalling:
    """One document's questions, over all its ranges: once a page is known, only its template is offered."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._only: str | None = None
        self._offered: set[str] = set()
        self.taken: frozenset[int] = frozenset()
        """Pages of the template that were found."""

    async def answer(self, sketch: Sketch) -> bytes:
        """The frames to send: who they are, then one body each."""
        found = [one for one in await self._lookup(sketch) if self._only in (None, one.id)][:CANDIDATES_MAX]
        self._offered.update(one.id for one in found)
        named = [{"id": one.id, "approved_at": one.approved_at.isoformat()} for one in found]
        return encode_json({"templates": named}) + b"".join(encode(Kind.BINARY, one.body) for one in found)

    def follow(self, chosen: Any) -> None:
        """What a range says it chose. Raises Internal for what it was never offered."""
        if chosen is None:
            return
        name, taken = (chosen.get("template_id"), chosen.get("taken")) if isinstance(chosen, dict) else (None, None)
        if name not in self._offered or not isinstance(taken, list) or len(taken) > TEMPLATE_PAGES_MAX:
            raise Internal("The engine answered something else than was asked.")
        if not all(isinstance(one, int) and not isinstance(one, bool) for one in taken):
            raise Internal("The engine answered something else than was asked.")
        self._only = name
        self.taken |= frozenset(taken)

    def vouch(self, template_id: str) -> None:
        """Raises Internal for a template that was never offered."""
        if template_id not in self._offered:
            raise Internal("The engine answered something else than was asked.")


def known_pages(asking: Recalling | None) -> dict[str, Any]:
    """What a child is told of it."""
    return {} if asking is None else {"taken": sorted(asking.taken)}


__all__ = ["Candidate", "Lookup", "Recalling", "known_pages"]
