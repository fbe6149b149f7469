"""The confidence people see: the engine's own, through the calibration their reviews support."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from procession.digitize.certainty import with_confidence
from procession.domain.form import DigitizedDocument, Field, Form, Source
from procession.policy.calibration import SHIPPED, Calibration, Outcome, refitted
from procession.services.foundation import Foundation
from procession.services.results import Decision
from procession.store import review_outcomes
from procession.store.dialects import one_at_a_time
from procession.store.review_outcomes import ReviewedField

REFIT_EVERY = timedelta(hours=24)
TAKE_OVER_EVERY = timedelta(minutes=10)
"""How often a worker looks for a calibration that another process fitted."""
REVIEWS_DAYS = 180
"""Older reviews no longer count for the next calibration."""
NEW_DECISIONS_MIN = 100
"""Decisions since the last calibration before another is fitted."""

_CALIBRATED = frozenset({Source.GRAPHICS, Source.OCR})
_JUDGED = frozenset({"type", "label", "options", "value"})
"""Changes that show that something was wrong."""

log = structlog.get_logger(__name__)


class Calibrations:
    """Holds the calibration in force; ``refresh`` fits the next one when enough reviews were finished."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self.current = SHIPPED

    async def refresh(self) -> Calibration:
        """Fit the next calibration, or take over what another process fitted. Returns the one in force."""
        now, engine = self._on.clock(), self._on.engine_version

        def unit(conn: Connection) -> Calibration:
            one_at_a_time(conn, "calibration", engine)  # whoever comes second takes over what the first one fitted
            known = review_outcomes.latest(conn, engine)
            decided = review_outcomes.decided(conn, engine, now.date(), REVIEWS_DAYS)
            decisions = sum(one.count for one in decided)
            if decisions - (known[1] if known is not None else 0) >= NEW_DECISIONS_MIN:
                made = refitted(decided, f"{engine}+{now:%Y%m%dT%H%M%S}")
                if made is not None:
                    review_outcomes.keep(conn, made, engine, decisions, now)
                    log.info("calibration.refitted", version=made.version, decisions=decisions)
                    return made
            return known[0] if known is not None else SHIPPED

        self.current = await self._on.store.write(unit, tenant=None)
        return self.current

    async def take_over(self) -> Calibration:
        """The one in force, as another process fitted it."""
        engine = self._on.engine_version
        known = await self._on.store.read(lambda conn: review_outcomes.latest(conn, engine), tenant=None)
        self.current = known[0] if known is not None else SHIPPED
        return self.current

    def apply(self, found: DigitizedDocument) -> tuple[DigitizedDocument, dict[str, float]]:
        """(the document with calibrated confidence, field id -> the engine's own where that differs)."""
        if self.current is SHIPPED:
            return found, {}
        fields = [self._calibrated(field) for field in found.form.fields]
        moved = {
            old.id: old.confidence
            for old, new in zip(found.form.fields, fields, strict=True)
            if old.confidence != new.confidence
        }
        mean = round(sum(field.confidence for field in fields) / len(fields), 3) if fields else None
        form: Form = found.form.model_copy(update={"fields": tuple(fields)})
        usage = {**found.usage, "calibration": self.current.version}
        flagged = any(field.needs_review for field in fields)
        turned = found.needs_review and not any(field.needs_review for field in found.form.fields)
        update = {"form": form, "confidence": mean, "usage": usage, "needs_review": flagged or turned}
        return found.model_copy(update=update), moved

    def _calibrated(self, field: Field) -> Field:
        if field.source not in _CALIBRATED:
            return field
        return with_confidence(field, round(self.current.confidence(field.confidence), 3))


def outcomes(form: Form, decisions: Mapping[str, Decision], engine: Mapping[str, float]) -> list[ReviewedField]:
    """What a finished review says about each found field, and about those it added. ``engine``: its own confidence."""
    found = []
    for field in form.fields:
        decision = decisions.get(field.id)
        outcome = Outcome.KEPT if decision is None else _outcome(field, decision)
        confidence = engine.get(field.id, field.confidence)
        found.append(ReviewedField(field.source.value, field.type.value, confidence, outcome))
    for made in decisions.values():
        if made.action == "add":
            kind = str(made.changes.get("type", "text"))
            found.append(ReviewedField("reviewer", kind, 0.0, Outcome.ADDED))
    return found


def _outcome(field: Field, decision: Decision) -> Outcome:
    if decision.action == "reject":
        return Outcome.REJECTED
    given = field.model_dump(mode="json")
    changed = {key for key in _JUDGED & decision.changes.keys() if not _same(key, decision.changes[key], given[key])}
    if "type" in changed:
        return Outcome.RETYPED
    return Outcome.REWORDED if changed else Outcome.KEPT


def _same(key: str, new: object, old: object) -> bool:
    if key != "options" or not isinstance(new, list | tuple) or not isinstance(old, list):
        return new == old
    return [_text(one) for one in new] == [_text(one) for one in old]


def _text(option: object) -> object:
    return option.get("label") if isinstance(option, Mapping) else option
