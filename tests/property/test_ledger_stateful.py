"""Calls reserved, sent, settled, released, lost and expired in any order: every sum agrees to the picodollar."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import Connection

from procession.domain.billing import EVERYONE, OPEN, Budget, CallStatus, Period
from procession.domain.usage import Tokens, from_pico, to_pico
from procession.store import budgets, ledger
from procession.store.controls import By
from procession.store.ledger import Refused
from procession.store.postgres import Limits, PostgresStore
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore
from tests.calls import RATES, a_call, agreed
from tests.records import at
from tests.support.postgres import PostgresServer

T = TypeVar("T")
LIMIT = 10**10  # one cent a day for everyone
COUNTS = st.integers(0, 3000)
TOKENS = st.builds(Tokens, input=COUNTS, cached=COUNTS, image=COUNTS, output=COUNTS, written=COUNTS)


@dataclass
class Known:
    """What the ledger should say of a call."""

    status: CallStatus
    reserved: int
    expires: float
    cost: int = 0


class Ledger(RuleBasedStateMachine):
    calls = Bundle("calls")

    new_store: Callable[[Path], Store]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.store = type(self).new_store(Path(self.folder.name))
        self.runner.run(self.store.start())
        self.now = 0.0
        self.known: dict[str, Known] = {}
        by = By("me", "acme", None, "local", at(0))
        self.write(lambda conn: budgets.put(conn, Budget(EVERYONE, Period.DAY, LIMIT), by, 0))

    def teardown(self) -> None:
        self.runner.run(self.store.stop())
        self.runner.close()
        self.folder.cleanup()

    def write(self, unit: Callable[[Connection], T]) -> T:
        return self.runner.run(self.store.write(unit))

    @rule(target=calls, pico=st.integers(0, LIMIT), tenant=st.sampled_from(["acme", "other"]))
    def reserve(self, pico: int, tenant: str) -> object:
        call = a_call(tenant=tenant, reserve=from_pico(pico), seconds=60)
        found = self.write(lambda conn: ledger.reserve(conn, call, at(self.now)))
        used = sum(one.cost + (one.reserved if one.status in OPEN else 0) for one in self.known.values())
        assert isinstance(found, Refused) == (used + pico > LIMIT)
        if isinstance(found, Refused):
            return multiple()
        self.known[found.call_id] = Known(CallStatus.RESERVED, pico, self.now + 60)
        return found.call_id

    @rule(seconds=st.sampled_from([1, 30, 61, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now = min(self.now + seconds, 11 * 3600)  # the same day: the budget is the day's

    @rule(call_id=calls)
    def send(self, call_id: str) -> None:
        known = self.known[call_id]
        assert self.write(lambda conn: ledger.sent(conn, call_id, at(self.now))) == (
            known.status in (CallStatus.RESERVED, CallStatus.SENT)
        )
        if known.status is CallStatus.RESERVED:
            known.status = CallStatus.SENT

    @rule(call_id=calls, tokens=TOKENS)
    def settle(self, call_id: str, tokens: Tokens) -> None:
        known = self.known[call_id]
        done = self.write(lambda conn: ledger.settle(conn, call_id, tokens, None, None, at(self.now)))
        if known.status is not CallStatus.SETTLED:
            known.status, known.cost = CallStatus.SETTLED, to_pico(RATES.cost(tokens))
        assert to_pico(done.effective_cost) == known.cost

    @rule(call_id=calls)
    def release(self, call_id: str) -> None:
        known = self.known[call_id]
        assert self.write(lambda conn: ledger.release(conn, call_id, "test", at(self.now))) == (known.status in OPEN)
        if known.status in OPEN:
            known.status = CallStatus.RELEASED

    @rule(call_id=calls)
    def lose(self, call_id: str) -> None:
        known = self.known[call_id]
        going = known.status in (CallStatus.RESERVED, CallStatus.SENT)
        assert self.write(lambda conn: ledger.unknown(conn, call_id, "test", at(self.now))) == going
        if going:
            known.status = CallStatus.UNKNOWN

    @rule(limit=st.sampled_from([1, 100]))
    def expire(self, limit: int) -> None:
        ended = self.write(lambda conn: ledger.expired(conn, at(self.now), limit))
        due = {
            call_id
            for call_id, one in self.known.items()
            if one.status in (CallStatus.RESERVED, CallStatus.SENT) and one.expires <= self.now
        }
        assert {call_id for call_id, _ in ended} <= due
        assert len(ended) == min(limit, len(due))
        for call_id, status in ended:
            was_sent = self.known[call_id].status is CallStatus.SENT
            assert status is (CallStatus.UNKNOWN if was_sent else CallStatus.RELEASED)
            self.known[call_id].status = status

    @invariant()
    def every_sum_agrees(self) -> None:
        spent, aside = self.runner.run(self.store.read(agreed))
        assert to_pico(spent) == sum(one.cost for one in self.known.values())
        assert to_pico(aside) == sum(one.reserved for one in self.known.values() if one.status in OPEN)


def run(new_store: Callable[[Path], Store], examples: int) -> None:
    class OfStore(Ledger):
        pass

    OfStore.new_store = staticmethod(new_store)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        OfStore,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_ledger_on_sqlite() -> None:
    run(lambda folder: SqliteStore(folder / "procession.db", readers=1), examples=30)


def test_the_ledger_on_postgresql(postgres_server: PostgresServer) -> None:
    run(lambda _: PostgresStore(postgres_server.migrated(), Limits(connections_max=1)), examples=10)
