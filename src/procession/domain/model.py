"""Models, their versions and what becomes of a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Purpose(StrEnum):
    """What a model is there for."""

    EXTRACTION = "extraction"
    """Reading values that the engine is unsure of; asked of an AI provider."""
    DETECTOR = "detector"
    """Which drawn places are fields; part of the engine."""


class Kind(StrEnum):
    REMOTE = "remote"
    """A provider's model with a version of our prompt."""
    LOCAL = "local"
    """A file of the engine."""


class VersionStatus(StrEnum):
    REGISTERED = "registered"
    EVALUATED = "evaluated"
    """Its last evaluation passed or failed; the report says which."""
    CANARY = "canary"
    """It has a share of the work, against the live version."""
    LIVE = "live"
    RETIRED = "retired"
    """Another version took its place."""
    ROLLED_BACK = "rolled_back"


FOLLOWS: Mapping[VersionStatus, frozenset[VersionStatus]] = {
    VersionStatus.REGISTERED: frozenset({VersionStatus.EVALUATED, VersionStatus.CANARY, VersionStatus.LIVE}),
    VersionStatus.EVALUATED: frozenset({VersionStatus.EVALUATED, VersionStatus.CANARY, VersionStatus.LIVE}),
    VersionStatus.CANARY: frozenset({VersionStatus.LIVE, VersionStatus.ROLLED_BACK}),
    VersionStatus.LIVE: frozenset({VersionStatus.RETIRED, VersionStatus.ROLLED_BACK}),
    VersionStatus.RETIRED: frozenset({VersionStatus.EVALUATED, VersionStatus.CANARY, VersionStatus.LIVE}),
    VersionStatus.ROLLED_BACK: frozenset({VersionStatus.EVALUATED, VersionStatus.CANARY, VersionStatus.LIVE}),
}
"""Status -> what may follow it."""


class DeploymentState(StrEnum):
    RUNNING = "running"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"


class Evidence(StrEnum):
    """Where a judgement of a version's answers comes from."""

    AGREEMENT = "agreement"
    """The answer was verified against the page and against what the engine read."""
    REVIEW = "review"
    """A person kept the field or changed it."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model. Remote: ``provider``, ``model`` and ``prompt_version``; local: ``file_*``."""

    id: str
    model_id: str
    purpose: Purpose
    kind: Kind
    name: str
    """The model's, unique for its purpose."""
    number: int
    """From 1, within its model."""
    provider: str | None
    model: str | None
    """As the provider calls it."""
    prompt_version: str | None
    file_ref: str | None
    file_digest: str | None
    """SHA-256, hex."""
    file_bytes: int | None
    status: VersionStatus
    evaluation: Mapping[str, Any] | None
    """The last report: figures, and whether they let it be deployed."""
    registered_at: datetime
    actor: str
    version: int
    """Of the row, as the journal counts."""

    @property
    def passed(self) -> bool:
        return bool(self.evaluation and self.evaluation.get("passed"))

    @property
    def title(self) -> str:
        return f"{self.name} v{self.number}"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version's share of the work, against the ``baseline_id`` that was live when it began."""

    id: str
    purpose: Purpose
    version_id: str
    baseline_id: str | None
    share_percent: float
    promotes: bool
    """Whether it becomes live on its own when the figures allow."""
    forced: str | None
    """Why it was deployed without an evaluation that passed."""
    state: DeploymentState
    since: datetime
    actor: str
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    """Why it ended, or what the last look found."""
    looks: tuple[tuple[int, float, float], ...]
    """(documents of the canary, standard errors by which it is worse, the bound then), one for each number seen."""
    version: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What one document said about a version; nothing of the document. ``fields`` none: latency and cost only."""

    evidence: Evidence
    fields: int = 0
    right: int = 0
    latency_seconds: float | None = None
    cost_pico: int | None = None
    """Picodollars."""
    failed: bool = False
    """The version gave no usable answer: what was asked counts as wrong."""
