"""Connections to PostgreSQL: how many, and how they are made so that a transaction pooler may stand in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Engine, QueuePool, create_engine, event

from procession.store.canonical import canonical_json


@dataclass(frozen=True, slots=True)
class Limits:
    """``connections_max``: open connections, and units that run at once. ``waiting_max``: units waiting for one.

    Seconds: ``statement`` of one statement, ``lock`` of waiting for a row, ``idle`` of a transaction nobody continues,
    ``connect`` of opening a connection.
    """

    connections_max: int = 8
    waiting_max: int = 10_000
    statement_seconds_max: float = 10.0
    lock_seconds_max: float = 5.0
    connect_seconds_max: int = 5
    reserved: int = 0
    """Connections of the server left to others."""


def make_engine(url: URL, limits: Limits) -> Engine:
    """A pool of ``limits.connections_max`` connections in autocommit: whoever uses one says BEGIN himself."""
    options: dict[str, Any] = {"prepare_threshold": None, "application_name": "procession"}
    if "connect_timeout" not in url.query:
        options["connect_timeout"] = limits.connect_seconds_max
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=QueuePool,
        pool_size=limits.connections_max,
        max_overflow=0,
        pool_timeout=limits.statement_seconds_max,
        json_serializer=canonical_json,
        query_cache_size=1000,
        hide_parameters=True,  # errors are logged, and what a unit writes is not for logs
        use_native_hstore=False,
        connect_args=options,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.autocommit = True

    return engine
