"""What the registry of models returns. Absent is null; money is a decimal string in US dollars; times are aware UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from procession.domain.model import DeploymentState, Kind, Purpose, VersionStatus
from procession.services.views import View


class AccuracyView(View):
    """``share``: of fields that were right; ``margin``: half the width of its 95 % interval, by the spread between
    documents, null below two of them.
    """

    documents: int
    fields: int
    right: int
    share: float | None
    margin: float | None


class LatencyView(View):
    """Seconds of a call. ``typical``: the geometric mean; ``under``: calls that took less than so many seconds."""

    calls: int
    mean: float | None
    typical: float | None
    under: dict[str, int]


class VersionView(View):
    """``agreement``: answers verified against the page and the engine's reading; ``review``: fields people judged.
    ``failed``: documents without a usable answer. ``share_percent``: of the work it gets now.
    """

    id: str
    title: str
    name: str
    number: int
    purpose: Purpose
    kind: Kind
    provider: str | None
    model: str | None
    prompt_version: str | None
    file_digest: str | None
    file_bytes: int | None
    status: VersionStatus
    share_percent: float
    agreement: AccuracyView
    review: AccuracyView
    failed: int
    latency: LatencyView
    cost: str
    cost_per_document: str | None
    evaluation: dict[str, Any] | None
    registered_at: datetime
    registered_by: str


class LookView(View):
    """After so many documents the canary was ``worse`` by so many standard errors; at ``bound`` it is rolled back."""

    documents: int
    worse: float
    bound: float


class DeploymentView(View):
    """A version's share of the work. ``reason``: why it ended, or what the last look found."""

    id: str
    purpose: Purpose
    version_id: str
    title: str
    baseline_id: str | None
    baseline_title: str | None
    share_percent: float
    promotes: bool
    forced: str | None
    state: DeploymentState
    since: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    looks: tuple[LookView, ...]


class EngineModelView(View):
    """A model inside the engine. ``intact``: the file is the one its card speaks of. ``figures``: by set of forms that
    the model had not seen, as measured when it was made.
    """

    name: str
    version: str | None
    file: str
    file_digest: str | None
    file_bytes: int | None
    intact: bool
    figures: dict[str, dict[str, float]]
    reviewed: AccuracyView


class ModelsView(View):
    """Versions newest first, trials under way before those that ended."""

    versions: tuple[VersionView, ...]
    deployments: tuple[DeploymentView, ...]
    engine: tuple[EngineModelView, ...]
