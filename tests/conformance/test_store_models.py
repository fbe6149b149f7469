"""Versions of models and their trials: one live for a purpose, one trial at a time, every step in the journal."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection

from procession.domain.errors import Conflict, NotFound
from procession.domain.model import DeploymentState, Evidence, Kind, ModelVersion, Observation, Purpose, VersionStatus
from procession.store import journal, model_outcomes, models
from procession.store.controls import By
from procession.store.model_tables import model_outcomes as outcomes_table
from procession.store.models import NewVersion
from procession.store.protocol import Store
from tests.records import at


def by(seconds: float = 0, actor: str = "key:op") -> By:
    return By(actor, "ops", "trace-1", "local", at(seconds))


def remote(name: str = "small", prompt: str = "1", model: str = "tiny-1") -> NewVersion:
    return NewVersion(Purpose.EXTRACTION, Kind.REMOTE, name, "fake", model, prompt)


def registered(conn: Connection, name: str = "small", prompt: str = "1", model: str = "tiny-1") -> ModelVersion:
    return models.register(conn, remote(name, prompt, model), by())


def two(conn: Connection) -> tuple[ModelVersion, ModelVersion]:
    """One live, one registered."""
    live, other = registered(conn), registered(conn, prompt="2")
    models.begin(conn, live.id, 100, by(1))
    return models.version(conn, live.id), other


async def test_versions_of_a_model_are_numbered_and_journaled_with_who_registered_them(store: Store) -> None:
    def unit(conn: Connection) -> tuple[ModelVersion, ModelVersion, list[str]]:
        one, two = registered(conn), registered(conn, prompt="2")
        told = journal.of_aggregate(conn, two.id, 0, 10, "model")
        return one, two, [f"{event.type} by {event.actor} of {event.data['prompt_version']}" for event in told]

    one, two, told = await store.write(unit)
    assert (one.number, two.number, one.model_id == two.model_id) == (1, 2, True)
    assert two.status is VersionStatus.REGISTERED
    assert told == ["model.registered by key:op of 2"]


async def test_the_same_again_and_a_name_that_is_taken_are_refused(store: Store) -> None:
    await store.write(registered)
    with pytest.raises(Conflict, match="is that already"):
        await store.write(registered)
    with pytest.raises(Conflict, match="stands for tiny-1 of fake"):
        await store.write(lambda conn: registered(conn, model="other"))
    with pytest.raises(NotFound):
        await store.read(lambda conn: models.version(conn, "mver_none"))


async def test_the_first_version_deployed_is_live_whatever_its_share(store: Store) -> None:
    made = await store.write(registered)
    deployment = await store.write(lambda conn: models.begin(conn, made.id, 20, by(1)))
    assert (deployment.state, deployment.share_percent) == (DeploymentState.PROMOTED, 100.0)
    live = await store.read(lambda conn: models.live(conn, Purpose.EXTRACTION))
    assert live is not None
    assert live.id == made.id


async def test_a_promoted_canary_retires_the_version_before_it(store: Store) -> None:
    live, other = await store.write(two)
    trial = await store.write(lambda conn: models.begin(conn, other.id, 20, by(2)))
    assert trial.baseline_id == live.id
    assert (await store.read(lambda conn: models.version(conn, other.id))).status is VersionStatus.CANARY
    ended = await store.write(lambda conn: models.promote(conn, trial.id, "nothing is worse", by(3, "system:canary")))
    assert (ended.state, ended.ended_by, ended.reason) == (
        DeploymentState.PROMOTED,
        "system:canary",
        "nothing is worse",
    )
    statuses = await store.read(lambda conn: {v.id: v.status for v in models.versions(conn, 10)})
    assert statuses == {live.id: VersionStatus.RETIRED, other.id: VersionStatus.LIVE}
    assert await store.read(models.running) == []


async def test_a_rolled_back_canary_leaves_the_live_version_and_says_why_in_the_journal(store: Store) -> None:
    live, other = await store.write(two)
    trial = await store.write(lambda conn: models.begin(conn, other.id, 20, by(2)))
    why = "After 30 documents: accuracy 75 % against 90 %."
    await store.write(lambda conn: models.roll_back(conn, trial.id, why, by(3, "system:canary")))
    found = await store.read(lambda conn: models.live(conn, Purpose.EXTRACTION))
    assert found is not None
    assert found.id == live.id
    events = await store.read(lambda conn: journal.of_aggregate(conn, other.id, 0, 10, "model"))
    assert [event.type for event in events] == ["model.registered", "model.canary", "model.rolled_back"]
    assert (events[-1].data["reason"], events[-1].actor) == (why, "system:canary")
    told = await store.read(lambda conn: journal.of_aggregate(conn, trial.id, 0, 10, "deployment"))
    assert [event.type for event in told] == ["model.deployed", "deployment.rolled_back"]
    assert told[-1].data["reason"] == why


async def test_what_has_ended_cannot_end_again(store: Store) -> None:
    _, other = await store.write(two)
    trial = await store.write(lambda conn: models.begin(conn, other.id, 20, by(2)))
    await store.write(lambda conn: models.roll_back(conn, trial.id, "worse", by(3)))
    for again in (models.roll_back, models.promote):
        with pytest.raises(Conflict, match="has ended"):
            await store.write(lambda conn, again=again: again(conn, trial.id, "once more", by(4)))  # type: ignore[misc]


async def test_one_trial_at_a_time_for_a_purpose(store: Store) -> None:
    _, other = await store.write(two)
    third = await store.write(lambda conn: registered(conn, prompt="3"))
    await store.write(lambda conn: models.begin(conn, other.id, 20, by(2)))
    with pytest.raises(Conflict, match="under way"):
        await store.write(lambda conn: models.begin(conn, third.id, 20, by(3)))
    with pytest.raises(Conflict, match="already"):
        await store.write(lambda conn: models.begin(conn, other.id, 30, by(3)))


async def test_trials_begun_at_once_are_one(store: Store) -> None:
    await store.write(two)
    ids = [(await store.write(lambda conn, n=n: registered(conn, prompt=f"x{n}"))).id for n in range(4)]  # type: ignore[misc]
    ended = await asyncio.gather(
        *(store.write(lambda conn, one=one: models.begin(conn, one, 20, by(2))) for one in ids),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in ended) == 1
    assert all(isinstance(one, Conflict) for one in ended if isinstance(one, BaseException))


async def test_the_version_before_can_be_live_again(store: Store) -> None:
    live, other = await store.write(two)
    with pytest.raises(Conflict, match="No version was live"):
        await store.write(lambda conn: models.restore(conn, Purpose.EXTRACTION, "why not", by(2)))
    await store.write(lambda conn: models.begin(conn, other.id, 100, by(3)))
    found = await store.write(lambda conn: models.restore(conn, Purpose.EXTRACTION, "it was better", by(4)))
    assert (found.id, found.status) == (live.id, VersionStatus.LIVE)
    statuses = await store.read(lambda conn: {v.id: v.status for v in models.versions(conn, 10)})
    assert statuses[other.id] is VersionStatus.ROLLED_BACK


async def test_an_evaluation_of_a_live_version_leaves_it_live(store: Store) -> None:
    live, other = await store.write(two)
    for one, status in ((live, VersionStatus.LIVE), (other, VersionStatus.EVALUATED)):
        report = {"passed": True, "accuracy": "0.93"}
        found = await store.write(lambda conn, one=one, report=report: models.evaluated(conn, one.id, report, by(2)))  # type: ignore[misc]
        assert (found.status, found.passed) == (status, True)
        again = await store.read(lambda conn, one=one: models.version(conn, one.id))  # type: ignore[misc]
        assert again.evaluation == report


def seen(right: int, evidence: Evidence = Evidence.AGREEMENT, **more: float) -> Observation:
    return Observation(evidence, 10, right, **more)  # type: ignore[arg-type]


async def test_outcomes_add_up_by_version_and_trial(store: Store) -> None:
    def unit(conn: Connection) -> None:
        for shard, right in enumerate((10, 8, 9, 7)):
            one = seen(right, latency_seconds=2.0, cost_pico=3_000_000_000)
            model_outcomes.record(conn, "mdep_a", "mver_a", one, shard * 7)
        model_outcomes.record(conn, "mdep_a", "mver_a", seen(5, Evidence.REVIEW), 0)
        model_outcomes.record(conn, None, "mver_a", seen(1, latency_seconds=20.0), 0)
        model_outcomes.record(conn, "mdep_a", "mver_b", Observation(Evidence.AGREEMENT, 10, 9, failed=True), 3)

    await store.write(unit)
    found = await store.read(lambda conn: model_outcomes.of_deployment(conn, "mdep_a"))
    agreement = found["mver_a"].arm.agreement
    assert (agreement.documents, agreement.fields, agreement.right) == (4, 40, 34)
    assert agreement.deviation == pytest.approx(5.0)
    assert found["mver_a"].arm.review.share == 0.5
    assert (found["mver_a"].cost_pico, found["mver_a"].arm.latency.typical) == (12_000_000_000, pytest.approx(2.0))
    assert found["mver_a"].under == (0, 4, 4, 4, 4)
    assert (found["mver_b"].failed, found["mver_b"].arm.agreement.right) == (1, 0)
    totals = await store.read(model_outcomes.totals)
    assert totals["mver_a"].arm.agreement.right == 35
    assert totals["mver_a"].under == (0, 4, 4, 5, 5)


async def test_answers_at_once_are_all_counted(store: Store) -> None:
    one = seen(9, latency_seconds=1.0)
    await asyncio.gather(
        *(store.write(lambda conn, n=n: model_outcomes.record(conn, "mdep_a", "mver_a", one, n)) for n in range(40))  # type: ignore[misc]
    )
    found = await store.read(lambda conn: model_outcomes.of_deployment(conn, "mdep_a"))
    assert found["mver_a"].arm.agreement.documents == 40


def test_an_outcome_names_no_tenant_no_document_and_no_words() -> None:
    ids = {column.name for column in outcomes_table.primary_key}
    assert ids == {"deployment_id", "version_id", "evidence", "shard"}
    assert {column.type.python_type for column in outcomes_table.c if column.name not in ids} == {int, float}
