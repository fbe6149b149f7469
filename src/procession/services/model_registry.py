"""Versions of models: which one an analysis is given, what came of it, and who may change that."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import Connection

from procession.domain.errors import Conflict, InvalidRequest
from procession.domain.model import Deployment, Kind, ModelVersion, Observation, Purpose, VersionStatus
from procession.domain.principal import LOCAL_TENANT, Principal, require_operator
from procession.policy import canary
from procession.policy.canary import Action, Decision, Outcomes
from procession.services.engine_models import engine_models
from procession.services.foundation import Foundation
from procession.services.model_shown import shown_deployment, shown_engine, shown_version
from procession.services.model_views import DeploymentView, ModelsView, VersionView
from procession.store import journal, model_outcomes, models, review_outcomes
from procession.store.controls import By
from procession.store.model_outcomes import NOTHING
from procession.store.models import NewVersion

MODELS_KEY = "models"
"""Announced when the registry changed."""
KNOWN_SECONDS = 1.0
"""How long a process goes on with what it knows of the registry: so late is it to hear of a change elsewhere."""
SHOWN_MAX = 100
"""Versions, and deployments, in one view: the newest."""
LOOKS_MAX = 400
"""Looks that are kept of a trial."""
WORSE_SHOWN_MAX = 99.0
"""Standard errors; two latencies that never vary can differ by infinitely many."""
REVIEWS_DAYS = 180
NAME_CHARACTERS_MAX, PROVIDER_CHARACTERS_MAX, MODEL_CHARACTERS_MAX, PROMPT_CHARACTERS_MAX = 80, 64, 120, 40
WATCH_ACTOR = "system:canary"

log = structlog.get_logger(__name__)
T = TypeVar("T")
_End = Callable[[Connection, str, str, By], Deployment]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is live and on trial, as one process saw it."""

    at: datetime
    live: Mapping[Purpose, ModelVersion]
    trials: Mapping[Purpose, tuple[Deployment, ModelVersion]]


