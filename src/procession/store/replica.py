"""A read replica for lists: used while it is there and not further behind than was agreed, else the primary answers.

Invariant: a list from the replica holds everything that was committed ``lag_seconds_max`` before it was asked for, and
everything its tenant's writes through this process committed. How far the replica is behind is told by places in the
write-ahead log: the primary says its own with each transaction, and what the replica has replayed is as new as the
newest of these it reached. So an idle primary is no lag, and a replica that lost its primary is not taken for fresh.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine

T = TypeVar("T")
log = structlog.get_logger(__name__)

PRIMARY_PLACE = "CASE WHEN pg_is_in_recovery() THEN NULL ELSE (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint END"
REPLICA_PLACE = "(pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint"
"""NULL on a server that is no replica."""
REST_SECONDS = 5.0
"""How long a replica that failed or was too far behind is left alone."""
SAMPLE_SECONDS = 0.05
"""The primary's place is noted at most this often."""
TENANTS_MAX = 10_000
"""Tenants whose last write is remembered."""


class ReplicaLag:
    """What is known of how far the replica is behind; thread-safe. Times are monotonic seconds."""

    def __init__(self, lag_seconds_max: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = lag_seconds_max
        self._monotonic = monotonic
        self._primary: deque[tuple[float, int]] = deque()
        self._wrote: OrderedDict[str, float] = OrderedDict()
        self._resting_until = 0.0
        self._told = False
        self._lock = threading.Lock()

    def hear_primary(self, asked: float, place: int | None) -> None:
        """Everything committed before ``asked`` lies before ``place`` in the log."""
        with self._lock:
            if place is None or (self._primary and asked - self._primary[-1][0] < SAMPLE_SECONDS):
                return
            self._primary.append((asked, place))
            while len(self._primary) > 1 and self._primary[0][0] < asked - 2 * self._most:
                self._primary.popleft()

    def wrote(self, tenant: str) -> None:
        """Its lists come from the primary until the replica has it for certain."""
        with self._lock:
            self._wrote[tenant] = self._monotonic()
            self._wrote.move_to_end(tenant)
            if len(self._wrote) > TENANTS_MAX:
                self._wrote.popitem(last=False)

    def may_serve(self, tenant: str) -> bool:
        """Whether the replica is worth asking now."""
        with self._lock:
            now = self._monotonic()
            if now < self._resting_until or now - self._wrote.get(tenant, float("-inf")) < self._most:
                return False
            return bool(self._primary) and now - self._primary[-1][0] < self._most

    def behind(self, replayed: int | None, now: float) -> float:
        """Seconds; infinite when it has reached nothing that is remembered."""
        with self._lock:
            if replayed is None:
                return float("inf")
            return min((now - asked for asked, place in self._primary if place <= replayed), default=float("inf"))

    def fresh_enough(self, replayed: int | None, now: float) -> bool:
        return self.behind(replayed, now) <= self._most

    def rest(self, reason: str) -> None:
        """It failed or is too far behind: the primary answers for a while. Said once, until it serves again."""
        with self._lock:
            self._resting_until = self._monotonic() + REST_SECONDS
            told, self._told = self._told, True
        if not told:
            log.warning("store.replica_left_out", reason=reason)

    def served(self) -> None:
        with self._lock:
            told, self._told = self._told, False
        if told:
            log.info("store.replica_serves_again")


class TooFarBehindError(Exception):
    """The replica answers, but not of late enough."""


class Replica:
    """The replica's connections and what is known of its lag."""

    def __init__(self, engine: Engine, lag_seconds_max: float) -> None:
        self.engine = engine
        self.lag = ReplicaLag(lag_seconds_max)

    def read(self, unit: Callable[[Connection], T], begin: Callable[[Connection], tuple[int | None, float]]) -> T:
        """``begin`` opens the transaction and gives (place replayed, time asked). Raises TooFarBehindError."""
        with self.engine.connect() as conn:
            transaction = conn.begin()
            try:
                replayed, asked = begin(conn)
                if not self.lag.fresh_enough(replayed, asked):
                    raise TooFarBehindError(f"it is more than the agreed seconds behind, or not a replica: {replayed}")
                result = unit(conn)
                transaction.commit()
            except BaseException:
                transaction.rollback()
                raise
        self.lag.served()
        return result
