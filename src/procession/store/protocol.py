"""A store runs transactions: synchronous functions over a SQLAlchemy connection, in threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Store(Protocol):
    async def write(self, unit: Callable[[Connection], T]) -> T:
        """Run ``unit`` in a transaction; returns after COMMIT is durable. An exception rolls back this unit only.

        ``unit`` must be repeatable (it may run again on PostgreSQL after a serialisation failure) and do no I/O of
        its own. Raises Unavailable when the database is locked away, read-only or its disk is full.
        """

    async def read(self, unit: Callable[[Connection], T]) -> T:
        """Run ``unit`` against a consistent snapshot. Sees every write that was acknowledged before the call."""

    async def start(self) -> None:
        """Open, check or create the schema (SQLite: migrate to head). Raises Unavailable on a wrong schema."""

    async def stop(self) -> None: ...