class ModelRegistry:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self._known: _Known | None = None

    # --- for those who ask a model ------------------------------------------------------------------------------------

    async def pick(self, purpose: Purpose, analysis_id: str) -> ModelVersion | None:
        """The version this analysis is given: always the same while nothing is deployed. None: nothing is live."""
        known = await self._now()
        live = known.live.get(purpose)
        if trial := known.trials.get(purpose):
            deployment, version = trial
            if canary.assigned(deployment.id, analysis_id, deployment.share_percent):
                return version
        return live

    async def observe(self, version_id: str, seen: Observation, analysis_id: str) -> None:
        """Count one document, in a transaction of its own, and decide at once when it was the canary's."""
        await self._on.store.write(lambda conn: observed(conn, version_id, seen, analysis_id), tenant=None)
        await self.heard(version_id)

    async def heard(self, version_id: str) -> None:
        """After a transaction with ``observed`` was committed: decides when the version is on trial."""
        known = await self._now()
        if any(version.id == version_id for _, version in known.trials.values()):
            await self.look()

    async def _now(self) -> _Known:
        known, now = self._known, self._on.clock()
        if known is not None and 0 <= (now - known.at).total_seconds() < KNOWN_SECONDS:
            return known

        def unit(conn: Connection) -> _Known:
            live = {purpose: one for purpose in Purpose if (one := models.live(conn, purpose)) is not None}
            trials = {one.purpose: (one, models.version(conn, one.version_id)) for one in models.running(conn)}
            return _Known(now, live, trials)

        self._known = await self._on.store.read(unit, tenant=None)
        return self._known

    # --- trials -------------------------------------------------------------------------------------------------------

    async def look(self) -> list[tuple[str, Decision]]:
        """Decide every trial by what is known now, and do it. Returns (deployment, decision) of each."""
        now = self._on.clock()

        def unit(conn: Connection) -> list[tuple[Deployment, Decision]]:
            return [(one, _decided(conn, one, now)) for one in models.running(conn)]

        decided = await self._on.store.read(unit, tenant=None)
        for deployment, decision in decided:
            await self._act(deployment, decision, now)
        return [(deployment.id, decision) for deployment, decision in decided]

    async def _act(self, deployment: Deployment, decision: Decision, now: datetime) -> None:
        looks = _looks(deployment, decision)
        if looks is None and decision.action is Action.CONTINUE:
            return  # nothing new since the last look

        def unit(conn: Connection) -> None:
            models.looked(conn, deployment.id, decision.reason, looks or [list(one) for one in deployment.looks])
            by = self._system(conn, deployment, now)
            if decision.action is Action.ROLL_BACK:
                models.roll_back(conn, deployment.id, decision.reason, by)
            elif decision.action is Action.PROMOTE and deployment.promotes:
                models.promote(conn, deployment.id, decision.reason, by)

        try:
            await self._on.store.write(unit, tenant=None)
        except Conflict:  # another process decided the same, or a person was faster
            self._forget()
            return
        if decision.action is Action.ROLL_BACK:
            log.warning("canary.rolled_back", deployment=deployment.id, why=decision.reason)
        if decision.action is not Action.CONTINUE:
            self._forget()

    def _system(self, conn: Connection, deployment: Deployment, now: datetime) -> By:
        """What is decided on its own stands in the journal of whoever began the trial."""
        began = journal.of_aggregate(conn, deployment.id, 0, 1, "deployment")
        tenant = began[0].tenant if began else LOCAL_TENANT
        return By(WATCH_ACTOR, tenant, None, self._on.settings.region, now)

    # --- for operators ------------------------------------------------------------------------------------------------

    async def view(self, principal: Principal) -> ModelsView:
        """Raises Forbidden."""
        require_operator(principal)
        engine, today = self._on.engine_version, self._on.clock().date()

        def unit(conn: Connection) -> ModelsView:
            found = {one.id: one for one in models.versions(conn, SHOWN_MAX)}
            trials = sorted(models.deployments(conn, SHOWN_MAX), key=lambda one: one.ended_at is not None)
            for one in trials:
                for id_ in (one.version_id, one.baseline_id):
                    if id_ is not None and id_ not in found:
                        found[id_] = models.version(conn, id_)
            running = {one.purpose: one for one in trials if one.ended_at is None}
            totals = model_outcomes.totals(conn)
            reviewed = review_outcomes.decided(conn, engine, today, REVIEWS_DAYS)
            return ModelsView(
                versions=tuple(
                    shown_version(one, totals.get(one.id, NOTHING), running.get(one.purpose)) for one in found.values()
                ),
                deployments=tuple(shown_deployment(one, found) for one in trials),
                engine=tuple(shown_engine(one, reviewed) for one in engine_models()),
            )

        return await self._on.store.read(unit, tenant=None)

    async def show(self, principal: Principal, version_id: str) -> VersionView:
        """Raises Forbidden, NotFound."""
        require_operator(principal)
        return await self._on.store.read(lambda conn: shown(conn, version_id), tenant=None)

    async def register(self, principal: Principal, new: NewVersion) -> VersionView:
        """Raises Forbidden, InvalidRequest, Conflict (the same again, a name that stands for another model)."""
        require_operator(principal)
        _checked(new)
        by = self._by(principal)

        def unit(conn: Connection) -> VersionView:
            return shown(conn, models.register(conn, new, by).id)

        return await self._changed(unit)

    async def deploy(
        self,
        principal: Principal,
        version_id: str,
        share_percent: float,
        *,
        promotes: bool = False,
        force: str | None = None,
    ) -> DeploymentView:
        """Give a version a share of the work. ``force``: why, without an evaluation that passed; it is journaled.

        Raises Forbidden, NotFound, InvalidRequest, Conflict (not evaluated, not passed, or another trial runs).
        """
        require_operator(principal)
        if not 0 < share_percent <= 100:
            raise InvalidRequest("A share is above 0 and at most 100 percent.")
        if force is not None and not force.strip():
            raise InvalidRequest("Say why this version is deployed without an evaluation that passed.")
        by = self._by(principal)

        def unit(conn: Connection) -> DeploymentView:
            known = models.version(conn, version_id)
            if known.kind is Kind.LOCAL:
                raise Conflict("A model of the engine comes with the release that has it; it cannot be deployed alone.")
            if force is None:
                _require_passed(known)
            return _shown_deployment(
                conn, models.begin(conn, version_id, share_percent, by, promotes=promotes, forced=force)
            )

        return await self._changed(unit)

    async def promote(self, principal: Principal, version_id: str, reason: str = "") -> VersionView:
        """Make the canary live. Raises Forbidden, NotFound, Conflict: it is no canary."""
        return await self._end(principal, version_id, models.promote, reason or "promoted by an operator")

    async def roll_back(self, principal: Principal, version_id: str, reason: str = "") -> VersionView:
        """Take the canary's share away; of the live version: make the one before it live again.

        Raises Forbidden, NotFound, Conflict: it is neither, or nothing was live before it.
        """
        return await self._end(principal, version_id, models.roll_back, reason or "rolled back by an operator")

    async def _end(self, principal: Principal, version_id: str, end: _End, reason: str) -> VersionView:
        require_operator(principal)
        by = self._by(principal)

        def unit(conn: Connection) -> VersionView:
            known = models.version(conn, version_id)
            trial = [one for one in models.running(conn, known.purpose) if one.version_id == known.id]
            if trial:
                end(conn, trial[0].id, reason, by)
            elif known.status is VersionStatus.LIVE and end is models.roll_back:
                models.restore(conn, known.purpose, reason, by)
            else:
                raise Conflict(f"{known.title} is {known.status.value.replace('_', ' ')}, not on trial.")
            return shown(conn, version_id)

        return await self._changed(unit)

    async def _changed(self, unit: Callable[[Connection], T]) -> T:
        changed = await self._on.store.write(unit, tenant=None)
        self._forget()
        return changed

    def _forget(self) -> None:
        self._known = None
        self._on.changes.announce(MODELS_KEY)

    def _by(self, principal: Principal) -> By:
        return By(principal.actor, principal.tenant, principal.trace_id, self._on.settings.region, self._on.clock())


