"""How many database connections each process may open, from the server's limit and the processes that share it.

Invariants: what is given to all processes together never exceeds what the server leaves, unless even ``LEAST`` for each
does not fit, and then ``fits`` is False; nobody gets more than ``most``, nor less than ``LEAST`` unless ``most`` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST = 2
"""Connections a process needs to work at all: one that waits for a lock must not stop heartbeats."""
SHARES: Mapping[str, int] = {"api": 2, "worker": 1}
"""Connections by role, one to another: a request waits for its transaction, a worker mostly for its children."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``server_max``: connections the server accepts from this role in all. ``reserved``: kept free for people, backups
    and migrations. ``processes``: how many run of each role, this one included. ``most``: of one process."""

    server_max: int
    reserved: int
    most: int
    role: str = "all"
    processes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pool:
    """``connections`` for one process of the role, and why so many. Not ``fits``: the server may refuse some."""

    connections: int
    fits: bool
    reason: str


def size(snapshot: Snapshot) -> Pool:
    """``LEAST`` for each, and what is left after that by the roles' shares. Who is not counted counts as one."""
    running = {role: number for role, number in snapshot.processes.items() if number > 0}
    running.setdefault(snapshot.role, 1)
    left = max(0, snapshot.server_max - snapshot.reserved)
    processes = sum(running.values())
    told = f"{left} of the server's {snapshot.server_max} connections for {processes} process"
    told += "" if processes == 1 else "es"
    surplus = left - LEAST * processes
    if surplus < 0:
        reason = f"{told}: fewer than {LEAST} each. Run fewer processes, raise max_connections, or put a pooler between"
        return Pool(min(LEAST, snapshot.most), False, reason)
    share = SHARES.get(snapshot.role, 1)
    given = LEAST + surplus * share // sum(number * SHARES.get(role, 1) for role, number in running.items())
    if given >= snapshot.most:
        return Pool(snapshot.most, True, f"{told}; {snapshot.most} is what one may open at most")
    return Pool(given, True, f"{told}; {given} is the share of this one")
