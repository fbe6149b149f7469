"""What became of fields in finished reviews, as counts, and the calibrations fitted to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update

from procession.policy.calibration import Calibration, Decided, Outcome
from procession.store.tables import calibrations, review_outcomes


@dataclass(frozen=True, slots=True)
class ReviewedField:
    """One decision without anything personal."""

    source: str
    type: str
    confidence: float
    """The engine's own, before any calibration."""
    outcome: Outcome


_C = review_outcomes.c
_KEY = ("day", "engine_version", "source", "type", "confidence_percent", "outcome")
_ADD = (
    update(review_outcomes)
    .where(*(review_outcomes.c[name] == bindparam(f"{name}_") for name in _KEY))
    .values(fields=_C.fields + bindparam("more_"))
)
_INSERT = insert(review_outcomes)
_SINCE = (
    select(_C.type, _C.outcome, func.sum(_C.fields).label("fields"))
    .where(_C.day >= bindparam("since_"))
    .group_by(_C.type, _C.outcome)
)
_OF_ENGINE = (
    select(_C.confidence_percent, _C.outcome, func.sum(_C.fields).label("fields"))
    .where(_C.engine_version == bindparam("engine_"), _C.day >= bindparam("since_"), _C.source.in_(("graphics", "ocr")))
    .group_by(_C.confidence_percent, _C.outcome)
)
_LATEST = (
    select(calibrations.c.version, calibrations.c.knots, calibrations.c.decisions)
    .where(calibrations.c.engine_version == bindparam("engine_"))
    .order_by(calibrations.c.created_at.desc())
    .limit(1)
)


def record(conn: Connection, fields: Iterable[ReviewedField], engine_version: str, now: datetime) -> None:
    """Count a finished review; in the transaction that finishes it, so that each counts once."""
    day = now.date().isoformat()
    counted = Counter((one.source, one.type, round(one.confidence * 100), one.outcome.value) for one in fields)
    for (source, kind, percent, outcome), more in sorted(counted.items()):
        key = dict(zip(_KEY, (day, engine_version, source, kind, percent, outcome), strict=True))
        if conn.execute(_ADD, {f"{name}_": value for name, value in key.items()} | {"more_": more}).rowcount == 0:
            conn.execute(_INSERT, {**key, "fields": more})


def counts(conn: Connection, today: date, days: int) -> dict[tuple[str, Outcome], int]:
    """(field type, outcome) -> fields in reviews finished during the last ``days`` days."""
    since = (today - timedelta(days=days)).isoformat()
    return {(row.type, Outcome(row.outcome)): int(row.fields) for row in conn.execute(_SINCE, {"since_": since})}


def decided(conn: Connection, engine_version: str, today: date, days: int) -> list[Decided]:
    """Decisions about drawn and recognised fields of one engine's results, during the last ``days`` days."""
    since = (today - timedelta(days=days)).isoformat()
    rows = conn.execute(_OF_ENGINE, {"engine_": engine_version, "since_": since})
    return [Decided(row.confidence_percent / 100, Outcome(row.outcome), int(row.fields)) for row in rows]


def keep(conn: Connection, made: Calibration, engine_version: str, decisions: int, now: datetime) -> None:
    conn.execute(
        insert(calibrations),
        {
            "version": made.version,
            "engine_version": engine_version,
            "knots": [list(knot) for knot in made.knots],
            "decisions": decisions,
            "created_at": now,
        },
    )


def latest(conn: Connection, engine_version: str) -> tuple[Calibration, int] | None:
    """The newest calibration of an engine's confidence, and how many decisions it was fitted to."""
    row = conn.execute(_LATEST, {"engine_": engine_version}).first()
    if row is None:
        return None
    return Calibration(row.version, tuple((float(x), float(y)) for x, y in row.knots)), row.decisions
