"""Who asks: the tenant whose data it is, and the actor the journal will name."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL_TENANT = "local"
"""The one tenant of a machine without keys."""


@dataclass(frozen=True, slots=True)
class Principal:
    tenant: str
    actor: str
    """For the journal: ``key:NAME``, ``local`` or ``system:PART``; never a person's name."""
    trace_id: str | None = None
