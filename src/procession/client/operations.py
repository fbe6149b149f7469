"""Operating the queue: how each call of an operator looks on the wire. Both clients send exactly these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from procession.client.protocol import Call


def pause(paused: bool, priority: str | None, tenant: str | None) -> Call:
    body = {"priority": priority} if tenant is None else {"tenant": tenant}
    return Call("POST", f"/v1/queue/{'pause' if paused else 'resume'}", json=body)


def cap(tenant: str, caps: Mapping[str, int | None]) -> Call:
    return Call("POST", "/v1/queue/cap", json={"tenant": tenant, **caps})


def drain(worker_id: str, drain: bool) -> Call:
    return Call("POST", "/v1/queue/drain", json={"worker": worker_id, "drain": drain})


def prioritize(priority: str, which: Mapping[str, Any], cursor: str | None = None) -> Call:
    """``which``: `ids` or `batch_id`. Twice does no harm: what moved already is left, but a repeat tells fewer."""
    return Call("POST", "/v1/queue/prioritize", json=_resumed({"priority": priority, **which}, cursor))


def change(action: str, which: Mapping[str, Any], cursor: str | None = None) -> Call:
    """``action``: `revive` or `bury`; ``which``: `ids` or `filter`."""
    return Call("POST", f"/v1/queue/dead-letters/{action}", json=_resumed(which, cursor))


def dead_letter_filter(
    code: str | None, priority: str | None, tenant: str | None, older_seconds: float | None, buried: bool
) -> dict[str, Any]:
    named = {"code": code, "priority": priority, "tenant": tenant, "older_seconds": older_seconds}
    found: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return found | ({"buried": True} if buried else {})


def as_query(wanted: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [(name, "true" if value is True else str(value)) for name, value in wanted.items()]


def ids(which: Sequence[str]) -> dict[str, Any]:
    return {"ids": list(which)}


def _resumed(body: Mapping[str, Any], cursor: str | None) -> dict[str, Any]:
    return dict(body) if cursor is None else {**body, "cursor": cursor}
