"""Models, their versions and deployments. Each change is journaled with who made it and, where one was given, why."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from procession.domain.clock import new_id
from procession.domain.errors import Conflict, NotFound
from procession.domain.model import FOLLOWS, Deployment, DeploymentState, Kind, ModelVersion, Purpose, VersionStatus
from procession.store import journal
from procession.store.controls import By
from procession.store.dialects import one_at_a_time
from procession.store.model_tables import model_deployments, model_versions, models

REASON_CHARACTERS_MAX = 500
"""Longer reasons are cut."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a version is registered with. Remote: ``provider``, ``model``, ``prompt_version``; local: ``file_*``."""

    purpose: Purpose
    kind: Kind
    name: str
    provider: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    file_ref: str | None = None
    file_digest: str | None = None
    file_bytes: int | None = None


_V, _M, _D = model_versions.c, models.c, model_deployments.c
_VERSION_COLUMNS = (
    *(_V.id, _V.model_id, _V.purpose, _M.kind, _M.name, _V.number, _M.provider, _M.model, _V.prompt_version),
    *(_V.file_ref, _V.file_digest, _V.file_bytes, _V.status, _V.evaluation, _V.registered_at, _V.actor, _V.version),
)
_VERSIONS = select(*_VERSION_COLUMNS).join(models, _M.id == _V.model_id)
_ONE_VERSION = _VERSIONS.where(_V.id == bindparam("id_"))
_LIVE = _VERSIONS.where(_V.purpose == bindparam("purpose_"), _V.status == VersionStatus.LIVE.value)
_DEPLOYMENT_COLUMNS = tuple(_D[name] for name in Deployment.__slots__)
_DEPLOYMENTS = select(*_DEPLOYMENT_COLUMNS)
_ONE_DEPLOYMENT = _DEPLOYMENTS.where(_D.id == bindparam("id_"))
_RUNNING = _DEPLOYMENTS.where(_D.state == DeploymentState.RUNNING.value)
_SET_VERSION = (
    update(model_versions)
    .where(_V.id == bindparam("id_"), _V.version == bindparam("known_"))
    .values(
        status=bindparam("status_"),
        evaluation=bindparam("evaluation_"),
        updated_at=bindparam("now_"),
        version=bindparam("known_") + 1,
    )
)
_NUMBER = select(func.coalesce(func.max(_V.number), 0) + 1).where(_V.model_id == bindparam("id_"))
_LOOKED = (
    update(model_deployments)
    .where(_D.id == bindparam("id_"), _D.state == DeploymentState.RUNNING.value)
    .values(reason=bindparam("reason_"), looks=bindparam("looks_"))
)


# --- versions ---------------------------------------------------------------------------------------------------------


def register(conn: Connection, new: NewVersion, by: By) -> ModelVersion:
    """Add a version to its model, which is made when there is none of that name.

    Raises Conflict when the name stands for another provider's model, or the newest version is the same.
    """
    one_at_a_time(conn, "models", new.purpose.value)
    model_id = _model(conn, new, by)
    number = int(conn.execute(_NUMBER, {"id_": model_id}).scalar_one())
    newest = conn.execute(_VERSIONS.where(_V.model_id == model_id, _V.number == number - 1)).first()
    if newest is not None and (newest.prompt_version, newest.file_digest) == (new.prompt_version, new.file_digest):
        raise Conflict(f"{new.name} v{number - 1} is that already: {newest.id}.")
    version_id = new_id("mver")
    conn.execute(
        insert(model_versions),
        {
            "id": version_id,
            "model_id": model_id,
            "purpose": new.purpose.value,
            "number": number,
            "prompt_version": new.prompt_version,
            "file_ref": new.file_ref,
            "file_digest": new.file_digest,
            "file_bytes": new.file_bytes,
            "status": VersionStatus.REGISTERED.value,
            "evaluation": None,
            "registered_at": by.now,
            "updated_at": by.now,
            "actor": by.actor,
            "version": 1,
        },
    )
    made = version(conn, version_id)
    _tell_version(conn, "model.registered", made, by)
    return made


def _model(conn: Connection, new: NewVersion, by: By) -> str:
    known = conn.execute(select(models).where(_M.purpose == new.purpose.value, _M.name == new.name)).first()
    if known is not None:
        if (known.kind, known.provider, known.model) != (new.kind.value, new.provider, new.model):
            raise Conflict(
                f"The name {new.name} stands for {known.model or 'a file'} of {known.provider or 'the engine'}."
            )
        return str(known.id)
    model_id = new_id("mdl")
    conn.execute(
        insert(models),
        {
            "id": model_id,
            "purpose": new.purpose.value,
            "name": new.name,
            "kind": new.kind.value,
            "provider": new.provider,
            "model": new.model,
            "created_at": by.now,
            "actor": by.actor,
        },
    )
    return model_id


