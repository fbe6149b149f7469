"""``/v1/models``: versions of models, their trials, and how operators steer them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from procession.domain.model import Kind, Purpose
from procession.http.context import App, Asker
from procession.services.model_registry import (
    MODEL_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    PROMPT_CHARACTERS_MAX,
    PROVIDER_CHARACTERS_MAX,
)
from procession.store.models import REASON_CHARACTERS_MAX, NewVersion

Reason = Annotated[str, Field(max_length=REASON_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Registration(_Body):
    """A provider's model with a version of the prompt. `name`: yours; the same again adds a version."""

    purpose: Purpose = Purpose.EXTRACTION
    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
    provider: Annotated[str, Field(min_length=1, max_length=PROVIDER_CHARACTERS_MAX)]
    model: Annotated[str, Field(min_length=1, max_length=MODEL_CHARACTERS_MAX)]
    prompt_version: Annotated[str, Field(min_length=1, max_length=PROMPT_CHARACTERS_MAX)]


class Deployment(_Body):
    """`promotes`: it becomes live on its own when the figures allow. `force`: why, without a passed evaluation."""

    share_percent: Annotated[float, Field(gt=0, le=100)] = 20.0
    promotes: bool = False
    force: Reason | None = None


class Why(_Body):
    reason: Reason = ""


def _json(view: BaseModel, status: int = 200) -> Response:
    return Response(view.model_dump_json(), status, media_type="application/json")


async def list_models(application: App, asker: Asker) -> Response:
    """Versions with their accuracy, cost and latency, their trials, and the models inside the engine."""
    return _json(await application.models.view(asker))


async def register_model(application: App, asker: Asker, body: Registration) -> Response:
    """Add a version. It gets no work until it is deployed."""
    new = NewVersion(body.purpose, Kind.REMOTE, body.name, body.provider, body.model, body.prompt_version)
    return _json(await application.models.register(asker, new), 201)


async def show_model(application: App, asker: Asker, version_id: str) -> Response:
    """One version."""
    return _json(await application.models.show(asker, version_id))


async def evaluate_model(application: App, asker: Asker, version_id: str) -> Response:
    """Let a version read the golden set, and the live version beside it; takes minutes and costs money."""
    return _json(await application.evaluations.evaluate(asker, version_id))


async def deploy_model(application: App, asker: Asker, version_id: str, body: Deployment) -> Response:
    """Give a version a share of the work, against the live one. A canary that is worse is rolled back on its own."""
    return _json(
        await application.models.deploy(asker, version_id, body.share_percent, promotes=body.promotes, force=body.force)
    )


async def promote_model(application: App, asker: Asker, version_id: str, body: Why) -> Response:
    """Make a canary live. The version before it is retired."""
    return _json(await application.models.promote(asker, version_id, body.reason))


async def roll_back_model(application: App, asker: Asker, version_id: str, body: Why) -> Response:
    """Take a canary's share away, or make the version before the live one live again."""
    return _json(await application.models.roll_back(asker, version_id, body.reason))
