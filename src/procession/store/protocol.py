"""A store runs transactions: synchronous functions over a SQLAlchemy connection, in threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Store(Protocol):
    async def write(self, unit: Callable[[Connection], T], *, tenant: str | None = None) -> T:
        """Run ``unit`` in a transaction; returns after COMMIT is durable. An exception rolls back this unit only.

        ``tenant``: the unit is that tenant's work, and PostgreSQL shows it that tenant's rows only. None is the
        system's scope: claims, maintenance, and finding out whose something is.

        ``unit`` must be repeatable (it may run again on PostgreSQL after it collided with another) and do no I/O of
        its own. Raises Unavailable when the database is locked away, read-only or its disk is full.
        """

    async def read(self, unit: Callable[[Connection], T], *, tenant: str | None = None, fresh: bool = True) -> T:
        """Run ``unit`` against a consistent snapshot. Sees every write that was acknowledged before the call.

        Not ``fresh``: of other processes' writes the last seconds may be missing, for a read replica may answer. For
        lists only, never for what was asked by id nor for anything that decides a write.
        """

    async def start(self) -> None:
        """Open and check the schema (SQLite: migrate to the newest). Raises Unavailable on a wrong schema."""

    async def stop(self) -> None: ...
