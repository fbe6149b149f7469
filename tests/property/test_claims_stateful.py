"""Two workers, a rescuer and a person, in any order: never two results, no gap, nothing illegal or unrecorded."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from procession.domain.analysis import TRANSITIONS, Analysis, Progress, Stage, State, Trigger
from procession.domain.errors import Conflict, LostClaim
from procession.store import analyses, claims, journal
from procession.store.claims import Outcome
from procession.store.postgres import Limits, PostgresStore
from procession.store.protocol import Store
from procession.store.sqlite import SqliteStore
from tests.records import at, submit
from tests.support.postgres import PostgresServer

T = TypeVar("T")
LEASE_SECONDS = 15
ANALYSES_MAX = 2  # few, so that the steps meet
WORKERS = st.sampled_from(["worker-a", "worker-b"])
ENDS = st.sampled_from([State.COMPLETED, State.REQUIRES_REVIEW, State.FAILED, State.CANCELLED])
BACK = st.sampled_from([Trigger.RELEASED, Trigger.RETRY_SCHEDULED])


class Claims(RuleBasedStateMachine):
    """Workers keep every claim they ever got and go on using it, as a worker does that was paused for an hour."""

    analyses_made = Bundle("analyses_made")
    claims_held = Bundle("claims_held")

    new_store: Callable[[Path], Store]
    """Makes an empty store that is not started; given the folder of this example."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.store = type(self).new_store(Path(self.folder.name))
        self.runner.run(self.store.start())
        self.now = 0.0
        self.made: list[str] = []
        self.results: dict[str, list[int]] = {}
        self.fences: dict[str, int] = {}

    def teardown(self) -> None:
        self.runner.run(self.store.stop())
        self.runner.close()
        self.folder.cleanup()

    def write(self, unit: Callable[[Connection], T]) -> T:
        return self.runner.run(self.store.write(unit))

    def read(self, unit: Callable[[Connection], T]) -> T:
        return self.runner.run(self.store.read(unit))

    def current(self, analysis_id: str) -> Analysis:
        found = self.read(lambda conn: analyses.get_any(conn, analysis_id))
        assert found is not None
        return found

    @initialize(target=analyses_made)
    def first(self) -> str:
        return self.upload()

    @precondition(lambda self: len(self.made) < ANALYSES_MAX)
    @rule(target=analyses_made)
    def upload(self) -> str:
        made = self.write(lambda conn: submit(conn, run_at=at(self.now)))
        self.made.append(made.id)
        self.results[made.id] = []
        self.fences[made.id] = 0
        return made.id

    @rule(seconds=st.sampled_from([1, 10, 20]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(target=claims_held, analysis_id=analyses_made, worker=WORKERS)
    def claim(self, analysis_id: str, worker: str) -> tuple[str, int, str]:
        before = self.current(analysis_id)
        claimed = self.write(lambda conn: claims.claim(conn, analysis_id, worker, LEASE_SECONDS, at(self.now)))
        assert (claimed is not None) is (before.state is State.PENDING and before.run_at <= at(self.now))
        if claimed is None:
            return analysis_id, 0, worker  # a claim that was never won: its fence fits nothing
        assert claimed.fence == self.fences[analysis_id] + 1
        self.fences[analysis_id] = claimed.fence
        return analysis_id, claimed.fence, worker

    def holds(self, held: tuple[str, int, str]) -> bool:
        row = self.current(held[0])
        return row.state is State.PROCESSING and row.fence == held[1]

    @rule(held=claims_held)
    def heartbeat(self, held: tuple[str, int, str]) -> None:
        analysis_id, fence, worker = held
        valid = self.holds(held)
        owned, _ = self.write(
            lambda conn: claims.heartbeat(conn, [(analysis_id, fence)], worker, LEASE_SECONDS, at(self.now))
        )
        assert (analysis_id in owned) is valid

    @rule(held=claims_held, done=st.integers(0, 9))
    def progress(self, held: tuple[str, int, str], done: int) -> None:
        valid = self.holds(held)
        step = Progress(Stage.PARSING, done, 9)
        assert self.write(lambda conn: claims.progress(conn, held[0], held[1], step, at(self.now))) is valid

    @rule(held=claims_held, state=ENDS)
    def finish(self, held: tuple[str, int, str], state: State) -> None:
        analysis_id, fence, _ = held
        valid = self.holds(held)
        outcome = Outcome(state, result_ref=f"results/{fence}", fields_flagged=0)
        try:
            self.write(lambda conn: claims.finish(conn, analysis_id, fence, outcome, at(self.now)))
        except LostClaim:
            assert not valid
        else:
            assert valid
            if state in (State.COMPLETED, State.REQUIRES_REVIEW):
                self.results[analysis_id].append(fence)

    @rule(held=claims_held, trigger=BACK, delay=st.sampled_from([0, 5]))
    def give_back(self, held: tuple[str, int, str], trigger: Trigger, delay: int) -> None:
        self.reschedule(held[0], held[1], trigger, delay, self.holds(held))

    def reschedule(self, analysis_id: str, fence: int, trigger: Trigger, delay: int, valid: bool) -> None:
        before = self.current(analysis_id)
        burns = trigger is not Trigger.RELEASED
        run_at = at(self.now + delay)
        try:
            row = self.write(
                lambda conn: claims.reschedule(
                    conn, analysis_id, fence, trigger, run_at, None, "test", burns, at(self.now)
                )
            )
        except LostClaim:
            assert not valid
            return
        assert valid
        assert row.state is (State.CANCELLED if before.cancel_requested else State.PENDING)
        assert row.attempts == before.attempts + (burns and not before.cancel_requested)

    @rule()
    def rescue(self) -> None:
        for row in self.read(lambda conn: claims.expired(conn, at(self.now), 100)):
            assert row.lease_expires_at is not None
            assert row.lease_expires_at <= at(self.now)
            self.reschedule(row.id, row.fence, Trigger.EXPIRED, 0, True)

    @rule()
    def restart(self) -> None:
        running = sum(self.current(analysis_id).state is State.PROCESSING for analysis_id in self.made)
        assert self.write(lambda conn: claims.release_all(conn, at(self.now))) == running

    @rule(analysis_id=analyses_made)
    def cancel(self, analysis_id: str) -> None:
        before = self.current(analysis_id).state
        try:
            row = self.write(lambda conn: analyses.request_cancel(conn, "acme", analysis_id, "me", at(self.now)))
        except Conflict:
            assert before not in (State.PENDING, State.PROCESSING)
        else:
            assert row.state is State.CANCELLED or row.cancel_requested

    @rule(analysis_id=analyses_made)
    def revive(self, analysis_id: str) -> None:
        before = self.current(analysis_id).state
        try:
            self.write(lambda conn: analyses.revive(conn, "acme", analysis_id, "me", at(self.now)))
        except Conflict:
            assert before is not State.FAILED
        else:
            assert before is State.FAILED

    @invariant()
    def never_two_results(self) -> None:
        for analysis_id, fences in self.results.items():
            assert len(fences) <= 1
            row = self.current(analysis_id)
            assert row.result_ref == (f"results/{fences[0]}" if fences else None)
            assert row.fence == self.fences[analysis_id]

    @invariant()
    def the_journal_tells_every_change_and_nothing_illegal(self) -> None:
        for analysis_id in self.made:
            row = self.current(analysis_id)
            events = self.read(lambda conn, id_=analysis_id: journal.of_aggregate(conn, id_, 0, 10_000))
            assert [event.version for event in events] == list(range(1, row.version + 1))
            states = [State(event.data["state"]) for event in events]
            assert states[0] is State.PENDING
            for before, event, after in zip(states, events[1:], states[1:], strict=False):
                kind = event.type.removeprefix("analysis.")
                if before is after:
                    assert kind == "cancel_requested"
                else:
                    assert TRANSITIONS[before, Trigger(kind)] is after
            last = events[-1].data
            assert (last["state"], last["fence"], last["attempts"]) == (row.state.value, row.fence, row.attempts)
            assert (last["lease_owner"], last["result_ref"]) == (row.lease_owner, row.result_ref)


def run(new_store: Callable[[Path], Store], examples: int) -> None:
    class OfStore(Claims):
        pass

    OfStore.new_store = staticmethod(new_store)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        OfStore,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_claims_on_sqlite() -> None:
    run(lambda folder: SqliteStore(folder / "procession.db", readers=1), examples=40)


def test_claims_on_postgresql(postgres_server: PostgresServer) -> None:
    run(lambda _: PostgresStore(postgres_server.migrated(), Limits(connections_max=1)), examples=12)
