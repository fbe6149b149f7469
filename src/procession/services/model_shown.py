"""Records of models as views."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from procession.domain.model import Deployment, ModelVersion, VersionStatus
from procession.domain.usage import from_pico
from procession.policy.calibration import Decided, Outcome
from procession.policy.canary import Counted
from procession.services.engine_models import EngineModel
from procession.services.model_views import (
    AccuracyView,
    DeploymentView,
    EngineModelView,
    LatencyView,
    LookView,
    VersionView,
)
from procession.store.model_outcomes import UNDER_SECONDS, Record


def shown_accuracy(counted: Counted) -> AccuracyView:
    return AccuracyView(
        documents=counted.documents,
        fields=counted.fields,
        right=counted.right,
        share=_known(counted.share),
        margin=_known(counted.margin),
    )


def shown_version(version: ModelVersion, record: Record, trial: Deployment | None) -> VersionView:
    """``trial``: what runs for the same purpose."""
    return VersionView(
        id=version.id,
        title=version.title,
        name=version.name,
        number=version.number,
        purpose=version.purpose,
        kind=version.kind,
        provider=version.provider,
        model=version.model,
        prompt_version=version.prompt_version,
        file_digest=version.file_digest,
        file_bytes=version.file_bytes,
        status=version.status,
        share_percent=_share(version, trial),
        agreement=shown_accuracy(record.arm.agreement),
        review=shown_accuracy(record.arm.review),
        failed=record.failed,
        latency=LatencyView(
            calls=record.calls,
            mean=record.latency_seconds / record.calls if record.calls else None,
            typical=_known(record.arm.latency.typical),
            under={str(most): count for most, count in zip(UNDER_SECONDS, record.under, strict=True)},
        ),
        cost=str(from_pico(record.cost_pico)),
        cost_per_document=str(from_pico(record.cost_pico // record.billed)) if record.billed else None,
        evaluation=None if version.evaluation is None else dict(version.evaluation),
        registered_at=version.registered_at,
        registered_by=version.actor,
    )


def _share(version: ModelVersion, trial: Deployment | None) -> float:
    if version.status is VersionStatus.CANARY and trial is not None:
        return trial.share_percent
    if version.status is VersionStatus.LIVE:
        return 100.0 - (trial.share_percent if trial is not None else 0.0)
    return 0.0


def shown_deployment(one: Deployment, versions: Mapping[str, ModelVersion]) -> DeploymentView:
    baseline = versions.get(one.baseline_id or "")
    return DeploymentView(
        id=one.id,
        purpose=one.purpose,
        version_id=one.version_id,
        title=versions[one.version_id].title,
        baseline_id=one.baseline_id,
        baseline_title=None if baseline is None else baseline.title,
        share_percent=one.share_percent,
        promotes=one.promotes,
        forced=one.forced,
        state=one.state,
        since=one.since,
        started_by=one.actor,
        ended_at=one.ended_at,
        ended_by=one.ended_by,
        reason=one.reason,
        looks=tuple(LookView(documents=n, worse=worse, bound=bound) for n, worse, bound in one.looks),
    )


def shown_engine(model: EngineModel, reviewed: Iterable[Decided]) -> EngineModelView:
    """``reviewed``: decisions about fields that the engine's models found, of both of them together."""
    counts = [(one.outcome, one.count) for one in reviewed]
    fields = sum(count for _, count in counts)
    right = sum(count for outcome, count in counts if outcome is Outcome.KEPT)
    return EngineModelView(
        name=model.name,
        version=model.version,
        file=model.file,
        file_digest=model.digest,
        file_bytes=model.size,
        intact=model.intact,
        figures={title: dict(found) for title, found in model.figures.items()},
        reviewed=AccuracyView(
            documents=0, fields=fields, right=right, share=right / fields if fields else None, margin=None
        ),
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
