"""What came of documents, version by version: sums without tenant, document or words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from procession.domain.model import Evidence, Observation
from procession.policy.canary import Arm, Counted, Measured
from procession.store.dialects import insert_if_absent
from procession.store.model_tables import model_outcomes

SHARDS = 16
"""Rows the counts of one version are spread over."""
COST_FLOOR_PICO = 1_000_000
"""A millionth of a dollar: what costs less counts as this much when costs are compared, so that free is comparable."""
LATENCY_FLOOR_SECONDS = 0.001
UNDER_SECONDS = (1, 3, 10, 30, 120)
"""Upper bounds of the latencies' histogram; the rest took longer."""

_C = model_outcomes.c
_KEY = ("deployment_id", "version_id", "evidence", "shard")
_SUMS = tuple(column.name for column in _C if column.name not in _KEY)
_ADD = (
    update(model_outcomes)
    .where(*(_C[name] == bindparam(f"{name}_") for name in _KEY))
    .values({name: _C[name] + bindparam(f"{name}_") for name in _SUMS})
)
_TOTALS = (
    select(_C.version_id, _C.evidence, *(func.sum(_C[name]).label(name) for name in _SUMS))
    .group_by(_C.version_id, _C.evidence)
    .order_by(_C.version_id, _C.evidence)
)
_OF_DEPLOYMENT = _TOTALS.where(_C.deployment_id == bindparam("deployment_"))


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a version. ``under``: calls that took less than ``UNDER_SECONDS``, each bound by itself."""

    arm: Arm
    failed: int = 0
    calls: int = 0
    latency_seconds: float = 0.0
    under: tuple[int, ...] = (0, 0, 0, 0, 0)
    billed: int = 0
    cost_pico: int = 0


def record(conn: Connection, deployment_id: str | None, version_id: str, seen: Observation, shard: int) -> None:
    """Add one document. ``shard``: any number; the same for a document's two kinds of evidence or not."""
    key = (deployment_id or "", version_id, seen.evidence.value, shard % SHARDS)
    sums = _sums(seen)
    known = {f"{name}_": value for name, value in zip(_KEY, key, strict=True)}
    added = {f"{name}_": value for name, value in sums.items()}
    if conn.execute(_ADD, {**known, **added}).rowcount:
        return
    row = dict(zip(_KEY, key, strict=True))
    empty = dict.fromkeys(_SUMS, 0)
    insert_if_absent(conn, model_outcomes, {**row, **empty})  # another may have made it
    conn.execute(_ADD, {**known, **added})


def _sums(seen: Observation) -> dict[str, Any]:
    right = 0 if seen.failed else min(seen.right, seen.fields)
    latency, cost = seen.latency_seconds, seen.cost_pico
    spent = None if cost is None else math.log(max(cost, COST_FLOOR_PICO))
    took = None if latency is None else math.log(max(latency, LATENCY_FLOOR_SECONDS))
    return {
        "documents": int(seen.fields > 0),
        "fields": seen.fields,
        "fields_right": right,
        "fields_squared": seen.fields**2,
        "right_squared": right**2,
        "right_by_fields": right * seen.fields,
        "failed": int(seen.failed),
        "calls": int(latency is not None),
        "latency_seconds": latency or 0.0,
        "latency_logs": took or 0.0,
        "latency_logs_squared": (took or 0.0) ** 2,
        **{f"under_{most}_s": int(latency is not None and latency < most) for most in UNDER_SECONDS},
        "billed": int(cost is not None),
        "cost_pico": cost or 0,
        "cost_logs": spent or 0.0,
        "cost_logs_squared": (spent or 0.0) ** 2,
    }


NOTHING = Record(Arm())


def of_deployment(conn: Connection, deployment_id: str) -> dict[str, Record]:
    """Version -> what it did during that trial."""
    return _records(conn.execute(_OF_DEPLOYMENT, {"deployment_": deployment_id}).all())


def totals(conn: Connection) -> dict[str, Record]:
    """Version -> everything it ever did."""
    return _records(conn.execute(_TOTALS).all())


def _records(rows: Iterable[Any]) -> dict[str, Record]:
    parts: dict[str, dict[str, Any]] = {}
    for row in rows:
        parts.setdefault(row.version_id, {})[row.evidence] = row._mapping
    return {version_id: _record(by_evidence) for version_id, by_evidence in parts.items()}


def _record(by_evidence: Mapping[str, Any]) -> Record:
    def total(name: str) -> Any:
        return sum(part[name] for part in by_evidence.values())

    latency = Measured(int(total("calls")), float(total("latency_logs")), float(total("latency_logs_squared")))
    cost = Measured(int(total("billed")), float(total("cost_logs")), float(total("cost_logs_squared")))
    agreement, review = (_counted(by_evidence.get(one)) for one in (Evidence.AGREEMENT, Evidence.REVIEW))
    failed = int(total("failed"))
    return Record(
        arm=Arm(agreement, review, latency, cost, failed),
        failed=failed,
        calls=latency.calls,
        latency_seconds=float(total("latency_seconds")),
        under=tuple(int(total(f"under_{most}_s")) for most in UNDER_SECONDS),
        billed=cost.calls,
        cost_pico=int(total("cost_pico")),
    )


def _counted(part: Any) -> Counted:
    if part is None:
        return Counted()
    names = ("documents", "fields", "fields_right", "fields_squared", "right_squared", "right_by_fields")
    return Counted(*(int(part[name]) for name in names))
