"""The registry: who is given which version, what may be deployed, and a canary that is worse goes back on its own."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from procession.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from procession.domain.model import Evidence, Kind, Observation, Purpose, VersionStatus
from procession.domain.principal import Principal
from procession.maintenance.canary_watch import CanaryWatch
from procession.services.model_registry import ModelRegistry, observed
from procession.services.model_views import VersionView
from procession.store import journal, models
from procession.store.controls import By
from procession.store.models import NewVersion
from tests.unit.services.acting import House

OPERATOR = Principal("ops", "key:op", "trace-9", operator=True)
NEW = NewVersion(Purpose.EXTRACTION, Kind.REMOTE, "small", "fake", "tiny-1", "1")
FORCE = "first of its kind"


async def passed(house: House, version_id: str) -> None:
    """As an evaluation leaves a version that passed."""
    by = By("key:op", "ops", None, "local", house.app.foundation.clock())
    report = {"passed": True, "reasons": []}
    await house.app.store.write(lambda conn: models.evaluated(conn, version_id, report, by))


async def a_pair(house: House) -> tuple[ModelRegistry, VersionView, VersionView]:
    """One live, one that passed."""
    registry = ModelRegistry(house.app.foundation)
    live = await registry.register(OPERATOR, NEW)
    other = await registry.register(OPERATOR, replace(NEW, prompt_version="2"))
    await registry.deploy(OPERATOR, live.id, 100, force=FORCE)
    await passed(house, other.id)
    return registry, live, other


async def documents(
    registry: ModelRegistry, chance: random.Random, number: int, accuracy: dict[str, float], prefix: str = "an"
) -> None:
    """So many documents of twelve fields, each read by the version it is given."""
    for n in range(number):
        name = f"{prefix}_{n}_{chance.getrandbits(40):x}"
        version = await registry.pick(Purpose.EXTRACTION, name)
        assert version is not None
        right = sum(chance.random() < accuracy[version.id] for _ in range(12))
        seconds, cost = chance.lognormvariate(0.7, 0.5), round(chance.lognormvariate(20, 0.4))
        await registry.observe(version.id, Observation(Evidence.AGREEMENT, 12, right, seconds, cost), name)


async def test_an_empty_registry_picks_nothing(house: House) -> None:
    assert await ModelRegistry(house.app.foundation).pick(Purpose.EXTRACTION, "an_1") is None


async def test_only_operators_see_and_change_versions(house: House) -> None:
    registry, me = ModelRegistry(house.app.foundation), house.owner
    calls = [
        registry.view(me),
        registry.show(me, "x"),
        registry.register(me, NEW),
        registry.deploy(me, "x", 20),
        registry.promote(me, "x"),
        registry.roll_back(me, "x"),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            await call


async def test_a_version_is_refused_until_it_passed_an_evaluation_unless_forced_with_a_reason(house: House) -> None:
    registry = ModelRegistry(house.app.foundation)
    made = await registry.register(OPERATOR, NEW)
    with pytest.raises(Conflict, match="was not evaluated"):
        await registry.deploy(OPERATOR, made.id, 20)
    by = By("key:op", "ops", None, "local", house.app.foundation.clock())
    failed = {"passed": False, "reasons": ["cost is 3.00 times the live version's"]}
    await house.app.store.write(lambda conn: models.evaluated(conn, made.id, failed, by))
    with pytest.raises(Conflict, match=r"cost is 3\.00 times"):
        await registry.deploy(OPERATOR, made.id, 20)
    with pytest.raises(InvalidRequest, match="Say why"):
        await registry.deploy(OPERATOR, made.id, 20, force=" ")
    await registry.deploy(OPERATOR, made.id, 20, force="the invoice is settled")
    told = await house.app.store.read(lambda conn: journal.after(conn, "ops", 0, 50))
    forced = [event.data["forced"] for event in told if event.type == "model.deployed"]
    assert forced == ["the invoice is settled"]


async def test_a_share_is_within_bounds_and_names_are_printable(house: House) -> None:
    registry, _, other = await a_pair(house)
    for share in (0, -1, 100.5):
        with pytest.raises(InvalidRequest):
            await registry.deploy(OPERATOR, other.id, share)
    for wrong in (
        replace(NEW, name=" "),
        replace(NEW, name="x" * 81),
        replace(NEW, model="a\nb"),
        replace(NEW, provider=None),
    ):
        with pytest.raises(InvalidRequest):
            await registry.register(OPERATOR, wrong)
    with pytest.raises(NotFound):
        await registry.show(OPERATOR, "mver_none")


async def test_an_analysis_keeps_its_version_while_the_trial_lasts(house: House) -> None:
    registry, live, other = await a_pair(house)
    await registry.deploy(OPERATOR, other.id, 20)
    first = {n: await registry.pick(Purpose.EXTRACTION, f"an_{n}") for n in range(300)}
    again = ModelRegistry(house.app.foundation)  # another process
    assert {n: await again.pick(Purpose.EXTRACTION, f"an_{n}") for n in first} == first
    given = [one.id for one in first.values() if one is not None]
    assert 0.1 < given.count(other.id) / 300 < 0.3
    assert set(given) == {live.id, other.id}
    assert await again.pick(Purpose.DETECTOR, "an_1") is None


async def test_a_canary_ten_points_worse_goes_back_on_its_own_and_says_why(house: House) -> None:
    registry, live, other = await a_pair(house)
    await registry.deploy(OPERATOR, other.id, 20)
    await documents(registry, random.Random(3), 250, {live.id: 0.93, other.id: 0.83})
    shown = await registry.show(OPERATOR, other.id)
    assert (shown.status, shown.share_percent) == (VersionStatus.ROLLED_BACK, 0.0)
    assert shown.agreement.documents <= 50
    view = await registry.view(OPERATOR)
    trial = next(one for one in view.deployments if one.version_id == other.id)
    assert trial.ended_by == "system:canary"
    assert trial.reason is not None
    assert "accuracy by verified agreement" in trial.reason
    assert trial.looks[-1].worse >= trial.looks[-1].bound
    assert (await registry.show(OPERATOR, live.id)).share_percent == 100.0
    given = {(await registry.pick(Purpose.EXTRACTION, f"later_{n}")).id for n in range(50)}  # type: ignore[union-attr]
    assert given == {live.id}
    told = await house.app.store.read(lambda conn: journal.after(conn, "ops", 0, 500))
    assert [e.data["reason"] for e in told if e.type == "model.rolled_back"] == [trial.reason]


async def test_an_equal_canary_stays_and_is_promoted_only_where_that_was_asked_for(house: House) -> None:
    registry, live, other = await a_pair(house)
    deployment = await registry.deploy(OPERATOR, other.id, 50)
    equal = {live.id: 0.97, other.id: 0.97}
    await documents(registry, random.Random(5), 140, equal)
    assert (await registry.show(OPERATOR, other.id)).status is VersionStatus.CANARY
    decision = dict(await registry.look())[deployment.id]
    assert decision.action.value == "promote"
    await registry.promote(OPERATOR, other.id)
    third = await registry.register(OPERATOR, replace(NEW, prompt_version="3"))
    await passed(house, third.id)
    await registry.deploy(OPERATOR, third.id, 50, promotes=True)
    await documents(registry, random.Random(6), 140, {other.id: 0.97, third.id: 0.97}, "more")
    statuses = {one.id: one.status for one in (await registry.view(OPERATOR)).versions}
    assert statuses == {
        live.id: VersionStatus.RETIRED,
        other.id: VersionStatus.RETIRED,
        third.id: VersionStatus.LIVE,
    }


async def test_what_a_stopped_process_left_undecided_the_watch_decides(house: House) -> None:
    registry, live, other = await a_pair(house)
    await registry.deploy(OPERATOR, other.id, 20)
    bad, good = Observation(Evidence.REVIEW, 10, 2), Observation(Evidence.REVIEW, 10, 9)
    for n in range(12):
        await house.app.store.write(lambda conn, n=n: observed(conn, other.id, bad, f"an_{n}"))
        await house.app.store.write(lambda conn, n=n: observed(conn, live.id, good, f"bn_{n}"))
    assert (await registry.show(OPERATOR, other.id)).status is VersionStatus.CANARY
    await CanaryWatch(ModelRegistry(house.app.foundation)).once()
    assert (await registry.show(OPERATOR, other.id)).status is VersionStatus.ROLLED_BACK


async def test_two_processes_that_decide_at_once_decide_once(house: House) -> None:
    registry, live, other = await a_pair(house)
    await registry.deploy(OPERATOR, other.id, 20)
    for version, right in ((other, 2), (live, 9)):
        seen = Observation(Evidence.AGREEMENT, 10, right)
        for n in range(12):
            await house.app.store.write(lambda conn, v=version.id, s=seen, n=n: observed(conn, v, s, f"{v}{n}"))
    first, second = ModelRegistry(house.app.foundation), ModelRegistry(house.app.foundation)
    await first.look()
    await second.look()
    told = await house.app.store.read(lambda conn: journal.of_aggregate(conn, other.id, 0, 50, "model"))
    assert [event.type for event in told].count("model.rolled_back") == 1


async def test_a_live_version_can_be_rolled_back_to_the_one_before_it(house: House) -> None:
    registry, live, other = await a_pair(house)
    with pytest.raises(Conflict, match="not on trial"):
        await registry.promote(OPERATOR, other.id)
    await registry.deploy(OPERATOR, other.id, 100)
    found = await registry.roll_back(OPERATOR, other.id, "complaints")
    assert (found.id, found.status, found.share_percent) == (other.id, VersionStatus.ROLLED_BACK, 0.0)
    before = await registry.show(OPERATOR, live.id)
    assert (before.status, before.share_percent) == (VersionStatus.LIVE, 100.0)
    with pytest.raises(Conflict, match="was rolled back"):
        await registry.deploy(OPERATOR, other.id, 20)


async def test_the_engines_own_models_are_shown_with_figures_and_whole_files(house: House) -> None:
    shown = (await ModelRegistry(house.app.foundation).view(OPERATOR)).engine
    assert [one.name for one in shown] == ["digital", "scanned"]
    assert all(one.intact and one.version and one.file_bytes for one in shown)
    assert all(0.5 < figures["centre_f1"] <= 1 for one in shown for figures in one.figures.values())
    assert all(one.figures for one in shown)
