"""Ends of claims, several in one transaction: what ends while a transaction is on its way goes into the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection

from procession.domain.analysis import Analysis
from procession.domain.errors import LostClaim
from procession.services.foundation import Foundation
from procession.services.metering import count_ended
from procession.store import claims_at_once
from procession.store.claims import Outcome
from procession.store.claims_at_once import Ending

TOGETHER_MAX = 500
"""Ends written in one transaction."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    ending: Ending
    ended: asyncio.Future[Analysis]


class Outcomes:
    """For one event loop. A claim's end is never held back: alone it is written at once."""

    def __init__(self, foundation: Foundation) -> None:
        self._on = foundation
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def finish(self, claimed: Analysis, outcome: Outcome) -> Analysis:
        """The analysis after its end was committed.

        Raises LostClaim when the claim is another's, and what the store raises.
        """
        ending = Ending(claimed.id, claimed.fence, claimed.document_id, outcome)
        one = _Waiting(ending, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="outcomes")
        return await one.ended

    async def _write(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            try:
                await self._together(some)
            except Exception as error:
                if len(some) == 1:
                    _refuse(some[0], error)
                    continue
                for one in some:  # one of them may be at fault: the others must not suffer for it
                    try:
                        await self._together([one])
                    except Exception as its_own:
                        _refuse(one, its_own)

    async def _together(self, some: list[_Waiting]) -> None:
        now, endings = self._on.clock(), [one.ending for one in some]
        prices = self._on.settings.costs

        def unit(conn: Connection) -> dict[str, Analysis]:
            ended = claims_at_once.finish(conn, endings, now)
            count_ended(conn, ended.values(), now, prices)
            return ended

        after = await self._on.store.write(unit)
        for one in some:
            if one.ended.done():  # whoever waited was cancelled; what is committed stays
                continue
            if (ended := after.get(one.ending.analysis_id)) is None:
                one.ended.set_exception(LostClaim())
            else:
                one.ended.set_result(ended)


def _refuse(one: _Waiting, error: Exception) -> None:
    if not one.ended.done():
        one.ended.set_exception(error)