def version(conn: Connection, version_id: str) -> ModelVersion:
    """Raises NotFound."""
    row = conn.execute(_ONE_VERSION, {"id_": version_id}).first()
    if row is None:
        raise NotFound(f"There is no version {version_id[:64]} of a model.")
    return _version(row)


def versions(conn: Connection, limit: int) -> list[ModelVersion]:
    """Newest first."""
    return [_version(row) for row in conn.execute(_VERSIONS.order_by(_V.id.desc()).limit(limit))]


def live(conn: Connection, purpose: Purpose) -> ModelVersion | None:
    row = conn.execute(_LIVE, {"purpose_": purpose.value}).first()
    return None if row is None else _version(row)


def evaluated(conn: Connection, version_id: str, report: dict[str, Any], by: By) -> ModelVersion:
    """Keep a report. A version that is canary, live or rolled back stays what it is unless it was to be tried anew."""
    known = version(conn, version_id)
    active = known.status in (VersionStatus.CANARY, VersionStatus.LIVE)
    status = known.status if active else VersionStatus.EVALUATED
    return _change(conn, known, status, "model.evaluated", by, evaluation=report)


def _change(
    conn: Connection,
    known: ModelVersion,
    status: VersionStatus,
    event: str,
    by: By,
    reason: str | None = None,
    evaluation: dict[str, Any] | None = None,
) -> ModelVersion:
    """Raises Conflict when the state machine has no such step, or somebody changed the version meanwhile."""
    if status is not known.status and status not in FOLLOWS[known.status]:
        raise Conflict(f"{known.title} is {known.status.value.replace('_', ' ')}: it cannot become {status.value} now.")
    changed = replace(
        known,
        status=status,
        evaluation=known.evaluation if evaluation is None else evaluation,
        version=known.version + 1,
    )
    values = {
        "id_": known.id,
        "known_": known.version,
        "status_": status.value,
        "evaluation_": changed.evaluation,
        "now_": by.now,
    }
    if conn.execute(_SET_VERSION, values).rowcount == 0:
        raise Conflict("Somebody changed this version meanwhile. Look again and repeat.")
    _tell_version(conn, event, changed, by, reason)
    return changed


# --- deployments ------------------------------------------------------------------------------------------------------


def running(conn: Connection, purpose: Purpose | None = None) -> list[Deployment]:
    """Trials under way: at most one for each purpose."""
    asked = _RUNNING if purpose is None else _RUNNING.where(_D.purpose == purpose.value)
    return [_deployment(row) for row in conn.execute(asked.order_by(_D.id))]


def deployment(conn: Connection, deployment_id: str) -> Deployment:
    """Raises NotFound."""
    row = conn.execute(_ONE_DEPLOYMENT, {"id_": deployment_id}).first()
    if row is None:
        raise NotFound(f"There is no deployment {deployment_id[:64]}.")
    return _deployment(row)


def deployments(conn: Connection, limit: int) -> list[Deployment]:
    """Newest first."""
    return [_deployment(row) for row in conn.execute(_DEPLOYMENTS.order_by(_D.id.desc()).limit(limit))]


def begin(
    conn: Connection,
    version_id: str,
    share_percent: float,
    by: By,
    *,
    promotes: bool = False,
    forced: str | None = None,
) -> Deployment:
    """Give a version a share of the work against the live one. With nothing live, or all of the work, it is live.

    Raises NotFound, Conflict: it is live, or a trial for its purpose is under way.
    """
    known = version(conn, version_id)
    one_at_a_time(conn, "models", known.purpose.value)
    known = version(conn, version_id)
    if known.status in (VersionStatus.LIVE, VersionStatus.CANARY):
        raise Conflict(f"{known.title} is {known.status.value} already.")
    if trial := running(conn, known.purpose):
        raise Conflict(
            f"A trial for {known.purpose.value} is under way: {trial[0].id}. Promote it or roll it back first."
        )
    baseline = live(conn, known.purpose)
    tries = baseline is not None and share_percent < 100
    made = Deployment(
        id=new_id("mdep"),
        purpose=known.purpose,
        version_id=known.id,
        baseline_id=None if baseline is None else baseline.id,
        share_percent=share_percent if tries else 100.0,
        promotes=promotes and tries,
        forced=None if forced is None else forced[:REASON_CHARACTERS_MAX],
        state=DeploymentState.RUNNING,
        since=by.now,
        actor=by.actor,
        ended_at=None,
        ended_by=None,
        reason=None,
        looks=(),
        version=1,
    )
    conn.execute(insert(model_deployments), _deployment_values(made))
    _tell_deployment(conn, "model.deployed", made, by)
    if tries:
        _change(conn, known, VersionStatus.CANARY, "model.canary", by, made.forced)
        return made
    return promote(conn, made.id, made.forced or "deployed to all of the work", by)


