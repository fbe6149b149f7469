"""Dead letters and priorities: changed one by one, or in bulk in bounded batches that can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection

from procession.domain.analysis import Analysis, Priority
from procession.domain.errors import InvalidRequest
from procession.domain.principal import Principal, require_operator
from procession.services import cursors
from procession.services.foundation import Foundation
from procession.services.queue_views import BulkChange, DeadLetter
from procession.services.views import Page
from procession.store import dead_letters, priorities
from procession.store.dead_letters import Filter

BATCH = 100
"""Analyses changed in one transaction."""
CHANGES_MAX = 500
"""Analyses one request looks at; a larger bulk is several requests, each with the cursor of the one before."""

Action = Literal["revive", "bury"]
_Take = Callable[[Connection, str | None, int], list[str]]
_Act = Callable[[Connection, Sequence[str]], list[Analysis]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters; None matches any. ``older_seconds``: they failed at least so long ago."""

    code: str | None = None
    priority: Priority | None = None
    tenant: str | None = None
    older_seconds: float | None = None
    buried: bool = False


class DeadLetters:
    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation

    async def list(
        self, principal: Principal, wanted: Wanted, *, cursor: str | None = None, limit: int = 50
    ) -> Page[DeadLetter]:
        """Newest upload first. Raises Forbidden."""
        require_operator(principal)
        before, matching = cursors.decode(cursor), self._filter(wanted)
        found = await self._on.store.read(
            lambda conn: dead_letters.page(conn, matching, before, limit + 1), tenant=None
        )
        items = tuple(_letter(one) for one in found[:limit])
        return Page[DeadLetter](items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > limit else None)

    async def count(self, principal: Principal, wanted: Wanted) -> int:
        """At most ``dead_letters.COUNTED_MAX``. Raises Forbidden."""
        require_operator(principal)
        matching = self._filter(wanted)
        return await self._on.store.read(lambda conn: dead_letters.count(conn, matching), tenant=None)

    async def change(self, principal: Principal, action: Action, ids: Sequence[str]) -> BulkChange:
        """Revive or bury these; what is no dead letter (any more) is left. Raises Forbidden, InvalidRequest."""
        require_operator(principal)
        left = sorted(_checked(ids))

        def take(_: Connection, after: str | None, limit: int) -> list[str]:
            return [one for one in left if after is None or one > after][:limit]

        return await self._run(principal, take, self._act(principal, action), None)

    async def change_all(
        self, principal: Principal, action: Action, wanted: Wanted, cursor: str | None = None
    ) -> BulkChange:
        """Revive or bury what matches, oldest upload first, at most ``CHANGES_MAX``; each is met once, whatever fails
        again meanwhile. Raises Forbidden.
        """
        require_operator(principal)
        matching = self._filter(wanted)

        def take(conn: Connection, after: str | None, limit: int) -> list[str]:
            return dead_letters.matching(conn, matching, after, limit)

        return await self._run(principal, take, self._act(principal, action), cursor)

    async def prioritize(self, principal: Principal, ids: Sequence[str], priority: Priority) -> BulkChange:
        """Move waiting analyses to a class; what does not wait is left. Raises Forbidden, InvalidRequest."""
        require_operator(principal)
        left = sorted(_checked(ids))

        def take(_: Connection, after: str | None, limit: int) -> list[str]:
            return [one for one in left if after is None or one > after][:limit]

        return await self._run(principal, take, self._move(principal, priority), None)

    async def prioritize_batch(
        self, principal: Principal, batch_id: str, priority: Priority, cursor: str | None = None
    ) -> BulkChange:
        """Move what waits of a batch to a class, at most ``CHANGES_MAX`` at once. Raises Forbidden."""
        require_operator(principal)

        def take(conn: Connection, after: str | None, limit: int) -> list[str]:
            return priorities.of_batch(conn, batch_id, priority, after, limit)

        return await self._run(principal, take, self._move(principal, priority), cursor)

    # --- in batches ---------------------------------------------------------------------------------------------------

    def _act(self, principal: Principal, action: Action) -> _Act:
        now = self._on.clock()
        change = dead_letters.revive if action == "revive" else dead_letters.bury
        return lambda conn, ids: change(conn, dead_letters.named(conn, ids), principal.actor, now, principal.trace_id)

    def _move(self, principal: Principal, priority: Priority) -> _Act:
        now = self._on.clock()
        return lambda conn, ids: priorities.move(conn, ids, priority, principal.actor, now, principal.trace_id)

    async def _run(self, principal: Principal, take: _Take, act: _Act, cursor: str | None) -> BulkChange:
        """Each batch commits for itself: what was changed before a failure stays changed."""
        after, changed = cursors.decode(cursor), []
        seen, more = 0, True
        while more and seen < CHANGES_MAX:

            def unit(conn: Connection, after: str | None = after) -> tuple[list[str], list[Analysis]]:
                ids = take(conn, after, BATCH)
                return ids, act(conn, ids)

            ids, done = await self._on.store.write(unit, tenant=None)
            changed += done
            seen += len(ids)
            more = len(ids) == BATCH
            after = ids[-1] if ids else after
            await self._tell(principal, done)
        following = cursors.encode(after) if more and after is not None else None
        return BulkChange(changed=len(changed), ids=tuple(one.id for one in changed), next_cursor=following)

    async def _tell(self, principal: Principal, done: Sequence[Analysis]) -> None:
        if not done:
            return
        await self._on.dispatcher.acknowledge([one.id for one in done])  # they are rung anew, in their class
        for one in done:
            self._on.announce(one.tenant, one.id)
        self._on.announce(principal.tenant, queue=True)

    def _filter(self, wanted: Wanted) -> Filter:
        older = wanted.older_seconds
        before = None if older is None else self._on.clock() - timedelta(seconds=older)
        return Filter(wanted.code, wanted.priority, wanted.tenant, before, wanted.buried)


def _checked(ids: Sequence[str]) -> set[str]:
    if not 0 < len(ids) <= CHANGES_MAX:
        raise InvalidRequest(f"ids: 1 to {CHANGES_MAX} at once.")
    return set(ids)


def _letter(analysis: Analysis) -> DeadLetter:
    return DeadLetter(
        id=analysis.id,
        tenant=analysis.tenant,
        priority=analysis.priority,
        batch_id=analysis.batch_id,
        code=analysis.error_code or "internal",
        message=analysis.error_message or "",
        attempts=analysis.attempts,
        created_at=analysis.created_at,
        failed_at=analysis.finished_at or analysis.updated_at,
        buried_at=analysis.buried_at,
    )
