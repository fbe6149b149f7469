"""How many more analyses a worker may claim, by the memory they would need.

Invariants: with nothing running one analysis is always allowed, so that a small machine works slowly and not never;
otherwise never more than fit into what is free, once the reserve and what is claimed and not yet started are taken off.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``free``: what this process and its children may still take, of its group's limit and of the machine.

    None when nothing tells.
    """

    free: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``running``: analyses claimed here; ``started``: of these, those whose child is at work and holds its memory."""

    memory: Memory
    running: int
    started: int
    per_analysis_bytes: int
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class Room:
    """``analyses``: how many more may be claimed, None for any number."""

    analyses: int | None
    reason: str


def decide(snapshot: Snapshot) -> Room:
    """Pure: the executor reads the memory."""
    free = snapshot.memory.free
    if free is None:
        return Room(None, "nothing tells how much memory there is")
    fits = max(0, (free - snapshot.reserve_bytes) // snapshot.per_analysis_bytes)
    promised = max(0, snapshot.running - snapshot.started)
    left = max(0, fits - promised)
    if left:
        return Room(left, f"{free} bytes are free")
    if not snapshot.running:
        return Room(1, "nothing runs, so one may")
    return Room(0, f"{free} bytes are free, and another analysis may need {snapshot.per_analysis_bytes}")