def promote(conn: Connection, deployment_id: str, reason: str, by: By) -> Deployment:
    """Its version becomes live, and the one before is retired. Raises NotFound, Conflict: it has ended."""
    ended = _end(conn, deployment_id, DeploymentState.PROMOTED, reason, by)
    baseline = live(conn, ended.purpose)
    if baseline is not None:
        _change(conn, baseline, VersionStatus.RETIRED, "model.retired", by, reason)
    _change(conn, version(conn, ended.version_id), VersionStatus.LIVE, "model.promoted", by, reason)
    return ended


def roll_back(conn: Connection, deployment_id: str, reason: str, by: By) -> Deployment:
    """Its version gets no more work. Raises NotFound, Conflict: it has ended."""
    ended = _end(conn, deployment_id, DeploymentState.ROLLED_BACK, reason, by)
    _change(conn, version(conn, ended.version_id), VersionStatus.ROLLED_BACK, "model.rolled_back", by, reason)
    return ended


def restore(conn: Connection, purpose: Purpose, reason: str, by: By) -> ModelVersion:
    """The version that was live before the live one is live again. Raises Conflict when there is none."""
    one_at_a_time(conn, "models", purpose.value)
    now = live(conn, purpose)
    if now is None:
        raise Conflict(f"No version is live for {purpose.value}.")
    asked = _DEPLOYMENTS.where(
        _D.version_id == now.id, _D.state == DeploymentState.PROMOTED.value, _D.baseline_id.is_not(None)
    )
    row = conn.execute(asked.order_by(_D.ended_at.desc(), _D.id.desc()).limit(1)).first()
    if row is None:
        raise Conflict(f"No version was live for {purpose.value} before {now.title}.")
    _change(conn, now, VersionStatus.ROLLED_BACK, "model.rolled_back", by, reason)
    return _change(conn, version(conn, row.baseline_id), VersionStatus.LIVE, "model.restored", by, reason)


def looked(conn: Connection, deployment_id: str, reason: str, looks: list[list[float]]) -> None:
    """Keep what the last look found, while the trial runs."""
    conn.execute(_LOOKED, {"id_": deployment_id, "reason_": reason[:REASON_CHARACTERS_MAX], "looks_": looks})


def _end(conn: Connection, deployment_id: str, state: DeploymentState, reason: str, by: By) -> Deployment:
    known = deployment(conn, deployment_id)
    one_at_a_time(conn, "models", known.purpose.value)
    known = deployment(conn, deployment_id)
    if known.state is not DeploymentState.RUNNING:
        raise Conflict(f"This deployment has ended: {known.state.value.replace('_', ' ')}.")
    changed = replace(
        known,
        state=state,
        ended_at=by.now,
        ended_by=by.actor,
        reason=reason[:REASON_CHARACTERS_MAX],
        version=known.version + 1,
    )
    conn.execute(update(model_deployments).where(_D.id == known.id).values(_deployment_values(changed)))
    _tell_deployment(conn, f"deployment.{state.value}", changed, by)
    return changed


# --- rows and events --------------------------------------------------------------------------------------------------


def _version(row: Any) -> ModelVersion:
    values = dict(row._mapping)
    values |= {
        "purpose": Purpose(row.purpose),
        "kind": Kind(row.kind),
        "status": VersionStatus(row.status),
    }
    return ModelVersion(**values)


def _deployment(row: Any) -> Deployment:
    values = dict(row._mapping)
    values |= {
        "purpose": Purpose(row.purpose),
        "state": DeploymentState(row.state),
        "looks": tuple((int(n), float(worse), float(bound)) for n, worse, bound in row.looks),
    }
    return Deployment(**values)


def _deployment_values(made: Deployment) -> dict[str, Any]:
    return asdict(made) | {
        "purpose": made.purpose.value,
        "state": made.state.value,
        "looks": [list(x) for x in made.looks],
    }


def _tell_version(conn: Connection, event: str, made: ModelVersion, by: By, reason: str | None = None) -> None:
    data = {**_told(asdict(made)), **({} if reason is None else {"reason": reason[:REASON_CHARACTERS_MAX]})}
    aggregate = journal.Aggregate("model", made.id, by.tenant, by.region, made.version, data)
    journal.append(conn, event, aggregate, by.actor, by.trace_id, by.now)


def _tell_deployment(conn: Connection, event: str, made: Deployment, by: By) -> None:
    data = {name: value for name, value in _told(asdict(made)).items() if name != "looks"}
    aggregate = journal.Aggregate("deployment", made.id, by.tenant, by.region, made.version, data)
    journal.append(conn, event, aggregate, by.actor, by.trace_id, by.now)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
