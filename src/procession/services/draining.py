"""Draining a worker: it claims no more from its next heartbeat on; what runs there is finished, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from procession.domain.errors import NotFound
from procession.domain.principal import Principal, require_operator
from procession.services.foundation import Foundation
from procession.services.queue_views import WorkerView
from procession.store import journal, workers
from procession.store.dialects import one_at_a_time
from procession.store.workers import WorkerRow

REQUESTS_MAX = 10_000
"""Requests of one process that are told apart in the journal; nobody drains one as often."""


class Draining:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def workers(self, principal: Principal) -> tuple[WorkerView, ...]:
        """The processes that analyse documents, oldest start first. Raises Forbidden."""
        require_operator(principal)
        since = self._on.clock() - timedelta(seconds=self._on.settings.worker.lease_seconds)
        found: Sequence[WorkerRow] = await self._on.store.read(lambda conn: workers.seen(conn, since), tenant=None)
        return tuple(_view(one) for one in found if one.slots)

    async def request(self, principal: Principal, worker_id: str, drain: bool) -> WorkerView:
        """Ask a process to claim no more, or again; it obeys at its next heartbeat. Raises Forbidden, NotFound."""
        require_operator(principal)
        now, region = self._on.clock(), self._on.settings.region

        def unit(conn: Connection) -> WorkerRow | None:
            one_at_a_time(conn, "drain", worker_id)
            row = workers.request_drain(conn, worker_id, drain)
            if row is None:
                return None
            version = len(journal.of_aggregate(conn, worker_id, 0, REQUESTS_MAX, "worker")) + 1
            data = {"id": worker_id, "role": row.role, "drain_requested": drain}
            told = journal.Aggregate("worker", worker_id, principal.tenant, region, version, data)
            kind = "worker.drain_requested" if drain else "worker.drain_withdrawn"
            journal.append(conn, kind, told, principal.actor, principal.trace_id, now)
            return row

        row = await self._on.store.write(unit, tenant=None)
        if row is None:
            raise NotFound("There is no running process under that id. `procession queue show` lists them.")
        self._on.announce(principal.tenant)
        return _view(row)


def _view(row: WorkerRow) -> WorkerView:
    return WorkerView(
        id=row.id,
        role=row.role,
        host=row.host,
        slots=row.slots,
        busy=row.busy,
        drain_requested=row.drain_requested,
        stopping=row.draining,
        seen_at=row.seen_at,
    )
