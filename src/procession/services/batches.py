"""Batches: files uploaded together. Status and counts come from their analyses."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from procession.domain.analysis import State
from procession.domain.clock import new_id
from procession.domain.errors import InvalidRequest, NotFound
from procession.domain.principal import Principal
from procession.services import cursors
from procession.services.foundation import Foundation
from procession.services.views import BatchView, Page
from procession.store import batches
from procession.store.batches import Batch

_Status = Literal["processing", "completed", "completed_with_errors"]
_ACTIVE = (State.PENDING, State.PROCESSING)
_WRONG = (State.FAILED, State.CANCELLED)


class Batches:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def create(self, principal: Principal, files_expected: int) -> BatchView:
        """Raises InvalidRequest unless 1 to ``files_per_batch_max`` files are expected."""
        most = self._on.settings.upload.files_per_batch_max
        if not 0 < files_expected <= most:
            raise InvalidRequest(f"A batch has 1 to {most} files.")
        batch = Batch(new_id("batch"), principal.tenant, files_expected, self._on.clock())
        region = self._on.settings.region
        await self._on.store.write(
            lambda conn: batches.insert(conn, batch, region, principal.actor, principal.trace_id),
            tenant=principal.tenant,
        )
        self._on.announce(principal.tenant)
        return _view(batch, {}, 0)

    async def get(self, principal: Principal, batch_id: str) -> BatchView:
        """Raises NotFound."""

        def unit(conn: Connection) -> BatchView | None:
            batch = batches.get(conn, principal.tenant, batch_id)
            return None if batch is None else _counted(conn, batch)

        view = await self._on.store.read(unit, tenant=principal.tenant)
        if view is None:
            raise NotFound
        return view

    async def list(self, principal: Principal, *, cursor: str | None = None, limit: int = 50) -> Page[BatchView]:
        """Newest first."""
        before = cursors.decode(cursor)

        def unit(conn: Connection) -> list[BatchView]:
            found = batches.page(conn, principal.tenant, before_id=before, limit=limit + 1)
            return [_counted(conn, batch) for batch in found]

        found = await self._on.store.read(unit, tenant=principal.tenant, fresh=False)
        items = tuple(found[:limit])
        return Page[BatchView](items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > limit else None)

    async def refuse(self, principal: Principal, batch_id: str, code: str) -> None:
        """One of its files was not taken, for the problem ``code``: the batch does not wait for it. Raises NotFound."""
        now, region = self._on.clock(), self._on.settings.region
        await self._on.store.write(
            lambda conn: batches.refuse(
                conn, principal.tenant, batch_id, code, region, principal.actor, now, principal.trace_id
            ),
            tenant=principal.tenant,
        )


def _counted(conn: Connection, batch: Batch) -> BatchView:
    return _view(batch, batches.counts(conn, batch.id), batches.arrived(conn, batch.id))


def _view(batch: Batch, counts: dict[State, int], arrived: int) -> BatchView:
    return BatchView(
        id=batch.id,
        status=status(counts, arrived, batch.files_expected, batch.files_refused),
        counts={state.value: counts.get(state, 0) for state in State},
        files_expected=batch.files_expected,
        files_refused=batch.files_refused,
        created_at=batch.created_at,
    )


def status(counts: dict[State, int], arrived: int, files_expected: int, files_refused: int) -> _Status:
    """Processing until every expected file came (or was refused) and ended; with errors when any did not succeed."""
    if arrived + files_refused < files_expected or any(counts.get(state) for state in _ACTIVE):
        return "processing"
    if files_refused or any(counts.get(state) for state in _WRONG):
        return "completed_with_errors"
    return "completed"
