"""Bulk changes: bounded requests, resumed where the last one stopped, none met twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, insert

from procession.domain.analysis import State
from procession.domain.clock import new_id
from procession.domain.errors import Forbidden
from procession.domain.principal import Principal
from procession.services.dead_letters import CHANGES_MAX, DeadLetters, Wanted
from procession.store import analyses, claims, rows, tables
from procession.store.claims import Outcome
from tests.unit.services.acting import House

OPERATOR = Principal("ops", "key:op", "trace-9", operator=True)


async def failed(house: House, number: int) -> None:
    """So many analyses of one document that failed for good."""
    made = await house.upload()

    def unit(conn: Connection) -> None:
        like = analyses.get_any(conn, made.id)
        assert like is not None
        gone = replace(like, state=State.FAILED, error_code="timeout", finished_at=like.created_at)
        copies = [rows.to_values(replace(gone, id=new_id("an"))) for _ in range(number)]
        conn.execute(insert(tables.analyses), copies)

    await house.app.store.write(unit)


async def test_a_bulk_larger_than_one_request_goes_on_where_it_stopped(house: House) -> None:
    await failed(house, CHANGES_MAX + 101)
    letters = DeadLetters(house.app.foundation)
    first = await letters.change_all(OPERATOR, "bury", Wanted(code="timeout"))
    assert (first.changed, len(set(first.ids))) == (CHANGES_MAX, CHANGES_MAX)
    assert first.next_cursor is not None
    second = await letters.change_all(OPERATOR, "bury", Wanted(code="timeout"), first.next_cursor)
    assert (second.changed, second.next_cursor) == (101, None)
    assert not set(first.ids) & set(second.ids)
    assert await letters.count(OPERATOR, Wanted()) == 0


async def test_what_fails_again_meanwhile_is_not_met_twice_in_one_run(house: House) -> None:
    await failed(house, CHANGES_MAX + 1)
    on = house.app.foundation
    letters = DeadLetters(on)
    first = await letters.change_all(OPERATOR, "revive", Wanted())

    def again(conn: Connection) -> None:
        claimed = claims.claim(conn, first.ids[0], "test", 60, on.clock())
        assert claimed is not None
        outcome = Outcome(State.FAILED, error_code="timeout", error_message="Again.")
        claims.finish(conn, claimed.id, claimed.fence, outcome, on.clock())

    await house.app.store.write(again)
    second = await letters.change_all(OPERATOR, "revive", Wanted(), first.next_cursor)
    assert (second.changed, second.next_cursor) == (1, None)
    assert first.ids[0] not in second.ids
    assert await letters.count(OPERATOR, Wanted()) == 1


async def test_without_an_operators_right_nothing_is_looked_at(house: House) -> None:
    with pytest.raises(Forbidden):
        await DeadLetters(house.app.foundation).change_all(house.owner, "bury", Wanted())
