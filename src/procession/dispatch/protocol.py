"""The bell: tells workers which ids to try. SQL owns the job; a lost ring costs time, never a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from procession.domain.analysis import Priority


class Dispatcher(Protocol):
    async def ring(self, ids: Sequence[str], priority: Priority) -> None:
        """Best effort. Ids already rung and not yet taken are not doubled."""

    async def wait(self, capacity: int, timeout_seconds: float) -> list[str]:
        """Up to ``capacity`` ids, urgent first, or an empty list when time runs out."""

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """The claim was tried in SQL, won or lost: forget these rings."""

    async def depth(self) -> dict[Priority, int]:
        """Rings not yet taken, by class."""