def observed(conn: Connection, version_id: str, seen: Observation, analysis_id: str) -> None:
    """Count one document, in the caller's transaction: for its trial, when the version takes part in one."""
    trial = next((one for one in models.running(conn) if version_id in (one.version_id, one.baseline_id)), None)
    shard = zlib.crc32(analysis_id.encode())
    model_outcomes.record(conn, None if trial is None else trial.id, version_id, seen, shard)


def _decided(conn: Connection, deployment: Deployment, now: datetime) -> Decision:
    found = model_outcomes.of_deployment(conn, deployment.id)
    of_canary = found.get(deployment.version_id, NOTHING)
    of_baseline = found.get(deployment.baseline_id or "", NOTHING)
    return canary.decide(Outcomes(of_canary.arm, of_baseline.arm, deployment.since), now)


def _looks(deployment: Deployment, decision: Decision) -> list[list[float]] | None:
    """The looks so far with this one, by the measure that speaks most against the canary; None: nothing is new."""
    judged = [one for one in decision.findings if one.bound < float("inf")]
    if not judged:
        return None
    worst = max(judged, key=lambda one: one.worse / one.bound)
    look = [float(worst.documents), round(min(max(worst.worse, -WORSE_SHOWN_MAX), WORSE_SHOWN_MAX), 3), worst.bound]
    known = [list(one) for one in deployment.looks]
    if known and known[-1][:2] == look[:2]:
        return None
    kept = [one for one in known if one[0] != look[0]]
    return [*kept, look][-LOOKS_MAX:]


def _require_passed(known: ModelVersion) -> None:
    if known.evaluation is None:
        raise Conflict(
            f"{known.title} was not evaluated. Run `procession model evaluate {known.id}` first, or force it."
        )
    if not known.passed:
        why = "; ".join(known.evaluation.get("reasons", ())) or "it did not pass"
        raise Conflict(f"{known.title} did not pass its evaluation: {why}. Force it if you must; the reason is kept.")
    if known.status is VersionStatus.ROLLED_BACK:
        raise Conflict(f"{known.title} was rolled back. Evaluate it again first, or force it.")


def _checked(new: NewVersion) -> None:
    for what, value, most in (
        ("name", new.name, NAME_CHARACTERS_MAX),
        ("provider", new.provider, PROVIDER_CHARACTERS_MAX),
        ("model", new.model, MODEL_CHARACTERS_MAX),
        ("prompt_version", new.prompt_version, PROMPT_CHARACTERS_MAX),
    ):
        if value is not None and not (0 < len(value.strip()) <= most and value.isprintable()):
            raise InvalidRequest(f"{what}: 1 to {most} printable characters.")
    if new.kind is Kind.REMOTE and not (new.provider and new.model and new.prompt_version):
        raise InvalidRequest("A provider's model needs `provider`, `model` and `prompt_version`.")


def shown(conn: Connection, version_id: str) -> VersionView:
    """Raises NotFound."""
    known = models.version(conn, version_id)
    trial = next(iter(models.running(conn, known.purpose)), None)
    return shown_version(known, model_outcomes.totals(conn).get(version_id, NOTHING), trial)


def _shown_deployment(conn: Connection, one: Deployment) -> DeploymentView:
    ids = [id_ for id_ in (one.version_id, one.baseline_id) if id_ is not None]
    return shown_deployment(one, {id_: models.version(conn, id_) for id_ in ids})
