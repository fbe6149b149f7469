"""The bell: tells workers which ids to try. SQL owns the job; a lost ring costs time, never a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from procession.domain.analysis import Priority


class Dispatcher(Protocol):
    async def start(self) -> None:
        """Best effort: a bell that cannot be reached is tried again in the background."""

    async def stop(self) -> None:
        """Nothing waits any more; what was taken and not acknowledged goes back, for others to take."""

    @property
    def trouble(self) -> str | None:
        """Why rings reach this process only at the moment, in words for people; None when all is well."""

    async def ring(self, ids: Sequence[str], priority: Priority) -> None:
        """Best effort. Ids already rung and not yet taken are not doubled."""

    async def wait(self, capacity: int, timeout_seconds: float) -> list[str]:
        """Up to ``capacity`` ids, urgent first, or an empty list when time runs out."""

    async def acknowledge(self, ids: Sequence[str]) -> None:
        """The claim was tried in SQL, won or lost: forget these rings."""

    async def depth(self) -> dict[Priority, int]:
        """Rings not yet taken, by class."""
