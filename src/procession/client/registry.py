"""Versions of models: what a server answers about them, and how each call looks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from procession.client.protocol import Call

EVALUATION_SECONDS = 600
"""How long a version may take to read the golden set."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Accuracy(_Answer):
    """``share`` of fields that were right, give or take ``margin`` (95 %)."""

    documents: int = 0
    fields: int = 0
    right: int = 0
    share: float | None = None
    margin: float | None = None


class Latency(_Answer):
    """Seconds."""

    calls: int = 0
    mean: float | None = None
    typical: float | None = None
    under: dict[str, int] = {}


class ModelVersion(_Answer):
    """One version. ``cost_per_document``: US dollars, as text."""

    id: str
    title: str
    name: str = ""
    number: int = 0
    purpose: str
    kind: str
    provider: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    file_digest: str | None = None
    file_bytes: int | None = None
    status: str
    share_percent: float = 0.0
    agreement: Accuracy = Accuracy()
    review: Accuracy = Accuracy()
    failed: int = 0
    latency: Latency = Latency()
    cost: str = "0"
    cost_per_document: str | None = None
    evaluation: dict[str, Any] | None = None
    registered_at: datetime
    registered_by: str = ""


class Look(_Answer):
    documents: int
    worse: float
    bound: float


class ModelDeployment(_Answer):
    """A version's share of the work, and why it ended."""

    id: str
    purpose: str
    version_id: str
    title: str = ""
    baseline_id: str | None = None
    baseline_title: str | None = None
    share_percent: float
    promotes: bool = False
    forced: str | None = None
    state: str
    since: datetime
    started_by: str = ""
    ended_at: datetime | None = None
    ended_by: str | None = None
    reason: str | None = None
    looks: tuple[Look, ...] = ()


class EngineModel(_Answer):
    """A model inside the engine; ``intact``: its file is the one its card speaks of."""

    name: str
    version: str | None = None
    file: str = ""
    file_digest: str | None = None
    file_bytes: int | None = None
    intact: bool = False
    figures: dict[str, dict[str, float]] = {}
    reviewed: Accuracy = Accuracy()


class Models(_Answer):
    versions: tuple[ModelVersion, ...] = ()
    deployments: tuple[ModelDeployment, ...] = ()
    engine: tuple[EngineModel, ...] = ()


def register(name: str, provider: str, model: str, prompt_version: str, purpose: str) -> Call:
    told = {"name": name, "provider": provider, "model": model, "prompt_version": prompt_version, "purpose": purpose}
    return Call("POST", "/v1/models", json=told, repeatable=False)


def show(version_id: str) -> Call:
    return Call("GET", f"/v1/models/{version_id}")


def evaluate(version_id: str) -> Call:
    return Call("POST", f"/v1/models/{version_id}/evaluate", seconds=EVALUATION_SECONDS, repeatable=False)


def deploy(version_id: str, share_percent: float, promotes: bool, force: str | None) -> Call:
    body: dict[str, Any] = {"share_percent": share_percent, "promotes": promotes}
    if force is not None:
        body["force"] = force
    return Call("POST", f"/v1/models/{version_id}/deploy", json=body, repeatable=False)


def change(version_id: str, action: str, reason: str) -> Call:
    """``action``: `promote` or `rollback`."""
    return Call("POST", f"/v1/models/{version_id}/{action}", json={"reason": reason}, repeatable=False)
