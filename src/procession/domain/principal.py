"""Who asks: the tenant whose data it is, and the actor the journal will name."""

from __future__ import annotations

from dataclasses import dataclass

from procession.domain.errors import Forbidden

LOCAL_TENANT = "local"
"""The one tenant of a machine without keys."""


@dataclass(frozen=True, slots=True)
class Principal:
    tenant: str
    actor: str
    """For the journal: ``key:NAME``, ``local`` or ``system:PART``; never a person's name."""
    trace_id: str | None = None
    operator: bool = False
    """Whether it may see and change the queue of every tenant."""


def require_operator(principal: Principal) -> None:
    """Raises Forbidden."""
    if not principal.operator:
        raise Forbidden("This needs an operator's key. Set `operator = true` for the key in the server's settings.")
