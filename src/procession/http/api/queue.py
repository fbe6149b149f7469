"""``/v1/queue``: what waits and runs, and how operators steer it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator
from starlette.responses import Response

from procession.domain.analysis import Priority
from procession.domain.errors import InvalidRequest
from procession.http.context import App, Asker
from procession.http.pagination import CURSOR_CHARACTERS_MAX, Paged
from procession.services.dead_letters import CHANGES_MAX, Action, Wanted
from procession.services.queue import CAP_MAX, KEEP
from procession.services.queue_views import BulkChange, ClassControls, TenantControls

OLDER_SECONDS_MAX = 10 * 365 * 86_400
Tenant = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Ids = Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, max_length=CHANGES_MAX)]
Cap = Annotated[int, Field(ge=1, le=CAP_MAX)]
Code = Annotated[str, Field(max_length=40, pattern=r"^[a-z_]+$")]
Seconds = Annotated[float, Field(ge=0, le=OLDER_SECONDS_MAX)]
Cursor = Annotated[str, Field(max_length=CURSOR_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PausedWork(_Body):
    """Either a class or a tenant."""

    priority: Priority | None = None
    tenant: Tenant | None = None

    @model_validator(mode="after")
    def _one(self) -> PausedWork:
        if (self.priority is None) == (self.tenant is None):
            raise ValueError("name a `priority` or a `tenant`")
        return self


class Paused(RootModel[ClassControls | TenantControls]):
    """The class, or the tenant, as it is now."""


class Drain(_Body):
    """`drain` false: claim again."""

    worker: Annotated[str, Field(min_length=1, max_length=40)]
    drain: bool = True


class Caps(_Body):
    """What is left out stays; null lifts the cap."""

    tenant: Tenant
    running_max: Cap | None = None
    waiting_max: Cap | None = None


class DeadLetterFilter(_Body):
    """What all must match. `older_seconds`: failed at least so long ago."""

    code: Code | None = None
    priority: Priority | None = None
    tenant: Tenant | None = None
    older_seconds: Seconds | None = None
    buried: bool = False


class DeadLetterChange(_Body):
    """Either ids, or a filter (`{}` matches all), with the `next_cursor` of the answer before."""

    ids: Ids | None = None
    filter: DeadLetterFilter | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _one(self) -> DeadLetterChange:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("send `ids` or a `filter`")
        return self


class Prioritization(_Body):
    """Either ids or a batch, with the `next_cursor` of the answer before."""

    priority: Priority
    ids: Ids | None = None
    batch_id: Annotated[str, Field(max_length=64)] | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _one(self) -> Prioritization:
        if (self.ids is None) == (self.batch_id is None):
            raise ValueError("send `ids` or a `batch_id`")
        return self


def _json(view: BaseModel) -> Response:
    return Response(view.model_dump_json(), media_type="application/json")


async def queue(application: App, asker: Asker) -> Response:
    """Work that is ready, deferred and running by priority, against each class's objective, and the workers.

    To operators also tenant by tenant, and how many dead letters there are by problem code.
    """
    return _json(await application.queue.view(asker))


async def pause_queue(application: App, asker: Asker, body: PausedWork) -> Response:
    """Start nothing more of a class or a tenant. What runs goes on, uploads are taken and wait."""
    return await _pause(application, asker, body, True)


async def resume_queue(application: App, asker: Asker, body: PausedWork) -> Response:
    """Start work of a paused class or tenant again."""
    return await _pause(application, asker, body, False)


async def _pause(application: App, asker: Asker, body: PausedWork, paused: bool) -> Response:
    if body.tenant is not None:
        return _json(await application.queue.pause_tenant(asker, body.tenant, paused))
    assert body.priority is not None
    return _json(await application.queue.pause_class(asker, body.priority, paused))


async def cap_tenant(application: App, asker: Asker, body: Caps) -> Response:
    """How many of a tenant's analyses may run at once, and wait."""
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set - {"tenant"}}
    return _json(
        await application.queue.cap(
            asker,
            body.tenant,
            running_max=given.get("running_max", KEEP),
            waiting_max=given.get("waiting_max", KEEP),
        )
    )


async def drain_worker(application: App, asker: Asker, body: Drain) -> Response:
    """Let a worker claim no more from its next heartbeat on, or again. What runs there is finished."""
    return _json(await application.queue.drain(asker, body.worker, body.drain))


async def prioritize(application: App, asker: Asker, body: Prioritization) -> Response:
    """Move waiting analyses to another class; their deadlines move with them. What does not wait is left."""
    service = application.dead_letters
    if body.ids is not None:
        return _json(await service.prioritize(asker, body.ids, body.priority))
    assert body.batch_id is not None
    return _json(await service.prioritize_batch(asker, body.batch_id, body.priority, body.cursor))


async def list_dead_letters(
    application: App,
    asker: Asker,
    paged: Paged,
    code: Annotated[str | None, Query(max_length=40, description="only this problem code")] = None,
    priority: Annotated[Priority | None, Query(description="only this class")] = None,
    tenant: Annotated[str | None, Query(max_length=63, description="only this tenant")] = None,
    older_seconds: Annotated[
        float | None, Query(ge=0, le=OLDER_SECONDS_MAX, description="failed at least so long ago")
    ] = None,
    buried: Annotated[bool, Query(description="those that were buried, instead of those that were not")] = False,
) -> Response:
    """Analyses that failed for good, newest upload first."""
    wanted = Wanted(code, priority, tenant, older_seconds, buried)
    return _json(await application.dead_letters.list(asker, wanted, cursor=paged.cursor, limit=paged.limit))


async def revive_dead_letters(application: App, asker: Asker, body: DeadLetterChange) -> Response:
    """Let dead letters wait again, attempts and deadlines counted from now: these, or all that a filter matches.

    A filter's are changed at most 500 a request; while `next_cursor` is not null, send the same with it.
    """
    return _json(await _change(application, asker, "revive", body))


async def bury_dead_letters(application: App, asker: Asker, body: DeadLetterChange) -> Response:
    """Acknowledge that dead letters are not tried again: hidden from the list, kept in the record."""
    return _json(await _change(application, asker, "bury", body))


async def _change(application: App, asker: Asker, action: Action, body: DeadLetterChange) -> BulkChange:
    if body.ids is not None:
        return await application.dead_letters.change(asker, action, body.ids)
    assert body.filter is not None
    if body.filter.buried and action == "bury":
        raise InvalidRequest("What is buried cannot be buried again.")
    wanted = Wanted(**body.filter.model_dump())
    return await application.dead_letters.change_all(asker, action, wanted, body.cursor)
